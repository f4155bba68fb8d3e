"""Generalizability: variance components on all ratings, G and Phi, a D study, ICCs by REML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analysis.generalizability_reml import minimise
from analysis.generalizability_sums import RespondentSums

TASK_BY_RESPONDENT = "task x respondent"
NESTED = "(task:domain) x respondent"


@dataclass(frozen=True)
class Components:
    """Variance components of one model, in squared scale points.

    ``variances`` maps the component's name to its value (NaN for all when ``reason`` says why
    they cannot be estimated); ``n_harmonic`` is the harmonic mean number of ratings per task over
    tasks with ratings, ``intercept`` the estimated general mean.
    """

    model: str
    variances: dict[str, float]
    intercept: float
    n_tasks: int
    n_respondents: int
    n_ratings: int
    n_harmonic: float
    reason: str = ""


def _spread(sums: RespondentSums) -> float:
    """Variance of all ratings, divisor n."""
    return max(sums.squares / sums.n - (float(sums.task_totals.sum()) / sums.n) ** 2, 0.0)


def _size(sums: RespondentSums) -> tuple[int, int]:
    """Respondents and tasks with a rating."""
    return int((sums.counts > 0).any(axis=1).sum()), int((sums.task_counts > 0).sum())


def _obstacle(sums: RespondentSums) -> str:
    """Why no variance component can be estimated, or an empty text."""
    respondents, tasks = _size(sums)
    if respondents < 2 or tasks < 2:
        return "needs at least two tasks and two respondents with ratings"
    if sums.n <= respondents + tasks - 1:
        return "no more ratings than respondents and tasks: residual variance cannot be separated"
    if _spread(sums) <= 1e-12 * (1 + sums.centre**2):
        return "all ratings are equal"
    return ""


def harmonic_ratings(sums: RespondentSums) -> float:
    """Harmonic mean number of ratings per task, over tasks with ratings; NaN when there is none."""
    counts = sums.task_counts[sums.task_counts > 0]
    return float(1 / np.mean(1 / counts)) if len(counts) else float("nan")


def _estimate(model: str, sums: RespondentSums, effects: dict[str, int], start: list[float]) -> Components:
    """Fit a model; ``effects`` names its components and their place in `evaluate`'s order."""
    places = np.array(list(effects.values()))
    x, fit = minimise(sums, places, np.array(start))
    if fit.residual <= 1e-6 * _spread(sums):
        return _empty(model, sums, effects, "tasks and respondents explain the ratings exactly")
    values = {name: float(x[place] ** 2) * fit.residual for name, place in effects.items()}
    return _described(model, sums, {**values, "residual": fit.residual}, fit.intercept)


def _empty(model: str, sums: RespondentSums, effects: dict[str, int], reason: str) -> Components:
    nothing = dict.fromkeys([*effects, "residual"], float("nan"))
    return _described(model, sums, nothing, float("nan"), reason)


def _described(
    model: str, sums: RespondentSums, variances: dict[str, float], intercept: float, reason: str = ""
) -> Components:
    respondents, tasks = _size(sums)
    return Components(
        model=model,
        variances=variances,
        intercept=intercept,
        n_tasks=tasks,
        n_respondents=respondents,
        n_ratings=sums.n,
        n_harmonic=harmonic_ratings(sums),
        reason=reason,
    )


def variance_components(sums: RespondentSums) -> Components:
    """Task x respondent components by REML on all available ratings.

    Parameters
    ----------
    sums : RespondentSums
        From `respondent_sums`; the domains play no part.

    Returns
    -------
    Components
        ``task``, ``respondent`` and ``residual`` (interaction and error) of
        y ~ 1 + (1 | task) + (1 | respondent); ``reason`` when they cannot be estimated.

    References
    ----------
    Brennan 2001, Generalizability Theory; Bates et al. 2015 (lme4).
    """
    effects = {"task": 1, "respondent": 2}
    if reason := _obstacle(sums):
        return _empty(TASK_BY_RESPONDENT, sums, effects, reason)
    return _estimate(TASK_BY_RESPONDENT, sums, effects, [0.5, 0.5])


