"""Who may get a message, and why the others may not: one judgement for previews, for waves and at hand-over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, exists, func, select

from jta import clock
from jta.db import db
from jta.models.delivery import WENT_OUT, OutboxMessage, Person, PersonEvent, Wave
from jta.models.response import Response
from jta.models.sending import LeftAlone
from jta.models.study import Study
from jta.services.links import address_mark
from jta.services.study_stage import BEFORE_LAUNCH

MOST_REMINDERS = 3
GAP = timedelta(hours=72)
OPEN = ("fielding",)  # stages in which people can answer; a pilot is for those whom the director asks by hand
BEFORE = (*BEFORE_LAUNCH, "pilot")
UNDER_WAY = ("planned", "claimed", "handed over")

WITHDREW = "withdrew from the study"
OPTED_OUT = "asked not to be written to"
NO_ADDRESS = "has no e-mail address"
BOUNCED = "the address does not work; replace it"
SUBMITTED = "has submitted"
STARTED = "has started already"
INVITED = "was invited before"
NOT_INVITED = "was not invited by e-mail"
REMINDED = f"has had {MOST_REMINDERS} reminders"
TOO_SOON = "got a message less than 72 hours ago"
WAITING = "another message to this person is on its way"
NOT_SUBMITTED = "has not submitted"
HAD_IT = "got this message before"
NOT_OPEN = "the survey is not open"
NOT_CLOSED = "the survey is still open"


@dataclass(frozen=True)
class Sent:
    """One message to a person that was or may be sent."""

    kind: str
    state: str
    sent_at: datetime | None
    address_mark: str
    wave_id: int


@dataclass
class Facts:
    """What counts for the judgement of one person."""

    id: int
    study_id: int
    email: str
    mark: str
    withdrew: bool
    opted_out: bool
    bounced: bool
    started: bool
    submitted: bool
    messages: list[Sent] = field(default_factory=list)

    def went_out(self, kind: str) -> list[Sent]:
        """Messages of a kind that may have arrived at the present address."""
        return [m for m in self.messages if m.kind == kind and m.state in WENT_OUT and m.address_mark == self.mark]


def load_facts(study_id: int, person_ids: Iterable[int] | None = None, *, but_wave: int = 0) -> list[Facts]:
    """Return the facts of everybody on the roster, or of some, by code; three queries.

    ``but_wave`` leaves out the messages of one wave: those that the judgement is about.
    """
    some = person_ids is not None
    whom: dict[str, Any] = {"study": study_id} | ({"ids": list(person_ids)} if person_ids is not None else {})
    rows = list(db.session.execute(_people(some=some), whom))
    found = {row.id: _facts(study_id, row) for row in rows}
    _leave_alone(study_id, found.values())
    for row in db.session.execute(_messages(some=some), whom | {"but_wave": but_wave}):
        found[row.person_id].messages.append(Sent(row.kind, row.state, row.sent_at, row.address_mark, row.wave_id))
    return list(found.values())


# The sender asks these two for every message, and putting the statements together costs more than running them.
@cache
def _people(*, some: bool) -> Any:
    chosen = (Person.study_id == bindparam("study"), *_among(Person.id, some=some))
    events = (
        select(
            PersonEvent.person_id.label("person_id"),
            *(
                func.max(case((PersonEvent.kind == kind, PersonEvent.id), else_=0)).label(name)
                for kind, name in (
                    ("withdrew", "withdrew"), ("opted out", "opted_out"),
                    ("bounced", "bounced"), ("address replaced", "replaced"),
                )
            ),
        )
        .join(Person, Person.id == PersonEvent.person_id)
        .where(*chosen)
        .group_by(PersonEvent.person_id)
        .subquery()
    )  # fmt: skip
    return (
        select(
            Person.id, Person.email, Response.started_at, Response.submitted_at,
            events.c.withdrew, events.c.opted_out, events.c.bounced, events.c.replaced,
        )
        .outerjoin(events, events.c.person_id == Person.id)
        .outerjoin(Response, (Response.person_id == Person.id) & Response.is_pilot.is_(False))
        .where(*chosen)
        .order_by(func.lower(Person.code), Person.id)
    )  # fmt: skip


def _among(column: Any, *, some: bool) -> list[ColumnElement[bool]]:
    return [column.in_(bindparam("ids", expanding=True))] if some else []


@cache
def _messages(*, some: bool) -> Any:
    counts = OutboxMessage.state.in_((*WENT_OUT, *UNDER_WAY)), *_among(OutboxMessage.person_id, some=some)
    return (
        select(
            OutboxMessage.person_id, Wave.kind, OutboxMessage.state, OutboxMessage.sent_at,
            OutboxMessage.address_mark, OutboxMessage.wave_id,
        )
        .join(Wave, Wave.id == OutboxMessage.wave_id)
        .where(Wave.study_id == bindparam("study"), Wave.id != bindparam("but_wave"), *counts)
    )  # fmt: skip


def _leave_alone(study_id: int, people: Collection[Facts]) -> None:
    marks = select(LeftAlone.address_mark).where(LeftAlone.study_id == study_id)
    if len(people) == 1:
        marks = marks.where(LeftAlone.address_mark.in_([person.mark for person in people]))
    left_alone = set(db.session.scalars(marks))
    for person in people:
        person.opted_out = person.opted_out or person.mark in left_alone


def _facts(study_id: int, row: Any) -> Facts:
    mark = address_mark(study_id, row.email) if row.email else ""
    return Facts(
        row.id, study_id, row.email or "", mark,
        withdrew=bool(row.withdrew), opted_out=bool(row.opted_out),
        bounced=bool(row.bounced) and (row.bounced or 0) > (row.replaced or 0),
        started=_is_past(row.started_at), submitted=_is_past(row.submitted_at),
    )  # fmt: skip


def _is_past(moment: datetime | None) -> bool:
    return moment is not None and moment <= clock.now()


def judge(kind: str, facts: Facts, stage: str, now: datetime) -> str:
    """Return why a person gets no message of this kind, or an empty text where they get one."""
    return next(_always(facts), "") or next(_JUDGES[kind](facts, stage, now), "")


def _always(facts: Facts) -> Iterator[str]:
    if facts.withdrew:
        yield WITHDREW
    if facts.opted_out:
        yield OPTED_OUT
    if not facts.email:
        yield NO_ADDRESS
    if facts.bounced:
        yield BOUNCED


def _invitation(facts: Facts, stage: str, now: datetime) -> Iterator[str]:
    if stage not in OPEN:
        yield NOT_OPEN
    if facts.submitted:
        yield SUBMITTED
    if facts.went_out("invitation"):
        yield INVITED
    if facts.started:
        yield STARTED
    yield from _pace(facts, now)


def _reminder(facts: Facts, stage: str, now: datetime) -> Iterator[str]:
    if stage not in OPEN:
        yield NOT_OPEN
    if facts.submitted:
        yield SUBMITTED
    if not facts.went_out("invitation"):
        yield NOT_INVITED
    if len(facts.went_out("reminder")) >= MOST_REMINDERS:
        yield REMINDED
    yield from _pace(facts, now)


def _pace(facts: Facts, now: datetime) -> Iterator[str]:
    """Yield what speaks against a message that asks for something, now."""
    if any(message.state in UNDER_WAY for message in facts.messages):
        yield WAITING
    asked = [m.sent_at for kind in ("invitation", "reminder") for m in facts.went_out(kind) if m.sent_at]
    if asked and max(asked) > now - GAP:
        yield TOO_SOON


def _thanks(facts: Facts, _stage: str, _now: datetime) -> Iterator[str]:
    if not facts.submitted:
        yield NOT_SUBMITTED
    if facts.went_out("thanks"):
        yield HAD_IT


def _closing(facts: Facts, stage: str, _now: datetime) -> Iterator[str]:
    if stage in OPEN:
        yield NOT_CLOSED
    if not facts.went_out("invitation"):
        yield NOT_INVITED
    if facts.went_out("closing"):
        yield HAD_IT


_JUDGES = {"invitation": _invitation, "reminder": _reminder, "thanks": _thanks, "closing": _closing}


def text_kind(kind: str, facts: Facts) -> str:
    """Return which text a person gets: a reminder reads otherwise for those who have begun."""
    return "reminder_partial" if kind == "reminder" and facts.started else kind


@dataclass(frozen=True)
class Outlook:
    """How many would get a message of a kind, and how many would not for which reason."""

    kind: str
    recipients: int
    partials: int
    others: Counter[str]

    @property
    def people(self) -> int:
        """Everybody on the roster."""
        return self.recipients + sum(self.others.values())


def outlook(study: Study, kind: str, at: datetime | None = None) -> Outlook:
    """Count who would get a message of this kind at a moment, now by default."""
    moment, facts = at or clock.now(), load_facts(study.id)
    reasons = [(person, judge(kind, person, study.stage, moment)) for person in facts]
    chosen = [person for person, reason in reasons if not reason]
    return Outlook(
        kind, len(chosen), sum(text_kind(kind, person) == "reminder_partial" for person in chosen),
        Counter(reason for _, reason in reasons if reason),
    )  # fmt: skip


def is_mailed(person_id: int) -> bool:
    """Say whether something went out to this person, or may have."""
    went = OutboxMessage.person_id == person_id, OutboxMessage.state.in_(WENT_OUT)
    return bool(db.session.scalar(select(exists().where(*went))))
