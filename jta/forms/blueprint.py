"""Forms of the blueprint: adjust its rows, decide on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DecimalField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
)
from wtforms import Form as PlainForm
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from jta.forms.study_fields import BlockField, LineField
from jta.models.blueprint import Alternative, Blueprint, BlueprintRow
from jta.services.blueprint_changes import RowInput, shown_percent
from jta.services.blueprint_draft import Draft, draft_of

_COUNT = [Optional(), NumberRange(0, 2000, "Enter a whole number from 0 to 2000, or leave it empty.")]


class RowForm(PlainForm):
    """One domain or subdomain."""

    code = HiddenField("Code", [InputRequired()])
    weight = DecimalField(
        "Weight in percent",
        [InputRequired("Enter a weight."), NumberRange(0, 100, "Enter a weight from 0 to 100.")],
        places=2,
    )
    minimum = IntegerField("Fewest items", _COUNT)
    maximum = IntegerField("Most items", _COUNT)
    locked = BooleanField("Locked")
    rationale = LineField("Rationale", [Length(max=500, message="Keep the rationale under 500 characters.")])


class AdjustForm(FlaskForm):
    """The whole blueprint, and why it is changed."""

    version = HiddenField(validators=[InputRequired()])
    items = IntegerField(
        "Exam length (number of items)",
        [
            InputRequired("Enter the number of items."),
            NumberRange(1, 2000, "Enter a whole number from 1 to 2000."),
        ],
    )
    pretest = IntegerField(
        "Pretest items",
        [Optional(), NumberRange(0, 2000, "Enter a whole number from 0 to 2000.")],
        description="New items that are tried out. They are not scored and come on top of the exam length.",
    )
    rows = FieldList(FormField(RowForm))
    share_rest = BooleanField(
        "Let the rows I do not change share the difference, in proportion to their weights", default=True
    )
    vote = LineField(
        "Vote",
        [Length(max=120, message="Keep the vote under 120 characters.")],
        description="Where there was one, such as “9 of 11 in favor”.",
    )
    reason = BlockField(
        "Reason",
        [Length(max=2000, message="Keep the reason under 2,000 characters.")],
        description="Stands in the ledger beside every change.",
    )
    name = LineField(
        "Name of the alternative",
        [Length(max=80, message="Keep the name under 80 characters.")],
        description="Only to keep these figures beside the blueprint, without changing it.",
    )

    def row_inputs(self) -> list[RowInput]:
        """Return what the page held for each row."""
        return [
            RowInput(
                code=row.code.data,
                weight=row.weight.data,
                minimum=row.minimum.data,
                maximum=row.maximum.data,
                rationale=(row.rationale.data or "").strip(),
                locked=bool(row.locked.data),
            )
            for row in (entry.form for entry in self.rows)
        ]


def adjust_form(blueprint: Blueprint, start: Alternative | None = None) -> AdjustForm:
    """Return the form filled with a blueprint, with an alternative to it, or with what was posted."""
    held = {code: values for code, *values in start.rows} if start else {}
    return AdjustForm(
        data={
            "version": str(blueprint.version),
            "items": start.items if start else blueprint.items,
            "pretest": blueprint.pretest,
            "share_rest": True,
            "rows": [
                _row_data(row, held.get(row.code, [row.weight, row.minimum, row.maximum])) for row in blueprint.rows
            ],
        }
    )


def _row_data(row: BlueprintRow, values: list[Any]) -> dict[str, Any]:
    weight, minimum, maximum = values
    return {
        "code": row.code,
        "weight": shown_percent(weight),
        "minimum": minimum,
        "maximum": maximum,
        "locked": row.locked,
        "rationale": row.rationale,
    }


def rows_with_fields(form: AdjustForm, blueprint: Blueprint) -> Sequence[tuple[object, object]]:
    """Pair each row of the blueprint with its part of the form, by code."""
    by_code = {entry.form.code.data: entry.form for entry in form.rows}
    return [(row, by_code[row.code]) for row in blueprint.rows if row.code in by_code]


class DecideForm(FlaskForm):
    """Approve, or return with a reason."""

    seen_hash = HiddenField(validators=[InputRequired()])
    decision = HiddenField()
    reason = BlockField(
        "Reason or remark",
        [Length(max=2000, message="Keep the reason under 2,000 characters.")],
        description="Needed when you return it; optional when you approve.",
    )


def draft_of_form(form: AdjustForm, blueprint: Blueprint) -> Draft:
    """Return what the figures on the page give, or what keeps them from being figures."""
    errors = [
        *form.items.errors,
        *(form.pretest.errors or ()),
        *(
            f"{part.form.code.data}: {text}"
            for part in form.rows
            for found in part.form.errors.values()
            for text in found
        ),
    ]
    if errors:
        return Draft((), 0, 0, 0, " ".join(errors))
    return draft_of(
        blueprint,
        form.row_inputs(),
        form.items.data or 0,
        share_rest=form.share_rest.data,
        pretest=form.pretest.data or 0,
    )
