"""Rating scales: the one place where a rating becomes a number."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from analysis.errors import ScaleError
from analysis.scales import Anchor, RatingScale, integer_scale

NOT_PERFORMED = Anchor("np", "Not performed", None, not_performed=True)
WORDS = RatingScale("frequency", "How often", (NOT_PERFORMED, Anchor("a", "Seldom", 1), Anchor("b", "Often", 3)))


def test_not_performed_is_missing_or_the_number_the_plan_says():
    assert_array_equal(WORDS.values(), [np.nan, np.nan, 1, 3])
    assert_array_equal(WORDS.values(not_performed=0.0), [np.nan, 0, 1, 3])
    assert WORDS.not_performed_code == 1


def test_the_smallest_value_counts_not_performed_as_zero():
    assert (WORDS.minimum, WORDS.maximum) == (0.0, 3.0)
    assert np.isnan(RatingScale("x", "X", (Anchor("a", "A", None),)).maximum)


def test_a_scale_survives_its_json():
    assert RatingScale.from_json(WORDS.to_json()) == WORDS
    assert RatingScale.from_json(WORDS.to_dict()) == WORDS


def test_an_integer_scale_names_its_points_by_their_numbers():
    scale = integer_scale("importance", -1, 1, zero_not_performed=True)
    assert [anchor.code for anchor in scale.anchors] == ["-1", "0", "1"]
    assert_array_equal(scale.values(), [np.nan, -1, np.nan, 1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Anchor("", "x", 1.0), "empty code"),
        (lambda: Anchor("0", "x", 1.0, True), "must have no number"),
        (lambda: Anchor("0", "x", float("inf")), "not a number"),
        (lambda: RatingScale("", "x", WORDS.anchors), "empty code"),
        (lambda: RatingScale("x", "x", ()), "1 to 255 anchors"),
        (lambda: RatingScale("x", "x", (WORDS.anchors[1],) * 2), "more than once"),
        (lambda: RatingScale("x", "x", (WORDS.anchors[0], Anchor("z", "z", None, True))), "keep one"),
        (lambda: integer_scale("x", 5, 1), "run upwards"),
        (lambda: integer_scale("x", 0, 255), "at most 255"),
        (lambda: integer_scale("x", 1, 5, zero_not_performed=True), "zero is not one of its points"),
        (lambda: RatingScale.from_json("{"), "not a rating scale"),
        (lambda: RatingScale.from_json('{"code": "x", "title": "x", "anchors": [{"cod": 1}]}'), "not a rating scale"),
    ],
)
def test_a_scale_that_contradicts_itself_is_refused(make, message):
    with pytest.raises(ScaleError, match=message):
        make()
