"""Messages to panelists about an open round: planned by the director or by the date, sent like all mail by the outbox.

What was sent to a panelist never counts for a respondent, nor the other way: caps, opt-out and bounces are their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from jta import clock
from jta.audit import Actor
from jta.db import db, reading, transaction
from jta.errors import InvalidInputError, StateError
from jta.mail import Mail
from jta.models.delivery import OutboxMessage
from jta.models.panel import Panelist, Participation, Round
from jta.models.sending import BounceReport
from jta.models.study import Study
from jta.services import links
from jta.services.letters import study_words
from jta.services.message_text import Rendered, Text, render
from jta.services.opt_out import panel_stop_url
from jta.services.outbox import (
    NOT_CONFIGURED,
    Kind,
    Letter,
    StaleLetterError,
    Words,
    blame_nobody,
    names_no_mailbox,
    plan_message,
    study_hours,
)
from jta.services.panel import list_panelists
from jta.services.panel_links import panel_link_url
from jta.services.panel_rounds import get_round, record_round
from jta.services.recipients import UNDER_WAY
from jta.services.study_stage import lock_study

APART = timedelta(hours=72)
MOST = 4  # for each panelist and round: one invitation, three reminders
UNSENT = ("skipped", "cancelled")
CALENDAR = Actor("worker", "worker")
TEXT = Text(
    "{study}: a round of the panel waits for you",
    "Dear {name},\n\nthe panel of {study} asks for your answers: {purpose}\n\n{link}\n\n{closes}"
    "Everything is saved at once, and you can stop and go on at any time.\n\nQuestions? {contact}\n\n{opt_out}",
)


@dataclass(frozen=True)
class Outlook:
    """Who would get a message now, and why others would not: number of people by reason."""

    people: list[Panelist]
    left_out: dict[str, int]
    sent: list[OutboxMessage]


@dataclass(frozen=True)
class Returned:
    """That mail to a panelist's address came back: when, and what the mail server said."""

    at: datetime
    detail: str


def load_outlook(one: Round) -> Outlook:
    """Return who would get a message about a round now."""
    sent = list(db.session.scalars(select(OutboxMessage).where(OutboxMessage.round_id == one.id)))
    people, left_out = [], dict[str, int]()
    for person, reason in _judged(one, list_panelists(one.study_id, with_left=False), sent):
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            people.append(person)
    return Outlook(people, left_out, sent)


def _judged(one: Round, people: list[Panelist], sent: list[OutboxMessage]) -> Iterator[tuple[Panelist, str]]:
    """Yield each of these people with the reason why they get no message, empty where they get one."""
    ended = Participation.round_id == one.id, Participation.finished_at.is_not(None)
    finished = set(db.session.scalars(select(Participation.panelist_id).where(*ended)))
    back = came_back(one.study_id)
    for person in people:
        mark = links.address_mark(one.study_id, person.email or "")
        own = [m for m in sent if m.panelist_id == person.id and m.address_mark == mark and m.state not in UNSENT]
        if person.id in finished:
            yield person, "sent the round in"
        else:
            yield person, "whose mail came back" if person.id in back else _why_not(person, own)


def came_back(study_id: int) -> dict[int, Returned]:
    """Return, by panelist, what came back from the address that the roster still names."""
    found = (
        select(Panelist, OutboxMessage, BounceReport)
        .join(OutboxMessage, OutboxMessage.panelist_id == Panelist.id)
        .outerjoin(BounceReport, (BounceReport.message_id == OutboxMessage.id) & (BounceReport.kind == "hard"))
        .where(Panelist.study_id == study_id, BounceReport.id.is_not(None) | (OutboxMessage.state == "failed"))
        .order_by(OutboxMessage.id)
    )
    returned = {}
    for person, message, report in db.session.execute(found):
        if message.address_mark != links.address_mark(study_id, person.email or ""):
            continue
        if report is not None:
            returned[person.id] = Returned(report.read_at, f"{report.status} {report.detail}".strip())
        elif names_no_mailbox(message.reason):
            returned[person.id] = Returned(message.ended_at, message.reason)
    return returned


def _why_not(person: Panelist, own: list[OutboxMessage]) -> str:
    if not person.email:
        return "no e-mail address"
    if person.stopped_at is not None:
        return "stopped these messages"
    if person.token_hash is None:
        return "no personal link yet"
    if any(message.state in UNDER_WAY for message in own):
        return "with a message on its way"
    if len(own) >= MOST:
        return f"had {MOST} messages about this round"
    last = max((message.sent_at or message.ended_at or message.due_at for message in own), default=None)
    return "had a message within 72 hours" if last and last > clock.now() - APART else ""


