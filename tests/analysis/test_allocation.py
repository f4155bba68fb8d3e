"""Whole items: published blueprints, Hamilton's case, ties, and what holds for any weights."""

import csv
import itertools
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from analysis.allocation import Tie, allocate_items, largest_remainder
from analysis.errors import AllocationError
from tests.analysis import naive

GOLDEN = Path(__file__).parents[1] / "reference" / "golden"
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


def golden(name):
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def blueprint(name):
    rows = [row for row in golden("blueprints_published") if row["blueprint"] == name]
    return [Fraction(row["weight_pct"]) for row in rows], [int(row["items"] or 0) for row in rows]


def test_hamilton_of_1790():
    rows = golden("hamilton_1790")
    found = largest_remainder([int(row["input"]) for row in rows], 60)
    assert list(found.items) == [int(row["published_allocation"]) for row in rows]
    assert found.ties == ()


@pytest.mark.parametrize(("name", "total"), [("PTCE_2020", 80), ("PMP_2016", 200)])
def test_published_weights_give_the_published_items(name, total):
    weights, items = blueprint(name)
    assert list(largest_remainder(weights, total).items) == items
    assert list(largest_remainder([float(weight) for weight in weights], total).items) == items


def test_pmp_on_its_scored_items():
    assert largest_remainder(blueprint("PMP_2016")[0], 175).items == (23, 42, 54, 44, 12)


def test_bcba_items_cannot_be_rebuilt_from_rounded_percents():
    percents, items = blueprint("BCBA_TCO6_2025")
    found = largest_remainder(percents, 175)
    assert found.items == (9, 25, 21, 12, 23, 23, 24, 19, 19)
    assert list(found.items) != items
    assert found.ties[0].exact


def test_cetl_is_whole_at_100_items():
    weights = blueprint("CETL_2019")[0]
    found = largest_remainder(weights, 100).items
    assert found == (15, 15, 10, 12, 9, 9, 9, 7, 7, 7)
    assert (sum(found[:3]), sum(found[3:6]), sum(found[6:])) == (40, 30, 30)


def test_an_exact_tie_goes_to_the_earlier_unit_and_is_told():
    found = largest_remainder([Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)], 6)
    assert found.items == (2, 1, 3)
    assert found.ties == (Tie((0, 1), (0,), 0.5, exact=True),)


def test_a_tie_only_to_nine_decimals_is_told_as_such():
    found = largest_remainder([Fraction(1, 2) - Fraction(1, 10**12), Fraction(1, 2) + Fraction(1, 10**12)], 1)
    assert found.items == (1, 0)
    assert found.ties == (Tie((0, 1), (0,), 0.5, exact=False),)


def test_a_quota_that_is_whole_but_for_rounding_counts_as_whole():
    found = largest_remainder([0.1, 0.2, 0.7], 10)
    assert found.items == (1, 2, 7)
    assert largest_remainder([0.29, 0.71], 100).items == (29, 71)


@settings(deadline=None)
@given(WEIGHTS, st.integers(0, 500))
@example([1, 1, 1], 500)
def test_items_sum_and_stay_within_one_of_the_quota(weights, total):
    found = largest_remainder(weights, total)
    assert sum(found.items) == total
    assert all(abs(n - q) < 1 + 1e-9 for n, q in zip(found.items, found.quotas, strict=True))
    assert list(found.items) == naive.largest_remainder(weights, total) or found.ties


@settings(deadline=None)
@given(WEIGHTS, st.integers(0, 500))
def test_a_larger_weight_never_gets_fewer_items(weights, total):
    items = largest_remainder(weights, total).items
    for i, j in itertools.combinations(range(len(weights)), 2):
        if weights[i] != weights[j]:
            low, high = sorted((i, j), key=lambda u: weights[u])
            assert items[low] <= items[high] or weights[high] - weights[low] < 1e-8 * sum(weights)


@settings(deadline=None)
@given(WEIGHTS, st.integers(0, 300), st.data())
def test_any_bounds_that_can_be_met_are_met(weights, total, data):
    units = len(weights)
    low = data.draw(st.lists(st.integers(0, 30), min_size=units, max_size=units))
    high = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 60)), min_size=units, max_size=units))
    high = [None if most is None else max(least, most) for least, most in zip(low, high, strict=True)]
    assume(sum(low) <= total <= sum(total if most is None else most for most in high))
    found = allocate_items(weights, total, minimum=low, maximum=high)
    assert sum(found.items) == total
    assert all(n >= least for n, least in zip(found.items, low, strict=True))
    assert all(most is None or n <= most for n, most in zip(found.items, high, strict=True))


@given(WEIGHTS, st.integers(0, 300))
def test_bounds_that_do_not_matter_change_nothing(weights, total):
    plain = largest_remainder(weights, total)
    assert allocate_items(weights, total, minimum=[0] * len(weights), maximum=[total] * len(weights)) == plain


def test_units_below_a_minimum_are_raised_and_the_rest_is_shared_anew():
    found = allocate_items([0.9, 0.08, 0.02, 0.0], 50, minimum=[5] * 4)
    assert found.items == (35, 5, 5, 5)
    assert found.notes == ("rest", "minimum", "minimum", "minimum")
    assert found.quotas == pytest.approx((45, 4, 1, 0))


def test_units_above_a_maximum_are_cut_and_the_rest_is_shared_anew():
    found = allocate_items([0.8, 0.1, 0.1], 50, maximum=[20, None, None])
    assert found.items == (20, 15, 15)
    assert found.notes == ("maximum", "rest", "rest")


def test_ties_after_a_minimum_name_the_right_units():
    found = allocate_items([1, 40, 40], 26, minimum=[5, 0, 0])
    assert found.items == (5, 11, 10)
    assert found.ties == (Tie((1, 2), (1,), 0.5, exact=True),)


def test_a_unit_without_weight_takes_items_only_when_the_others_are_full():
    assert allocate_items([1, 0], 10, maximum=[6, None]).items == (6, 4)


@pytest.mark.parametrize(
    ("weights", "total", "bounds", "message"),
    [
        ([1, 1], 9, {"minimum": [5, 5]}, "minima sum to 10 items, more than the 9"),
        ([1, 1], 9, {"maximum": [4, 4]}, "maxima sum to 8 items, fewer than the 9"),
        ([1, 1, 1], 9, {"minimum": [5, 0, 0], "maximum": [4, 9, 9]}, "minimum of unit number 1 lies above"),
        ([0, 0], 9, {}, "nothing to allocate"),
        ([], 9, {}, "nothing to allocate"),
        ([-1, 2], 9, {}, "0 or more, not '-1'"),
        ([float("nan"), 2], 9, {}, "0 or more, not 'nan'"),
        ([1], -1, {}, "must be 0 or more"),
    ],
)
def test_what_cannot_be_allocated_is_refused_with_the_reason(weights, total, bounds, message):
    with pytest.raises(AllocationError, match=message):
        allocate_items(weights, total, **bounds)


def test_minima_that_take_every_item_leave_nothing_to_share():
    assert allocate_items([8, 1, 1], 10, minimum=[4, 3, 3]).items == (4, 3, 3)
    assert allocate_items([0, 1, 1], 4, minimum=[4, 0, 0]).items == (4, 0, 0)
