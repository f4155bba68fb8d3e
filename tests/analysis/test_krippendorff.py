"""Krippendorff's alpha: reference, the krippendorff package, a naive second computation."""

import itertools

import krippendorff as package
import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.agreement_counts import counts_of
from analysis.krippendorff import coincidences, krippendorff_alpha
from tests.analysis.reference_study import FREQUENCY_POINTS, POINTS, random_ratings, study

METRICS = ("nominal", "ordinal", "interval")


@pytest.mark.parametrize("name", ["small", "medium"])
def test_every_scope_and_metric_agrees_with_the_reference(name):
    data = study(name)
    for row in data.expected("krippendorff").itertuples():
        X = getattr(data, row.scale)[:, data.scopes()[row.scope]]
        mine = krippendorff_alpha(counts_of(X, FREQUENCY_POINTS), FREQUENCY_POINTS, row.metric)
        assert_allclose(mine.alpha, row.alpha, atol=1e-9)
        assert (mine.n_units, mine.n_pairable) == (row.n_units, row.n_pairable)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(4))
def test_the_package_agrees_on_data_with_holes(metric, seed):
    X = random_ratings(seed, respondents=9, tasks=12, missing=0.5)
    theirs = package.alpha(reliability_data=X, level_of_measurement=metric)
    assert_allclose(krippendorff_alpha(counts_of(X, POINTS), POINTS, metric).alpha, theirs)


def naive_interval(X):
    """Mean squared difference within units against that of all pairable values."""
    units = [[x for x in column if x == x] for column in X.T]
    units = [unit for unit in units if len(unit) > 1]
    values = [x for unit in units for x in unit]
    n = len(values)
    observed = sum(sum((a - b) ** 2 for a, b in itertools.permutations(u, 2)) / (len(u) - 1) for u in units) / n
    expected = sum((a - b) ** 2 for a, b in itertools.permutations(values, 2)) / (n * (n - 1))
    return 1 - observed / expected


@pytest.mark.parametrize("seed", range(4))
def test_a_naive_computation_agrees(seed):
    X = random_ratings(seed, respondents=8, tasks=6, missing=0.4)
    mine = krippendorff_alpha(counts_of(X, POINTS), POINTS, "interval")
    assert_allclose(mine.alpha, naive_interval(X))


def test_all_answers_equal_leaves_alpha_empty():
    mine = krippendorff_alpha(np.array([[0, 5], [0, 4]]), np.array([1.0, 2.0]), "interval")
    assert np.isnan(mine.alpha)
    assert (mine.n_units, mine.n_pairable) == (2, 9)


def test_tasks_with_one_rating_are_left_out():
    mine = krippendorff_alpha(np.array([[1, 0], [0, 1]]), np.array([1.0, 2.0]), "nominal")
    assert np.isnan(mine.alpha)
    assert (mine.n_units, mine.n_pairable) == (0, 0)


def test_coincidences_add_up_to_the_pairable_ratings():
    counts = counts_of(random_ratings(1), POINTS)
    assert_allclose(coincidences(counts).sum(), counts.sum())
    assert_allclose(coincidences(counts), coincidences(counts).T)
