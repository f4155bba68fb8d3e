"""Sums by number of ratings: all that models without a respondent x domain effect need of the respondents.

Without that effect V_r = I + l_r 1 1' of a respondent depends only on how many tasks he rated. So the
respondents who rated equally many are added up once, and the criterion costs the same for any number of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.agreement_counts import Flags, Floats, Ints

CHUNK = 16_384  # respondents turned into floats at a time
MOST_BYTES = 128 << 20


@dataclass(frozen=True)
class GroupedSums:
    """Sums over the respondents who rated n tasks, for each n that occurs (K of them).

    ``n`` and ``people`` (K,): ratings of each and their number; ``pairs`` (K, T, T) counts who rated both
    tasks; ``totals_of`` (K, T) adds the totals of those who rated a task; ``totals_squared`` (K,).
    """

    n: Floats
    people: Floats
    pairs: Floats
    totals_of: Floats
    totals_squared: Floats


def grouped_sums(seen: Flags, totals: Floats) -> GroupedSums | None:
    """Add up the respondents with equally many ratings, or return ``None`` where that takes too much memory.

    Parameters
    ----------
    seen : bool array, (R, T)
        Whether a rating exists.
    totals : float array, (R,)
        Sum of each respondent's ratings.
    """
    T = seen.shape[1]
    given = np.count_nonzero(seen, axis=1)
    sizes = np.unique(given)
    if len(sizes) * T * T * 8 > MOST_BYTES:
        return None
    pairs, totals_of, squared = np.zeros((len(sizes), T, T)), np.zeros((len(sizes), T)), np.zeros(len(sizes))
    for k, rows in _rows_by(given, sizes):
        part = seen[rows].astype(np.float32)  # sums of ones: exact
        pairs[k] += part.T @ part
        totals_of[k] += totals[rows] @ part.astype(np.float64)
        squared[k] += float(totals[rows] @ totals[rows])
    people = np.bincount(np.searchsorted(sizes, given), minlength=len(sizes)).astype(np.float64)
    return GroupedSums(sizes.astype(np.float64), people, pairs, totals_of, squared)


def _rows_by(given: Ints, sizes: Ints) -> Iterator[tuple[int, Ints]]:
    """Each size's place with its respondents, some thousand at a time."""
    order = np.argsort(given, kind="stable")
    stops = np.searchsorted(given[order], sizes, side="right")
    start = 0
    for k, stop in enumerate(stops.tolist()):
        for first in range(start, stop, CHUNK):
            yield k, order[first : min(first + CHUNK, stop)]
        start = stop


@dataclass(frozen=True)
class GroupedParts:
    """What a variance ratio l_r leaves of the sums: as `analysis.generalizability_reml.Reduced`."""

    A: Floats
    b: Floats
    yy: float
    log_det: float


def reduce_groups(
    groups: GroupedSums, ratio: float, task_counts: Floats, task_totals: Floats, squares: float
) -> GroupedParts:
    """Project out the respondents' effects: V_r^-1 = I - c 1 1' with c = l_r / (1 + l_r n)."""
    h = 1 / (1 + ratio * groups.n)
    c = ratio * h
    return GroupedParts(
        A=np.diag(task_counts) - np.tensordot(c, groups.pairs, 1),
        b=task_totals - c @ groups.totals_of,
        yy=squares - float(c @ groups.totals_squared),
        log_det=-float(groups.people @ np.log(h)),
    )


def respondent_parts(groups: GroupedSums, ratio: float, C: Floats, u: Floats) -> tuple[float, float]:
    """tr(P Z Z') and y'P Z Z'P y over respondents, see `analysis.generalizability_reml`."""
    h = 1 / (1 + ratio * groups.n)
    weighted = np.tensordot(h**2, groups.pairs, 1)
    trace = float(groups.people @ (groups.n * h)) - float(np.vdot(weighted, C))
    quadratic = float(h**2 @ groups.totals_squared) - 2 * float((h**2 @ groups.totals_of) @ u) + float(u @ weighted @ u)
    return trace, quadratic
