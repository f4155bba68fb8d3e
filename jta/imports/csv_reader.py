"""CSV: delimiter by the header, strict quoting, every line end, and a number for each row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from jta.imports.encoding import decode
from jta.imports.header import match_header
from jta.imports.kinds import Kind
from jta.imports.result import RefusedError
from jta.imports.source import Cell, NumberedRow, Source

DELIMITERS = ",;\t|"
HEAD = 1_000_000  # letters of a file in which its header row must end
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[ ]*(?:\r\n|\r|\n)', re.IGNORECASE)


def open_csv(data: bytes, kind: Kind) -> Source:
    """Open a CSV file.

    Raises
    ------
    RefusedError
        For a wrong encoding, or a ``sep=`` line with a delimiter that is not , ; tab or |. While rows are
        taken: for quotes that are never closed or stand in the wrong place.
    """
    text = decode(data)
    body, delimiter = _split_separator_line(text)
    delimiter = delimiter or _guess_delimiter(body[:HEAD], kind)
    # A stream over bytes costs a quarter of what a stream over text costs.
    lines = io.TextIOWrapper(io.BytesIO(body.encode()), "utf-8", newline="")
    return Source(_rows(lines, delimiter), ragged=True)


def _split_separator_line(text: str) -> tuple[str, str | None]:
    match = _SEPARATOR_LINE.match(text)
    if match is None:
        return text, None
    if match[1] not in DELIMITERS:
        raise RefusedError("The line sep= names a delimiter that is not a comma, semicolon, tab or bar.")
    return text[match.end() :], match[1]


def _guess_delimiter(head: str, kind: Kind) -> str:
    """Return the delimiter under which most columns are recognised in the first rows."""
    return max(DELIMITERS, key=lambda delimiter: _recognised(head, delimiter, kind))


def _recognised(head: str, delimiter: str, kind: Kind) -> tuple[int, int]:
    best = (0, 0)
    try:
        for _, cells in zip(range(10), csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), strict=False):
            best = max(best, (match_header(cells, kind).found, len(cells)))
            if best[0]:
                break
    except csv.Error:
        return best
    return best


def _rows(lines: io.TextIOWrapper, delimiter: str) -> Iterator[NumberedRow]:
    number = 0
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            row: list[Cell] = cells  # type: ignore[assignment]  # a list of str is one of cells; lists are invariant
            yield number, row
    except csv.Error as error:
        raise RefusedError(_quote_sentence(str(error), number + 1)) from None


def _quote_sentence(message: str, row: int) -> str:
    if "field larger" in message:
        return f"A cell of row {row} is far too long, or its quote is never closed."
    if "unexpected end" in message:
        return f"The quote opened in row {row} is never closed. Close it, or write it twice inside a cell."
    return f"Row {row} has a quote in the wrong place. Inside a quoted cell, write each quote twice."
