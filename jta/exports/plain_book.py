"""A workbook of plain tables: column names, rows, nothing else; a text stays a text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import xlsxwriter

from jta.exports.text import clean_text


def write_plain_book(sheets: Mapping[str, tuple[Sequence[str], Sequence[Sequence[object]]]]) -> bytes:
    """Return a workbook with a sheet for each table: its column names in the first row, which stays in sight."""
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "bottom": 1})
    for name, (head, rows) in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, title in enumerate(head):
            widest = max([len(title), *(len(str(row[place] or "")) for row in rows)])
            sheet.set_column(place, place, min(max(widest + 2, 8), 60))
            sheet.write_string(0, place, title, bold)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if isinstance(cell, int | float):
                    sheet.write_number(number, place, cell)
                elif cell is not None:
                    sheet.write_string(number, place, clean_text(str(cell)))
    book.close()
    return sink.getvalue()
