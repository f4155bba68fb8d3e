"""The inventory as a file that reads back unchanged: CSV, Excel and JSON, columns as in the import."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from jta.exports.csv_text import write_csv
from jta.exports.text import clean_text, footer_text

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

HEADERS = (
    "domain_code", "domain", "subdomain_code", "subdomain", "task_code", "task_statement", "references", "kind",
    "runs_through_all", "reference_codes",
)  # fmt: skip
WIDTHS = (12, 28, 14, 28, 12, 80, 30, 12, 10, 20)
SHEET = "Inventory"


class InventoryLine(NamedTuple):
    """One statement with its place, or one reference; empty texts where there is no domain, subdomain or reference."""

    domain_code: str
    domain: str
    subdomain_code: str
    subdomain: str
    task_code: str
    task_statement: str
    references: str
    kind: str = "task"
    runs_through_all: str = ""
    reference_codes: str = ""


def inventory_csv(lines: Sequence[InventoryLine]) -> bytes:
    """Return the inventory as CSV, in the order given."""
    return write_csv(HEADERS, lines)


def inventory_json(lines: Sequence[InventoryLine]) -> bytes:
    """Return the inventory as JSON, one object for each statement, in the order given."""
    import json

    rows = [dict(zip(HEADERS, line, strict=True)) for line in lines]
    return json.dumps({"inventory": rows}, ensure_ascii=False, indent=1).encode("utf-8")


def inventory_xlsx(lines: Sequence[InventoryLine], *, title: str, notice: str = "") -> bytes:
    """Return the inventory as an Excel workbook of one sheet: every cell is text, so that 1.10 stays 1.10.

    ``title`` and ``notice`` stand in the printed header and footer, never in the cells, which are read back.
    The same lines give the same bytes.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"title": title, "created": datetime(2000, 1, 1, tzinfo=UTC)})
    sheet = book.add_worksheet(SHEET)
    plain = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True, "font_name": "Arial"})
    head = book.add_format({"bold": True, "bottom": 2, "font_name": "Arial"})
    for place, width in enumerate(WIDTHS):
        sheet.set_column(place, place, width, plain)
        sheet.write_string(0, place, HEADERS[place], head)
    for row, line in enumerate(lines, start=1):
        for place, text in enumerate(line):
            if text:
                sheet.write_string(row, place, clean_text(text), plain)
    _prepare_print(sheet, title, notice, len(lines))
    book.close()
    return out.getvalue()


def _prepare_print(sheet: Worksheet, title: str, notice: str, rows: int) -> None:
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(rows, 1), len(HEADERS) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{footer_text(title, 100)}&R{footer_text(notice, 120)}")
    sheet.set_footer("&LTask inventory&RPage &P of &N")
