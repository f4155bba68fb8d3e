"""Task statistics and share performing, against plain loops and worked values."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from analysis.ratings import study_from_codes
from analysis.scales import Anchor, RatingScale, integer_scale
from analysis.tasks import (
    count_answers,
    count_points,
    describe_counts,
    drop_not_performed,
    performers_only,
    share_at_or_above,
    share_performing,
    task_statistics,
    wilson_interval,
)
from tests.analysis import naive

IMPORTANCE = integer_scale("importance", 1, 5)
FREQUENCY = integer_scale("frequency", 0, 5, zero_not_performed=True)


def study(importance, frequency=None):
    codes = {"importance": np.array(importance, dtype=np.uint8)}
    if frequency is not None:
        codes["frequency"] = np.array(frequency, dtype=np.uint8)
    rows, columns = codes["importance"].shape
    tasks = pd.DataFrame({"task_id": [f"T{t}" for t in range(columns)], "domain_id": "D"})
    return study_from_codes(tasks, [IMPORTANCE, FREQUENCY], [f"R{r}" for r in range(rows)], codes)


def test_statistics_of_a_worked_example():
    # R: x <- c(1,3,3); mean(x); sd(x); sd(x)/sqrt(3); mean(x)+qt(c(.025,.975),2)*sd(x)/sqrt(3); median(x)
    row = task_statistics(study([[1], [3], [3], [0]]).matrices["importance"]).iloc[0]
    assert row["n"] == 3
    assert_allclose(
        row[["mean", "sd", "se", "ci_low", "ci_high", "median"]].to_numpy(dtype=float),
        [2.333333, 1.154701, 0.666667, -0.535102, 5.201769, 3.0],
        atol=1e-6,
    )


def test_undefined_statistics_are_empty_and_a_constant_has_no_spread():
    table = task_statistics(study([[0, 2, 4], [0, 0, 4], [0, 0, 4]]).matrices["importance"])
    assert table["n"].tolist() == [0, 1, 3]
    assert table.loc[0, "mean":].isna().all()
    assert table.loc[1, ["mean", "median", "min", "max"]].tolist() == [2, 2, 2, 2]
    assert table.loc[1, ["sd", "se", "ci_low", "ci_high"]].isna().all()
    assert table.loc[2, ["sd", "se", "ci_low", "ci_high"]].tolist() == [0, 0, 4, 4]


def test_a_constant_of_fractions_has_exactly_no_spread():
    found = describe_counts(np.array([[0, 7]]), np.array([np.nan, 0.1]))
    assert (found["mean"][0], found["sd"][0]) == (0.1, 0.0)


def test_a_scale_whose_anchors_do_not_rise_has_the_right_median_and_extremes():
    scale = RatingScale("x", "X", (Anchor("hi", "High", 9), Anchor("none", "None", None), Anchor("lo", "Low", 1)))
    found = describe_counts(np.array([[5, 2, 8, 3]]), scale.values())
    assert (found["n"][0], found["median"][0], found["min"][0], found["max"][0]) == (5, 1, 1, 9)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 2**32))
def test_statistics_agree_with_plain_loops(rows, columns, seed):
    rng = np.random.default_rng(seed)
    data = study(rng.integers(0, 6, (rows, columns)), rng.integers(0, 7, (rows, columns)))
    long = [
        (r, t, code, int(matrix.scale.anchors[matrix.codes[r, t] - 1].code))
        for code, matrix in data.matrices.items()
        for r in range(rows)
        for t in range(columns)
        if matrix.codes[r, t]
    ]
    frequency = data.matrices["frequency"]
    tables = {
        "importance": task_statistics(drop_not_performed(data.matrices["importance"], frequency)),
        "frequency": task_statistics(frequency, not_performed=0.0),
    }
    shares = share_performing(frequency)
    for scale, table in tables.items():
        for t in range(columns):
            expected = naive.describe(naive.answers(long, t, scale))
            for name in ("n", "mean", "sd", "se", "median", "min", "max"):
                assert table.loc[t, name] == pytest.approx(expected.get(name, np.nan), nan_ok=True, abs=1e-12)
    for t in range(columns):
        expected = naive.share_performing(long, t)
        assert shares.loc[t, "share_performing"] == pytest.approx(np.nan if expected is None else expected, nan_ok=True)


def test_counts_have_a_column_for_every_point_of_any_scale():
    points = count_points([IMPORTANCE, FREQUENCY])
    assert points == [0, 1, 2, 3, 4, 5]
    matrix = study([[1], [5], [5]], [[1], [2], [0]]).matrices["frequency"]
    assert {k: int(v[0]) for k, v in count_answers(matrix, points, not_performed=0.0).items()} == {
        "count_0": 1, "count_1": 1, "count_2": 0, "count_3": 0, "count_4": 0, "count_5": 0,
    }  # fmt: skip
    assert count_answers(matrix, points)["count_0"].tolist() == [0]
    assert count_points([RatingScale("x", "X", (Anchor("a", "A", 0.5), Anchor("b", "B", 2)))]) == [0.5, 2]
    assert count_points([]) == []


def test_who_does_not_perform_a_task_rates_its_frequency_only():
    data = study([[4, 4], [2, 0]], [[1, 3], [0, 1]])
    kept = drop_not_performed(data.matrices["importance"], data.matrices["frequency"])
    assert kept.codes.tolist() == [[0, 4], [2, 0]]
    plain = integer_scale("frequency", 0, 5)
    other = study_from_codes(data.tasks, [plain], data.respondent_ids, {"frequency": data.matrices["frequency"].codes})
    assert drop_not_performed(data.matrices["importance"], other.matrices["frequency"]).codes.tolist() == [
        [4, 4],
        [2, 0],
    ]


def test_shares_at_the_ends_have_wilson_limits_inside_zero_and_one():
    table = share_performing(study(np.zeros((10, 3)), [[6, 1, 0]] * 10).matrices["frequency"])
    assert table["n_answered"].tolist() == [10, 10, 0]
    assert table["share_performing"].tolist()[:2] == [1.0, 0.0]
    assert table.loc[0, "wilson_high"] == 1.0
    assert table.loc[1, "wilson_low"] == 0.0
    assert table.loc[2, "share_performing":].isna().all()


@given(st.integers(1, 500), st.data())
def test_wilson_agrees_with_scipy(n, data):
    k = data.draw(st.integers(0, n))
    low, high = wilson_interval(np.array([k]), np.array([n]))
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert_allclose([low[0], high[0]], [expected.low, expected.high], atol=1e-12)


def test_share_at_or_above_an_anchor():
    matrix = study([[1, 0], [4, 0], [5, 0], [0, 0]]).matrices["importance"]
    assert_allclose(share_at_or_above(matrix, 4), [2 / 3, np.nan])
    assert_allclose(share_at_or_above(matrix, 4.5), [1 / 3, np.nan])


def test_a_scale_of_words_only_has_counts_but_no_statistics():
    words = RatingScale("when", "When learned", (Anchor("before", "Before", None), Anchor("after", "After", None)))
    found = describe_counts(np.array([[1, 4, 2]]), words.values())
    assert found["n"].tolist() == [0]
    assert all(np.isnan(found[name]).all() for name in ("mean", "sd", "ci_low", "median", "min", "max"))


def test_performers_are_those_above_zero_whatever_zero_is_called():
    codes = np.array([[1, 2], [6, 0], [1, 1]], dtype=np.uint8)
    for marked in (True, False):
        scale = integer_scale("frequency", 0, 5, zero_not_performed=marked)
        tasks = pd.DataFrame({"task_id": ["a", "b"], "domain_id": "D"})
        matrix = study_from_codes(tasks, [scale], "xyz", {"frequency": codes}).matrices["frequency"]
        assert performers_only(matrix).codes.tolist() == [[0, 2], [6, 0], [0, 0]]
