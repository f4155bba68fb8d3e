"""When people answered and how far they came: days, minutes, pages. Aggregates only, on SQLite and PostgreSQL."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, and_, case, exists, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from jta.db import db
from jta.models.collected import CollectedResponse
from jta.models.response import PageVisit, Rating, Response
from jta.models.study import Study

QUARTER = 900  # seconds; every zone of the world is whole quarters of an hour away from UTC


@dataclass(frozen=True)
class DayCounts:
    """What happened on one day of the study's zone: responses started and submitted, and both up to that day."""

    day: date
    started: int
    submitted: int
    started_so_far: int
    submitted_so_far: int


@dataclass(frozen=True)
class PageCounts:
    """One page of the survey: how many responses rated a task on it, and how many rated all of them."""

    number: int
    title: str
    n_tasks: int
    reached: int
    finished: int


@dataclass(frozen=True)
class StepCounts:
    """One step of the survey: how many sent it, and the median minutes they worked on it (None for few)."""

    id: str
    title: str
    sent: int
    median_minutes: float | None


class _Seconds(FunctionElement[int]):
    """Whole seconds of a stored time since 1970, in UTC."""

    inherit_cache = True
    type = Integer()


@compiles(_Seconds, "sqlite")
def _seconds_sqlite(element: _Seconds, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **options)}) AS INTEGER)"


@compiles(_Seconds, "postgresql")
def _seconds_postgresql(element: _Seconds, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **options)})) AS BIGINT)"


def _counted(study_id: int) -> ColumnElement[bool]:
    """The responses that count: of this study's survey, not withdrawn, not of a pilot, not collected elsewhere."""
    elsewhere = exists().where(CollectedResponse.response_id == Response.id)
    return and_(
        Response.study_id == study_id, Response.withdrawn_at.is_(None), Response.is_pilot.is_(False), ~elsewhere
    )  # fmt: skip


def median_minutes(study_id: int) -> tuple[float | None, int]:
    """Return the median minutes from Start to Submit, pauses included, and the number of responses behind it.

    Counts submitted responses that were not withdrawn. The database sorts; at most two numbers are read.
    """
    minutes = (_Seconds(Response.submitted_at) - _Seconds(Response.started_at)).label("seconds")
    chosen = _counted(study_id), Response.submitted_at.is_not(None)
    count = db.session.scalar(select(func.count()).select_from(Response).where(*chosen)) or 0
    if not count:
        return None, 0
    middle = select(minutes).where(*chosen).order_by(minutes).offset((count - 1) // 2).limit(2 - count % 2)
    found = list(db.session.scalars(middle))
    return sum(found) / len(found) / 60, count


def count_by_day(study: Study) -> list[DayCounts]:
    """Return responses started and submitted on each day in the study's zone, from the first day to the last.

    Withdrawn responses are not counted. Days between without an event are listed with zeros.
    """
    zone = ZoneInfo(study.time_zone)
    started = _per_day(study.id, Response.started_at, zone)
    submitted = _per_day(study.id, Response.submitted_at, zone)
    seen = sorted({*started, *submitted})
    rows: list[DayCounts] = []
    begun = sent = 0
    for number in range((seen[-1] - seen[0]).days + 1 if seen else 0):
        day = seen[0] + timedelta(days=number)
        begun, sent = begun + started.get(day, 0), sent + submitted.get(day, 0)
        rows.append(DayCounts(day, started.get(day, 0), submitted.get(day, 0), begun, sent))
    return rows


def _per_day(study_id: int, column: Any, zone: ZoneInfo) -> dict[date, int]:
    """Count by quarter of an hour in the database, then add the quarters up to days of the zone."""
    # Both databases divide whole numbers to a whole number.
    quarter = _Seconds(column).op("/")(QUARTER).label("quarter")
    found = select(quarter, func.count()).where(_counted(study_id), column.is_not(None)).group_by(quarter)
    days: dict[date, int] = {}
    for moment, count in db.session.execute(found):
        day = datetime.fromtimestamp(moment * QUARTER, UTC).astimezone(zone).date()
        days[day] = days.get(day, 0) + count
    return days


def count_by_page(study_id: int, content: Mapping[str, Any]) -> list[PageCounts]:
    """Return for each page of the survey how many responses reached and finished it; one query.

    A task counts as rated when the first scale of its card has an answer. Withdrawn responses are not counted.
    """
    page_of = {task["id"]: page["number"] for page in content["pages"] for task in page["tasks"]}
    size_of = {page["number"]: len(page["tasks"]) for page in content["pages"]}
    page = case(page_of, value=Rating.task_id).label("page")
    rated = (
        select(Rating.response_id, page, func.count().label("tasks"))
        .join(Response, Response.id == Rating.response_id)
        .where(
            _counted(study_id), Rating.scale_id == content["scales"][0]["id"], Rating.anchor_id.is_not(None),
        )
        .group_by(Rating.response_id, page)
        .subquery()
    )  # fmt: skip
    full = case((rated.c.tasks >= case(size_of, value=rated.c.page), 1), else_=0)
    found = select(rated.c.page, func.count(), func.sum(full)).group_by(rated.c.page)
    counts = {number: (reached, finished) for number, reached, finished in db.session.execute(found)}
    return [
        PageCounts(p["number"], p["domain"]["title"], len(p["tasks"]), *counts.get(p["number"], (0, 0)))
        for p in content["pages"]
    ]


def count_by_step(study_id: int, steps: Sequence[tuple[str, str]], smallest: int) -> list[StepCounts]:
    """Return for each step of the survey how many sent it, and the median minutes on it; one query.

    Parameters
    ----------
    steps : sequence of (id, title)
        In the order of the survey; a step that nobody sent counts 0.
    smallest : int
        Fewest people whose median is told.
    """
    found = (
        select(PageVisit.step, PageVisit.seconds)
        .join(Response, Response.id == PageVisit.response_id)
        .where(_counted(study_id))
    )
    seconds: dict[str, list[float]] = {}
    for step, value in db.session.execute(found):
        seconds.setdefault(step, []).append(value)
    return [_step(key, title, seconds.get(key, []), smallest) for key, title in steps]


def _step(key: str, title: str, seconds: list[float], smallest: int) -> StepCounts:
    median = statistics.median(seconds) / 60 if len(seconds) >= smallest else None
    return StepCounts(key, title, len(seconds), median)
