"""How exact the weights are while the survey is still open: a preliminary calculation beside the web pages.

It reads complete responses only, shows no more than domain weights with their intervals, and is made again for the
director only after so many more people answered that no single person's answers can be worked out from two of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from jta import audit, clock, jobs
from jta.audit import Actor
from jta.db import db, reading, transaction
from jta.errors import StateError
from jta.models.jobs import DONE, FAILED, Job
from jta.models.response import Response
from jta.models.study import Stratum, Study
from jta.services.results import study_plan
from jta.services.review import load_study_data
from jta.services.study_stage import lock_study

KIND = "precision"
RESAMPLES = 500  # enough for an interval that is called preliminary
STAGES = ("fielding", "closed")


@dataclass(frozen=True)
class PrecisionLine:
    """One content domain: its weight and interval (shares), how many items the interval spans, what is still needed."""

    unit: str
    name: str
    weight: float
    low: float | None
    high: float | None
    items: float | None
    still_needed: int | None
    note: str


@dataclass(frozen=True)
class Precision:
    """The last calculation, the one at work, and whether another one may be asked for."""

    lines: tuple[PrecisionLine, ...]
    n: int
    at: datetime | None
    wanted: float | None
    exam_items: int
    job: Job | None
    n_now: int
    n_wanted: int

    @property
    def may_ask(self) -> bool:
        """Whether enough people have answered since the last calculation, and none is at work."""
        return self.job is None and self.n_now >= self.n_wanted

    @property
    def still_needed(self) -> int | None:
        """The responses that would settle every weight, where that is known."""
        known = [line.still_needed for line in self.lines]
        return max((n for n in known if n is not None), default=None)


def count_complete(study_id: int) -> int:
    """Return the number of complete responses that count."""
    return db.session.scalar(select(func.count()).where(*_complete(study_id))) or 0


def _complete(study_id: int) -> tuple[Any, ...]:
    return (
        Response.study_id == study_id, Response.submitted_at.is_not(None), Response.withdrawn_at.is_(None),
        Response.is_pilot.is_(False),
    )  # fmt: skip


def load_precision(study: Study, n_now: int | None = None) -> Precision:
    """Return what is known of the precision reached; at most two queries."""
    found = select(Job).where(Job.study_id == study.id, Job.kind == KIND).order_by(Job.id.desc()).limit(10)
    rows = list(db.session.scalars(found))
    at_work = next((job for job in rows if job.state not in (DONE, FAILED)), None)
    last = next((job for job in rows if job.state == DONE and job.result), None)
    result = (last.result if last else None) or {}
    n = int(result.get("n", 0))
    return Precision(
        lines=tuple(PrecisionLine(**line) for line in result.get("lines", ())),
        n=n,
        at=datetime.fromisoformat(result["at"]) if result else None,
        wanted=result.get("wanted"),
        exam_items=int(result.get("items", study.exam_items)),
        job=at_work,
        n_now=count_complete(study.id) if n_now is None else n_now,
        n_wanted=n + study.smallest_group,
    )


def ask_precision(actor: Actor, study_id: int) -> None:
    """Ask for the calculation; while one is at work nothing happens.

    Raises
    ------
    StateError
        If the survey is neither open nor closed, or too few people answered (since the last one).
    """
    with transaction():
        study = lock_study(study_id)
        state = load_precision(study)
        if state.job is not None:
            return
        if study.stage not in STAGES:
            raise StateError("The precision is worked out while answers come in. Now the results say it.")
        if state.n_now < state.n_wanted:
            raise StateError(
                f"There are {state.n_now:,} complete responses; it is worked out from {state.n_wanted:,} on. With "
                "fewer new answers between two calculations, somebody could work out what one person answered."
            )
        jobs.enqueue(KIND, study_id, {}, actor)
        audit.record(actor, "asked for precision", f"study {study_id}", study_id=study_id)


@jobs.handler(KIND, tries=2)
def _calculate(work: jobs.Work) -> dict[str, Any]:
    from analysis.errors import AnalysisError
    from analysis.pipeline import run_analysis

    study_id = work.study_id or 0
    work.tell("Reading the answers")
    with reading():
        codes = list(db.session.scalars(select(Response.code).where(*_complete(study_id)).order_by(Response.code)))
        data, plan, population = load_study_data(study_id, codes), study_plan(study_id), _population(study_id)
    plan = replace(plan, bootstrap_resamples=RESAMPLES)
    try:
        table = run_analysis(data, plan, work.tell).tables.get("blueprint")
    except AnalysisError as error:
        raise StateError(f"The analysis plan does not fit these answers yet: {error}") from error
    rows = [] if table is None else [row for row in table.to_dict("records") if row["level"] == "domain"]
    lines = [_line(row, len(codes), population, plan) for row in rows]
    return {
        "n": len(codes), "at": clock.now().isoformat(), "wanted": plan.precision_wanted, "items": plan.items,
        "lines": lines,
    }  # fmt: skip


def _line(row: dict[Any, Any], n: int, population: int | None, plan: Any) -> dict[str, Any]:
    from analysis.precision import responses_still_needed

    low, high = float(row["ci_low"]), float(row["ci_high"])
    known = not (math.isnan(low) or math.isnan(high))
    half = (high - low) / 2
    needed = responses_still_needed(n, half, plan.precision_wanted, population) if known and half > 0 else None
    note = "" if known else "no interval yet"
    if known and half == 0:
        needed = 0
    if known and needed is None:
        note = "everybody of the frame has answered"
    return {
        "unit": str(row["unit"]), "name": str(row["name"]), "weight": float(row["weight"]),
        "low": low if known else None, "high": high if known else None,
        "items": (high - low) * plan.items if known else None, "still_needed": needed, "note": note,
    }  # fmt: skip


def _population(study_id: int) -> int | None:
    """Return how many people the frame holds, None where a stratum's count is not known."""
    counts = list(db.session.scalars(select(Stratum.frame_count).where(Stratum.study_id == study_id)))
    return sum(count or 0 for count in counts) if counts and all(counts) else None
