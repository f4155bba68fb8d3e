"""The intraclass correlations with tasks as targets and respondents as judges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.agreement_counts import Floats, divide

_ROUNDING = 1e-13  # a sum of squares this small beside its parts is rounding error, that is 0


@dataclass(frozen=True)
class MeanSquares:
    """Two-way analysis of variance without replication: n tasks by k respondents."""

    n_targets: int
    n_judges: int
    between: float
    within: float
    judges: float
    error: float


@dataclass(frozen=True)
class Icc:
    """One intraclass correlation with its F test and interval; NaN where undefined."""

    type: str
    icc: float
    F: float
    df1: float
    df2: float
    p: float
    low: float
    high: float


@dataclass(frozen=True)
class CompleteSums:
    """Sums over the respondents who rated all tasks: rows (k,), columns (T,), all squares.

    Add two of them to join two samples.
    """

    rows: Floats
    columns: Floats
    squares: float

    def __add__(self, other: CompleteSums) -> CompleteSums:
        rows = np.concatenate([self.rows, other.rows])
        return CompleteSums(rows, self.columns + other.columns, self.squares + other.squares)


def complete_sums(X: Floats) -> CompleteSums:
    """Row sums, column sums and the sum of squares of the complete respondents.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing; respondents with a missing one are left out.

    Returns
    -------
    CompleteSums
        Three passes without a copy of the matrix when nobody is incomplete.
    """
    rows = X.sum(axis=1)
    complete = ~np.isnan(rows)
    if not complete.all():
        X, rows = X[complete], rows[complete]
    return CompleteSums(rows, np.ones(len(X)) @ X, float(np.vdot(X, X)))


def mean_squares(X: Floats) -> MeanSquares:
    """Mean squares of the complete respondents' ratings.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing. Only respondents who rated all T tasks are used.

    Returns
    -------
    MeanSquares
        MSB (tasks), MSW, MSJ (respondents) and MSE; NaN where a degree of freedom is 0.
    """
    return mean_squares_of(complete_sums(X))


def mean_squares_of(sums: CompleteSums) -> MeanSquares:
    """Mean squares from sums, which may have been collected in chunks; see `mean_squares`."""
    rows, columns, squares = sums.rows, sums.columns, sums.squares
    k, n = len(rows), len(columns)
    if k == 0 or n == 0:
        return MeanSquares(n, k, *[float("nan")] * 4)
    correction = float(rows.sum()) ** 2 / (n * k)
    total = squares - correction
    between = float(np.square(columns - columns.mean()).sum()) / k
    judges = float(np.square(rows - rows.mean()).sum()) / n
    between, judges, within, error = (
        part if part > _ROUNDING * squares else 0.0
        for part in (between, judges, total - between, total - between - judges)
    )
    return MeanSquares(
        n_targets=n,
        n_judges=k,
        between=float(divide(between, n - 1)),
        within=float(divide(within, n * (k - 1))),
        judges=float(divide(judges, k - 1)),
        error=float(divide(error, (n - 1) * (k - 1))),
    )


def _ratio(above: float, below: float) -> float:
    return float(divide(above, below))


def _f_row(F: float, df1: int, df2: int, q: float) -> tuple[float, float, float]:
    """p-value and the limits of the true F: F / F(1-q; df1, df2) and F * F(1-q; df2, df1)."""
    if not np.isfinite(F):
        return (float("nan"),) * 3
    low = F / float(stats.f.ppf(1 - q, df1, df2))
    high = F * float(stats.f.ppf(1 - q, df2, df1))
    return float(stats.f.sf(F, df1, df2)), low, high


def _agreement_limits(ms: MeanSquares, icc: float, q: float) -> tuple[float, float]:
    """Limits of ICC(2,1) with Satterthwaite's degrees of freedom (Shrout & Fleiss 1979)."""
    n, k, ratio = ms.n_targets, ms.n_judges, _ratio(ms.judges, ms.error)
    spread = n * (1 + (k - 1) * icc) - k * icc
    below = (n - 1) * k**2 * icc**2 * ratio**2 + spread**2
    df = _ratio((k - 1) * (n - 1) * (k * icc * ratio + spread) ** 2, below)
    if not np.isfinite(df) or df <= 0:
        return float("nan"), float("nan")
    upper, lower = float(stats.f.ppf(1 - q, n - 1, df)), float(stats.f.ppf(1 - q, df, n - 1))
    rest = k * ms.judges + (k * n - k - n) * ms.error
    low = _ratio(n * (ms.between - upper * ms.error), upper * rest + n * ms.between)
    high = _ratio(n * (lower * ms.between - ms.error), rest + n * lower * ms.between)
    return low, high


