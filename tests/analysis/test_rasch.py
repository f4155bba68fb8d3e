"""The rating scale model: reference estimates, brute-force enumeration, degenerate data."""

import itertools
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

from analysis import rasch_cml
from analysis.rasch import (
    category_probabilities,
    expected_rating,
    person_groups,
    usable_block,
)
from analysis.rasch_cml import conditional_ml
from analysis.rasch_cml_sums import abilities, conditional_sums
from analysis.rasch_fit import category_statistics, separation
from analysis.rasch_jmle import joint_ml
from tests.analysis.reference_study import REFERENCE, random_ratings, study


def test_joint_estimates_agree_with_the_reference():
    data = study("small")
    fit, rows = joint_ml(data.importance), data.expected("rasch_tasks", method="jmle")
    assert_allclose(fit.delta, rows["delta"], atol=1e-8)
    assert_allclose(fit.se, rows["se"], atol=1e-8)
    for column in ("infit", "outfit", "n", "raw_score"):
        assert_allclose(fit.details[column], rows[column], atol=1e-8)
    assert_allclose(fit.tau, data.expected("rasch_thresholds", method="jmle")["tau"], atol=1e-8)
    persons = data.expected("rasch_persons_jmle")
    assert_allclose(fit.details["theta"], persons["theta"], atol=1e-8)
    assert_allclose(fit.details["theta_se"], persons["se"], atol=1e-8)


def test_conditional_estimates_agree_with_the_reference():
    data = study("small")
    fit, rows = conditional_ml(data.importance), data.expected("rasch_tasks", method="cml_all_data")
    assert_allclose(fit.delta, rows["delta"], atol=1e-8)
    assert_allclose(fit.se, rows["se"], rtol=1e-6)
    assert_allclose(fit.tau, data.expected("rasch_thresholds", method="cml_all_data")["tau"], atol=1e-8)
    summary = json.loads((REFERENCE / "small" / "expected" / "rasch_summary.json").read_text())
    assert_allclose(fit.loglik, summary["cml"]["loglik"], rtol=1e-12)
    assert fit.details["gradient"][0] < 1e-10


@pytest.mark.parametrize(("method", "estimate"), [("jmle", joint_ml), ("cml", conditional_ml)])
def test_420_respondents_with_any_missing_pattern_agree_with_the_reference(method, estimate):
    data = study("medium")
    fit, basis = estimate(data.importance), data.expected("task_weight_basis")
    assert_allclose(expected_rating(fit), basis[f"rasch_expected_{method}"], atol=1e-7)
    assert_allclose(np.exp(-fit.delta), basis[f"rasch_exp_{method}"], atol=1e-7)


def gamma_by_enumeration(eps, r):
    """Elementary symmetric function of one respondent: every answer vector with total r."""
    m = eps.shape[1]
    vectors = [v for v in itertools.product(range(m), repeat=len(eps)) if sum(v) == r]
    weights = [np.prod([eps[i, k] for i, k in enumerate(v)]) for v in vectors]
    return vectors, np.array(weights)


@pytest.mark.parametrize("seed", range(3))
def test_conditional_moments_are_those_of_all_answer_vectors(seed):
    rng = np.random.default_rng(seed)
    Y = random_ratings(seed, respondents=6, tasks=4, missing=0.3) - 1
    seen = ~np.isnan(Y)
    total = np.nansum(Y, axis=1)
    Y = Y[(seen.sum(axis=1) > 1) & (total > 0) & (total < 4 * seen.sum(axis=1))]
    groups = person_groups(Y, 4)
    delta, tau = rng.normal(0, 1, 4), rng.normal(0, 0.7, 4)
    eps = np.exp(-np.outer(delta, np.arange(5)) - np.concatenate([[0], np.cumsum(tau)]))
    log_gamma, mean, covariance = 0.0, np.zeros(8), np.zeros((8, 8))
    for mask, r, w in zip(groups.mask, groups.score, groups.weight, strict=True):
        tasks = np.flatnonzero(mask)
        vectors, weights = gamma_by_enumeration(eps[tasks], r)
        statistics = np.zeros((len(vectors), 8))
        statistics[:, tasks] = vectors
        statistics[:, 4:] = [[sum(x >= k for x in v) for k in range(1, 5)] for v in vectors]
        p = weights / weights.sum()
        log_gamma += w * np.log(weights.sum())
        mean += w * (p @ statistics)
        centred = statistics - p @ statistics
        covariance += w * (centred * p[:, None]).T @ centred
    mine = conditional_sums(groups, delta, tau, abilities(groups, delta, tau))
    assert_allclose(mine.log_gamma, log_gamma, rtol=1e-12)
    assert_allclose(mine.mean, mean, rtol=1e-10)
    assert_allclose(mine.covariance, covariance, atol=1e-10)


