"""Joint (unconditional) maximum likelihood for the rating scale model, with fit statistics.

Newton's method on all parameters at once: the persons' block of the information matrix is diagonal,
so it is eliminated and only a (T + m) x (T + m) system is solved. The likelihood is concave, so a
halved step always helps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.agreement_counts import Flags, Floats
from analysis.rasch import (
    FARTHEST,
    Block,
    PersonGroups,
    RaschFit,
    Steps,
    no_fit,
    person_groups,
    spread_out,
    usable_block,
)
from analysis.rasch_fit import ROWS, fit_statistics, tail_probabilities

_STEPS = 100
_CLOSE = 1e-8
_CHUNK = 8192
_SAMPLE = 4096  # respondents that the search starts with, where there are many

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _State:
    theta: Floats
    delta: Floats
    tau: Floats


@dataclass(frozen=True)
class _Sums:
    """Model sums at a state: expectations, information and the log-likelihood."""

    loglik: float
    person: Floats  # (G,)   sum of E over tasks
    task: Floats  # (T,)   weighted sum of E over groups
    at_least: Floats  # (m,)   weighted sum of P(x >= k)
    own: Floats  # (G,)   sum of V over tasks
    cross: Singles  # (G, T + m) V and cov(x, x >= k): only steers the step, so single precision does
    variance: Floats  # (T,)   weighted sum of V over groups
    per_task: Floats  # (T, m) the same, weighted sum over groups
    tau_tau: Floats  # (m, m) cov(x >= k, x >= l), weighted sum


def _sums(state: _State, groups: PersonGroups) -> _Sums:
    parts = [
        _form_part(state.theta[s], state, groups.mask[s], groups.weight[s])
        for s in (slice(i, i + ROWS) for i in range(0, len(groups.weight), ROWS))
    ]
    logs = sum(p.loglik for p in parts)
    own = groups.weight * groups.score @ state.theta
    loglik = own - state.delta @ groups.task_score - state.tau @ groups.at_least - logs
    return _Sums(
        loglik=float(loglik),
        person=np.concatenate([p.person for p in parts]),
        task=np.sum([p.task for p in parts], axis=0),
        at_least=np.sum([p.at_least for p in parts], axis=0),
        own=np.concatenate([p.own for p in parts]),
        cross=np.concatenate([p.cross for p in parts]),
        variance=np.sum([p.variance for p in parts], axis=0),
        per_task=np.sum([p.per_task for p in parts], axis=0),
        tau_tau=np.sum([p.tau_tau for p in parts], axis=0),
    )


def _form_part(theta: Floats, state: _State, mask: Flags, weight: Floats) -> _Sums:
    """The sums of some groups from the tasks that any of them rated: groups of one form stand together."""
    columns: Flags = np.asarray(mask.any(axis=0))
    if columns.all():
        return _part(theta, state, mask.astype(float), weight)
    inner = _State(state.theta, state.delta[columns], state.tau)
    part = _part(theta, inner, mask[:, columns].astype(float), weight)
    T, m = len(columns), len(state.tau)
    task, variance, per_task = np.zeros(T), np.zeros(T), np.zeros((T, m))
    task[columns], variance[columns], per_task[columns] = part.task, part.variance, part.per_task
    cross = np.zeros((len(mask), T + m), dtype=np.float32)
    cross[:, np.append(columns, np.ones(m, dtype=bool))] = part.cross
    return replace(part, task=task, variance=variance, per_task=per_task, cross=cross)


def _part(theta: Floats, state: _State, mask: Floats, weight: Floats) -> _Sums:
    """The sums of some groups; ``loglik`` holds their weighted log-denominators."""
    tails, log_denominator = tail_probabilities(theta, state.delta, state.tau)
    tails *= mask
    m = len(tails)
    E = tails.sum(axis=0)
    # cov(x, x >= k) = k P(x >= k) + sum_{j > k} P(x >= j) - E P(x >= k), summed over tasks and over groups
    products = [E * tail for tail in tails]
    by_group = _covariance(np.stack([tail.sum(axis=1) for tail in tails]), [p.sum(axis=1) for p in products])
    by_task = _covariance(np.stack([weight @ tail for tail in tails]), [weight @ p for p in products])
    V = np.tensordot(2 * np.arange(1, m + 1) - 1, tails, 1) - E**2
    at_least = np.array([float((weight @ tail).sum()) for tail in tails])
    flat = tails.reshape(m, -1)
    crossed = (flat * np.repeat(weight, mask.shape[1])) @ flat.T
    later = np.maximum.outer(np.arange(m), np.arange(m))
    log_denominator *= mask
    return _Sums(
        loglik=float(weight @ log_denominator.sum(axis=1)),
        person=E.sum(axis=1),
        task=weight @ E,
        at_least=at_least,
        own=V.sum(axis=1),
        cross=np.hstack([V, by_group.T]).astype(np.float32),
        variance=weight @ V,
        per_task=by_task.T,
        tau_tau=at_least[later] - crossed,
    )


def _covariance(tails: Floats, products: list[Floats]) -> Floats:
    """cov(x, x >= k) from sums of P(x >= k) and of E P(x >= k), both (m, ...)."""
    above = np.cumsum(tails[::-1], axis=0)[::-1] - tails
    steps = np.arange(1, len(tails) + 1)[:, None]
    found: Floats = steps * tails + above - np.stack(products)
    return found


def _newton_step(sums: _Sums, groups: PersonGroups) -> _State:
    """Joint Newton step with the persons eliminated (Schur complement)."""
    w, T = groups.weight, len(sums.task)
    residual = groups.score - sums.person
    gradient = np.concatenate([sums.task - groups.task_score, sums.at_least - groups.at_least])
    information = np.block([[np.diag(sums.variance), sums.per_task], [sums.per_task.T, sums.tau_tau]])
    right = gradient
    for start in range(0, len(w), _CHUNK):
        rows = slice(start, start + _CHUNK)
        cross = sums.cross[rows].astype(float)
        scaled = cross * (w[rows] / sums.own[rows])[:, None]
        information -= scaled.T @ cross
        right = right + scaled.T @ residual[rows]
    information[:T, :T] += information[0, 0] / T  # fixes the origin of delta ...
    information[T:, T:] += max(information[T, T], 1.0)  # ... and that of tau
    step = np.linalg.lstsq(information, right)[0]
    return _State((residual + sums.cross @ step) / sums.own, step[:T], step[T:])


def _centred(theta: Floats, delta: Floats, tau: Floats) -> _State:
    """The same model with mean delta = 0 and mean tau = 0."""
    a, b = delta.mean(), tau.mean()
    return _State(theta - a - b, delta - a, tau - b)


def _moved(state: _State, step: _State, size: float) -> _State:
    def limited(x: Floats) -> Floats:
        return np.clip(x, -1, 1) * size

    return _centred(state.theta + limited(step.theta), state.delta + limited(step.delta), state.tau + limited(step.tau))


def _start(Y: Steps, groups: PersonGroups, m: int) -> _State:
    """Log odds of the totals; with many respondents, tasks and thresholds as some thousand of them place them."""
    plain = _plain_start(groups, m)
    if len(Y) < 4 * _SAMPLE:
        return plain
    some = Y[:: len(Y) // _SAMPLE]
    block = usable_block(some)
    if block.reason or not block.columns.all() or block.high - block.low != m:
        return plain
    part = person_groups(block.take(some), m)
    first = _plain_start(part, m)
    found, _, iterations = _maximise(part, first)
    if not iterations:
        return plain
    stretch, level = np.polyfit(first.theta, found.theta, 1)
    return _State(level + stretch * plain.theta, found.delta, found.tau)


def _plain_start(groups: PersonGroups, m: int) -> _State:
    counts = groups.weight @ groups.mask
    share = groups.score / (m * groups.mask.sum(axis=1))
    return _centred(
        special.logit(np.clip(share, 0.01, 0.99)),
        -special.logit(np.clip(groups.task_score / (m * counts), 0.01, 0.99)),
        np.zeros(m),
    )


def _maximise(groups: PersonGroups, state: _State) -> tuple[_State, _Sums, int]:
    """Newton steps, halved when the likelihood falls, until no parameter moves."""
    sums = _sums(state, groups)
    for iteration in range(1, _STEPS + 1):
        step, size = _newton_step(sums, groups), 1.0
        new = _moved(state, step, size)
        new_sums = _sums(new, groups)
        while new_sums.loglik < sums.loglik - 1e-9 * abs(sums.loglik) and size > 1e-4:
            size /= 2
            new = _moved(state, step, size)
            new_sums = _sums(new, groups)
        moved = max(np.abs(new.delta - state.delta).max(), np.abs(new.tau - state.tau).max())
        moved = max(moved, np.abs(new.theta - state.theta).max())
        state, sums = new, new_sums
        if moved < _CLOSE:
            return state, sums, iteration
        if max(np.abs(state.delta).max(), np.abs(state.tau).max()) > FARTHEST:
            break
    return state, sums, 0


def joint_ml(X: npt.NDArray[Any]) -> RaschFit:
    """Joint maximum likelihood estimates of the rating scale model.

    Parameters
    ----------
    X : array, (R, T)
        Ratings as whole numbers of at least 0, missing NaN or negative (any pattern).

    Returns
    -------
    RaschFit
        ``method`` "jmle", no bias correction: deltas are stretched by about L / (L - 1) against
        conditional estimates (L = tasks per respondent). Respondents and tasks with extreme
        totals are left out. se = 1 / sqrt(sum of model variances). ``details``: ``theta`` and
        ``theta_se`` (R,), ``infit``, ``outfit``, ``n`` and ``raw_score`` (T,) over the respondents
        used; raw scores count from the lowest point. ``reason`` says why all is NaN.

    References
    ----------
    Wright & Masters 1982, Rating Scale Analysis.
    """
    block = usable_block(X)
    if block.reason:
        return no_fit("jmle", block, block.reason)
    Y, m = block.take(X), block.high - block.low
    groups = person_groups(Y, m)
    state, sums, iterations = _maximise(groups, _start(Y, groups, m))
    if not iterations:
        return no_fit("jmle", block, "no convergence: an estimate has no finite value")
    return _result(Y, block, groups, state, sums, iterations)


def _result(Y: Steps, block: Block, groups: PersonGroups, state: _State, sums: _Sums, iterations: int) -> RaschFit:
    theta = state.theta[groups.member]
    infit, outfit = fit_statistics(Y, theta, state.delta, state.tau)
    n = (Y >= 0).sum(axis=0).astype(float)
    found = {"infit": infit, "outfit": outfit, "n": n, "raw_score": groups.task_score}
    spread = {name: spread_out(values, block.columns) for name, values in found.items()}
    persons = {"theta": theta, "theta_se": (1 / np.sqrt(sums.own))[groups.member]}
    spread |= {name: spread_out(values, block.rows) for name, values in persons.items()}
    return RaschFit(
        method="jmle",
        delta=spread_out(state.delta, block.columns),
        se=spread_out(1 / np.sqrt(sums.variance), block.columns),
        tau=state.tau,
        low=block.low,
        high=block.high,
        rows=block.rows,
        iterations=iterations,
        loglik=sums.loglik,
        details=spread,
    )
