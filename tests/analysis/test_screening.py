"""Screening statistics: reference, plain loops, planted careless respondents, degenerate data."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import mahalanobis as scipy_distance

from analysis import screening
from analysis.screening import (
    asked,
    domain_means,
    identical_groups,
    longest_run,
    mahalanobis,
    person_total_correlation,
    relative_speed,
    seconds_per_rating,
    within_person_sd,
)
from tests.analysis.reference_study import REFERENCE, random_ratings, study


def codes_of(X):
    return np.nan_to_num(X, nan=0).astype(np.uint8)


def test_person_quality_agrees_with_the_reference():
    data = study("small")
    rows = data.expected("person_quality")
    order = np.argsort(data.tasks["position"].to_numpy(), kind="stable")
    assert_allclose(longest_run(codes_of(data.importance[:, order])), rows["longstring_importance"])
    assert_allclose(longest_run(codes_of(data.frequency[:, order])), rows["longstring_frequency"])
    assert_allclose(within_person_sd(data.importance), rows["irv_importance"], atol=1e-9)
    assert_allclose(person_total_correlation(data.importance), rows["person_total_r"], atol=1e-9)
    assert_allclose(asked(codes_of(data.frequency), 0), rows["n_importance_asked"])


def naive_person_total(X, r):
    pairs = []
    for t in range(X.shape[1]):
        others = [X[i, t] for i in range(len(X)) if i != r and X[i, t] == X[i, t]]
        if X[r, t] == X[r, t] and others:
            pairs.append((X[r, t], sum(others) / len(others)))
    x, y = np.array(pairs).T
    return np.corrcoef(x, y)[0, 1] if len(pairs) >= 10 and np.ptp(x) > 0 else np.nan


def test_a_naive_person_total_correlation_agrees_in_chunks(monkeypatch):
    X = random_ratings(4, respondents=23, tasks=14, missing=0.2)
    X[3] = np.where(np.isnan(X[3]), np.nan, 4.0)
    monkeypatch.setattr(screening, "_CHUNK", 5)
    assert_allclose(person_total_correlation(X), [naive_person_total(X, r) for r in range(23)], atol=1e-12)


@given(st.lists(st.integers(0, 3), min_size=0, max_size=25))
def test_longest_run_skips_missing_answers(answers):
    given = [answer for answer in answers if answer]
    naive = max((len(list(run)) for _, run in itertools.groupby(given)), default=0)
    assert longest_run(np.array([answers], dtype=np.uint8).reshape(1, -1)).tolist() == [naive]


def test_planted_straight_liners_and_speeders_stand_out():
    data = study("medium")
    table = pd.read_csv(REFERENCE / "medium" / "data" / "planted.csv")
    planted = table.loc[table["trait"].str.contains("straight"), "subject"].tolist()
    assert len(planted) == 14
    runs = longest_run(codes_of(data.importance))
    is_planted = data.respondents["respondent_id"].isin(planted).to_numpy()
    assert np.median(runs[is_planted]) > np.quantile(runs[~is_planted], 0.99)


def test_one_rating_or_none_gives_empty_cells():
    X = np.array([[3.0, np.nan], [np.nan, np.nan], [2.0, 4.0]])
    assert_allclose(within_person_sd(X), [np.nan, np.nan, np.sqrt(2)])
    assert np.isnan(person_total_correlation(X)).all()
    assert longest_run(codes_of(X)).tolist() == [1, 0, 1]
    assert person_total_correlation(np.empty((0, 5))).size == 0


def test_speed_by_hand():
    assert_allclose(seconds_per_rating(np.array([120.0, np.nan, 60]), np.array([60, 10, 0])), [2, np.nan, np.nan])
    assert_allclose(relative_speed(np.array([100.0, 300, 500, np.nan])), [1 / 3, 1, 5 / 3, np.nan])
    assert np.isnan(relative_speed(np.full(3, np.nan))).all()


def test_mahalanobis_is_that_of_scipy_and_needs_complete_profiles():
    profile = np.random.default_rng(1).normal(size=(60, 3))
    profile[7, 1] = np.nan
    mine = mahalanobis(profile)
    complete = np.delete(profile, 7, axis=0)
    inverse = np.linalg.inv(np.cov(complete.T))
    theirs = [scipy_distance(row, complete.mean(axis=0), inverse) ** 2 for row in complete]
    assert_allclose(np.delete(mine.squared, 7), theirs)
    assert np.isnan(mine.squared[7])
    assert (mine.n, mine.k) == (59, 3)
    assert_allclose(mine.cut, 16.266, atol=1e-3)  # chi-square .999 on 3 df


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (np.ones((4, 2)), "fewer than five"),
        (np.ones((30, 2)), "do not vary"),
        (np.repeat(np.arange(30.0)[:, None], 2, axis=1), "do not vary"),
        (np.empty((10, 0)), "fewer than five"),
    ],
)
def test_impossible_profiles_give_empty_distances_and_the_reason(profile, reason):
    mine = mahalanobis(profile)
    assert reason in mine.reason
    assert np.isnan(mine.squared).all()


def test_domain_means_skip_missing_ratings():
    X = np.array([[1.0, 3, 5], [np.nan, np.nan, 2]])
    assert_allclose(domain_means(X, np.array([0, 0, 1])), [[2, 5], [np.nan, 2]])


def test_identical_respondents_are_found_with_their_missing_answers():
    codes = np.array(
        [[1, 2, 0], [1, 2, 0], [1, 2, 3], [0, 0, 0], [1, 2, 0], [4, 4, 4], [1, 2, 3], [0, 0, 0]], dtype=np.uint8
    )
    considered = codes.any(axis=1)
    assert [group.tolist() for group in identical_groups(codes, considered)] == [[0, 1, 4], [2, 6]]
    assert identical_groups(codes, np.zeros(8, dtype=bool)) == []
    assert identical_groups(study("small").importance.astype(np.uint8), np.ones(30, dtype=bool)) == []


def test_tasks_asked_leave_out_those_not_performed_and_not_on_the_form():
    frequency = np.array([[1, 2, 0, 3]], dtype=np.uint8)
    assert asked(frequency, not_performed=1).tolist() == [3]
    assert asked(frequency, not_performed=1, on_form=np.array([[True, True, True, False]])).tolist() == [2]
