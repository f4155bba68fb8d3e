"""The blueprint workbook: a `BlueprintBook` in, the bytes of an .xlsx file out. Its sheets stand in `book_sheets`."""

from __future__ import annotations

import io
from datetime import UTC
from typing import Any

from xlsxwriter import Workbook

from jta.exports import sheets_words as words
from jta.exports.book import BlueprintBook
from jta.exports.book_checks import check_book
from jta.exports.book_sheets import SHEETS, SheetPlan
from jta.exports.formats import FONT
from jta.exports.sheet import Desk
from jta.exports.sheets_blueprint import NAME as BLUEPRINT
from jta.exports.sheets_empty import write_empty
from jta.exports.text import cut_text, one_line
from jta.exports.working import work_out


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
        for plan in SHEETS:
            desk.sheets[plan.name] = workbook.add_worksheet(plan.name)
            if plan.applies(book):
                desk.grids[plan.name] = plan.grid(book, desk.lines)
        for plan in SHEETS:
            _write(desk, plan)
        words.write_readme(desk, readme, [_guide(plan, book) for plan in SHEETS], list_left_out(desk))
        desk.sheets[BLUEPRINT].activate()
    return out.getvalue()


def _write(desk: Desk, plan: SheetPlan) -> None:
    if plan.name in desk.grids:
        plan.write(desk, desk.sheets[plan.name])
    else:
        write_empty(desk, desk.sheets[plan.name], plan.name, plan.purpose, plan.absent)


def _guide(plan: SheetPlan, book: BlueprintBook) -> tuple[str, str]:
    """Return a sheet with what it is for, as Read me shows it."""
    return plan.name, plan.purpose if plan.applies(book) else f"{plan.purpose} Empty: {plan.absent}."


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
