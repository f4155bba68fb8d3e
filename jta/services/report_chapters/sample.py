"""Chapters about who was asked and who answered: frame, dispositions, data review, profile, precision."""

from __future__ import annotations

from jta.exports.report_parts import Chapter, Facts, Missing, Paragraph, Part, Section, Table
from jta.services.dispositions import (
    MEANING,
    STATUSES,
    SUBMITTED,
    StatusCounts,
    StratumCounts,
    count_by_stratum,
    total,
)
from jta.services.report_chapters.source import (
    NOTHING,
    Source,
    count,
    hidden_note,
    hidden_words,
    number,
    p_value,
    people_share,
    percent,
)
from jta.services.report_sheets import hidden_strata
from jta.services.response_rates import response_rates
from jta.services.results_methods import raked_weights
from jta.services.results_tables import Row


def frame(source: Source) -> Chapter:
    """Frame, strata, invitations, dispositions and response rates."""
    rows = count_by_stratum(source.study.id)
    whole = total(rows)
    if not whole.people:
        return Chapter("Frame, invitations and dispositions", [Missing("a roster of invited people.")])
    few = whole[SUBMITTED] < source.study.smallest_group
    invited = _invited(source, rows, few=few)
    if few:
        return Chapter(
            "Frame, invitations and dispositions", [invited, Missing("responses of enough people to count.")]
        )
    return Chapter("Frame, invitations and dispositions", [invited, _dispositions(whole), _rates(source, whole)])


def _invited(source: Source, rows: list[StratumCounts], *, few: bool) -> Table:
    """Complete responses by stratum, hidden by the rule of the workbook's sheet of respondents."""
    among = source.tables.rows("participation", variable="stratum")
    hidden = {row.code for row in rows} if few else hidden_strata(source.study, rows, among)
    lines = [_stratum(row.label, row.frame_count, row.counts, hidden=row.code in hidden) for row in rows]
    if len(rows) > 1:
        frames = [row.frame_count for row in rows if row.frame_count is not None]
        lines.append(_stratum("All", sum(frames) if len(frames) == len(rows) else None, total(rows), hidden=few))
    note = "Frame: people the stratum holds in the population, as far as it is known."
    if hidden:
        note += f" {hidden_words(source.study.smallest_group)}"
    titles = ("Stratum", "Frame", "Invited", "Sent in", "Share sent in")
    return Table("Invited people and complete responses", titles, lines, (4, 2, 2, 2, 2), frozenset(range(1, 5)), note)


def _stratum(label: str, frame: int | None, counts: StatusCounts, *, hidden: bool) -> tuple[str, ...]:
    complete = None if hidden else counts[SUBMITTED]
    share = complete / counts.people if complete is not None and counts.people else None
    return label, count(frame), count(counts.people), count(complete), people_share(share)


def _dispositions(whole: StatusCounts) -> Table:
    lines = [(name.capitalize(), MEANING[name], count(whole[name])) for name in STATUSES if whole[name]]
    lines.append(("All", "Everybody on the roster.", count(whole.people)))
    titles = ("Disposition", "Meaning", "People")
    return Table("What became of the invitations", titles, lines, (2, 7, 1.3), frozenset({2}))


def _rates(source: Source, whole: StatusCounts) -> Part:
    found = response_rates(source.study.id, whole, source.content or None)
    lines = [(rate.name, rate.formula, percent(rate.value)) for rate in found.rates]
    note = "After the American Association for Public Opinion Research, Standard Definitions."
    if found.registered.people:
        note += f" {count(found.registered.people)} people came by the open link and are in no rate."
    return Table("Response rates", ("Rate", "Formula", "Value"), lines, (1.2, 7, 1.5), frozenset({2}), note)


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
    variables = dict.fromkeys(row["variable"] for row in profile if row["variable"] != "all")
    parts: list[Part] = [_profile(source, variable, profile) for variable in variables]
    if any(row["expected"] is not None for row in cells):
        parts.append(_against_frame(source, cells))
    else:
        parts.append(Missing("a comparison with the frame: its counts are not known, or would tell small groups."))
    return Chapter("Who answered", parts)


