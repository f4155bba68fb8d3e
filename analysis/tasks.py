"""Task statistics and the share who perform each task, all from counts of anchors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri, stdtrit

from analysis.frames import TASK
from analysis.ratings import RatingMatrix
from analysis.scales import RatingScale

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
STATISTICS = ("n", "mean", "sd", "se", "ci_low", "ci_high", "median", "min", "max")


def drop_not_performed(ratings: RatingMatrix, frequency: RatingMatrix) -> RatingMatrix:
    """Return the ratings without those of tasks that the respondent does not perform.

    The skip rule of the survey: whoever says on the frequency scale that he does not perform a task
    is not asked the other scales about it. A rating that is there all the same (an earlier one, an
    edited file) is structurally missing.

    Parameters
    ----------
    ratings, frequency : RatingMatrix of shape (R, T)
        The same respondents and tasks.
    """
    skip = frequency.scale.not_performed_code
    if not skip:
        return ratings
    return replace(ratings, codes=np.where(frequency.codes == skip, np.uint8(0), ratings.codes))


def performers_only(frequency: RatingMatrix) -> RatingMatrix:
    """Return the frequency ratings above 0; "not performed" and 0 become unanswered.

    Parameters
    ----------
    frequency : RatingMatrix of shape (R, T)
    """
    numbers = frequency.scale.values()
    kept = np.where(numbers > 0, np.arange(len(numbers)), 0).astype(np.uint8)
    return replace(frequency, codes=kept[frequency.codes])


def task_statistics(
    ratings: RatingMatrix, *, not_performed: float | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Return n, mean, spread, interval, median and extremes of each task.

    SD uses n - 1, SE is SD / sqrt(n), the interval is mean -/+ t(n - 1) SE [1]_, the median averages the
    two middle values. Missing ratings are left out.

    Parameters
    ----------
    ratings : RatingMatrix of shape (R, T)
    not_performed : float, optional
        What "not performed" counts as; ``None`` leaves it out.
    confidence : float
        Level of the interval.

    Returns
    -------
    DataFrame of T rows
        ``task_id`` and `STATISTICS`, in scale points. Without a rating all but n are NaN; with one, sd,
        se and the limits are; with equal ratings both limits are the mean.

    References
    ----------
    .. [1] O*NET publishes its intervals so (U.S. Department of Labor, O*NET task ratings).
    """
    statistics = describe_counts(ratings.counts(), ratings.scale.values(not_performed), confidence)
    return pd.DataFrame({TASK: ratings.tasks, **statistics})


def describe_counts(counts: Ints, values: Floats, confidence: float = 0.95) -> dict[str, npt.NDArray[np.generic]]:
    """Return the statistics of each row of counts.

    Parameters
    ----------
    counts : ndarray of shape (T, K)
        How often each code was given.
    values : ndarray of shape (K,)
        Number of each code; codes with NaN are left out.

    Returns
    -------
    dict
        An array of shape (T,) for each of `STATISTICS`.
    """
    kept = np.flatnonzero(~np.isnan(values))
    kept = kept[np.argsort(values[kept], kind="stable")]
    counts, values = counts[:, kept], values[kept]
    n = counts.sum(axis=1)
    low, high = _extremes(counts, values)
    # A constant's mean is that constant, not a rounded quotient: its SD must be exactly 0.
    mean = np.where(low == high, low, divide(counts @ values, n))
    squares = (counts * (values - mean[:, None]) ** 2).sum(axis=1)
    sd = np.sqrt(divide(squares, n - 1))
    se = divide(sd, np.sqrt(n))
    half = stdtrit(np.maximum(n - 1, 1), 0.5 + confidence / 2) * se
    columns = (n, mean, sd, se, mean - half, mean + half, _median(counts, values), low, high)
    return dict(zip(STATISTICS, columns, strict=True))


def divide(numerator: npt.NDArray[np.generic], denominator: npt.NDArray[np.generic]) -> Floats:
    """Return the quotient, NaN where the denominator is not positive."""
    above, below = np.broadcast_arrays(numerator.astype(np.float64), denominator.astype(np.float64))
    quotient: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return quotient


def _extremes(counts: Ints, values: Floats) -> tuple[Floats, Floats]:
    """Return the smallest and largest value given in each row, NaN in a row without any."""
    if not values.size:
        nothing = np.full(len(counts), np.nan)
        return nothing, nothing
    given = counts > 0
    low, high = values[given.argmax(axis=1)], values[::-1][given[:, ::-1].argmax(axis=1)]
    some = given.any(axis=1)
    return np.where(some, low, np.nan), np.where(some, high, np.nan)


