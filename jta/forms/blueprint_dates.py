"""Forms of a blueprint's dates and of the comparison of two versions."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField
from wtforms.validators import InputRequired, Length, Optional

from jta.forms.study_fields import BlockField
from jta.models.blueprint import Blueprint
from jta.services.blueprint_dates import Dates


class DatesForm(FlaskForm):
    """When it takes effect, how candidates change over, when the next study is due."""

    version = HiddenField(validators=[InputRequired()])
    effective_on = DateField(
        "Takes effect on", [Optional()], description="The first day on which an exam follows this blueprint."
    )
    transition_note = BlockField(
        "Transition note",
        [Length(max=2000, message="Keep the note under 2,000 characters.")],
        description="What candidates and item writers must know: the last exam on the old outline, retakes, new items.",
    )
    next_study_on = DateField(
        "Next study",
        [Optional()],
        description="The study list reminds you from a year before. Three to five years is usual.",
    )
    reason = BlockField(
        "Reason",
        [Length(max=2000, message="Keep the reason under 2,000 characters.")],
        description="Needed where the effective date or the note changes; it stands in the ledger.",
    )

    def dates(self) -> Dates:
        """Return what was typed."""
        return Dates(self.effective_on.data, self.transition_note.data or "", self.next_study_on.data)


def dates_form(blueprint: Blueprint) -> DatesForm:
    """Return the form filled with a blueprint's dates, or with what was posted."""
    return DatesForm(
        data={
            "version": str(blueprint.version),
            "effective_on": blueprint.effective_on,
            "transition_note": blueprint.transition_note,
            "next_study_on": blueprint.next_study_on,
        }
    )


def sent_pair(blueprints: Sequence[Blueprint], asked: tuple[int | None, int | None]) -> tuple[int, int]:
    """Return the numbers of the versions to compare: those asked for, else the last two."""
    numbers = [blueprint.number for blueprint in blueprints]  # newest first
    new = asked[1] if asked[1] in numbers else numbers[0]
    old = asked[0] if asked[0] in numbers else next((n for n in numbers if n < (new or 0)), numbers[-1])
    return old or numbers[-1], new or numbers[0]
