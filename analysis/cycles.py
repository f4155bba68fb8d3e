"""From one cycle to the next: how alike two lists are in the importance of their tasks and in their weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.agreement_counts import Floats
from analysis.errors import AnalysisError


@dataclass(frozen=True)
class ProfileCorrelation:
    """Pearson's correlation of two profiles with its interval; ``n`` tasks were used. NaN where it is undefined."""

    r: float
    low: float
    high: float
    n: int


def profile_correlation(former: Floats, present: Floats, *, confidence: float = 0.95) -> ProfileCorrelation:
    """Correlate the means of the same tasks in two lists.

    Parameters
    ----------
    former, present : array of float, one value a task
        Mean ratings; a task that has NaN in one of them is left out.
    confidence : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    ProfileCorrelation
        r is NaN for fewer than three tasks or a profile without spread; the interval is NaN for fewer than four
        tasks. The interval takes the tasks as a sample: tanh(atanh r ∓ z / sqrt(n - 3)) [1]_.

    Raises
    ------
    AnalysisError
        If the profiles are not of one length, or the confidence is impossible.

    References
    ----------
    .. [1] Fisher, R. A. (1921). On the "probable error" of a coefficient of correlation deduced from a small sample.
       Metron, 1, 3-32.

    Examples
    --------
    >>> found = profile_correlation(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 4, 3, 5]))
    >>> round(found.r, 3), round(found.low, 3), round(found.high, 3), found.n
    (0.8, -0.28, 0.986, 5)
    """
    if former.shape != present.shape or former.ndim != 1:
        raise AnalysisError("Two profiles need one value for each task on either side.")
    if not 0 < confidence < 1:
        raise AnalysisError("The confidence lies between 0 and 1.")
    both = ~(np.isnan(former) | np.isnan(present))
    x, y = former[both], present[both]
    n = int(both.sum())
    if n < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return ProfileCorrelation(np.nan, np.nan, np.nan, n)
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    low, high = _fisher_interval(r, n, confidence)
    return ProfileCorrelation(r, low, high, n)


def _fisher_interval(r: float, n: int, confidence: float) -> tuple[float, float]:
    if n < 4:
        return np.nan, np.nan
    if abs(r) == 1:
        return r, r
    half = float(stats.norm.ppf((1 + confidence) / 2)) / np.sqrt(n - 3)
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def weight_overlap(former: Mapping[str, float], present: Mapping[str, float]) -> float:
    """Return the share of the exam that two sets of domain weights give to the same domains: 1 - sum |a - b| / 2.

    A domain that only one of them names has the weight 0 in the other; each set is divided by its sum first.

    Raises
    ------
    AnalysisError
        If a weight is negative, or a set sums to nothing.

    References
    ----------
    .. [1] Schoener, T. W. (1968). The Anolis lizards of Bimini. Ecology, 49, 704-726: the index of overlap.

    Examples
    --------
    >>> round(weight_overlap({"1": 40, "2": 30, "3": 30}, {"1": 45, "2": 30, "3": 25}), 3)
    0.95
    """
    for weights in (former, present):
        if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
            raise AnalysisError("Weights are zero or more, and some are more.")
    one, other = sum(former.values()), sum(present.values())
    codes = {**former, **present}
    apart = sum(abs(former.get(code, 0) / one - present.get(code, 0) / other) for code in codes)
    return float(1 - apart / 2)
