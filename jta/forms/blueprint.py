"""Forms of the blueprint: adjust its rows, decide on it."""

from __future__ import annotations

from collections.abc import Sequence

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
from jta.models.blueprint import Blueprint
from jta.services.blueprint_changes import RowInput, shown_percent

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
    rows = FieldList(FormField(RowForm))
    share_rest = BooleanField(
        "Let the rows I do not change share the difference, in proportion to their weights", default=True
    )
    reason = BlockField(
        "Reason",
        [Length(max=2000, message="Keep the reason under 2,000 characters.")],
        description="Stands in the ledger beside every change. Name the vote where there was one.",
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
            )
            for row in (entry.form for entry in self.rows)
        ]


def adjust_form(blueprint: Blueprint) -> AdjustForm:
    """Return the form filled with a blueprint, or with what was posted."""
    return AdjustForm(
        data={
            "version": str(blueprint.version),
            "items": blueprint.items,
            "share_rest": True,
            "rows": [
                {
                    "code": row.code,
                    "weight": shown_percent(row.weight),
                    "minimum": row.minimum,
                    "maximum": row.maximum,
                    "rationale": row.rationale,
                }
                for row in blueprint.rows
            ],
        }
    )


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
