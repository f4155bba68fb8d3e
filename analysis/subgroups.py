"""Do subgroups of respondents see the job alike? Means, profiles, agreement on a cut.

Groups are compared on counts of ratings, ``counts`` of shape (L, T, K): L levels of one background
question, T tasks, K scale points in ascending order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.agreement_counts import Floats, Ints, moments


def group_counts(codes: npt.NDArray[np.uint8], points: Ints, level_of: Ints, n_levels: int) -> Ints:
    """Count the ratings of each task on each point within each level.

    Parameters
    ----------
    codes : uint8 array, (R, T)
        Anchor codes, 0 = unanswered.
    points : int array, (K,)
        The anchor codes to count, in the order wanted.
    level_of : int array, (R,)
        Level of each respondent, 0 .. L - 1; -1 = missing (left out).
    n_levels : int
        L.

    Returns
    -------
    int array, (L, T, K)
    """
    out = np.zeros((n_levels, codes.shape[1], len(points)), dtype=np.int64)
    for level in range(n_levels):
        rows = codes[level_of == level]
        for k, point in enumerate(points):
            out[level, :, k] = (rows == point).sum(axis=0)
    return out


def pairs(n_levels: int) -> Iterator[tuple[int, int]]:
    """Every pair of levels, the first before the second."""
    return combinations(range(n_levels), 2)


@dataclass(frozen=True)
class CutAgreement:
    """Tasks that two groups put on the same side of a cut; ``index`` is NaN without tasks."""

    n_tasks: int
    both_above: int
    both_below: int
    index: float


def cut_agreement(a: Floats, b: Floats, cut: float) -> CutAgreement:
    """Index of agreement of two groups' task means.

    Parameters
    ----------
    a, b : float array, (T,)
        Means of the two groups; tasks where one is NaN are left out.
    cut : float
        "Above" means mean >= cut.

    Returns
    -------
    CutAgreement
        index = (both above + both below) / tasks.

    Examples
    --------
    >>> import numpy as np
    >>> cut_agreement(np.array([3.0, 2.0, 4.0]), np.array([3.5, 3.0, np.nan]), 3.0).index
    0.5
    """
    both = ~np.isnan(a) & ~np.isnan(b)
    above_a, above_b = a[both] >= cut, b[both] >= cut
    n, above, below = int(both.sum()), int((above_a & above_b).sum()), int((~above_a & ~above_b).sum())
    return CutAgreement(n, above, below, (above + below) / n if n else float("nan"))


@dataclass(frozen=True)
class ProfileAgreement:
    """How alike two profiles of task means are; NaN where undefined."""

    n_tasks: int
    pearson: float
    spearman: float
    mean_abs_diff: float


def profile_agreement(a: Floats, b: Floats) -> ProfileAgreement:
    """Correlations over tasks of two groups' means and their mean absolute difference.

    Parameters
    ----------
    a, b : float array, (T,)
        Means of the two groups; tasks where one is NaN are left out.

    Returns
    -------
    ProfileAgreement
        Spearman with average ranks. Correlations are NaN with fewer than 2 tasks or when a
        profile is flat.
    """
    both = ~np.isnan(a) & ~np.isnan(b)
    x, y = a[both], b[both]
    if not both.any():
        return ProfileAgreement(0, *[float("nan")] * 3)
    return ProfileAgreement(
        n_tasks=len(x),
        pearson=correlation(x, y),
        spearman=correlation(stats.rankdata(_settled(x)), stats.rankdata(_settled(y))),
        mean_abs_diff=float(np.abs(x - y).mean()),
    )


def _settled(means: Floats) -> Floats:
    """Means rounded at the 12th digit, so that equal fractions tie whatever their last bit."""
    return np.round(means, 12)


def correlation(x: Floats, y: Floats) -> float:
    """Pearson correlation; NaN with fewer than 2 pairs or without spread.

    Parameters
    ----------
    x, y : float array, (n,)
        Without missing values.

    Returns
    -------
    float
        From -1 to 1.
    """
    if len(x) < 2 or np.ptp(x) < 1e-12 or np.ptp(y) < 1e-12:
        return float("nan")
    dx, dy = x - x.mean(), y - y.mean()
    return float(np.clip((dx @ dy) / np.sqrt((dx @ dx) * (dy @ dy)), -1, 1))


def group_means(counts: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Number of ratings and mean of each task in each level.

    Parameters
    ----------
    counts : int array, (L, T, K)
    values : float array, (K,)

    Returns
    -------
    (int array (L, T), float array (L, T))
        Mean NaN where nobody in the level rated the task.
    """
    m = moments(counts, values)
    return m.n, m.mean
