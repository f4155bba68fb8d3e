"""A cell's text as a whole number, or the mark of what is wrong with it."""

from __future__ import annotations

import re

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# Whole numbers beyond this are no rating, whatever the scale.
LARGEST = 10**6
BLANK, NO_NUMBER, NO_INTEGER = LARGEST + 1, LARGEST + 2, LARGEST + 3
VALUE_FAULTS = {BLANK: "blank", NO_NUMBER: "not_a_number", NO_INTEGER: "not_an_integer"}


def parse_value(text: str) -> int:
    """Return the whole number of a trimmed cell, or the mark of its fault; ``3.0`` is the whole number 3.

    A number too large for any scale becomes `LARGEST` (or its negative).

    Examples
    --------
    >>> parse_value("3.0"), parse_value("2.5") == NO_INTEGER, parse_value("３") == NO_NUMBER
    (3, True, True)
    """
    if not text:
        return BLANK
    if not NUMBER.fullmatch(text):
        return NO_NUMBER
    number = float(text)
    if abs(number) >= LARGEST:
        return LARGEST if number > 0 else -LARGEST
    return int(number) if number.is_integer() else NO_INTEGER
