"""A blueprint workbook that comes back: the cells of its sheets, nothing believed, nothing computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jta.imports.archive import Archive
from jta.imports.limits import Limits
from jta.imports.result import RefusedError
from jta.imports.source import Cell, NumberedRow, text_of
from jta.imports.xlsx_parts import check_relations, read_book, scan_other_parts
from jta.imports.xlsx_sheet import SheetReader

SHEET, README = "Blueprint", "Read me"
CODE, TOTAL = "Domain code", "Total"


@dataclass(frozen=True)
class BookRow:
    """One line of the blueprint: its row in the sheet and its cells by column title."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class BookCells:
    """What a workbook holds: the facts of its first sheet, the columns of Blueprint in order, the lines by code."""

    facts: Mapping[str, str]
    titles: tuple[str, ...]
    rows: Mapping[str, BookRow]


def read_blueprint_book(data: bytes, limits: Limits) -> BookCells:
    """Return the cells of a blueprint workbook.

    Raises
    ------
    RefusedError
        If the file is no workbook, is damaged or hostile, holds macros or links, or lacks a sheet, the row of
        titles, or has two lines of one code.
    """
    if len(data) > limits.upload:
        raise RefusedError(f"The file is larger than {limits.upload // 1024 // 1024} MB.")
    archive = Archive(data, limits)
    check_relations(archive)
    book = read_book(archive, limits.cell)
    found: dict[str, list[NumberedRow]] = {}
    read = set(book.read)
    for sheet in book.sheets:
        if sheet.name in (SHEET, README):
            found[sheet.name] = list(SheetReader(archive, book, sheet, limits, merged_titles=True).rows())
            read.add(sheet.part.casefold())
    scan_other_parts(archive, read)
    for name in (SHEET, README):
        if name not in found:
            raise RefusedError(
                f"The sheet “{name}” is not in this workbook. Give it its name again, or download it anew."
            )
    titles, rows = _lines(found[SHEET])
    return BookCells(_facts(found[README]), titles, rows)


def _facts(rows: list[NumberedRow]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for _, cells in rows:
        if len(cells) > 1:
            facts.setdefault(text_of(cells[0]).strip(), text_of(cells[1]).strip())
    return facts


def _lines(rows: list[NumberedRow]) -> tuple[tuple[str, ...], dict[str, BookRow]]:
    start = next((n for n, (_, cells) in enumerate(rows) if CODE in map(text_of, cells)), None)
    if start is None:
        raise RefusedError(f"The sheet “{SHEET}” has no row of titles with “{CODE}”. Download the workbook anew.")
    titles = tuple(" ".join(text_of(cell).split()) for cell in rows[start][1])
    if len(set(titles)) != len(titles):
        raise RefusedError(f"Two columns of the sheet “{SHEET}” have the same title. Download the workbook anew.")
    found: dict[str, BookRow] = {}
    for number, cells in rows[start + 1 :]:
        line = dict(zip(titles, [*cells, *[""] * (len(titles) - len(cells))], strict=False))
        code = text_of(line[CODE]).strip()
        if TOTAL in map(text_of, cells) and not code:
            break
        if not code:
            continue
        if code in found:
            raise RefusedError(f"Row {number} of “{SHEET}” has the code {code[:40]!r}, which another row has too.")
        found[code] = BookRow(number, line)
    return titles, found