def _one_way_limits(low: float, high: float, k: int) -> tuple[float, float, float, float]:
    """Limits of F turned into those of the single and the average coefficient."""
    single = _ratio(low - 1, low + k - 1), _ratio(high - 1, high + k - 1)
    return *single, 1 - _ratio(1, low), 1 - _ratio(1, high)


def _step_up(icc: float, k: int) -> float:
    return _ratio(icc * k, 1 + icc * (k - 1))


def icc_family(ms: MeanSquares, confidence: float = 0.95) -> list[Icc]:
    """The six intraclass correlations of Shrout & Fleiss with F tests and intervals.

    Parameters
    ----------
    ms : MeanSquares
        From `mean_squares`; tasks are the targets, respondents the judges.
    confidence : float
        Coverage of the limits.

    Returns
    -------
    list of Icc
        ICC1, ICC2, ICC3 (one respondent) and ICC1k, ICC2k, ICC3k (mean of k respondents).
        Negative values are reported, not cut. F, p and limits are NaN when the error mean square
        is 0; everything is NaN with fewer than 2 tasks or respondents, or without any variance.

    Notes
    -----
    ICC1 = (MSB-MSW)/(MSB+(k-1)MSW); ICC2 = (MSB-MSE)/(MSB+(k-1)MSE+k(MSJ-MSE)/n);
    ICC3 = (MSB-MSE)/(MSB+(k-1)MSE); ICC1k = (MSB-MSW)/MSB; ICC2k = (MSB-MSE)/(MSB+(MSJ-MSE)/n);
    ICC3k = (MSB-MSE)/MSB. With hundreds of respondents the averages are close to 1 whatever the
    quality of the ratings: read the single ones.

    References
    ----------
    Shrout & Fleiss 1979, Psychological Bulletin 86, 420-428; McGraw & Wong 1996, Psychological
    Methods 1, 30-46; psych::ICC (R).
    """
    n, k, q = ms.n_targets, ms.n_judges, (1 - confidence) / 2
    b, w, j, e = ms.between, ms.within, ms.judges, ms.error
    df1, df2 = n - 1, (n * (k - 1), (n - 1) * (k - 1))
    F1, F3 = _ratio(b, w), _ratio(b, e)
    p1, l1, h1 = _f_row(F1, df1, df2[0], q)
    p3, l3, h3 = _f_row(F3, df1, df2[1], q)
    single = _ratio(b - e, b + (k - 1) * e + k * (j - e) / n) if n else float("nan")
    low1, high1, low1k, high1k = _one_way_limits(l1, h1, k)
    low3, high3, low3k, high3k = _one_way_limits(l3, h3, k)
    low2, high2 = _agreement_limits(ms, single, q)
    one, two = (F1, df1, df2[0], p1), (F3, df1, df2[1], p3)
    return [
        Icc("ICC1", _ratio(b - w, b + (k - 1) * w), *one, low1, high1),
        Icc("ICC2", single, *two, low2, high2),
        Icc("ICC3", _ratio(b - e, b + (k - 1) * e), *two, low3, high3),
        Icc("ICC1k", _ratio(b - w, b), *one, low1k, high1k),
        Icc(
            "ICC2k",
            _ratio(b - e, b + (j - e) / n) if n else single,
            *two,
            _step_up(low2, k),
            _step_up(high2, k),
        ),
        Icc("ICC3k", _ratio(b - e, b), *two, low3k, high3k),
    ]
