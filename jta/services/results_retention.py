"""The page of retention: which task falls where under the plan's cuts, and under cuts tried out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jta.charts import Axis, axis_for
from jta.models.results import AnalysisRun
from jta.services.results_tables import Row, Tables, Words, domains_of, tasks_in, words_of

if TYPE_CHECKING:
    from analysis.plan import RetentionCut

CLASSES = ("keep", "review", "drop")
CHANGED = "changed"


@dataclass(frozen=True)
class CutLine:
    """One cut: what it measures in words, the plan's value, the value tried, and the range of a slider."""

    name: str
    words: str
    column: str
    planned: float
    tried: float
    low: float
    high: float
    step: float
    error: str = ""

    @property
    def moved(self) -> bool:
        """Say whether the value tried differs from the plan's."""
        return self.tried != self.planned


@dataclass(frozen=True)
class RetentionPage:
    """Every task's class under the plan and under the cuts tried."""

    cuts: tuple[CutLine, ...]
    tasks: tuple[Row, ...]
    shown: tuple[Row, ...]
    domain_names: dict[str, str]
    counts: tuple[tuple[str, int, int], ...]
    domains: tuple[Row, ...]
    axes: dict[str, Axis]
    combine: str
    moved: bool
    changed: int
    steps: tuple[Row, ...]
    why_not: str | None


def retention_page(tables: Tables, asked: Mapping[str, str]) -> RetentionPage:
    """Return the classes of the tasks; ``asked`` holds tried values by the names of the cuts (cut1, cut2 …).

    A value that is no number leaves the plan's in place and says so.
    """
    run, words = tables.run, words_of(tables.run)
    rows = tables.rows("retention")
    known = _movable(run, rows)
    lines = tuple(_line(run, words, n, cut, asked) for n, cut in enumerate(known, 1))
    tasks = _judged(rows, known, lines, run, words)
    return RetentionPage(
        cuts=lines,
        tasks=tasks,
        shown=tuple(_wanted(tasks, asked, tasks_in(tables, asked.get("domain")))),
        domain_names=domains_of(tables, words),
        counts=tuple((c, _count(tasks, "decision", c), _count(tasks, "tried", c)) for c in CLASSES),
        domains=_domains(tasks, words),
        axes={line.column: axis_for([], within=(line.low, line.high)) for line in lines},
        combine=run.plan["retention_combine"],
        moved=any(line.moved for line in lines),
        changed=sum(t["decision"] != t["tried"] for t in tasks),
        steps=tuple(_step(row, run, words) for row in tables.rows("retention_sensitivity")),
        why_not=_why_not(run, known),
    )


def _wanted(tasks: tuple[Row, ...], asked: Mapping[str, str], here: set[str]) -> Iterator[Row]:
    """Give the tasks of the class and the domain asked for; an unknown class counts as all."""
    wanted = asked.get("class", "")
    for task in tasks:
        fits = {CHANGED: task["decision"] != task["tried"]}.get(wanted, task["tried"] == wanted)
        if task["task_id"] in here and (fits or wanted not in (*CLASSES, CHANGED)):
            yield task


def _step(row: Row, run: AnalysisRun, words: Words) -> Row:
    """Return a row of a cut moved alone, with what the cut is on in words."""
    cuts, number = _cuts(run), int(row["cut_number"])
    return row | {"words": _words(run, words, cuts[number - 1]) if number <= len(cuts) else row["measure"]}


def _movable(run: AnalysisRun, rows: list[Row]) -> list[RetentionCut]:
    """Return the plan's cuts if all of them can be judged again from the table, else none."""
    cuts = list(_cuts(run))
    whole = rows and all(_column(run, c) in rows[0] and getattr(c, "each", None) is None for c in cuts)
    return cuts if whole else []


def _cuts(run: AnalysisRun) -> tuple[RetentionCut, ...]:
    from analysis.plan import AnalysisPlan

    return AnalysisPlan.from_json(run.plan).retention


def _why_not(run: AnalysisRun, known: list[RetentionCut]) -> str | None:
    if known:
        return None
    if not _cuts(run):
        return "The plan has no retention rule, so every task is kept and no cut can be moved."
    return "This plan's rule has a condition on single groups, which cannot be judged again here. See the plan."


def _scale(run: AnalysisRun, cut: RetentionCut) -> str:
    return cut.scale or str(run.summary["choices"].get("importance_scale"))


