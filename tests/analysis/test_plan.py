"""The analysis plan: defaults, refusals by name, one text and one hash for one plan."""

import json

import pytest

from analysis.errors import PlanError
from analysis.plan import AnalysisPlan, RetentionCut, plan_options

WHOLE = {
    "importance_scale": "imp",
    "frequency_scale": "often",
    "non_performers": "missing",
    "index": "mean_of_products",
    "within": "mean",
    "retention": [{"measure": "mean", "cut": 2.5, "review": 2.4}, {"measure": "performing", "cut": 0.5}],
    "retention_combine": "any",
    "review_tasks": "drop",
    "items": 125,
    "extra_totals": [60],
    "minimum_items": 3,
    "domain_minimum": {"D2": 4, "D1": 5},
    "domain_maximum": {"D3": 40},
    "bootstrap_resamples": 500,
    "seed": 7,
    "confidence": 0.9,
}


def test_a_plan_survives_its_json():
    plan = AnalysisPlan.from_json(WHOLE)
    again = AnalysisPlan.from_json(plan.to_json())
    assert again == plan
    assert again.plan_hash == plan.plan_hash
    assert again.retention[0] == RetentionCut("mean", 2.5, 2.4)
    assert json.loads(plan.to_json())["domain_minimum"] == {"D1": 5, "D2": 4}


def test_the_order_of_options_does_not_change_the_hash_but_any_value_does():
    plan = AnalysisPlan.from_json(WHOLE)
    assert AnalysisPlan.from_json(dict(reversed(WHOLE.items()))).plan_hash == plan.plan_hash
    changed = {AnalysisPlan.from_json({key: value}).plan_hash for key, value in WHOLE.items()}
    assert len(changed | {AnalysisPlan().plan_hash}) == len(WHOLE) + 1


def test_every_option_is_described_with_its_default():
    options = {option["name"]: option for option in plan_options(every=True)}
    assert [option["name"] for option in plan_options()] == list(WHOLE)
    assert set(options) == set(json.loads(AnalysisPlan().to_json()))
    assert options["bootstrap_resamples"]["default"] == 2000
    assert options["raking"]["choices"] == ("on", "off")
    assert options["raking"]["consequence"].endswith(".")
    assert all(option["meaning"].strip().endswith(".") for option in options.values())


def test_an_unknown_option_is_refused_with_the_known_ones():
    with pytest.raises(PlanError, match=r"Unknown option\(s\) 'itms'; the options are: importance_scale, .*items"):
        AnalysisPlan.from_json({"itms": 100})
    with pytest.raises(PlanError, match=r"Unknown option\(s\) 'mesure'; the options are: measure, cut"):
        AnalysisPlan.from_json({"retention": [{"mesure": "mean", "cut": 3}]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"items": 0}, "items is 0; give a whole number from 1"),
        ({"items": True}, "items is True"),
        ({"items": 100.0}, "items is 100.0"),
        ({"within": "median"}, "choose one of 'sum', 'mean'"),
        ({"index": "sum"}, "choose one of"),
        ({"confidence": 95}, "95 % is 0.95"),
        ({"confidence": "0.95"}, "give a number"),
        ({"importance_scale": ""}, "give the code"),
        ({"importance_scale": "x", "frequency_scale": "x"}, "name two scales"),
        ({"extra_totals": 100}, "give a list of whole numbers"),
        ({"extra_totals": [0]}, "give a whole number from 1"),
        ({"domain_minimum": {"D1": -1}}, "domain_minimum of 'D1' is -1"),
        ({"domain_minimum": 5}, "number of items for each code"),
        ({"retention": {"measure": "mean"}}, "give a list of cuts"),
        ({"retention": ["mean"]}, "not a set of named options"),
        ({"retention": [{"cut": 3}]}, r"lacks the option\(s\) 'measure'"),
        ({"retention": [{"measure": "median", "cut": 3}]}, "choose one of 'mean', 'lower_bound'"),
        ({"retention": [{"measure": "performing", "cut": 67}]}, "67 % is 0.67"),
        ({"retention": [{"measure": "at_or_above", "cut": 0.5}]}, "needs the value of an anchor"),
        ({"retention": [{"measure": "mean", "cut": 2, "review": 3}]}, "it must lie below"),
        ({"retention": [{"measure": "mean", "cut": float("nan")}]}, "give a number"),
    ],
)
def test_an_impossible_value_is_refused_with_what_to_give(options, message):
    with pytest.raises(PlanError, match=message):
        AnalysisPlan.from_json(options)


@pytest.mark.parametrize("text", ["", "{", "[]", '"plan"'])
def test_what_is_no_json_object_is_no_plan(text):
    with pytest.raises(PlanError, match=r"not valid JSON|not a set of named options"):
        AnalysisPlan.from_json(text)
