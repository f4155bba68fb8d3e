"""The sheets of words: Read me, Codebook, Variables, Decisions."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.worksheet import Worksheet

from jta.exports.book import BlueprintBook, CodebookAnchor
from jta.exports.heights import row_height
from jta.exports.sheet import (
    DASH,
    Column,
    Desk,
    Grid,
    Value,
    put,
    set_up_page,
    title_rows,
    write_list,
    write_title,
)
from jta.exports.text import iso_moment
from jta.exports.working import Working

README = "Read me"
CODEBOOK = "Codebook"
VARIABLES = "Variables"
DECISIONS = "Decisions"
README_BASIS = (
    "Blueprint, Calculation, Charts, Detail and Cognitive matrix use the retained tasks; other sheets use all tasks, "
    "or say what they use."
)
LABEL_WIDTH, TEXT_WIDTH = 30, 105
Row = tuple[str, Value]


def codebook_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the Codebook: one row for each anchor of each scale."""
    scales = [scale for scale in book.scales for _ in scale.anchors]
    anchors = [anchor for scale in book.scales for anchor in scale.anchors]
    columns = (
        Column("scale_code", "Scale code", 14, "code", lambda _d, i: scales[i].code),
        Column("scale", "Rating scale", 20, "text", lambda _d, i: scales[i].title or DASH),
        Column("prompt", "Prompt", 48, "text", lambda _d, i: scales[i].prompt or DASH),
        Column("anchor", "Anchor code", 9, "code", lambda _d, i: anchors[i].code),
        Column("label", "Anchor in words", 40, "text", lambda _d, i: anchors[i].label or DASH),
        Column("value", "Value", 8, "centre", lambda _d, i: _or_none(anchors[i].value)),
        Column("meaning", "How it counts", 34, "text", lambda _d, i: _meaning(anchors[i])),
    )
    return Grid(CODEBOOK, columns, len(anchors), title_rows(book))


def variables_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the list of variables."""
    columns = (
        Column("name", "Variable", 26, "code", lambda d, i: d.book.variables[i].name),
        Column("meaning", "Meaning", 58, "text", lambda d, i: d.book.variables[i].meaning or DASH),
        Column("values", "Values", 42, "text", lambda d, i: d.book.variables[i].values or DASH),
        Column("missing", "What stands for missing", 32, "text", lambda d, i: d.book.variables[i].missing or DASH),
    )
    return Grid(VARIABLES, columns, len(book.variables), title_rows(book))


def decisions_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the ledger: one row for each change or approval."""
    columns = (
        Column("when", "When", 22, "text", lambda d, i: iso_moment(d.book.ledger[i].when, d.book.time_zone)),
        Column("who", "Who", 22, "text", lambda d, i: d.book.ledger[i].who or DASH),
        Column("what", "What", 36, "text", lambda d, i: d.book.ledger[i].what or DASH),
        Column("before", "Before", 16, "text", lambda d, i: d.book.ledger[i].before or DASH),
        Column("after", "After", 16, "text", lambda d, i: d.book.ledger[i].after or DASH),
        Column("reason", "Reason", 56, "text", lambda d, i: d.book.ledger[i].reason or DASH),
    )
    return Grid(DECISIONS, columns, len(book.ledger), title_rows(book))


def _or_none(value: float | None) -> Value:
    return "none" if value is None else value


def _meaning(anchor: CodebookAnchor) -> str:
    if anchor.not_performed:
        return "The task is not performed; the method on Read me says how this counts."
    return "Has no number and is left out of means." if anchor.value is None else "Counts with its value."


def write_codebook(desk: Desk, sheet: Worksheet) -> None:
    """Write the rating scales, anchor by anchor."""
    write_list(desk, sheet, CODEBOOK, "Codebook: rating scales", "All rating scales; all tasks were rated on them.")


def write_variables(desk: Desk, sheet: Worksheet) -> None:
    """Write what the variables of the study mean."""
    write_list(desk, sheet, VARIABLES, "Codebook: variables", "Variables of the whole study, all tasks.")


def write_decisions(desk: Desk, sheet: Worksheet) -> None:
    """Write the ledger of the blueprint."""
    basis = "Changes and approvals of this blueprint, oldest first; the blueprint holds retained tasks only."
    write_list(desk, sheet, DECISIONS, "Decisions", basis)


