"""How alike two lists are: values worked by hand and from R, and what is undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis.cycles import profile_correlation, weight_overlap
from analysis.errors import AnalysisError

NAN = float("nan")


def test_correlation_and_interval():
    # By the definitions: r from sums of products, the interval tanh(atanh(r) -+ 1.959964 / sqrt(6 - 3)).
    former = np.array([3.7, 3.94, 3.7, 3.85, 4.1, 2.9])
    present = np.array([3.5, 4.2, 3.6, 3.9, 4.0, 3.1])
    found = profile_correlation(former, present)
    x, y = former - former.mean(), present - present.mean()
    r = (x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())
    assert_allclose(found.r, r, rtol=1e-12)
    assert_allclose(
        [found.low, found.high], np.tanh(np.arctanh(r) + np.array([-1, 1]) * 1.959964 / np.sqrt(3)), rtol=1e-6
    )
    assert found.n == 6


def test_a_task_known_on_one_side_only_is_left_out():
    found = profile_correlation(np.array([1, 2, 3, NAN, 4.0]), np.array([1, 2, 3, 9, NAN]))
    assert (found.n, found.r) == (3, pytest.approx(1))
    assert np.isnan(found.low)


@pytest.mark.parametrize(
    ("former", "present", "n"),
    [([1.0, 2], [1.0, 2], 2), ([1.0, 1, 1, 1], [1.0, 2, 3, 4], 4), ([], [], 0)],
)
def test_what_is_undefined_is_nan(former, present, n):
    found = profile_correlation(np.array(former), np.array(present))
    assert np.isnan([found.r, found.low, found.high]).all()
    assert found.n == n


def test_a_perfect_correlation_has_no_width():
    found = profile_correlation(np.arange(5.0), np.arange(5.0))
    assert (found.low, found.high) == (pytest.approx(found.r), pytest.approx(found.r))


def test_impossible_input_is_refused():
    with pytest.raises(AnalysisError, match="one value"):
        profile_correlation(np.ones(2), np.ones(3))
    with pytest.raises(AnalysisError, match="confidence"):
        profile_correlation(np.ones(3), np.ones(3), confidence=1.0)
    for bad in ({}, {"1": -1.0, "2": 2.0}, {"1": 0.0}):
        with pytest.raises(AnalysisError, match="Weights"):
            weight_overlap(bad, {"1": 1.0})


WEIGHTS = st.dictionaries(st.sampled_from("abcde"), st.floats(0.01, 100), min_size=1)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(WEIGHTS, WEIGHTS)
def test_the_overlap_lies_between_none_and_all_and_does_not_mind_who_is_first(one, other):
    found = weight_overlap(one, other)
    assert -1e-9 <= found <= 1 + 1e-9
    assert found == pytest.approx(weight_overlap(other, one))
    assert weight_overlap(one, {code: 3 * w for code, w in one.items()}) == pytest.approx(1)


def test_nothing_in_common_is_none():
    assert weight_overlap({"1": 1.0}, {"2": 5.0}) == 0
