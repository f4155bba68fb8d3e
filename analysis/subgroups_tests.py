"""Tests and effect sizes for differences between subgroups, task by task, corrected for many tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from analysis.agreement_counts import Floats, Ints, divide, moments


def holm(p: Floats) -> Floats:
    """Holm's adjustment: the chance of any false alarm in the family stays below the level.

    Parameters
    ----------
    p : float array, (m,)
        p-values of one family; NaN = no test, left out of the family.

    Returns
    -------
    float array, (m,)
        max over smaller ones of (m - i + 1) p_(i), at most 1; NaN stays NaN.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1)
    return out


def benjamini_hochberg(p: Floats) -> Floats:
    """Benjamini-Hochberg's adjustment: controls the share of false alarms among the alarms.

    Parameters
    ----------
    p : float array, (m,)
        p-values of one family; NaN = no test, left out of the family.

    Returns
    -------
    float array, (m,)
        min over larger ones of m p_(i) / i, at most 1; NaN stays NaN.

    References
    ----------
    Benjamini & Hochberg 1995, Journal of the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.04, 0.04]
    """
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")[::-1]]
    factors = len(order) / np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.minimum.accumulate(factors * p[order]), 1)
    return out


@dataclass(frozen=True)
class GroupTests:
    """Analysis of variance and Kruskal-Wallis of each task (arrays (T,), NaN where undefined)."""

    n: Ints
    k_groups: Ints
    eta2: Floats
    F: Floats
    df1: Floats
    df2: Floats
    p_f: Floats
    H: Floats
    df: Floats
    p_kw: Floats


def group_tests(counts: Ints, values: Floats) -> GroupTests:
    """Test each task for differences between the levels of a background question.

    Parameters
    ----------
    counts : int array, (L, T, K)
        Ratings by level, task and scale point (points ascending).
    values : float array, (K,)
        The number of each point.

    Returns
    -------
    GroupTests
        eta2 = SS_between / SS_total with the one-way F test; H = Kruskal-Wallis with tie
        correction and its chi-square p. Levels nobody of whom rated the task do not count in
        ``k_groups``. All but n and k_groups NaN with fewer than 2 groups or 3 ratings, or when
        all ratings are equal; F and its p NaN without variance within groups.

    References
    ----------
    Kruskal & Wallis 1952, Journal of the American Statistical Association 47, 583-621.
    """
    within = moments(counts, values)
    total = moments(counts.sum(axis=0), values)
    k = (within.n > 0).sum(axis=0)
    possible = (k > 1) & (total.n > 2) & (total.variance > 0)
    ss_total = np.where(possible, total.variance * (total.n - 1), np.nan)
    ss_within = np.nansum(within.variance * (within.n - 1), axis=0)
    ss_between = np.nansum(within.n * np.square(within.mean - total.mean), axis=0)
    df1, df2 = np.where(possible, k - 1.0, np.nan), np.where(possible, total.n - k + 0.0, np.nan)
    F = divide(ss_between / df1, np.where(ss_within > 1e-12 * ss_total, divide(ss_within, df2), np.nan))
    H = np.where(possible, _kruskal_wallis(counts), np.nan)
    return GroupTests(
        n=total.n,
        k_groups=k,
        eta2=divide(ss_between, ss_total),
        F=F,
        df1=df1,
        df2=df2,
        p_f=special.fdtrc(df1, df2, F),
        H=H,
        df=df1,
        p_kw=special.chdtrc(df1, H),
    )


def _kruskal_wallis(counts: Ints) -> Floats:
    """H from midranks, corrected for ties."""
    ties = counts.sum(axis=0).astype(float)
    n = ties.sum(axis=-1)
    midrank = np.cumsum(ties, axis=-1) - (ties - 1) / 2
    sizes = counts.sum(axis=-1)
    rank_sums = (counts * midrank).sum(axis=-1)
    between = np.nansum(divide(rank_sums**2, sizes), axis=0)
    raw = divide(12 * between, n * (n + 1)) - 3 * (n + 1)
    return divide(raw, 1 - divide((ties**3 - ties).sum(axis=-1), n**3 - n))


@dataclass(frozen=True)
class TwoGroupEffects:
    """Differences of two groups, a minus b, of each task (arrays (T,), NaN where undefined)."""

    n_a: Ints
    n_b: Ints
    diff: Floats
    cohens_d: Floats
    hedges_g: Floats
    welch_t: Floats
    welch_df: Floats
    welch_p: Floats


def two_group_effects(a: Ints, b: Ints, values: Floats) -> TwoGroupEffects:
    """Standardised differences and Welch's t test of two groups.

    Parameters
    ----------
    a, b : int array, (T, K)
        Ratings of the two groups on each scale point.
    values : float array, (K,)
        The number of each point.

    Returns
    -------
    TwoGroupEffects
        d = diff / pooled SD; g = d J, J = gamma(df/2) / (sqrt(df/2) gamma((df-1)/2)), df =
        n_a + n_b - 2; Welch's t, its df and two-sided p. All but the n NaN where a group has
        fewer than 2 ratings; the standardised ones also where neither group varies.

    References
    ----------
    Hedges 1981, Journal of Educational Statistics 6, 107-128; Welch 1947, Biometrika 34, 28-35.
    """
    x, y = moments(a, values), moments(b, values)
    enough = (x.n > 1) & (y.n > 1)
    diff = np.where(enough, x.mean - y.mean, np.nan)
    df = np.where(enough, x.n + y.n - 2.0, np.nan)
    pooled = ((x.n - 1) * x.variance + (y.n - 1) * y.variance) / df
    d = divide(diff, np.sqrt(pooled))
    correction = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    se_x, se_y = divide(x.variance, x.n), divide(y.variance, y.n)
    t = divide(diff, np.sqrt(np.where(enough, se_x + se_y, np.nan)))
    spread = divide(se_x**2, x.n - 1) + divide(se_y**2, y.n - 1)
    welch_df = divide(np.where(enough, (se_x + se_y) ** 2, np.nan), spread)
    return TwoGroupEffects(
        n_a=x.n,
        n_b=y.n,
        diff=diff,
        cohens_d=d,
        hedges_g=d * correction,
        welch_t=t,
        welch_df=welch_df,
        welch_p=2 * stats.t.sf(np.abs(t), welch_df),
    )
