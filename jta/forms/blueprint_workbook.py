"""Forms of a workbook that comes back: the file, then the cells to take over."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from jta.forms.study_fields import BlockField
from jta.services.blueprint_readback import CellChange


class WorkbookForm(FlaskForm):
    """The edited workbook."""

    file = FileField(
        "Edited workbook",
        [FileRequired("Choose the workbook that you downloaded here and edited.")],
        description="Only the cream cells of the sheet Blueprint are read: Approved weight, Min, Max, Rationale.",
    )


class TakeBackForm(FlaskForm):
    """Which differing cells are taken over, and why."""

    token = HiddenField()
    cells = SelectMultipleField(
        "Cells to take over", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    share_rest = BooleanField(
        "Let the rows I do not change share the difference, in proportion to their weights", default=True
    )
    reason = BlockField(
        "Reason",
        [InputRequired("Say why: the reason stands in the ledger."), Length(max=2000, message="Use 2,000 characters.")],
        description="Stands in the ledger beside every change. Name the vote where there was one.",
    )

    def offer(self, changes: Sequence[CellChange]) -> None:
        """Offer the cells that differ."""
        self.cells.choices = [
            SelectChoice(change.key, f"{change.code} {change.title}: {change.before} → {change.after}")
            for change in changes
        ]
