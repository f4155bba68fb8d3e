"""Chapters about the exam: weights by each method, the ledger, the final blueprint, limits, approval, references."""

from __future__ import annotations

from jta.exports.report_parts import Bullets, Chapter, Facts, Missing, Paragraph, Part, Section, Table
from jta.services.blueprint import content_hash
from jta.services.blueprint_approval import standing_approval
from jta.services.plan_words import steps_in_words, value_in_words
from jta.services.report_chapters.sample import weighting_sample
from jta.services.report_chapters.source import NOTHING, Source, count, percent, percent_interval
from jta.services.results_methods import method_title
from jta.services.results_overview import what_in_words
from jta.services.two_way import TwoWay, two_way_table


def weights(source: Source) -> Chapter:
    """Method, weights with intervals, other methods, sensitivity."""
    rows = [
        (
            f"{row.code} {row.title}",
            count(row.n_tasks),
            percent(row.empirical_weight, 2),
            percent_interval(row.low, row.high, 2),
        )
        for row in source.blueprint.rows
    ]
    return Chapter(
        "Weights",
        [
            Paragraph(_weighing(source)),
            Table(
                "Weights from the survey",
                ("Part of the exam", "Tasks", "Weight", "95 % interval"),
                rows,
                (6, 1, 2, 3),
                frozenset({1, 2, 3}),
            ),
            _together(source),
            weighting_sample(source),
            _methods(source),
            _sensitivity(source),
        ],
    )


def _weighing(source: Source) -> str:
    plan = source.run.plan
    said = (
        f"The weight of a part is the {plan.get('within', 'sum')} of the indices of its retained tasks, as a share "
        f"over all parts. The index of a task: {source.run.summary['method_text']}."
    )
    if plan.get("weights_from", "survey") == "survey":
        return said
    return f"{said} The blueprint's weights come from: {value_in_words('weights_from', plan['weights_from']).lower()}."


def _together(source: Source) -> Part:
    pairs = [
        f"{a.title} and {b.title}"
        for n, a in enumerate(source.domains)
        for b in source.domains[n + 1 :]
        if a.low is not None
        and a.high is not None
        and b.low is not None
        and b.high is not None
        and a.low <= b.high
        and b.low <= a.high
    ]
    if not pairs:
        return Paragraph("The intervals of no two content domains overlap.")
    return Bullets([f"{pair} cannot be told apart: their intervals overlap." for pair in pairs])


def _methods(source: Source) -> Part:
    rows = source.tables.rows("method_comparison", level="domain")
    methods = list(dict.fromkeys(r["method"] for r in rows))
    at = {(r["method"], r["unit"]): r for r in rows}
    lines = [(method_title(m), *(_share_of(at.get((m, d.code))) for d in source.domains)) for m in methods]
    headers = ("Method", *(d.title for d in source.domains))
    table = Table(
        "Weights and items under other methods",
        headers,
        lines,
        (3, *[2] * len(source.domains)),
        frozenset(range(1, len(headers))),
        f"Items of an exam of {source.run.plan['items']}. All methods use all tasks, so that they can be compared; "
        "the blueprint uses the retained ones.",
    )
    return Section("Other methods", [table if lines else Missing("a comparison of methods.")])


def _share_of(row: dict[str, object] | None) -> str:
    if row is None or row["weight"] is None:
        return NOTHING
    return f"{percent(row['weight'])} ({count(row['items'])})"


def _sensitivity(source: Source) -> Part:
    first = source.domains[0].code
    rows = [r for r in source.tables.rows("sensitivity") if r["unit"] == first and r["option"] != "plan"]
    moved = sorted((r for r in rows if r["items_moved"] is not None), key=lambda r: -r["items_moved"])
    lines = [
        (r["option_words"], r["plan_words"] or "none", r["value_words"] or "none", count(r["items_moved"]),
         count(r["tasks_retained"]))
        for r in steps_in_words(moved[:30])
    ]  # fmt: skip
    still = sum(r["items_moved"] == 0 for r in moved)
    table = Table(
        "What other choices would move",
        ("Choice", "Plan", "Instead", "Items moved", "Tasks retained"),
        lines,
        (4, 3, 3, 1, 1),
        frozenset({3, 4}),
        f"{count(still)} of {count(len(moved))} other choices move no item.",
    )
    return Section("Sensitivity", [table if lines else Missing("a sensitivity analysis.")])


