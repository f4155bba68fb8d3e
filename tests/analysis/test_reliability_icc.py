"""The intraclass correlations: published results, reference tables, pingouin, degenerate data."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from analysis.reliability_icc import complete_sums, icc_family, mean_squares, mean_squares_of
from tests.analysis.reference_study import golden, random_ratings, study

with warnings.catch_warnings():  # pingouin's own imports warn
    warnings.simplefilter("ignore")
    import pingouin

NUMBERS = ["icc", "F", "df1", "df2", "p", "low", "high"]


def test_shrout_and_fleiss_1979():
    X = golden("shrout_fleiss_1979")[["j1", "j2", "j3", "j4"]].to_numpy(float).T
    ms = mean_squares(X)
    assert_allclose([ms.between, ms.within, ms.judges, ms.error], [11.24, 6.26, 32.49, 1.02], atol=0.005)
    found = {row.type: row.icc for row in icc_family(ms)}
    published = {"ICC1": 0.17, "ICC2": 0.29, "ICC3": 0.71, "ICC1k": 0.44, "ICC2k": 0.62, "ICC3k": 0.91}
    assert {name: round(value, 2) for name, value in found.items()} == published


@pytest.mark.parametrize("name", ["small", "medium"])
def test_every_scope_agrees_with_the_reference(name):
    data = study(name)
    table = data.expected("icc", method="anova_complete_respondents")
    for (scale, scope), rows in table.groupby(["scale", "scope"]):
        ms = mean_squares(getattr(data, scale)[:, data.scopes()[scope]])
        assert (ms.n_targets, ms.n_judges) == (rows["n_targets"].iloc[0], rows["n_judges"].iloc[0])
        mine = {row.type: row for row in icc_family(ms)}
        for row in rows.itertuples():
            values = [getattr(mine[row.type], column) for column in NUMBERS]
            assert_allclose(
                values,
                [getattr(row, c) for c in NUMBERS],
                rtol=1e-8,
                atol=1e-9,
                err_msg=f"{scope} {row.type}",
            )


@pytest.mark.parametrize("seed", range(3))
def test_pingouin_agrees(seed):
    X = random_ratings(seed, respondents=12, tasks=9, missing=0)
    long = pd.DataFrame(X).stack().rename("rating").rename_axis(["respondent", "task"]).reset_index()
    with warnings.catch_warnings():  # pingouin calls what pandas will drop
        warnings.simplefilter("ignore")
        theirs = pingouin.intraclass_corr(long, targets="task", raters="respondent", ratings="rating")
    assert_allclose([row.icc for row in icc_family(mean_squares(X))], theirs["ICC"].to_numpy(float), atol=1e-8)


def naive_mean_squares(X):
    """Sums of squares by their definitions, cell by cell."""
    k, n = X.shape
    g = X.mean()
    b = sum(k * (X[:, t].mean() - g) ** 2 for t in range(n)) / (n - 1)
    j = sum(n * (X[r].mean() - g) ** 2 for r in range(k)) / (k - 1)
    w = sum((X[r, t] - X[:, t].mean()) ** 2 for r in range(k) for t in range(n)) / (n * (k - 1))
    e = sum((X[r, t] - X[:, t].mean() - X[r].mean() + g) ** 2 for r in range(k) for t in range(n))
    return [b, w, j, e / ((n - 1) * (k - 1))]


def test_a_naive_computation_agrees_and_incomplete_respondents_are_left_out():
    X = random_ratings(8, respondents=60, tasks=5)
    ms = mean_squares(X)
    complete = X[~np.isnan(X).any(axis=1)]
    assert 10 < ms.n_judges == len(complete) < 60
    assert_allclose([ms.between, ms.within, ms.judges, ms.error], naive_mean_squares(complete))


@pytest.mark.parametrize("X", [np.full((6, 4), 3.3), np.ones((1, 4)), np.ones((6, 1)), np.full((5, 3), np.nan)])
def test_without_variance_or_with_one_task_or_respondent_everything_is_empty(X):
    for row in icc_family(mean_squares(X)):
        assert np.isnan([row.icc, row.F, row.p, row.low, row.high]).all()


def test_perfect_agreement_has_no_f_test():
    X = np.tile([1.0, 2.0, 4.0, 5.0], (7, 1))
    for row in icc_family(mean_squares(X)):
        assert row.icc == pytest.approx(1.0)
        assert np.isnan([row.F, row.p, row.low, row.high]).all()


def test_consistency_ignores_severity_and_agreement_does_not():
    X = random_ratings(2, respondents=15, tasks=8, missing=0)
    shifted = X + np.arange(15)[:, None]
    before, after = ({r.type: r.icc for r in icc_family(mean_squares(M))} for M in (X, shifted))
    assert_allclose(before["ICC3"], after["ICC3"])
    assert after["ICC2"] < before["ICC2"]


def test_sums_of_two_samples_joined_are_those_of_all():
    X = random_ratings(3, respondents=50, tasks=5)
    assert mean_squares_of(complete_sums(X[:20]) + complete_sums(X[20:])) == mean_squares(X)
