"""Where each invited person stands, and how many stand where: the one counting function of every screen and file.

A disposition is worked out from events, messages and the response, never stored. Everything here is SQL aggregates,
or one row for each person with a disposition: no answer is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlalchemy.orm import aliased

from jta.db import db
from jta.models.delivery import WENT_OUT, OutboxMessage, Person, PersonEvent
from jta.models.response import Answer, Rating, Response
from jta.models.study import Stratum

(
    ADDED, LINKED, SENT, ACCEPTED, BOUNCED, OPTED_OUT, STARTED, SCREENED_OUT, PARTIAL, SUBMITTED, WITHDREW,
) = STATUSES = (
    "added", "link made", "sent", "accepted", "bounced", "opted out", "started", "screened out", "partial",
    "submitted", "withdrew",
)  # fmt: skip
MEANING = {
    ADDED: "On the roster, without a personal link, and nothing was sent.",
    LINKED: "Has a personal link that was not sent by mail from here, and has not pressed Start.",
    SENT: "A message was handed over, but whether the mail server took it is not known.",
    ACCEPTED: "The mail server accepted a message. Whether it was read is not tracked.",
    BOUNCED: "A message came back. Needs another address.",
    OPTED_OUT: "Asked not to be written to again, and has not started.",
    STARTED: "Pressed Start and has answered nothing yet.",
    SCREENED_OUT: "Started, and is not one of the people this survey is for.",
    PARTIAL: "Has answered something and has not submitted.",
    SUBMITTED: "Pressed Submit: a complete response.",
    WITHDREW: "Withdrew from the study. Is never invited again.",
}
BEGAN = (STARTED, SCREENED_OUT, PARTIAL, SUBMITTED)
MAY_ANSWER = (LINKED, SENT, ACCEPTED, STARTED, PARTIAL)  # of whom a response may still come
REACHED = (SENT, ACCEPTED, BOUNCED, OPTED_OUT, *BEGAN)


def status_column() -> ColumnElement[str]:
    """Return a person's disposition as SQL, for queries that join `Person` with `Response` by `joined`.

    The one definition: every list, count and file uses it. A later step hides an earlier one; withdrawal hides all.
    """
    rated = exists().where(Rating.response_id == Response.id, Rating.anchor_id.is_not(None))
    answered = exists().where(Answer.response_id == Response.id, has_answer())
    return case(
        (_has_event("withdrew"), WITHDREW),
        (Response.submitted_at.is_not(None), SUBMITTED),
        (Response.screened_out_at.is_not(None), SCREENED_OUT),
        (and_(Response.id.is_not(None), rated | answered), PARTIAL),
        (Response.id.is_not(None), STARTED),
        (_has_event("opted out"), OPTED_OUT),
        (_has_bounced(), BOUNCED),
        (_has_message(("accepted",)), ACCEPTED),
        (_has_message(WENT_OUT), SENT),
        (Person.token_hash.is_not(None), LINKED),
        else_=ADDED,
    )


def has_answer() -> ColumnElement[bool]:
    """Return the condition under which a row of `Answer` holds an answer: one taken back keeps an empty row."""
    return (
        Answer.choice_id.is_not(None) | Answer.choices.is_not(None) | Answer.number.is_not(None)
        | Answer.text.is_not(None)
    )  # fmt: skip


def _has_event(kind: str) -> ColumnElement[bool]:
    return exists().where(PersonEvent.person_id == Person.id, PersonEvent.kind == kind)


def _has_bounced() -> ColumnElement[bool]:
    """A message came back, and no other address was entered since."""
    bounce, mended = aliased(PersonEvent), aliased(PersonEvent)
    # Tied to the bounce, not to `Person`: SQLAlchemy correlates only with the select next around, so that a second
    # level naming `Person` would ask for anybody's new address.
    later = exists().where(
        mended.person_id == bounce.person_id, mended.kind == "address replaced", mended.id > bounce.id
    )
    return exists().where(bounce.person_id == Person.id, bounce.kind == "bounced", ~later)


def _has_message(states: Iterable[str]) -> ColumnElement[bool]:
    # The text added keeps SQLite from looking through all messages of a state for every person.
    state = OutboxMessage.state + ""
    return exists().where(OutboxMessage.person_id == Person.id, state.in_(list(states)))


def joined() -> ColumnElement[bool]:
    """Return how `Response` is outer-joined to `Person` for `status_column`; answers to a pilot never count."""
    return and_(Response.person_id == Person.id, Response.is_pilot.is_(False))


def statuses(study_id: int, person_ids: Iterable[int] | None = None) -> dict[int, str]:
    """Return the disposition of each person of a study by person id, or of some of them; one query."""
    found = select(Person.id, status_column()).outerjoin(Response, joined()).where(Person.study_id == study_id)
    if person_ids is not None:
        found = found.where(Person.id.in_(list(person_ids)))
    return {person: status for person, status in db.session.execute(found)}


@dataclass(frozen=True)
class StatusCounts:
    """How many people have each disposition; everybody is counted once."""

    by_status: Mapping[str, int]

    @property
    def people(self) -> int:
        """Everybody on the roster."""
        return sum(self.by_status.values())

    @property
    def with_link(self) -> int:
        """Who has a personal link and did not withdraw."""
        return self.people - self[ADDED] - self[WITHDREW]

    @property
    def sent_to(self) -> int:
        """To whom a message went out, or who began without one."""
        return sum(self[status] for status in REACHED)

    @property
    def began(self) -> int:
        """Who pressed Start and did not withdraw."""
        return sum(self[status] for status in BEGAN)

    def without(self, others: StatusCounts) -> StatusCounts:
        """Return the counts of everybody but some of them."""
        return StatusCounts({status: count - others[status] for status, count in self.by_status.items()})

    def __getitem__(self, status: str) -> int:
        return self.by_status.get(status, 0)

    def share(self, count: int) -> float | None:
        """Return a count as a share (0 to 1) of everybody on the roster, None for an empty roster."""
        return count / self.people if self.people else None


@dataclass(frozen=True)
class StratumCounts:
    """The people of one stratum by disposition, beside its frame count and target; no id for "no stratum".

    ``collected`` are submitted responses that came in files of another survey tool; they count toward the target.
    """

    id: int | None
    code: str
    label: str
    frame_count: int | None
    target: int | None
    counts: StatusCounts
    collected: int = 0

    @property
    def complete(self) -> int:
        """Complete responses of the stratum, wherever they were collected."""
        return self.counts[SUBMITTED] + self.collected

    @property
    def to_target(self) -> float | None:
        """Complete responses as a share (0 upward) of the target, None without a target."""
        return self.complete / self.target if self.target else None


def count_by_stratum(study_id: int) -> list[StratumCounts]:
    """Return the counts of each stratum in order, and of those without a stratum; three queries."""
    strata = list(db.session.scalars(select(Stratum).where(Stratum.study_id == study_id).order_by(Stratum.position)))
    found: dict[int | None, dict[str, int]] = {}
    for stratum, status, count in _count_rows(study_id):
        found.setdefault(stratum, {})[status] = count
    collected = _count_collected(study_id)
    rows = [
        StratumCounts(
            s.id, s.code, s.label, s.frame_count, s.target, StatusCounts(found.get(s.id, {})), collected.get(s.id, 0)
        )
        for s in strata
    ]
    if None in found or None in collected:
        counts = StatusCounts(found.get(None, {}))
        rows.append(StratumCounts(None, "", "No stratum", None, None, counts, collected.get(None, 0)))
    return rows


def _count_rows(study_id: int) -> Iterable[Any]:
    people = (
        select(Person.stratum_id.label("stratum"), status_column().label("status"))
        .outerjoin(Response, joined())
        .where(Person.study_id == study_id)
        .subquery()
    )
    grouped = select(people.c.stratum, people.c.status, func.count()).group_by(people.c.stratum, people.c.status)
    return db.session.execute(grouped)


def _count_collected(study_id: int) -> dict[int | None, int]:
    """Count submitted responses that came in files of another survey tool, by stratum."""
    from jta.models.collected import CollectedResponse

    found = (
        select(Response.stratum_id, func.count())
        .join(CollectedResponse, CollectedResponse.response_id == Response.id)
        .where(
            CollectedResponse.study_id == study_id, Response.submitted_at.is_not(None), Response.withdrawn_at.is_(None)
        )
        .group_by(Response.stratum_id)
    )
    return {stratum: count for stratum, count in db.session.execute(found)}


def count_registered(study_id: int) -> StatusCounts:
    """Count those who came by the open link, by disposition; they are part of every other count. One query."""
    people = (
        select(status_column().label("status"))
        .select_from(Person)
        .outerjoin(Response, joined())
        .where(Person.study_id == study_id, has_registered())
        .subquery()
    )
    found = db.session.execute(select(people.c.status, func.count()).group_by(people.c.status))
    return StatusCounts({status: count for status, count in found})


def has_registered() -> ColumnElement[bool]:
    """Return the condition under which a person came by the open link and was not invited."""
    return _has_event("registered")


def total(rows: Iterable[StratumCounts]) -> StatusCounts:
    """Add up the counts of all strata."""
    added = dict.fromkeys(STATUSES, 0)
    for row in rows:
        for status, count in row.counts.by_status.items():
            added[status] += count
    return StatusCounts(added)
