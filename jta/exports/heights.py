"""How tall a row must be for its wrapped text, so that nothing is cut in any program or on paper.

Programs fit rows by themselves only now and then; a height that is written is always kept.
"""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache

POINTS_PER_LINE = 12.9
PADDING = 3.5
TALLEST = 409.0
PIXELS_PER_CHARACTER = 7
# A little is left free: fonts differ a little between programs, and lines break at words.
FILL = 0.95

# Widths in thousandths of the font size, of Arial and its equals.
_NARROW = dict.fromkeys("ijl'|", 222) | dict.fromkeys(" !.,:;/\\[]ft()-I", 300) | dict.fromkeys('r"*', 350)
_MIDDLE = dict.fromkeys("ckszvxyJ", 500)
_WIDE = dict.fromkeys("mM", 833) | dict.fromkeys("W@%—…", 1000) | dict.fromkeys("w+=<>~×", 722)
_WIDTHS = _NARROW | _MIDDLE | _WIDE
_CAPITAL, _SMALL, _EAST_ASIAN = 690, 556, 1000


def row_height(cells: list[tuple[str, float, bool]], size: float = 10) -> float:
    """Return the height in points for cells given as text, column width in characters, and bold."""
    lines = max((count_lines(text, width, bold=bold, size=size) for text, width, bold in cells), default=1)
    return min(TALLEST, round(lines * POINTS_PER_LINE * size / 10 + PADDING, 1))


def upright_height(titles: list[tuple[str, float]]) -> float:
    """Return the height in points for titles that stand on end in columns of the given widths."""
    height = 60.0
    while height < TALLEST and any(_overfull(text, width, height) for text, width in titles):
        height += 5.0
    return height + 12


def _overfull(text: str, width: float, height: float) -> bool:
    characters = height / 0.75 / PIXELS_PER_CHARACTER
    lines = int(width * PIXELS_PER_CHARACTER * 0.75 / POINTS_PER_LINE)
    longest = max(text.split(), key=len, default="")
    return count_lines(text, characters, bold=True) > lines or count_lines(longest, characters, bold=True) > 1


def count_lines(text: str, width: float, *, bold: bool = False, size: float = 10) -> int:
    """Return how many lines a wrapped text takes in a column of that width."""
    room = width * PIXELS_PER_CHARACTER * FILL
    scale = size * 96 / 72 / 1000 * (1.08 if bold else 1.0)
    return sum(_paragraph_lines(part, room, scale) for part in text[:8_000].split("\n"))


def _paragraph_lines(text: str, room: float, scale: float) -> int:
    """Break a paragraph at blanks, words longer than a line anywhere."""
    lines, used, blank = 1, 0.0, _width(" ") * scale
    for word in text.split(" "):
        wide = sum(_width(character) for character in word) * scale
        if used and used + blank + wide > room:
            lines, used = lines + 1, 0.0
        if wide > room:
            lines += math.ceil(wide / room) - 1
            wide %= room
        used += (blank if used else 0) + wide
    return lines


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    if character in _WIDTHS:
        return _WIDTHS[character]
    if unicodedata.east_asian_width(character) in "WF":
        return _EAST_ASIAN
    return _CAPITAL if character.isupper() else _SMALL
