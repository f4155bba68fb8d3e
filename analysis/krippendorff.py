"""Krippendorff's alpha with tasks as units and respondents as coders, from counts alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.agreement_counts import Floats, Ints

Metric = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True)
class KrippendorffAlpha:
    """Alpha with the numbers of units and of ratings that could be paired; NaN if undefined."""

    alpha: float
    n_units: int
    n_pairable: int


def _nominal(values: Floats, _totals: Floats) -> Floats:
    return 1.0 - np.eye(len(values))


def _interval(values: Floats, _totals: Floats) -> Floats:
    return np.square(np.subtract.outer(values, values))


def _ordinal(values: Floats, totals: Floats) -> Floats:
    """(sum of n_g from c to k, less half of both ends) squared."""
    reached = np.cumsum(totals) - totals / 2
    size = len(values)
    distance: Floats = np.square(np.subtract.outer(reached, reached)).reshape(size, size)
    return distance


_DISTANCES: dict[Metric, Callable[[Floats, Floats], Floats]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}


def coincidences(counts: Ints) -> Floats:
    """Coincidence matrix of the values over all units.

    Parameters
    ----------
    counts : int array, (U, K)
        Ratings of each unit on each point; units with fewer than 2 ratings are left out.

    Returns
    -------
    float array, (K, K)
        o_ck = sum_u n_uc (n_uk - [c = k]) / (m_u - 1).
    """
    used = counts[counts.sum(axis=1) > 1].astype(float)
    share = used / (used.sum(axis=1, keepdims=True) - 1)
    pairs: Floats = used.T @ share - np.diag(share.sum(axis=0))
    return pairs


def krippendorff_alpha(counts: Ints, values: Floats, metric: Metric) -> KrippendorffAlpha:
    """Krippendorff's alpha: 1 - observed / expected disagreement.

    Parameters
    ----------
    counts : int array, (U, K)
        Ratings of each task on each scale point, points ascending.
    values : float array, (K,)
        The number of each point (used by the interval metric).
    metric : {"nominal", "ordinal", "interval"}
        How far apart two values are.

    Returns
    -------
    KrippendorffAlpha
        alpha = 1 - sum(o d) / sum(e d) with e_ck = n_c (n_k - [c = k]) / (n - 1); NaN when all
        pairable ratings are equal or no task has two.

    References
    ----------
    Krippendorff 2011, Computing Krippendorff's alpha-reliability; Hayes & Krippendorff 2007,
    Communication Methods and Measures 1, 77-89.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.array([[4, 0], [0, 4]])
    >>> krippendorff_alpha(counts, np.array([1.0, 2.0]), "nominal").alpha
    1.0
    """
    observed = coincidences(counts)
    paired = counts[counts.sum(axis=1) > 1]
    totals = paired.sum(axis=0).astype(float)
    n_units, n = len(paired), int(paired.sum())
    if n_units == 0 or np.count_nonzero(totals) < 2:
        return KrippendorffAlpha(float("nan"), n_units, n)
    expected = (np.outer(totals, totals) - np.diag(totals)) / (n - 1)
    distance = _DISTANCES[metric](values, totals)
    alpha = 1 - float((observed * distance).sum() / (expected * distance).sum())
    return KrippendorffAlpha(alpha, n_units, n)
