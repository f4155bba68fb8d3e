"""Templates to download: the column names of each kind of file, as CSV and as a workbook with explanations."""

from __future__ import annotations

import datetime
import io
from typing import Any

from jta.imports.kinds import KINDS, Column, Kind

_WIDTHS = {"text": 70, "title": 32, "person": 28, "email": 34, "plain": 24}
_ALTERNATIVES = {
    "inventory": "domain or domain_code is enough; the other may be left out. A KSA needs no domain.",
    "roster": "first_name and last_name may stand for name. Own columns: name them attribute: NAME.",
    "panel": "first_name and last_name may stand for name. Own columns: name them attribute: NAME.",
    "counts": "One row for each domain or subdomain, or one for each of its cognitive levels. 0 means none.",
    "ratings": 'Wide files are read too: respondent_id, then one column a task and scale ("T001 importance").',
}
_SPLIT_NAMES = ("first_name", "last_name")
_EXAMPLES = {
    "inventory": {
        "domain_code": "1",
        "domain": "Leadership",
        "subdomain_code": "1.1",
        "subdomain": "Planning",
        "task_code": "1.1.01",
        "task_statement": "Develop a multi-year technology plan that supports the goals of the district.",
        "references": "Panel, first round",
        "position": "1",
        "kind": "task",
        "reference_codes": "",
        "runs_through_all": "",
    },
    "roster": {
        "person_code": "P001",
        "name": "Ana Example",
        "email": "ana@example.org",
        "organization": "Example School District",
        "stratum": "Small",
        "region": "West",
        "locale": "Rural",
        "job_title": "Chief technology officer",
        "enrollment": "2400",
        "language": "en",
    },
    "panel": {
        "name": "Ana Example",
        "email": "ana@example.org",
        "organization": "Example School District",
        "job_title": "Chief technology officer",
        "qualifications": "CETL since 2019; taught networking at the state college",
        "region": "West",
        "district_size": "Under 2,500 students",
        "years": "12",
    },
    "counts": {"code": "1.1", "cognitive_level": "Application", "available": "48"},
    "ratings": {"respondent_id": "R0001", "task_id": "T001", "scale": "importance", "value": "4"},
}


def template_columns(kind: str) -> list[Column]:
    """Return the columns of a kind's template, in their order."""
    return [column for column in KINDS[kind].columns if column.name not in _SPLIT_NAMES]


def csv_template(kind: str) -> bytes:
    """Return the column names as CSV with a mark, so that Excel opens it as UTF-8."""
    line = ",".join(column.name for column in template_columns(kind))
    return f"{line}\r\n".encode("utf-8-sig")


def xlsx_template(kind: str) -> bytes:
    """Return a workbook: an empty sheet to fill, whose cells are text, and a sheet that explains the columns."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    # A fixed date: the same template is the same file.
    book.set_properties({"title": f"Template: {kind}", "created": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)})
    _write_table(book, kind)
    _write_explanations(book, KINDS[kind])
    book.close()
    return stream.getvalue()


def _write_table(book: Any, kind: str) -> None:
    sheet = book.add_worksheet(kind.capitalize())
    text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "num_format": "@"})
    for place, column in enumerate(template_columns(kind)):
        # Text cells keep 007, 1.10 and 1E5 as they are typed.
        sheet.set_column(place, place, _WIDTHS.get(column.type, 16), text)
        sheet.write_string(0, place, column.name, head)
    sheet.freeze_panes(1, 0)


def _write_explanations(book: Any, kind: Kind) -> None:
    sheet = book.add_worksheet("Read me")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    sheet.set_column(0, 0, 18, bold)
    sheet.set_column(1, 1, 10, wrap)
    sheet.set_column(2, 4, 44, wrap)
    lines = [("Column", "Needed", "Meaning", "Other names read", "Example")]
    lines += [_explain(kind, column) for column in template_columns(kind.name)]
    for row, line in enumerate(lines):
        for place, cell in enumerate(line):
            sheet.write_string(row, place, cell, bold if row == 0 or place == 0 else wrap)
    sheet.write_string(len(lines) + 1, 0, _ALTERNATIVES[kind.name])


def _explain(kind: Kind, column: Column) -> tuple[str, str, str, str, str]:
    needed = any(column.name in group for group in kind.required)
    example = _EXAMPLES[kind.name].get(column.name, "")
    return column.name, "yes" if needed else "", column.meaning, ", ".join(column.synonyms), example
