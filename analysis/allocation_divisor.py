"""Whole items by the other rule, Sainte-Laguë's divisors, and for many sets of weights at once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from analysis.allocation import DECIMALS, Allocation, Number, Tie, allocate_items, largest_remainder
from analysis.tasks import Floats

Ints = npt.NDArray[np.int64]


def apportion(
    rule: str,
    weights: Sequence[Number],
    total: int,
    *,
    minimum: Sequence[int] | None = None,
    maximum: Sequence[int | None] | None = None,
) -> Allocation:
    """Apportion items by a plan's rule within minima and maxima.

    Parameters
    ----------
    rule : {"largest_remainder", "sainte_lague"}
    weights, total, minimum, maximum
        As for `analysis.allocation.allocate_items`.

    Raises
    ------
    AllocationError
        If the bounds cannot be met, or the weights are no weights.
    """
    if rule == "largest_remainder":
        return allocate_items(weights, total, minimum=minimum, maximum=maximum)
    return sainte_lague(weights, total, minimum=minimum, maximum=maximum)


def sainte_lague(
    weights: Sequence[Number],
    total: int,
    *,
    minimum: Sequence[int] | None = None,
    maximum: Sequence[int | None] | None = None,
) -> Allocation:
    """Apportion items one by one to the largest w / (2 n + 1), n the items a unit has [1]_.

    Minima are given first. Equal quotients go to the earlier unit; a tie at the last item is told.

    Raises
    ------
    AllocationError
        If the bounds cannot be met, or the weights are no weights.

    References
    ----------
    .. [1] Balinski, M. L., & Young, H. P. (2001). Fair Representation (2nd ed.). Brookings.

    Examples
    --------
    >>> sainte_lague([53, 24, 23], 7).items
    (3, 2, 2)
    """
    bounded = allocate_items(weights, total, minimum=minimum, maximum=maximum)  # checks weights and bounds
    low = list(minimum or [0] * len(weights))
    high = [total if bound is None else min(bound, total) for bound in maximum or [None] * len(weights)]
    exact, items = [Fraction(w) for w in weights], list(low)
    last: Fraction | None = None
    winner = 0
    for _ in range(total - sum(low)):
        open_units = [u for u in range(len(items)) if items[u] < high[u]]
        winner = max(open_units, key=lambda u: (exact[u] / (2 * items[u] + 1), -u))
        last = exact[winner] / (2 * items[winner] + 1)
        items[winner] += 1
    ties = _last_tie(exact, items, high, (winner, last))
    notes = tuple(_note(n, a, b, total) for n, a, b in zip(items, low, high, strict=True))
    return Allocation(tuple(items), bounded.quotas, notes, ties)


def _last_tie(
    exact: list[Fraction], items: list[int], high: list[int], end: tuple[int, Fraction | None]
) -> tuple[Tie, ...]:
    winner, last = end
    equal = [u for u in range(len(items)) if items[u] < high[u] and exact[u] / (2 * items[u] + 1) == last]
    if last is None or not last or not equal:
        return ()
    return (Tie(tuple(sorted({winner, *equal})), (winner,), float(last), exact=True),)


def _note(items: int, least: int, most: int, total: int) -> str | None:
    if items == least and least > 0:
        return "minimum"
    return "maximum" if items == most < total else None


def allocate_many(rule: str, weights: Floats, total: int) -> Ints:
    """Apportion items for many sets of weights, without bounds.

    Parameters
    ----------
    rule : {"largest_remainder", "sainte_lague"}
    weights : ndarray of shape (B, U)
        Each row sums to 1.
    total : int

    Returns
    -------
    ndarray of shape (B, U)
        Rows sum to the total. Equal remainders (nine decimals) or quotients: the earlier unit.

    Examples
    --------
    >>> allocate_many("largest_remainder", np.array([[0.53, 0.24, 0.23]]), 7).tolist()
    [[4, 2, 1]]
    """
    if rule == "sainte_lague":
        items = np.zeros(weights.shape, dtype=np.int64)
        rows = np.arange(len(weights))
        for _ in range(total):
            items[rows, np.argmax(weights / (2 * items + 1), axis=1)] += 1
        return items
    quotas = weights * total
    items = np.floor(quotas + 10.0**-DECIMALS).astype(np.int64)
    order = np.argsort(-np.round(quotas - items, DECIMALS), axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    whole: Ints = items + (rank < (total - items.sum(axis=1))[:, None])
    return whole


def controlled_rounding(rows: Sequence[int], shares: Sequence[float]) -> tuple[Floats, Ints]:
    """Split each domain's items over cognitive levels so that rows and columns both add up.

    Every cell is its quota (items times share) rounded down or up, every column total the column's quota
    by largest remainder; of the tables that do so, one nearest to the quotas.

    Parameters
    ----------
    rows : sequence of int
        Items of the D domains.
    shares : sequence of float
        Of the L levels, any common scale.

    Returns
    -------
    quotas, items : ndarray of shape (D, L)

    References
    ----------
    Bacharach 1966, Management Science 12, 732-742: such a table always exists.

    Examples
    --------
    >>> controlled_rounding([5, 5], [1, 1])[1].sum(axis=0).tolist()
    [5, 5]
    """
    from scipy.optimize import linprog

    part = np.asarray(shares, dtype=float) / sum(shares)
    quotas: Floats = np.outer(np.asarray(rows, dtype=float), part)
    low = np.floor(quotas + 10.0**-DECIMALS)
    fraction = np.round(np.maximum(quotas - low, 0.0), DECIMALS)
    columns = np.array(largest_remainder(list(shares), int(sum(rows))).items)
    D, L = quotas.shape
    sums = np.vstack([np.kron(np.eye(D), np.ones(L)), np.kron(np.ones(D), np.eye(L))])
    wanted = np.concatenate([np.asarray(rows) - low.sum(axis=1), columns - low.sum(axis=0)])
    upper = (fraction > 0).astype(float).ravel()
    found = linprog(-fraction.ravel(), A_eq=sums, b_eq=wanted, bounds=np.column_stack([upper * 0, upper]))
    if found.x is None:
        raise ArithmeticError(f"No table of whole items meets the margins: {found.message}")
    items: Ints = (low + np.round(found.x).reshape(D, L)).astype(np.int64)
    return quotas, items
