"""Cronbach's alpha: reference tables, pingouin, a naive second computation, degenerate data."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis import reliability
from analysis.reliability import complete_rows, cronbach_alpha, feldt_interval, pairwise_moments, split_half
from tests.analysis.reference_study import random_ratings, study

with warnings.catch_warnings():  # pingouin's own imports warn
    warnings.simplefilter("ignore")
    import pingouin

NUMBERS = ["raw_alpha", "std_alpha", "feldt_low", "feldt_high", "mean_r"]


def alpha_of(X, rule="pairwise"):
    return cronbach_alpha(pairwise_moments(complete_rows(X) if rule == "listwise" else X))


@pytest.mark.parametrize("name", ["small", "medium"])
def test_every_scope_and_rule_agrees_with_the_reference(name):
    data = study(name)
    deleted = data.expected("alpha_if_deleted").groupby(["scale", "scope", "rule"])
    for row in data.expected("alpha").itertuples():
        mine = alpha_of(getattr(data, row.scale)[:, data.scopes()[row.scope]], row.rule)
        assert (mine.k, mine.n_rows, mine.reason) == (row.k, row.n_rows, "")
        assert_allclose([getattr(mine, c) for c in NUMBERS], [getattr(row, c) for c in NUMBERS], atol=1e-9)
        rows = deleted.get_group((row.scale, row.scope, row.rule))
        assert_allclose(mine.alpha_if_deleted, rows["alpha_if_deleted"], atol=1e-9)
        assert_allclose(mine.r_drop, rows["r_drop"], atol=1e-9)


def test_sums_of_all_tasks_serve_every_domain():
    data = study("medium")
    whole = pairwise_moments(data.importance)
    for tasks in data.scopes().values():
        part = alpha_of(data.importance[:, tasks])
        assert cronbach_alpha(whole.take(tasks)).raw_alpha == part.raw_alpha


@pytest.mark.parametrize("seed", range(4))
def test_pingouin_agrees_on_complete_data(seed):
    X = random_ratings(seed, missing=0)
    theirs, interval = pingouin.cronbach_alpha(pd.DataFrame(X))
    mine = alpha_of(X)
    assert_allclose(mine.raw_alpha, theirs)
    assert_allclose([mine.feldt_low, mine.feldt_high], interval, atol=6e-4)  # pingouin rounds to 3 digits


def naive_covariance(x, y):
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if a == a and b == b]
    mx, my = (sum(side) / len(pairs) for side in zip(*pairs, strict=True))
    return sum((a - mx) * (b - my) for a, b in pairs) / (len(pairs) - 1)


@pytest.mark.parametrize("seed", range(4))
def test_a_naive_computation_agrees_with_holes(seed):
    X = random_ratings(seed, respondents=25, tasks=5)
    k = X.shape[1]
    C = [[naive_covariance(X[:, i], X[:, j]) for j in range(k)] for i in range(k)]
    total, trace = sum(map(sum, C)), sum(C[i][i] for i in range(k))
    mine = alpha_of(X)
    assert_allclose(mine.raw_alpha, k / (k - 1) * (1 - trace / total))
    rest = [sum(C[i][j] for i in range(k) for j in range(k) if drop not in (i, j)) for drop in range(k)]
    drop = [(sum(C[i]) - C[i][i]) / (C[i][i] * rest[i]) ** 0.5 for i in range(k)]
    assert_allclose(mine.r_drop, drop)


def test_chunks_give_the_digits_of_the_whole(monkeypatch):
    X = random_ratings(3, respondents=101)
    whole = alpha_of(X)
    monkeypatch.setattr(reliability, "_CHUNK", 7)
    assert alpha_of(X).raw_alpha == whole.raw_alpha


@pytest.mark.parametrize(
    ("X", "reason"),
    [
        (np.ones((5, 1)), "at least two tasks"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "fewer than three"),
        (np.full((0, 4), np.nan), "fewer than three"),
        (np.column_stack([np.ones(6), np.arange(6.0)]), "no variance"),
        (np.array([[1, np.nan], [2, np.nan], [np.nan, 1], [np.nan, 2.0]]), "share fewer than two"),
        (np.array([[1.0, 3], [2, 2], [3, 1], [2, 2]]), "sum to zero"),
    ],
)
def test_impossible_data_give_empty_cells_and_the_reason(X, reason):
    mine = alpha_of(X)
    assert reason in mine.reason
    assert np.isnan([getattr(mine, column) for column in NUMBERS]).all()
    assert np.isnan(mine.alpha_if_deleted).all()


def test_two_tasks_have_no_alpha_if_deleted():
    mine = alpha_of(random_ratings(5, tasks=2, missing=0))
    assert np.isfinite(mine.raw_alpha)
    assert np.isnan(mine.alpha_if_deleted).all()
    assert np.isfinite(mine.r_drop).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(-50, 50), st.floats(0.5, 20))
def test_a_change_of_unit_changes_nothing(seed, shift, factor):
    X = random_ratings(seed, respondents=20, tasks=4)
    a, b = alpha_of(X), alpha_of(X * factor + shift)
    assert_allclose([a.raw_alpha, a.std_alpha], [b.raw_alpha, b.std_alpha], rtol=1e-6, atol=1e-8)


def test_feldt_interval_holds_the_estimate_and_narrows_with_n():
    low, high = feldt_interval(0.8, 50, 10)
    assert low < 0.8 < high
    wider = feldt_interval(0.8, 20, 10)
    assert wider[0] < low < high < wider[1]


def test_split_half_is_high_for_many_respondents_and_repeats_with_its_seed():
    X = study("medium").importance
    assert 0.97 < split_half(X, seed=4, splits=20) < 1
    assert split_half(X, seed=4, splits=20) == split_half(X, seed=4, splits=20)
    assert np.isnan(split_half(X[:3], seed=1))
    assert np.isnan(split_half(np.ones((10, 4)), seed=1, splits=3))


def test_a_total_variance_of_nothing_but_rounding_error_gives_no_alpha():
    rows = np.array([[1.0, 3, 2], [3, 1, 2.1], [2, 2, 1.9]])
    opposite = np.column_stack([rows[:, 0] / 3, -rows[:, 0] / 7 - rows[:, 0] * (1 / 3 - 1 / 7)])
    found = cronbach_alpha(pairwise_moments(opposite))
    assert np.isnan(found.raw_alpha)
    assert "zero or less" in found.reason
