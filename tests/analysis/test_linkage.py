"""KSA weights through the linkage matrix."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis.linkage import domain_weights_of_ksas, kept_links, ksa_weights, mean_linkage, share_linking


def test_weights_by_hand():
    # task 1 (.6) splits 2 : 1 : 0, task 2 (.4) splits 0 : 1 : 1
    found = ksa_weights(np.array([0.6, 0.4]), np.array([[2.0, 1, 0], [0, 1, 1]]))
    assert_allclose(found.weights, [0.4, 0.4, 0.2])
    assert found.orphan_tasks.size == found.orphan_ksas.size == 0
    assert_allclose(domain_weights_of_ksas(found.weights, np.array([0, 0, 1])), [0.8, 0.2])


def test_orphans_are_listed_and_their_weight_is_shared_out():
    linkage = np.array([[1.0, 0, np.nan], [0, 0, 0], [1, 1, 0]])
    found = ksa_weights(np.array([0.5, 0.2, 0.3]), linkage)
    assert found.orphan_tasks.tolist() == [1]
    assert found.orphan_ksas.tolist() == [2]
    assert_allclose(found.lost_weight, 0.2)
    assert_allclose(found.weights, [0.65 / 0.8, 0.15 / 0.8, 0])


def test_without_any_link_there_are_no_weights():
    found = ksa_weights(np.array([0.5, 0.5]), np.zeros((2, 3)))
    assert np.isnan(found.weights).all()
    assert found.lost_weight == 1


def test_links_need_enough_of_the_panel():
    X = np.array([[[2.0, 0], [1, np.nan]], [[1, 0], [0, np.nan]], [[0, 2], [0, np.nan]]])
    assert_allclose(share_linking(X), [[2 / 3, 1 / 3], [1 / 3, np.nan]])
    assert kept_links(X).tolist() == [[True, False], [False, False]]
    assert kept_links(X, share=0.9, mean=0.6).tolist() == [[True, True], [False, False]]
    mean, n = mean_linkage(X)
    assert_allclose(mean, [[1, 2 / 3], [1 / 3, np.nan]])
    assert n.tolist() == [[3, 3], [3, 0]]


@given(st.integers(0, 10_000))
def test_weights_sum_to_one_and_ignore_the_order_of_tasks(seed):
    rng = np.random.default_rng(seed)
    weights, linkage = rng.dirichlet(np.ones(6)), rng.integers(0, 3, (6, 4)).astype(float)
    linkage[:, 0] += 1
    found = ksa_weights(weights, linkage)
    assert_allclose(found.weights.sum(), 1)
    order = rng.permutation(6)
    assert_allclose(ksa_weights(weights[order], linkage[order]).weights, found.weights)


def test_links_left_out_do_not_count():
    kept = np.array([[True, False], [True, True]])
    found = ksa_weights(np.array([0.5, 0.5]), np.ones((2, 2)), kept)
    assert_allclose(found.weights, [0.75, 0.25])
