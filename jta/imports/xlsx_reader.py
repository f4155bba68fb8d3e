"""XLSX: the container and its parts are checked, then one visible sheet is read."""

from __future__ import annotations

from itertools import chain, islice

from jta.imports.archive import Archive
from jta.imports.kinds import Kind
from jta.imports.limits import Limits
from jta.imports.result import RefusedError
from jta.imports.source import PEEK, NumberedRow, Source, match_row
from jta.imports.text import shown
from jta.imports.xlsx_parts import Book, Sheet, check_relations, read_book, scan_other_parts
from jta.imports.xlsx_sheet import SheetReader


def open_xlsx(data: bytes, kind: Kind, limits: Limits) -> Source:
    """Open a workbook.

    Raises
    ------
    RefusedError
        If it is damaged, hostile, linked, locked, or does not show one sheet with the columns. Damage and
        merged cells further down are told while rows are taken.
    """
    archive = Archive(data, limits)
    check_relations(archive)
    book = read_book(archive, limits.cell)
    looks = [_Look(archive, book, sheet, limits) for sheet in book.sheets if not sheet.hidden]
    looks = [look for look in looks if look.head]
    chosen = _choose(looks, kind)
    scan_other_parts(archive, book.read | {chosen.sheet.part.casefold()})
    notes = [f"Hidden sheet {shown(sheet.name)} was not read." for sheet in book.sheets if sheet.hidden]
    notes += [f"Sheet {shown(look.sheet.name)} was not read." for look in looks if look is not chosen]
    reader = chosen.reader
    return Source(
        chain(chosen.head, chosen.rows),
        notes=notes,
        hidden_rows=reader.hidden_rows,
        hidden_columns=reader.hidden_columns,
    )


class _Look:
    """The first rows of a sheet, and the rest to come."""

    def __init__(self, archive: Archive, book: Book, sheet: Sheet, limits: Limits) -> None:
        self.sheet = sheet
        self.reader = SheetReader(archive, book, sheet, limits)
        self.rows = self.reader.rows()
        self.head: list[NumberedRow] = list(islice(self.rows, PEEK))

    def fits(self, kind: Kind) -> bool:
        """Whether the first row has the columns that are required."""
        return not match_row(self.head[0][1], kind).missing(kind)


def _choose(looks: list[_Look], kind: Kind) -> _Look:
    fitting = [look for look in looks if look.fits(kind)]
    if len(fitting) > 1:
        names = f"{shown(fitting[0].sheet.name)} and {shown(fitting[1].sheet.name)}"
        raise RefusedError(f"Two sheets have these columns: {names}. Keep one of them.")
    if not looks:
        raise RefusedError("The visible sheets are empty. The file needs column names and at least one row below.")
    return fitting[0] if fitting else looks[0]
