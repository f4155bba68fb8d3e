"""Background questions crossed: every count found again by a plain loop."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from analysis.choices import make_choices
from analysis.plan import AnalysisPlan
from analysis.tables_crosstab import crosstab_tables
from analysis.tables_study import StudyView
from tests.analysis.test_tables import filled

GROUPS = {
    "role": ["CTO", "CTO", "Manager", ""] * 10,
    "region": ["N", "S", "S", "N", "W"] * 8,
    "many": [f"answer {n % 13}" for n in range(40)],
}


def crossed(background):
    data = filled(background=background)
    view = StudyView(data, make_choices(data, AnalysisPlan()), 0.95)
    return crosstab_tables(view), view.left_out


def test_counts_and_shares_are_those_of_a_plain_count():
    tables, left_out = crossed(GROUPS)
    cells = tables["crosstab"]
    assert set(cells["row_variable"]) == {"role", "region"}  # 13 answers are too many
    assert "13 different answers" in left_out["crosstab: many"]
    for row in cells.to_dict("records"):
        pairs = list(zip(GROUPS[row["row_variable"]], GROUPS[row["column_variable"]], strict=True))
        both = [(a, b) for a, b in pairs if a and b]
        assert row["n"] == both.count((row["row_level"], row["column_level"]))
        assert row["n_row"] == sum(a == row["row_level"] for a, _ in both)
        assert row["share"] == pytest.approx(row["n"] / row["n_row"])
        assert 0 <= row["wilson_low"] <= row["share"] <= row["wilson_high"] <= 1


def test_the_test_is_scipys_and_the_same_both_ways():
    tables, _ = crossed(GROUPS)
    one, other = tables["crosstab_tests"].to_dict("records")
    assert {**one, "row_variable": "", "column_variable": ""} == pytest.approx(
        {**other, "row_variable": "", "column_variable": ""}
    )
    grid = (
        tables["crosstab"]
        .query("row_variable == 'role'")
        .pivot_table(index="row_level", columns="column_level", values="n")
    )
    wanted = stats.chi2_contingency(grid.to_numpy(), correction=False)
    assert (one["chi2"], one["p"], one["df"]) == pytest.approx((wanted.statistic, wanted.pvalue, wanted.dof))
    assert one["cramers_v"] == pytest.approx(math.sqrt(wanted.statistic / one["n"] / (min(grid.shape) - 1)))
    assert one["note"] == "an expected count is below 5: p is rough"


def test_one_question_alone_is_not_crossed():
    tables, left_out = crossed({"role": GROUPS["role"]})
    assert tables == {}
    assert "two background questions" in left_out["crosstab"]


def test_questions_that_nobody_answered_together_have_no_test():
    tables, _ = crossed({"one": ["a", "b", "", ""] * 10, "two": ["", "", "c", "d"] * 10})
    assert set(tables["crosstab"]["n"]) == {0}
    assert tables["crosstab"]["share"].isna().all()
    tests = tables["crosstab_tests"]
    assert tests[["chi2", "p", "cramers_v"]].isna().all(axis=None)
    assert set(tests["note"]) == {"fewer than two groups or choices have answers"}
