"""The form that justifies a line of the evidence map."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from jta.services.evidence import LONGEST


class JustifyForm(FlaskForm):
    """Why a line is met in another way, or does not apply."""

    text = TextAreaField(
        "Justification",
        [Length(max=LONGEST, message=f"Use {LONGEST:,} characters or fewer.")],
        description="Say where it is shown, or why it does not apply. An empty text takes the justification back.",
    )
    seen = HiddenField(default="0")

    @property
    def seen_version(self) -> int:
        """The version the page was shown with, 0 where there was no text."""
        text = self.seen.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
