"""Forms of matrix sampling, of copying a survey, and of putting a wording right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, NumberRange

from jta.forms.study_fields import BlockField, CountField, LineField
from jta.services.instrument_steps import BALANCED, BY_STRATUM
from jta.services.sampling_design import MOST_BLOCKS, Assumptions
from jta.services.survey_sampling import SamplingPlan


def _between(low: int, high: int) -> NumberRange:
    return NumberRange(low, high, f"Enter a number from {low:,} to {high:,}.")


class SamplingForm(FlaskForm):
    """Blocks, forms and order, with what to expect them for."""

    blocks = CountField(
        "Blocks", [_between(1, MOST_BLOCKS)],
        description="Parts into which the tasks are dealt, each with the same mix of domains. 1: all see every task.",
    )  # fmt: skip
    per_form = CountField(
        "Blocks on a form", [_between(1, MOST_BLOCKS)], description="How many of these blocks one person sees."
    )
    core_tasks = CountField(
        "Core tasks", [_between(0, 1000)],
        description="Tasks that everybody sees, spread over the list. They tie the forms together.",
    )  # fmt: skip
    shuffle_domains = BooleanField("Content domains in random order, another one for each person")
    shuffle_tasks = BooleanField("Tasks in random order within their subdomain, another one for each person")
    assignment = SelectField(
        "Forms are given out evenly",
        choices=[SelectChoice(BY_STRATUM, "within each stratum"), SelectChoice(BALANCED, "over the whole study")],
    )
    sample = CountField("People invited", [_between(1, 1_000_000)])
    completion = CountField("Of these finish (%)", [_between(1, 100)])

    def plan(self) -> SamplingPlan:
        """Return the plan that was typed."""
        return SamplingPlan(
            self.blocks.data or 1, self.per_form.data or 1, self.core_tasks.data or 0,
            bool(self.shuffle_domains.data), bool(self.shuffle_tasks.data), self.assignment.data,
        )  # fmt: skip

    def assumed(self) -> Assumptions:
        """Return what the expectations are to rest on."""
        return Assumptions(self.sample.data or 1, (self.completion.data or 1) / 100)


def build_sampling_form(plan: SamplingPlan, people: int) -> SamplingForm:
    """Return the form, filled with the plan as stored and the people on the roster."""
    data: dict[str, Any] = {**plan.__dict__, "sample": people or 300, "completion": 50}
    return SamplingForm(data=data)


class WordingForm(FlaskForm):
    """One text of the launched survey, put right."""

    seen = HiddenField()
    text = BlockField("Words", [DataRequired("Write the words as they should be.")])
    reason = LineField(
        "Reason", [DataRequired("Say why the words change.")],
        description="Stays on record with the new version of the survey, your name and the date.",
    )  # fmt: skip


def read_blocks(form: Mapping[str, str]) -> dict[int, str]:
    """Return the block chosen for each task, by the task's id."""
    named = ((name.removeprefix("block-"), value) for name, value in form.items() if name.startswith("block-"))
    return {int(number): value for number, value in named if value and number.isascii() and number.isdigit()}
