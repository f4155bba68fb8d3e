"""Rows in the plain form in which spreadsheet programs write them, taken without a call for every tag.

The parser reads everything else: the part up to ``<sheetData>``, every row that is not plain, and what follows the
rows. A plain row is matched only where the parser has just read ``<sheetData>`` or ``</row>`` up to its last byte, so
that it can stand in no comment, no CDATA section and no other name space.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from string import ascii_uppercase

from jta.imports.xml_guard import GuardedParser

LAST_COLUMN = 16_384
# The letters of a cell's reference and the rest of the cell, in a row that has been matched.
CELL = re.compile(rb'<c r="([A-Z]+)[0-9]+"([^>]*>(?:<v>[^<]*|<is><t[^>]*>[^<]*)?)')
_LETTER = r"[^\ufffe\uffff]"  # what the other checks have left of the characters that XML allows
BODY = re.compile(
    rf'(?: s="([0-9]+)")?(?: t="([A-Za-z]+)")? ?/?>(?:<v>({_LETTER}*)|<is><t[^>]*>({_LETTER}*))?',
)
_OPEN, _CLOSE = b"<sheetData>", b"</row>"
_LONGEST_ROW = 1 << 18  # bytes of a row that are waited for before the parser gets them
_SHEET_DEPTH = 2
_FLAG = rb'"(?:0|1|false|true)"'
# No possessive quantifiers: Python 3.11 can match with them what is not there (CPython issue 106052).
_ROW = (
    rb'[ \t\r\n]*<row r="([1-9][0-9]{0,6})"(?: spans="[0-9: ]{1,99}")?(?: s="[0-9]{1,9}")?'
    rb'(?: customFormat=FLAG)?(?: ht="[1-9][0-9.]{0,19}")?(?: hidden="(?:0|false)")?(?: customHeight=FLAG)?'
    rb'(?: outlineLevel="[0-7]")?(?: collapsed=FLAG)?(?: thickTop=FLAG)?(?: thickBot=FLAG)?PREFIXED>'
    rb'((?:<c r="[A-Z]{1,3}\1"(?: s="[0-9]{1,9}")?(?:(?: t="(?:s|n|str|b|e|d)")?(?: ?/>|><v>TEXT</v></c>)'
    rb'| t="inlineStr"><is><t(?: xml:space="preserve")?>TEXT</t></is></c>))*)</row>'
)


def column_number(letters: str) -> int:
    """Return 1 for A, 27 for AA; 0 for what is no column."""
    if not (letters.isascii() and letters.isalpha() and letters.isupper() and len(letters) <= 3):
        return 0
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _column_letters() -> list[str]:
    """Return the letters of all columns by number; there is no column 0, and one more than the last."""
    ones = [*ascii_uppercase]
    twos = [a + b for a in ones for b in ones]
    threes = [a + b for a in ones for b in twos]
    return ["", *ones, *twos, *threes][: LAST_COLUMN + 2]


LETTERS = _column_letters()


@lru_cache(maxsize=8)
def plain_row(longest: int, prefixed: bool) -> re.Pattern[bytes]:
    """Return the pattern of a plain row: shown, its cells in it, no text longer than ``longest`` or with odd escapes.

    ``prefixed`` allows the one attribute with a prefix that Excel writes, where that prefix is declared.
    """
    run = rb"[^<>&\x00-\x1f]{0,%d}" % longest
    text = run + rb"(?:&(?:amp|lt|gt|quot|apos);" + run + rb"){0,3}"
    attribute = rb'(?: x14ac:dyDescent="[0-9.]{1,20}")?' if prefixed else b""
    return re.compile(_ROW.replace(b"FLAG", _FLAG).replace(b"PREFIXED", attribute).replace(b"TEXT", text))


class RowFeed:
    """Feeds a sheet to ``parser``, but plain rows to ``take``: the row's number and its cells, as bytes."""

    def __init__(self, parser: GuardedParser, longest: int, take: Callable[[bytes, bytes], None]) -> None:
        self._parser, self._longest, self._take = parser, longest, take
        self._inside = self._between = False
        self._mark = -1  # where the parser stands if nothing has followed the last tag of interest

    def open_sheet(self, _: dict[str, str]) -> None:
        """Note the start of the rows."""
        if self._parser.depth == _SHEET_DEPTH and self._parser.utf8:
            self._mark = self._parser.position + len(_OPEN)

    def close_row(self) -> None:
        """Note the end of a row that stands in no cell."""
        if self._parser.depth == _SHEET_DEPTH:
            self._mark = self._parser.position + len(_CLOSE)

    def close_sheet(self) -> None:
        """Note the end of the rows."""
        self._inside = False

    def feed(self, pieces: Iterable[bytes]) -> Iterator[None]:
        """Read piece by piece; yields after each, so that rows can be taken as they come."""
        held = b""
        for piece in pieces:
            held = self._read(held + piece)
            yield
        self._parser.take(held)
        self._parser.finish()
        yield

    def _read(self, data: bytes) -> bytes:
        """Read all that is complete; return what must wait for more."""
        place = 0
        while True:
            if self._between:
                place = self._plain_rows(data, place)
            word = _CLOSE if self._inside else _OPEN
            end = data.find(word, place) + len(word)
            if end < len(word):
                return self._rest(data[place:])
            self._parser.take(data[place:end])
            place = end
            self._between = self._mark == self._parser.fed
            if word is _OPEN:
                self._inside = self._between

    def _rest(self, data: bytes) -> bytes:
        keep = len(data) if self._inside and len(data) <= _LONGEST_ROW else 0
        keep = keep if self._inside else min(len(data), len(_OPEN) - 1)
        cut = len(data) - keep
        if cut:
            self._parser.take(data[:cut])
            self._between = False
        return data[cut:]

    def _plain_rows(self, data: bytes, place: int) -> int:
        """Take the plain rows that follow each other; return where they end."""
        match, take = plain_row(self._longest, "x14ac" in self._parser.prefixes).match, self._take
        rows, start = 0, place
        while row := match(data, place):
            take(row[1], row[2])
            rows += 1
            place = row.end()
        self._parser.count(rows + 2 * data.count(b"<is>", start, place))
        return place
