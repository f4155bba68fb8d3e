"""Weighted task means with the standard errors that weights deserve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.agreement_counts import Floats, Ints
from analysis.weighting import Margin


@dataclass(frozen=True)
class WeightedMeans:
    """Arrays (T,), NaN where nobody (for the errors: fewer than two respondents) answered."""

    n: Ints
    mean: Floats
    se_fixed_weights: Floats
    se_fixed_weights_fpc: Floats
    se_raked: Floats
    se_raked_fpc: Floats


def margin_dummies(margins: Sequence[Margin], n: int) -> Floats:
    """Orthonormal basis of the space spanned by the dummies of all raking margins.

    Parameters
    ----------
    margins : sequence of Margin
    n : int
        Number of respondents R.

    Returns
    -------
    float array, (R, rank)
    """
    columns = [np.ones((n, 1))]
    for margin in margins:
        columns.append((margin.level_of[:, None] == np.arange(len(margin.counts))).astype(float))
    Q, R, _ = linalg.qr(np.hstack(columns), mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(R))
    basis: Floats = Q[:, diagonal > 1e-10 * diagonal.max()]
    return basis


def _variance(z: Floats) -> Floats:
    """n / (n - 1) times the sum of squares about the mean, over all respondents."""
    n = len(z)
    spread: Floats = np.square(z - z.mean(axis=0)).sum(axis=0)
    return spread * (n / (n - 1)) if n > 1 else np.full(z.shape[1], np.nan)


def weighted_means(
    X: Floats, weights: Floats, basis: Floats | None = None, population: float | None = None
) -> WeightedMeans:
    """Weighted mean of each task with linearized and raked standard errors.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing.
    weights : float array, (R,)
        Positive weights.
    basis : float array, (R, q), optional
        From `margin_dummies`; without it the raked errors are NaN.
    population : float, optional
        N, for the finite population correction; without it the ``_fpc`` columns are NaN.

    Returns
    -------
    WeightedMeans
        mean = sum(w y) / sum(w) over the answers. ``se_fixed_weights`` takes the weights as
        given: z = w (y - mean) / sum(w) for answers and 0 otherwise, V = n/(n-1) sum (z - mean
        z)^2 with n = ALL respondents (missing answers are a domain of the sample). ``se_raked``
        replaces z by w times the residual of u = z / w in an unweighted regression on the raking
        dummies. ``_fpc`` multiplies V by 1 - n / N.

    References
    ----------
    Deville, Sarndal & Sautory 1993, Journal of the American Statistical Association 88,
    1013-1020; survey::svymean on a raked design (R).
    """
    seen = ~np.isnan(X)
    filled = np.where(seen, X, 0.0)
    n = seen.sum(axis=0)
    sums = np.where(n > 0, weights @ seen.astype(float), np.nan)
    mean = (weights @ filled) / sums
    u = np.where(seen, filled - mean, 0.0) / sums
    fixed = _variance(u * weights[:, None])
    residual = np.full(X.shape, np.nan) if basis is None else u - basis @ (basis.T @ u)
    raked = _variance(residual * weights[:, None])
    some = np.where(n > 1, 1.0, np.nan)
    rest = np.nan if population is None else max(1 - len(X) / population, 0.0)
    return WeightedMeans(
        n=n,
        mean=mean,
        se_fixed_weights=np.sqrt(fixed * some),
        se_fixed_weights_fpc=np.sqrt(fixed * some * rest),
        se_raked=np.sqrt(raked * some),
        se_raked_fpc=np.sqrt(raked * some * rest),
    )
