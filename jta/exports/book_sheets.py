"""The sheets of the blueprint workbook in their order: what each is for, how it is written, when it is empty.

To add a sheet, write one function that writes it and one line in `SHEETS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from jta.exports import sheets_charts as charts
from jta.exports import sheets_compare as compare
from jta.exports import sheets_ksa as ksa
from jta.exports import sheets_matrix as matrix
from jta.exports import sheets_records as records
from jta.exports import sheets_tasks as tasks
from jta.exports import sheets_words as words
from jta.exports.book import BlueprintBook
from jta.exports.sheet import Desk, Grid
from jta.exports.sheets_blueprint import NAME as BLUEPRINT
from jta.exports.sheets_blueprint import blueprint_grid, write_blueprint
from jta.exports.sheets_calculation import NAME as CALCULATION
from jta.exports.sheets_calculation import calculation_grid, write_calculation
from jta.exports.working import Working


@dataclass(frozen=True)
class SheetPlan:
    """One sheet: its name, what it is for, how it is written, and why it is empty where it does not apply."""

    name: str
    purpose: str
    write: Callable[[Desk, Worksheet], None]
    grid: Callable[[BlueprintBook, tuple[Working, ...]], Grid]
    applies: Callable[[BlueprintBook], bool] = lambda _book: True
    absent: str = ""


SHEETS: tuple[SheetPlan, ...] = (
    SheetPlan(
        BLUEPRINT, "Weights, intervals, items, limits and reasons of each area, with checks. Retained tasks.",
        write_blueprint, blueprint_grid,
    ),
    SheetPlan(
        CALCULATION, "How weights become items, step by step, with ties. Retained tasks.",
        write_calculation, calculation_grid,
    ),
    SheetPlan(
        charts.NAME, "Weights with intervals, and items. Retained tasks.",
        charts.write_charts, charts.charts_grid,
        applies=lambda book: len(book.lines) <= charts.MOST_LINES,
        absent=f"with more than {charts.MOST_LINES} content domains the bars could not be read",
    ),
    SheetPlan(
        tasks.DETAIL, "Every retained task under its content domain, with its weight.",
        tasks.write_detail, tasks.detail_grid,
    ),
    SheetPlan(
        matrix.NAME, "Items by content domain and cognitive level, against the target shares. Retained tasks.",
        matrix.write_matrix, matrix.matrix_grid,
        applies=lambda book: book.matrix is not None,
        absent="no target shares for cognitive levels were set, or the analysis left that part out",
    ),
    SheetPlan(
        tasks.STATISTICS, "The figures and the decision of every task. All tasks.",
        tasks.write_statistics, tasks.statistics_grid,
    ),
    SheetPlan(
        compare.METHODS, "Weights and items of the content domains under each method and each other choice. All tasks.",
        compare.write_methods, compare.methods_grid,
        applies=lambda book: bool(book.methods), absent="the analysis compared no methods",
    ),
    SheetPlan(
        compare.GROUPS, "How groups of respondents rate each task, with the size of their differences. All tasks.",
        compare.write_groups, compare.groups_grid,
        applies=lambda book: 0 < len(book.groups) <= compare.MOST_GROUPS,
        absent=f"the analysis compared no groups of respondents, or more than {compare.MOST_GROUPS:,} lines came of it",
    ),
    SheetPlan(
        compare.RESPONDENTS, "Who took part, against the population; response rates; who was left out. All tasks.",
        compare.write_profile, compare.profile_grid,
        applies=lambda book: bool(book.profile), absent="the analysis made no table of who took part",
    ),
    SheetPlan(
        records.EXCLUDED, "Tasks that are not retained tasks: values, rule, and what the panel decided.",
        records.write_excluded, records.excluded_grid,
        applies=lambda book: bool(book.excluded), absent="every task is retained",
    ),
    SheetPlan(
        ksa.LINKAGE, "Which knowledge and skills each task needs, as the panel linked them; what has none. All tasks.",
        ksa.write_linkage, ksa.linkage_grid,
        applies=lambda book: bool(book.links), absent="the panel has not linked tasks and KSAs",
    ),
    SheetPlan(
        ksa.WEIGHTS, "Weights of knowledge and skill statements through the linkage. Retained tasks.",
        ksa.write_weights, ksa.weights_grid,
        applies=lambda book: bool(book.ksas), absent="KSA weights need a linkage by the panel",
    ),
    SheetPlan(
        words.DECISIONS, "Changes and approvals of this blueprint, which holds retained tasks.",
        words.write_decisions, words.decisions_grid,
        applies=lambda book: bool(book.ledger), absent="the blueprint has no changes or approvals yet",
    ),
    SheetPlan(
        records.CROSSWALK, "What became of the statements of former lists. All tasks.",
        records.write_crosswalk, records.crosswalk_grid,
        applies=lambda book: bool(book.crosswalk), absent="there is no former list to compare with",
    ),
    SheetPlan(
        records.REFERENCES, "Sources, and the statements that come from them. All tasks.",
        records.write_references, records.references_grid,
        applies=lambda book: bool(book.references), absent="no sources of statements were recorded",
    ),
    SheetPlan(
        words.CODEBOOK, "The rating scales: prompts, anchors, values. All tasks.",
        words.write_codebook, words.codebook_grid,
    ),
    SheetPlan(
        words.VARIABLES, "What each variable means and what stands for missing. All tasks.",
        words.write_variables, words.variables_grid,
        applies=lambda book: bool(book.variables), absent="no variables were described",
    ),
)  # fmt: skip
