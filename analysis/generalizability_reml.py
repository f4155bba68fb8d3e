"""REML for crossed random effects of tasks and respondents, on all ratings there are.

Respondents are many, tasks are few. So the respondents' effects are removed in closed form (their
part of the covariance matrix is block diagonal) and what is left is a T x T system. One evaluation
of the criterion with its exact gradient costs some R T^2 multiplications in BLAS; nothing of size
(R T)^2 or R^2 is ever built.

Notation: l_t, l_d, l_r, l_rd are the variances of task, domain, respondent and respondent x domain
effects in units of the residual variance; V_r = I + l_r Z_r Z_r' + l_rd Z_rd Z_rd'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from analysis.agreement_counts import Floats, Ints
from analysis.generalizability_grouped import reduce_groups, respondent_parts
from analysis.generalizability_search import Value, curved, newton, settled
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
    ``log_det`` = log|V_r|.
    """

    A: Floats
    b: Floats
    yy: float
    log_det: float


def reduce_respondents(sums: RespondentSums, k: Shrinkage, within: float) -> Reduced:
    """Project out respondent and respondent x domain effects.

    Parameters
    ----------
    sums : RespondentSums
    k : Shrinkage
        From `shrinkage` with the same ratios.
    within : float
        The variance ratio l_rd.

    Returns
    -------
    Reduced
    """
    level = (sums.totals * k.s).sum(axis=1)
    own = within * k.s
    pull = own * sums.totals + k.s * (k.c * level)[:, None]
    A, b = np.diag(sums.task_counts), sums.task_totals.copy()
    blocks = _blocks(sums)
    for rows, seen, S in _shrunk(sums, k):
        root = S * np.sqrt(k.c[rows])[:, None]
        A -= root.T @ root
        b -= (seen * (pull[rows] @ sums.members.T)).sum(axis=0)
        if within:
            for d, block in enumerate(blocks):
                inner = seen[:, block] * np.sqrt(own[rows, d])[:, None]
                A[np.ix_(block, block)] -= inner.T @ inner
    return Reduced(
        A=A,
        b=b,
        yy=sums.squares - float((own * sums.totals**2).sum()) - float(k.c @ level**2),
        log_det=float(-np.log(k.s).sum() - np.log(k.h).sum()),
    )


def _blocks(sums: RespondentSums) -> list[Ints]:
    """Positions of each domain's tasks."""
    return [np.flatnonzero(column).astype(np.int64) for column in sums.members.T]


def _shrunk(sums: RespondentSums, k: Shrinkage) -> Iterator[tuple[slice, Floats, Floats]]:
    """Some respondents at a time: where they are, what they rated (1 or 0), and that times s."""
    for start in range(0, len(k.q), CHUNK):
        rows = slice(start, start + CHUNK)
        seen = sums.seen[rows].astype(float)
        yield rows, seen, seen if (k.s == 1).all() else seen * (k.s[rows] @ sums.members.T)


@dataclass(frozen=True)
class Fit:
    """REML deviance, residual variance, intercept, and the gradient in the square-root ratios.

    The gradient's order: domain, task, respondent, respondent x domain. ``slopes`` is the gradient in the
    ratios themselves (their squares), which says at 0 whether an effect would help.
    """

    deviance: float
    residual: float
    intercept: float
    gradient: Floats
    slopes: Floats


def evaluate(sums: RespondentSums, ratios: npt.ArrayLike, *, every_slope: bool = False) -> Fit:
    """REML criterion with residual variance and intercept profiled out.

    Parameters
    ----------
    sums : RespondentSums
    ratios : array_like of 4 floats
        Standard deviations of the domain, task, respondent and respondent x domain effects in
        units of the residual standard deviation; all at least 0, 0 leaves an effect out.
    every_slope : bool
        Whether the slope of a respondent x domain effect that is left out is wanted too, which takes a
        pass over the respondents.

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
    grouped = sums.grouped if x[3] == 0 and not every_slope else None
    k = shrinkage(sums, x[2] ** 2, x[3] ** 2) if grouped is None else None
    red = _reduced(sums, k, x)
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
        return Fit(1e300, 0.0, intercept, np.zeros(4), np.zeros(4))
    log_det = red.log_det + 2 * float(np.log(np.diag(factor)).sum()) + float(np.log(xx))
    traces, quadratics = _gradient_parts(sums, red, C, u, (k, x[2] ** 2))
    slopes = traces - df * quadratics / rss
    deviance = log_det + df * (1 + float(np.log(2 * np.pi * rss / df)))
    return Fit(deviance, rss / df, intercept, 2 * x * slopes, slopes)


def _reduced(sums: RespondentSums, k: Shrinkage | None, x: Floats) -> Reduced:
    """The sums without the respondents' effects; from groups of respondents where there is no shrinkage of each."""
    if k is not None or sums.grouped is None:
        k = k or shrinkage(sums, x[2] ** 2, x[3] ** 2)
        return reduce_respondents(sums, k, x[3] ** 2)
    found = reduce_groups(sums.grouped, x[2] ** 2, sums.task_counts, sums.task_totals, sums.squares)
    return Reduced(found.A, found.b, found.yy, found.log_det)


