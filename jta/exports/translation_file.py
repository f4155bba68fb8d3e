"""The texts of a survey with their translations, as a workbook that reads back unchanged."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime

from jta.exports.text import clean_text

HEADERS = ("key", "source", "translation")
WIDTHS = (34, 70, 70)


def translations_xlsx(lines: Iterable[tuple[str, str, str]], *, title: str) -> bytes:
    """Return key, source and translation as an Excel workbook of one sheet; every cell is text."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"title": title, "created": datetime(2000, 1, 1, tzinfo=UTC)})
    sheet = book.add_worksheet("Translations")
    plain = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True, "font_name": "Arial"})
    head = book.add_format({"bold": True, "bottom": 2, "font_name": "Arial"})
    for place, width in enumerate(WIDTHS):
        sheet.set_column(place, place, width, plain)
        sheet.write_string(0, place, HEADERS[place], head)
    for row, line in enumerate(lines, start=1):
        for place, text in enumerate(line):
            if text:
                sheet.write_string(row, place, clean_text(text), plain)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()
