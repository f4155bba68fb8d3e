"""No combination of background answers may point to few people."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.anonymity import OTHER, WITHHELD, TooFewPeopleError, coarsen, smallest_combination
from analysis.errors import AnalysisError


def background(**fields: list[str]) -> pd.DataFrame:
    n = len(next(iter(fields.values())))
    return pd.DataFrame({"respondent_id": [f"R{i:03}" for i in range(n)], **fields})


def test_large_groups_stay_as_they_are():
    given = background(region=["N"] * 20 + ["S"] * 20, role=(["CTO"] * 10 + ["director"] * 10) * 2)
    found = coarsen(given)
    assert found.changes == ()
    pd.testing.assert_frame_equal(found.frame, given)


def test_rare_levels_are_joined_and_named():
    found = coarsen(background(region=["N"] * 20 + ["S"] * 7 + ["W"] * 5))
    assert set(found.frame["region"]) == {"N", OTHER}
    [change] = found.changes
    assert (change.field, change.action, change.n, change.levels) == ("region", "joined", 12, ("S", "W"))


def test_one_rare_level_takes_the_next_smallest_along():
    found = coarsen(background(region=["N"] * 20 + ["S"] * 15 + ["W"] * 3))
    assert found.changes[0].levels == ("S", "W")


def test_few_people_in_rare_combinations_are_withheld():
    region = ["N"] * 100 + ["S"] * 100
    role = ["CTO"] * 95 + ["director"] * 5 + ["CTO"] * 5 + ["director"] * 95
    found = coarsen(background(region=region, role=role))
    [change] = found.changes
    assert (change.action, change.n) == ("withheld", 10)
    assert (found.frame[["region", "role"]] == WITHHELD).all(axis=1).sum() == 10
    assert smallest_combination(found.frame) == 10


def test_a_field_that_splits_everybody_is_left_out():
    found = coarsen(background(region=["N"] * 30 + ["S"] * 30, district=[f"D{i}" for i in range(60)]))
    assert [c.field for c in found.changes if c.action == "joined"] == ["district"]
    assert set(found.frame["district"]) == {OTHER}
    spread = background(region=["N", "S"] * 30, size=[f"{i // 10}" for i in range(60)])
    assert [c.action for c in coarsen(spread).changes] == ["left out"]


def test_fewer_people_than_a_group_needs_are_refused():
    with pytest.raises(TooFewPeopleError, match="9 people; 10 are needed"):
        coarsen(background(region=["N"] * 9))
    with pytest.raises(AnalysisError, match="2 people or more"):
        coarsen(background(region=["N"] * 9), k=1)


@given(
    rows=st.lists(st.tuples(*[st.sampled_from("abcde")] * 3), min_size=10, max_size=120),
    k=st.integers(2, 10),
    turn=st.randoms(use_true_random=False),
)
def test_every_combination_is_shared_whatever_the_order(rows, k, turn):
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).assign(respondent_id=[str(i) for i in range(len(rows))])
    found = coarsen(frame, k)
    assert smallest_combination(found.frame) >= k
    shuffled = frame.sample(frac=1, random_state=turn.randrange(1000))
    again = coarsen(shuffled, k).frame.set_index("respondent_id").loc[found.frame["respondent_id"]]
    pd.testing.assert_frame_equal(again.reset_index()[found.frame.columns], found.frame, check_dtype=False)
