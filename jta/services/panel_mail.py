"""Messages to panelists about an open round: planned by the director or by the date, sent by the worker, each once.

A message is written down as handed over before its text leaves. If the worker dies then, nobody can know whether it
arrived: it ends as "unknown" and is never sent again by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from jta import clock, jobs, mail
from jta.audit import Actor
from jta.db import db, reading, transaction
from jta.errors import InvalidInputError, StateError
from jta.mail import Connection, Mail, MailRefusedError, MailServerError
from jta.models.panel import Panelist, PanelMessage, Participation, Round
from jta.models.study import Study
from jta.services import links
from jta.services.bounces import PANEL_BOUNCE
from jta.services.delivery_settings import get_settings
from jta.services.letters import study_words
from jta.services.message_text import Rendered, Text, render
from jta.services.opt_out import panel_stop_url
from jta.services.panel import list_panelists
from jta.services.panel_links import panel_link_url
from jta.services.panel_rounds import get_round, record_round
from jta.services.quiet_hours import hours_of
from jta.services.study_stage import lock_study

KIND = "panel mail"
APART = timedelta(hours=72)
MOST = 4  # for each panelist and round: one invitation, three reminders
RETRY, LONGEST_WAIT, GIVE_UP = timedelta(minutes=10), timedelta(hours=6), timedelta(hours=72)
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
    sent: list[PanelMessage]


def load_outlook(one: Round) -> Outlook:
    """Return who would get a message about a round now."""
    finished = set(
        db.session.scalars(
            select(Participation.panelist_id).where(
                Participation.round_id == one.id, Participation.finished_at.is_not(None)
            )
        )
    )
    sent = list(db.session.scalars(select(PanelMessage).where(PanelMessage.round_id == one.id)))
    back = came_back(one.study_id)
    people, left_out = [], dict[str, int]()
    for person in list_panelists(one.study_id, with_left=False):
        own = [message for message in sent if message.panelist_id == person.id]
        reason = "whose mail came back" if person.id in back else _why_not(person, finished, own)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            people.append(person)
    return Outlook(people, left_out, sent)


def came_back(study_id: int) -> dict[int, PanelMessage]:
    """Return, by panelist, the message that came back from the address that the roster still names."""
    found = (
        select(PanelMessage, Panelist)
        .join(Panelist, Panelist.id == PanelMessage.panelist_id)
        .where(Panelist.study_id == study_id, Panelist.email.is_not(None), PanelMessage.bounced_at.is_not(None))
    )
    return {
        person.id: message
        for message, person in db.session.execute(found)
        if links.address_mark(study_id, person.email or "") == message.address_mark
    }


def _why_not(person: Panelist, finished: Iterable[int], own: list[PanelMessage]) -> str:
    if person.id in finished:
        return "sent the round in"
    if not person.email:
        return "no e-mail address"
    if person.stopped_at is not None:
        return "stopped these messages"
    if person.token_hash is None:
        return "no personal link yet"
    if len(own) >= MOST:
        return f"had {MOST} messages about this round"
    if any(message.state == "refused" for message in own):
        return "the mail server refused the address"
    last: datetime | None = max((message.asked_at for message in own), default=None)
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
        raise StateError("No mail server is configured, so nothing can be sent. Ask your administrator.")
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
    host = current_app.config["SETTINGS"].host
    for person in people:
        message = PanelMessage(
            round_id=one.id, panelist_id=person.id, asked_at=clock.now(),
            message_id=f"<panel.{secrets.token_hex(14)}@{host}>",
        )  # fmt: skip
        db.session.add(message)
        db.session.flush()
        jobs.enqueue(KIND, one.study_id, {"message": message.id}, actor)
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
    return near and not hours_of(get_settings(study.id), study.time_zone).is_quiet(now)


@jobs.handler(KIND, tries=60)
def _send(work: jobs.Work) -> dict[str, Any]:
    message_id = int(work.args["message"])
    letter = _begin(message_id)
    if letter is None:
        return {}
    settings = current_app.config["SETTINGS"].mail
    try:
        content = mail.build(letter, settings)
        with Connection(settings) as connection:
            connection.open()
            reply = connection.offer(letter.to_address, links.bounce_mark(message_id, PANEL_BOUNCE))
            if reply is None:
                _mark(message_id, "handed over", address=letter.to_address)
                reply = connection.send(content)
    except MailServerError as error:
        reply = mail.Reply(mail.LATER, str(error))
    except MailRefusedError as error:
        reply = mail.Reply(mail.REFUSED, str(error))
    if reply.kind == mail.LATER:
        reply = _put_off(message_id, reply)
    _mark(message_id, reply.kind, reply.detail)
    return {"said": reply.kind}


def _put_off(message_id: int, reply: mail.Reply) -> mail.Reply:
    """Try again after half the time that has passed; after three days the message has its last state."""
    passed = clock.now() - db.session.get_one(PanelMessage, message_id).asked_at
    if passed >= GIVE_UP:
        return mail.Reply(mail.REFUSED, f"Given up after three days. {reply.detail}")
    _mark(message_id, "planned", reply.detail)
    raise jobs.TryLaterError(min(max(RETRY, passed / 2), LONGEST_WAIT), reply.detail)


def _begin(message_id: int) -> Mail | None:
    """Return the message to send; None where it must not be sent (any more)."""
    message = db.session.get_one(PanelMessage, message_id)
    if message.state == "handed over":  # whoever sent it died: it may have arrived
        _mark(message_id, "unknown", "The program that sent it was ended.")
        return None
    if message.state != "planned":
        return None
    one, person = db.session.get_one(Round, message.round_id), db.session.get_one(Panelist, message.panelist_id)
    part = db.session.get(Participation, (one.id, person.id))
    done = part is not None and part.finished_at is not None
    address = "" if person.left_at or person.stopped_at or person.token_hash is None else person.email
    if one.state != "open" or done or not address:
        _mark(message_id, "skipped", "Not needed any more.")
        return None
    words = study_words(db.session.get_one(Study, one.study_id))
    done_text = write_text(one, person)
    letter = Mail(
        to_name=person.name, to_address=address, from_name=words.sender_name, reply_to=words.reply_to,
        subject=done_text.subject, text=done_text.text, html=done_text.html, message_id=message.message_id,
        date=clock.now(), unsubscribe=panel_stop_url(person),
    )  # fmt: skip
    db.session.rollback()
    return letter


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


def _mark(message_id: int, state: str, detail: str = "", address: str = "") -> None:
    db.session.rollback()
    with transaction():
        message = db.session.get_one(PanelMessage, message_id, with_for_update=True, populate_existing=True)
        message.state, message.detail = state, detail
        if address:
            message.address_mark = links.address_mark(db.session.get_one(Round, message.round_id).study_id, address)
        message.ended_at = None if state in ("planned", "handed over") else clock.now()
