"""Within-group agreement: do the respondents give a task the same rating?

The r_wg family compares the variance s2 of a task's ratings with the variance that purely random
answers would have; AD is the mean absolute deviation in scale points. All of it follows from the
counts of ratings per scale point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.agreement_counts import Floats, Ints, divide, mean_absolute_deviation, median, moments


def random_variance(values: Floats) -> float:
    """Variance of an answer that falls on every scale point equally often.

    Parameters
    ----------
    values : float array, (K,)
        The number of each scale point.

    Returns
    -------
    float
        sigma2_EU, in squared scale points: (A^2 - 1) / 12 for A points one apart. NaN for fewer
        than 2 points.

    References
    ----------
    James, Demaree & Wolf 1984, Journal of Applied Psychology 69, 85-98.

    Examples
    --------
    >>> random_variance(np.arange(1.0, 6.0))
    2.0
    """
    points = np.unique(values)
    return float(points.var()) if len(points) > 1 else float("nan")


def maximum_variance(low: float, high: float) -> float:
    """Variance when half of the respondents choose each end of the scale.

    Parameters
    ----------
    low, high : float
        The ends L and H of the scale.

    Returns
    -------
    float
        s2_max = (H^2 + L^2) / 2 - ((H + L) / 2)^2; 4 on a 1-5 scale. NaN when L = H.

    References
    ----------
    Lindell, Brandt & Whitney 1999, Applied Psychological Measurement 23, 127-135.
    """
    variance = (high**2 + low**2) / 2 - ((high + low) / 2) ** 2
    return variance if variance > 0 else float("nan")


def rwg(variance: Floats, expected_variance: float) -> Floats:
    """Agreement on one task: r_wg = 1 - s2 / sigma2_E.

    Parameters
    ----------
    variance : float array
        s2 of each task, divisor n - 1.
    expected_variance : float
        Variance of random answers, see `random_variance` and `maximum_variance` (then the
        result is r'_wg).

    Returns
    -------
    float array
        1 = all agree; may be negative; NaN where the variance is. Cut at 0 for the customary
        r_wg.
    """
    return 1 - divide(variance, expected_variance)


def awg(mean: Floats, variance: Floats, n: Ints, low: float, high: float) -> Floats:
    """Agreement corrected for a mean near an end of the scale: a_wg.

    Parameters
    ----------
    mean, variance : float array
        M and s2 (divisor n - 1) of each task.
    n : int array
        Number of ratings of each task.
    low, high : float
        The ends L and H of the scale.

    Returns
    -------
    float array
        a_wg = 1 - 2 s2 / {[(H + L) M - M^2 - H L] n / (n - 1)}, from -1 to 1. NaN where n < 2
        or where M lies so near an end (outside [(L(n-1)+H)/n, (H(n-1)+L)/n]) that the statistic
        has no reading.

    References
    ----------
    Brown & Hauenstein 2005, Organizational Research Methods 8, 165-184.
    """
    largest = ((high + low) * mean - mean**2 - high * low) * divide(n, n - 1)
    count = np.where(n > 1, n, np.nan)
    readable = (mean >= (low * (count - 1) + high) / count) & (mean <= (high * (count - 1) + low) / count)
    return np.where(readable, 1 - divide(2 * variance, largest), np.nan)


@dataclass(frozen=True)
class TaskAgreement:
    """Agreement of each task: arrays of one shape, NaN where n < 2 (or where no value exists)."""

    n: Ints
    variance: Floats
    rwg_raw: Floats
    rwg_truncated: Floats
    rwg_maximum: Floats
    awg: Floats
    ad_mean: Floats
    ad_median: Floats


def task_agreement(counts: Ints, values: Floats) -> TaskAgreement:
    """The r_wg family and the AD indices of every task.

    Parameters
    ----------
    counts : int array, (..., K)
        Ratings on each scale point, points ascending.
    values : float array, (K,)
        The number of each point of the scale, used or not.

    Returns
    -------
    TaskAgreement
        Arrays of shape (...); everything but n is NaN where n < 2.

    Notes
    -----
    AD_M and AD_Md are mean absolute deviations about the mean and the median with divisor n;
    up to A/6 is customarily called good (Burke & Dunlap 2002).
    """
    m = moments(counts, values)
    low, high = (float(end) for end in (values[0], values[-1])) if len(values) else (np.nan, np.nan)
    raw = rwg(m.variance, random_variance(values))
    enough = m.n > 1
    return TaskAgreement(
        n=m.n,
        variance=m.variance,
        rwg_raw=raw,
        rwg_truncated=np.maximum(raw, 0),
        rwg_maximum=rwg(m.variance, maximum_variance(low, high)),
        awg=awg(m.mean, m.variance, m.n, low, high),
        ad_mean=np.where(enough, mean_absolute_deviation(counts, values, m.mean), np.nan),
        ad_median=np.where(enough, mean_absolute_deviation(counts, values, median(counts, values)), np.nan),
    )


@dataclass(frozen=True)
class GroupAgreement:
    """Agreement over the J tasks of a scope; every number is NaN if any task lacks it."""

    n_tasks: int
    rwgj: float
    rwgj_star: float
    rwgj_maximum: float
    ad_mean: float


def group_agreement(tasks: TaskAgreement, values: Floats) -> GroupAgreement:
    """Agreement over several tasks: r_wg(J) and its relatives.

    Parameters
    ----------
    tasks : TaskAgreement
        Agreement of each of J tasks.
    values : float array, (K,)
        The number of each scale point, ascending.

    Returns
    -------
    GroupAgreement
        With q = mean s2 / sigma2_EU: ``rwgj_star`` = 1 - q (r*_wg(J), may be negative) and
        ``rwgj`` = J(1-q) / (J(1-q) + q) with q cut at 1; ``rwgj_maximum`` replaces sigma2_EU
        by the maximum variance; ``ad_mean`` is the mean AD about the mean. NaN when J = 0 or a
        task has fewer than 2 ratings.

    References
    ----------
    James, Demaree & Wolf 1984; Lindell, Brandt & Whitney 1999.
    """
    j = len(tasks.variance)
    if j == 0 or np.isnan(tasks.variance).any():
        return GroupAgreement(j, *[float("nan")] * 4)
    mean_variance = float(tasks.variance.mean())
    ratio = mean_variance / random_variance(values)
    cut = min(ratio, 1.0)
    return GroupAgreement(
        n_tasks=j,
        rwgj=float(divide(j * (1 - cut), j * (1 - cut) + cut)),
        rwgj_star=1 - ratio,
        rwgj_maximum=1 - mean_variance / maximum_variance(float(values[0]), float(values[-1])),
        ad_mean=float(tasks.ad_mean.mean()),
    )
