"""The blueprint workbook: a `BlueprintBook` in, the bytes of an .xlsx file out.

To add a sheet, write one function that writes it and one line in `SHEETS`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from jta.exports import sheets_charts as charts
from jta.exports import sheets_ksa as ksa
from jta.exports import sheets_tasks as tasks
from jta.exports import sheets_words as words
from jta.exports.book import BlueprintBook
from jta.exports.book_checks import check_book
from jta.exports.formats import FONT
from jta.exports.sheet import Desk, Grid
from jta.exports.sheets_blueprint import NAME as BLUEPRINT
from jta.exports.sheets_blueprint import blueprint_grid, write_blueprint
from jta.exports.sheets_calculation import NAME as CALCULATION
from jta.exports.sheets_calculation import calculation_grid, write_calculation
from jta.exports.text import cut_text, one_line
from jta.exports.working import Working, work_out


@dataclass(frozen=True)
class SheetPlan:
    """One sheet: its name, what it is for, how it is written, and when it is not."""

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
        tasks.STATISTICS, "The figures and the decision of every task. All tasks.",
        tasks.write_statistics, tasks.statistics_grid,
    ),
    SheetPlan(
        ksa.LINKAGE, "Which knowledge and skills each task needs, as the panel linked them; what has no link.",
        ksa.write_linkage, ksa.linkage_grid,
        applies=lambda book: bool(book.links), absent="the panel has not linked tasks and KSAs",
    ),
    SheetPlan(
        ksa.WEIGHTS, "Weights of knowledge and skill statements through the linkage. Retained tasks.",
        ksa.write_weights, ksa.weights_grid,
        applies=lambda book: bool(book.ksas), absent="KSA weights need a linkage by the panel",
    ),
    SheetPlan(
        words.DECISIONS, "Changes and approvals of this blueprint.",
        words.write_decisions, words.decisions_grid,
        applies=lambda book: bool(book.ledger), absent="the blueprint has no changes or approvals yet",
    ),
    SheetPlan(
        words.CODEBOOK, "The rating scales: prompts, anchors, values.",
        words.write_codebook, words.codebook_grid,
    ),
    SheetPlan(
        words.VARIABLES, "What each variable means and what stands for missing.",
        words.write_variables, words.variables_grid,
        applies=lambda book: bool(book.variables), absent="no variables were described",
    ),
)  # fmt: skip


def write_blueprint_workbook(book: BlueprintBook) -> bytes:
    """Return the workbook of a blueprint as the bytes of an .xlsx file.

    The same book always gives the same bytes. Every formula carries the value it has now.

    Parameters
    ----------
    book : BlueprintBook

    Raises
    ------
    BookError
        If the book contradicts itself or cannot fit a workbook; the message says where.
    """
    check_book(book)
    out = io.BytesIO()
    with Workbook(out, _options()) as workbook:
        desk = Desk(workbook, book, work_out(book))
        _describe(workbook, book)
        readme = workbook.add_worksheet(words.README)
        chosen = [plan for plan in SHEETS if plan.applies(book)]
        for plan in chosen:
            desk.sheets[plan.name] = workbook.add_worksheet(plan.name)
            desk.grids[plan.name] = plan.grid(book, desk.lines)
        for plan in chosen:
            plan.write(desk, desk.sheets[plan.name])
        words.write_readme(desk, readme, [(plan.name, plan.purpose) for plan in chosen], list_left_out(desk))
        desk.sheets[BLUEPRINT].activate()
    return out.getvalue()


def _options() -> dict[str, Any]:
    """Return the writer's settings. A new dict each time, for the writer changes what it is given."""
    return {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": 10, "font_scheme": False},
    }


def list_left_out(desk: Desk) -> list[str]:
    """Return a sentence for each sheet and column the study has no data for."""
    book = desk.book
    sheets = [f"Sheet {plan.name}: {plan.absent}." for plan in SHEETS if not plan.applies(book)]
    missing = [
        f"{grid.sheet}, column {column.title}: {column.absent}."
        for grid in desk.grids.values()
        for column in grid.left_out
    ]
    return [*sheets, *missing, *book.left_out]


def _describe(workbook: Workbook, book: BlueprintBook) -> None:
    """Set the file's properties: fixed, no person's name, no clock."""
    workbook.set_properties(
        {
            "title": cut_text(one_line(f"Exam blueprint: {book.study}"), 200),
            "subject": cut_text(one_line(book.credential), 200),
            "comments": cut_text(one_line(book.notice or ""), 200),
            "author": "Practice analysis",
            "created": book.created.astimezone(UTC).replace(tzinfo=None),
        }
    )
