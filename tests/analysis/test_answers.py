"""Answers to questions: frozen and read again, counted with intervals, crossed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.answer_tables import all_tables, choice_table, cross, number_table
from analysis.answers import (
    AnswerData,
    GivenAnswer,
    SurveyQuestion,
    answers_from_parquet,
    answers_to_parquet,
    is_answers,
    make_answers,
)
from analysis.errors import AnalysisError, RatingDataError

REQUIRE = SurveyQuestion("require", "Should it be required?", "single", (("yes", "Yes"), ("no", "No")))
ROLE = SurveyQuestion("role", "Your role?", "single", (("cto", "CTO"), ("sup", "Superintendent")))
USES = SurveyQuestion("uses", "What for?", "multiple", (("hire", "Hiring"), ("pay", "Pay"), ("learn", "Learning")))
YEARS = SurveyQuestion("years", "Years?", "number")
ALL = (REQUIRE, ROLE, USES, YEARS)


def answers(counts: dict[tuple[str, str], int]) -> AnswerData:
    """Respondents by role and answer."""
    people, given = [], []
    for (role, answer), count in counts.items():
        for _ in range(count):
            person = f"R{len(people):03}"
            people.append(person)
            given += [GivenAnswer(person, "role", role), GivenAnswer(person, "require", answer)]
    return make_answers(ALL, people, given)


def test_counts_have_their_base_and_wilson_interval():
    data = answers({("cto", "yes"): 14, ("sup", "yes"): 14, ("cto", "no"): 6, ("sup", "no"): 6})
    table = choice_table(data, REQUIRE)
    assert table[["count", "n"]].to_numpy().tolist() == [[28, 40], [12, 40]]
    # by hand: (0.7 + 3.8415/80 -/+ 1.96 sqrt(0.21/40 + 3.8415/6400)) / (1 + 3.8415/40)
    assert_allclose(table.loc[0, ["share", "low", "high"]].astype(float), [0.7, 0.545700, 0.819252], atol=2e-5)


def test_several_answers_count_respondents_not_marks():
    given = [GivenAnswer("A", "uses", "hire"), GivenAnswer("A", "uses", "pay"), GivenAnswer("B", "uses", "hire")]
    table = choice_table(make_answers(ALL, ["A", "B", "C"], given), USES)
    assert table["n"].tolist() == [2, 2, 2]
    assert table["count"].tolist() == [2, 1, 0]
    assert table["share"].tolist() == [1.0, 0.5, 0.0]


def test_numbers():
    given = [GivenAnswer(str(n), "years", number=float(v)) for n, v in enumerate((1, 2, 3, 4, 10))]
    row = number_table(make_answers(ALL, [str(n) for n in range(6)], given), YEARS).iloc[0]
    # by hand: sd = sqrt(50 / 4); the quartiles are the second and fourth of five values
    assert_allclose(row[["n", "mean", "sd", "median", "q1", "q3"]].astype(float), [5, 4, 3.535534, 3, 2, 4], rtol=1e-6)
    assert np.isnan(number_table(make_answers(ALL, ["A"], []), YEARS).iloc[0]["mean"])


def test_a_cross_table_has_chi_square_and_cramers_v():
    data = answers({("cto", "yes"): 30, ("cto", "no"): 10, ("sup", "yes"): 20, ("sup", "no"): 20})
    found = cross(data, REQUIRE, ROLE)
    assert found.tab.counts.tolist() == [[30, 10], [20, 20]]
    # by hand: expected 25 and 15, chi2 = 2 (25/25 + 25/15), V = sqrt(chi2 / 80)
    assert_allclose([found.test.chi2, found.test.p, found.test.cramers_v], [5.333333, 0.020921, 0.258199], rtol=1e-4)
    assert not found.is_rough
    assert cross(answers({("cto", "yes"): 3, ("sup", "no"): 2}), REQUIRE, ROLE).is_rough


def test_several_answers_get_no_test_and_say_why():
    given = [GivenAnswer("A", "role", "cto"), GivenAnswer("A", "uses", "hire")]
    found = cross(make_answers(ALL, ["A"], given), USES, ROLE)
    assert np.isnan(found.test.chi2)
    assert "several choices" in found.test.reason


@pytest.mark.parametrize(("question", "by"), [(YEARS, ROLE), (REQUIRE, YEARS), (REQUIRE, USES), (ROLE, ROLE)])
def test_what_cannot_be_crossed_is_refused(question, by):
    with pytest.raises(AnalysisError):
        cross(answers({("cto", "yes"): 1}), question, by)


def test_parquet_keeps_everything_and_is_the_same_twice():
    data = make_answers(
        ALL, ["B", "A", "C"],
        [GivenAnswer("B", "uses", "pay"), GivenAnswer("A", "years", number=3.5), GivenAnswer("B", "uses", "hire")],
    )  # fmt: skip
    content = answers_to_parquet(data)
    assert content == answers_to_parquet(answers_from_parquet(content))
    assert answers_from_parquet(content) == data
    assert is_answers(content)
    assert not is_answers(b"PAR1")
    assert list(data.lines()) == ["A", "B", "C"]
    with pytest.raises(RatingDataError):
        answers_from_parquet(b"nothing")


@pytest.mark.parametrize(
    "given",
    [
        [GivenAnswer("X", "role", "cto")],
        [GivenAnswer("A", "age", "cto")],
        [GivenAnswer("A", "role", "boss")],
        [GivenAnswer("A", "role", "cto"), GivenAnswer("A", "role", "sup")],
        [GivenAnswer("A", "uses", "pay"), GivenAnswer("A", "uses", "pay")],
        [GivenAnswer("A", "years", "3")],
        [GivenAnswer("A", "role", "", 3.0)],
    ],
)
def test_answers_that_cannot_be_are_refused(given):
    with pytest.raises(RatingDataError):
        make_answers(ALL, ["A"], given)


def test_a_respondent_occurs_once():
    with pytest.raises(RatingDataError, match="twice"):
        make_answers(ALL, ["A", "A"], [])


def test_all_tables_cross_every_question_with_choices():
    tables = all_tables(answers({("cto", "yes"): 3, ("sup", "no"): 2}))
    assert set(tables) == {"choices", "numbers", "crosstab", "crosstab_tests"}
    assert len(tables["choices"]) == 7
    pairs = set(zip(tables["crosstab_tests"]["question"], tables["crosstab_tests"]["by"], strict=True))
    assert pairs == {("require", "role"), ("role", "require"), ("uses", "role"), ("uses", "require")}


def test_an_unknown_question_is_refused():
    with pytest.raises(RatingDataError):
        answers({}).question("nothing")
