"""The page of the plan: every option stands under one heading."""

from __future__ import annotations

from analysis.plan import plan_options
from jta.services.plan_words import COMMON, RARE


def test_every_option_stands_under_one_heading():
    placed = [name for _, names in (*COMMON, *RARE) for name in names]
    assert sorted(placed) == sorted(option["name"] for option in plan_options(every=True))
