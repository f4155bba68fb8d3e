"""Agreement of a panel of subject matter experts: content validity, kappa, rank agreement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special, stats

from analysis.agreement_counts import Floats, Ints, divide
from analysis.errors import AnalysisError

Weighting = Literal["none", "linear", "quadratic"]


def content_validity_ratio(n_essential: Ints, n_panel: Ints) -> Floats:
    """Lawshe's content validity ratio of each task.

    Parameters
    ----------
    n_essential : int array, (T,)
        Panelists who call the task essential.
    n_panel : int array, (T,)
        Panelists who judged it.

    Returns
    -------
    float array, (T,)
        (n_e - N/2) / (N/2), from -1 to 1; NaN for N = 0.

    References
    ----------
    Lawshe 1975, Personnel Psychology 28, 563-575.
    """
    half = np.asarray(n_panel) / 2
    return divide(np.asarray(n_essential) - half, half)


def essential_needed(n_panel: int, alpha: float = 0.05) -> int | None:
    """Fewest "essential" votes that chance alone seldom gives.

    Parameters
    ----------
    n_panel : int
        Number of panelists N.
    alpha : float
        One-tailed level.

    Returns
    -------
    int or None
        Smallest n_e with P(X >= n_e | N, 1/2) <= alpha; None when even all votes do not suffice.

    References
    ----------
    Ayre & Scally 2014, Measurement and Evaluation in Counseling and Development 47, 79-86.

    Examples
    --------
    >>> essential_needed(13)
    10
    """
    if n_panel < 1:
        raise AnalysisError("A panel has at least one panelist.")
    for needed in range(n_panel + 1):
        if special.bdtrc(needed - 1, n_panel, 0.5) <= alpha:
            return needed
    return None


@dataclass(frozen=True)
class ContentValidityIndex:
    """Item-level indices (T,), number of judges (T,), and two indices of the whole scale."""

    item: Floats
    n: Ints
    scale_average: float
    scale_universal: float


def content_validity_index(X: Floats, relevant_from: float = 3.0) -> ContentValidityIndex:
    """I-CVI of each task and S-CVI of all tasks.

    Parameters
    ----------
    X : float array, (panelists, T)
        Relevance on 1-4, NaN = not judged.
    relevant_from : float
        Ratings from here up count as relevant.

    Returns
    -------
    ContentValidityIndex
        I-CVI = share of judges who call the task relevant (NaN without judges; 0.78 or more is
        customary); S-CVI/Ave = their mean, S-CVI/UA = share of tasks all judges call relevant.

    References
    ----------
    Polit & Beck 2006, Research in Nursing & Health 29, 489-497.
    """
    n = (~np.isnan(X)).sum(axis=0)
    item = divide((relevant_from <= X).sum(axis=0), n)
    judged = item[n > 0]
    if len(judged) == 0:
        return ContentValidityIndex(item, n, float("nan"), float("nan"))
    return ContentValidityIndex(item, n, float(judged.mean()), float((judged == 1).mean()))


def _disagreement(k: int, weighting: Weighting) -> Floats:
    distance = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(float)
    if weighting == "none":
        return (distance > 0).astype(float)
    return distance if weighting == "linear" else distance**2


def weighted_kappa(table: Ints, weighting: Weighting = "linear") -> float:
    """Cohen's kappa of two panelists (or two panels), chance agreement taken out.

    Parameters
    ----------
    table : int array, (k, k)
        How often the first judged category i and the second j; categories in order.
    weighting : {"none", "linear", "quadratic"}
        How far apart two categories are.

    Returns
    -------
    float
        1 - sum(d O) / sum(d E), E from the margins; NaN without judgments or when both use one
        and the same category only.

    References
    ----------
    Cohen 1968, Psychological Bulletin 70, 213-220.
    """
    observed = np.asarray(table, dtype=float)
    n = observed.sum()
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    distance = _disagreement(len(observed), weighting)
    by_chance = float((distance * expected).sum())
    return float(1 - divide(n * (distance * observed).sum(), by_chance))


def cross_table(a: Floats, b: Floats, categories: Floats) -> Ints:
    """Count pairs of judgments.

    Parameters
    ----------
    a, b : float array, (T,)
        Judgments of the same tasks, NaN = none; pairs with a gap are left out.
    categories : float array, (k,)
        The categories in order.

    Returns
    -------
    int array, (k, k)
    """
    return np.array([[int(((a == i) & (b == j)).sum()) for j in categories] for i in categories])


@dataclass(frozen=True)
class Concordance:
    """Kendall's W with its chi-square test; NaN where undefined."""

    W: float
    chi2: float
    df: int
    p: float
    n_tasks: int
    n_judges: int


def kendall_w(X: Floats) -> Concordance:
    """Do judges rank the tasks alike?

    Parameters
    ----------
    X : float array, (judges, T)
        Ratings or ranks; judges with a missing one are left out.

    Returns
    -------
    Concordance
        W = 12 S / (m^2 (n^3 - n) - m sum(t^3 - t)) with average ranks, from 0 to 1; chi2 =
        m (n - 1) W on n - 1 df. NaN with fewer than 2 judges or tasks, or when every judge ties
        all tasks.

    References
    ----------
    Kendall & Babington Smith 1939, Annals of Mathematical Statistics 10, 275-287.
    """
    complete = X[~np.isnan(X).any(axis=1)]
    m, n = complete.shape
    empty = float("nan")
    if m < 2 or n < 2:
        return Concordance(empty, empty, max(n - 1, 0), empty, n, m)
    ranks = stats.rankdata(complete, axis=1)
    ties = sum(float((c**3 - c).sum()) for c in (np.unique(row, return_counts=True)[1] for row in ranks))
    S = float(np.square(ranks.sum(axis=0) - ranks.sum() / n).sum())
    W = float(divide(12 * S, m**2 * (n**3 - n) - m * ties))
    chi2 = m * (n - 1) * W
    return Concordance(W, chi2, n - 1, float(special.chdtrc(n - 1, chi2)), n, m)