def nested_components(sums: RespondentSums) -> Components:
    """(Task in domain) x respondent components by REML on all available ratings.

    Parameters
    ----------
    sums : RespondentSums
        From `respondent_sums` with the tasks' domains.

    Returns
    -------
    Components
        ``domain``, ``task_in_domain``, ``respondent``, ``respondent_x_domain``, ``residual``;
        ``reason`` when there is only one domain or no domain with two tasks.
    """
    effects = {"domain": 0, "task_in_domain": 1, "respondent": 2, "respondent_x_domain": 3}
    if reason := _obstacle(sums) or _nesting_obstacle(sums):
        return _empty(NESTED, sums, effects, reason)
    return _estimate(NESTED, sums, effects, [0.2, 0.5, 0.5, 0.3])


def _nesting_obstacle(sums: RespondentSums) -> str:
    sizes = (sums.task_counts > 0).astype(float) @ sums.members
    if (sizes > 0).sum() < 2 or sizes.max() < 2:
        return "needs two domains, one of them with two tasks"
    if sums.n <= int((sums.counts > 0).sum()):
        return "nobody rated two tasks of one domain"
    return ""


def task_only_components(sums: RespondentSums) -> Components:
    """Components of y ~ 1 + (1 | task), respondents' severity left in the residual.

    Parameters
    ----------
    sums : RespondentSums

    Returns
    -------
    Components
        ``task`` and ``residual``.
    """
    if reason := _obstacle(sums):
        return _empty("task", sums, {"task": 1}, reason)
    return _estimate("task", sums, {"task": 1}, [0.5])


def coefficients(components: Components, n: float | None = None) -> tuple[float, float]:
    """Generalizability coefficient G and dependability index Phi of the task means.

    Parameters
    ----------
    components : Components
        Of the task x respondent model.
    n : float, optional
        Respondents per task; the harmonic mean number of ratings if not given.

    Returns
    -------
    (float, float)
        G = t / (t + e/n) for the order of tasks, Phi = t / (t + (r + e)/n) for their level.
        NaN when no component differs from 0.
    """
    n = components.n_harmonic if n is None else n
    v = components.variances
    t, r, e = v["task"], v["respondent"], v["residual"]
    total = t + (r + e) / n
    if not total > 0:
        return float("nan"), float("nan")
    return t / (t + e / n), t / total


def d_study(components: Components, sizes: Iterable[int]) -> list[tuple[int, float, float]]:
    """What G and Phi would be with other numbers of respondents per task.

    Parameters
    ----------
    components : Components
        Of the task x respondent model.
    sizes : iterable of int
        Numbers of respondents to try.

    Returns
    -------
    list of (n, G, Phi)
    """
    return [(n, *coefficients(components, n)) for n in sizes]


def icc_reml(two_way: Components, task_only: Components) -> dict[str, float]:
    """The ICC family from variance components, so that nobody must be complete.

    Parameters
    ----------
    two_way, task_only : Components
        From `variance_components` and `task_only_components` of the same ratings.

    Returns
    -------
    dict
        ICC1, ICC1k = t/(t+e), t/(t+e/k) of the one-way model; ICC2, ICC3 = t/(t+r+e), t/(t+e)
        and their averages over k = harmonic mean number of ratings per task.
    """
    k = two_way.n_harmonic
    one, v = task_only.variances, two_way.variances
    t, r, e = v["task"], v["respondent"], v["residual"]
    return {
        "ICC1": one["task"] / (one["task"] + one["residual"]),
        "ICC2": t / (t + r + e),
        "ICC3": t / (t + e),
        "ICC1k": one["task"] / (one["task"] + one["residual"] / k),
        "ICC2k": t / (t + (r + e) / k),
        "ICC3k": t / (t + e / k),
    }
