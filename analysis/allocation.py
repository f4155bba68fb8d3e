"""Whole items from weights: largest remainder, with minima, maxima and ties brought to light."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from analysis.errors import AllocationError, shown

Number = float | int | Fraction
# Two quotas are told apart by nine decimals; a quota this close below a whole number is that number.
DECIMALS = 9


@dataclass(frozen=True)
class Tie:
    """Units whose remainders are equal where only some of them get one more item.

    Parameters
    ----------
    units : tuple of int
        Positions of the tied units.
    winners : tuple of int
        Those that got an item: the earlier ones.
    remainder : float
        The common remainder, 0 to 1.
    exact : bool
        Whether the remainders are equal as fractions, not just to nine decimals.
    """

    units: tuple[int, ...]
    winners: tuple[int, ...]
    remainder: float
    exact: bool


@dataclass(frozen=True)
class Allocation:
    """Items of each unit.

    Parameters
    ----------
    items : tuple of int
        They sum to the total.
    quotas : tuple of float
        Weight share times total, unrounded and before any minimum or maximum.
    notes : tuple of str or None
        Why a unit's number is not plain largest remainder: it stands at its "minimum" or "maximum", or
        shares the "rest" that such units left; ``None`` throughout where no bound mattered.
    ties : tuple of Tie
    """

    items: tuple[int, ...]
    quotas: tuple[float, ...]
    notes: tuple[str | None, ...]
    ties: tuple[Tie, ...]


def largest_remainder(weights: Sequence[Number], total: int) -> Allocation:
    """Apportion items by largest remainder (Hamilton's method, Hare quota) [1]_.

    Each unit gets the whole part of its quota; the items left go to the largest remainders. Remainders
    equal to nine decimals are a tie, won by the earlier unit and reported.

    Parameters
    ----------
    weights : sequence of float, int or Fraction
        Not negative, of any common scale. Fractions and whole numbers are exact.
    total : int
        Number of items, 0 or more.

    Raises
    ------
    AllocationError
        If the total is negative, or a weight is negative, not finite, or all are 0.

    References
    ----------
    .. [1] Balinski, M. L., & Young, H. P. (2001). Fair Representation (2nd ed.). Brookings.

    Examples
    --------
    >>> largest_remainder([630560, 475327, 85533], 10).items
    (5, 4, 1)
    >>> largest_remainder([1, 1], 1).ties
    (Tie(units=(0, 1), winners=(0,), remainder=0.5, exact=True),)
    """
    shares = _exact_shares(weights, total)
    quotas = [share * total for share in shares]
    floors = [_whole_part(quota) for quota in quotas]
    remainders = [round(float(quota - floor), DECIMALS) for quota, floor in zip(quotas, floors, strict=True)]
    left = total - sum(floors)
    ranked = sorted(range(len(quotas)), key=lambda unit: (-remainders[unit], unit))
    items = [floor + (unit in set(ranked[:left])) for unit, floor in enumerate(floors)]
    ties = _find_ties(ranked, left, remainders, quotas)
    return Allocation(tuple(items), tuple(float(q) for q in quotas), (None,) * len(items), ties)


def _exact_shares(weights: Sequence[Number], total: int) -> list[Fraction]:
    if total < 0:
        raise AllocationError(f"The number of items is {total}; it must be 0 or more.")
    if unusable := [w for w in weights if not math.isfinite(w) or w < 0]:
        raise AllocationError(f"A weight must be a number of 0 or more, not {shown(unusable)}.")
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact, Fraction(0))
    if not whole:
        raise AllocationError("No unit has a weight above 0, so there is nothing to allocate items by.")
    return [weight / whole for weight in exact]


def _whole_part(quota: Fraction) -> int:
    return math.floor(quota + Fraction(1, 10**DECIMALS))


def _find_ties(ranked: list[int], left: int, remainders: list[float], quotas: list[Fraction]) -> tuple[Tie, ...]:
    """Return the tie at the last item given, if units with and without it share its remainder."""
    if not 0 < left < len(ranked) or remainders[ranked[left - 1]] != remainders[ranked[left]]:
        return ()
    common = remainders[ranked[left]]
    units = tuple(unit for unit in ranked if remainders[unit] == common)
    winners = tuple(unit for unit in ranked[:left] if remainders[unit] == common)
    exact = len({quotas[unit] - math.floor(quotas[unit]) for unit in units}) == 1
    return (Tie(units, winners, common, exact),)


def allocate_items(
    weights: Sequence[Number],
    total: int,
    *,
    minimum: Sequence[int] | None = None,
    maximum: Sequence[int | None] | None = None,
) -> Allocation:
    """Apportion items by largest remainder within a minimum and maximum for each unit.

    Items are allocated by `largest_remainder`; units below their minimum (above their maximum) are fixed
    there and the rest of the items is allocated again among the others, until no unit is out of bounds.
    Where both happen, the side that is off by more items is fixed first; should that lead nowhere, items
    are given one by one from the minima on by Sainte-Laguë's divisors. A unit without weight gets its
    minimum.

    Parameters
    ----------
    weights : sequence of float, int or Fraction
    total : int
    minimum, maximum : sequence of int, optional
        One for each unit; ``None`` is no maximum.

    Raises
    ------
    AllocationError
        If the minima sum to more than the total, the maxima to less, or a minimum lies above its
        maximum.

    Examples
    --------
    >>> allocate_items([0.9, 0.08, 0.02], 50, minimum=[5, 5, 5]).items
    (40, 5, 5)
    """
    plain = largest_remainder(weights, total)
    low = list(minimum or [0] * len(weights))
    high = [total if bound is None else min(bound, total) for bound in maximum or [None] * len(weights)]
    _check_bounds(low, high, total)
    if not _out_of_bounds(plain.items, {}, low, high):
        return plain
    bounded = _fix_in_turn(weights, plain, low, high) or Allocation(_by_divisor(weights, total, low, high), (), (), ())
    notes = tuple(_note(n, least, most) for n, least, most in zip(bounded.items, low, high, strict=True))
    return replace(bounded, quotas=plain.quotas, notes=notes)


def _fix_in_turn(weights: Sequence[Number], plain: Allocation, low: list[int], high: list[int]) -> Allocation | None:
    """Fix units at their bounds until none is out; ``None`` if minima and maxima together bar the way."""
    total = sum(plain.items)
    fixed: dict[int, int] = {}
    current = plain
    while out := _out_of_bounds(current.items, fixed, low, high):
        fixed.update(out)
        free = [unit for unit in range(len(weights)) if unit not in fixed]
        rest = total - sum(fixed.values())
        if rest < 0 or (rest and not any(weights[unit] for unit in free)):
            return None
        current = _allocate_rest(weights, rest, fixed, free)
    return current


def _check_bounds(low: list[int], high: list[int], total: int) -> None:
    crossed = [unit for unit, (least, most) in enumerate(zip(low, high, strict=True)) if least > most]
    if sum(low) > total:
        raise AllocationError(f"The minima sum to {sum(low)} items, more than the {total} there are.")
    if sum(high) < total:
        raise AllocationError(f"The maxima sum to {sum(high)} items, fewer than the {total} there are.")
    if crossed:
        raise AllocationError(f"The minimum of unit number {crossed[0] + 1} lies above its maximum.")


def _out_of_bounds(items: Sequence[int], fixed: dict[int, int], low: list[int], high: list[int]) -> dict[int, int]:
    """Return the units to fix next and the bound each is fixed at."""
    below = {u: low[u] for u, n in enumerate(items) if u not in fixed and n < low[u]}
    above = {u: high[u] for u, n in enumerate(items) if u not in fixed and n > high[u]}
    missing = sum(low[u] - items[u] for u in below)
    surplus = sum(items[u] - high[u] for u in above)
    return below if missing >= surplus and below else above


def _allocate_rest(weights: Sequence[Number], rest: int, fixed: dict[int, int], free: list[int]) -> Allocation:
    """Allocate what the fixed units leave among the others; positions are those of all units."""
    items = [fixed.get(unit, 0) for unit in range(len(weights))]
    if not rest:
        return Allocation(tuple(items), (), (), ())
    part = largest_remainder([weights[unit] for unit in free], rest)
    for unit, number in zip(free, part.items, strict=True):
        items[unit] = number
    ties = tuple(
        replace(tie, units=tuple(free[u] for u in tie.units), winners=tuple(free[u] for u in tie.winners))
        for tie in part.ties
    )
    return Allocation(tuple(items), (), (), ties)


def _by_divisor(weights: Sequence[Number], total: int, low: list[int], high: list[int]) -> tuple[int, ...]:
    """Give item after item from the minima on by Sainte-Laguë's divisors (1, 3, 5, ...).

    Unlike largest remainder this meets any bounds that can be met at all.
    """
    items = list(low)
    queue = [(-Fraction(w) / (2 * low[u] + 1), u) for u, w in enumerate(weights) if low[u] < high[u]]
    heapq.heapify(queue)
    for _ in range(total - sum(low)):
        _, unit = heapq.heappop(queue)
        items[unit] += 1
        if items[unit] < high[unit]:
            heapq.heappush(queue, (-Fraction(weights[unit]) / (2 * items[unit] + 1), unit))
    return tuple(items)


def _note(items: int, least: int, most: int) -> str:
    if items == least and least > 0:
        return "minimum"
    return "maximum" if items == most else "rest"
