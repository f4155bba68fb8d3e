"""Subgroup comparisons: reference tables, scipy and pingouin, degenerate groups."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from analysis.subgroups import (
    correlation,
    cut_agreement,
    group_counts,
    group_means,
    pairs,
    profile_agreement,
)
from analysis.subgroups_tests import benjamini_hochberg, group_tests, holm, two_group_effects
from tests.analysis.reference_study import POINTS, random_ratings, study

with warnings.catch_warnings():  # pingouin's own imports warn
    warnings.simplefilter("ignore")
    import pingouin
    from statsmodels.stats.multitest import multipletests

CODES = np.arange(1, 6)


def counts_by(X, labels):
    """Counts by level (sorted by code point), and the levels."""
    levels = sorted({label for label in labels if isinstance(label, str)})
    level_of = np.array([levels.index(label) if isinstance(label, str) else -1 for label in labels])
    return group_counts(np.nan_to_num(X, nan=0).astype(np.uint8), CODES, level_of, len(levels)), levels


def means_of(data, scale, variable):
    counts, levels = counts_by(getattr(data, scale), data.respondents[variable])
    return group_means(counts, POINTS), levels


@pytest.mark.parametrize("variable", ["district_size", "role", "region"])
def test_means_profiles_and_agreement_agree_with_the_reference(variable):
    data = study("small")
    for scale in ("importance", "frequency"):
        (n, mean), levels = means_of(data, scale, variable)
        rows = data.expected("group_means", scale=scale, variable=variable)
        assert_allclose(n.ravel(), rows["n"])
        assert_allclose(mean.ravel(), rows["mean"], atol=1e-9)
        rows = data.expected("profile_correlations", scale=scale, variable=variable)
        found = [profile_agreement(mean[i], mean[j]) for i, j in pairs(len(levels))]
        for column in ("n_tasks", "pearson", "spearman", "mean_abs_diff"):
            assert_allclose([getattr(f, column) for f in found], rows[column], atol=1e-9)
    (_, mean), levels = means_of(data, "importance", variable)
    rows = data.expected("agreement_index", variable=variable)
    found = [cut_agreement(mean[i], mean[j], cut) for i, j in pairs(len(levels)) for cut in (2.5, 3, 3.5, 4)]
    for column in ("n_tasks", "both_above", "both_below", "index"):
        assert_allclose([getattr(f, column) for f in found], rows[column], atol=1e-9)


@pytest.mark.parametrize("variable", ["district_size", "role", "region"])
def test_group_tests_agree_with_the_reference(variable):
    data = study("small")
    counts, _ = counts_by(data.importance, data.respondents[variable])
    mine, rows = group_tests(counts, POINTS), data.expected("group_tests", variable=variable)
    for column in ("n", "k_groups", "eta2", "F", "df1", "df2", "p_F", "H", "df", "p_kw"):
        assert_allclose(getattr(mine, column.replace("p_F", "p_f")), rows[column], atol=1e-9, err_msg=column)
    assert_allclose(holm(mine.p_kw), rows["p_kw_holm"], atol=1e-9)
    assert_allclose(benjamini_hochberg(mine.p_kw), rows["p_kw_bh"], atol=1e-9)


def test_two_group_effects_agree_with_the_reference():
    data = study("small")
    rows = data.expected("two_group_effects")
    counts, levels = counts_by(data.importance, data.respondents["district_size"])
    a, b = (levels.index(rows[side].iloc[0]) for side in ("group_a", "group_b"))
    mine = two_group_effects(counts[a], counts[b], POINTS)
    for column in ("n_a", "n_b", "diff", "cohens_d", "hedges_g", "welch_t", "welch_df", "welch_p"):
        assert_allclose(getattr(mine, column), rows[column], atol=1e-9, err_msg=column)
    assert_allclose(holm(mine.welch_p), rows["welch_p_holm"], atol=1e-9)
    assert_allclose(benjamini_hochberg(mine.welch_p), rows["welch_p_bh"], atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_scipy_and_pingouin_agree_task_by_task(seed):
    X = random_ratings(seed, respondents=45, missing=0.2)
    labels = np.array(["a", "b", "c"])[np.random.default_rng(seed).integers(0, 3, 45)]
    counts, _ = counts_by(X, labels)
    mine, effects = group_tests(counts, POINTS), two_group_effects(counts[0], counts[1], POINTS)
    for t in range(X.shape[1]):
        groups = [X[(labels == level) & ~np.isnan(X[:, t]), t] for level in "abc"]
        assert_allclose([mine.F[t], mine.p_f[t]], stats.f_oneway(*groups))
        assert_allclose([mine.H[t], mine.p_kw[t]], stats.kruskal(*groups))
        welch = stats.ttest_ind(groups[0], groups[1], equal_var=False)
        assert_allclose([effects.welch_t[t], effects.welch_p[t], effects.welch_df[t]], [*welch, welch.df])
        assert_allclose(effects.cohens_d[t], pingouin.compute_effsize(groups[0], groups[1], eftype="cohen"))
        assert_allclose(effects.hedges_g[t], pingouin.compute_effsize(groups[0], groups[1], eftype="hedges"), rtol=2e-3)


def test_missing_levels_leave_respondents_out():
    X = random_ratings(3, respondents=20, missing=0)
    labels = ["a", "b", None, np.nan, "a"] * 4
    counts, levels = counts_by(X, labels)
    assert levels == ["a", "b"]
    assert counts.sum() == 12 * X.shape[1]


def test_a_group_of_one_or_an_absent_group_gives_empty_cells():
    counts = np.zeros((2, 3, 5), dtype=int)
    counts[0, 0] = [0, 3, 2, 0, 0]  # task 0: group b absent
    counts[0, 1], counts[1, 1] = [0, 3, 2, 0, 0], [0, 0, 1, 0, 0]  # task 1: group b is one person
    effects, tests = two_group_effects(counts[0], counts[1], POINTS), group_tests(counts, POINTS)
    assert effects.n_b.tolist() == [0, 1, 0]
    for column in ("diff", "cohens_d", "hedges_g", "welch_t", "welch_df", "welch_p"):
        assert np.isnan(getattr(effects, column)).all(), column
    assert tests.k_groups.tolist() == [1, 2, 0]
    assert np.isnan(tests.eta2[[0, 2]]).all()
    assert np.isfinite([tests.eta2[1], tests.F[1], tests.H[1]]).all()


def test_without_variance_there_is_no_test():
    same = np.zeros((2, 1, 5), dtype=int)
    same[:, 0, 3] = 6
    mine, effects = group_tests(same, POINTS), two_group_effects(same[0], same[1], POINTS)
    assert np.isnan([mine.eta2, mine.F, mine.p_f, mine.H, mine.p_kw]).all()
    assert effects.diff[0] == 0
    assert np.isnan([effects.cohens_d, effects.hedges_g, effects.welch_t, effects.welch_p]).all()
    apart = np.zeros((2, 1, 5), dtype=int)
    apart[0, 0, 1], apart[1, 0, 3] = 6, 6
    mine = group_tests(apart, POINTS)
    assert mine.eta2[0] == 1.0
    assert np.isnan([mine.F, mine.p_f]).all()
    assert np.isfinite(mine.H).all()


@given(st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=1, max_size=12))
def test_adjusted_p_values_are_those_of_statsmodels_with_empty_ones_left_out(p):
    p = np.array(p)
    known = ~np.isnan(p)
    for mine, method in ((holm(p), "holm"), (benjamini_hochberg(p), "fdr_bh")):
        assert (np.isnan(mine) == ~known).all()
        if known.any():
            assert_allclose(mine[known], multipletests(p[known], method=method)[1], atol=1e-12)


def test_correlations_need_two_tasks_and_spread():
    flat, rising = np.full(4, 3.0), np.arange(4.0)
    assert np.isnan(correlation(flat, rising))
    assert np.isnan(correlation(rising[:1], rising[:1]))
    none = profile_agreement(np.full(3, np.nan), rising[:3])
    assert none.n_tasks == 0
    assert np.isnan(none.mean_abs_diff)
    assert np.isnan(cut_agreement(np.full(3, np.nan), rising[:3], 3).index)


def test_equal_means_tie_whatever_their_last_bit():
    a = np.array([0.1 + 0.2, 0.3, 0.5])
    assert_allclose(profile_agreement(a, np.array([2.0, 2.0, 3.0])).spearman, 1)


def test_pandas_agrees_on_group_means():
    data = study("small")
    (n, mean), levels = means_of(data, "importance", "region")
    theirs = pd.DataFrame(data.importance).groupby(data.respondents["region"]).mean().loc[levels]
    assert_allclose(mean, theirs)
    assert n.sum() == 360
