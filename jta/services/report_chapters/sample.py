"""Chapters about who was asked and who answered: frame, dispositions, cleaning, who answered against the frame, "
"precision."""

from __future__ import annotations

from jta.exports.report_parts import Bullets, Chapter, Facts, Missing, Paragraph, Part, Section, Table
from jta.services.monitor import SUBMITTED, WITHDREW, StatusCounts, count_by_stratum, total
from jta.services.report_chapters.source import NOTHING, Source, count, hidden_note, number, percent


def frame(source: Source) -> Chapter:
    """Frame, strata, invitations and dispositions."""
    rows = count_by_stratum(source.study.id)
    lines = [
        (row.label, count(row.frame_count) if row.frame_count is not None else NOTHING, *_status(row.counts))
        for row in rows
    ]
    if len(rows) > 1:
        frames = [row.frame_count for row in rows]
        whole = sum(n for n in frames if n is not None) if all(n is not None for n in frames) else None
        lines.append(("All", count(whole), *_status(total(rows))))
    table = Table(
        "Invited people and what became of the invitations",
        ("Stratum", "Frame", "Invited", "Started", "Sent in", "Withdrew"),
        lines,
        (4, 2, 2, 2, 2, 2),
        frozenset(range(1, 6)),
        f"Frame: people the stratum holds in the population; {NOTHING}: not stated.",
    )
    return Chapter("Frame, invitations and dispositions", [table if rows else Missing("a roster of invited people.")])


def _status(counts: StatusCounts) -> tuple[str, str, str, str]:
    return count(counts.people), count(counts.began), count(counts[SUBMITTED]), count(counts[WITHDREW])


def cleaning(source: Source) -> Chapter:
    """Data review: rule, counts, hash."""
    dataset = source.run.dataset
    facts = [(label.capitalize(), count(n)) for label, n in dataset.counts.items()]
    parts: list[Part] = [
        Paragraph(f"The rule of inclusion: {dataset.rule}"),
        Facts(
            [
                *facts,
                ("Frozen", f"{source.day(dataset.frozen_at)} by {dataset.frozen_by}"),
                ("SHA-256 of the ratings", dataset.data_hash),
            ],
            "The frozen data set",
        ),
        Paragraph(
            "Responses were screened for too little answered, too little time, long runs of the same answer, "
            "little variation within "
            "a person, answers unlike everybody else's, and duplicates. A flag alone removes nothing: the "
            "psychometrician decides, "
            "with a reason, and every decision can be undone until the data set is frozen."
        ),
    ]
    further = [
        r
        for r in source.tables.rows("sensitivity", option="exclude by screening")
        if r["unit"] == source.domains[0].code
    ]
    if further:
        lines = [(r["value"], count(r["n_respondents"]), count(r["items_moved"])) for r in further]
        parts.append(
            Table(
                "What further exclusions would move",
                ("Rule", "Respondents left", "Items moved"),
                lines,
                (5, 2, 2),
                frozenset({1, 2}),
                hidden_note(further, source.study.smallest_group),
            )
        )
    return Chapter("Data review", parts)


def who_answered(source: Source) -> Chapter:
    """Profile against the frame."""
    profile, cells = source.tables.rows("participation"), source.tables.rows("representativeness_cells")
    parts: list[Part] = []
    for variable in dict.fromkeys(row["variable"] for row in profile if row["variable"] != "all"):
        rows = [row for row in profile if row["variable"] == variable]
        lines = [
            (
                source.words.group(variable, row["level"]) or "(no answer)",
                count(row["n"]),
                percent(row["share"]),
                percent(row.get("population_share")),
            )
            for row in rows
        ]
        parts.append(
            Table(
                source.words.variable(variable),
                ("Answer", "Respondents", "Share", "Share of the frame"),
                lines,
                (5, 2, 2, 2),
                frozenset({1, 2, 3}),
                hidden_note(rows, source.study.smallest_group),
            )
        )
    if cells:
        lines = [
            (
                source.words.group(r["variable"], r["level"]),
                count(r["observed"]),
                number(r["expected"], 1),
                number(r["std_residual"]),
            )
            for r in cells
        ]
        tests = source.tables.rows("representativeness")
        note = "; ".join(
            f"{source.words.variable(t['variable'])}: chi-square {number(t['chi2'])}, df {count(t['df'])}, p "
            f"{number(t['p'], 3)}, "
            f"Cohen w {number(t['cohens_w'])}"
            for t in tests
        )
        parts.append(
            Table(
                "Who answered against the frame",
                ("Group", "Observed", "Expected", "Standardised residual"),
                lines,
                (5, 2, 2, 2),
                frozenset({1, 2, 3}),
                note,
            )
        )
    else:
        parts.append(Missing("a comparison with the frame, because the counts of the frame are not known."))
    return Chapter("Who answered", parts)


