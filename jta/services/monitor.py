"""Where each person stands, and how the survey goes.

A status is worked out from events and the response, never stored. Everything here is SQL aggregates, or one row
for each person with a status: no answer is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select

from jta.db import db
from jta.models.delivery import Person, PersonEvent
from jta.models.response import Rating, Response
from jta.models.study import Stratum, Study
from jta.services import monitor_times
from jta.services.instrument import estimate_minutes, newest_instrument
from jta.services.monitor_times import DayCounts, PageCounts

ADDED, LINKED, STARTED, PARTIAL, SUBMITTED, WITHDREW = STATUSES = (
    "added", "link made", "started", "partial", "submitted", "withdrew",
)  # fmt: skip
MEANING = {
    ADDED: "On the roster, without a personal link.",
    LINKED: "Has a personal link and has not pressed Start.",
    STARTED: "Pressed Start and has rated no task yet.",
    PARTIAL: "Has rated at least one task and has not submitted.",
    SUBMITTED: "Pressed Submit.",
    WITHDREW: "Withdrew from the study. Is never invited again.",
}
BEGAN = (STARTED, PARTIAL, SUBMITTED)
SMALLEST_GROUP = 10  # figures worked out from answers are not shown for fewer respondents


def status_column() -> ColumnElement[str]:
    """Return a person's status as SQL, for queries that join `Person` with `Response` by `joined`.

    The one definition of a status: every list, count and file uses it. A later step hides an earlier one;
    withdrawal hides all.
    """
    withdrew = exists().where(PersonEvent.person_id == Person.id, PersonEvent.kind == "withdrew")
    rated = exists().where(Rating.response_id == Response.id, Rating.anchor_id.is_not(None))
    return case(
        (withdrew, WITHDREW),
        (Response.submitted_at.is_not(None), SUBMITTED),
        (and_(Response.id.is_not(None), rated), PARTIAL),
        (Response.id.is_not(None), STARTED),
        (Person.token_hash.is_not(None), LINKED),
        else_=ADDED,
    )


def joined() -> ColumnElement[bool]:
    """Return how `Response` is outer-joined to `Person` for `status_column`; answers to a pilot never count."""
    return and_(Response.person_id == Person.id, Response.is_pilot.is_(False))


def statuses(study_id: int, person_ids: Iterable[int] | None = None) -> dict[int, str]:
    """Return the status of each person of a study by person id, or of some of them; one query."""
    found = select(Person.id, status_column()).outerjoin(Response, joined()).where(Person.study_id == study_id)
    if person_ids is not None:
        found = found.where(Person.id.in_(list(person_ids)))
    return {person: status for person, status in db.session.execute(found)}


@dataclass(frozen=True)
class StatusCounts:
    """How many people have each status; everybody is counted once."""

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
    def began(self) -> int:
        """Who pressed Start and did not withdraw."""
        return sum(self[status] for status in BEGAN)

    def __getitem__(self, status: str) -> int:
        return self.by_status.get(status, 0)

    def share(self, count: int) -> float | None:
        """Return a count as a share (0 to 1) of everybody on the roster, None for an empty roster."""
        return count / self.people if self.people else None


@dataclass(frozen=True)
class StratumCounts:
    """The people of one stratum by status, beside the stratum's frame count and target; no id for "no stratum"."""

    id: int | None
    code: str
    label: str
    frame_count: int | None
    target: int | None
    counts: StatusCounts

    @property
    def to_target(self) -> float | None:
        """Submitted responses as a share (0 upward) of the target, None without a target."""
        return self.counts[SUBMITTED] / self.target if self.target else None


def count_by_stratum(study_id: int) -> list[StratumCounts]:
    """Return the counts of each stratum in order, and of people without a stratum where there are any; two queries."""
    strata = list(db.session.scalars(select(Stratum).where(Stratum.study_id == study_id).order_by(Stratum.position)))
    found: dict[int | None, dict[str, int]] = {}
    for stratum, status, count in _count_rows(study_id):
        found.setdefault(stratum, {})[status] = count
    rows = [
        StratumCounts(s.id, s.code, s.label, s.frame_count, s.target, StatusCounts(found.get(s.id, {}))) for s in strata
    ]
    if None in found:
        rows.append(StratumCounts(None, "", "No stratum", None, None, StatusCounts(found[None])))
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


def total(rows: Iterable[StratumCounts]) -> StatusCounts:
    """Add up the counts of all strata."""
    added = dict.fromkeys(STATUSES, 0)
    for row in rows:
        for status, count in row.counts.by_status.items():
            added[status] += count
    return StatusCounts(added)


@dataclass(frozen=True)
class Monitor:
    """The state of the survey in numbers.

    ``pages`` is None, and ``median_minutes`` too, while fewer than 10 responses stand behind them.
    """

    strata: list[StratumCounts]
    total: StatusCounts
    days: list[DayCounts]
    pages: list[PageCounts] | None
    median_minutes: float | None
    n_timed: int
    launched_at: datetime | None
    closed_at: datetime | None
    estimated_minutes: int

    @property
    def n_pages_base(self) -> int:
        """Responses behind the drop-off by page: everybody who pressed Start and did not withdraw."""
        return self.total.began

    @property
    def targets_met(self) -> bool:
        """Whether there are targets, and every stratum with one has reached it."""
        aimed = [row for row in self.strata if row.target]
        return bool(aimed) and all(row.counts[SUBMITTED] >= (row.target or 0) for row in aimed)


def load_monitor(study: Study) -> Monitor:
    """Return how the survey of a study goes; seven queries, whatever the numbers."""
    strata = count_by_stratum(study.id)
    counts = total(strata)
    instrument = newest_instrument(study.id, "main")
    content = instrument.content if instrument else None
    shown = content is not None and counts.began >= SMALLEST_GROUP
    median, timed = monitor_times.median_minutes(study.id)
    return Monitor(
        strata=strata,
        total=counts,
        days=monitor_times.count_by_day(study),
        pages=monitor_times.count_by_page(study.id, content) if shown and content else None,
        median_minutes=median if timed >= SMALLEST_GROUP else None,
        n_timed=timed,
        launched_at=instrument.launched_at if instrument else None,
        closed_at=instrument.closed_at if instrument else None,
        estimated_minutes=estimate_minutes(content) if content else 0,
    )
