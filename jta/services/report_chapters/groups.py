"""The chapter about groups of respondents, and the appendix with their means."""

from __future__ import annotations

from jta.exports.report_parts import Bullets, Chapter, Missing, Paragraph, Part, Table
from jta.services.report_chapters.source import (
    NOTHING,
    Source,
    count,
    hidden_note,
    number,
)

_SHOWN = 20  # task statements named in a chapter; the appendix has all


def groups(source: Source) -> Chapter:
    """Do groups of respondents see the work alike?"""
    profiles = source.tables.rows("profile_correlations", scale=source.importance)
    lines = [
        (
            source.words.variable(r["variable"]),
            source.words.group(r["variable"], r["group_a"]),
            source.words.group(r["variable"], r["group_b"]),
            number(r["pearson"]),
            number(r["mean_abs_diff"]),
        )
        for r in profiles
    ]
    index = [r for r in source.tables.rows("agreement_index") if r["cut"] == _cut(source)]
    classes = [
        (
            source.words.variable(r["variable"]),
            source.words.group(r["variable"], r["group_a"]),
            source.words.group(r["variable"], r["group_b"]),
            number(r["index"]),
        )
        for r in index
    ]
    minimum = source.study.smallest_group
    return Chapter(
        "Groups of respondents",
        [
            Paragraph("If groups rate the tasks alike, one exam is fair to all of them. Small groups are hidden."),
            Table(
                "Likeness of task means (importance)",
                ("Question", "Group", "Other group", "Correlation", "Mean difference"),
                lines,
                (4, 3, 3, 2, 2),
                frozenset({3, 4}),
                hidden_note(profiles, minimum),
            )
            if lines
            else Missing("background questions that part the respondents into groups."),
            Table(
                f"Same decision on the tasks at a cut of {_cut(source):g}",
                ("Question", "Group", "Other group", "Index of agreement"),
                classes,
                (4, 3, 3, 2),
                frozenset({3}),
                hidden_note(index, minimum),
            )
            if classes
            else Missing("an index of agreement between groups at the cut of the plan."),
            *_different(source),
        ],
    )


def _cut(source: Source) -> float:
    cuts = [c["cut"] for c in source.run.plan.get("retention", []) if c["measure"] == "mean"]
    return float(cuts[0]) if cuts else 3.0


def _different(source: Source) -> list[Part]:
    rows = source.tables.rows("group_tests")
    found: list[str] = []
    for variable in dict.fromkeys(r["variable"] for r in rows):
        own = [r for r in rows if r["variable"] == variable and r["p_kw_holm"] is not None]
        low = [r for r in own if r["p_kw_holm"] < 0.05]
        found.append(_told(source, variable, len(low), len(own)))
    return [Bullets(found)] if found else []


def _told(source: Source, variable: str, low: int, tested: int) -> str:
    if not tested:
        return f"{source.words.variable(variable)}: not tested, because too few answered in its groups."
    return (
        f"{source.words.variable(variable)}: {count(low)} of {count(tested)} tasks differ between groups more than "
        "chance would explain (Kruskal-Wallis, Holm's correction for many tests at 0.05)."
    )


def group_appendix(source: Source) -> Chapter:
    """Means of every task in every group of the frame's question, and of the others."""
    rows = source.tables.rows("group_means", scale=source.importance)
    parts: list[Part] = []
    for variable in dict.fromkeys(r["variable"] for r in rows):
        own = [r for r in rows if r["variable"] == variable]
        levels = source.words.in_order(variable, (r["level"] for r in own))[:8]
        at = {(r["task_id"], r["level"]): r for r in own}
        lines = [
            (task["code"], *(_mean_of(at.get((task["code"], level))) for level in levels)) for task in source.tasks
        ]
        parts.append(
            Table(
                source.words.variable(variable),
                ("Code", *(source.words.group(variable, level) for level in levels)),
                lines,
                (1.2, *[1.6] * len(levels)),
                frozenset(range(1, len(levels) + 1)),
                hidden_note(own, source.study.smallest_group),
            )
        )
    return Chapter("Mean importance by group", parts or [Missing("groups of respondents.")], appendix=True)


def _mean_of(row: dict[str, object] | None) -> str:
    if row is None or row.get("mean") is None:
        return NOTHING
    return f"{number(row['mean'])} (n {count(row['n'])})"
