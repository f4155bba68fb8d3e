"""The r_wg family and AD: reference tables, hand-worked cases, a naive second computation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis.agreement import (
    awg,
    group_agreement,
    maximum_variance,
    random_variance,
    task_agreement,
)
from analysis.agreement_counts import counts_of, divide, median, moments
from tests.analysis.reference_study import FREQUENCY_POINTS, POINTS, random_ratings, study

SCALES = [
    ("small", "importance", 1, 5),
    ("small", "frequency", 1, 5),
    ("medium", "importance", 1, 5),
    ("medium", "frequency", 0, 5),
]


def agreement_of(X, low, high):
    values = np.arange(low, high + 1.0)
    return task_agreement(counts_of(X, values), values)


@pytest.mark.parametrize(("name", "scale", "low", "high"), SCALES)
def test_every_task_and_role_agrees_with_the_reference(name, scale, low, high):
    data = study(name)
    table = data.expected("rwg", scale=scale)
    roles = data.respondents["role"].to_numpy()
    for group, rows in table.groupby("group", sort=False):
        X = getattr(data, scale)[roles == group] if group != "ALL" else getattr(data, scale)
        mine = agreement_of(X, low, high)
        for column in ("n", "variance", "rwg_raw", "rwg_truncated", "ad_mean", "ad_median"):
            assert_allclose(getattr(mine, column), rows[column], atol=1e-9, err_msg=f"{group} {column}")


@pytest.mark.parametrize(("name", "scale", "low", "high"), SCALES)
def test_scopes_agree_with_the_reference(name, scale, low, high):
    data = study(name)
    roles = data.respondents["role"].to_numpy()
    for row in data.expected("rwgj", scale=scale).itertuples():
        X = getattr(data, scale)[:, data.scopes()[row.scope]]
        X = X if row.group == "ALL" else X[roles == row.group]
        available = group_agreement(agreement_of(X, low, high), np.arange(low, high + 1.0))
        assert_allclose([available.rwgj, available.ad_mean], [row.rwgj_available, row.ad_mean_available], atol=1e-9)
        complete = X[~np.isnan(X).any(axis=1)]
        listwise = group_agreement(agreement_of(complete, low, high), np.arange(low, high + 1.0))
        assert len(complete) == row.n_complete
        assert_allclose([listwise.rwgj, listwise.ad_mean], [row.rwgj_listwise, row.ad_mean_listwise], atol=1e-9)


def test_variances_of_random_and_divided_answers_on_five_points():
    assert random_variance(POINTS) == 2.0
    assert_allclose(random_variance(FREQUENCY_POINTS), 35 / 12)
    assert_allclose(random_variance(np.array([0.0, 1, 3])), np.var([0, 1, 3]))
    assert maximum_variance(1, 5) == 4.0
    assert np.isnan(random_variance(np.array([3.0])))
    assert np.isnan(maximum_variance(3, 3))


def test_full_dissent_is_minus_one_by_awg_and_zero_by_the_maximum_variance():
    counts = np.array([[500, 0, 0, 0, 500]])
    mine = task_agreement(counts, POINTS)
    assert_allclose(mine.awg, -1.0)
    assert_allclose(mine.rwg_maximum, 0.0, atol=0.002)
    assert mine.rwg_truncated[0] == 0.0
    assert mine.rwg_raw[0] < 0


def test_awg_worked_by_hand():
    # ratings 3, 4, 4, 5: M = 4, s2 = 2/3, largest = (6*4 - 16 - 5) * 4/3 = 4; 1 - 2*(2/3)/4 = 2/3
    assert_allclose(awg(np.array([4.0]), np.array([2 / 3]), np.array([4]), 1, 5), [2 / 3])


def test_awg_is_empty_where_the_mean_is_too_near_an_end():
    # with n = 4 on 1-5 the mean must lie within [2, 4]
    assert np.isnan(awg(np.array([4.5]), np.array([0.3]), np.array([4]), 1, 5)).all()


def test_one_rating_or_none_gives_empty_cells():
    counts = np.array([[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]])
    mine = task_agreement(counts, POINTS)
    assert mine.n.tolist() == [1, 0]
    for column in ("variance", "rwg_raw", "rwg_truncated", "rwg_maximum", "awg", "ad_mean", "ad_median"):
        assert np.isnan(getattr(mine, column)).all(), column
    assert np.isnan(group_agreement(mine, POINTS).rwgj)


def test_a_scope_without_tasks_is_empty():
    nothing = task_agreement(np.zeros((0, 5), dtype=int), POINTS)
    assert np.isnan(group_agreement(nothing, POINTS).rwgj_star)


def test_all_agree_means_one():
    mine = task_agreement(np.array([[0, 7, 0, 0, 0], [0, 0, 0, 0, 9]]), POINTS)
    assert mine.rwg_raw.tolist() == [1.0, 1.0]
    assert mine.ad_median.tolist() == [0.0, 0.0]
    assert group_agreement(mine, POINTS).rwgj == 1.0


def naive(column):
    """Plain loops over the answers of one task."""
    answers = [x for x in column if x == x]
    n, mean = len(answers), sum(answers) / len(answers)
    ordered = sorted(answers)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    variance = sum((x - mean) ** 2 for x in answers) / (n - 1)
    ad = [sum(abs(x - c) for x in answers) / n for c in (mean, middle)]
    return [variance, 1 - variance / 2, *ad]


@pytest.mark.parametrize("seed", range(5))
def test_a_naive_computation_agrees(seed):
    X = random_ratings(seed)
    mine = agreement_of(X, 1, 5)
    for t in range(X.shape[1]):
        assert_allclose([mine.variance[t], mine.rwg_raw[t], mine.ad_mean[t], mine.ad_median[t]], naive(X[:, t]))


@given(st.lists(st.integers(0, 40), min_size=5, max_size=5))
def test_identities_hold_for_any_counts(numbers):
    counts = np.array([numbers])
    mine = task_agreement(counts, POINTS)
    n = sum(numbers)
    if n < 2:
        assert np.isnan(mine.rwg_raw).all()
        return
    assert -1.5 * n / (n - 1) <= mine.rwg_raw[0] <= 1
    assert mine.ad_median[0] <= mine.ad_mean[0] + 1e-12  # the median minimises absolute deviations
    doubled = task_agreement(counts * 2, POINTS)
    assert_allclose(doubled.ad_mean, mine.ad_mean)
    flipped = task_agreement(counts[:, ::-1], POINTS)
    assert_allclose(flipped.rwg_raw, mine.rwg_raw, atol=1e-12)


@given(st.lists(st.integers(0, 9), min_size=6, max_size=6))
def test_moments_and_median_are_those_of_the_single_answers(numbers):
    answers = np.repeat(FREQUENCY_POINTS, numbers)
    counts = np.array(numbers)
    m = moments(counts, FREQUENCY_POINTS)
    assert m.n == len(answers)
    assert_allclose(m.mean, answers.mean() if len(answers) else np.nan)
    assert_allclose(m.variance, answers.var(ddof=1) if len(answers) > 1 else np.nan, atol=1e-12)
    assert_allclose(median(counts, FREQUENCY_POINTS), np.median(answers) if len(answers) else np.nan)


def test_division_by_zero_is_empty_not_infinite():
    assert np.isnan(divide([1.0, 0.0, 2.0], [0.0, 0.0, np.nan])).all()
