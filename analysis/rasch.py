"""The Rasch rating scale model: its probabilities, the part of the data it can use, its bases.

log P(x = k) / P(x = k - 1) = theta_r - delta_t - tau_k for k = 1 .. m, ratings counted from the
lowest point used (0); sum tau = 0, mean delta = 0. High delta = hard to endorse = LESS important.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from analysis.agreement_counts import Flags, Floats, Ints


def category_probabilities(eta: Floats, tau: Floats) -> Floats:
    """Probability of each category of the rating scale model.

    Parameters
    ----------
    eta : float array, (...)
        theta - delta, in logits.
    tau : float array, (m,)
        Thresholds, in logits.

    Returns
    -------
    float array, (..., m + 1)
        P(x = k) proportional to exp(k eta - tau_1 - ... - tau_k).

    References
    ----------
    Andrich 1978, Psychometrika 43, 561-573.
    """
    steps = np.arange(len(tau) + 1)
    exponent = np.multiply.outer(eta, steps) - np.concatenate([[0.0], np.cumsum(tau)])
    weight = np.exp(exponent - exponent.max(axis=-1, keepdims=True))
    probabilities: Floats = weight / weight.sum(axis=-1, keepdims=True)
    return probabilities


@dataclass(frozen=True)
class Block:
    """The respondents and tasks a Rasch model can be estimated from.

    ``rows`` (R,) and ``columns`` (T,) mark them; ``low`` .. ``high`` are the scale points in use.
    ``reason`` is not empty when nothing can be estimated. Left out are respondents with an
    extreme total (all lowest or all highest), tasks likewise, and, again, whoever becomes extreme
    by that.
    """

    rows: Flags
    columns: Flags
    low: int
    high: int
    reason: str = ""


def usable_block(X: Floats, least: int = 1) -> Block:
    """Leave out what has no finite estimate.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings as whole numbers, NaN = missing.
    least : int
        Fewest ratings of a respondent (1 for joint, 2 for conditional estimation).

    Returns
    -------
    Block
    """
    seen = ~np.isnan(X)
    rows: Flags = seen.sum(axis=1) >= least
    columns: Flags = seen.sum(axis=0) >= 1
    low = high = 0
    while rows.any() and columns.any():
        inner = np.where(seen & rows[:, None] & columns, X, np.nan)
        low, high = int(np.nanmin(inner)), int(np.nanmax(inner))
        keep_rows = np.logical_and(rows, _not_extreme(inner, 1, low, high, least))
        keep_columns = np.logical_and(columns, _not_extreme(inner, 0, low, high, 1))
        if np.array_equal(keep_rows, rows) and np.array_equal(keep_columns, columns):
            return Block(rows, columns, low, high, _obstacle(inner, rows, columns, low, high))
        rows, columns = keep_rows, keep_columns
    return Block(rows, columns, low, high, "every respondent or every task has only extreme ratings")


def _not_extreme(X: Floats, axis: int, low: int, high: int, least: int) -> Flags:
    """Enough ratings along an axis, and neither all lowest nor all highest."""
    seen = ~np.isnan(X)
    total = np.where(seen, X, 0).sum(axis=axis)
    count = seen.sum(axis=axis)
    wanted: Flags = (count >= least) & (total > low * count) & (total < high * count)
    return wanted


def _obstacle(X: Floats, rows: Flags, columns: Flags, low: int, high: int) -> str:
    if rows.sum() < 2 or columns.sum() < 2:
        return "fewer than two respondents or two tasks are left after the extreme ones"
    unused = [point for point in range(low, high + 1) if not np.any(point == X)]
    if unused:
        points = ", ".join(str(point) for point in unused)
        return f"nobody chose scale point {points}: merge it with a neighbour to estimate the model"
    seen = sparse.csr_matrix(~np.isnan(X[rows][:, columns]), dtype=np.int8)
    graph = sparse.bmat([[None, seen], [seen.T, None]])
    parts, _ = csgraph.connected_components(graph, directed=False)
    if parts > 1:
        return f"the tasks fall into {parts} sets that no respondent links"
    return ""


@dataclass(frozen=True)
class PersonGroups:
    """Respondents with the same tasks answered and the same total have the same estimate.

    ``mask`` (G, T) marks the tasks answered, ``score`` (G,) is the total of ratings counted from
    0, ``weight`` (G,) the number of respondents and ``member`` (R,) each respondent's group.
    ``task_score`` (T,) and ``at_least`` (m,) are the observed statistics of delta and tau.
    """

    mask: Floats
    score: Floats
    weight: Floats
    member: Ints
    task_score: Floats
    at_least: Floats


def person_groups(Y: Floats, m: int) -> PersonGroups:
    """Join respondents who answered the same tasks and have the same total.

    Parameters
    ----------
    Y : float array, (R, T)
        Ratings counted from 0, NaN = missing, at most m.
    m : int
        Highest rating.

    Returns
    -------
    PersonGroups
    """
    seen = ~np.isnan(Y)
    score = np.where(seen, Y, 0).sum(axis=1).astype(np.uint32)
    keys = np.hstack([np.packbits(seen, axis=1), score[:, None].view(np.uint8).reshape(len(Y), -1)])
    whole = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, first, member, weight = np.unique(whole, return_index=True, return_inverse=True, return_counts=True)
    return PersonGroups(
        mask=seen[first].astype(float),
        score=score[first].astype(float),
        weight=weight.astype(float),
        member=member.astype(np.int64),
        task_score=np.where(seen, Y, 0).sum(axis=0),
        at_least=np.array([float((k <= Y).sum()) for k in range(1, m + 1)]),
    )


@dataclass(frozen=True)
class RaschFit:
    """Estimates of one method over all T tasks; NaN for tasks left out, see ``reason``.

    ``delta``, ``se`` (T,) and ``tau`` (m,) are in logits; ``low`` .. ``high`` the scale points in
    use; ``rows`` (R,) marks the respondents used; ``details`` holds what one method adds.
    """

    method: str
    delta: Floats
    se: Floats
    tau: Floats
    low: int
    high: int
    rows: Flags
    iterations: int
    loglik: float
    reason: str = ""
    details: dict[str, Floats] = field(default_factory=dict)


def no_fit(method: str, block: Block, reason: str) -> RaschFit:
    """An empty result that says why."""
    nothing = np.full(len(block.columns), np.nan)
    tau = np.full(max(block.high - block.low, 0), np.nan)
    rows = np.zeros_like(block.rows)
    return RaschFit(method, nothing, nothing, tau, block.low, block.high, rows, 0, float("nan"), reason)


def spread_out(values: Floats, columns: Flags) -> Floats:
    """Values of the tasks used, put back among all tasks (NaN elsewhere)."""
    out = np.full(len(columns), np.nan)
    out[columns] = values
    return out


def expected_rating(fit: RaschFit, theta: float = 0.0) -> Floats:
    """Rating that a respondent of given severity is expected to give each task.

    Parameters
    ----------
    fit : RaschFit
    theta : float
        In logits; 0 is the origin at the mean task.

    Returns
    -------
    float array, (T,)
        low + sum_k k P(x = k | theta), in scale points; NaN for tasks without delta.
    """
    out = np.full(len(fit.delta), np.nan)
    known = ~np.isnan(fit.delta)
    if known.any():
        probabilities = category_probabilities(theta - fit.delta[known], fit.tau)
        out[known] = fit.low + probabilities @ np.arange(len(fit.tau) + 1)
    return out