def test_a_root_on_the_circle_does_no_harm():
    # two equal categories: f(z) = 1 + z vanishes at z = -1, next to a point of the circle
    Y = np.array([[1.0, 0, 1, 0, np.nan], [0, 1, 0, 0, np.nan], [1, 1, 0, np.nan, np.nan]])
    groups = person_groups(Y, 1)
    mine = conditional_sums(groups, np.zeros(5), np.zeros(1), np.zeros(len(groups.score)))
    assert_allclose(mine.log_gamma, np.log(6) + np.log(4) + np.log(3))
    assert_allclose(mine.mean[:4], [0.5 + 0.25 + 2 / 3] * 3 + [0.75], rtol=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_joint_estimates_solve_the_likelihood_equations(seed):
    X = random_ratings(seed, respondents=50, tasks=6, missing=0.3)
    fit = joint_ml(X)
    theta, Y = fit.details["theta"][fit.rows], X[fit.rows] - fit.low
    P = category_probabilities(np.subtract.outer(theta, fit.delta), fit.tau) * (~np.isnan(Y))[..., None]
    E = P @ np.arange(P.shape[-1])
    assert_allclose(E.sum(axis=0), np.nansum(Y, axis=0), rtol=1e-9)
    assert_allclose(E.sum(axis=1), np.nansum(Y, axis=1), rtol=1e-9)
    for k in range(1, P.shape[-1]):
        assert_allclose(P[..., k:].sum(), (k <= Y).sum(), rtol=1e-9)


def test_conditional_estimates_maximise_a_naive_likelihood():
    X = random_ratings(12, respondents=40, tasks=3, missing=0.2)
    X = np.clip(X, 2, 4)
    fit = conditional_ml(X)
    Y = X[fit.rows] - fit.low

    def minus_loglik(p):
        delta = np.array([p[0], p[1], -p[0] - p[1]])
        eps = np.exp(-np.outer(delta, np.arange(3)) - np.array([0, p[2], 0.0]))
        total = 0.0
        for row in Y:
            tasks = np.flatnonzero(~np.isnan(row))
            answers = row[tasks].astype(int)
            _, weights = gamma_by_enumeration(eps[tasks], answers.sum())
            total += np.log(weights.sum()) - sum(np.log(eps[t, a]) for t, a in zip(tasks, answers, strict=True))
        return total

    found = optimize.minimize(minus_loglik, [0.0, 0.0, 0.0], method="BFGS", options={"gtol": 1e-6})
    assert_allclose([*fit.delta[:2], fit.tau[0]], found.x, atol=1e-4)
    assert_allclose(fit.loglik, -found.fun, rtol=1e-9)


@pytest.mark.parametrize("estimate", [joint_ml, conditional_ml])
def test_doubling_every_respondent_moves_nothing_but_the_errors(estimate):
    X = random_ratings(3, respondents=60, tasks=6)
    once, twice = estimate(X), estimate(np.vstack([X, X]))
    assert_allclose(once.delta, twice.delta, atol=1e-7)
    assert_allclose(once.se / np.sqrt(2), twice.se, rtol=1e-5)


@pytest.mark.parametrize("estimate", [joint_ml, conditional_ml])
def test_respondents_with_extreme_totals_carry_no_information(estimate):
    X = random_ratings(4, respondents=60, tasks=6)
    more = np.vstack([X, np.full((3, 6), 5.0), np.full((2, 6), 1.0), np.full((1, 6), np.nan)])
    a, b = estimate(X), estimate(more)
    assert_allclose(a.delta, b.delta, atol=1e-9)
    assert not b.rows[-6:].any()


@pytest.mark.parametrize("estimate", [joint_ml, conditional_ml])
def test_a_task_that_all_rate_highest_is_left_out(estimate):
    X = random_ratings(5, respondents=60, tasks=6, missing=0)
    with_extreme = np.column_stack([X, np.full(60, 5.0)])
    fit = estimate(with_extreme)
    assert np.isnan(fit.delta[-1])
    assert_allclose(fit.delta[:-1].sum(), 0, atol=1e-9)
    assert np.isnan(expected_rating(fit)[-1])


SEPARATED = [
    [(1, 0, 0, 0), (0, 1, 0, 0), (1, 1, 1, 0), (1, 1, 0, 1)],
    [(4, 4, 1, 0), (3, 2, 0, 1), (2, 4, 1, 1)],
]
DEGENERATE = [
    (np.full((5, 4), np.nan), "extreme"),
    (np.full((5, 4), 3.0), "extreme"),
    (np.array([[1.0, 2, 3, 4]]), "extreme"),
    (np.array([[1.0, 5], [5, 1], [5, 5], [1, 1], [1, 5]]), "scale point 2, 3, 4"),
    (np.kron(np.eye(2), np.ones((2, 2))), "two sets"),
]


@pytest.mark.parametrize("estimate", [joint_ml, conditional_ml])
@pytest.mark.parametrize(("X", "reason"), DEGENERATE[:4])
def test_impossible_data_give_empty_estimates_and_the_reason(estimate, X, reason):
    fit = estimate(X)
    assert reason in fit.reason
    assert np.isnan(fit.delta).all()
    assert np.isnan(fit.tau).all()
    assert np.isnan(expected_rating(fit)).all()


@pytest.mark.parametrize("estimate", [joint_ml, conditional_ml])
@pytest.mark.parametrize(
    "scores", [[(1, 0, 0, 0), (0, 1, 0, 0), (1, 1, 1, 0), (1, 1, 0, 1)], [(4, 4, 1, 0), (3, 2, 0, 1), (2, 4, 1, 1)]]
)
def test_two_sets_of_tasks_that_everybody_orders_alike_have_no_finite_estimates(estimate, scores):
    fit = estimate(np.array(scores * 4, dtype=float))
    assert fit.reason
    assert np.isnan(fit.delta).all()


def test_abilities_stop_after_some_steps_wherever_they_start():
    groups = person_groups(random_ratings(1, respondents=5, tasks=4, missing=0) - 1, 4)
    far = abilities(groups, np.zeros(4), np.zeros(4), start=np.full(len(groups.score), 29.0))
    assert np.isfinite(far).all()


def test_steps_too_long_are_halved_and_too_few_steps_are_told(monkeypatch):
    X, plain = random_ratings(3, respondents=60, tasks=6), rasch_cml._step
    found = conditional_ml(X)
    factors = iter([1, 1, 1, 2000] + [1] * 60)
    monkeypatch.setattr(rasch_cml, "_step", lambda *parts: next(factors) * plain(*parts))
    assert_allclose(conditional_ml(X).delta, found.delta, atol=1e-6)
    monkeypatch.undo()
    monkeypatch.setattr(rasch_cml, "_STEPS", 2)
    assert "no convergence" in conditional_ml(X).reason


def test_one_task_left_cannot_be_compared():
    X = np.column_stack([random_ratings(1, respondents=20, tasks=1, missing=0), np.full(20, 5.0)])
    assert "extreme" in joint_ml(X).reason


@pytest.mark.parametrize("estimate", [joint_ml, conditional_ml])
def test_forms_without_a_common_task_cannot_be_linked(estimate):
    X = np.full((40, 8), np.nan)
    X[:20, :4], X[20:, 4:] = random_ratings(1, 20, 4, 0), random_ratings(2, 20, 4, 0)
    fit = estimate(X)
    assert "2 sets that no respondent links" in fit.reason


def test_forms_are_linked_through_their_common_tasks():
    X = random_ratings(7, respondents=200, tasks=9, missing=0)
    X[:100, :3], X[100:, 6:] = np.nan, np.nan
    fit = conditional_ml(X)
    assert fit.reason == ""
    assert np.isfinite(fit.delta).all()


def test_only_the_points_in_use_have_thresholds():
    X = np.clip(random_ratings(6, respondents=60, tasks=5), 3, 5)
    block = usable_block(X)
    assert (block.low, block.high) == (3, 5)
    fit = joint_ml(X)
    assert len(fit.tau) == 2
    assert ((expected_rating(fit) > 3) & (expected_rating(fit) < 5)).all()


def test_probabilities_sum_to_one_and_rise_with_ability():
    P = category_probabilities(np.linspace(-40, 40, 9), np.array([-1.0, 0.2, 0.8]))
    assert_allclose(P.sum(axis=-1), 1)
    assert (np.diff(P @ np.arange(4)) > 0).all()


def test_joint_deltas_are_wider_than_conditional_ones():
    X = study("small").importance
    ratio = np.std(joint_ml(X).delta) / np.std(conditional_ml(X).delta)
    assert 1.02 < ratio < 1.15  # about L / (L - 1) with L = 12 tasks


def test_separation_by_hand():
    # estimates -1, 0, 1: variance 1; errors .5: mean squared error .25; (1 - .25) / 1 = .75
    assert_allclose(separation(np.array([-1.0, 0, 1]), np.full(3, 0.5)), [np.sqrt(3), 0.75])
    assert np.isnan(separation(np.array([1.0]), np.array([0.1]))).all()
    assert separation(np.array([-0.1, 0, 0.1]), np.full(3, 5.0)) == (0.0, 0.0)


def test_average_measures_rise_with_the_category_in_a_working_scale():
    fit = joint_ml(study("medium").importance)
    counts, means = category_statistics(study("medium").importance - fit.low, fit.details["theta"], fit.delta)
    assert counts.sum() == np.nansum(fit.details["n"])
    assert (np.diff(means) > 0).all()
