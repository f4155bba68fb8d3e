"""The files that are made of a two-way blueprint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jta.services.two_way import TwoWay, TwoWayRow

if TYPE_CHECKING:
    from jta.exports.two_way_file import GapLine, LimitLine

ALL = "all levels"


def limits_file(table: TwoWay) -> bytes:
    """Return the limits of one form as CSV: the whole form, its rows, their cells, and the pretest items."""
    from jta.exports.two_way_file import write_limits

    return write_limits(list(limit_lines(table)))


def limit_lines(table: TwoWay) -> Iterator[LimitLine]:
    """Yield the limits of a form from the whole to its cells."""
    from jta.exports.two_way_file import LimitLine

    yield LimitLine("form", "", "Whole form", ALL, "scored", table.items, table.items, table.items)
    if table.pretest:
        yield LimitLine("form", "", "Whole form", ALL, "pretest", table.pretest, table.pretest, table.pretest)
    for row in table.rows:
        yield LimitLine(row.level, row.code, row.title, ALL, "scored", row.items, row.fewest, row.most)
        if table.pretest:
            yield LimitLine(row.level, row.code, row.title, ALL, "pretest", row.pretest, row.pretest, row.pretest)
        for level, cell in zip(table.levels, row.cells, strict=True):
            part = f"cell of {row.level}"
            yield LimitLine(part, row.code, row.title, level.label, "scored", cell.items, cell.fewest, cell.most)


def gap_file(table: TwoWay) -> bytes:
    """Return the gap of the item bank as CSV."""
    from jta.exports.two_way_file import write_gap

    return write_gap([line for row in table.rows for line in gap_lines(table, row)])


def gap_lines(table: TwoWay, row: TwoWayRow) -> Iterator[GapLine]:
    """Yield the gap of a row and of its cells."""
    from jta.exports.two_way_file import GapLine

    yield GapLine(
        row.level, row.code, row.title, ALL, row.items, table.forms, row.needed, row.available, row.gap
    )  # fmt: skip
    for level, cell in zip(table.levels, row.cells, strict=True):
        yield GapLine(
            f"cell of {row.level}", row.code, row.title, level.label, cell.items, table.forms, cell.needed,
            cell.available, cell.gap,
        )  # fmt: skip
