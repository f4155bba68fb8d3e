"""Tables of results to pictures: where each mark stands on its axis. Computes no statistic.

A picture is drawn by ``templates/results/plots.html`` as SVG in the page itself, its places in percent of the
width: it needs no script, follows the colours of the page, prints, and stays legible on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EDGE = 2.0  # percent of the width kept free at each end, so that no mark is cut


@dataclass(frozen=True)
class Axis:
    """A scale from ``low`` to ``high`` with its ticks. ``percent``: the values are shares of one."""

    low: float
    high: float
    ticks: tuple[float, ...]
    percent: bool = False
    digits: int = 1

    def at(self, value: float) -> float:
        """Return the place of a value in percent of the width; one beyond an end stands at that end."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(EDGE + (100 - 2 * EDGE) * min(max(share, 0.0), 1.0), 2)


@dataclass(frozen=True)
class Mark:
    """One point of a row: ``kind`` is the number of its series, which has a shape of its own."""

    value: float
    kind: int = 0
    label: str = ""


@dataclass(frozen=True)
class Line:
    """One row of a picture: a name, points, and a bar from ``low`` to ``high`` where there is one."""

    name: str
    marks: tuple[Mark, ...] = ()
    low: float | None = None
    high: float | None = None
    note: str = ""
    strong: bool = True


@dataclass(frozen=True)
class Picture:
    """Rows on one axis; ``series`` names the kinds of marks, in their order."""

    title: str
    axis: Axis
    lines: tuple[Line, ...]
    series: tuple[str, ...] = ()
    rule: float | None = None
    about: str = field(default="")


def axis_for(
    values: Iterable[float | None], *, within: tuple[float, float] | None = None, percent: bool = False
) -> Axis:
    """Return an axis with round ticks that holds all values, or that runs over a fixed range.

    >>> axis_for([0.13, 0.41], percent=True).ticks
    (0.1, 0.2, 0.3, 0.4, 0.5)
    """
    known = [value for value in values if value is not None]
    low, high = within or (min(known, default=0.0), max(known, default=1.0))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    step = _step(high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = tuple(round(n * step, digits + 1) for n in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks, percent, max(digits - 2, 0) if percent else digits)


def _step(span: float) -> float:
    """Return 1, 2 or 5 times a power of ten: three to six steps over the span."""
    power = 10.0 ** math.floor(math.log10(span))
    return next(size * power for size in (0.2, 0.5, 1.0, 2.0, 5.0) if span / (size * power) <= 5.0001)


def shares_of(counts: Sequence[int]) -> list[float]:
    """Return each bar's length as percent of the longest, for bars beside their counts."""
    longest = max(counts, default=0)
    return [round(100 * n / longest, 2) if longest else 0.0 for n in counts]
