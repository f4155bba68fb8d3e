"""Whether a list of tasks holds for other people: which tasks they perform, and whether these matter as much there."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from analysis.errors import AnalysisError

HOLDS, OPEN, FAILS, UNKNOWN = "holds", "open", "fails", "unknown"


@dataclass(frozen=True)
class TransportRule:
    """When a task transports: ``performing`` is the least share that performs it, ``tolerance`` the largest
    difference of mean importance, in points of the scale.
    """

    performing: float = 0.5
    tolerance: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.performing < 1 or self.tolerance <= 0:
            raise AnalysisError("The share lies between 0 and 1, and the tolerance above 0.")


@dataclass(frozen=True)
class Estimate:
    """A share or mean with its interval."""

    value: float
    low: float
    high: float


def judge_share(share: Estimate | None, rule: TransportRule) -> str:
    """Say whether enough people perform a task, by the whole interval of the share.

    Examples
    --------
    >>> judge_share(Estimate(0.9, 0.8, 0.95), TransportRule()), judge_share(Estimate(0.6, 0.45, 0.73), TransportRule())
    ('holds', 'open')
    """
    if share is None or np.isnan(share.low) or np.isnan(share.high):
        return UNKNOWN
    if share.low >= rule.performing:
        return HOLDS
    return FAILS if share.high < rule.performing else OPEN


def difference(former: Estimate, present: Estimate) -> Estimate:
    """Return present mean less former mean, of two independent samples.

    The half width is the root of the sum of squared half widths; a former mean without interval counts as known.
    """
    halves = [0.0 if np.isnan(e.low) else (e.high - e.low) / 2 for e in (former, present)]
    gap, half = present.value - former.value, hypot(*halves)
    return Estimate(gap, gap - half, gap + half)


def judge_difference(gap: Estimate | None, rule: TransportRule) -> str:
    """Say whether two mean ratings are the same for practical purposes: the interval lies within the tolerance.

    The logic is that of a test of equivalence [1]_: a small sample leaves the question open instead of answering yes.

    References
    ----------
    .. [1] Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach for
       assessing the equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics, 15,
       657-680.

    Examples
    --------
    >>> [judge_difference(Estimate(g, g - 0.2, g + 0.2), TransportRule()) for g in (0.1, 0.4, -0.9)]
    ['holds', 'open', 'fails']
    """
    if gap is None or np.isnan(gap.low) or np.isnan(gap.high):
        return UNKNOWN
    if -rule.tolerance <= gap.low and gap.high <= rule.tolerance:
        return HOLDS
    return FAILS if gap.low > rule.tolerance or gap.high < -rule.tolerance else OPEN


def judge_task(performed: str, important: str) -> str:
    """Join two judgements: one that fails decides, a former list without means leaves it to the share performing.

    Examples
    --------
    >>> judge_task("holds", "unknown"), judge_task("holds", "open"), judge_task("open", "fails")
    ('holds', 'open', 'fails')
    """
    if performed == UNKNOWN:
        return UNKNOWN
    if FAILS in (performed, important):
        return FAILS
    return OPEN if OPEN in (performed, important) else HOLDS