def ledger(source: Source) -> Chapter:
    """Every change from the survey's weights, with reason and person."""
    lines = [
        (source.day(a.at), a.by_name, f"{a.code or 'Exam'} {a.field}", a.before, a.after, a.reason)
        for a in source.blueprint.adjustments
    ]
    table = Table(
        "Changes of the blueprint", ("Date", "Who", "What", "Before", "After", "Reason"), lines, (2, 2, 2, 2, 2, 5)
    )
    words = "Nothing was changed: the blueprint holds the weights of the survey."
    return Chapter("Changes by the panel and the director", [table if lines else Paragraph(words)])


def blueprint(source: Source) -> Chapter:
    """The final blueprint."""
    rows = [
        (
            f"{row.code} {row.title}",
            percent(row.empirical_weight),
            percent(row.weight),
            count(row.items),
            count(row.minimum),
            count(row.maximum),
            row.rationale or NOTHING,
        )
        for row in source.blueprint.rows
    ]
    table = Table(
        f"Blueprint {source.blueprint.number}, {source.blueprint.items} items",
        ("Part of the exam", "Survey", "Blueprint", "Items", "Least", "Most", "Reason of a change"),
        rows,
        (5, 1.4, 1.5, 1, 1, 1, 3),
        frozenset({1, 2, 3, 4, 5}),
    )
    return Chapter("Final blueprint", [table, *_two_way(source)])


def _two_way(source: Source) -> list[Part]:
    """Items by content and cognitive level, and the gap of the item bank where it was counted."""
    found = two_way_table(source.blueprint)
    if not found.levels:
        return [Missing("a table of content by cognitive level.")]
    lines = [
        (f"{row.code} {row.title}", *(count(cell.items) for cell in row.cells), count(row.items)) for row in found.rows
    ]
    lines += [
        ("All domains", *(count(total.items) for total in found.totals), count(found.items)),
        ("Target share", *(percent(level.share) for level in found.levels), ""),
        ("Share reached", *(percent(total.reached) for total in found.totals), ""),
    ]
    if found.n_placed:
        said = (percent(total.panel) for total in found.totals)
        lines.append((f"Share of task weight, by the panel ({found.n_placed} of {found.n_tasks} tasks)", *said, ""))
    table = Table(
        "Items by content and cognitive level", ("Part of the exam", *(x.label for x in found.levels), "Items"), lines,
        (4, *[1] * len(found.levels), 1), frozenset(range(1, len(found.levels) + 2)),
    )  # fmt: skip
    whose = "the analysis plan" if found.source == "plan" else "this blueprint, with the reason in its ledger"
    return [Paragraph(f"The target shares of the cognitive levels are those of {whose}."), table, *_bank(found)]


def _bank(found: TwoWay) -> list[Part]:
    if not found.counted:
        return []
    wanted = f"{found.forms:g} forms' worth of items are wanted in the item bank."
    missing = f"At least {found.missing} are missing." if found.missing else "None is missing."
    return [Paragraph(f"{wanted} {missing}")]


def limits(source: Source) -> Chapter:
    """What the study does not show."""
    counts = source.run.summary["counts"]
    said = [
        f"The results rest on the answers of {count(counts['respondents'])} people who chose to take part. "
        f"Intervals cover chance, not "
        "the difference between those who answered and those who did not.",
        "Respondents rated by memory, and may read the words of a scale in different ways.",
        "The task list bounds the results: work that no statement names has no weight.",
        *source.run.summary["notes"],
        *(f"{what}: {reason}" for what, reason in _left_out(source)),
    ]
    return Chapter("Limits", [Bullets(said)])


def _left_out(source: Source) -> list[tuple[str, str]]:
    """Return what the analysis left out, by its reason; links to KSAs have a chapter of their own, from the panel."""
    names: dict[str, list[str]] = {}
    for name, reason in source.run.summary["left_out"].items():
        if name != "ksa_weights":
            names.setdefault(reason, []).append(what_in_words(name, source.words))
    return [("; ".join(dict.fromkeys(what)), reason) for reason, what in names.items()]


def approval(source: Source) -> Chapter:
    """Who approved what."""
    standing = standing_approval(source.blueprint)
    rows = [
        (source.day(a.at), a.by_name, a.decision, a.reason or NOTHING, a.content_hash[:16])
        for a in source.blueprint.approvals
    ]
    parts: list[Part] = [
        Facts(
            [
                ("State of the blueprint", source.blueprint.state),
                ("SHA-256 of its content", content_hash(source.blueprint)),
            ]
        ),
        Table("Decisions", ("Date", "Who", "Decision", "Reason", "Content (first 16)"), rows, (2, 2, 2, 4, 3))
        if rows
        else Missing("an approval by a second person."),
    ]
    if standing is None and rows:
        parts.append(Paragraph("No approval stands for the content as it is now."))
    return Chapter("Approval", parts)
