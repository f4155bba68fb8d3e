"""Sample sizes and margins of error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis.errors import AnalysisError
from analysis.precision import (
    krejcie_morgan,
    margin_of_share,
    n_for_mean,
    normal_quantile,
    responses_still_needed,
    standard_error,
)
from tests.analysis.reference_study import golden


def test_all_31_rows_of_krejcie_and_morgan():
    table = golden("krejcie_morgan")
    assert len(table) == 31
    assert [krejcie_morgan(n) for n in table["population"]] == table["published_sample"].tolist()


def test_respondents_for_a_mean():
    # (1.96 * 1 / 0.1)^2 = 384.15
    assert n_for_mean(1.0, 0.1) == 385
    assert n_for_mean(1.0, 0.1, population=1000) == 278
    assert n_for_mean(1.0, 0.1, population=10**9) == 385


def test_margin_of_a_share():
    assert_allclose(margin_of_share(0.5, 100), 0.098, atol=1e-4)
    assert margin_of_share(0.5, 100, population=100) == 0
    assert_allclose(margin_of_share(0.5, 217, population=500), 0.05, atol=1e-3)
    assert_allclose(standard_error(0.8, 64), 0.1)
    assert standard_error(0.8, 64, population=64) == 0


@given(st.integers(10, 500), st.floats(0.02, 0.2), st.floats(0.005, 0.2), st.integers(600, 10_000))
def test_the_forecast_reaches_the_width_wanted_and_no_more(n, now, wanted, population):
    more = responses_still_needed(n, now, wanted, population)
    total = n + more
    assert total <= population

    def width(m):
        return now * ((1 / m - 1 / population) / (1 / n - 1 / population)) ** 0.5

    if more == 0:
        assert now <= wanted
    else:
        assert width(total) <= wanted * (1 + 1e-6)
        assert width(total - 1) > wanted * (1 - 1e-6)


def test_the_forecast_without_a_frame():
    assert responses_still_needed(100, 0.02, 0.01) == 300
    assert responses_still_needed(100, 0.01, 0.01) == 0
    assert responses_still_needed(100, 0.02, 0.01, population=100) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: krejcie_morgan(0),
        lambda: n_for_mean(1, 0),
        lambda: n_for_mean(1, 0.1, population=0),
        lambda: normal_quantile(1.0),
        lambda: margin_of_share(0.5, 0),
        lambda: standard_error(1, 0),
    ],
)
def test_impossible_questions_are_refused_in_words(call):
    with pytest.raises(AnalysisError, match="must"):
        call()
