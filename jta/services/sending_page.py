"""What the pages of messages show: how it stands, what goes out when, to how many, and why not to the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Select, func, select

from jta.db import db
from jta.jobs import worker_is_running
from jta.models.delivery import OutboxMessage, Person, Wave
from jta.models.jobs import Worker
from jta.models.sending import BounceReport
from jta.models.study import Study
from jta.services.links import address_mark
from jta.services.recipients import BEFORE, BOUNCED, OPEN, OPTED_OUT, WITHDREW, Outlook, outlook
from jta.services.waves import LIVE

PAGE_SIZE = 100
EARLIER = "an earlier address"
NOT_TO_BE_WRITTEN_TO = (OPTED_OUT, WITHDREW)
STATE_WORDS = {
    "planned": "Waits for its turn, or for another try.",
    "claimed": "Is about to be sent.",
    "handed over": "Is being sent just now.",
    "accepted": "The mail server took it. That is the last thing we know, unless it bounces.",
    "failed": "The mail server did not take it. It is not tried again.",
    "unknown": "The connection was lost while it was sent. It may have arrived; you decide whether to send it again.",
    "skipped": "Was not sent, for the reason shown.",
    "cancelled": "Was not sent, because the wave was cancelled.",
}
KIND_WORDS = {
    "invitation": "Invitation", "reminder": "Reminder", "thanks": "Thanks", "closing": "Closing note",
}  # fmt: skip


@dataclass(frozen=True)
class MailState:
    """Whether mail can leave at all, and what keeps it."""

    configured: bool
    working: bool
    trouble: str


def mail_state() -> MailState:
    """Return whether a mail server is configured, a worker runs, and what the workers met last."""
    notes = db.session.scalars(select(Worker.mail).where(Worker.mail != "").order_by(Worker.alive_at.desc()))
    configured = current_app.config["SETTINGS"].mail.configured
    return MailState(configured, worker_is_running(), next(iter(notes), "") if configured else "")


@dataclass(frozen=True)
class WaveLine:
    """One wave with its messages by state; ``bounced`` of the accepted ones came back."""

    wave: Wave
    counts: dict[str, int]
    bounced: int

    @property
    def waiting(self) -> int:
        """Messages that have no final state yet."""
        return sum(self.counts.get(state, 0) for state in ("planned", "claimed", "handed over"))

    @property
    def not_sent(self) -> int:
        """Messages that ended without being sent."""
        return self.counts.get("skipped", 0) + self.counts.get("cancelled", 0)


@dataclass(frozen=True)
class Step:
    """The one thing to do next; ``go`` names the page, empty where there is nothing to do."""

    title: str
    text: str
    go: str = ""
    label: str = ""


@dataclass(frozen=True)
class MessagesPage:
    """The page of messages of a study."""

    waves: list[WaveLine]
    mail: MailState
    invitation: Outlook
    unknown: int
    step: Step


def load_messages_page(study: Study) -> MessagesPage:
    """Return the waves of a study with their counts, and what to do next."""
    lines, state = wave_lines(study.id), mail_state()
    invitation = outlook(study, "invitation")
    unknown = sum(line.counts.get("unknown", 0) for line in lines) - _decided(study.id)
    return MessagesPage(lines, state, invitation, unknown, _step(study, lines, state, invitation, unknown))


def _decided(study_id: int) -> int:
    found = select(func.count(OutboxMessage.id)).join(Wave, Wave.id == OutboxMessage.wave_id)
    left = Wave.study_id == study_id, OutboxMessage.state == "unknown", OutboxMessage.reason == LEFT_AS_IS
    return db.session.scalar(found.where(*left)) or 0


LEFT_AS_IS = "It may have arrived; the director left it so."


def wave_lines(study_id: int) -> list[WaveLine]:
    """Return the waves of a study in order, each with its counts; three queries."""
    waves = list(db.session.scalars(select(Wave).where(Wave.study_id == study_id).order_by(Wave.number)))
    counts: dict[int, dict[str, int]] = {wave.id: {} for wave in waves}
    grouped = (
        select(Wave.id, OutboxMessage.state, func.count())
        .join(OutboxMessage, OutboxMessage.wave_id == Wave.id)
        .where(Wave.study_id == study_id)
        .group_by(Wave.id, OutboxMessage.state)
    )
    for wave_id, state, count in db.session.execute(grouped):
        counts[wave_id][state] = count
    bounced = _bounced(study_id)
    return [WaveLine(wave, counts[wave.id], bounced.get(wave.id, 0)) for wave in waves]


def _bounced(study_id: int) -> dict[int, int]:
    found = (
        select(Wave.id, func.count(OutboxMessage.id.distinct()))
        .join(OutboxMessage, OutboxMessage.wave_id == Wave.id)
        .join(BounceReport, BounceReport.message_id == OutboxMessage.id)
        .where(Wave.study_id == study_id, BounceReport.kind == "hard")
        .group_by(Wave.id)
    )
    return {wave_id: count for wave_id, count in db.session.execute(found)}


def _step(study: Study, lines: list[WaveLine], mail: MailState, invitation: Outlook, unknown: int) -> Step:
    if not invitation.people:
        return Step(
            "Put people on the roster", "Messages go to the people of the roster.", "roster", "Go to the roster"
        )
    if study.stage not in (*BEFORE, *OPEN) and not unknown:
        return Step(
            "The survey is closed", "Nobody is asked to answer any more. The waves below are kept as they went."
        )
    if not mail.configured:
        return Step(
            "No mail server is configured",
            "Messages can be planned and read here, but none is sent. An administrator sets JTA_SMTP_HOST and "
            "JTA_MAIL_FROM (see the administrator's guide). Until then, hand out letters with a QR code.",
            "letters", "Print letters",
        )  # fmt: skip
    if unknown:
        return Step(
            f"Decide on {unknown} message{'s' if unknown > 1 else ''}",
            "The connection was lost while they were sent. They may have arrived.", "unknown", "Look at them",
        )  # fmt: skip
    return _step_of_people(study, lines, invitation)


def _step_of_people(study: Study, lines: list[WaveLine], invitation: Outlook) -> Step:
    planned = [line.wave for line in lines if line.wave.state in LIVE and line.wave.kind == "invitation"]
    may_ask = study.stage in (*BEFORE, *OPEN)
    if may_ask and not planned and (invitation.recipients or not lines):
        new = f"{invitation.recipients} of {invitation.people} people can be invited now."
        return Step(
            "Plan the invitation", new if lines else "Say when it goes out, and when to remind.", "plan", "Plan"
        )
    if count := invitation.others[BOUNCED]:
        text = f"Mail to {count} of the people came back. Give them another address; they are then invited again."
        return Step("Replace addresses that do not work", text, "bounced", "Show these people")
    coming = [line.wave for line in lines if line.wave.state in LIVE]
    if coming:
        return Step("Nothing to do", "The waves below go out by themselves.")
    if all(reason in NOT_TO_BE_WRITTEN_TO for reason in invitation.others) and not invitation.recipients:
        return Step("Nobody is left to write to", "Everybody on the roster asked not to be written to or withdrew.")
    return Step("Nothing is planned", "Plan another wave when you want to write again.", "plan", "Plan a wave")


@dataclass(frozen=True)
class MessageLine:
    """One message of a wave, as the director sees it; ``email`` says so where it went to one since replaced."""

    id: int
    person_id: int
    name: str
    email: str
    state: str
    reason: str
    tries: int
    sent_at: datetime | None
    due_at: datetime
    bounced: bool


@dataclass(frozen=True)
class WavePage:
    """One wave: counts, reasons, and one page of its messages."""

    line: WaveLine
    reasons: Counter[str]
    rows: list[MessageLine]
    found: int
    state: str
    page: int

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.found // PAGE_SIZE))


def load_wave_page(wave: Wave, state: str = "", page: int = 1) -> WavePage:
    """Return a wave with the messages in one state, or all."""
    (line,) = [line for line in wave_lines(wave.study_id) if line.wave.id == wave.id]
    chosen = _messages(wave.id, state if state in STATE_WORDS else "")
    found = db.session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    at = min(page, max(1, -(-found // PAGE_SIZE)))
    found_rows = chosen.order_by(func.lower(Person.code)).limit(PAGE_SIZE).offset((at - 1) * PAGE_SIZE)
    rows = [_line(wave.study_id, *row) for row in db.session.execute(found_rows)]
    return WavePage(line, _reasons(wave.id), rows, found, state, at)


def _line(study_id: int, mark: str, *values: Any) -> MessageLine:
    line = MessageLine(*values)
    elsewhere = line.tries > 0 and mark != address_mark(study_id, line.email or "")
    return replace(line, email=EARLIER) if elsewhere else line


def _messages(wave_id: int, state: str) -> Select[Any]:
    bounced = (
        select(BounceReport.id)
        .where(BounceReport.message_id == OutboxMessage.id, BounceReport.kind == "hard")
        .correlate(OutboxMessage)
        .exists()
    )
    found: Any = (
        select(
            OutboxMessage.address_mark, OutboxMessage.id, Person.id.label("person_id"), Person.name, Person.email,
            OutboxMessage.state, OutboxMessage.reason, OutboxMessage.tries, OutboxMessage.sent_at, OutboxMessage.due_at,
            bounced.label("bounced"),
        )
        .join(Person, Person.id == OutboxMessage.person_id)
        .where(OutboxMessage.wave_id == wave_id)
    )  # fmt: skip
    chosen: Select[Any] = found.where(OutboxMessage.state == state) if state else found
    return chosen


def _reasons(wave_id: int) -> Counter[str]:
    found = (
        select(OutboxMessage.reason, func.count())
        .where(OutboxMessage.wave_id == wave_id, OutboxMessage.state.in_(("skipped", "cancelled")))
        .group_by(OutboxMessage.reason)
    )
    return Counter({reason: count for reason, count in db.session.execute(found)})


def first_people(study_id: int, chosen: int | None = None, most: int = 25) -> list[tuple[int, str]]:
    """Return id and name of the first people of a roster, for previews, and of the one chosen."""
    found = select(Person.id, Person.name).where(Person.study_id == study_id).order_by(func.lower(Person.code))
    people = [(row.id, row.name) for row in db.session.execute(found.limit(most))]
    if chosen is not None and chosen not in dict(people):
        people += [(row.id, row.name) for row in db.session.execute(found.where(Person.id == chosen))]
    return people


def describe_mail() -> list[str]:
    """Return, in lines for an administrator, how sending stands on this installation."""
    state = mail_state()
    lines = [f"Mail server: {current_app.config['SETTINGS'].mail.host or 'none is configured'}"]
    lines += [f"Worker: {'running' if state.working else 'none is running'}. {state.trouble}".strip()]
    messages = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state).order_by(OutboxMessage.state)
    reports = select(BounceReport.kind, func.count()).group_by(BounceReport.kind).order_by(BounceReport.kind)
    lines += [f"Messages {word}: {count}" for word, count in db.session.execute(messages)]
    return lines + [f"Reports, {word}: {count}" for word, count in db.session.execute(reports)]
