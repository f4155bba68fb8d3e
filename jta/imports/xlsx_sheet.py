"""The rows of one sheet, taken as they are parsed; the stated dimension is never believed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import unescape as resolve

from jta.imports.archive import AGAIN, Archive
from jta.imports.limits import Limits
from jta.imports.result import RefusedError
from jta.imports.source import Cell, NumberedRow, Typed
from jta.imports.text import shown
from jta.imports.xlsx_parts import SHEET_SPACES, Book, Sheet, StringReader, unescape
from jta.imports.xlsx_rows import BODY, CELL, LAST_COLUMN, LETTERS, RowFeed, column_number
from jta.imports.xml_guard import DAMAGED, GuardedParser

LAST_ROW = 1_048_576
_MOST_ELEMENTS = 6_000_000
_MOST_JUDGED = 100_000
_LONGEST_NUMBER = 40
# Cells and their values come by the million and are taken before the general look-up.
_CELLS = frozenset(f"{space} c" for space in SHEET_SPACES)
_VALUES = frozenset(f"{space} v" for space in SHEET_SPACES)
_TRUE = ("1", "true")
_OTHERS = {"b": "boolean", "e": "error", "d": "date"}
_LETTERS = [letters.encode() for letters in LETTERS]
_QUOTES = {"&quot;": '"', "&apos;": "'"}
_DAMAGED = f"The sheet's rows or cells are not in order: the workbook is damaged. {AGAIN}"


class SheetReader:
    """Reads one sheet. ``hidden_rows`` and ``hidden_columns`` (from 0) fill while rows are taken."""

    def __init__(
        self, archive: Archive, book: Book, sheet: Sheet, limits: Limits, *, merged_titles: bool = False
    ) -> None:
        self._merged_titles = merged_titles  # our own workbooks merge the cells of their title rows
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self._pieces = archive.stream(sheet.part)
        self._book, self._longest, self._widest = book, limits.cell, limits.wide_columns + 1
        self._ready: list[NumberedRow] = []
        self._merged = ""
        self._last_hidden = 0
        self._judged: dict[tuple[str, str, str], Cell] = {}
        self._bodies: dict[bytes, Cell] = {}
        self._row, self._row_text, self._column = 0, "0", 0
        self._cells: list[Cell] = []
        self._kind, self._style, self._formula = "n", "0", False
        self._value: list[str] = []
        self._length, self._open, self._inside = 0, False, False
        self._inline = StringReader(limits.cell)
        self._parser = self._guarded()
        self._feed = RowFeed(self._parser, limits.cell, self._take_row)

    def rows(self) -> Iterator[NumberedRow]:
        """Yield the rows that hold anything, with their numbers.

        Raises
        ------
        RefusedError
            If the sheet is damaged or hostile, or its cells are merged.
        """
        for _ in self._feed.feed(self._pieces):
            yield from self._ready
            self._ready.clear()
        if self._merged and not self._merged_titles:
            raise RefusedError(f"Cells {self._merged} are merged. Unmerge all cells and fill each one.")

    def _guarded(self) -> GuardedParser:
        """Return the parser of all that is not a plain row."""
        inline = self._inline
        starts = {
            "sheetData": lambda attributes: self._feed.open_sheet(attributes),
            "row": self._open_row,
            "f": self._see_formula,
            "is": inline.open,
            "t": inline.open_text,
            "rPh": inline.open_guide,
            "col": self._see_columns,
            "mergeCell": self._see_merge,
        }
        ends = {
            "sheetData": lambda: self._feed.close_sheet(),
            "row": self._close_row,
            "t": inline.close_text,
            "rPh": inline.close_guide,
        }
        parser = GuardedParser(starts, ends, self._text, SHEET_SPACES, _MOST_ELEMENTS)
        parser.intercept(self._start, self._end)
        return parser

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _VALUES:
            if self._open or not self._inside:
                raise RefusedError(_DAMAGED)
            self._open, self._length = True, 0
        elif name in _CELLS:
            self._open_cell(attributes)
        else:
            self._parser.start(name, attributes)

    def _end(self, name: str) -> None:
        if name in _VALUES:
            self._open = False
        elif name in _CELLS:
            self._close_cell()
        else:
            self._parser.end(name)

    def _open_row(self, attributes: dict[str, str]) -> None:
        text = attributes.get("r")
        row = self._row + 1 if text is None else whole(text, LAST_ROW)
        if row <= self._row or row > LAST_ROW:
            raise RefusedError(_DAMAGED)
        self._row, self._row_text, self._column, self._cells = row, text or str(row), 0, []
        if attributes.get("hidden") in _TRUE or attributes.get("ht") in ("0", "0.0"):
            self.hidden_rows.add(row)

    def _close_row(self) -> None:
        if self._cells:
            self._ready.append((self._row, self._cells))
        if not self._inside:
            self._feed.close_row()

    def _take_row(self, number: bytes, content: bytes) -> None:
        """Take a plain row."""
        row = int(number)
        if row <= self._row or row > LAST_ROW:
            raise RefusedError(_DAMAGED)
        self._row, self._row_text, self._cells = row, number.decode(), []
        cells, bodies, column, widest = self._cells, self._bodies, 0, self._widest
        for letters, body in CELL.findall(content):
            column += 1
            if letters != _LETTERS[column]:
                column = self._further(letters, column)
            cell = bodies.get(body)
            if cell is None:
                cell = self._judge_body(body)
            if cell:
                if column - 1 == len(cells) < widest:
                    cells.append(cell)
                else:
                    self._put(cell, column)
        self._column = column
        if cells:
            self._ready.append((row, cells))

    def _further(self, letters: bytes, least: int) -> int:
        """Return the column of a cell of a plain row that stands further than the next."""
        column = column_number(letters.decode())
        if not least <= column <= LAST_COLUMN:
            raise RefusedError(_DAMAGED)
        return column

    def _judge_body(self, body: bytes) -> Cell:
        """Return what a cell of a plain row holds; equal cells are judged once."""
        try:
            match = BODY.fullmatch(resolve(body.decode(), _QUOTES) if b"&" in body else body.decode())
        except UnicodeDecodeError:
            match = None
        if match is None:
            raise RefusedError(DAMAGED)
        style, kind, raw, inline = match.groups()
        cell = self._judge(kind or "n", style or "0", raw or "") if inline is None else unescape(inline)
        if len(self._bodies) > _MOST_JUDGED:
            self._bodies.clear()
        self._bodies[body] = cell
        return cell

    def _open_cell(self, attributes: dict[str, str]) -> None:
        column = self._column + 1
        reference = attributes.get("r")
        # Nearly always the next cell follows; only otherwise is the reference taken apart.
        if reference is not None and reference != LETTERS[column] + self._row_text:
            column = self._place(reference)
        if column <= self._column or column > LAST_COLUMN or self._inside:
            raise RefusedError(_DAMAGED)
        self._column, self._inside, self._formula = column, True, False
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._value.clear()
        if self._kind == "inlineStr":
            self._inline.open(attributes)

    def _place(self, reference: str) -> int:
        """Return the column of a reference such as ``AB12``, which must be in the open row."""
        letters = reference.rstrip("0123456789")
        if reference[len(letters) :] != self._row_text:
            raise RefusedError(_DAMAGED)
        return column_number(letters)

    def _see_formula(self, _: dict[str, str]) -> None:
        self._formula = True

    def _text(self, letters: str) -> None:
        if not self._open:
            self._inline.text(letters)
        elif self._length <= self._longest:
            self._value.append(letters[: self._longest + 1])
            self._length += len(letters)

    def _close_cell(self) -> None:
        self._inside = False
        cell = Typed("formula", "formula") if self._formula else self._content()
        if cell:
            self._put(cell, self._column)

    def _put(self, cell: Cell, column: int) -> None:
        """Place a cell in its row."""
        gap = column - 1 - len(self._cells)
        if gap > 0:  # blank cells before, but no further than the widest table
            self._cells += [""] * min(gap, self._widest - 1 - len(self._cells))
        if len(self._cells) >= self._widest:  # there one place stands for all columns beyond
            self._cells.pop()
        self._cells.append(cell)

    def _content(self) -> Cell:
        """Return what the closed cell holds; equal cells are judged once."""
        if self._kind == "inlineStr":
            return self._inline.joined()
        key = self._kind, self._style, "".join(self._value)
        cell = self._judged.get(key)
        if cell is None:
            if len(self._judged) > _MOST_JUDGED:
                self._judged.clear()
            cell = self._judged[key] = self._judge(*key)
        return cell

    def _judge(self, kind: str, style: str, raw: str) -> Cell:
        """Return a cell by its type."""
        if not raw:
            return ""
        if kind == "s":
            return self._book.strings[whole(raw, len(self._book.strings) - 1)]
        if kind == "n":
            formats, number = self._book.formats, whole(style, 1_000_000)
            return number_cell(raw, formats[number] if number < len(formats) else "plain")
        if kind == "str":
            return unescape(raw)
        if kind not in _OTHERS:
            raise RefusedError(_DAMAGED)
        return Typed(_OTHERS[kind], raw)

    def _see_columns(self, attributes: dict[str, str]) -> None:
        first, last = (whole(attributes.get(name, ""), LAST_COLUMN) for name in ("min", "max"))
        if first <= self._last_hidden or last < first:
            raise RefusedError(_DAMAGED)
        self._last_hidden = last
        if attributes.get("hidden") in _TRUE or attributes.get("width") in ("0", "0.0"):
            self.hidden_columns.update(range(first - 1, min(last, self._widest)))

    def _see_merge(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("ref", "")
        first, _, last = reference.partition(":")
        if last and first != last and not self._merged:
            self._merged = shown(reference)


def whole(text: str, largest: int) -> int:
    """Return a whole number of the workbook's XML.

    Raises
    ------
    RefusedError
        If it is none, or larger than allowed.
    """
    if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= largest:
        return int(text)
    raise RefusedError(_DAMAGED)


def number_cell(raw: str, shows: str) -> Typed:
    """Judge a number by its digits and by how its cell's format shows it (plain, date or formatted)."""
    if shows == "date":
        return Typed("date", raw)
    try:
        value = float(raw)
    except ValueError:
        raise RefusedError(_DAMAGED) from None
    if not math.isfinite(value) or len(raw) > _LONGEST_NUMBER:
        return Typed("number", raw[:_LONGEST_NUMBER])
    if value.is_integer() and abs(value) < 1e15:
        return Typed("integer" if shows == "plain" else "formatted", str(int(value)))
    return Typed("number", repr(value))
