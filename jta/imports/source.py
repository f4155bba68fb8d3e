"""The common shape of CSV, sheet and JSON list: numbered rows of cells, the header row among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from jta.imports.header import Header, match_header, require_header
from jta.imports.kinds import SCALES, Kind
from jta.imports.limits import Limits
from jta.imports.result import RefusedError

PEEK = 20  # rows in which column names are looked for, to tell people about title rows


class Typed(NamedTuple):
    """A cell that is not plain text.

    ``kind`` is integer, number, formatted, date, boolean, error, formula or list.
    """

    kind: str
    text: str


Cell = str | Typed
NumberedRow = tuple[int, list[Cell]]


@dataclass
class Source:
    """Rows of one file. ``ragged`` marks formats whose rows must all be as long as the header (CSV)."""

    rows: Iterator[NumberedRow]
    first_row: int = 1
    ragged: bool = False
    notes: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


def text_of(cell: Cell) -> str:
    """Return a cell's text, whatever it was stored as."""
    return cell if isinstance(cell, str) else cell.text


def is_blank(cells: list[Cell]) -> bool:
    """Whether a row holds nothing but blanks."""
    return all(not text_of(cell).strip() for cell in cells)


def is_partly_blank(cells: list[Cell]) -> bool:
    """Whether some cell of a row is blank."""
    return not all(text_of(cell).strip() for cell in cells)


def take_header(source: Source, kind: Kind, limits: Limits, scales: tuple[str, ...] = SCALES) -> Header:
    """Take the header row off a source and match it; the source's rows are then the data rows.

    Raises
    ------
    RefusedError
        If the file has no rows, its first row is not the header, or the header is not clear.
    """
    head = [row for _, row in zip(range(PEEK), source.rows, strict=False)]
    if all(is_blank(cells) for _, cells in head):
        raise RefusedError("The file is empty. It needs a row of column names and at least one row below.")
    header = match_row(head[0][1], kind, scales)
    if head[0][0] != source.first_row or header.missing(kind):
        _refuse_late_header(head, source.first_row, kind, scales)
    _require_width(header, limits)
    require_header(header, kind)
    source.rows = chain(head[1:], source.rows)
    return header


def match_row(cells: list[Cell], kind: Kind, scales: tuple[str, ...] = SCALES) -> Header:
    """Match a row of cells as a header."""
    texts = [text_of(cell) for cell in cells]
    while texts and not texts[-1].strip():
        texts.pop()
    return match_header(texts, kind, scales)


def _refuse_late_header(head: list[NumberedRow], first_row: int, kind: Kind, scales: tuple[str, ...]) -> None:
    for number, cells in head:
        if number > first_row and len(cells) <= 10 * PEEK and not match_row(cells, kind, scales).missing(kind):
            raise RefusedError(
                f"The column names are in row {number}. Delete the rows above them, so that they come first."
            )


def _require_width(header: Header, limits: Limits) -> None:
    most = limits.wide_columns if header.wide else limits.columns
    if len(header.titles) > most:
        raise RefusedError(f"The file has more than {most:,} columns, the limit. Delete what is not needed.")


def header_notes(header: Header) -> list[str]:
    """Say in sentences which columns are not used and which names were tidied."""
    notes = [f"Not used: column {title}." for title in map(_short, header.unused[:20])]
    if len(header.unused) > 20:
        notes.append(f"Not used: {len(header.unused) - 20} more columns.")
    if header.hidden_letters:
        notes.append(f"Invisible characters were removed from the column name {_short(header.hidden_letters[0])}.")
    return notes


def _short(title: str) -> str:
    from jta.imports.text import shown

    return shown(title, 40)
