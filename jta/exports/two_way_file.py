"""The two-way blueprint as CSV: limits for a program that assembles forms, and the gap of the item bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jta.exports.csv_text import write_csv

LIMIT_TITLES = ("Part", "Code", "Content", "Cognitive level", "Kind of items", "Items", "Fewest", "Most")
GAP_TITLES = (
    "Part", "Code", "Content", "Cognitive level", "Items of a form", "Forms wanted", "Needed", "Available", "Missing",
)  # fmt: skip


@dataclass(frozen=True)
class LimitLine:
    """How many items one form takes: exactly ``items`` as planned, never fewer or more than the limits."""

    part: str
    code: str
    content: str
    level: str
    kind: str
    items: int
    fewest: int
    most: int


@dataclass(frozen=True)
class GapLine:
    """Items wanted in the bank and items in it; ``None`` where no count says it."""

    part: str
    code: str
    content: str
    level: str
    items: int
    forms: float
    needed: int
    available: int | None
    missing: int | None


def write_limits(lines: Sequence[LimitLine]) -> bytes:
    """Return the limits of a form as CSV."""
    rows = ((x.part, x.code, x.content, x.level, x.kind, x.items, x.fewest, x.most) for x in lines)
    return write_csv(LIMIT_TITLES, rows)


def write_gap(lines: Sequence[GapLine]) -> bytes:
    """Return the gap of the item bank as CSV."""
    rows = ((x.part, x.code, x.content, x.level, x.items, x.forms, x.needed, x.available, x.missing) for x in lines)
    return write_csv(GAP_TITLES, rows)
