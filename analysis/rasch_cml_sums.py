"""Elementary symmetric functions of the rating scale model, by exact Fourier inversion.

Given the tasks a respondent answered, the probability of the total r is the coefficient of z^r in
prod_i f_i(z), f_i(z) = sum_k eps_ik z^k. It is read off at points of a circle,

    gamma_r = (1 / N) sum_n F(z_n) z_n^-r,   z_n = rho exp(2 pi i n / N),   N > highest total,

which is exact, not an approximation. The radius rho = exp(theta) is chosen near the respondent's
ability, so that r is a likely total: then no term is larger than the sum and nothing cancels. Leaving
one or two tasks out is a division of F by f_i at each point, so all first and second moments given
the total, for any pattern of missing answers, are matrix products over the points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.agreement_counts import Floats
from analysis.rasch import PersonGroups
from analysis.rasch_fit import tail_probabilities

Complex = npt.NDArray[np.complex128]

_TILT = 0.25  # logits between radii: a total is at most an eighth of a logit off its best radius
_NEGLIGIBLE = 1e-18  # a characteristic function below this adds nothing to a double
_PATTERNS = 512  # patterns of answered tasks whose pairs are held at a time
_ZERO = 1e-30  # stands for a root of f_i on the circle


@dataclass(frozen=True)
class ConditionalSums:
    """Sums over respondents of moments given each respondent's total.

    ``log_gamma`` = weighted sum of log gamma_r; ``mean`` (T + m,) = E of the statistics, x_i for
    the tasks and the number of ratings >= k for the thresholds; ``covariance`` (T + m, T + m).
    """

    log_gamma: float
    mean: Floats
    covariance: Floats


@dataclass(frozen=True)
class _Circle:
    """Quantities of the tasks at the N' points of one circle."""

    log_f: Complex  # (T, N')     log f_i(z) - log f_i(rho)
    log_radius: Floats  # (T,)        log f_i(rho)
    u: Complex  # (m, T, N')  eps_ik z^k / f_i(z), k = 1 .. m
    angles: Floats  # (N',)
    weights: Floats  # (N',)      1 / N for the real point, 2 / N for the pairs of conjugates