def write_readme(desk: Desk, sheet: Worksheet, guide: Sequence[tuple[str, str]], left_out: Sequence[str]) -> None:
    """Write the first sheet: what this is, where it comes from, what is in it and what is not."""
    book = desk.book
    sheet.set_column(0, 0, LABEL_WIDTH)
    sheet.set_column(1, 1, TEXT_WIDTH)
    write_title(desk, sheet, "About this workbook", README_BASIS, [LABEL_WIDTH, TEXT_WIDTH])
    row = title_rows(book)
    for title, rows in _sections(book, guide, left_out):
        row = _write_section(desk, sheet, row + 1, title, rows)
    row = _write_colour_key(desk, sheet, row + 1)
    sheet.freeze_panes(title_rows(book), 0)
    sheet.repeat_rows(0, title_rows(book) - 1)
    set_up_page(desk, sheet, row - 1, 1, LABEL_WIDTH + TEXT_WIDTH)


def _sections(
    book: BlueprintBook, guide: Sequence[tuple[str, str]], left_out: Sequence[str]
) -> tuple[tuple[str, list[Row]], ...]:
    return (
        ("This blueprint", _identity(book)),
        ("Respondents", list(book.respondents)),
        ("Method", _numbered(book.method)),
        ("Sheets", list(guide)),
        ("How to change it", _instructions()),
        ("Left out, because the study does not have it", _numbered(left_out)),
        ("Where the numbers come from", _sources(book)),
    )


def _identity(book: BlueprintBook) -> list[Row]:
    rows: list[Row] = [
        ("Study", book.study),
        ("Credential", book.credential),
        ("Version", book.version),
        ("Status", book.status),
        ("Form length, items", book.items),
    ]
    dates = [(label, iso_moment(moment, book.time_zone)) for label, moment in book.dates]
    return [(label, value) for label, value in [*rows, *dates] if value != ""]


def _sources(book: BlueprintBook) -> list[Row]:
    rows = (
        ("Analysis", book.run),
        ("Data set, SHA-256", book.data_hash),
        ("Analysis plan, SHA-256", book.plan_hash),
        ("Result of the analysis, SHA-256", book.result_hash),
        ("Blueprint that an approval binds, SHA-256", book.content_hash),
        ("Method code", book.method_code),
        ("Software", book.software),
        ("Time zone of dates", book.time_zone),
    )
    return [(label, value) for label, value in rows if value]


def _instructions() -> list[Row]:
    return _numbered(
        (
            "Change only the cream cells on Blueprint: Approved weight, Min, Max, Rationale. "
            "Weights, items and checks follow at once.",
            "Where limits or the panel set the items, they stand as numbers, and column Check tells when "
            "they no longer fit; the system works them out again.",
            "Other cells are locked without a password, against slips. "
            "Leave codes and sheet names as they are, so that the system can read the file back.",
            f"“{DASH}” means: cannot be computed, or does not apply. It never means zero.",
        )
    )


def _numbered(sentences: Sequence[str]) -> list[Row]:
    return [(f"{number}.", sentence) for number, sentence in enumerate(sentences, start=1)]


def _write_section(desk: Desk, sheet: Worksheet, row: int, title: str, rows: Sequence[Row]) -> int:
    """Write a titled list; return the row after it. A section without rows is left out."""
    if not rows:
        return row - 1
    for column, text in enumerate((title, "")):
        put(sheet, row, column, text or None, desk.formats.get("section"))
    for label, value in rows:
        row += 1
        put(sheet, row, 0, label, desk.formats.get("label"))
        put(sheet, row, 1, value, desk.formats.get("plain"))
        sheet.set_row(row, row_height([(label, LABEL_WIDTH, True), (str(value), TEXT_WIDTH, False)]))
    return row + 1


def _write_colour_key(desk: Desk, sheet: Worksheet, row: int) -> int:
    """Show each colour beside what it means."""
    for column, text in enumerate(("Colours", None)):
        put(sheet, row, column, text, desk.formats.get("section"))
    samples = (
        ("Cream", "An input: you may change it.", ("cell", "input")),
        ("Pale blue, bold", "A domain, or the total row.", ("cell", "domain")),
        ("White", "A value or formula: locked.", ("cell", "text")),
        ("✓ green", "A check that holds; the words say so too.", ("cell", "good")),
        ("✗ red", "A check that fails; the words say what is wrong.", ("cell", "bad")),
    )
    for name, meaning, style in samples:
        row += 1
        put(sheet, row, 0, name, desk.formats.get(*style))
        put(sheet, row, 1, meaning, desk.formats.get("plain"))
    return row + 1
