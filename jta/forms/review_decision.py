"""The forms that decide about a response under review, and take a decision back."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from jta.services.review_decisions import GROUNDS, LONGEST_REASON

_REASON = [DataRequired("Give a reason: somebody will ask for it later."), Length(max=LONGEST_REASON)]


class DecisionForm(FlaskForm):
    """Leave the response out or keep it; ``seen`` is the decision that stood when the page was made."""

    choice = RadioField(
        "Your decision",
        [DataRequired("Choose whether the response is left out or kept.")],
        choices=[
            SelectChoice("exclude", "Exclude: leave it out of the data sets frozen from now on"),
            SelectChoice("keep", "Keep: the flags have an honest explanation"),
        ],
    )
    ground = SelectField(
        "If excluded, count it under",
        [Optional()],
        choices=[SelectChoice("", "Choose one"), *(SelectChoice(code, title) for code, title in GROUNDS.items())],
    )
    reason = TextAreaField("Reason", _REASON, description="In words that a reader of the report can follow.")
    seen = HiddenField(default="0")

    @property
    def seen_id(self) -> int:
        """Id of the decision that the page showed; 0 for none, or for nonsense."""
        return _whole(self.seen.data)


class UndoForm(FlaskForm):
    """Take a decision back."""

    undo_reason = TextAreaField("Why the decision is taken back", _REASON)
    seen = HiddenField(default="0", id="undo-seen")

    @property
    def seen_id(self) -> int:
        """As in `DecisionForm`."""
        return _whole(self.seen.data)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
