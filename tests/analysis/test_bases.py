"""Kane-type, Rasch and other task indices: reference, dense least squares, degenerate data."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.bases import (
    rasch_exp,
    rasch_expected,
    scale_sum,
    time_share,
    weighted_bases,
    weighted_mean,
    weighted_task_means,
    z_mix,
)
from analysis.bases_kane import kane_equalised, kane_log_performers, log_products
from analysis.rasch_jmle import joint_ml
from tests.analysis.reference_study import random_ratings, study

SIX = [
    "sum_importance",
    "sum_importance_x_frequency",
    "mean_of_products",
    "kane_log_performers",
    "kane_log_x_performing",
    "kane_equalised",
]


def bases_of(data, weights):
    effects = kane_log_performers(log_products(data.importance, data.frequency), weights)
    return weighted_bases(weighted_task_means(data.importance, data.frequency, weights), effects)


@pytest.mark.parametrize("name", ["small", "medium"])
def test_bases_agree_with_the_reference(name):
    data = study(name)
    mine = bases_of(data, np.ones(len(data.importance)))
    expected = data.expected("task_weight_basis")
    for method in SIX:
        assert_allclose(mine[method], expected[method], atol=1e-9, err_msg=method)
    fit = joint_ml(data.importance)
    assert_allclose(rasch_expected(fit), expected["rasch_expected_jmle"], atol=1e-7)
    assert_allclose(rasch_exp(fit), expected["rasch_exp_jmle"], atol=1e-7)


def test_raked_domain_weights_agree_with_the_reference():
    data = study("small")
    weights = data.expected("rake_weights")["weight_mean1"].to_numpy()
    mine = bases_of(data, weights)
    for row in data.expected("domain_weights_raked", level="domain").itertuples():
        tasks = data.tasks["domain_id"] == row.unit
        assert_allclose(mine[row.method][tasks].sum() / mine[row.method].sum(), row.weight, atol=1e-9)


def naive_effects(logs, weights):
    """Dense least squares with a column for each task and respondent."""
    r, t = np.nonzero(~np.isnan(logs))
    R, T = logs.shape
    design = np.zeros((len(r), T + R))
    design[np.arange(len(r)), t], design[np.arange(len(r)), T + r] = 1, 1
    root = np.sqrt(weights[r])
    effects = np.linalg.lstsq(design * root[:, None], logs[r, t] * root, rcond=None)[0][:T]
    return np.exp(effects - effects.mean())


@pytest.mark.parametrize("seed", range(3))
def test_kane_effects_are_the_weighted_least_squares_ones(seed):
    rng = np.random.default_rng(seed)
    logs = log_products(random_ratings(seed, 25, 6, 0.3), random_ratings(seed + 50, 25, 6, 0.2) - 1)
    weights = rng.uniform(0.2, 3, 25)
    assert_allclose(kane_log_performers(logs, weights), naive_effects(logs, weights), rtol=1e-8)


def test_many_resamples_at_once_are_the_same_as_one_by_one():
    data = study("medium")
    logs = log_products(data.importance, data.frequency)
    counts = np.random.default_rng(1).multinomial(len(logs), np.full(len(logs), 1 / len(logs)), size=5)
    together = kane_log_performers(logs, counts)
    assert_allclose(together[3], kane_log_performers(logs, counts[3].astype(float)), rtol=1e-10)
    assert_allclose(together[2], kane_log_performers(np.repeat(logs, counts[2], axis=0)), rtol=1e-10)


def test_not_performed_and_missing_pairs_do_not_count():
    importance, frequency = np.array([[3.0, np.nan], [4.0, 2.0]]), np.array([[0.0, 2.0], [2.0, np.nan]])
    assert_allclose(log_products(importance, frequency), [[np.nan, np.nan], [np.log(8), np.nan]])


def test_tasks_without_data_are_empty_and_unlinked_tasks_empty_all():
    logs = log_products(random_ratings(2, missing=0), random_ratings(3, missing=0))
    without = np.column_stack([logs, np.full(len(logs), np.nan)])
    assert_allclose(kane_log_performers(without)[:-1], kane_log_performers(logs))
    assert np.isnan(kane_log_performers(without)[-1])
    apart = np.where((np.arange(len(logs)) % 2 == 0)[:, None] == (np.arange(7) < 3), logs, np.nan)
    assert np.isnan(kane_log_performers(apart)).all()
    assert np.isnan(kane_log_performers(np.full((4, 3), np.nan))).all()
    assert_allclose(kane_log_performers(logs[:, :1]), 1.0)  # a single task has no other to differ from


def test_equalised_powers_give_both_scales_the_same_pull():
    rng = np.random.default_rng(5)
    importance, frequency = rng.uniform(2, 5, 30), rng.uniform(0.5, 5, 30)
    x = np.log(kane_equalised(importance, frequency))
    slope_i, slope_f = np.linalg.lstsq(np.column_stack([np.log(importance), np.log(frequency)]), x, rcond=None)[0]
    assert_allclose(slope_i * np.log(importance).std(), slope_f * np.log(frequency).std())
    assert_allclose(slope_i + slope_f, 2)


def test_equalised_powers_need_spread_and_positive_means():
    assert np.isnan(kane_equalised(np.full(4, 3.0), np.full(4, 2.0))).all()
    assert np.isnan(kane_equalised(np.array([3.0]), np.array([2.0]))).all()
    mixed = kane_equalised(np.array([3.0, 4, np.nan, 2]), np.array([1.0, 2, 3, 0]))
    assert np.isnan(mixed[2])
    assert mixed[3] == 0.0
    # one scale without spread: the other gets exponent 0, so that neither pulls more
    assert_allclose(kane_equalised(np.full(3, 3.0), np.array([1.0, 2, 4])), 9.0)


def test_time_share_sums_to_one_when_nothing_is_missing():
    X = random_ratings(4, missing=0)
    assert_allclose(time_share(X).sum(), 1)
    assert_allclose(time_share(np.array([[1.0, 3.0], [2.0, 2.0], [0.0, 0.0]])), [0.375, 0.625])
    assert np.isnan(time_share(np.zeros((2, 2)))).all()


def test_mixes_of_scales_by_hand():
    a, b = np.array([1.0, 2, 3]), np.array([5.0, 4, 3])
    assert_allclose(scale_sum([a, b]), [3, 3, 3])
    assert_allclose(scale_sum([a, b], [2, 1]), [7, 8, 9])
    assert_allclose(z_mix([a, b]), [3, 3, 3])
    assert_allclose(z_mix([a], shift=1.0), [0, 1, 2])
    assert np.isnan(z_mix([a, np.full(3, 2.0)])).all()
    assert np.isnan(scale_sum([a, np.array([1.0, np.nan, 2])])[1])


def test_weighted_mean_is_empty_where_no_weight_falls():
    X = np.array([[1.0, np.nan], [3.0, 2.0]])
    assert_allclose(weighted_mean(X, np.array([1.0, 0.0])), [1, np.nan])
    assert_allclose(weighted_mean(X, np.array([[1.0, 1.0], [0.0, 2.0]])), [[2, 2], [3, 2]])
