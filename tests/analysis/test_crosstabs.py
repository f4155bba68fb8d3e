"""Cross-tabulation with Wilson intervals, chi-square and Cramer's V."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.crosstabs import association, multiple_choice, single_choice, suppress_small

ANSWER = np.array([0, 0, 1, 1, 1, 0, 2, -1, 0, 1])
GROUP = np.array([0, 0, 0, 0, 1, 1, 1, 1, -1, 0])


def test_single_choice_counts_shares_and_intervals():
    tab = single_choice(ANSWER, GROUP, ["yes", "no", "unsure"], ["small", "large", "huge"])
    assert tab.counts.tolist() == [[2, 3, 0], [1, 1, 1], [0, 0, 0]]
    assert tab.n.tolist() == [5, 3, 0]
    assert_allclose(tab.share[0], [0.4, 0.6, 0])
    assert_allclose([tab.low[0, 0], tab.high[0, 0]], proportion_confint(2, 5, method="wilson"))
    assert np.isnan(tab.share[2]).all()
    assert np.isnan(tab.low[2]).all()


def test_multiple_choice_shares_are_of_those_who_answered():
    chosen = np.array([[1, 1], [1, 0], [0, 0], [1, 1]], dtype=bool)
    answered = np.array([True, True, False, True])
    tab = multiple_choice(chosen, answered, np.array([0, 0, 0, 1]), ["a", "b"], ["x", "y"])
    assert tab.n.tolist() == [2, 1]
    assert_allclose(tab.share, [[1, 0.5], [1, 1]])


def test_chi_square_is_that_of_scipy():
    counts = np.array([[20, 15, 5], [30, 40, 25]])
    mine, theirs = association(counts), stats.chi2_contingency(counts, correction=False)
    assert_allclose([mine.chi2, mine.p, mine.df], [theirs.statistic, theirs.pvalue, theirs.dof])
    assert_allclose(mine.cramers_v, stats.contingency.association(counts, method="cramer"))
    assert_allclose(mine.smallest_expected, theirs.expected_freq.min())


def test_empty_groups_and_choices_are_left_out():
    padded = np.array([[20, 15, 0], [30, 40, 0], [0, 0, 0]])
    assert association(padded) == association(padded[:2, :2])


@pytest.mark.parametrize("counts", [[[5, 0], [3, 0]], [[5, 3]], [[0, 0], [0, 0]]])
def test_a_table_without_two_groups_and_choices_has_no_test(counts):
    mine = association(np.array(counts))
    assert "fewer than two" in mine.reason
    assert np.isnan([mine.chi2, mine.p, mine.cramers_v]).all()


def test_small_groups_are_hidden():
    tab = single_choice(ANSWER, GROUP, ["yes", "no", "unsure"], ["small", "large", "huge"])
    shown = suppress_small(tab, least=5)
    assert shown.n.tolist() == [5, 3, 0]
    assert np.isnan(shown.share[1]).all()
    assert shown.counts[1].sum() == 0
    assert_allclose(shown.share[0], tab.share[0])
