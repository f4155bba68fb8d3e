"""What the counts of a rating scale already say: n, mean, variance, median, deviation.

Every function here takes ``counts``, an integer array whose last axis runs over the points of one
scale in ascending order, and ``values``, the numbers of those points. Counts add up, so chunks of
respondents give the same digits as all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Strings = npt.NDArray[np.str_]


def divide(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    """Quotient of two arrays, empty (NaN) wherever the divisor is zero.

    Parameters
    ----------
    above, below : array_like
        Any shapes that broadcast.

    Returns
    -------
    ndarray of float
        ``above / below``; NaN, never infinity, where ``below`` is 0 or either is NaN.
    """
    top, bottom = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    out = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=out, where=(bottom != 0) & ~np.isnan(bottom))
    return out


@dataclass(frozen=True)
class Moments:
    """Number, mean and variance (divisor n - 1) along the last axis; NaN where undefined."""

    n: Ints
    mean: Floats
    variance: Floats


def moments(counts: Ints, values: Floats) -> Moments:
    """Number of ratings, their mean and their variance.

    Parameters
    ----------
    counts : int array, (..., K)
        How many ratings fell on each scale point.
    values : float array, (K,)
        The number of each point.

    Returns
    -------
    Moments
        Arrays of shape (...). Mean is NaN for n = 0, variance for n < 2.

    Notes
    -----
    s2 = sum_k n_k (v_k - mean)^2 / (n - 1), taken about the mean so that a task on which all
    agree has a variance of exactly 0.
    """
    n = counts.sum(axis=-1)
    mean = divide(counts @ values, n)
    spread = (counts * np.square(values - mean[..., None])).sum(axis=-1)
    return Moments(n, mean, divide(np.where(n > 1, spread, np.nan), n - 1))


def median(counts: Ints, values: Floats) -> Floats:
    """Median of the ratings: the average of the two middle ones when n is even.

    Parameters
    ----------
    counts : int array, (..., K)
        Ratings on each point, points ascending.
    values : float array, (K,)
        The number of each point, ascending.

    Returns
    -------
    float array, (...)
        NaN where n = 0.
    """
    n = counts.sum(axis=-1)
    below = np.cumsum(counts, axis=-1)
    lower = (below <= ((n - 1) // 2)[..., None]).sum(axis=-1)
    upper = (below <= (n // 2)[..., None]).sum(axis=-1)
    last = len(values) - 1
    middle = (values[np.minimum(lower, last)] + values[np.minimum(upper, last)]) / 2
    return np.where(n > 0, middle, np.nan)


def mean_absolute_deviation(counts: Ints, values: Floats, centre: Floats) -> Floats:
    """Mean absolute deviation of the ratings about a centre, divisor n.

    Parameters
    ----------
    counts : int array, (..., K)
    values : float array, (K,)
    centre : float array, (...)
        Usually the mean or the median.

    Returns
    -------
    float array, (...)
        In scale points; NaN where n = 0.
    """
    deviation = np.abs(values - centre[..., None])
    return divide((counts * deviation).sum(axis=-1), counts.sum(axis=-1))


def counts_of(X: Floats, values: Floats) -> Ints:
    """Count the ratings of each task on each scale point.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings of R respondents on T tasks, NaN = missing.
    values : float array, (K,)
        The scale points to count; other numbers are not counted.

    Returns
    -------
    int array, (T, K)
    """
    return np.stack([(value == X).sum(axis=0) for value in values], axis=1).astype(np.int64)
