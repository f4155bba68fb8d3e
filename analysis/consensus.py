"""Rounds of a panel: how far its members agree, whether they still move, what level and weights they give."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from analysis.agreement_counts import Floats, Ints, divide
from analysis.errors import AnalysisError
from analysis.panel import Weighting, cross_table, weighted_kappa


@dataclass(frozen=True)
class Consensus:
    """Statistics of each item over its judges, all (T,); NaN without judges.

    ``agreement`` is the share of judges in the most frequent category; ``mode`` is that category's
    number, NaN where two or more are equally frequent; ``iqr`` is ``upper`` minus ``lower`` quartile.
    """

    n: Ints
    mean: Floats
    median: Floats
    lower: Floats
    upper: Floats
    iqr: Floats
    mode: Floats
    agreement: Floats


def consensus(X: Floats, values: Floats) -> Consensus:
    """Consensus of a panel on each item.

    Parameters
    ----------
    X : float array, (panelists, T)
        Judgments, each one of ``values``; NaN = not judged (left out of that item).
    values : float array, (k,)
        The numbers of the categories, ascending.

    Returns
    -------
    Consensus
        Quartiles by linear interpolation between order statistics (R type 7).

    Raises
    ------
    AnalysisError
        If a judgment is none of ``values``.

    References
    ----------
    von der Gracht 2012, Technological Forecasting and Social Change 79, 1525-1536 (agreement, IQR).

    Examples
    --------
    >>> found = consensus(np.array([[3.0], [4.0], [4.0], [2.0]]), np.array([1.0, 2, 3, 4]))
    >>> float(found.agreement[0]), float(found.mode[0]), float(found.iqr[0])
    (0.5, 4.0, 1.25)
    """
    if not np.isin(X[~np.isnan(X)], values).all():
        raise AnalysisError("A judgment is none of the categories of its scale.")
    counts = np.stack([(value == X).sum(axis=0) for value in values], axis=-1)
    n = counts.sum(axis=-1)
    top = counts.max(axis=-1)
    single = (counts == top[:, None]).sum(axis=-1) == 1
    mode = np.where(single & (n > 0), np.asarray(values)[counts.argmax(axis=-1)], np.nan)
    lower, median, upper = _quartiles(X)
    mean = divide(np.nansum(X, axis=0), n)
    return Consensus(n, mean, median, lower, upper, upper - lower, mode, divide(top, n))


def _quartiles(X: Floats) -> tuple[Floats, Floats, Floats]:
    found = np.full((3, X.shape[1]), np.nan)
    for item in range(X.shape[1]):
        judged = X[~np.isnan(X[:, item]), item]
        if len(judged):
            found[:, item] = np.quantile(judged, [0.25, 0.5, 0.75])
    return found[0], found[1], found[2]


@dataclass(frozen=True)
class Stability:
    """How little the panel moved between two rounds, (T,) each; NaN where nobody judged twice.

    ``same`` is the share of judges who gave the same answer again, ``n`` those who judged in both rounds;
    ``median_change`` is the later median minus the earlier one, over the same judges.
    """

    n: Ints
    same: Floats
    median_change: Floats


def stability(before: Floats, after: Floats) -> Stability:
    """Compare two rounds, judge by judge.

    Parameters
    ----------
    before, after : float array, (panelists, T)
        The same panelists and items in the same order; NaN = not judged. Who judged once only is left out.

    Returns
    -------
    Stability

    References
    ----------
    Scheibe, Skutsch & Schofer 1975, in Linstone & Turoff (eds.), The Delphi Method: stop when answers are stable.
    """
    both = ~np.isnan(before) & ~np.isnan(after)
    n = both.sum(axis=0)
    same = divide((both & (before == after)).sum(axis=0), n)
    earlier, later = np.where(both, before, np.nan), np.where(both, after, np.nan)
    return Stability(n, same, _quartiles(later)[1] - _quartiles(earlier)[1])


def pairwise_kappa(X: Floats, categories: Floats, weighting: Weighting = "linear") -> tuple[float, int]:
    """Mean weighted kappa over all pairs of panelists.

    Parameters
    ----------
    X : float array, (panelists, T)
        Judgments, NaN = none; a pair is compared on the items both judged.
    categories : float array, (k,)
        The categories in order.
    weighting : {"none", "linear", "quadratic"}
        How far apart two categories are.

    Returns
    -------
    (float, int)
        The mean over the pairs whose kappa is defined and their number; NaN and 0 without such a pair.

    References
    ----------
    Light 1971, Psychological Bulletin 76, 365-377.
    """
    pairs = combinations(range(len(X)), 2)
    found = [weighted_kappa(cross_table(X[i], X[j], categories), weighting) for i, j in pairs]
    defined = [kappa for kappa in found if not np.isnan(kappa)]
    return (float(np.mean(defined)), len(defined)) if defined else (float("nan"), 0)


@dataclass(frozen=True)
class PointShares:
    """Weights from points, (D,) each: mean, median, trimmed mean, SD (n - 1), quartiles; ``n`` panelists.

    Mean, median and trimmed mean are rescaled to sum to 1; SD and quartiles stay in points.
    """

    n: int
    mean: Floats
    median: Floats
    trimmed: Floats
    sd: Floats
    lower: Floats
    upper: Floats


def point_shares(points: Floats, total: float = 100.0, trim: float = 0.1) -> PointShares:
    """Domain weights from panelists who each spread a number of points over the domains.

    Parameters
    ----------
    points : float array, (panelists, D)
        Points of at least 0; each row must sum to ``total``. A row with NaN is left out.
    total : float
        What each panelist had to spread.
    trim : float
        Share of panelists left out at each end for the trimmed mean.

    Returns
    -------
    PointShares
        NaN throughout without a complete panelist; SD NaN with one.

    Raises
    ------
    AnalysisError
        If a complete row does not sum to ``total``, or holds a negative number.
    """
    rows = points[~np.isnan(points).any(axis=1)]
    if (rows < 0).any() or not np.allclose(rows.sum(axis=1), total):
        raise AnalysisError(f"Points must be at least 0 and sum to {total:g} for each panelist.")
    if len(rows) == 0:
        empty = np.full(points.shape[1], np.nan)
        return PointShares(0, empty, empty, empty, empty, empty, empty)
    sd = rows.std(axis=0, ddof=1) if len(rows) > 1 else np.full(rows.shape[1], np.nan)
    lower, median, upper = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
    trimmed = stats.trim_mean(rows, trim, axis=0)
    shares = [divide(centre, centre.sum()) for centre in (rows.mean(axis=0), median, trimmed)]
    return PointShares(len(rows), shares[0], shares[1], shares[2], sd, lower, upper)
