"""What the values of a file of another survey tool most likely mean: by an anchor's words, by its code, by order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jta.imports.rules import MISSING
from jta.imports.text import fold

NOT_ANSWERED = ""  # a value of the file that means "no answer"
_NOT_PERFORMED = {
    "i do not perform this task", "do not perform", "i do not do this task", "not performed", "np", "never performed",
    "not part of my job", "not part of my work", "does not apply", "not applicable to my job", "never",
}  # fmt: skip
_NUMBERED = re.compile(r"(-?\d{1,2})\s*(?:[-–—=:.)]\s*|\s)(.+)|(.+?)\s*[(\[](-?\d{1,2})[)\]]")
_CODED = re.compile(r"([A-Za-z]{0,4})(\d{1,3})")


@dataclass(frozen=True)
class AnchorWords:
    """An anchor as the study has it."""

    code: str
    label: str
    not_performed: bool = False


def plain_text(text: str) -> str:
    """Return the form by which a statement or a label counts as the same: its last stop does not count."""
    return fold(text).rstrip(".?! ").strip()


def guess_anchors(texts: Iterable[str], anchors: Sequence[AnchorWords]) -> dict[str, str]:
    """Return what values most likely mean; what is not known is left out."""
    values = list(texts)
    guesses = {text: code for text in values if (code := guess_value(text, anchors)) is not None}
    return guesses | anchors_by_order(values, anchors)


def anchors_by_order(texts: Iterable[str], anchors: Sequence[AnchorWords]) -> dict[str, str]:
    """Return anchors for codes that another tool counted out, the lowest for the first anchor; else nothing.

    >>> scale = [AnchorWords("0", "Never", True), AnchorWords("1", "Monthly"), AnchorWords("2", "Weekly")]
    >>> anchors_by_order(["A3", "A1", ""], scale)
    {'A3': '2', 'A1': '0'}
    >>> anchors_by_order(["1", "2", "3"], scale)
    {'1': '0', '2': '1', '3': '2'}
    >>> anchors_by_order(["1", "2"], scale), anchors_by_order(["A1", "A4"], scale)
    ({}, {})
    """
    values = [text for text in texts if guess_value(text, anchors) != NOT_ANSWERED]
    coded = {text: match for text in values if (match := _CODED.fullmatch(text))}
    letters = {match[1] for match in coded.values()}
    if len(letters) != 1 or len(coded) < len(values) or all(guess_value(text, anchors) for text in coded):
        return {}
    numbers = {text: int(match[2]) for text, match in coded.items()}
    first = 0 if 0 in numbers.values() else 1
    if max(numbers.values()) - first >= len(anchors):
        return {}
    if letters == {""} and set(numbers.values()) != set(range(first, first + len(anchors))):
        return {}  # numbers that are not all there may be the numbers of the anchors themselves
    return {text: anchors[number - first].code for text, number in numbers.items()}


def guess_value(text: str, anchors: Sequence[AnchorWords]) -> str | None:
    """Return the code of the anchor a value means, nothing for "not answered", or None where it is not known.

    >>> scale = [AnchorWords("0", "I do not perform this task", True), AnchorWords("4", "Very important")]
    >>> [guess_value(text, scale) for text in ("very important", "4 - Very important", "Never", "N/A", "maybe")]
    ['4', '4', '0', '', None]
    """
    key = plain_text(text)
    for anchor in anchors:
        if key in (plain_text(anchor.label), fold(anchor.code)):
            return anchor.code
    if match := _NUMBERED.fullmatch(key):
        number, label = (match[1], match[2]) if match[1] else (match[4], match[3])
        for anchor in anchors:
            if plain_text(label) == plain_text(anchor.label) and (number == anchor.code or not anchor.code.isdigit()):
                return anchor.code
    if key in _NOT_PERFORMED:
        performed = next((anchor.code for anchor in anchors if anchor.not_performed), None)
        return performed if performed is not None else NOT_ANSWERED
    return NOT_ANSWERED if key in MISSING or not key else None
