"""Further task indices: Rasch, time share, sums and mixes of scales, and all of them weighted.

Each function returns one non-negative number per task (NaN where the task has no data); a domain's
weight is the sum over its tasks divided by the sum over all. The indices that need only means of
importance and frequency live in `analysis.criticality`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.agreement_counts import Floats, divide
from analysis.bases_kane import kane_equalised, kane_log_x_performing
from analysis.rasch import RaschFit, expected_rating


def weighted_mean(X: Floats, weights: Floats) -> Floats:
    """Mean of each task over its available ratings, for one or many sets of weights.

    Parameters
    ----------
    X : float array, (R, T)
        NaN = missing.
    weights : float array, (R,) or (B, R)
        Weights of the respondents, at least 0.

    Returns
    -------
    float array, (T,) or (B, T)
        sum(w x) / sum(w) over the answers; NaN where the weights of the answers sum to 0.
    """
    seen = ~np.isnan(X)
    return divide(weights @ np.where(seen, X, 0.0), weights @ seen.astype(float))


def rasch_expected(fit: RaschFit) -> Floats:
    """Expected rating of a respondent at the origin: 1 + sum_k k P(x = k | theta = 0) on a 1-5 scale.

    Parameters
    ----------
    fit : RaschFit
        From `joint_ml` or `conditional_ml`.

    Returns
    -------
    float array, (T,)
        In scale points; NaN for tasks left out of the fit.
    """
    return expected_rating(fit, 0.0)


def rasch_exp(fit: RaschFit) -> Floats:
    """exp(-delta): the Rasch measure of importance as a ratio.

    Parameters
    ----------
    fit : RaschFit

    Returns
    -------
    float array, (T,)
        NaN for tasks left out of the fit.
    """
    ratios: Floats = np.exp(-fit.delta)
    return ratios


def time_share(X: Floats) -> Floats:
    """CODAP time share: each respondent's ratings as shares of his own total, averaged.

    Parameters
    ----------
    X : float array, (R, T)
        Relative time or frequency, 0 = not done, NaN = missing.

    Returns
    -------
    float array, (T,)
        Mean over the respondents who rated the task of rating / sum of the respondent's ratings.
        Respondents whose ratings sum to 0 are left out; NaN where nobody remains.

    Notes
    -----
    Missing ratings make the other shares of that respondent larger; compare only where few are.
    """
    totals = np.nansum(X, axis=1)
    shares = divide(X, np.where(totals > 0, totals, np.nan)[:, None])
    return weighted_mean(shares, np.ones(len(X)))


def scale_sum(means: Sequence[Floats], weights: Sequence[float] | None = None) -> Floats:
    """Weighted sum of the means of several scales ("relevance metric" with equal weights).

    Parameters
    ----------
    means : sequence of float array, (T,)
        Mean of each scale; their ranges and spreads decide their pull.
    weights : sequence of float, optional
        Weight of each scale; 1 / number of scales if not given.

    Returns
    -------
    float array, (T,)
        NaN where any scale is missing.
    """
    w = np.full(len(means), 1 / len(means)) if weights is None else np.asarray(weights, float)
    total: Floats = w @ np.stack(means)
    return total


def z_mix(means: Sequence[Floats], weights: Sequence[float] | None = None, shift: float = 3.0) -> Floats:
    """Weighted sum of standardised scale means, shifted to be positive.

    Parameters
    ----------
    means : sequence of float array, (T,)
        Mean of each scale over tasks.
    weights : sequence of float, optional
        Weight of each scale, 1 / number of scales if not given.
    shift : float
        Standard deviations added so that shares can be formed; results below 0 become 0.

    Returns
    -------
    float array, (T,)
        shift + sum w z, z = (mean - average over tasks) / SD over tasks. NaN where any scale is
        missing, and everywhere when a scale has no spread.

    Notes
    -----
    The shift is arbitrary and moves weights: a larger one makes them flatter. Report it.
    """
    return np.maximum(shift + scale_sum([_standardised(m) for m in means], weights), 0.0)


def _standardised(mean: Floats) -> Floats:
    known = mean[~np.isnan(mean)]
    if len(known) < 2 or np.ptp(known) == 0:
        return np.full(len(mean), np.nan)
    z: Floats = (mean - known.mean()) / known.std(ddof=1)
    return z


@dataclass(frozen=True)
class WeightedMeans:
    """Weighted means of each task (T,): importance, frequency, their product, share performing."""

    importance: Floats
    frequency: Floats
    product: Floats
    performing: Floats


def weighted_task_means(importance: Floats, frequency: Floats, weights: Floats) -> WeightedMeans:
    """The means that bases are made of, every one taken with respondents' weights.

    Parameters
    ----------
    importance, frequency : float array, (R, T)
        NaN = missing; importance only of performers, frequency with zeros. Tasks may come in
        parts: each task's means stand alone.
    weights : float array, (R,)

    Returns
    -------
    WeightedMeans
        The product of a respondent with frequency 0 is 0, whatever importance is.
    """
    product = np.where(frequency == 0, 0.0, importance * frequency)
    performing = np.where(np.isnan(frequency), np.nan, frequency > 0)
    parts = (importance, frequency, product, performing)
    return WeightedMeans(*[weighted_mean(part, weights) for part in parts])


def weighted_bases(means: WeightedMeans, effects: Floats) -> dict[str, Floats]:
    """The six bases of means and log products with respondents' weights.

    Parameters
    ----------
    means : WeightedMeans
        Of all tasks.
    effects : float array, (T,)
        From `kane_log_performers` with the same weights.

    Returns
    -------
    dict of float array, (T,)
        By the method names of the tables.
    """
    return {
        "sum_importance": means.importance,
        "sum_importance_x_frequency": means.importance * means.frequency,
        "mean_of_products": means.product,
        "kane_log_performers": effects,
        "kane_log_x_performing": kane_log_x_performing(effects, means.performing),
        "kane_equalised": kane_equalised(means.importance, means.frequency),
    }
