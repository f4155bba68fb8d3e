"""The overview of a run: who answered against the frame, and the weights with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jta.charts import Line, Mark, Picture, axis_for
from jta.services.results import unit_weights
from jta.services.results_methods import method_title
from jta.services.results_tables import Row, Tables, Words, words_of

APART = "The line joins the two and is no interval."


@dataclass(frozen=True)
class Overview:
    """What the overview shows: nothing that is not in the run."""

    counts: dict[str, Any]
    units: list[dict[str, Any]]
    weights: Picture | None
    cells: list[Row]
    frame: Picture | None
    tests: list[Row]
    raking: Row
    settled: tuple[int, int]
    no_frame: str | None
    no_weights: str | None
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


TABLE_WORDS = {
    "icc": "Intraclass correlation", "alpha": "Coefficient alpha", "rasch_tasks": "Rasch model",
    "task_weight_basis": "Weights of tasks", "ksa_weights": "Weights of KSAs", "blueprint_two_way": "Two-way table",
    "bootstrap_weights": "Intervals of weights", "bootstrap_items": "Resampled items", "rwgj": "Agreement r_wg(J)",
    "representativeness": "Comparison with the frame", "representativeness_cells": "Comparison with the frame",
    "krippendorff": "Krippendorff's alpha", "task_stats": "Task statistics", "performing": "Who performs which tasks",
    "participation": "Who answered", "rake_summary": "Weighting to the frame", "rake_weights": "Weighting to the frame",
    "weighted_means": "Weighting to the frame",
    "domain_weights_raked": "Weighting to the frame",
    "retention_sensitivity": "Other cuts of the retention rule",
}  # fmt: skip


def overview(tables: Tables) -> Overview:
    """Return the overview of a run."""
    run, words = tables.run, words_of(tables.run)
    units = unit_weights(run)
    cells = [_named(row, words) for row in tables.rows("representativeness_cells")]
    return Overview(
        counts=run.summary["counts"],
        units=units,
        weights=_weights(units, run.plan["confidence"]) if units else None,
        cells=cells,
        frame=_frame(cells),
        tests=[row | {"title": words.variable(row["variable"])} for row in tables.rows("representativeness")],
        raking=tables.document("rake_summary"),
        settled=_settled(tables.rows("precision_forecast", level="domain")),
        no_frame=tables.why_not("representativeness_cells"),
        no_weights=run.summary["left_out"].get("blueprint"),
        left_out=tuple((what_in_words(name, words), reason) for name, reason in run.summary["left_out"].items()),
        notes=tuple(run.summary["notes"]),
    )


def what_in_words(name: str, words: Words) -> str:
    """Return what a run leaves out in words: "icc: importance 2" names a table, a scale and a domain."""
    table, _, part = name.partition(": ")
    code, _, scope = part.partition(" ")
    table = TABLE_WORDS.get(table, table.replace("_", " ").capitalize())
    if code not in words.scales:
        return f"{table}: {method_title(part)}" if part else table
    where = "all tasks" if scope == "total" else f"domain {scope} {words.unit(scope)}" if scope else "all tasks"
    return f"{table}, {words.scale(code)}, {where}"


def _settled(forecast: list[Row]) -> tuple[int, int]:
    """Return how many domains are as precise as the plan wants, and of how many."""
    return sum(row["still_needed"] == 0 for row in forecast), len(forecast)


def _named(row: Row, words: Words) -> Row:
    named = {"title": words.group(row["variable"], row["level"]), "about": words.variable(row["variable"])}
    return row | named


def _weights(units: list[dict[str, Any]], confidence: float) -> Picture:
    about = f"Retained tasks. The line is the {100 * confidence:.0f} % bootstrap interval."
    lines = tuple(
        Line(f"{u['code']} {u['title']}", (Mark(u["weight"]),), u["low"], u["high"], strong=u["level"] == "domain")
        for u in units
    )
    ends = [0.0, *(value for u in units for value in (u["weight"], u["high"]))]
    return Picture("Weight of each content domain and subdomain", axis_for(ends, percent=True), lines, about=about)


def _frame(cells: list[Row]) -> Picture | None:
    lines = tuple(
        Line(row["title"], (Mark(row["observed"], 0), Mark(row["expected"], 1)), row["observed"], row["expected"])
        for row in cells
        if row["observed"] is not None and row["expected"] is not None
    )
    if not lines:
        return None
    ends = [0.0, *(mark.value for line in lines for mark in line.marks)]
    series = ("Responses there are", "Responses a sample like the frame would have")
    return Picture("Who answered, against the frame", axis_for(ends), lines, series, about=APART)
