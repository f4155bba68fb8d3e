"""CSV that a spreadsheet program opens as text and numbers, never as formulas."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from numbers import Integral

from jta.exports.text import clean_text

Cell = str | int | float | bool | None
BYTE_ORDER_MARK = "\ufeff"
_BLANKS = r"[\s\u200b\u200c\u200d\u2060\ufeff\u00ad]*"
# The last four are full-width forms, which some programs read as the plain ones.
_RISKY = re.compile(rf"'*{_BLANKS}[=+\-@＝＋－＠]|'*[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


def safe_text(text: str) -> str:
    """Return text that no spreadsheet program takes for a formula.

    Text starting with ``= + - @`` (plain or full-width, also after blanks), a tab or a line end
    gets a leading apostrophe. Text that is a number stays as it is. Text that would look like
    such a protected text gets one apostrophe more, so that `restore_text` is exact.
    """
    if _NUMBER.fullmatch(text) or not _RISKY.match(text):
        return text
    return "'" + text


def restore_text(cell: str) -> str:
    """Undo `safe_text`."""
    if cell.startswith("'") and safe_text(cell[1:]) == cell:
        return cell[1:]
    return cell


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, mark: bool = True) -> bytes:
    """Return a CSV file: UTF-8, commas, texts in quotes, one line per row.

    Parameters
    ----------
    headers : sequence of str
    rows : iterable of sequences
        As many cells as headers. ``None`` and NaN (undefined) are empty; a float is written
        with as many digits as it takes to read the same number back.
    mark : bool
        Begin with a byte order mark, without which some programs misread accents.

    Raises
    ------
    ValueError
        For a row of another length, or an infinite number.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([_safe_cell(header) for header in headers])
    for number, row in enumerate(rows, start=2):
        if len(row) != len(headers):
            raise ValueError(f"Row {number} has {len(row)} cells, but there are {len(headers)} columns.")
        writer.writerow([_safe_cell(value) for value in row])
    return ((BYTE_ORDER_MARK if mark else "") + out.getvalue()).encode("utf-8")


def _safe_cell(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return safe_text(clean_text(value))
    if isinstance(value, Integral):
        return int(value)
    if math.isinf(value):
        raise ValueError("An infinite number cannot be written to a CSV file.")
    return "" if math.isnan(value) else float(value)
