"""What variance components need to know of the ratings: sums per respondent, domain and task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.agreement_counts import Flags, Floats, Ints
from analysis.generalizability_grouped import GroupedSums, grouped_sums

CHUNK = 16_384  # respondents turned into floats at a time


@dataclass(frozen=True)
class RespondentSums:
    """What the ratings say of each respondent in each domain, and of each task.

    ``seen`` (R, T) is true where a rating exists; ``members`` (T, D) marks each task's domain;
    ``counts`` and ``totals`` (R, D) are numbers and sums of ratings; ``task_counts`` and
    ``task_totals`` (T,) those of the tasks. Ratings are measured from ``centre``. ``sample`` is a part of
    the respondents to start a search with, where there are many; ``grouped`` holds the sums by number of
    ratings, where they fit in memory.
    """

    seen: Flags
    members: Floats
    counts: Floats
    totals: Floats
    task_counts: Floats
    task_totals: Floats
    squares: float
    centre: float
    n: int
    sample: RespondentSums | None = None
    grouped: GroupedSums | None = None


def respondent_sums(X: Floats, domains: Ints, centre: float | None = None) -> RespondentSums:
    """Collect the sums that the reductions need.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing. Respondents and tasks without ratings do no harm.
    domains : int array, (T,)
        Domain of each task, 0 .. D - 1.
    centre : float, optional
        Number near the mean to measure ratings from; the mean of X if not given. Sums of several
        parts can be joined when it is the same for all.

    Returns
    -------
    RespondentSums
    """
    seen = ~np.isnan(X)
    if centre is None:
        centre = float(np.nanmean(X)) if seen.any() else 0.0
    filled = np.where(seen, X - centre, 0.0)
    members = np.eye(int(domains.max(initial=0)) + 1)[domains]
    task_counts = seen.sum(axis=0).astype(float)
    return RespondentSums(
        seen=seen,
        members=members,
        counts=by_chunks(seen, members),
        totals=filled @ members,
        task_counts=task_counts,
        task_totals=filled.sum(axis=0),
        squares=float(np.vdot(filled, filled)),
        centre=centre,
        n=int(task_counts.sum()),
    )


def join_sums(parts: Sequence[RespondentSums], sample: RespondentSums | None = None) -> RespondentSums:
    """The sums of several groups of respondents, measured from the same centre, as one.

    Parameters
    ----------
    parts : sequence of RespondentSums
    sample : RespondentSums, optional
        Some of the respondents, to start a search with.
    """
    first = parts[0]
    joined = RespondentSums(
        seen=np.concatenate([part.seen for part in parts]),
        members=first.members,
        counts=np.concatenate([part.counts for part in parts]),
        totals=np.concatenate([part.totals for part in parts]),
        task_counts=np.sum([part.task_counts for part in parts], axis=0),
        task_totals=np.sum([part.task_totals for part in parts], axis=0),
        squares=float(sum(part.squares for part in parts)),
        centre=first.centre,
        n=sum(part.n for part in parts),
        sample=None if sample is None else with_groups(sample),
    )
    return with_groups(joined)


def with_groups(sums: RespondentSums) -> RespondentSums:
    """The same sums with those by number of ratings."""
    return replace(sums, grouped=grouped_sums(sums.seen, sums.totals.sum(axis=1)))


def by_chunks(seen: Flags, right: Floats) -> Floats:
    """Product ``seen @ right`` without a float copy of all of ``seen``.

    Parameters
    ----------
    seen : bool array, (R, T)
    right : float array, (T, q)

    Returns
    -------
    float array, (R, q)
    """
    out = np.empty((len(seen), right.shape[1]))
    for start in range(0, len(seen), CHUNK):
        rows = slice(start, start + CHUNK)
        out[rows] = seen[rows].astype(float) @ right
    return out
