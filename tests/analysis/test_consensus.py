"""Consensus, stability, pairwise kappa and shares of points."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import cohen_kappa_score

from analysis.consensus import consensus, pairwise_kappa, point_shares, stability
from analysis.errors import AnalysisError

SCALE = np.array([1.0, 2.0, 3.0, 4.0])


def test_consensus_by_hand():
    X = np.array([[4, 1, np.nan], [4, 2, np.nan], [3, 1, np.nan], [4, 2, np.nan], [np.nan, 4, np.nan]])
    found = consensus(X, SCALE)
    assert found.n.tolist() == [4, 5, 0]
    assert_allclose(found.agreement, [0.75, 0.4, np.nan])
    assert_allclose(found.mode, [4, np.nan, np.nan])  # 1 and 2 are equally frequent
    assert_allclose(found.mean, [3.75, 2, np.nan])
    # R: quantile(c(1,2,1,2,4), c(.25,.5,.75)) gives 1 2 2; quantile(c(4,4,3,4), ...) gives 3.75 4 4
    assert_allclose([found.lower, found.median, found.upper], [[3.75, 1, np.nan], [4, 2, np.nan], [4, 2, np.nan]])
    assert_allclose(found.iqr, [0.25, 1, np.nan])


def test_a_judgment_off_the_scale_is_an_error():
    with pytest.raises(AnalysisError, match="none of the categories"):
        consensus(np.array([[5.0]]), SCALE)


def test_stability_counts_only_who_judged_twice():
    before = np.array([[1, 2], [2, 2], [3, np.nan], [np.nan, 4]])
    after = np.array([[1, 3], [2, 3], [4, 1], [2, np.nan]])
    found = stability(before, after)
    assert found.n.tolist() == [3, 2]
    assert_allclose(found.same, [2 / 3, 0])
    assert_allclose(found.median_change, [0, 1])
    assert np.isnan(stability(before[:, :1] * np.nan, after[:, :1]).same[0])


def test_pairwise_kappa_is_the_mean_over_pairs():
    rng = np.random.default_rng(5)
    X = rng.integers(1, 4, (4, 40)).astype(float)
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    theirs = [cohen_kappa_score(X[i], X[j], labels=[1, 2, 3], weights="linear") for i, j in pairs]
    mine, n = pairwise_kappa(X, np.array([1.0, 2, 3]))
    assert n == 6
    assert_allclose(mine, np.mean(theirs))


def test_pairwise_kappa_without_a_pair_is_empty():
    mine, n = pairwise_kappa(np.array([[1.0, 2.0]]), np.array([1.0, 2]))
    assert (np.isnan(mine), n) == (True, 0)


def test_points_become_shares():
    points = np.array([[50, 30, 20], [40, 40, 20], [60, 20, 20], [np.nan, 50, 50]], float)
    found = point_shares(points)
    assert found.n == 3
    assert_allclose(found.mean, [0.5, 0.3, 0.2])
    assert_allclose(found.median, [0.5, 0.3, 0.2])
    assert_allclose(found.sd, [10, 10, 0])
    assert_allclose([found.mean.sum(), found.median.sum(), found.trimmed.sum()], 1)
    assert_allclose([found.lower, found.upper], [[45, 25, 20], [55, 35, 20]])


def test_trimming_leaves_out_the_ends():
    rows = np.array([[90, 10], *[[50, 50]] * 8, [0, 100]], float)
    assert_allclose(point_shares(rows).trimmed, [0.5, 0.5])
    assert point_shares(rows).mean[0] == pytest.approx(0.49)


@pytest.mark.parametrize("row", [[50, 40], [110, -10]])
def test_points_that_do_not_sum_are_an_error(row):
    with pytest.raises(AnalysisError, match="sum to 100"):
        point_shares(np.array([row], float))


def test_points_without_a_panelist_are_empty():
    found = point_shares(np.empty((0, 2)))
    assert found.n == 0
    assert np.isnan(found.mean).all()
    assert np.isnan(point_shares(np.array([[50.0, 50.0]])).sd).all()
