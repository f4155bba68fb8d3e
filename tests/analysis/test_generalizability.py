"""Variance components: reference, exact gradients, a dense second computation, degenerate data."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

from analysis.generalizability import (
    coefficients,
    d_study,
    harmonic_ratings,
    icc_reml,
    nested_components,
    task_only_components,
    variance_components,
)
from analysis.generalizability_reml import evaluate
from analysis.generalizability_search import Value, newton, settled
from analysis.generalizability_sums import join_sums, respondent_sums
from analysis.reliability_icc import icc_family, mean_squares
from tests.analysis.reference_study import random_ratings, study


def sums_of(X):
    return respondent_sums(X, np.zeros(X.shape[1], dtype=int))


@pytest.mark.parametrize("name", ["small", "medium"])
@pytest.mark.parametrize("scale", ["importance", "frequency"])
def test_components_and_coefficients_agree_with_the_reference(name, scale):
    data = study(name)
    X = getattr(data, scale)
    sums = respondent_sums(X, data.domains)
    two_way, nested = variance_components(sums), nested_components(sums)
    for mine in (two_way, nested):
        rows = data.expected("variance_components", scale=scale, model=mine.model)
        found = [mine.variances[component] for component in rows["component"]]
        assert_allclose(found, rows["variance"], rtol=5e-5, atol=1e-6)
    row = data.expected("g_coefficients", scale=scale).iloc[0]
    assert_allclose(coefficients(two_way), [row["g_relative"], row["phi_absolute"]], rtol=1e-6)
    assert_allclose(
        [two_way.intercept, two_way.n_harmonic], [row["intercept"], row["n_respondents_harmonic"]], rtol=1e-7
    )
    mine = icc_reml(two_way, task_only_components(sums))
    table = data.expected("icc", scale=scale, method="lmer_reml_all_data")
    assert_allclose([mine[kind] for kind in table["type"]], table["icc"], rtol=1e-5)


def test_on_complete_data_reml_is_the_analysis_of_variance():
    X = random_ratings(4, respondents=30, tasks=8, missing=0)
    ms = mean_squares(X)
    v = variance_components(sums_of(X)).variances
    assert_allclose(v["task"], (ms.between - ms.error) / ms.n_judges, rtol=1e-4)
    assert_allclose(v["residual"], ms.error, rtol=1e-5)
    anova = {row.type: row.icc for row in icc_family(ms)}
    reml = icc_reml(variance_components(sums_of(X)), task_only_components(sums_of(X)))
    assert_allclose([reml[name] for name in anova], list(anova.values()), rtol=1e-4)


def dense_deviance(y, effects, ratios):
    """The REML criterion with the covariance matrix written out."""
    n = len(y)
    V = np.eye(n) + sum(r**2 * np.equal.outer(e, e) for r, e in zip(ratios, effects, strict=True))
    inverse = np.linalg.inv(V)
    xx = inverse.sum()
    mean = inverse.sum(axis=0) @ y / xx
    rss = (y - mean) @ inverse @ (y - mean)
    return np.linalg.slogdet(V)[1] + np.log(xx) + (n - 1) * (1 + np.log(2 * np.pi * rss / (n - 1)))


def long_form(X, domains):
    r, t = np.nonzero(~np.isnan(X))
    return X[r, t], [domains[t], t, r, r * (domains.max() + 1) + domains[t]]


@pytest.mark.parametrize("ratios", [(0.4, 0.5, 0.6, 0.3), (0.0, 0.7, 0.2, 0.0), (0.3, 0.0, 0.0, 0.5), (0, 0, 0, 0)])
def test_the_criterion_is_that_of_the_full_covariance_matrix(ratios):
    X, domains = random_ratings(6, respondents=15, tasks=6, missing=0.3), np.array([0, 0, 1, 1, 1, 2])
    y, effects = long_form(X, domains)
    assert_allclose(evaluate(respondent_sums(X, domains), ratios).deviance, dense_deviance(y, effects, ratios))


def test_the_gradient_is_exact():
    X, domains = random_ratings(7, respondents=30, tasks=6, missing=0.3), np.array([0, 0, 0, 1, 1, 1])
    sums, x = respondent_sums(X, domains), np.array([0.3, 0.5, 0.6, 0.25])
    numeric = optimize.approx_fprime(x, lambda x: evaluate(sums, x).deviance, 1e-6)
    assert_allclose(evaluate(sums, x).gradient, numeric, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_a_dense_search_finds_the_same_components(seed):
    X = random_ratings(seed, respondents=18, tasks=6, missing=0.25)
    y, effects = long_form(X, np.zeros(6, dtype=int))

    def criterion(x):
        return dense_deviance(y, effects[1:3], np.abs(x))

    found = np.abs(
        optimize.minimize(criterion, [0.6, 0.4], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10}).x
    )
    v = variance_components(sums_of(X)).variances
    assert_allclose([v["task"] / v["residual"], v["respondent"] / v["residual"]], found**2, rtol=1e-3, atol=1e-6)


def test_respondents_and_tasks_without_ratings_change_nothing():
    X = random_ratings(9)
    padded = np.full((len(X) + 2, X.shape[1] + 1), np.nan)
    padded[:-2, :-1] = X
    a, b = variance_components(sums_of(padded)), variance_components(sums_of(X))
    assert_allclose(list(a.variances.values()), list(b.variances.values()), rtol=1e-6)
    assert (a.n_respondents, a.n_tasks, a.n_ratings) == (b.n_respondents, b.n_tasks, b.n_ratings)
    assert harmonic_ratings(sums_of(padded)) == harmonic_ratings(sums_of(X))


@pytest.mark.parametrize(
    ("X", "reason"),
    [
        (np.full((5, 3), np.nan), "at least two"),
        (random_ratings(1, respondents=1, missing=0), "at least two"),
        (np.where(np.eye(6, dtype=bool), 3.0, np.nan), "no more ratings"),
        (np.full((5, 4), 2.0), "all ratings are equal"),
        (np.add.outer(np.array([0.0, 1, 2, 0]), np.array([1.0, 2, 3])), "exactly"),
    ],
)
def test_impossible_data_give_empty_components_and_the_reason(X, reason):
    mine = variance_components(sums_of(X))
    assert reason in mine.reason
    assert np.isnan(list(mine.variances.values())).all()
    assert np.isnan(coefficients(mine)).all()


def test_nested_model_needs_domains_with_tasks():
    X = random_ratings(2, tasks=4)
    assert "two domains" in nested_components(respondent_sums(X, np.zeros(4, dtype=int))).reason
    assert "two domains" in nested_components(respondent_sums(X, np.arange(4))).reason
    lone = X.copy()
    lone[:, :2] = np.where(np.arange(len(X))[:, None] % 2 == [0, 1], lone[:, :2], np.nan)
    assert "one domain" in nested_components(respondent_sums(lone, np.array([0, 0, 1, 2]))).reason


def test_d_study_rises_with_respondents():
    table = d_study(variance_components(sums_of(study("small").importance)), [1, 5, 30, 200])
    assert [row[0] for row in table] == [1, 5, 30, 200]
    for column in (1, 2):
        values = [row[column] for row in table]
        assert values == sorted(values)
        assert 0 < values[0] < values[-1] < 1


def test_sums_of_parts_joined_are_the_sums_of_the_whole():
    X, domains = random_ratings(3, respondents=50, tasks=6), np.array([0, 0, 0, 1, 1, 1])
    whole = nested_components(respondent_sums(X, domains, centre=3.0))
    joined = nested_components(join_sums([respondent_sums(part, domains, centre=3.0) for part in np.split(X, 5)]))
    assert joined.n_ratings == whole.n_ratings
    found, wanted = (list(fit.variances.values()) for fit in (joined, whole))
    assert_allclose(found, wanted, rtol=1e-5, atol=1e-9)


def test_a_small_ratio_that_matters_is_not_set_to_zero():
    def bowl(x):
        return Value(float((1e6 * (x**2 - 1e-4) ** 2).sum()) * 1e3, 4e9 * x * (x**2 - 1e-4))

    found = settled(bowl, newton(bowl, np.array([0.015])))
    assert_allclose(found, [0.01], rtol=1e-4)


def test_a_ratio_without_any_pull_becomes_exactly_zero():
    def slope(x):
        return Value(float(x[0] ** 2 + (x[1] - 1) ** 2), np.array([2 * x[0], 2 * (x[1] - 1)]))

    assert_allclose(settled(slope, newton(slope, np.array([0.5, 0.5]))), [0, 1], atol=1e-6)