def plan_messages(actor: Actor, study_id: int, round_id: int, *, seen: int) -> int:
    """Plan a message to everybody who can get one now, and return how many. ``seen`` is how many the page said.

    Raises
    ------
    StateError
        If the round is not open, or no mail server is configured.
    InvalidInputError
        If the number has changed, or there is nobody.
    """
    if not current_app.config["SETTINGS"].mail.configured:
        raise StateError(f"{NOT_CONFIGURED} Ask your administrator.")
    with transaction():
        lock_study(study_id)
        one = get_round(study_id, round_id)
        if one.state != "open":
            raise StateError("Messages go out while a round is open.")
        people = load_outlook(one).people
        if not people or len(people) != seen:
            raise InvalidInputError(f"{len(people)} people would get a message now. Look at the page again.")
        _plan(actor, one, people)
    return len(people)


def _plan(actor: Actor, one: Round, people: list[Panelist]) -> None:
    for person in people:
        mark = links.address_mark(one.study_id, person.email or "")
        plan_message(
            one.study_id, wait=True, round_id=one.id, panelist_id=person.id, text_kind="panel", address_mark=mark
        )
    record_round(actor, "wrote to panel", one, note=f"{len(people)} messages")


def remind_due() -> int:
    """Remind those who are behind in every round whose date is near, once a round; return how many rounds.

    Nothing goes out in the study's quiet hours: the calendar comes back later.
    """
    if not current_app.config["SETTINGS"].mail.configured:
        return 0
    waiting = Round.state == "open", Round.due_on.is_not(None), Round.remind_days > 0, Round.reminded_at.is_(None)
    with reading():
        found = list(db.session.execute(select(Round.id, Round.study_id).where(*waiting)))
    return sum(_remind(round_id, study_id) for round_id, study_id in found)


def _remind(round_id: int, study_id: int) -> bool:
    with transaction():
        study = lock_study(study_id)
        one = db.session.get_one(Round, round_id, populate_existing=True)
        if one.state != "open" or one.reminded_at is not None or not _is_near(one, study):
            return False
        one.reminded_at = clock.now()
        people = load_outlook(one).people
        if people:
            _plan(CALENDAR, one, people)
    return True


def _is_near(one: Round, study: Study) -> bool:
    now = clock.now()
    today: date = now.astimezone(ZoneInfo(study.time_zone)).date()
    near = one.due_on is not None and one.due_on - timedelta(days=one.remind_days) <= today <= one.due_on
    return near and not study_hours(study.id).is_quiet(now)


def _write(message: OutboxMessage, words: Words) -> Letter:
    one, person = db.session.get_one(Round, message.round_id), db.session.get_one(Panelist, message.panelist_id)
    said, done, address = words[message.study_id], write_text(one, person), person.email or ""
    letter = Mail(
        to_name=person.name, to_address=address, from_name=said.sender_name, reply_to=said.reply_to,
        subject=done.subject, text=done.text, html=done.html, message_id=message.message_id,
        date=clock.now(), unsubscribe=panel_stop_url(person),
    )  # fmt: skip
    return Letter(message.id, links.address_mark(message.study_id, address), "panel", letter)


def _judge(message: OutboxMessage, letter: Letter) -> str:
    person = db.session.get_one(Panelist, message.panelist_id, with_for_update=True, populate_existing=True)
    one = db.session.get_one(Round, message.round_id, populate_existing=True)
    if one.state != "open" or person.left_at is not None:
        return "the round is not open" if one.state != "open" else "left the panel"
    others = select(OutboxMessage).where(OutboxMessage.round_id == one.id, OutboxMessage.id != message.id)
    sent = list(db.session.scalars(others.where(OutboxMessage.panelist_id == person.id)))
    ((_, reason),) = _judged(one, [person], sent)
    if not reason and links.address_mark(one.study_id, person.email or "") != letter.address_mark:
        raise StaleLetterError
    return reason


PANEL = Kind(_write, _judge, blame_nobody, heeds_hours=True)


def write_text(one: Round, person: Panelist, *, masked: bool = False) -> Rendered:
    """Return the text of a message about a round; ``masked`` hides the link, for a preview."""
    words = study_words(db.session.get_one(Study, one.study_id))
    values = {
        "name": person.name, "study": words.title, "purpose": one.title, "contact": words.contact or "Reply to this.",
        "link": "https://… (the personal link)" if masked else panel_link_url(person),
        "opt_out": "https://… (stops these messages)" if masked else panel_stop_url(person),
        "closes": f"Please answer by {one.due_on:%-d %B %Y}. " if one.due_on else "",
    }  # fmt: skip
    return render(TEXT, values, link="panel")


def sample(outlook: Outlook | None, one: Round) -> Rendered | None:
    """Return the text the first of these people would get, with the link hidden; None where nobody would."""
    return write_text(one, outlook.people[0], masked=True) if outlook and outlook.people else None
