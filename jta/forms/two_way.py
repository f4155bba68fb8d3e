"""Forms of the two-way blueprint: target shares, the bank's count file, how many forms' worth is wanted."""

from __future__ import annotations

from decimal import Decimal

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DecimalField, FieldList, FormField, HiddenField, IntegerField
from wtforms import Form as PlainForm
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from jta.forms.study_fields import BlockField, LineField
from jta.models.blueprint import Blueprint
from jta.services.two_way import TwoWay
from jta.services.two_way_targets import LONGEST, MOST, WIDEST, Targets, shown_targets, suggested_names


class LevelForm(PlainForm):
    """One cognitive level."""

    name = LineField("Cognitive level", [Length(max=LONGEST, message=f"Keep the name under {LONGEST} characters.")])
    share = DecimalField(
        "Target share in percent", [Optional(), NumberRange(0, 100, "Enter a share from 0 to 100.")], places=2
    )


class TargetsForm(FlaskForm):
    """The target shares of all levels, and why they are changed."""

    version = HiddenField(validators=[InputRequired()])
    levels = FieldList(FormField(LevelForm), max_entries=MOST)
    leeway = IntegerField(
        "Leeway of a cell, items",
        [InputRequired("Enter a whole number, 0 for none."), NumberRange(0, WIDEST, f"Enter 0 to {WIDEST}.")],
        description="By how many items a cell of one form may differ from the plan. Rows keep their own limits.",
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

    def targets(self) -> Targets:
        """Return what was typed; a line with neither name nor share is left out."""
        lines = [(entry.form.name.data or "", entry.form.share.data) for entry in self.levels]
        held = tuple((name, share or 0) for name, share in lines if name or share is not None)
        return Targets(held, self.leeway.data or 0)


def targets_form(blueprint: Blueprint) -> TargetsForm:
    """Return the form filled with a blueprint's targets and lines for more, or with what was posted."""
    now = shown_targets(blueprint)
    lines = [{"name": name, "share": share} for name, share in now.levels]
    lines = lines or [{"name": name, "share": None} for name in suggested_names(blueprint)]
    blank = [{"name": "", "share": None}] * min(2, MOST - len(lines))
    return TargetsForm(
        data={"version": str(blueprint.version), "leeway": now.leeway, "levels": [*lines[:MOST], *blank]}
    )


class CountFileForm(FlaskForm):
    """A count file of the item bank."""

    file = FileField("File", [FileRequired("Choose a file.")], description="Excel (.xlsx), CSV or JSON, up to 10 MB.")


class FormsForm(FlaskForm):
    """How many forms' worth of items the bank should hold."""

    version = HiddenField(validators=[InputRequired()])
    forms = DecimalField(
        "Forms' worth of items wanted",
        [InputRequired("Enter a number, such as 3."), NumberRange(1, 50, "Enter a number from 1 to 50.")],
        places=None,
        description="Each cell needs its items times this number.",
    )


def forms_form(table: TwoWay) -> FormsForm:
    """Return the form filled with what is wanted now, or with what was posted."""
    seen = table.bank.version if table.bank else 0
    return FormsForm(data={"version": seen, "forms": Decimal(f"{table.forms:g}")})
