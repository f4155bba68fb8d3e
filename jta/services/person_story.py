"""What happened to one person's invitation, and who needs the director's decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from jta import clock
from jta.db import db
from jta.models.delivery import OutboxMessage, Person, PersonEvent, Wave
from jta.models.panel import Panelist, Round
from jta.models.sending import BounceReport, Registration
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
    own = select(Registration.id).where(Registration.person_id == person.id)
    about = OutboxMessage.person_id == person.id, OutboxMessage.registration_id.in_(own)
    return sorted([*moments, *_tell(or_(*about))], key=lambda moment: moment.at)


def load_panel_story(person: Panelist) -> list[Moment]:
    """Return what became of each message to a panelist, in order."""
    stopped = [Moment(person.stopped_at, "Stopped messages")] if person.stopped_at else []
    return sorted([*stopped, *_tell(OutboxMessage.panelist_id == person.id)], key=lambda moment: moment.at)


def _tell(about: ColumnElement[bool]) -> Iterator[Moment]:
    found = (
        select(OutboxMessage, Wave, Round)
        .outerjoin(Wave, Wave.id == OutboxMessage.wave_id)
        .outerjoin(Round, Round.id == OutboxMessage.round_id)
        .where(about)
        .order_by(OutboxMessage.id)
    )
    for message, wave, one in db.session.execute(found):
        asked = f"Round {one.number}, {one.title}" if one else "Confirmation of the address"
        yield from _told(message, f"{KIND_WORDS[wave.kind]} (wave {wave.number})" if wave else asked)


def _told(message: OutboxMessage, title: str) -> Iterator[Moment]:
    said = {"accepted": "taken by the mail server", "later": "put off by the mail server",
            "refused": "refused by the mail server", "unknown": "may have arrived"}  # fmt: skip
    for tried in message.attempts:
        yield Moment(tried.at, f"{title}: {said[tried.outcome]}", tried.detail)
    if message.state in ("skipped", "cancelled") and message.ended_at:
        yield Moment(message.ended_at, f"{title}: not sent", message.reason)
    elif message.state == "planned":
        yield Moment(message.due_at, f"{title}: due", message.reason)
    reports = select(BounceReport).where(BounceReport.message_id == message.id)
    for report in db.session.scalars(reports):
        yield Moment(report.read_at, f"{title}: came back ({report.kind})", f"{report.status} {report.detail}")


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
