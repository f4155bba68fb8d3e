"""REML for crossed random effects of tasks and respondents, on all ratings there are.

Respondents are many, tasks are few. So the respondents' effects are removed in closed form (their
part of the covariance matrix is block diagonal) and what is left is a T x T system. One evaluation
of the criterion with its exact gradient costs some R T^2 multiplications in BLAS; nothing of size
(R T)^2 or R^2 is ever built.

Notation: l_t, l_d, l_r, l_rd are the variances of task, domain, respondent and respondent x domain
effects in units of the residual variance; V_r = I + l_r Z_r Z_r' + l_rd Z_rd Z_rd'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize

from analysis.agreement_counts import Floats, Ints
from analysis.generalizability_sums import CHUNK, RespondentSums, by_chunks

_TINY = 1e-14


@dataclass(frozen=True)
class Shrinkage:
    """How V_r^-1 acts: per respondent (R,) and per respondent and domain (R, D).

    ``s`` = 1 / (1 + l_rd n_rd), ``q`` = sum_d n_rd s_rd, ``h`` = 1 / (1 + l_r q),
    ``c`` = l_r h. V_r^-1 x subtracts l_rd s (sum of x in the domain) within domains and then
    c s (sum over domains of s times the domain's sum).
    """

    s: Floats
    q: Floats
    h: Floats
    c: Floats


def shrinkage(sums: RespondentSums, respondent: float, within_domain: float) -> Shrinkage:
    """The factors of V_r^-1 for given variance ratios (Woodbury's identity, twice)."""
    s = 1 / (1 + within_domain * sums.counts)
    q = (sums.counts * s).sum(axis=1)
    h = 1 / (1 + respondent * q)
    return Shrinkage(s, q, h, respondent * h)


@dataclass(frozen=True)
class Reduced:
    """Sums left when the respondents' effects are projected out.

    ``A`` = Z'V_r^-1 Z, ``b`` = Z'V_r^-1 y, ``yy`` = y'V_r^-1 y (Z = task of each rating),
    ``log_det`` = log|V_r|; ``H_r`` and ``H_rd`` = sums of Z'V_r^-1 1 1'V_r^-1 Z over respondents
    and over respondent-domain cells, ``base_r`` and ``base_rd`` = sums of 1'V_r^-1 1 over them.
    """

    A: Floats
    b: Floats
    yy: float
    log_det: float
    H_r: Floats
    H_rd: Floats
    base_r: float
    base_rd: float


def reduce_respondents(sums: RespondentSums, respondent: float, within_domain: float) -> Reduced:
    """Project out respondent and respondent x domain effects.

    Parameters
    ----------
    sums : RespondentSums
    respondent, within_domain : float
        The variance ratios l_r and l_rd; 0 leaves an effect out.

    Returns
    -------
    Reduced
    """
    k = shrinkage(sums, respondent, within_domain)
    level = (sums.totals * k.s).sum(axis=1)
    size = len(sums.task_counts)
    total = np.zeros((3, size, size))
    b = sums.task_totals.copy()
    own = within_domain * k.s
    for start in range(0, len(k.q), CHUNK):
        rows = slice(start, start + CHUNK)
        total += _cross_products(sums, k, rows, within_domain)
        pull = own[rows] * sums.totals[rows] + k.s[rows] * (k.c * level)[rows, None]
        b -= (sums.seen[rows] * (pull @ sums.members.T)).sum(axis=0)
    return Reduced(
        A=np.diag(sums.task_counts) - total[0],
        b=b,
        yy=sums.squares - float((own * sums.totals**2).sum()) - float(k.c @ level**2),
        log_det=float(-np.log(k.s).sum() - np.log(k.h).sum()),
        H_r=total[1],
        H_rd=total[2],
        base_r=float(k.q @ k.h),
        base_rd=float((k.s * sums.counts).sum() - k.c @ ((k.s * sums.counts) ** 2).sum(axis=1)),
    )


def _cross_products(sums: RespondentSums, k: Shrinkage, rows: slice, within: float) -> Floats:
    """Parts of task counts - A, of H_r and of H_rd that come from some respondents."""
    seen = sums.seen[rows].astype(float)
    if within == 0.0:  # s = 1: both follow from seen alone, H_rd is not asked for
        nothing = np.zeros((seen.shape[1], seen.shape[1]))
        return np.stack([_gram(seen, k.c[rows]), _gram(seen, k.h[rows] ** 2), nothing])
    S = seen * (k.s[rows] @ sums.members.T)
    part = k.s[rows] * sums.counts[rows]
    E = S * ((k.c[rows, None] * part) @ sums.members.T)
    same_domain = sums.members @ sums.members.T
    within_domains = (S.T @ S) * same_domain
    lost = within * (S.T @ seen) * same_domain
    mixed = E.T @ S
    squares = k.c[rows] ** 2 * (part**2).sum(axis=1)
    H_rd = within_domains - mixed - mixed.T + _gram(S, squares)
    return np.stack([lost + _gram(S, k.c[rows]), _gram(S, k.h[rows] ** 2), H_rd])


def _gram(S: Floats, weights: Floats) -> Floats:
    """S' diag(weights) S."""
    product: Floats = (S * weights[:, None]).T @ S
    return product


@dataclass(frozen=True)
class Fit:
    """REML deviance, residual variance, intercept, and the gradient in the square-root ratios.

    The gradient's order: domain, task, respondent, respondent x domain.
    """

    deviance: float
    residual: float
    intercept: float
    gradient: Floats


def evaluate(sums: RespondentSums, ratios: npt.ArrayLike) -> Fit:
    """REML criterion with residual variance and intercept profiled out.

    Parameters
    ----------
    sums : RespondentSums
    ratios : array_like of 4 floats
        Standard deviations of the domain, task, respondent and respondent x domain effects in
        units of the residual standard deviation; all at least 0, 0 leaves an effect out.

    Returns
    -------
    Fit
        deviance = log|V| + log|1'V^-1 1| + (n - 1)(1 + log(2 pi s2)), s2 = y'Py / (n - 1), and
        d deviance / d ratio = 2 ratio (tr(P Z Z') - (n - 1) y'P Z Z'P y / y'Py).

    References
    ----------
    Bates, Machler, Bolker & Walker 2015, Journal of Statistical Software 67(1), for the profiled
    criterion; Searle, Casella & McCulloch 1992, Variance Components, for its gradient.
    """
    x = np.asarray(ratios, dtype=float)
    red = reduce_respondents(sums, x[2] ** 2, x[3] ** 2)
    root = np.hstack([x[0] * sums.members, x[1] * np.eye(len(red.b))])
    factor = linalg.cholesky(np.eye(root.shape[1]) + root.T @ red.A @ root, lower=True)
    half = linalg.solve_triangular(factor, root.T, lower=True)
    W = half.T @ half
    ones = red.A.sum(axis=1)
    p = 1 - W @ ones
    xx = float(ones @ p)
    C = W + np.outer(p, p) / xx
    u = C @ red.b
    rss, df = red.yy - float(red.b @ u), sums.n - 1
    intercept = float(p @ red.b) / xx + sums.centre
    if rss <= _TINY * sums.squares:
        return Fit(1e300, 0.0, intercept, np.zeros(4))
    log_det = red.log_det + 2 * float(np.log(np.diag(factor)).sum()) + float(np.log(xx))
    traces, quadratics = _gradient_parts(sums, red, C, u, shrinkage(sums, x[2] ** 2, x[3] ** 2))
    gradient = 2 * x * (traces - df * quadratics / rss)
    return Fit(log_det + df * (1 + float(np.log(2 * np.pi * rss / df))), rss / df, intercept, gradient)


def _gradient_parts(sums: RespondentSums, red: Reduced, C: Floats, u: Floats, k: Shrinkage) -> tuple[Floats, Floats]:
    """tr(P Z Z') and y'P Z Z'P y for domain, task, respondent and respondent x domain."""
    ZPZ = red.A - red.A @ C @ red.A
    f = red.b - red.A @ u
    inside = k.s * (sums.totals - by_chunks(sums.seen, u[:, None] * sums.members))
    level = inside.sum(axis=1)
    cell = inside - (k.c * level)[:, None] * k.s * sums.counts
    traces = np.array(
        [
            np.vdot(sums.members, ZPZ @ sums.members),
            np.trace(ZPZ),
            red.base_r - np.vdot(C, red.H_r),
            red.base_rd - np.vdot(C, red.H_rd),
        ]
    )
    by_domain = sums.members.T @ f
    quadratics = np.array([by_domain @ by_domain, f @ f, (k.h * level) @ (k.h * level), np.vdot(cell, cell)])
    return traces, quadratics


def minimise(sums: RespondentSums, free: Ints, start: Floats) -> tuple[Floats, Fit]:
    """Square-root ratios at the smallest REML deviance.

    Parameters
    ----------
    sums : RespondentSums
    free : int array
        Which of the four effects (order of `evaluate`) the model has.
    start : float array
        Starting ratios of those effects, all positive.

    Returns
    -------
    (float array of 4, Fit)
        A ratio is exactly 0 where the boundary is at least as good.
    """

    def at(x: Floats) -> Floats:
        full = np.zeros(4)
        full[free] = x
        return full

    def criterion(x: Floats) -> tuple[float, Floats]:
        fit = evaluate(sums, at(x))
        return fit.deviance, fit.gradient[free]

    bounds = [(0.0, 1e4)] * len(free)
    options = {"ftol": 1e-15, "gtol": 1e-5, "maxiter": 200, "maxcor": 20}
    found = optimize.minimize(criterion, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    best = _at_boundary(lambda x: criterion(x)[0], found.x)
    return at(best), evaluate(sums, at(best))


def _at_boundary(deviance: Callable[[Floats], float], x: Floats) -> Floats:
    """Set a small component to exactly 0 where that is at least as good."""
    for i in np.flatnonzero((x > 0) & (x < 1e-2)):
        without = x.copy()
        without[i] = 0.0
        if deviance(without) <= deviance(x) + 1e-7:
            x = without
    return x
