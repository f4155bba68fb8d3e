"""The chapter about reliability and agreement."""

from __future__ import annotations

from jta.exports.report_parts import Chapter, Missing, Paragraph, Part, Section, Table
from jta.services.report_chapters.source import (
    Source,
    count,
    interval,
    number,
)

_SHOWN = 20  # task statements named in a chapter; the appendix has all


def agreement(source: Source) -> Chapter:
    """Reliability of the weights' raw material, and agreement between raters."""
    return Chapter(
        "Reliability and agreement",
        [
            Paragraph(
                "Reliability says how far the order of the tasks would come out again with other respondents of "
                "the same kind. Agreement "
                "says how far single respondents gave the same rating. With many respondents, means are reliable "
                "even where single people "
                "differ; both are shown."
            ),
            _generalizability(source),
            _alpha(source),
            _icc(source),
            _rwg(source),
            _krippendorff(source),
        ],
    )


def _generalizability(source: Source) -> Part:
    rows = source.tables.rows("g_coefficients")
    lines = [
        (
            source.words.scale(r["scale"]),
            count(r["n_tasks"]),
            number(r["n_respondents_harmonic"], 1),
            number(r["g_relative"], 3),
            number(r["phi_absolute"], 3),
        )
        for r in rows
    ]
    study = source.tables.rows("d_study", scale=source.importance)
    design = [(count(r["n_respondents"]), number(r["g_relative"], 3), number(r["phi_absolute"], 3)) for r in study]
    parts: list[Part] = [
        Table(
            "Generalizability of task means",
            ("Scale", "Tasks", "Respondents (harmonic mean)", "G", "Phi"),
            lines,
            (4, 1, 3, 1, 1),
            frozenset({1, 2, 3, 4}),
            "G: for the order of tasks; Phi: for the level of each mean.",
        )
        if lines
        else Missing("variance components.")
    ]
    if design:
        parts.append(
            Table(
                "With other numbers of respondents (importance)",
                ("Respondents", "G", "Phi"),
                design,
                (2, 2, 2),
                frozenset({0, 1, 2}),
            )
        )
    return Section("Generalizability", parts)


def _alpha(source: Source) -> Part:
    rows = source.tables.rows("alpha", rule="pairwise")
    lines = [
        (
            source.words.scale(r["scale"]),
            _scope(source, r["scope"]),
            count(r["k"]),
            number(r["raw_alpha"], 3),
            interval(r["feldt_low"], r["feldt_high"], 3),
        )
        for r in rows
    ]
    table = Table(
        "Coefficient alpha, tasks as parts",
        ("Scale", "Tasks of", "Tasks", "Alpha", "95 % interval"),
        lines,
        (3, 4, 1, 1, 2),
        frozenset({2, 3, 4}),
    )
    return Section("Coefficient alpha", [table if lines else Missing("coefficient alpha.")])


def _scope(source: Source, scope: str) -> str:
    return "all domains" if scope == "total" else source.words.unit(scope)


def _icc(source: Source) -> Part:
    rows = source.tables.rows("icc", scope="total")
    ways = {
        "anova_complete_respondents": "respondents who rated every task",
        "lmer_reml_all_data": "all ratings (REML)",
    }
    lines = [
        (
            source.words.scale(r["scale"]),
            ways.get(str(r["method"]), str(r["method"])),
            str(r["type"]),
            number(r["icc"], 3),
            interval(r["low"], r["high"], 3),
        )
        for r in rows
    ]
    note = "ICC1, ICC2, ICC3: one respondent; with k: the mean of all. Intervals where the method gives one."
    table = Table(
        "Intraclass correlations",
        ("Scale", "From", "Kind", "ICC", "95 % interval"),
        lines,
        (3, 4, 1, 1, 2),
        frozenset({3, 4}),
        note,
    )
    return Section("Intraclass correlation", [table if lines else Missing("intraclass correlations.")])


def _rwg(source: Source) -> Part:
    rows = source.tables.rows("rwgj", group="ALL")
    lines = [
        (
            source.words.scale(r["scale"]),
            _scope(source, r["scope"]),
            count(r["J"]),
            number(r["rwgj_available"], 3),
            number(r["ad_mean_available"], 3),
        )
        for r in rows
    ]
    note = "r_wg(J) near 1: raters agree much more than chance. AD: mean distance of a rating from the mean, in points."
    table = Table(
        "Agreement within the group of respondents",
        ("Scale", "Tasks of", "Tasks", "r_wg(J)", "AD"),
        lines,
        (3, 4, 1, 1, 1),
        frozenset({2, 3, 4}),
        note,
    )
    return Section("Agreement indices", [table if lines else Missing("agreement indices.")])


def _krippendorff(source: Source) -> Part:
    rows = source.tables.rows("krippendorff", scope="total")
    lines = [
        (source.words.scale(r["scale"]), str(r["metric"]).capitalize(), number(r["alpha"], 3), count(r["n_pairable"]))
        for r in rows
    ]
    table = Table(
        "Krippendorff's alpha, all tasks",
        ("Scale", "Metric", "Alpha", "Ratings"),
        lines,
        (4, 2, 1, 2),
        frozenset({2, 3}),
    )
    return Section("Krippendorff's alpha", [table if lines else Missing("Krippendorff's alpha.")])
