"""Chapters about the tasks: results, retention, and the appendix with every task."""

from __future__ import annotations

from jta.exports.figures import Dot, dot_figure, spread_figure
from jta.exports.report_parts import Bullets, Chapter, Missing, Paragraph, Part, Section, Table
from jta.services.plan_words import MEASURE_WORDS
from jta.services.report_chapters.source import (
    Source,
    count,
    interval,
    number,
    people_interval,
    people_share,
)

_SHOWN = 20  # task statements named in a chapter; the appendix has all


def tasks(source: Source) -> Chapter:
    """The heaviest and lightest tasks; all of them stand in Appendix A."""
    rows = {r["task_id"]: r for r in source.tables.rows("task_stats", scale=source.importance)}
    known = [
        (task["code"], rows[task["code"]])
        for task in source.tasks
        if rows.get(task["code"], {}).get("mean") is not None
    ]
    if not known:
        return Chapter("Results by task", [Missing("ratings of importance.")])
    ranked = sorted(known, key=lambda item: -item[1]["mean"])[:_SHOWN]
    dots = [Dot(source.statement(code), row["mean"], row["ci_low"], row["ci_high"]) for code, row in ranked]
    scale = source.words.scales.get(source.importance, {"anchors": []})
    points = [a["value"] for a in scale["anchors"] if a["value"] is not None]
    edges = [min(points) + k * 0.25 for k in range(int((max(points) - min(points)) * 4) + 1)]
    means = [row["mean"] for _, row in known]
    return Chapter(
        "Results by task",
        [
            Paragraph(
                f"{count(len(known))} task statements were rated for importance{_by_whom(source)}. "
                f"Means run from "
                f"{number(min(means))} to {number(max(means))} on a scale of {min(points):g} to {max(points):g}. "
                "Appendix A has every task with its number of ratings, mean, standard deviation and standard error."
            ),
            spread_figure(
                "How the mean importance of the tasks spreads",
                f"Columns of how many of {len(means)} task statements have a mean importance in each quarter "
                f"point, from "
                f"{number(min(means))} to {number(max(means))}.",
                means,
                "Mean importance",
                edges,
            ),
            dot_figure(
                f"The {len(dots)} most important tasks, with 95 % intervals",
                f"Dots with bars; the most important is “{source.statement(ranked[0][0])}” with a mean of "
                f"{number(ranked[0][1]['mean'])}.",
                dots,
                "Mean importance",
            ),
            _performing(source),
        ],
    )


def _by_whom(source: Source) -> str:
    return " by the people who perform them" if source.frequency else ""


def _performing(source: Source) -> Part:
    rows = sorted(
        source.tables.rows("performing"), key=lambda r: (r["share_performing"] is None, r["share_performing"] or 0)
    )
    lines = [
        (
            source.statement(r["task_id"]),
            count(r["n_answered"]),
            people_share(r["share_performing"]),
            people_interval(r["share_performing"], r["wilson_low"], r["wilson_high"]),
        )
        for r in rows[:_SHOWN]
    ]
    table = Table(
        "Tasks that fewest people perform",
        ("Task statement", "Answers", "Perform it", "95 % interval"),
        lines,
        (6, 1, 1, 2),
        frozenset({1, 2, 3}),
    )
    return Section("Who performs which tasks", [table if lines else Missing("a scale that tells who performs a task.")])


def retention(source: Source) -> Chapter:
    """The rule, what it dropped, what another cut would do."""
    rows = source.tables.rows("retention")
    out = [r for r in rows if r["decision"] != "keep"]
    cuts = source.run.plan.get("retention", [])
    parts: list[Part] = [Paragraph(_rule(source, cuts))]
    counts = source.run.summary["counts"]["tasks_by_decision"]
    parts.append(Bullets([f"{count(n)} tasks: {decision}" for decision, n in counts.items()]))
    if out:
        lines = [(source.statement(r["task_id"]), str(r["decision"]), r["reason"] or "") for r in out]
        parts.append(
            Table("Tasks that are not kept by the rule", ("Task statement", "Decision", "Why"), lines, (5, 1, 4))
        )
    moved = source.tables.rows("retention_sensitivity")
    if moved:
        cuts_moved = [
            (
                MEASURE_WORDS.get(str(r["measure"]), str(r["measure"])),
                number(r["cut"]),
                count(r["keep"]),
                count(r["review"]),
                count(r["drop"]),
                count(r["changed"]),
            )
            for r in moved
        ]
        parts.append(
            Table(
                "What another cut would do",
                ("Measure", "Cut", "Keep", "Review", "Drop", "Tasks that change"),
                cuts_moved,
                (3, 1, 1, 1, 1, 2),
                frozenset({1, 2, 3, 4, 5}),
            )
        )
    return Chapter("Which tasks are retained", parts)


def _rule(source: Source, cuts: list[dict[str, object]]) -> str:
    if not cuts:
        return "The plan has no retention rule: every task that was rated counts."
    named = [f"{MEASURE_WORDS.get(str(c['measure']), str(c['measure'])).lower()} at least {c['cut']:g}" for c in cuts]
    joined = " and ".join(named) if source.run.plan.get("retention_combine") == "all" else " or ".join(named)
    return f"A task is retained if: {joined}."


def task_appendix(source: Source) -> Chapter:
    """Every task with its statistics, one table for each domain."""
    parts: list[Part] = []
    share = {r["task_id"]: r for r in source.tables.rows("performing")}
    stats = {
        scale: {r["task_id"]: r for r in source.tables.rows("task_stats", scale=scale)} for scale in source.words.scales
    }
    for domain in dict.fromkeys(task["domain"] for task in source.tasks):
        own = [task for task in source.tasks if task["domain"] == domain]
        inner: list[Part] = []
        for scale, rows in stats.items():
            lines = [_task_line(task, rows.get(task["code"], {}), share.get(task["code"], {})) for task in own]
            inner.append(
                Table(
                    f"{source.words.scale(scale)}: {domain}",
                    ("Code", "Task statement", "n", "Mean", "SD", "SE", "95 % interval", "Perform"),
                    lines,
                    (1.1, 6.6, 0.8, 1, 0.9, 0.9, 2.1, 1.2),
                    frozenset(range(2, 8)),
                )
            )
        parts.append(Section(domain, inner))
    return Chapter("Task statistics", parts or [Missing("rated tasks.")], appendix=True)


def _task_line(task: dict[str, str], row: dict[str, object], share: dict[str, object]) -> tuple[str, ...]:
    return (
        task["code"],
        task["statement"],
        count(row.get("n")),
        number(row.get("mean")),
        number(row.get("sd")),
        number(row.get("se"), 3),
        interval(row.get("ci_low"), row.get("ci_high")),
        people_share(share.get("share_performing"), 0),
    )
