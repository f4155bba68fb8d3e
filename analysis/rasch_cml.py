"""Conditional maximum likelihood for the rating scale model, whatever answers are missing.

Given each respondent's total the person parameters cancel, so the estimates of the tasks are
consistent however few tasks a respondent answered; forms are linked through the tasks they share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.agreement_counts import Floats
from analysis.rasch import (
    FARTHEST,
    Block,
    PersonGroups,
    RaschFit,
    no_fit,
    person_groups,
    spread_out,
    usable_block,
)
from analysis.rasch_cml_sums import ConditionalSums, abilities, conditional_sums

_STEPS = 60
_CLOSE = 1e-9


def _loglik(groups: PersonGroups, delta: Floats, tau: Floats, sums: ConditionalSums) -> float:
    return float(-delta @ groups.task_score - tau @ groups.at_least - sums.log_gamma)


def _null_space(T: int, m: int) -> Floats:
    """The two directions that change no probability: all deltas, all thresholds."""
    basis = np.zeros((T + m, 2))
    basis[:T, 0] = 1 / np.sqrt(T)
    basis[T:, 1] = 1 / np.sqrt(m)
    return basis


def _step(groups: PersonGroups, sums: ConditionalSums, basis: Floats) -> Floats:
    """Newton step within sum delta = 0 and sum tau = 0."""
    observed = np.concatenate([groups.task_score, groups.at_least])
    information = sums.covariance + np.trace(sums.covariance) / len(observed) * (basis @ basis.T)
    step: Floats = np.linalg.lstsq(information, sums.mean - observed)[0]
    return step - basis @ (basis.T @ step)


def _start(groups: PersonGroups, m: int) -> tuple[Floats, Floats]:
    counts = groups.weight @ groups.mask
    delta = -special.logit(np.clip(groups.task_score / (m * counts), 0.01, 0.99))
    return delta - delta.mean(), np.linspace(-0.8, 0.8, m) if m > 1 else np.zeros(1)


def _maximise(groups: PersonGroups, m: int) -> tuple[Floats, Floats, ConditionalSums, int]:
    """Newton's method; steps are halved when the likelihood, which is concave, falls."""
    delta, tau = _start(groups, m)
    T = len(delta)
    basis = _null_space(T, m)
    theta = abilities(groups, delta, tau)
    sums = conditional_sums(groups, delta, tau, theta)
    for iteration in range(1, _STEPS + 1):
        step = np.clip(_step(groups, sums, basis), -1, 1)
        before = _loglik(groups, delta, tau, sums)
        size = 1.0
        while True:
            new_delta, new_tau = delta + size * step[:T], tau + size * step[T:]
            theta = abilities(groups, new_delta, new_tau, theta)
            sums = conditional_sums(groups, new_delta, new_tau, theta)
            if _loglik(groups, new_delta, new_tau, sums) >= before - 1e-10 * abs(before) or size < 1e-4:
                break
            size /= 2
        delta, tau = new_delta, new_tau
        if np.abs(step).max() * size < _CLOSE:
            return delta, tau, sums, iteration
        if max(np.abs(delta).max(), np.abs(tau).max()) > FARTHEST:
            break
    return delta, tau, sums, 0


def conditional_ml(X: npt.NDArray[Any]) -> RaschFit:
    """Conditional maximum likelihood estimates with standard errors.

    Parameters
    ----------
    X : array, (R, T)
        Ratings as whole numbers of at least 0, missing NaN or negative (any pattern).

    Returns
    -------
    RaschFit
        ``method`` "cml_all_data". Respondents with fewer than two ratings or an extreme total
        carry no information and are left out, tasks with an extreme total too. ``se`` is from the
        observed information under sum delta = 0. ``details``: ``se_tau`` (m,) and ``gradient``
        (1,), the largest absolute derivative at the optimum. ``reason`` says why all is NaN.

    References
    ----------
    Andersen 1970, JRSS B 32, 283-301; Andrich 1978, Psychometrika 43, 561-573; Fischer & Ponocny
    1994, Psychometrika 59, 177-192.
    """
    block = usable_block(X, least=2)
    if block.reason:
        return no_fit("cml_all_data", block, block.reason)
    Y, m = block.take(X), block.high - block.low
    groups = person_groups(Y, m)
    delta, tau, sums, iterations = _maximise(groups, m)
    if not iterations:
        return no_fit("cml_all_data", block, "no convergence: an estimate has no finite value")
    return _result(block, groups, delta, tau, sums, iterations)


def _result(
    block: Block, groups: PersonGroups, delta: Floats, tau: Floats, sums: ConditionalSums, iterations: int
) -> RaschFit:
    T, m = len(delta), len(tau)
    basis = _null_space(T, m)
    null = basis @ basis.T
    variance = np.diag(np.linalg.inv(sums.covariance + null) - null)
    se = np.sqrt(np.maximum(variance, 0))
    observed = np.concatenate([groups.task_score, groups.at_least])
    gradient = sums.mean - observed
    gradient -= basis @ (basis.T @ gradient)
    return RaschFit(
        method="cml_all_data",
        delta=spread_out(delta, block.columns),
        se=spread_out(se[:T], block.columns),
        tau=tau,
        low=block.low,
        high=block.high,
        rows=block.rows,
        iterations=iterations,
        loglik=_loglik(groups, delta, tau, sums),
        details={"se_tau": se[T:], "gradient": np.array([np.abs(gradient).max()])},
    )
