"""Forms of a market study: a theme of the codebook, the coding of one comment."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from jta.forms.study_fields import LineField
from jta.services.market_themes import LONGEST


class ThemeForm(FlaskForm):
    """A theme: its name, and what belongs to it."""

    label = LineField("Theme", [DataRequired("Give the theme a name."), Length(max=LONGEST["label"])])
    definition = TextAreaField(
        "What belongs to it", [Length(max=LONGEST["definition"])],
        description="So that two people code a comment alike: what belongs here, what does not, an example.",
    )  # fmt: skip
    version = HiddenField()
