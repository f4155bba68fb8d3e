"""What a rating scale model says of the ratings: probabilities, fit, category use, separation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.agreement_counts import Floats, divide
from analysis.rasch import steps

ROWS = 256  # respondents worked on at a time: a block of doubles stays in the processor's cache


def tail_probabilities(theta: Floats, delta: Floats, tau: Floats) -> tuple[Floats, Floats]:
    """P(x >= k) for k = 1 .. m and the logarithm of the denominator.

    Parameters
    ----------
    theta : float array, (G,)
    delta : float array, (T,)
    tau : float array, (m,)

    Returns
    -------
    float array (m, G, T), float array (G, T)
        No exponential is taken per cell: exp(k (theta - delta)) is a product of powers.
    """
    ratio = np.exp(np.clip(theta, -30, 30))[:, None] * np.exp(-delta)
    powers = np.empty((len(tau), *ratio.shape))
    weight = np.exp(-np.cumsum(tau))
    power = np.ones_like(ratio)
    for k in range(len(tau)):
        power = power * ratio
        np.multiply(power, weight[k], out=powers[k])
    denominator = 1 + powers.sum(axis=0)
    for k in range(len(tau) - 2, -1, -1):
        powers[k] += powers[k + 1]
    powers /= denominator
    return powers, np.log(denominator)


def fit_statistics(Y: npt.NDArray[Any], theta: Floats, delta: Floats, tau: Floats) -> tuple[Floats, Floats]:
    """Infit and outfit mean squares of the tasks.

    Parameters
    ----------
    Y : array, (R, T)
        Ratings counted from 0, missing NaN or negative.
    theta, delta, tau : float arrays, (R,), (T,), (m,)
        Estimates in logits.

    Returns
    -------
    (float array (T,), float array (T,))
        infit = sum (x - E)^2 / sum V; outfit = mean of (x - E)^2 / V. Near 1 is good; 0.6 to 1.4
        is customary for ratings.

    References
    ----------
    Wright & Masters 1982, Rating Scale Analysis.
    """
    squares, variances, standardised, counts = np.zeros((4, len(delta)))
    for start in range(0, len(Y), ROWS):
        rows = slice(start, start + ROWS)
        part = steps(Y[rows])
        seen = part >= 0
        tails, _ = tail_probabilities(theta[rows], delta, tau)
        E = tails.sum(axis=0)
        V = np.tensordot(2 * np.arange(1, len(tau) + 1) - 1, tails, 1) - E**2
        square = np.where(seen, part - E, 0.0) ** 2
        squares += square.sum(axis=0)
        variances += (V * seen).sum(axis=0)
        standardised += (square / V).sum(axis=0)
        counts += seen.sum(axis=0)
    return squares / variances, standardised / counts


def category_statistics(Y: npt.NDArray[Any], theta: Floats, delta: Floats) -> tuple[Floats, Floats]:
    """How often each category was chosen and the average measure of those who chose it.

    Parameters
    ----------
    Y : array, (R, T)
        Ratings counted from 0, missing NaN or negative.
    theta, delta : float arrays, (R,), (T,)
        In logits; NaN for respondents and tasks left out.

    Returns
    -------
    (float array (m + 1,), float array (m + 1,))
        Counts and mean of theta - delta. In a working scale the means rise with the category.
    """
    Y = steps(Y)
    points = int(Y.max(initial=0)) + 1
    counts, totals = np.zeros((2, points))
    for start in range(0, len(Y), ROWS):
        part, person = Y[start : start + ROWS], theta[start : start + ROWS]
        used = (part >= 0) & ~np.isnan(person)[:, None] & ~np.isnan(delta)
        counts += np.bincount(part[used], minlength=points)
        totals += np.bincount(part[used], weights=np.subtract.outer(person, delta)[used], minlength=points)
    return counts, divide(totals, counts)


def separation(estimates: Floats, errors: Floats) -> tuple[float, float]:
    """Separation index and separation reliability of task or person estimates.

    Parameters
    ----------
    estimates, errors : float array
        Estimates and their standard errors in logits; NaN pairs are left out.

    Returns
    -------
    (float, float)
        G = sqrt((var - mse) / mse) and its reliability (var - mse) / var, both 0 when the mean
        squared error exceeds the variance (divisor n - 1); NaN with fewer than two estimates.

    References
    ----------
    Wright & Masters 1982, Rating Scale Analysis.
    """
    known = ~np.isnan(estimates) & ~np.isnan(errors)
    if known.sum() < 2:
        return float("nan"), float("nan")
    variance, mse = float(np.var(estimates[known], ddof=1)), float(np.mean(errors[known] ** 2))
    true = max(variance - mse, 0.0)
    return float(np.sqrt(divide(true, mse))), float(divide(true, variance))