def precision(source: Source) -> Chapter:
    """How far weights could move by chance, and what more responses would settle."""
    lines = [
        (
            f"{row['unit']} {source.words.unit(row['unit'])}",
            percent(row["weight"]),
            percent(row["half_width"], 2),
            number(row["items_half_width"]),
            count(row["still_needed"]),
        )
        for row in source.tables.rows("precision_forecast")
    ]
    share = source.run.summary["items"]
    parts: list[Part] = [
        Paragraph(
            "The interval of a weight comes from drawing the respondents again and again, with replacement, "
            "within their form and "
            "stratum, and working out the weights each time. It shows the chance of who answered, not the bias "
            "of who did not."
        ),
        Table(
            "Precision of the weights",
            ("Part of the exam", "Weight", "Half width", "In items", "More responses needed"),
            lines,
            (5, 2, 2, 2, 2),
            frozenset({1, 2, 3, 4}),
            f"Half width: half of the 95 % interval. Exam: {source.blueprint.items} items.",
        )
        if lines
        else Missing("a forecast of precision."),
    ]
    stable = (
        source.tables.rows("bootstrap_items", method=_method(source), total=source.blueprint.items) if share else []
    )
    if stable:
        rows = [
            (
                f"{row['unit']} {source.words.unit(row['unit'])}",
                count(row["estimate"]),
                count(row["perc_low"]),
                count(row["perc_high"]),
                percent(row["share_same"]),
            )
            for row in stable
        ]
        parts.append(
            Table(
                "How often the same number of items came out",
                ("Part", "Items", "Low", "High", "Share of resamples"),
                rows,
                (5, 1, 1, 1, 2),
                frozenset({1, 2, 3, 4}),
            )
        )
    return Chapter("Precision", parts)


def _method(source: Source) -> str:
    from analysis.criticality import METHODS

    return METHODS.get(source.run.summary["method"], "")


def comments(source: Source) -> Chapter:
    """Coverage question, write-ins, comments."""
    asked = {q.get("role") for step in source.content.get("steps", []) for q in step.get("questions", [])}
    names = {
        "coverage": "the question how well the list covers the job",
        "write_in": "write-in tasks",
        "comment": "comments",
    }
    held = [words for role, words in names.items() if role in asked]
    absent = [words for role, words in names.items() if role not in asked]
    parts: list[Part] = []
    if held:
        parts.append(Bullets([f"The survey asked for {words}." for words in held]))
    if absent:
        parts.append(Missing(f"{', '.join(absent)}."))
    return Chapter("Coverage, comments and write-ins", parts)


def weighting_sample(source: Source) -> Section:
    """Raking: what it would change."""
    summary = source.tables.document("rake_summary")
    if not summary:
        return Section(
            "Weighting respondents",
            [Missing("weights that match the frame, or their summary would tell small strata.")],
        )
    return Section(
        "Weighting respondents",
        [
            Facts(
                [
                    ("Matched on", ", ".join(source.words.variable(v) for v in summary["variables"])),
                    ("Design effect (Kish)", number(summary["kish_deff"])),
                    ("Effective number of respondents", number(summary["kish_n_eff"], 0)),
                    (
                        "Smallest and largest weight",
                        f"{number(summary['min_mean1'])} and {number(summary['max_mean1'])}",
                    ),
                ]
            ),
            Paragraph(
                "The blueprint uses unweighted ratings; the table of weights by method shows what raking would change."
            ),
        ],
    )
