"""The evidence map as one sheet, printable on landscape pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

import xlsxwriter

from jta.exports.formats import Formats
from jta.exports.text import clean_text, footer_text

TITLES = ("Standard", "Line", "What is asked", "State", "Not in the study", "Justification", "Written by")
_WIDTHS = (28, 12, 52, 11, 34, 44, 24)


@dataclass(frozen=True)
class EvidenceRow:
    """One line of the map, cell for cell."""

    standard: str
    line: str
    asked: str
    state: str
    absent: str
    justification: str
    written: str


def write_evidence_sheet(title: str, notice: str, rows: Sequence[EvidenceRow]) -> bytes:
    """Return the workbook; the same rows give the same bytes."""
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": clean_text(title), "author": "Practice analysis", "created": datetime(2026, 1, 1)})  # noqa: DTZ001  Excel's times have no zone
    looks, sheet = Formats(book), book.add_worksheet("Evidence map")
    for column, (name, width) in enumerate(zip(TITLES, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, looks.get("cell", "header"))
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(astuple(row)):
            sheet.write_string(number, column, clean_text(text), looks.get("cell", "text"))
    sheet.autofilter(0, 0, max(1, len(rows)), len(TITLES) - 1)
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{footer_text(f'{title}. {notice}', 200)}&RPage &P of &N")
    book.close()
    return sink.getvalue()
