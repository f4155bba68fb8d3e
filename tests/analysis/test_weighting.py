"""Raking and weighted means: reference, ipfn, a plain loop, trimming, merging, impossible margins."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipfn import ipfn
from numpy.testing import assert_allclose

from analysis.errors import AnalysisError
from analysis.weighting import Margin, collapse_small_levels, rake, weight_summary
from analysis.weighting_means import margin_dummies, weighted_means
from tests.analysis.reference_study import REFERENCE, random_ratings, study


def margins_of(data):
    found = []
    for variable, rows in data.population.groupby("variable", sort=False):
        codes = pd.Categorical(data.respondents[variable], categories=rows["level"]).codes.astype(int)
        found.append(Margin(variable, codes, rows["count"].to_numpy(float)))
    return found


def test_weights_agree_with_the_reference():
    data = study("small")
    mine = rake(margins_of(data), 30)
    assert_allclose(mine.weights, data.expected("rake_weights")["weight_population"], rtol=1e-9)
    summary = json.loads((REFERENCE / "small" / "expected" / "rake_summary.json").read_text())
    found = weight_summary(mine.weights)
    assert found.n == summary["n"]
    for name in ("min_mean1", "max_mean1", "sd_mean1", "kish_deff", "kish_n_eff"):
        assert_allclose(getattr(found, name), summary[name], rtol=1e-9)
    assert_allclose(found.sum_weights, summary["sum_weights_population"])
    assert mine.max_error < 1e-11


@pytest.mark.parametrize("scale", ["importance", "frequency"])
def test_weighted_means_and_errors_agree_with_the_reference(scale):
    data = study("small")
    rows, margins = data.expected("weighted_means", scale=scale), margins_of(data)
    weights = rake(margins, 30).weights
    mine = weighted_means(getattr(data, scale), weights, margin_dummies(margins, 30), population=3000)
    assert_allclose(mine.n, rows["n"])
    assert_allclose(mine.mean, rows["weighted_mean"], rtol=1e-9)
    for column in ("se_fixed_weights", "se_fixed_weights_fpc", "se_raked", "se_raked_fpc"):
        assert_allclose(getattr(mine, column), rows[column], rtol=1e-9)


def random_margins(seed, n=200):
    rng = np.random.default_rng(seed)
    sizes = (3, 4, 2)
    populations = [rng.dirichlet(np.full(k, 5.0)) * 10_000 for k in sizes]
    return [Margin(f"v{i}", rng.integers(0, k, n), p) for i, (k, p) in enumerate(zip(sizes, populations, strict=True))]


@pytest.mark.parametrize("seed", range(3))
def test_ipfn_agrees(seed):
    margins = random_margins(seed)
    frame = pd.DataFrame({m.name: m.level_of for m in margins}).assign(total=1.0)
    targets = [pd.Series(m.counts, index=pd.RangeIndex(len(m.counts), name=m.name)) for m in margins]
    names = [[m.name] for m in margins]
    with warnings.catch_warnings():  # ipfn calls what pandas will drop
        warnings.simplefilter("ignore")
        fitted = ipfn.ipfn(frame, targets, names, convergence_rate=1e-12, max_iteration=2000).iteration()
    assert_allclose(rake(margins, 200).weights, fitted["total"], rtol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_a_plain_loop_agrees(seed):
    margins = random_margins(seed)
    weights = [50.0] * 200
    for _ in range(400):
        for margin in margins:
            for level, target in enumerate(margin.counts):
                rows = [i for i in range(200) if margin.level_of[i] == level]
                factor = target / sum(weights[i] for i in rows)
                for i in rows:
                    weights[i] *= factor
    assert_allclose(rake(margins, 200).weights, weights, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_margins_are_met_and_weights_positive(seed):
    margins = random_margins(seed, n=80)
    result = rake(margins, 80)
    assert (result.weights > 0).all()
    for margin in margins:
        assert_allclose(np.bincount(margin.level_of, result.weights), margin.counts, rtol=1e-9)


def test_trimming_keeps_weights_within_limits_and_the_total():
    margins = random_margins(4, n=60)
    margins[0] = Margin("v0", margins[0].level_of, np.array([8000.0, 1500, 500]))
    plain, trimmed = rake(margins, 60), rake(margins, 60, trim=(0.4, 2.0))
    mean = plain.weights.mean()
    assert plain.weights.max() > 2.0 * mean
    assert trimmed.trimmed > 0
    assert_allclose(trimmed.weights.sum(), 10_000)
    assert 0.4 * mean * (1 - 1e-9) <= trimmed.weights.min() <= trimmed.weights.max() <= 2.0 * mean * (1 + 1e-9)
    assert trimmed.max_error > 0.1  # such margins cannot be met within such limits, and it says so
    assert weight_summary(trimmed.weights).kish_deff < weight_summary(plain.weights).kish_deff
    with pytest.raises(AnalysisError, match="both sides of 1"):
        rake(margins, 60, trim=(1.5, 5))


def test_wide_limits_trim_nobody():
    margins = random_margins(5)
    wide = rake(margins, 200, trim=(0.01, 100))
    assert wide.trimmed == 0
    assert_allclose(wide.weights, rake(margins, 200).weights, rtol=1e-9)


def test_small_levels_are_merged_until_all_are_large_enough():
    margin = Margin("size", np.array([0] * 10 + [1] * 2 + [3] * 5 + [-1]), np.array([50.0, 20, 10, 20]))
    merged, labels = collapse_small_levels(margin, ["A", "B", "C", "D"], minimum=1)
    assert labels == ["A", "B + C", "D"]
    assert merged.counts.tolist() == [50, 30, 20]
    assert merged.sample_counts().tolist() == [10, 2, 5]
    assert merged.level_of[-1] == -1
    merged, labels = collapse_small_levels(margin, ["A", "B", "C", "D"], minimum=6)
    assert labels == ["A", "B + C + D"]
    assert merged.counts.sum() == 100
    alone, labels = collapse_small_levels(margin, ["A", "B", "C", "D"], minimum=99)
    assert len(labels) == 1
    assert rake([alone], 18).reason == ""


@pytest.mark.parametrize(
    ("level_of", "counts", "reason"),
    [
        ([0, 0, 1], [10, 10, 5], "has no respondents"),
        ([0, 0, 1], [10, 0], "has no population"),
        ([-1, -1, -1], [10, 10], "no respondent has a known level"),
        ([0, 1, 1], [0, 0], "not positive"),
    ],
)
def test_impossible_margins_give_empty_weights_and_the_reason(level_of, counts, reason):
    result = rake([Margin("size", np.array(level_of), np.array(counts, float))], 3)
    assert reason in result.reason
    assert np.isnan(result.weights).all()
    assert np.isnan(weight_summary(result.weights).kish_deff)


def test_contradicting_margins_are_refused():
    same = np.array([0, 0, 1, 1])
    result = rake([Margin("a", same, np.array([60.0, 40])), Margin("b", same, np.array([30.0, 70]))], 4)
    assert "cannot all be met" in result.reason
    assert "no respondents" in rake([], 0).reason
    assert "no margins" in rake([], 3).reason


def test_respondents_with_an_unknown_level_keep_their_place():
    a = Margin("a", np.array([0, 0, 1, -1]), np.array([50.0, 50]))
    result = rake([a], 4)
    assert_allclose(result.weights, [18.75, 18.75, 37.5, 25.0])


def test_equal_weights_give_the_textbook_standard_error():
    X = random_ratings(1, respondents=50, missing=0)
    mine = weighted_means(X, np.full(50, 3.0))
    assert_allclose(mine.mean, X.mean(axis=0))
    assert_allclose(mine.se_fixed_weights, X.std(axis=0, ddof=1) / np.sqrt(50))
    assert np.isnan(mine.se_raked).all()
    assert np.isnan(mine.se_fixed_weights_fpc).all()


def test_tasks_with_one_answer_or_none_have_no_error():
    X = np.full((6, 2), np.nan)
    X[2, 0] = 4.0
    mine = weighted_means(X, np.ones(6), np.ones((6, 1)) / np.sqrt(6), population=100)
    assert mine.n.tolist() == [1, 0]
    assert mine.mean[0] == 4.0
    assert np.isnan(mine.mean[1])
    assert np.isnan([mine.se_fixed_weights, mine.se_raked, mine.se_raked_fpc]).all()


def test_a_census_has_no_sampling_error_left():
    X = random_ratings(2, respondents=30, missing=0)
    mine = weighted_means(X, np.ones(30), population=30)
    assert_allclose(mine.se_fixed_weights_fpc, 0, atol=1e-12)
