"""Generalizability: variance components on all ratings, G and Phi, a D study, ICCs by REML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analysis.agreement_counts import Floats, Ints
from analysis.generalizability_reml import Fit, minimise, respondent_sums

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


def _trim(X: Floats) -> tuple[Floats, Ints]:
    """Only respondents and tasks with a rating; the positions of the tasks kept."""
    seen = ~np.isnan(X)
    tasks = np.flatnonzero(seen.any(axis=0))
    return X[seen.any(axis=1)][:, tasks], tasks


def _obstacle(X: Floats) -> str:
    """Why no variance component can be estimated, or an empty text."""
    respondents, tasks = X.shape
    n = int((~np.isnan(X)).sum())
    if respondents < 2 or tasks < 2:
        return "needs at least two tasks and two respondents with ratings"
    if n <= respondents + tasks - 1:
        return "no more ratings than respondents and tasks: residual variance cannot be separated"
    if np.nanmax(X) == np.nanmin(X):
        return "all ratings are equal"
    return ""


def harmonic_ratings(X: Floats) -> float:
    """Harmonic mean number of ratings per task.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing; tasks without a rating are left out.

    Returns
    -------
    float
        NaN when no task has a rating.
    """
    counts = (~np.isnan(X)).sum(axis=0)
    counts = counts[counts > 0]
    return float(1 / np.mean(1 / counts)) if len(counts) else float("nan")


def _components(model: str, X: Floats, names: list[str], values: Iterable[float], fit: Fit) -> Components:
    """Ratios times residual variance; a vanished residual empties everything."""
    variances = {name: float(value) * fit.residual for name, value in zip(names, values, strict=True)}
    return Components(
        model=model,
        variances={**variances, "residual": fit.residual},
        intercept=fit.intercept,
        n_tasks=X.shape[1],
        n_respondents=X.shape[0],
        n_ratings=int((~np.isnan(X)).sum()),
        n_harmonic=harmonic_ratings(X),
    )


def _empty(model: str, X: Floats, names: list[str], reason: str) -> Components:
    nan = float("nan")
    variances = dict.fromkeys([*names, "residual"], nan)
    n = int((~np.isnan(X)).sum())
    return Components(model, variances, nan, X.shape[1], X.shape[0], n, harmonic_ratings(X), reason)


def _checked(result: Components, X: Floats) -> Components:
    """Refuse an estimate whose residual variance is only rounding error."""
    if result.variances["residual"] > 1e-6 * float(np.nanvar(X)):
        return result
    names = [name for name in result.variances if name != "residual"]
    return _empty(result.model, X, names, "tasks and respondents explain the ratings exactly")


def variance_components(X: Floats) -> Components:
    """Task x respondent components by REML on all available ratings.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing.

    Returns
    -------
    Components
        ``task``, ``respondent`` and ``residual`` (interaction and error) of
        y ~ 1 + (1 | task) + (1 | respondent); ``reason`` when they cannot be estimated.

    References
    ----------
    Brennan 2001, Generalizability Theory; Bates et al. 2015 (lme4).
    """
    names = ["task", "respondent"]
    X, _ = _trim(X)
    if reason := _obstacle(X):
        return _empty(TASK_BY_RESPONDENT, X, names, reason)
    sums = respondent_sums(X, np.zeros(X.shape[1], dtype=np.int64))
    x, fit = minimise(sums, np.array([1, 2]), np.array([0.5, 0.5]))
    return _checked(_components(TASK_BY_RESPONDENT, X, names, x[1:3] ** 2, fit), X)


def nested_components(X: Floats, domains: Ints) -> Components:
    """(Task in domain) x respondent components by REML on all available ratings.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing.
    domains : int array, (T,)
        Domain number of each task.

    Returns
    -------
    Components
        ``domain``, ``task_in_domain``, ``respondent``, ``respondent_x_domain``, ``residual``;
        ``reason`` when there is only one domain or no domain with two tasks.
    """
    names = ["domain", "task_in_domain", "respondent", "respondent_x_domain"]
    X, kept = _trim(X)
    reason = _obstacle(X) or _nesting_obstacle(X, domains[kept])
    if reason:
        return _empty(NESTED, X, names, reason)
    codes = np.unique(domains[kept], return_inverse=True)[1].astype(np.int64)
    sums = respondent_sums(X, codes)
    x, fit = minimise(sums, np.arange(4), np.array([0.2, 0.5, 0.5, 0.3]))
    return _checked(_components(NESTED, X, names, x**2, fit), X)


def _nesting_obstacle(X: Floats, domains: Ints) -> str:
    labels, sizes = np.unique(domains, return_counts=True)
    if len(labels) < 2 or sizes.max() < 2:
        return "needs two domains, one of them with two tasks"
    cells = sum(int((~np.isnan(X[:, domains == label])).any(axis=1).sum()) for label in labels)
    if int((~np.isnan(X)).sum()) <= cells:
        return "nobody rated two tasks of one domain"
    return ""


def task_only_components(X: Floats) -> Components:
    """Components of y ~ 1 + (1 | task), respondents' severity left in the residual.

    Parameters
    ----------
    X : float array, (R, T)
        Ratings, NaN = missing.

    Returns
    -------
    Components
        ``task`` and ``residual``.
    """
    X, _ = _trim(X)
    if reason := _obstacle(X):
        return _empty("task", X, ["task"], reason)
    sums = respondent_sums(X, np.zeros(X.shape[1], dtype=np.int64))
    x, fit = minimise(sums, np.array([1]), np.array([0.5]))
    return _checked(_components("task", X, ["task"], x[1:2] ** 2, fit), X)


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
