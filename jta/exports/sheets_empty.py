"""A sheet that a study has no data for: it stands in its place and says why it is empty."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from jta.exports.heights import row_height
from jta.exports.sheet import Desk, put, set_up_page, title_rows, write_title

WIDTH = 120


def write_empty(desk: Desk, sheet: Worksheet, name: str, purpose: str, reason: str) -> None:
    """Write a sheet with its purpose and one line: what is missing for it."""
    write_title(desk, sheet, name, purpose, [WIDTH])
    sheet.set_column(0, 0, WIDTH)
    row = title_rows(desk.book)
    said = f"Nothing to show: {reason}."
    put(sheet, row, 0, said, desk.formats.get("label"))
    sheet.set_row(row, row_height([(said, WIDTH, True)]))
    sheet.freeze_panes(row, 0)
    sheet.repeat_rows(0, row - 1)
    set_up_page(desk, sheet, row, 1, WIDTH)
