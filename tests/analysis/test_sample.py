"""Response rates and representativeness."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.errors import AnalysisError
from analysis.sample import (
    Dispositions,
    completion_rate,
    eligibility,
    largest_gap,
    representativeness,
    response_rates,
)
from tests.analysis.reference_study import study


def test_representativeness_agrees_with_the_reference():
    data = study("small")
    table = data.expected("representativeness").set_index("variable")
    for variable, rows in data.population.groupby("variable", sort=False):
        observed = [(data.respondents[variable] == level).sum() for level in rows["level"]]
        mine, cells = (
            representativeness(observed, rows["share"]),
            data.expected("representativeness_cells", variable=variable),
        )
        found = [mine.n, mine.chi2, mine.df, mine.p, mine.cohens_w]
        assert_allclose(found, table.loc[variable, ["n", "chi2", "df", "p", "cohens_w"]].to_numpy(float), atol=1e-9)
        assert_allclose(mine.expected, cells["expected"])
        assert_allclose(mine.std_residual, cells["std_residual"], atol=1e-9)


def test_scipy_agrees():
    observed, shares = np.array([30, 50, 20]), np.array([0.2, 0.5, 0.3])
    theirs = stats.chisquare(observed, 100 * shares)
    mine = representativeness(observed, shares)
    assert_allclose([mine.chi2, mine.p], [theirs.statistic, theirs.pvalue])
    assert_allclose(representativeness(observed, shares * 1234).chi2, mine.chi2)


@pytest.mark.parametrize(
    ("observed", "shares", "reason"),
    [([0, 0], [0.5, 0.5], "no respondent"), ([5], [1.0], "only one level"), ([5, 2], [1.0, 0.0], "no share")],
)
def test_impossible_comparisons_are_empty_with_a_reason(observed, shares, reason):
    mine = representativeness(observed, shares)
    assert reason in mine.reason
    assert np.isnan([mine.chi2, mine.p, mine.cohens_w]).all()
    assert np.isnan(mine.expected).all()


def test_rates_by_the_formulas_of_the_standard_definitions():
    people = Dispositions(complete=50, partial=10, refused=20, not_reached=5, other=5, unknown=60, ineligible=10)
    assert_allclose(eligibility(people), 90 / 100)
    rates = response_rates(people)
    known, unknown = 90, 60
    expected = [50 / 150, 60 / 150, 50 / (known + 0.9 * unknown), 60 / (known + 0.9 * unknown), 50 / 90, 60 / 90]
    assert_allclose([rates[f"RR{i}"] for i in range(1, 7)], expected)
    assert response_rates(people, e=1.0)["RR3"] == rates["RR1"]
    assert response_rates(people, e=0.0)["RR3"] == rates["RR5"]


def test_published_participation():
    # a nursing study of 2011: 1,194 of 5,634 invited
    assert_allclose(response_rates(Dispositions(complete=1194, unknown=5634 - 1194))["RR1"], 0.2119, atol=5e-5)


def test_without_people_there_is_no_rate():
    assert np.isnan(list(response_rates(Dispositions(complete=0)).values())).all()
    assert np.isnan(completion_rate(0, 0))
    assert completion_rate(30, 40) == 0.75


def test_unknown_people_only_leave_the_adjusted_rate_empty():
    rates = response_rates(Dispositions(complete=0, unknown=10))
    assert rates["RR1"] == 0
    assert np.isnan(rates["RR3"])
    assert np.isnan(rates["RR5"])


def test_impossible_numbers_are_refused():
    with pytest.raises(AnalysisError, match="partial"):
        Dispositions(complete=3, partial=-1)
    with pytest.raises(AnalysisError, match="from 0 to 1"):
        response_rates(Dispositions(complete=3), e=1.2)


def test_largest_gap_in_points():
    assert_allclose(largest_gap([30, 70], [0.4, 0.6]), 10)
    assert np.isnan(largest_gap([0, 0], [0.4, 0.6]))
