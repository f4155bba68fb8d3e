"""Cells of a file of ratings: each text is judged once and then found by a look-up."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from jta.imports.records import Reader
from jta.imports.rules import MISSING, check_cell
from jta.imports.source import Cell
from jta.imports.text import fold, shown

LARGEST_VALUE = 20  # a rating is a point of a scale; 88 and 99 are codes for "missing"
_MOST_JUDGED = 10_000  # bad texts kept with their reason
_WHOLE = re.compile(r"(0|[1-9][0-9]?)(\.0{1,6})?")
_OTHER_DIGITS = re.compile(r"(?![0-9]+$)\d+")


class Ids:
    """The respondents, tasks or scales of a file: text to place in a list.

    ``fast`` maps cells that need no cleaning; whatever else is judged again, so that every row is reported.
    """

    def __init__(
        self,
        texts: list[str],
        reader: Reader,
        name: str,
        longest: int,
        known: Collection[str] | None,
        folded: bool = False,
    ) -> None:
        self.fast: dict[Cell, int] = {}
        self.withdrawn: Collection[str] = ()
        self._texts, self._reader, self._name, self._longest = texts, reader, name, longest
        self._known = known
        # Names of scales are compared without case and written as the study writes them.
        self._spelling = {fold(text): text for text in known or ()} if folded else None
        self._places: dict[str, tuple[int, str]] = {}
        self._bad: dict[Cell, str] = {}

    def index(self, number: int, cell: Cell, title: str = "") -> int:
        """Return the place of a cell's text, or -1 after recording why it has none."""
        place = self.fast.get(cell, -1)
        if place >= 0:
            return place
        title = title or self._reader.title(self._name)
        if cell not in self._bad:
            return self._judge(number, cell, title)
        self._reader.found.problem(number, title, self._bad[cell])
        return -1

    def _judge(self, number: int, cell: Cell, title: str) -> int:
        text, notes, reason = check_cell(cell, "code", self._longest)
        for note in notes:
            self._reader.found.note(note, number, title)
        reason = reason or self._reason(text)
        if reason:
            return self._refuse(number, cell, title, reason)
        if self._spelling is not None and (uniform := self._spelling.get(fold(text), fold(text))) != text:
            self._reader.found.note("Names of scales were made uniform", number, title)
            text, notes = uniform, (*notes, "uniform")
        place, first = self._places.setdefault(fold(text), (len(self._texts), text))
        if first != text:
            same = f"{shown(text)} differs only in case or hidden form from {shown(first)}."
            return self._refuse(number, cell, title, same)
        if place == len(self._texts):
            self._texts.append(text)
        if not notes:
            self.fast[cell] = place
        return place

    def _refuse(self, number: int, cell: Cell, title: str, reason: str) -> int:
        if len(self._bad) < _MOST_JUDGED:
            self._bad[cell] = reason
        self._reader.found.problem(number, title, reason)
        return -1

    def _reason(self, text: str) -> str | None:
        if not text:
            return "The cell is empty. Fill it in."
        if text in self.withdrawn:
            return f"The respondent {shown(text)} has withdrawn. Delete the row."
        known = self._known if self._spelling is None or self._known is None else self._spelling
        if known is not None and (text if self._spelling is None else fold(text)) not in known:
            return f"{shown(text)} is not in this study. Check the code."
        return None


class Values:
    """The ratings themselves: anchor codes, or without a study whole numbers from 0 to 20."""

    def __init__(
        self, texts: list[str], reader: Reader, longest: int, known: Mapping[str, Collection[str]] | None
    ) -> None:
        self.fast: dict[tuple[int, Cell], int] = {}
        self._texts, self._reader, self._longest, self._known = texts, reader, longest, known
        self._places: dict[str, int] = {}
        self._bad: dict[tuple[int, Cell], str] = {}

    def index(self, number: int, cell: Cell, scale: int, scales: list[str], title: str) -> int:
        """Return the place of a rating, or -1: not answered, or recorded as a problem."""
        place = self.fast.get((scale, cell), -1)
        if place < 0 and (reason := self._bad.get((scale, cell))):
            self._reader.found.problem(number, title, reason)
        elif place < 0:
            return self._judge(number, cell, scale, scales, title)
        return place

    def _judge(self, number: int, cell: Cell, scale: int, scales: list[str], title: str) -> int:
        text, notes, reason = check_cell(cell, "value", self._longest)
        found = self._reader.found
        for note in notes:
            found.note(note, number, title)
        code = None if reason else self._code(text, scales[scale] if scale >= 0 else None)
        if code is None:
            reason = reason or self._reason(number, text, title)
            if reason:
                self._remember((scale, cell), reason)
                found.problem(number, title, reason)
            return -1
        if code != text:
            found.note("Whole numbers written with decimals were read as whole", number, title)
        place = self._places.setdefault(code, len(self._texts))
        if place == len(self._texts):
            self._texts.append(code)
        if scale >= 0 and not notes and code == text:
            self.fast[scale, cell] = place
        return place

    def _code(self, text: str, scale: str | None) -> str | None:
        """Return the anchor's code, or ``None`` where the text is none."""
        anchors = None if self._known is None or scale is None else self._known[scale]
        if anchors is not None and text in anchors:
            return text
        match = _WHOLE.fullmatch(text)
        if match is None or (int(match[1]) > LARGEST_VALUE if anchors is None else match[1] not in anchors):
            return None
        return match[1]

    def _remember(self, key: tuple[int, Cell], reason: str) -> None:
        if len(self._bad) < _MOST_JUDGED:
            self._bad[key] = reason

    def _reason(self, number: int, text: str, title: str) -> str | None:
        """Say why a text is no rating; ``None`` where it is a way to say "not answered", which is noted."""
        if not text:
            return None
        if text.casefold() in MISSING:
            self._reader.found.note(f"{shown(text)} was read as not answered", number, title)
            return None
        if _OTHER_DIGITS.fullmatch(text):
            return f"Write the rating {shown(text)} with the digits 0 to 9."
        if self._known is not None:
            return f"{shown(text)} is not an anchor of this scale."
        return f"The rating {shown(text)} is not a whole number from 0 to {LARGEST_VALUE}."
