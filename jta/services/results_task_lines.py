"""The page of tasks: each task's ratings on one scale, who performs it, and how its answers are spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jta.charts import Axis, axis_for, shares_of
from jta.services.results_tables import Row, Tables, Words, pick_scale, words_of


@dataclass(frozen=True)
class Answers:
    """How many gave one answer; ``length`` is the bar's, in percent of the longest."""

    label: str
    count: int
    length: float


@dataclass(frozen=True)
class TaskRow:
    """One task: statistics of the scale shown, share performing, index, decision."""

    code: str
    domain: str
    statement: str
    statistics: Row
    performing: Row
    index: float | None
    decision: str
    reason: str
    answers: tuple[Answers, ...]


@dataclass(frozen=True)
class TasksPage:
    """The tasks that a reader asked for, on the scale that he asked for."""

    lines: tuple[TaskRow, ...]
    total: int
    axis: Axis
    scale: str
    scale_title: str
    scales: dict[str, str]
    domains: dict[str, str]
    method_text: str
    about: str
    of_whom: str
    why_not: str | None


def tasks_page(tables: Tables, *, scale: str | None = None, domain: str = "", decision: str = "") -> TasksPage:
    """Return the tasks of a run; an unknown scale counts as the first."""
    run, words = tables.run, words_of(tables.run)
    scales = list(dict.fromkeys(row["scale"] for row in tables.rows("task_stats")))
    shown = pick_scale(run, scales, scale)
    lines = _lines(tables, words, shown)
    wanted = [t for t in lines if (not domain or t.domain == domain) and (not decision or t.decision == decision)]
    return TasksPage(
        lines=tuple(wanted),
        total=len(lines),
        axis=axis_for([], within=ends_of(tables, shown)),
        scale=shown,
        scale_title=words.scale(shown),
        scales={code: words.scale(code) for code in scales},
        domains={code: words.unit(code) for code in dict.fromkeys(t.domain for t in lines)},
        method_text=run.summary["method_text"],
        about=ends_in_words(words, shown),
        of_whom=_of_whom(tables, shown),
        why_not=tables.why_not("task_stats"),
    )


def ends_of(tables: Tables, scale: str) -> tuple[float, float]:
    """Return the lowest and the highest number that a scale's answers have in a run: the whole width of its axis."""
    values = [int(name[6:]) for name in tables.one("task_stats") if name.startswith("count_")]
    used = [v for v in values if any(r[f"count_{v}"] for r in tables.rows("task_stats", scale=scale))]
    return min(used, default=0), max(used, default=1)


def ends_in_words(words: Words, scale: str) -> str:
    """Return what the lowest and the highest number of a scale mean, empty where the scale has no words."""
    labels = {value: label for value, label in labels_of(words, scale).items() if label}
    ends = dict.fromkeys((min(labels), max(labels))) if labels else {}
    return "; ".join(f"{value} = {labels[value]}" for value in ends) + "." if ends else ""


def _of_whom(tables: Tables, scale: str) -> str:
    """Return whose mean it is; empty for a scale that is neither importance nor frequency."""
    choices = tables.run.summary["choices"]
    if scale.endswith("_performers") or scale == choices.get("importance_scale"):
        return "Means of those who perform the task."
    if scale == choices.get("frequency_scale"):
        return "Means of everybody, with 0 for those who do not perform the task."
    return ""


def _lines(tables: Tables, words: Words, scale: str) -> list[TaskRow]:
    statistics = {row["task_id"]: row for row in tables.rows("task_stats", scale=scale)}
    performing = {row["task_id"]: row for row in tables.rows("performing")}
    labels = labels_of(words, scale)
    return [
        TaskRow(
            code=row["task_id"],
            domain=row["domain_id"],
            statement=words.statements.get(row["task_id"], ""),
            statistics=statistics.get(row["task_id"], {}),
            performing=performing.get(row["task_id"], {}),
            index=row.get("task_index"),
            decision=row["decision"],
            reason=row["reason"] or "",
            answers=_answers(statistics.get(row["task_id"], {}), labels),
        )
        for row in tables.rows("retention")
    ]


def labels_of(words: Words, scale: str) -> dict[int, str]:
    """Return the words of a scale's anchors by their numbers."""
    anchors: list[dict[str, Any]] = words.scales.get(scale.removesuffix("_performers"), {}).get("anchors", [])
    return {int(a["value"] or 0): a["label"] for a in anchors}


def _answers(row: Row, labels: dict[int, str]) -> tuple[Answers, ...]:
    """Return the spread of the answers; none where their number is hidden."""
    if row.get("n") is None:
        return ()
    counts = {int(name[6:]): int(n) for name, n in row.items() if name.startswith("count_") and n is not None}
    values = [v for v in counts if v in labels] or list(counts)
    lengths = shares_of([counts[v] for v in values])
    return tuple(Answers(labels.get(v, str(v)), counts[v], size) for v, size in zip(values, lengths, strict=True))
