"""Screening statistics of single responses: they raise flags, people decide.

Straight-lining high importance is partly true opinion; no statistic here drops anybody by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, special

from analysis.agreement_counts import Flags, Floats, Ints, divide

Codes = npt.NDArray[np.uint8]
_CHUNK = 8192


def longest_run(codes: Codes) -> Ints:
    """Longest run of equal answers of each respondent.

    Parameters
    ----------
    codes : uint8 array, (R, T)
        Anchor codes with tasks in the order they were asked, 0 = missing. Missing answers are
        skipped: a run goes on across them.

    Returns
    -------
    int array, (R,)
        Number of answers; 0 for a respondent without any.

    Examples
    --------
    >>> longest_run(np.array([[3, 3, 0, 3, 1], [1, 2, 1, 2, 0]], dtype=np.uint8)).tolist()
    [3, 1]
    """
    parts = [_longest(codes[s : s + _CHUNK]) for s in range(0, len(codes), _CHUNK)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _longest(codes: Codes) -> Ints:
    last = np.zeros(len(codes), dtype=np.uint8)
    run, best = np.zeros((2, len(codes)), dtype=np.int32)
    for answers in np.ascontiguousarray(codes.T):
        given = answers > 0
        run = np.where(given, np.where(answers == last, run + 1, 1), run)
        last = np.where(given, answers, last)
        np.maximum(best, run, out=best)
    return best.astype(np.int64)


def within_person_sd(X: Floats) -> Floats:
    """SD of each respondent's ratings (intra-individual response variability).

    Parameters
    ----------
    X : float array, (R, T)
        NaN = missing.

    Returns
    -------
    float array, (R,)
        Divisor n - 1; NaN with fewer than 2 ratings.
    """
    seen = ~np.isnan(X)
    n = seen.sum(axis=1)
    mean = divide(np.where(seen, X, 0.0).sum(axis=1), n)
    squares = np.where(seen, X - mean[:, None], 0.0) ** 2
    return np.sqrt(divide(np.where(n > 1, squares.sum(axis=1), np.nan), n - 1))


def person_total_correlation(X: Floats, least: int = 10) -> Floats:
    """Correlation of each respondent's ratings with the task means of all others.

    Parameters
    ----------
    X : float array, (R, T)
        NaN = missing.
    least : int
        Fewest ratings of a respondent.

    Returns
    -------
    float array, (R,)
        Pearson r over the tasks he rated and somebody else did; NaN with fewer than ``least``
        such tasks, or when either side is constant.
    """
    parts = [X[s : s + _CHUNK] for s in range(0, len(X), _CHUNK)]
    return person_total_of_parts(parts, parts, X.shape[1], least)


def person_total_of_parts(parts: Iterable[Floats], again: Iterable[Floats], tasks: int, least: int = 10) -> Floats:
    """`person_total_correlation` of respondents that come some at a time, (R,).

    Parameters
    ----------
    parts, again : iterable of float array, (some, T)
        The same respondents twice: for the task means, and for their correlations.
    tasks : int
        T.
    least : int
    """
    n, total = np.zeros(tasks, dtype=np.int64), np.zeros(tasks)
    for X in parts:
        seen = ~np.isnan(X)
        n += seen.sum(axis=0)
        total += np.where(seen, X, 0.0).sum(axis=0)
    found = [_chunk_correlation(X, n, total, least) for X in again]
    return np.concatenate(found) if found else np.empty(0)


def _chunk_correlation(X: Floats, n: Ints, total: Floats, least: int) -> Floats:
    used = ~np.isnan(X) & (n > 1)
    x = np.where(used, X, 0.0)
    others = np.where(used, (total - x) / np.maximum(n - 1, 1), 0.0)
    k = used.sum(axis=1)
    dx = np.where(used, x - divide(x.sum(axis=1), k)[:, None], 0.0)
    dy = np.where(used, others - divide(others.sum(axis=1), k)[:, None], 0.0)
    sx, sy = (dx**2).sum(axis=1), (dy**2).sum(axis=1)
    enough = (k >= least) & (sx > 1e-12) & (sy > 1e-12)
    return divide(np.where(enough, (dx * dy).sum(axis=1), np.nan), np.sqrt(sx * sy))


def seconds_per_rating(seconds: Floats, n_ratings: Ints) -> Floats:
    """Seconds a respondent took for each rating given.

    Parameters
    ----------
    seconds : float array, (R,)
        Total time, NaN = not known.
    n_ratings : int array, (R,)

    Returns
    -------
    float array, (R,)
        NaN without a time or a rating. Below 2 is customarily called too fast.
    """
    return divide(seconds, n_ratings)


def relative_speed(seconds: Floats) -> Floats:
    """Time as a share of the median time; NaN where unknown. Below 1/3 is customarily called too fast.

    Parameters
    ----------
    seconds : float array, (R,)

    Returns
    -------
    float array, (R,)
    """
    known = seconds[~np.isnan(seconds)]
    middle = float(np.median(known)) if len(known) else float("nan")
    return divide(seconds, middle)


def domain_means(X: Floats, domains: Ints) -> Floats:
    """Mean rating of each respondent in each domain.

    Parameters
    ----------
    X : float array, (R, T)
        NaN = missing.
    domains : int array, (T,)
        0 .. D - 1.

    Returns
    -------
    float array, (R, D)
        NaN where the respondent rated no task of the domain.
    """
    members = np.eye(int(domains.max()) + 1)[domains] if len(domains) else np.zeros((0, 0))
    seen = ~np.isnan(X)
    return divide(np.where(seen, X, 0.0) @ members, seen @ members)


@dataclass(frozen=True)
class Distances:
    """Squared Mahalanobis distances (R,), NaN for respondents without all domain means."""

    squared: Floats
    cut: float
    n: int
    k: int
    reason: str = ""


def mahalanobis(profile: Floats, confidence: float = 0.999) -> Distances:
    """How unusual each respondent's profile of domain means is.

    Parameters
    ----------
    profile : float array, (R, k)
        From `domain_means`; only respondents with all k means are used and judged.
    confidence : float
        Quantile of the chi-square distribution (k degrees of freedom) that makes the cut.

    Returns
    -------
    Distances
        D^2 = (x - mean)' S^-1 (x - mean), S with divisor n - 1. All NaN with a reason when fewer
        than 5 k respondents are complete or a domain is a linear function of the others: task by
        task the matrix would be as good as singular, which is why domain means are used.

    References
    ----------
    Mahalanobis 1936; Curran 2016, Journal of Experimental Social Psychology 66, 4-19.
    """
    complete = ~np.isnan(profile).any(axis=1)
    k = profile.shape[1]
    out, n = np.full(len(profile), np.nan), int(complete.sum())
    cut = float(special.chdtri(k, 1 - confidence)) if k else float("nan")
    if k == 0 or n < 5 * k:
        return Distances(out, cut, n, k, "fewer than five respondents per domain have a mean in every domain")
    centred = profile[complete] - profile[complete].mean(axis=0)
    S = centred.T @ centred / (n - 1)
    if np.linalg.cond(S) > 1e10 or not S.any():
        return Distances(out, cut, n, k, "the domain means do not vary independently")
    out[complete] = np.einsum("rk,rk->r", centred, linalg.solve(S, centred.T, assume_a="pos").T)
    return Distances(out, cut, n, k)


def identical_groups(codes: Codes, considered: Flags) -> list[Ints]:
    """Respondents whose answers and missing answers are all the same.

    Parameters
    ----------
    codes : uint8 array, (R, columns)
        All answers of a respondent side by side, 0 = missing.
    considered : bool array, (R,)
        Respondents to compare (such as those with any importance answer).

    Returns
    -------
    list of int array
        Row numbers of each set of two or more, ascending; sets in order of their first member.
    """
    rows = np.flatnonzero(considered)
    if len(rows) == 0 or codes.shape[1] == 0:
        return []
    groups = [group for alike in _same_sums(codes, rows) for group in _same_answers(codes, alike)]
    return sorted(groups, key=lambda group: int(group[0]))


def _same_sums(codes: Codes, rows: Ints) -> list[Ints]:
    """Respondents whose answers have the same weighted sums, two of them: few others than the identical ones."""
    factors = np.random.default_rng(1).integers(1, 2**40, (codes.shape[1], 2)).astype(np.uint64)
    sums = np.concatenate(
        [codes[rows[s : s + _CHUNK]].astype(np.uint64) @ factors for s in range(0, len(rows), _CHUNK)]
    )
    order = np.lexsort((rows, sums[:, 1], sums[:, 0]))
    starts = np.flatnonzero(np.r_[True, (np.diff(sums[order], axis=0) != 0).any(axis=1)])
    sizes = np.diff(np.r_[starts, len(order)])
    return [rows[order[start : start + size]] for start, size in zip(starts, sizes, strict=True) if size > 1]


def _same_answers(codes: Codes, rows: Ints) -> list[Ints]:
    found: dict[bytes, list[int]] = {}
    for row in rows.tolist():
        found.setdefault(codes[row].tobytes(), []).append(row)
    return [np.array(members, dtype=np.int64) for members in found.values() if len(members) > 1]


def asked(frequency: Codes, not_performed: int, on_form: Flags | None = None) -> Ints:
    """Number of tasks each respondent was asked the other scales about.

    Parameters
    ----------
    frequency : uint8 array, (R, T)
        Codes of the frequency scale, 0 = missing.
    not_performed : int
        Code of the "not performed" anchor; 0 if the scale has none.
    on_form : bool array, (R, T), optional
        Tasks on the respondent's form; all tasks if not given.

    Returns
    -------
    int array, (R,)
        Tasks (of the form) whose frequency is missing or performed.
    """
    skipped = (frequency == not_performed) if not_performed else np.zeros(frequency.shape, dtype=bool)
    counted = ~skipped if on_form is None else ~skipped & on_form
    total: Ints = counted.sum(axis=1).astype(np.int64)
    return total
