"""The form of the method laboratory."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length


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
