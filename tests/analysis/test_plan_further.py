"""The further options: what goes together, the JSON schema, two plans compared."""

import json
from dataclasses import fields

import pytest

from analysis.errors import PlanError
from analysis.plan import AnalysisPlan
from analysis.plan_schema import compare_plans, plan_schema


def test_the_schema_describes_every_option_with_its_default():
    schema = plan_schema()
    assert set(schema["properties"]) == {item.name for item in fields(AnalysisPlan)}
    defaults = {name: described["default"] for name, described in schema["properties"].items()}
    assert AnalysisPlan.from_json(defaults) == AnalysisPlan()
    assert schema["properties"]["raking"]["enum"] == ["on", "off"]
    assert schema["properties"]["index"]["type"] == ["string", "null"]
    assert schema["properties"]["trim_low"]["type"] == ["number", "null"]
    assert schema["properties"]["extra_totals"]["type"] == "array"
    assert schema["properties"]["retention"]["items"]["properties"]["cut"]["type"] == "number"
    assert "default" not in schema["properties"]["retention"]["items"]["properties"]["cut"]
    assert json.dumps(schema)


def test_two_plans_are_compared_option_by_option():
    before = AnalysisPlan(items=100)
    after = AnalysisPlan.from_json({"items": 125, "panel_weights": {"D1": 60, "D2": 40}})
    found = {difference.name: difference for difference in compare_plans(before, after)}
    assert set(found) == {"items", "panel_weights"}
    assert (found["panel_weights"].before, found["panel_weights"].after) == ({}, {"D1": 60, "D2": 40})
    assert found["panel_weights"].consequence
    assert compare_plans(after, after) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights_from": "panel"}, "give the points of each domain"),
        ({"panel_weights": {"D1": -1}}, "0 or more"),
        ({"panel_weights": {"D1": 0}}, "not all 0"),
        ({"panel_weights": 5}, "give a number for each code"),
        ({"trim_low": 0.2}, "both trim_low and trim_high"),
        ({"trim_low": 1.2, "trim_high": 5}, "must lie between 0 and 1"),
        ({"subgroup_variables": "role"}, "give a list of names"),
        ({"apportionment": "dhondt"}, "choose one of"),
    ],
)
def test_what_does_not_go_together_is_refused(options, message):
    with pytest.raises(PlanError, match=message):
        AnalysisPlan.from_json(options)


def test_a_plan_with_further_options_survives_its_json():
    plan = AnalysisPlan.from_json(
        {
            "weights_from": "blend",
            "panel_weights": {"D2": 40, "D1": 60},
            "cognitive_levels": {"recall": 1, "application": 2},
            "subgroup_variables": ["role"],
            "trim_low": 0.2,
            "trim_high": 5,
            "retention": [{"measure": "mean", "cut": 3, "each": "role"}],
        }
    )
    assert AnalysisPlan.from_json(plan.to_json()) == plan
    assert list(plan.to_dict()["cognitive_levels"]) == ["application", "recall"]
