"""KSA weights through the linkage matrix."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis.errors import AnalysisError
from analysis.linkage import domain_weights_of_ksas, kept_links, ksa_weights, mean_linkage, share_linking
from analysis.linkage_tables import ksa_weight_tables


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


def judged(*rows):
    return pd.DataFrame(rows, columns=["panelist", "task_id", "ksa_id", "value"])


def test_tables_take_single_judgments_and_say_what_stays_open():
    rows = judged(("P1", "T1", "K1", 2), ("P2", "T1", "K1", 1), ("P1", "T1", "K2", 1), ("P2", "T1", "K2", 0),
                  ("P1", "T2", "K2", 0), ("P2", "T2", "K2", 0),
                  ("P1", "T3", "K2", 2), ("P1", "T9", "K1", 2))  # fmt: skip
    found = ksa_weight_tables(pd.Series({"T1": 3.0, "T2": 1.0, "T3": 2.0}), rows, ksas=["K1", "K2", "K3"])
    # T1 (of 5 linked thirds 3) splits 1.5 : 0.5, T3 (2 of 5) goes to K2; T2 has no link and loses 1 of 6
    assert_allclose(found.weights["weight"], [0.6 * 0.75, 0.6 * 0.25 + 0.4, 0])
    assert found.weights["n_tasks"].tolist() == [1, 2, 0]
    assert found.weights["note"].tolist()[:2] == ["", ""]
    assert "no link" in found.weights["note"][2]
    assert found.orphan_tasks == ("T2",)
    assert_allclose(found.lost_weight, 1 / 6)
    assert found.links[["task_id", "ksa_id", "n_panelists", "kept"]].values.tolist() == [
        ["T1", "K1", 2, "yes"], ["T1", "K2", 2, "yes"], ["T2", "K2", 2, "no"], ["T3", "K2", 1, "yes"]]  # fmt: skip
    strict = ksa_weight_tables(pd.Series({"T1": 1.0}), rows, share=0.6)
    assert_allclose(strict.weights["weight"], [1, 0])


def test_tables_without_any_link_give_no_weights_and_say_so():
    found = ksa_weight_tables(pd.Series({"T1": 0.0}), judged(("P1", "T1", "K1", 1)))
    assert found.weights["weight"].isna().all()
    assert found.weights["note"].tolist() == ["no task with a link has a weight"]
    assert found.orphan_tasks == ()
    empty = ksa_weight_tables(pd.Series({"T1": 1.0}), judged(), ksas=["K1"])
    assert empty.weights["note"].str.contains("no link").all()
    assert empty.orphan_tasks == ("T1",)


@pytest.mark.parametrize(
    ("rows", "ksas", "message"),
    [
        ([("P1", "T1", "K1", 1), ("P1", "T1", "K1", 2)], (), "twice"),
        ([("P1", "T1", "K1", -1)], (), "0 or more"),
        ([("P1", "T1", "K9", 1)], ("K1",), "K9"),
    ],
)
def test_tables_refuse_judgments_that_cannot_be(rows, ksas, message):
    with pytest.raises(AnalysisError, match=message):
        ksa_weight_tables(pd.Series({"T1": 1.0}), judged(*rows), ksas=ksas)


def test_negative_task_weights_are_refused():
    with pytest.raises(AnalysisError, match="0 or more"):
        ksa_weight_tables(pd.Series({"T1": -1.0}), judged())
