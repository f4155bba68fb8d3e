"""The form of the method laboratory, and options of the plan in its form's words for the page of sensitivity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from jta.forms.study_plan_options import MEASURE_WORDS, option_of

PLAN = "plan"
EXCLUDE = "exclude by "
TWO_FLAGS = "Leave out flagged responses"


def build_method_form(choices: list[tuple[str, str]]) -> type[FlaskForm]:
    """Return the form by which a method is chosen, with a reason."""

    class MethodForm(FlaskForm):
        method = RadioField(
            "Method",
            [InputRequired("Choose one of the methods.")],
            choices=[SelectChoice(value, label) for value, label in choices],
        )
        reason = TextAreaField(
            "Reason",
            [InputRequired("Say why this method fits your study better."), Length(max=2000)],
            description="Kept with your name and the date in the study's record and in its report.",
        )
        version = HiddenField()

    return MethodForm


def steps_in_words(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the table of sensitivity with the words of the plan's form beside their codes."""
    return [{**step, **_step_words(step)} for step in steps]


def _step_words(step: Mapping[str, Any]) -> dict[str, str]:
    name, values = str(step["option"]), (step["plan_value"], step["value"])
    choices = option_of(name).choices or {}
    before, after = ("" if value is None else str(choices.get(value, value)) for value in values)
    return {"option_words": _option_words(name), "plan_words": before, "value_words": after}


def _option_words(name: str) -> str:
    if name == PLAN:
        return "The plan itself"
    if name.startswith(EXCLUDE):
        rule = name.removeprefix(EXCLUDE)
        return TWO_FLAGS if rule == "screening" else option_of(rule).label.replace("Try leaving", "Leave")
    rule, _, measure = name.partition(": ")
    if measure and rule.startswith("retention "):
        return f"Retention rule, condition {rule.split()[1]}: {MEASURE_WORDS.get(measure, measure).lower()}"
    return option_of(name).label
