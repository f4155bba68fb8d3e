"""Task indices: how much a task matters, from the sums of its ratings.

Each index has a function of its own, written for sums of any leading shape: the same formula gives the
estimate (sums from counts) and each bootstrap resample (sums from a matrix product).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from analysis.bases import z_mix
from analysis.bases_kane import kane_equalised
from analysis.counting import count_pairs
from analysis.plan import INDICES
from analysis.ratings import RatingMatrix
from analysis.tasks import Floats, divide


@dataclass(frozen=True)
class TaskSums:
    """Sums of the ratings of each task and the number of ratings in each sum.

    Parameters
    ----------
    importance, n_importance : ndarray of shape (..., T)
    frequency, n_frequency : ndarray of shape (..., T) or None
        ``None`` where the study has no frequency scale.
    product, n_product : ndarray of shape (..., T) or None
        Sums of importance times frequency of one respondent.
    """

    importance: Floats
    n_importance: Floats
    frequency: Floats | None = None
    n_frequency: Floats | None = None
    product: Floats | None = None
    n_product: Floats | None = None


def importance_only(sums: TaskSums) -> Floats:
    """Return the mean importance I of each task over those who rated it; NaN without a rating."""
    return divide(sums.importance, sums.n_importance)


def product_of_means(sums: TaskSums) -> Floats:
    """Return I x F, mean importance times mean frequency; NaN where either is missing or undefined.

    With non-performers at frequency 0 the index is 0 where nobody performs and importance exists; the
    zeros enter F only, so that the share performing does not count twice.
    """
    if sums.frequency is None or sums.n_frequency is None:
        return np.full(sums.importance.shape, np.nan)
    return divide(sums.importance, sums.n_importance) * divide(sums.frequency, sums.n_frequency)


def mean_of_products(sums: TaskSums) -> Floats:
    """Return the mean over respondents of importance times frequency; NaN without a pair.

    A respondent with frequency 0 contributes 0; one who answered only one of the two contributes
    nothing. It exceeds the product of means by the covariance of the two scales.
    """
    if sums.product is None or sums.n_product is None:
        return np.full(sums.importance.shape, np.nan)
    return divide(sums.product, sums.n_product)


INDEX_FUNCTIONS: dict[str, Callable[[TaskSums], Floats]] = {
    "importance": importance_only,
    "product_of_means": product_of_means,
    "mean_of_products": mean_of_products,
}
# Names of the indices in the tables of results, where they differ from the plan's.
METHODS = {name: name for name in INDICES} | {
    "importance": "sum_importance",
    "product_of_means": "sum_importance_x_frequency",
}


def further_indices(sums: TaskSums) -> dict[str, Floats]:
    """Return the mixes of mean importance I and mean frequency F, each of shape (..., T).

    ``mean_of_scales`` (I + F) / 2; ``z_mix`` 3 + mean of both standardised over tasks, cut at 0;
    ``kane_equalised`` I^a F^b with equal pull of both. Empty without a frequency scale.
    """
    if sums.frequency is None or sums.n_frequency is None:
        return {}
    means = importance_only(sums), divide(sums.frequency, sums.n_frequency)
    found = {"mean_of_scales": (means[0] + means[1]) / 2}
    rows = int(np.prod(means[0].shape[:-1]))
    pairs = [part.reshape(rows, part.shape[-1]) for part in means]
    for name, formula in (("z_mix", lambda i, f: z_mix([i, f])), ("kane_equalised", kane_equalised)):
        made = [formula(i, f) for i, f in zip(*pairs, strict=True)]
        found[name] = np.stack(made).reshape(means[0].shape) if made else np.empty(means[0].shape)
    return found


def pair_values(
    importance: RatingMatrix, frequency: RatingMatrix, not_performed: float | None = 0.0
) -> npt.NDArray[np.float64]:
    """Return importance times frequency for each pair of codes.

    Returns
    -------
    ndarray of shape (importance anchors + 1, frequency anchors + 1)
        0 wherever frequency is 0, whatever was said on importance; NaN where a factor is missing.
    """
    often = frequency.scale.values(not_performed)
    products = np.outer(importance.scale.values(), often)
    products[:, often == 0] = 0.0
    return products


def sum_ratings(
    importance: RatingMatrix, frequency: RatingMatrix | None = None, not_performed: float | None = 0.0
) -> TaskSums:
    """Return the sums of each task, from counts.

    Parameters
    ----------
    importance : RatingMatrix of shape (R, T)
        Already without the ratings of non-performers (`analysis.tasks.drop_not_performed`).
    frequency : RatingMatrix of shape (R, T), optional
    not_performed : float, optional
        Frequency of a respondent who does not perform the task; ``None``: missing.

    Returns
    -------
    TaskSums of shape (T,)
    """
    alone = _weighted(importance.counts(), importance.scale.values())
    if frequency is None:
        return TaskSums(*alone)
    often = _weighted(frequency.counts(), frequency.scale.values(not_performed))
    products = pair_values(importance, frequency, not_performed)
    pairs = count_pairs(importance.codes, frequency.codes, (products.shape[0], products.shape[1]))
    both = _weighted(pairs.reshape(len(pairs), products.size), products.ravel())
    return TaskSums(*alone, *often, *both)


def _weighted(counts: npt.NDArray[np.int64], values: Floats) -> tuple[Floats, Floats]:
    """Return the sum of the values and the number of ratings that have one."""
    valid = ~np.isnan(values)
    return counts[:, valid] @ values[valid], counts[:, valid].sum(axis=1).astype(np.float64)


def exact_index(sums: TaskSums, index: str) -> list[Fraction]:
    """Return the index of each task as an exact fraction, 0 where it is undefined.

    Exact fractions tell a true tie of two quotas from two numbers that merely look alike.

    Parameters
    ----------
    sums : TaskSums of shape (T,)
    index : str
        A key of `INDEX_FUNCTIONS`.
    """
    if index not in INDEX_FUNCTIONS:
        return [Fraction(float(x)) if np.isfinite(x) else Fraction(0) for x in further_indices(sums).get(index, [])]
    ratio = [_fractions(sums.importance, sums.n_importance)]
    if index == "product_of_means" and sums.frequency is not None and sums.n_frequency is not None:
        ratio.append(_fractions(sums.frequency, sums.n_frequency))
    elif index == "mean_of_products" and sums.product is not None and sums.n_product is not None:
        ratio = [_fractions(sums.product, sums.n_product)]
    if len(ratio) == 1:
        return ratio[0]
    return [first * second for first, second in zip(*ratio, strict=True)]


def _fractions(numerator: Floats, denominator: Floats) -> list[Fraction]:
    pairs = zip(numerator.tolist(), denominator.tolist(), strict=True)
    return [Fraction(above) / Fraction(below) if below else Fraction(0) for above, below in pairs]
