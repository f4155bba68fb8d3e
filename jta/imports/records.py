"""Rows of a source as records of checked texts: what inventory and roster have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jta.imports.collector import Collector
from jta.imports.header import Header
from jta.imports.kinds import Column, Kind
from jta.imports.limits import Limits
from jta.imports.result import RefusedError
from jta.imports.rules import check_cell
from jta.imports.source import Cell, Source, is_blank, text_of
from jta.imports.text import fold

_TOTAL = re.compile(r"(grand |sub)?totals?|sum|average|mean|count|source|sources|notes?|legend")
TOTAL_REASON = "This looks like a total or note row. Delete it."
HEADER_ROW = 1  # where problems of whole columns are reported


@dataclass
class Record:
    """One row: the texts of the known columns (blank where a cell has a problem) and of named attributes."""

    number: int
    values: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)


class Reader:
    """Walks the data rows of one file with its matched header."""

    def __init__(self, source: Source, header: Header, kind: Kind, limits: Limits, rows: int) -> None:
        self.found = Collector(limits.problems)
        self.header = header
        self._source, self._kind, self._limits, self._most = source, kind, limits, rows
        self._columns: list[tuple[int, Column]] = [(i, kind.by_name[name]) for name, i in header.index.items()]
        self.count = self._blank = 0

    @property
    def accepted(self) -> int:
        """How many data rows have no problem."""
        return self.count - sum(row > self._source.first_row for row in self.found.bad_rows)

    def title(self, name: str) -> str:
        """Return a column's name as the file has it."""
        return self.header.titles[self.header.index[name]] if name in self.header.index else name

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Yield the rows that are not blank, as long as the header; problems of shape are recorded.

        Raises
        ------
        RefusedError
            If there is no row below the header, or more rows than allowed.
        """
        first, width = self.header.titles[0], len(self.header.titles)
        plain, hidden = not self.header.unnamed, self._source.hidden_rows
        for number, cells in self._source.rows:
            if is_blank(cells):
                self._skip_blank(number)
                continue
            self.count += 1
            if self.count > self._most:
                raise RefusedError(f"The file has more than {self._most:,} rows. Split it, or ask for a higher limit.")
            if plain and len(cells) == width and cells[0] != first and number not in hidden:
                yield number, cells  # the shape of nearly every row of a large file
            elif (reason := self._shape_reason(number, cells)) is not None:
                self.found.problem(number, "", reason)
            else:
                yield number, cells + [""] * (width - len(cells))
        if not self.count:
            raise RefusedError("The file has column names but no rows below them.")

    def _skip_blank(self, number: int) -> None:
        self.found.note("Empty rows were skipped", number, "")
        self._blank += 1
        if self._blank > self._most:
            raise RefusedError(f"The file has more than {self._most:,} empty rows. Delete them.")

    def _shape_reason(self, number: int, cells: list[Cell]) -> str | None:
        width = len(self.header.titles)
        # From the right: the last cell of a sheet's row is hardly ever blank.
        beyond = any(text_of(cell).strip() for cell in reversed(cells[width:]))
        if beyond and not self._source.ragged:
            return "The row has text to the right of the last named column. Delete it."
        if beyond or (self._source.ragged and len(cells) < width):
            return f"The row has {len(cells)} cells, the header {width}. Check delimiters and quotes."
        if any(text_of(cells[i]).strip() for i in self.header.unnamed if i < len(cells)):
            return "The row has text in a column without a name. Name the column or empty it."
        if number in self._source.hidden_rows:
            return "The row is hidden. Show it or delete it."
        if [fold(text_of(cell)) for cell in cells[:3]] == [fold(title) for title in self.header.titles[:3]]:
            return "The row repeats the column names. Delete it."
        return None

    def records(self) -> Iterator[Record]:
        """Yield each row as a record; a row that is not usable is only recorded as a problem."""
        for number, cells in self.rows():
            if self.is_total(cells):
                self.found.problem(number, "", TOTAL_REASON)
                continue
            yield self._record(number, cells)
        self.check_hidden_columns()

    def _record(self, number: int, cells: list[Cell]) -> Record:
        values = {column.name: self.check(number, cells[i], column) for i, column in self._columns}
        plain = Column("", "plain", "")
        attributes = {
            name: self.check(number, cells[i], plain, self.header.titles[i])
            for i, name in self.header.attributes.items()
        }
        return Record(number, values, attributes)

    def check(self, number: int, cell: Cell, column: Column, title: str = "") -> str:
        """Return the checked text of a cell, recording what was cleaned or is wrong."""
        text, notes, reason = check_cell(cell, column.type, self._limits.cell)
        title = title or self.title(column.name)
        for note in notes:
            self.found.note(note, number, title)
        if reason:
            self.found.problem(number, title, reason)
            return ""
        return text

    def require(self, record: Record, name: str) -> None:
        """Record a problem where a required cell is empty and no other problem of the row explains it."""
        if not record.values.get(name) and record.number not in self.found.bad_rows:
            self.found.problem(record.number, self.title(name), "The cell is empty. Fill it in.")

    def is_total(self, cells: list[Cell]) -> bool:
        """A row that has few of the required cells and begins like a total or a note."""
        sure = [self.header.index[g[0]] for g in self._kind.required if len(g) == 1 and g[0] in self.header.index]
        if sure and all(text_of(cells[i]).strip() for i in sure):
            return False
        filled = [text_of(cell) for cell in cells if text_of(cell).strip()]
        required = [self.header.index[n] for group in self._kind.required for n in group if n in self.header.index]
        lacking = sum(not text_of(cells[i]).strip() for i in required)
        first = _TOTAL.match(fold(filled[0]))
        return (first is not None and lacking > 0) or (len(filled) == 1 and lacking >= 2)

    def check_hidden_columns(self) -> None:
        """Record a problem for each known column that is hidden in the sheet."""
        for name, place in self.header.index.items():
            if place in self._source.hidden_columns:
                self.found.problem(HEADER_ROW, self.title(name), "The column is hidden. Show it or delete it.")
