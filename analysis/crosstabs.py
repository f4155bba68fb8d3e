"""Cross-tabulation of background and market-study questions with intervals and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.agreement_counts import Flags, Floats, Ints, divide
from analysis.tasks import wilson_interval


@dataclass(frozen=True)
class CrossTab:
    """Counts (G, C) of choices by group with column shares of each group.

    ``n`` (G,) respondents of each group who answered; ``share``, ``low``, ``high`` (G, C).
    """

    groups: tuple[str, ...]
    choices: tuple[str, ...]
    counts: Ints
    n: Ints
    share: Floats
    low: Floats
    high: Floats


def _tab(groups: Sequence[str], choices: Sequence[str], counts: Ints, n: Ints, confidence: float) -> CrossTab:
    whole = np.broadcast_to(n[:, None], counts.shape)
    low, high = wilson_interval(counts, whole, confidence)
    return CrossTab(tuple(groups), tuple(choices), counts, n, divide(counts, whole), low, high)


def single_choice(
    answer: Ints,
    group: Ints,
    choices: Sequence[str],
    groups: Sequence[str],
    confidence: float = 0.95,
) -> CrossTab:
    """Cross-tabulate a question with one answer by group.

    Parameters
    ----------
    answer, group : int array, (R,)
        Number of the choice and of the group of each respondent; -1 = missing, left out.
    choices, groups : sequence of str
        Their names, in the order wanted.
    confidence : float
        Coverage of the Wilson intervals.

    Returns
    -------
    CrossTab
        Shares of the group's respondents who answered; NaN in a group without any.
    """
    both = (answer >= 0) & (group >= 0)
    flat = group[both] * len(choices) + answer[both]
    counts = np.bincount(flat, minlength=len(groups) * len(choices)).reshape(len(groups), len(choices))
    return _tab(groups, choices, counts.astype(np.int64), counts.sum(axis=1), confidence)


def multiple_choice(
    chosen: Flags,
    answered: Flags,
    group: Ints,
    choices: Sequence[str],
    groups: Sequence[str],
    confidence: float = 0.95,
) -> CrossTab:
    """Cross-tabulate a question with several answers by group.

    Parameters
    ----------
    chosen : bool array, (R, C)
        Whether the respondent ticked each choice.
    answered : bool array, (R,)
        Whether he answered the question at all; only those are in n.
    group : int array, (R,)
        Group of each respondent, -1 = missing.
    choices, groups : sequence of str
    confidence : float

    Returns
    -------
    CrossTab
        Shares may sum to more than 1.
    """
    member = np.stack([(group == g) & answered for g in range(len(groups))])
    counts = member.astype(np.int64) @ chosen.astype(np.int64)
    return _tab(groups, choices, counts, member.sum(axis=1), confidence)


@dataclass(frozen=True)
class Association:
    """Pearson's chi-square test of a table with Cramer's V; NaN with a ``reason``."""

    n: int
    chi2: float
    df: int
    p: float
    cramers_v: float
    smallest_expected: float
    reason: str = ""


def association(counts: Ints) -> Association:
    """Does the answer go with the group?

    Parameters
    ----------
    counts : int array, (G, C)
        Respondents by group and choice (single choice only). Empty rows and columns are left out.

    Returns
    -------
    Association
        chi2 = sum (O - E)^2 / E without continuity correction on (rows - 1)(columns - 1) df;
        V = sqrt(chi2 / (n min(rows - 1, columns - 1))). ``smallest_expected`` below 5 warns that
        the p-value is rough. NaN when fewer than 2 groups or choices have answers.

    References
    ----------
    Cramer 1946, Mathematical Methods of Statistics, chapter 21.
    """
    table = np.asarray(counts)[np.asarray(counts).sum(axis=1) > 0]
    table = table[:, table.sum(axis=0) > 0].astype(float)
    n, empty = int(table.sum()), float("nan")
    rows, columns = table.shape
    if rows < 2 or columns < 2:
        return Association(n, empty, 0, empty, empty, empty, "fewer than two groups or choices have answers")
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi2 = float((np.square(table - expected) / expected).sum())
    df = (rows - 1) * (columns - 1)
    v = float(np.sqrt(chi2 / (n * min(rows - 1, columns - 1))))
    return Association(n, chi2, df, float(special.chdtrc(df, chi2)), v, float(expected.min()))


def suppress_small(tab: CrossTab, least: int = 5) -> CrossTab:
    """Hide the shares of groups with too few respondents, so that nobody can be recognised.

    Parameters
    ----------
    tab : CrossTab
    least : int
        Fewest respondents of a group whose answers may be shown.

    Returns
    -------
    CrossTab
        Counts of such groups become 0 and shares NaN; ``n`` stays.
    """
    small = (tab.n < least)[:, None]
    share, low, high = (np.where(small, np.nan, x) for x in (tab.share, tab.low, tab.high))
    return CrossTab(tab.groups, tab.choices, np.where(small, 0, tab.counts), tab.n, share, low, high)
