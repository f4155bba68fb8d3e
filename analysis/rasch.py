"""The Rasch rating scale model: its probabilities, the part of the data it can use, its bases.

log P(x = k) / P(x = k - 1) = theta_r - delta_t - tau_k for k = 1 .. m, ratings counted from the
lowest point used (0); sum tau = 0, mean delta = 0. High delta = hard to endorse = LESS important.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from analysis.agreement_counts import Flags, Floats, Ints

Steps = npt.NDArray[np.int16]
FARTHEST = 15.0  # logits; an estimate beyond is on its way to infinity
_LINKED = 4096  # respondents whose links between tasks are counted at a time


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

    def take(self, X: npt.NDArray[Any]) -> Steps:
        """The usable ratings, counted from the lowest point in use (-1 = missing)."""
        Y = steps(X)[self.rows][:, self.columns]
        return np.where(Y >= 0, Y - np.int16(self.low), np.int16(-1))


def steps(X: npt.NDArray[Any]) -> Steps:
    """Ratings as small whole numbers, -1 = missing, so that a million respondents fit in memory.

    Parameters
    ----------
    X : array, (R, T)
        Ratings as whole numbers of at least 0; missing is NaN or negative.

    Returns
    -------
    int16 array, (R, T)
    """
    if np.issubdtype(X.dtype, np.floating):
        return np.where(np.isnan(X), -1, X).astype(np.int16)
    return X.astype(np.int16, copy=False)


def usable_block(X: npt.NDArray[Any], least: int = 1) -> Block:
    """Leave out what has no finite estimate.

    Parameters
    ----------
    X : array, (R, T)
        Ratings as whole numbers of at least 0; missing is NaN or negative.
    least : int
        Fewest ratings of a respondent (1 for joint, 2 for conditional estimation).

    Returns
    -------
    Block
    """
    Y = steps(X)
    rows: Flags = (Y >= 0).sum(axis=1) >= least
    columns: Flags = (Y >= 0).sum(axis=0) >= 1
    low = high = 0
    while rows.any() and columns.any():
        inner = Y[rows][:, columns]
        low, high = int(inner[inner >= 0].min()), int(inner.max())
        keep_rows = _put(rows, _not_extreme(inner, 1, low, high, least))
        keep_columns = _put(columns, _not_extreme(inner, 0, low, high, 1))
        if np.array_equal(keep_rows, rows) and np.array_equal(keep_columns, columns):
            return Block(rows, columns, low, high, _obstacle(inner, low, high))
        rows, columns = keep_rows, keep_columns
        rows = _put(rows, (Y[rows][:, columns] >= 0).sum(axis=1) >= least)
        columns = _put(columns, (Y[rows][:, columns] >= 0).sum(axis=0) >= 1)
    return Block(rows, columns, low, high, "every respondent or every task has only extreme ratings")


def _put(marked: Flags, inside: Flags) -> Flags:
    """The marks that hold inside the part marked so far."""
    out = marked.copy()
    out[marked] = inside
    return out


def _not_extreme(Y: Steps, axis: int, low: int, high: int, least: int) -> Flags:
    """Enough ratings along an axis, and neither all lowest nor all highest."""
    count = (Y >= 0).sum(axis=axis)
    total = np.maximum(Y, 0).sum(axis=axis, dtype=np.int64)
    wanted: Flags = (count >= least) & (total > low * count) & (total < high * count)
    return wanted


def _obstacle(Y: Steps, low: int, high: int) -> str:
    used = np.bincount(Y[Y >= 0].ravel(), minlength=high + 1)[low:]
    if unused := [str(low + k) for k in np.flatnonzero(used == 0)]:
        return f"nobody chose scale point {', '.join(unused)}: merge it with a neighbour to estimate the model"
    parts = connected_sets(Y >= 0)
    if parts > 1:
        return f"the tasks fall into {parts} sets that no respondent links"
    return ""


def connected_sets(seen: Flags) -> int:
    """Number of sets of tasks that no respondent links to each other.

    Parameters
    ----------
    seen : bool array, (R, T)
        Whether the respondent rated the task; every task has a rating.

    Returns
    -------
    int
        1 when all tasks can be compared.
    """
    links = np.zeros((seen.shape[1], seen.shape[1]), dtype=np.float32)
    found: int = seen.shape[1]
    for start in range(0, len(seen), _LINKED):
        part = seen[start : start + _LINKED].astype(np.float32)
        links += part.T @ part
        parts, _labels = csgraph.connected_components(sparse.csr_matrix(links), directed=False)
        found = int(parts)
        if found == 1:  # most often after the first thousands
            break
    return found


@dataclass(frozen=True)
class PersonGroups:
    """Respondents with the same tasks answered and the same total have the same estimate.

    ``mask`` (G, T) marks the tasks answered, ``score`` (G,) is the total of ratings counted from
    0, ``weight`` (G,) the number of respondents and ``member`` (R,) each respondent's group.
    ``task_score`` (T,) and ``at_least`` (m,) are the observed statistics of delta and tau.
    """

    mask: Flags
    score: Floats
    weight: Floats
    member: Ints
    task_score: Floats
    at_least: Floats


def person_groups(Y: npt.NDArray[Any], m: int) -> PersonGroups:
    """Join respondents who answered the same tasks and have the same total.

    Parameters
    ----------
    Y : array, (R, T)
        Ratings counted from 0, missing NaN or negative.
    m : int
        Highest rating.

    Returns
    -------
    PersonGroups
    """
    Y = steps(Y)
    seen = Y >= 0
    score = np.maximum(Y, 0).sum(axis=1, dtype=np.uint32)
    keys = np.hstack([np.packbits(seen, axis=1), score[:, None].view(np.uint8).reshape(len(Y), -1)])
    whole = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, first, member, weight = np.unique(whole, return_index=True, return_inverse=True, return_counts=True)
    chosen = np.bincount(Y[seen].ravel(), minlength=m + 1)
    return PersonGroups(
        mask=seen[first],
        score=score[first].astype(float),
        weight=weight.astype(float),
        member=member.astype(np.int64),
        task_score=np.maximum(Y, 0).sum(axis=0, dtype=np.int64).astype(float),
        at_least=np.cumsum(chosen[::-1])[::-1][1:].astype(float),
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
    """Values of the tasks (or respondents) used, put back among all (NaN elsewhere)."""
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
