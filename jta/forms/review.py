"""The form that freezes a data set."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange


class FreezeForm(FlaskForm):
    """Rule of inclusion."""

    minimum_percent = IntegerField(
        "Smallest share of tasks answered, in percent",
        [InputRequired("Enter a percentage."), NumberRange(0, 100, "Enter a whole number from 0 to 100.")],
        default=50,
    )
