"""Cronbach's alpha with tasks as items: pairwise or listwise, its interval, and alpha if deleted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.agreement_counts import Floats, Ints, divide

_CHUNK = 16_384  # respondents turned into floats at a time: 13 MB for 100 tasks


@dataclass(frozen=True)
class PairwiseMoments:
    """Sums over respondents for every pair of tasks; add two of them to join two samples.

    ``n[i, j]`` respondents rated both tasks, ``total[i, j]`` is the sum of task i over them and
    ``product[i, j]`` the sum of products. ``n_rows`` counts all respondents.
    """

    n_rows: int
    n: Floats
    total: Floats
    product: Floats

    def __add__(self, other: PairwiseMoments) -> PairwiseMoments:
        return PairwiseMoments(
            self.n_rows + other.n_rows,
            self.n + other.n,
            self.total + other.total,
            self.product + other.product,
        )

    def take(self, tasks: Ints) -> PairwiseMoments:
        """The same sums for some of the tasks (positions)."""
        grid = np.ix_(tasks, tasks)
        return PairwiseMoments(self.n_rows, self.n[grid], self.total[grid], self.product[grid])

    def covariance(self) -> Floats:
        """Covariance matrix, divisor n_ij - 1; NaN where fewer than 2 respondents share a pair."""
        centred = self.product - divide(self.total * self.total.T, self.n)
        return divide(np.where(self.n > 1, centred, np.nan), self.n - 1)


def pairwise_moments(X: Floats) -> PairwiseMoments:
    """Sums for the covariances of all pairs of tasks, each from whoever rated both.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing.

    Returns
    -------
    PairwiseMoments
        Matrices of shape (T, T). Sums of whole-number ratings are exact, so the order of
        respondents and the size of chunks cannot change a digit.
    """
    tasks = X.shape[1]
    zero = np.zeros((tasks, tasks))
    result = PairwiseMoments(0, zero, zero, zero)
    for start in range(0, len(X), _CHUNK):
        part = X[start : start + _CHUNK]
        seen = (~np.isnan(part)).astype(float)
        filled = np.nan_to_num(part, nan=0.0)
        result += PairwiseMoments(len(part), seen.T @ seen, filled.T @ seen, filled.T @ filled)
    return result


def complete_rows(X: Floats) -> Floats:
    """The respondents who rated every task of X."""
    complete: Floats = X[~np.isnan(X).any(axis=1)]
    return complete


@dataclass(frozen=True)
class Alpha:
    """Cronbach's alpha of k tasks from ``n_rows`` respondents; ``reason`` says why it is empty."""

    k: int
    n_rows: int
    raw_alpha: float
    std_alpha: float
    feldt_low: float
    feldt_high: float
    mean_r: float
    alpha_if_deleted: Floats
    r_drop: Floats
    reason: str = ""


_ROUNDING = 1e-10  # of the trace: a total below it is 0 but for the last digits


def _raw(trace: Floats | float, total: Floats | float, k: int) -> Floats:
    """k / (k - 1) (1 - trace / total), empty when the total variance is not positive but for rounding error."""
    positive = np.where(np.asarray(total) > _ROUNDING * np.asarray(trace), total, np.nan)
    return k / (k - 1) * (1 - divide(trace, positive))


def feldt_interval(alpha: float, n: int, k: int, confidence: float = 0.95) -> tuple[float, float]:
    """Feldt's interval for Cronbach's alpha.

    Parameters
    ----------
    alpha : float
        The estimate.
    n : int
        Respondents it rests on, counted after deletion.
    k : int
        Number of tasks.
    confidence : float
        Coverage, 0.95 by default.

    Returns
    -------
    (float, float)
        1 - (1 - alpha) F(1 - q; n-1, (n-1)(k-1)) and the same at q, q = (1 - confidence) / 2.

    References
    ----------
    Feldt, Woodruff & Salih 1987, Applied Psychological Measurement 11, 93-103.

    Examples
    --------
    >>> [round(x, 4) for x in feldt_interval(0.8, 30, 12)]
    [0.6754, 0.8912]
    """
    q = (1 - confidence) / 2
    df1, df2 = n - 1, (n - 1) * (k - 1)
    low, high = (1 - (1 - alpha) * float(stats.f.ppf(p, df1, df2)) for p in (1 - q, q))
    return low, high