def _median(counts: Ints, values: Floats) -> Floats:
    if not values.size:
        return np.full(len(counts), np.nan)
    upto, n = counts.cumsum(axis=1), counts.sum(axis=1)
    lower = (upto < ((n + 1) // 2)[:, None]).sum(axis=1)
    upper = (upto < (n // 2 + 1)[:, None]).sum(axis=1)
    middle = [values[np.minimum(place, len(values) - 1)] for place in (lower, upper)]
    return np.where(n > 0, (middle[0] + middle[1]) / 2, np.nan)


def count_points(scales: Iterable[RatingScale]) -> list[float]:
    """Return the values that columns of counts stand for, over all scales.

    Whole numbers from 0 (or the smallest negative value) to the largest value of any scale; if a scale
    has other values, every value that occurs.
    """
    points = np.concatenate([np.empty(0), *(scale.values(not_performed=0.0) for scale in scales)])
    points = np.unique(points[~np.isnan(points)])
    if points.size and (points == np.floor(points)).all() and points[-1] - min(points[0], 0) < 256:
        return [float(point) for point in range(min(0, int(points[0])), int(points[-1]) + 1)]
    return [float(point) for point in points]


def count_answers(
    ratings: RatingMatrix, points: Sequence[float], *, not_performed: float | None = None
) -> dict[str, Ints]:
    """Return how many respondents gave each value to each task.

    Returns
    -------
    dict of ndarray of shape (T,)
        ``count_<value>`` for each point; 0 for a point the scale does not have.
    """
    counts, values = ratings.counts(), ratings.scale.values(not_performed)
    return {f"count_{point:g}": counts[:, values == point].sum(axis=1) for point in points}


def share_performing(ratings: RatingMatrix, confidence: float = 0.95) -> pd.DataFrame:
    """Return how many perform each task, with the Wilson score interval [1]_.

    A respondent performs a task whose frequency he rates above 0; "not performed" counts as 0, an
    unanswered task is left out.

    Parameters
    ----------
    ratings : RatingMatrix of shape (R, T)
        The frequency scale.

    Returns
    -------
    DataFrame of T rows
        ``task_id, n_answered, n_performing, share_performing`` (0 to 1), ``se_wald`` = sqrt(p(1-p)/n) and
        ``wilson_low, wilson_high``; all but the counts NaN where nobody answered.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
       Journal of the American Statistical Association, 22, 209-212.
    """
    counts, values = ratings.counts(), ratings.scale.values(not_performed=0.0)
    answered = counts[:, ~np.isnan(values)].sum(axis=1)
    performing = counts[:, values > 0].sum(axis=1)
    share = divide(performing, answered)
    low, high = wilson_interval(performing, answered, confidence)
    return pd.DataFrame(
        {
            TASK: ratings.tasks,
            "n_answered": answered,
            "n_performing": performing,
            "share_performing": share,
            "se_wald": np.sqrt(divide(share * (1 - share), answered)),
            "wilson_low": low,
            "wilson_high": high,
        }
    )


def wilson_interval(successes: Ints, n: Ints, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the limits of the Wilson score interval without continuity correction.

    (p + z²/2n -/+ z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). NaN where n is 0.

    Examples
    --------
    >>> low, high = wilson_interval(np.array([30]), np.array([30]))
    >>> float(low[0].round(6)), float(high[0])
    (0.886487, 1.0)
    """
    z = float(ndtri(0.5 + confidence / 2))
    p, total = divide(successes, n), np.where(n > 0, n, np.nan)
    centre = p + z**2 / (2 * total)
    half = z * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
    scale = 1 + z**2 / total
    low = np.where(successes == 0, 0.0 * p, (centre - half) / scale)
    high = np.where(successes == n, p, (centre + half) / scale)
    return low, high


def share_at_or_above(ratings: RatingMatrix, anchor: float, *, not_performed: float | None = None) -> Floats:
    """Return the share of a task's ratings at or above a value, shape (T,); NaN without a rating.

    A value between two points counts the points above it.
    """
    counts, values = ratings.counts(), ratings.scale.values(not_performed)
    return divide(counts[:, values >= anchor].sum(axis=1), counts[:, ~np.isnan(values)].sum(axis=1))