def _profile(source: Source, variable: str, profile: list[Row]) -> Table:
    rows = {row["level"]: row for row in profile if row["variable"] == variable}
    framed = any(row.get("population_share") is not None for row in rows.values())
    lines = [
        (source.words.group(variable, level) or "(no answer)", count(rows[level]["n"]),
         people_share(rows[level]["share"]),
         *([percent(rows[level].get("population_share"))] if framed else []))
        for level in source.words.in_order(variable, rows)
    ]  # fmt: skip
    titles = ("Answer", "Respondents", "Share", *(["Share of the frame"] if framed else []))
    note = hidden_note(rows.values(), source.study.smallest_group)
    widths, numeric = (5, *[2] * (len(titles) - 1)), frozenset(range(1, len(titles)))
    return Table(source.words.variable(variable), titles, lines, widths, numeric, note)


def _against_frame(source: Source, cells: list[Row]) -> Table:
    lines = [
        (source.words.group(r["variable"], r["level"]), count(r["observed"]), number(r["expected"], 1),
         number(r["std_residual"]))
        for r in cells
    ]  # fmt: skip
    note = "; ".join(
        f"{source.words.variable(t['variable'])}: chi-square {number(t['chi2'])}, df {count(t['df'])}, "
        f"p {p_value(t['p'])}, Cohen w {number(t['cohens_w'])}"
        for t in source.tables.rows("representativeness")
        if t["chi2"] is not None
    )
    note = " ".join(part for part in (note, hidden_note(cells, source.study.smallest_group)) if part)
    titles = ("Group", "Observed", "Expected", "Standardised residual")
    return Table("Who answered against the frame", titles, lines, (5, 2, 2, 2), frozenset({1, 2, 3}), note)


def precision(source: Source) -> Chapter:
    """How far weights could move by chance, and what more responses would settle."""
    lines = [
        (f"{row['unit']} {source.words.unit(row['unit'])}", percent(row["weight"]), percent(row["half_width"], 2),
         number(row["items_half_width"]), count(row["still_needed"]))
        for row in source.tables.rows("precision_forecast")
    ]  # fmt: skip
    titles = ("Part of the exam", "Weight", "Half width", "In items", "More responses needed")
    note = f"Half width: half of the 95 % interval. Exam: {source.blueprint.items} items."
    table = Table("Precision of the weights", titles, lines, (5, 2, 2, 2, 2), frozenset({1, 2, 3, 4}), note)
    words = (
        "The interval of a weight comes from drawing the respondents again and again, with replacement, and "
        "working out "
        "the weights each time. It shows the chance of who answered, not the bias of who did not."
    )
    parts: list[Part] = [Paragraph(words), table if lines else Missing("a forecast of precision.")]
    return Chapter("Precision", [*parts, *_stable_items(source)])


def _stable_items(source: Source) -> list[Part]:
    stable = source.tables.rows("bootstrap_items", method=_method(source), total=source.blueprint.items)
    rows = [
        (f"{row['unit']} {source.words.unit(row['unit'])}", count(row["estimate"]), count(row["perc_low"]),
         count(row["perc_high"]), percent(row["share_same"]))
        for row in stable
    ]  # fmt: skip
    titles = ("Part", "Items", "Low", "High", "Share of resamples")
    table = Table("How often the same number of items came out", titles, rows, (5, 1, 1, 1, 2), frozenset({1, 2, 3, 4}))
    return [table] if rows else []


def _method(source: Source) -> str:
    from analysis.criticality import METHODS

    return METHODS.get(source.run.summary["method"], "")


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
            Paragraph("The blueprint uses unweighted ratings. What weighting to the frame would change:"),
            _raked(source),
        ],
    )


def _raked(source: Source) -> Part:
    rows = raked_weights(source.tables, source.words, "domain", _method(source))
    lines = [
        (f"{r['code']} {r['title']}", percent(r["plain"]), percent(r["raked"]),
         NOTHING if None in (r["plain"], r["raked"]) else f"{(r['raked'] - r['plain']) * 100:+.2f}")
        for r in rows
    ]  # fmt: skip
    titles = ("Content domain", "Unweighted", "Weighted to the frame", "Change in points")
    table = Table(
        "Weights of the plan's method, unweighted and raked", titles, lines, (5, 2, 2, 2), frozenset({1, 2, 3}),
        "All tasks; the blueprint uses the retained ones.",
    )  # fmt: skip
    return table if lines else Missing("weights under weighting to the frame.")