def _why_empty(n_rows: int, C: Floats) -> str:
    if len(C) < 2:
        return "alpha needs at least two tasks"
    if n_rows < 3:
        return "fewer than three respondents"
    if np.isnan(C).any():
        return "two tasks share fewer than two respondents"
    if (np.diag(C) <= 0).any():
        return "a task has no variance"
    if float(C.sum()) <= _ROUNDING * float(np.trace(C)):
        return "the covariances sum to zero or less"
    return ""


def _deleted(C: Floats) -> tuple[Floats, Floats]:
    """Alpha of the remaining tasks and the corrected task-total correlation, task by task."""
    k, own, rows = len(C), np.diag(C), C.sum(axis=1)
    rest = C.sum() - 2 * rows + own
    positive = np.where(rest > 0, rest, np.nan)
    r_drop = divide(rows - own, np.sqrt(own * positive))
    if k < 3:
        return np.full(k, np.nan), r_drop
    return _raw(np.trace(C) - own, rest, k - 1), r_drop


def cronbach_alpha(sums: PairwiseMoments, confidence: float = 0.95) -> Alpha:
    """Cronbach's alpha of a set of tasks, with everything psychometricians ask beside it.

    Parameters
    ----------
    sums : PairwiseMoments
        `pairwise_moments` of all respondents (pairwise rule) or of `complete_rows` (listwise).
    confidence : float
        Coverage of the Feldt interval.

    Returns
    -------
    Alpha
        raw alpha = k/(k-1) (1 - trace C / sum C) of the covariance matrix C; ``std_alpha`` the
        same of C rescaled to unit diagonal (not of pairwise Pearson correlations, as psych
        does); ``mean_r`` its mean off-diagonal element; ``alpha_if_deleted`` and ``r_drop`` from
        the same C. All NaN with a ``reason`` when fewer than 3 respondents remain, a task has no
        variance, or two tasks share no respondents.

    References
    ----------
    Cronbach 1951, Psychometrika 16, 297-334; psych::alpha (R).
    """
    C = sums.covariance()
    k, empty = len(C), float("nan")
    if reason := _why_empty(sums.n_rows, C):
        blank = np.full(k, np.nan)
        return Alpha(k, sums.n_rows, empty, empty, empty, empty, empty, blank, blank, reason)
    scale = np.sqrt(np.diag(C))
    R = C / np.outer(scale, scale)
    raw = float(_raw(float(np.trace(C)), float(C.sum()), k))
    low, high = feldt_interval(raw, sums.n_rows, k, confidence)
    return Alpha(
        k=k,
        n_rows=sums.n_rows,
        raw_alpha=raw,
        std_alpha=float(_raw(float(k), float(R.sum()), k)),
        feldt_low=low,
        feldt_high=high,
        mean_r=float((R.sum() - k) / (k * (k - 1))),
        alpha_if_deleted=_deleted(C)[0],
        r_drop=_deleted(C)[1],
    )


def split_half(X: Floats, seed: int, splits: int = 100) -> float:
    """Reliability of the task means from random halves of the respondents.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing; each half's task mean is over its available ratings.
    seed : int
        Seed of the random halves.
    splits : int
        Number of random divisions averaged over.

    Returns
    -------
    float
        Mean of 2 r / (1 + r) (Spearman-Brown), r = correlation of the two halves' task means.
        NaN with fewer than 4 respondents, or when no division has two tasks with different means.
    """
    if len(X) < 4:
        return float("nan")
    rng = np.random.Generator(np.random.PCG64(seed))
    seen, filled = (~np.isnan(X)).astype(float), np.nan_to_num(X, nan=0.0)
    found = [_one_split(seen, filled, rng.permutation(len(X))) for _ in range(splits)]
    usable = [r for r in found if not np.isnan(r)]
    return float(np.mean(usable)) if usable else float("nan")


def _one_split(seen: Floats, filled: Floats, order: Ints) -> float:
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    a, b = (divide(filled[half].sum(axis=0), seen[half].sum(axis=0)) for half in halves)
    both = ~np.isnan(a) & ~np.isnan(b)
    if both.sum() < 2 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return float("nan")
    r = float(np.corrcoef(a[both], b[both])[0, 1])
    return 2 * r / (1 + r) if r > -1 else float("nan")