def _gradient_parts(
    sums: RespondentSums, red: Reduced, C: Floats, u: Floats, how: tuple[Shrinkage | None, float]
) -> tuple[Floats, Floats]:
    """tr(P Z Z') and y'P Z Z'P y for domain, task, respondent and respondent x domain."""
    ZPZ = red.A - red.A @ C @ red.A
    f = red.b - red.A @ u
    k, ratio = how
    if k is None and sums.grouped is not None:
        trace, quadratic = respondent_parts(sums.grouped, ratio, C, u)
        persons = (trace, 0.0), (quadratic, 0.0)  # the last is multiplied by a ratio of 0
    else:
        k = k or shrinkage(sums, ratio, 0.0)
        persons = _respondent_traces(sums, C, k), _respondent_quadratics(sums, u, k)
    by_domain = sums.members.T @ f
    traces = [np.vdot(sums.members, ZPZ @ sums.members), np.trace(ZPZ), *persons[0]]
    return np.array(traces), np.array([by_domain @ by_domain, f @ f, *persons[1]])


def _respondent_quadratics(sums: RespondentSums, u: Floats, k: Shrinkage) -> tuple[float, float]:
    """y'P Z Z'P y over respondents and over respondent x domain cells."""
    inside = k.s * (sums.totals - by_chunks(sums.seen, u[:, None] * sums.members))
    level = inside.sum(axis=1)
    cell = inside - (k.c * level)[:, None] * k.s * sums.counts
    return float((k.h * level) @ (k.h * level)), float(np.vdot(cell, cell))


def _respondent_traces(sums: RespondentSums, C: Floats, k: Shrinkage) -> tuple[float, float]:
    """tr(Z'PZ) over respondents and over respondent x domain cells.

    P = V_r^-1 - V_r^-1 Z C Z'V_r^-1, and Z'V_r^-1 1 is h S_r for a respondent; for a cell it is the
    domain's part of S_r less c n s times all of S_r. So both traces need only S C, one product.
    """
    part = k.s * sums.counts
    first = float(k.q @ k.h)
    second = float(part.sum() - k.c @ (part**2).sum(axis=1))
    blocks = _blocks(sums)
    for rows, _seen, S in _shrunk(sums, k):
        SC = S @ C
        product = SC * S
        whole = product.sum(axis=1)
        first -= float((k.h[rows] ** 2) @ whole)
        weights = k.c[rows, None] * part[rows]
        second += 2 * float((weights * (product @ sums.members)).sum())
        second -= float((weights**2).sum(axis=1) @ whole)
        for block in blocks:
            inner = S[:, block]
            second -= float(((inner @ C[np.ix_(block, block)]) * inner).sum())
    return first, second


def minimise(sums: RespondentSums, free: Ints, start: Floats) -> tuple[Floats, Fit]:
    """Square-root ratios at the smallest REML deviance.

    Parameters
    ----------
    sums : RespondentSums
        With a ``sample``, the search starts from the sample's optimum.
    free : int array
        Which of the four effects (order of `evaluate`) the model has.
    start : float array
        Starting ratios of those effects, all positive.

    Returns
    -------
    (float array of 4, Fit)
        A ratio is exactly 0 where the boundary is at least as good.
    """
    if sums.sample is None:
        return _searched(sums, free, start)
    inside, _ = minimise(sums.sample, free, start)
    kept = free[inside[free] > 0]
    if 0 < len(kept) < len(free):
        # What the sample has at 0 is left out of the search; its slope then says whether that is right.
        ratios, _ = _searched(sums, kept, np.maximum(inside[kept], 0.02), sums.sample)
        fit = evaluate(sums, ratios, every_slope=True)
        if (fit.slopes[np.setdiff1d(free, kept)] >= 0).all():
            return ratios, fit
    return _searched(sums, free, np.maximum(inside[free], 0.02), sums.sample)


def _searched(
    sums: RespondentSums, free: Ints, start: Floats, sample: RespondentSums | None = None
) -> tuple[Floats, Fit]:
    """The search over some effects, with the Hessian of a sample where there is one."""

    def criterion(x: Floats) -> Value:
        return _value(sums, free, x)

    hessian = None
    if sample is not None:
        # More respondents bend the deviance more along their own effects; tasks and domains are as many as before.
        inside = curved(lambda x: _value(sample, free, x), start, _value(sample, free, start))
        more = np.where(free >= 2, np.sqrt(sums.n / sample.n), 1.0)
        hessian = inside * np.outer(more, more)
    ratios = _placed(free, settled(criterion, newton(criterion, start, hessian)))
    return ratios, evaluate(sums, ratios)


def _placed(free: Ints, x: Floats) -> Floats:
    ratios = np.zeros(4)
    ratios[free] = x
    return ratios


def _value(sums: RespondentSums, free: Ints, x: Floats) -> Value:
    fit = evaluate(sums, _placed(free, x))
    return Value(fit.deviance, fit.gradient[free])