def _column(run: AnalysisRun, cut: RetentionCut) -> str:
    """Return the column of the table of retention that holds what a cut measures."""
    if cut.measure == "performing":
        return "share_performing"
    anchor = f"_{cut.anchor:g}" if cut.measure == "at_or_above" and cut.anchor is not None else ""
    return f"{_scale(run, cut)}_{cut.measure}{anchor}"


def _line(run: AnalysisRun, words: Words, n: int, cut: RetentionCut, asked: Mapping[str, str]) -> CutLine:
    is_share = cut.measure in ("performing", "at_or_above")
    low, high = (0.0, 1.0) if is_share else _ends(words, _scale(run, cut))
    tried, error = _tried(asked.get(f"cut{n}", ""), cut.cut, (low, high))
    return CutLine(
        name=f"cut{n}",
        words=_words(run, words, cut),
        column=_column(run, cut),
        planned=cut.cut,
        tried=tried,
        low=low,
        high=high,
        step=0.01 if is_share else 0.05,
        error=error,
    )


def _ends(words: Words, scale: str) -> tuple[float, float]:
    values = [a["value"] for a in words.scales.get(scale, {}).get("anchors", []) if a["value"] is not None]
    return (float(min(values)), float(max(values))) if values else (0.0, 5.0)


def _tried(text: str, planned: float, ends: tuple[float, float]) -> tuple[float, str]:
    if not text.strip():
        return planned, ""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if math.isnan(value) or not ends[0] <= value <= ends[1]:
        return planned, f"Enter a number from {ends[0]:g} to {ends[1]:g}. The plan's {planned:g} is used."
    return value, ""


def _words(run: AnalysisRun, words: Words, cut: RetentionCut) -> str:
    title = words.scale(_scale(run, cut)).lower()
    return {
        "mean": f"Mean of {title}",
        "lower_bound": f"Lower bound of the mean of {title}",
        "performing": "Share of respondents who perform the task",
        "at_or_above": f"Share of answers on {title} at {cut.anchor or 0:g} or higher",
    }[cut.measure]


# Tasks that change class come first.
def _judged(
    rows: list[Row], cuts: list[RetentionCut], lines: tuple[CutLine, ...], run: AnalysisRun, words: Words
) -> tuple[Row, ...]:
    from analysis.retention import apply_retention

    tasks = [row["task_id"] for row in rows]
    if not cuts:
        return _as_planned(rows, words)
    criteria = [_criterion(rows, cut, line) for cut, line in zip(cuts, lines, strict=True)]
    table = apply_retention(criteria, tasks, run.plan["retention_combine"])
    tried: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    moved = any(line.moved for line in lines)
    planned = _as_planned(rows, words)
    if not moved:
        return planned
    judged = (
        row if row["suppressed"] else row | {"tried": new["decision"], "why": new["reason"]}
        for row, new in zip(planned, tried, strict=True)
    )  # fmt: skip
    return tuple(sorted(judged, key=lambda task: task["decision"] == task["tried"]))


def _as_planned(rows: list[Row], words: Words) -> tuple[Row, ...]:
    return tuple(
        row
        | {"statement": words.statements.get(row["task_id"], ""), "domain": words.unit(row["domain_id"])}
        | {"tried": row["decision"], "why": row["reason"]}
        for row in rows
    )


def _criterion(rows: list[Row], cut: RetentionCut, line: CutLine) -> Any:
    import numpy as np

    from analysis.retention import Criterion

    values = np.array([math.nan if row[line.column] is None else row[line.column] for row in rows], dtype=float)
    review = None if cut.review is None else round(line.tried - (cut.cut - cut.review), 10)
    return Criterion(replace(cut, cut=line.tried, review=review), line.column, line.words.lower(), values)


def _count(tasks: tuple[Row, ...], key: str, value: str) -> int:
    return sum(task[key] == value for task in tasks)


def _domains(tasks: tuple[Row, ...], words: Words) -> tuple[Row, ...]:
    """Return how many tasks of each domain are in each class, planned and tried."""
    before = Counter((t["domain_id"], t["decision"]) for t in tasks)
    after = Counter((t["domain_id"], t["tried"]) for t in tasks)
    return tuple(
        {"code": d, "title": words.unit(d), "classes": [(c, before[d, c], after[d, c]) for c in CLASSES]}
        for d in dict.fromkeys(t["domain_id"] for t in tasks)
    )
