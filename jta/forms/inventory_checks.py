"""The form of the word lists that the statement checks use."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import Length

from jta.forms.study_fields import BlockField

_LONG = Length(max=20_000, message="Use 20,000 characters or fewer.")


class WordListForm(FlaskForm):
    """Product names to look for and acronyms to let pass, one a line."""

    brands = BlockField(
        "Product and company names", [_LONG],
        description="One a line, written as the firm writes it: the checks look for exactly these letters.",
    )  # fmt: skip
    acronyms = BlockField(
        "Acronyms that everybody in the field knows", [_LONG],
        description="One a line. One that a statement writes out, as in “information system (IS)”, passes too.",
    )  # fmt: skip
    version = HiddenField()

    def lines(self, name: str) -> list[str]:
        """Return the entries of a list, each once, without empty lines."""
        found = [line.strip() for line in (self[name].data or "").split("\n")]
        return list(dict.fromkeys(line for line in found if line))
