"""How the survey goes, in numbers: dispositions, response rates, days, minutes, pages. Aggregates only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jta.models.study import Study
from jta.services import monitor_times
from jta.services.content import steps_of
from jta.services.dispositions import (
    ADDED,
    BEGAN,
    LINKED,
    MEANING,
    PARTIAL,
    STARTED,
    STATUSES,
    SUBMITTED,
    WITHDREW,
    StatusCounts,
    StratumCounts,
    count_by_stratum,
    joined,
    status_column,
    statuses,
    total,
)  # fmt: skip
from jta.services.instrument import estimate_minutes, newest_instrument
from jta.services.monitor_times import DayCounts, PageCounts, StepCounts
from jta.services.response_rates import ResponseRates, response_rates

__all__ = [
    "ADDED", "BEGAN", "LINKED", "MEANING", "PARTIAL", "SMALLEST_GROUP", "STARTED", "STATUSES", "SUBMITTED", "WITHDREW",
    "Monitor", "StatusCounts", "StratumCounts", "count_by_stratum", "joined", "load_monitor", "status_column",
    "statuses", "total",
]  # fmt: skip
SMALLEST_GROUP = 10  # figures worked out from answers are not shown for fewer respondents


@dataclass(frozen=True)
class Monitor:
    """The state of the survey in numbers.

    ``pages`` is None, and ``median_minutes`` too, while fewer than 10 responses stand behind them. ``steps`` are the
    pages as they were sent, with the median minutes on each; ``collected`` responses came in files.
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
    rates: ResponseRates
    steps: list[StepCounts]
    n_tasks: int

    @property
    def collected(self) -> int:
        """Submitted responses that were collected with another survey tool."""
        return sum(row.collected for row in self.strata)

    @property
    def complete(self) -> int:
        """Complete responses, wherever they were collected."""
        return self.total[SUBMITTED] + self.collected

    @property
    def n_pages_base(self) -> int:
        """Responses behind the drop-off by page: everybody who pressed Start and did not withdraw."""
        return self.total.began

    @property
    def targets_met(self) -> bool:
        """Whether there are targets, and every stratum with one has reached it."""
        aimed = [row for row in self.strata if row.target]
        return bool(aimed) and all(row.complete >= (row.target or 0) for row in aimed)


def load_monitor(study: Study) -> Monitor:
    """Return how the survey of a study goes; at most ten queries, whatever the numbers."""
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
        pages=monitor_times.count_by_page(study.id, content) if shown and content and content["pages"] else None,
        median_minutes=median if timed >= SMALLEST_GROUP else None,
        n_timed=timed,
        launched_at=instrument.launched_at if instrument else None,
        closed_at=instrument.closed_at if instrument else None,
        estimated_minutes=estimate_minutes(content) if content else 0,
        rates=response_rates(study.id, counts, content),
        steps=monitor_times.count_by_step(study.id, _steps(content), study.smallest_group) if content else [],
        n_tasks=int(content["n_tasks"]) if content else 0,
    )


def _steps(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the pages of a survey by the names under which visits are kept."""
    found: list[tuple[str, str]] = []
    for step in steps_of(content):
        title = step["title"] or step["kind"].capitalize()
        if step["kind"] == "ratings":
            found += [(f"{step['id']}.{p['number']}", f"{title}, page {p['number']}") for p in content["pages"]]
        elif step["kind"] not in ("welcome", "thanks"):
            found.append((str(step["id"]), title))
    return found