def _circle(delta: Floats, tau: Floats, theta: float, points: int) -> _Circle:
    half = np.arange(points // 2 + 1)  # the other half are complex conjugates (points is odd)
    angles = 2 * np.pi * half / points
    k = np.arange(1, len(tau) + 1)
    log_size = k[:, None] * (theta - delta) - np.cumsum(tau)[:, None]
    eps = np.exp(log_size)
    radius = 1 + eps.sum(axis=0)
    terms = eps[:, :, None] * np.exp(1j * np.multiply.outer(k, angles))[:, None, :]
    f = 1 + terms.sum(axis=0)
    f[np.abs(f) < _ZERO * radius[:, None]] = _ZERO
    weights = np.where(half == 0, 1.0, 2.0) / points
    return _Circle(np.log(f / radius[:, None]), np.log(radius), terms / f, angles, weights)


def abilities(groups: PersonGroups, delta: Floats, tau: Floats, start: Floats | None = None) -> Floats:
    """Ability of each group of respondents at which its total is expected.

    Parameters
    ----------
    groups : PersonGroups
    delta, tau : float arrays
    start : float array, (G,), optional
        Where to start Newton's method.

    Returns
    -------
    float array, (G,)
        In logits, to about a tenth of a logit: it only places the circles.
    """
    m = len(tau)
    theta = np.zeros(len(groups.score)) if start is None else start
    for _ in range(12):
        tails, _log = tail_probabilities(theta, delta, tau)
        tails *= groups.mask
        E = tails.sum(axis=0)
        V = (np.tensordot(2 * np.arange(1, m + 1) - 1, tails, 1) - E**2).sum(axis=1)
        step = np.clip((groups.score - E.sum(axis=1)) / V, -1, 1)
        theta = theta + step
        if np.abs(step).max() < 0.05:
            break
    return theta


def conditional_sums(groups: PersonGroups, delta: Floats, tau: Floats, theta: Floats) -> ConditionalSums:
    """Moments of the sufficient statistics given the respondents' totals.

    Parameters
    ----------
    groups : PersonGroups
        Respondents joined by tasks answered and total.
    delta, tau : float arrays, (T,), (m,)
        Parameters in logits.
    theta : float array, (G,)
        From `abilities`.

    Returns
    -------
    ConditionalSums
    """
    size = len(delta) + len(tau)
    log_gamma, mean = 0.0, np.zeros(size)
    covariance = np.zeros((size, size))
    highest = int(len(tau) * groups.mask.sum(axis=1).max())
    points = highest + 1 + highest % 2
    tilts = np.round(theta / _TILT)
    for tilt in np.unique(tilts):
        rows = np.flatnonzero(tilts == tilt)
        circle = _circle(delta, tau, float(tilt) * _TILT, points)
        part = _one_circle(groups, rows, circle, float(tilt) * _TILT)
        log_gamma += part.log_gamma
        mean += part.mean
        covariance += part.covariance
    return ConditionalSums(log_gamma, mean, covariance)


def _one_circle(groups: PersonGroups, rows: npt.NDArray[np.intp], circle: _Circle, theta: float) -> ConditionalSums:
    """The sums of the respondents whose totals belong to one radius."""
    mask, score, weight = groups.mask[rows].astype(float), groups.score[rows], groups.weight[rows]
    F = np.exp(mask @ circle.log_f)
    needed = (np.abs(F) > _NEGLIGIBLE).any(axis=0)
    F, u, angles = F[:, needed], circle.u[:, :, needed], circle.angles[needed]
    terms = F * np.exp(-1j * np.multiply.outer(score, angles)) * circle.weights[needed]
    probability = terms.real.sum(axis=1)
    c = terms / probability[:, None]
    log_gamma = weight @ (np.log(probability) + mask @ circle.log_radius - score * theta)
    tails = np.cumsum(u[::-1], axis=0)[::-1]  # (m, T, N'): sum of u_l over l >= k
    h = tails.sum(axis=0)  # (T, N'): sum of k u_k
    Q = (mask * weight[:, None]).T @ c
    mean = np.concatenate([_real_dot(Q, h), [_real_dot(Q, t).sum() for t in tails]])
    return ConditionalSums(float(log_gamma), mean, _covariance(mask, weight, c, Q, h, tails))


def _real_dot(Q: Complex, h: Complex) -> Floats:
    """Real part of the sums over points, task by task."""
    total: Floats = np.einsum("tn,tn->t", Q, h).real
    return total


def _covariance(mask: Floats, weight: Floats, c: Complex, Q: Complex, h: Complex, tails: Complex) -> Floats:
    """Weighted sum over respondents of the covariance of (x_1 .. x_T, n_1 .. n_m).

    Few large products instead of many small ones: small ones cost a multi-threaded BLAS dearly on
    a busy machine.
    """
    m, T, points = tails.shape
    total = _same_task(Q, h, tails)
    patterns, index = np.unique(mask, axis=0, return_inverse=True)
    joined = np.zeros((len(patterns), points), dtype=np.complex128)
    np.add.at(joined, index.ravel(), c * weight[:, None])
    total[:T, :T] += _task_pairs(patterns, joined, h)
    by_task = np.ascontiguousarray(tails.swapaxes(0, 1)).reshape(T, -1)
    U = (patterns @ by_task).reshape(len(patterns), m, points)  # sum over the tasks answered
    cU = joined[:, None, :] * U
    Z = (patterns.T @ cU.reshape(len(patterns), -1)).reshape(T, m, points)
    cross = np.einsum("tn,tkn->tk", h, Z).real
    total[:T, T:] += cross
    total[T:, :T] += cross.T
    total[T:, T:] += np.einsum("pkn,pln->kl", cU, U).real
    expected = _expected(mask, c, h, tails)
    total -= (expected * weight[:, None]).T @ expected
    return total


def _expected(mask: Floats, c: Complex, h: Complex, tails: Complex) -> Floats:
    """E of (x_1 .. x_T, n_1 .. n_m) of each respondent."""
    m, T, points = tails.shape
    both = np.concatenate([h, tails.reshape(-1, points)])
    found = (c @ both.T).real.reshape(len(mask), m + 1, T) * mask[:, None, :]
    return np.hstack([found[:, 0], found[:, 1:].sum(axis=2)])


def _task_pairs(patterns: Floats, joined: Complex, h: Complex) -> Floats:
    """Real part of sum_p sum_n c_pn (m_pi h_in) (m_pj h_jn) for all pairs of tasks."""
    T, points = h.shape
    i, j = np.triu_indices(T)
    total = np.zeros((len(i), 2 * points))
    halves = np.hstack([joined.real, joined.imag])
    for start in range(0, len(patterns), _PATTERNS):
        part = patterns[start : start + _PATTERNS]
        total += (part[:, i] * part[:, j]).T @ halves[start : start + _PATTERNS]
    both = h[i] * h[j]
    sums = (total[:, :points] * both.real - total[:, points:] * both.imag).sum(axis=1)
    out = np.zeros((T, T))
    out[i, j] = sums
    out[j, i] = sums
    return out


def _same_task(Q: Complex, h: Complex, tails: Complex) -> Floats:
    """What a task paired with itself adds beyond the product of its two separate terms.

    E[x_i x_i] takes sum k^2 u_ik in place of h_i h_i; E[x_i 1(x_i >= k)] takes sum_{l >= k} l u_il in
    place of h_i v_ik; E[1(x_i >= k) 1(x_i >= l)] takes v_i,max(k, l) in place of v_ik v_il.
    """
    m, T, _ = tails.shape
    out = np.zeros((T + m, T + m))
    k = np.arange(1, m + 1)
    square = np.tensordot(2 * k - 1, tails, 1)
    out[np.arange(T), np.arange(T)] = _real_dot(Q, square - h * h)
    above = np.cumsum(tails[::-1], axis=0)[::-1] - tails
    for a in range(m):
        own = (a + 1) * tails[a] + above[a]
        out[:T, T + a] = out[T + a, :T] = _real_dot(Q, own - h * tails[a])
        for b in range(m):
            out[T + a, T + b] = _real_dot(Q, tails[max(a, b)] - tails[a] * tails[b]).sum()
    return out
