"""Cells of a file of ratings: each text is judged once and then found by a look-up."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from jta.imports.records import Reader
from jta.imports.rules import MISSING, check_cell
from jta.imports.source import Cell
from jta.imports.text import fold, shown

LARGEST_VALUE = 20  # a rating is a point of a scale; 88 and 99 are codes for "missing"
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

    def index(self, number: int, cell: Cell, title: str = "") -> int:
        """Return the place of a cell's text, or -1 after recording why it has none."""
        title = title or self._reader.title(self._name)
        text, notes, reason = check_cell(cell, "code", self._longest)
        for note in notes:
            self._reader.found.note(note, number, title)
        reason = reason or self._reason(text)
        if reason:
            self._reader.found.problem(number, title, reason)
            return -1
        if self._spelling is not None and (uniform := self._spelling.get(fold(text), fold(text))) != text:
            self._reader.found.note("Names of scales were made uniform", number, title)
            text, notes = uniform, (*notes, "uniform")
        place, first = self._places.setdefault(fold(text), (len(self._texts), text))
        if first != text:
            same = f"{shown(text)} differs only in case or hidden form from {shown(first)}."
            self._reader.found.problem(number, title, same)
            return -1
        if place == len(self._texts):
            self._texts.append(text)
        if not notes:
            self.fast[cell] = place
        return place

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

    def index(self, number: int, cell: Cell, scale: int, scales: list[str], title: str) -> int:
        """Return the place of a rating, or -1: not answered, or recorded as a problem."""
        text, notes, reason = check_cell(cell, "value", self._longest)
        found = self._reader.found
        for note in notes:
            found.note(note, number, title)
        if reason:
            found.problem(number, title, reason)
            return -1
        code = self._code(text, scales[scale] if scale >= 0 else None)
        if code is None:
            self._explain(number, text, title)
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

    def _explain(self, number: int, text: str, title: str) -> None:
        found = self._reader.found
        if not text:
            return
        if text.casefold() in MISSING:
            found.note(f"{shown(text)} was read as not answered", number, title)
        elif _OTHER_DIGITS.fullmatch(text):
            found.problem(number, title, f"Write the rating {shown(text)} with the digits 0 to 9.")
        elif self._known is not None:
            found.problem(number, title, f"{shown(text)} is not an anchor of this scale.")
        else:
            found.problem(number, title, f"The rating {shown(text)} is not a whole number from 0 to {LARGEST_VALUE}.")
