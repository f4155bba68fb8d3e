"""Small books, each with one thing that a study may have or lack."""

from __future__ import annotations

from dataclasses import replace

from jta.exports.book import (
    BlueprintBook,
    BlueprintLine,
    CodebookAnchor,
    CodebookScale,
    DetailLine,
    Measure,
    MeasureStatistics,
    StatLine,
)


def tied_book(*, limits: bool = False) -> BlueprintBook:
    """Three equal domains and ten items: one item goes to the first line by order alone.

    With ``limits`` a minimum of four items for the first line is what decides.
    """
    third = 1 / 3
    note = "minimum of 4" if limits else None
    lines = tuple(
        BlueprintLine(str(n), f"Area {n}", "domain", None, 1, third, third, 10 / 3, 4 if n == 1 else 3,
                      minimum=4 if limits and n == 1 else None, allocation_note=note if n == 1 else None)
        for n in (1, 2, 3)
    )  # fmt: skip
    details = tuple(DetailLine(str(n), f"Area {n}", f"{n}.1", f"Do work {n}", 2.5, "retain") for n in (1, 2, 3))
    return _small_book(lines, details, items=10)


def ragged_book() -> BlueprintBook:
    """Means as weights, with gaps: an area without weight, intervals and last weights for some lines only,
    a task count that differs from the list, and a quota that is no plain share of a weight."""
    base = by_means()
    a, ax, b, bx = base.lines
    lines = (
        replace(a, ci_low=0.7, ci_high=0.9, former_weight=0.75, scored=7, pretest=1),
        replace(ax, n_tasks=2, empirical_weight=None),
        replace(b, quota=2.5, allocation_note="decided by the panel"),
        bx,
    )
    return replace(base, lines=lines)


def flat_book() -> BlueprintBook:
    """One domain, no subdomain, no interval; weights that no sum of task weights explains."""
    lines = (
        BlueprintLine("1.10", "All", "domain", None, 2, 1.0, 1.0, 40.0, 40, former_weight=0.9, scored=30, pretest=10),
    )
    details = tuple(DetailLine("1.10", "All", code, f"Task {code}", 0.0, "retain") for code in ("1.1", "1.10"))
    return _small_book(lines, details, items=40)


def by_means() -> BlueprintBook:
    """Two domains of unequal length whose weights are means of their tasks' weights."""
    parts = {"a": [2.0, 4.0, 6.0], "b": [1.0]}
    details = tuple(
        DetailLine(code, code.upper(), f"{code}{n}", f"Task {code}{n}", weight, "retain", f"{code}.x", "Part")
        for code, weights in parts.items()
        for n, weight in enumerate(weights)
    )
    lines = tuple(
        line
        for code, n, weight, items in (("a", 3, 0.8, 8), ("b", 1, 0.2, 2))
        for line in (
            BlueprintLine(code, code.upper(), "domain", None, n, weight, weight, weight * 10, items),
            BlueprintLine(f"{code}.x", "Part", "subdomain", code, n, weight, weight, float(items), items),
        )
    )
    return replace(_small_book(lines, details, items=10), weight_rule="mean")


def _small_book(lines: tuple[BlueprintLine, ...], details: tuple[DetailLine, ...], *, items: int) -> BlueprintBook:
    return BlueprintBook(
        study="Small study",
        credential="",
        version="2",
        status="DRAFT",
        items=items,
        lines=lines,
        details=details,
        measures=(Measure("agreement", "Agreement", "all who answered"),),
        task_statistics=tuple(
            StatLine(task.task_code, task.domain_code, task.statement,
                     (MeasureStatistics(1, 3.0, None, None, None, None, 3.0),))
            for task in details
        ),
        scales=(CodebookScale("agreement", "Agreement", "", (CodebookAnchor("1", "", 1.0),)),),
    )  # fmt: skip
