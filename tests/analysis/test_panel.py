"""Content validity, kappa and Kendall's W."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import cohen_kappa_score

from analysis.errors import AnalysisError
from analysis.panel import (
    content_validity_index,
    content_validity_ratio,
    cross_table,
    essential_needed,
    kendall_w,
    weighted_kappa,
)
from tests.analysis.reference_study import golden


def test_exact_critical_values_of_the_content_validity_ratio():
    for row in golden("cvr_critical").itertuples():
        needed = essential_needed(row.panel_n)
        assert needed == row.min_essential_exact
        assert_allclose(content_validity_ratio(needed, row.panel_n), row.cvr_at_min, atol=5e-4)


def test_a_small_panel_can_never_be_sure():
    assert essential_needed(4) is None
    with pytest.raises(AnalysisError, match="at least one"):
        essential_needed(0)
    assert np.isnan(content_validity_ratio(np.array([0]), np.array([0])))


def test_content_validity_indices_by_hand():
    X = np.array([[4, 3, 1, np.nan], [3, 3, 4, np.nan], [4, np.nan, 2, np.nan]])
    mine = content_validity_index(X)
    assert_allclose(mine.item, [1, 1, 1 / 3, np.nan])
    assert mine.n.tolist() == [3, 2, 3, 0]
    assert_allclose([mine.scale_average, mine.scale_universal], [7 / 9, 2 / 3])
    assert np.isnan(content_validity_index(np.full((2, 2), np.nan)).scale_average)


@pytest.mark.parametrize(("weighting", "theirs"), [("none", None), ("linear", "linear"), ("quadratic", "quadratic")])
def test_kappa_is_that_of_scikit_learn(weighting, theirs):
    rng = np.random.default_rng(3)
    a = rng.integers(1, 4, 60).astype(float)
    b = np.clip(a + rng.integers(-1, 2, 60), 1, 3)
    mine = weighted_kappa(cross_table(a, b, np.arange(1.0, 4)), weighting)
    assert_allclose(mine, cohen_kappa_score(a, b, weights=theirs))


def test_kappa_is_empty_when_both_use_one_category_or_nothing():
    assert np.isnan(weighted_kappa(np.array([[5, 0], [0, 0]])))
    assert np.isnan(weighted_kappa(np.zeros((3, 3), dtype=int)))
    gaps = cross_table(np.array([1.0, np.nan]), np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    assert gaps.sum() == 1


def test_kendall_w_by_hand_and_at_its_ends():
    # three judges, ranks summing to 4, 5, 9: S = 14, W = 12 * 14 / (9 * 24) = 7/9
    found = kendall_w(np.array([[1.0, 2, 3], [2, 1, 3], [1, 2, 3]]))
    assert_allclose([found.W, found.chi2, found.df], [7 / 9, 3 * 2 * 7 / 9, 2])
    assert pytest.approx(1) == kendall_w(np.tile([1.0, 2, 3, 4], (5, 1))).W
    assert pytest.approx(0) == kendall_w(np.array([[1.0, 2], [2, 1]])).W


def test_ties_are_corrected_and_incomplete_judges_left_out():
    X = np.array([[1.0, 1, 2], [1, 1, 2], [np.nan, 1, 2]])
    found = kendall_w(X)
    assert found.n_judges == 2
    assert pytest.approx(1) == found.W


@pytest.mark.parametrize("X", [np.ones((3, 4)), np.ones((1, 4)), np.ones((3, 1)), np.full((3, 3), np.nan)])
def test_without_judges_tasks_or_order_there_is_no_concordance(X):
    found = kendall_w(X)
    assert np.isnan([found.W, found.chi2, found.p]).all()
