"""What the page of an analysis shows: nothing that is not in its tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from jta.db import db
from jta.models.inventory import Task
from jta.models.results import AnalysisRun
from jta.services.results import METHOD_OF, read_table, unit_weights


@dataclass(frozen=True)
class TaskLine:
    """One task of the page: statistics by scale, share performing, index, decision."""

    code: str
    domain: str
    statement: str
    statistics: dict[str, dict[str, Any]]
    share: float | None
    share_low: float | None
    share_high: float | None
    n_answered: int | None
    index: float | None
    decision: str
    reason: str


@dataclass(frozen=True)
class ResultsPage:
    """A run as a reader sees it: weights of retained tasks, statistics of all tasks."""

    counts: dict[str, Any]
    units: list[dict[str, Any]]
    scales: tuple[str, ...]
    lines: tuple[TaskLine, ...]
    left_out: dict[str, str]
    notes: tuple[str, ...]
    tables: tuple[str, ...]

    @property
    def widest(self) -> float:
        """Largest upper limit of a weight, for a common scale of the pictures."""
        return max((u["high"] or u["weight"] for u in self.units), default=1.0)


def results_page(run: AnalysisRun) -> ResultsPage:
    """Return the page of a run."""
    summary = run.summary
    statistics = _by_task(run)
    scales = tuple(dict.fromkeys(name for by_scale in statistics.values() for name in by_scale))
    return ResultsPage(
        counts=summary["counts"],
        units=unit_weights(run),
        scales=scales,
        lines=tuple(_lines(run, statistics)),
        left_out=summary["left_out"],
        notes=tuple(summary["notes"]),
        tables=tuple(summary["tables"]),
    )


def _by_task(run: AnalysisRun) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    if "task_stats" not in run.summary["tables"]:
        return found
    for row in _records(run, "task_stats"):
        found.setdefault(row["task_id"], {})[row["scale"]] = row
    return found


def _records(run: AnalysisRun, name: str) -> list[dict[str, Any]]:
    return [
        {str(key): None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
        for row in read_table(run, name).to_dict("records")
    ]


def _optional(run: AnalysisRun, name: str) -> dict[str, dict[str, Any]]:
    return {r["task_id"]: r for r in _records(run, name)} if name in run.summary["tables"] else {}


def _lines(run: AnalysisRun, statistics: dict[str, dict[str, dict[str, Any]]]) -> list[TaskLine]:
    statements = dict(db.session.execute(select(Task.code, Task.statement).where(Task.study_id == run.study_id)).all())
    performing, basis = _optional(run, "performing"), _optional(run, "task_weight_basis")
    method = METHOD_OF.get(run.summary["method"], "")
    lines = []
    for decision in _records(run, "retention"):
        code = decision["task_id"]
        share = performing.get(code, {})
        lines.append(
            TaskLine(
                code=code,
                domain=decision["domain_id"],
                statement=statements.get(code, ""),
                statistics=statistics.get(code, {}),
                share=share.get("share_performing"),
                share_low=share.get("wilson_low"),
                share_high=share.get("wilson_high"),
                n_answered=share.get("n_answered"),
                index=basis.get(code, {}).get(method),
                decision=decision["decision"],
                reason=decision["reason"] or "",
            )
        )
    return lines
