"""What happened to one person's invitation, and who needs the director's decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from jta import clock
from jta.db import db
from jta.models.delivery import Attempt, OutboxMessage, Person, PersonEvent, Wave
from jta.models.sending import BounceReport
from jta.services.recipients import load_facts
from jta.services.sending_page import KIND_WORDS, LEFT_AS_IS


@dataclass(frozen=True)
class Moment:
    """One thing that happened to a person's invitation."""

    at: datetime
    what: str
    detail: str = ""


EVENT_WORDS = {
    "added": "Put on the roster", "registered": "Registered by the open link", "link made": "Personal link made",
    "link replaced": "Personal link replaced", "bounced": "The address does not work",
    "address replaced": "Address replaced", "opted out": "Asked not to be written to",
    "withdrew": "Withdrew from the study",
}  # fmt: skip


def load_story(person: Person) -> list[Moment]:
    """Return what happened to a person's invitation, in order: events, tries, what the server said, bounces.

    Whether a message was opened is not known: nothing in it reports back.
    """
    events = db.session.scalars(select(PersonEvent).where(PersonEvent.person_id == person.id))
    moments = [Moment(event.at, EVENT_WORDS[event.kind]) for event in events]
    sent = select(OutboxMessage).where(OutboxMessage.person_id == person.id).order_by(OutboxMessage.id)
    for message in db.session.scalars(sent):
        moments += _told(message)
    return sorted(moments, key=lambda moment: moment.at)


def _told(message: OutboxMessage) -> list[Moment]:
    title = f"{KIND_WORDS[message.wave.kind]} (wave {message.wave.number})"
    said = {"accepted": "taken by the mail server", "later": "put off by the mail server",
            "refused": "refused by the mail server", "unknown": "may have arrived"}  # fmt: skip
    told = [Moment(a.at, f"{title}: {said.get(a.outcome, a.outcome)}", a.detail) for a in _attempts(message)]
    if message.state in ("skipped", "cancelled") and message.ended_at:
        told.append(Moment(message.ended_at, f"{title}: not sent", message.reason))
    elif message.state == "planned":
        told.append(Moment(message.due_at, f"{title}: due", message.reason))
    reports = select(BounceReport).where(BounceReport.message_id == message.id)
    for report in db.session.scalars(reports):
        told.append(Moment(report.read_at, f"{title}: came back ({report.kind})", f"{report.status} {report.detail}"))
    return told


def _attempts(message: OutboxMessage) -> list[Attempt]:
    return list(message.attempts)


@dataclass(frozen=True)
class Waiting:
    """Somebody who needs the director; ``wave_id`` where the wave's page is the place to decide."""

    person_id: int
    name: str
    email: str
    at: datetime
    wave_id: int | None = None


def list_bounced(study_id: int) -> list[Waiting]:
    """Return the people whose present address does not work, newest first."""
    ids = [facts.id for facts in load_facts(study_id) if facts.bounced and not facts.withdrew]
    found = (
        select(Person.id, Person.name, Person.email, func.max(PersonEvent.at))
        .join(PersonEvent, PersonEvent.person_id == Person.id)
        .where(Person.id.in_(ids), PersonEvent.kind == "bounced")
        .group_by(Person.id, Person.name, Person.email)
        .order_by(func.max(PersonEvent.at).desc(), Person.id)
    )
    return [Waiting(row[0], row[1], row[2] or "", row[3]) for row in db.session.execute(found)]


def list_unknown(study_id: int) -> list[Waiting]:
    """Return the people with a message of unknown fate that nobody has decided on."""
    found = (
        select(Person.id, Person.name, Person.email, OutboxMessage.ended_at, Wave.id)
        .join(OutboxMessage, OutboxMessage.person_id == Person.id)
        .join(Wave, Wave.id == OutboxMessage.wave_id)
        .where(Wave.study_id == study_id, OutboxMessage.state == "unknown", OutboxMessage.reason != LEFT_AS_IS)
        .order_by(OutboxMessage.id)
    )
    return [Waiting(row[0], row[1], row[2] or "", row[3] or clock.now(), row[4]) for row in db.session.execute(found)]
