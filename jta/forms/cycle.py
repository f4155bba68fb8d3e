"""Forms of former lists: a former study, an occupation of O*NET, former weights, a decision, a clone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DecimalField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from jta.forms.inventory import MultiCheckboxField
from jta.forms.study_fields import CodeField, LineField
from jta.models.inventory import Task
from jta.models.study import Study

RELATION_WORDS = {
    "same": "Same: the same words",
    "reworded": "Reworded: other words, the same work",
    "split": "Split: it became two tasks or more",
    "merged": "Merged: it became one task together with others",
    "retired": "Retired: no task of this study covers it",
}
_NAME = Length(max=200, message="Use 200 characters or fewer.")
_ZERO_TO_HUNDRED = NumberRange(0, 100, "Enter a number from 0 to 100.")


class FormerStudyForm(FlaskForm):
    """A study of this installation to compare with."""

    study = SelectField("Former study", coerce=int)

    def __init__(self, *args: Any, studies: Sequence[Study], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study.choices = [SelectChoice(study.id, study.title) for study in studies]


class OnetForm(FlaskForm):
    """An occupation in O*NET's own files."""

    statements = FileField(
        "Task Statements", [FileRequired("Choose the file Task Statements.txt.")],
        description="The tab-separated file of the O*NET database, up to 10 MB.",
    )  # fmt: skip
    ratings = FileField(
        "Task Ratings", description="Gives importance, relevance and frequency. Keep the rows of your occupation only."
    )
    occupation = CodeField(
        "O*NET-SOC code", [Length(max=20)], description="Such as 11-3021.00. Needed where the file holds several."
    )
    seed = BooleanField(
        "Add its tasks to this inventory too",
        description="In an area of their own; move them to your domains from there.",
    )


class WeightRow(Form):
    """One content domain of the former exam; an empty line is none."""

    code = CodeField("Code", [Length(max=40, message="Use 40 characters or fewer.")])
    title = LineField("Content domain", [_NAME])
    percent = DecimalField("Weight (%)", [Optional(), _ZERO_TO_HUNDRED])
    items = IntegerField("Items", [Optional(), NumberRange(0, 2000, "Enter a whole number from 0 to 2,000.")])

    def validate_percent(self, field: DecimalField) -> None:
        """A domain with a code or a name needs a weight."""
        if (self.code.data or self.title.data) and field.data is None:
            raise ValidationError("Enter the weight of this domain in percent.")


class WeightsForm(FlaskForm):
    """The weights of a former exam by content domain."""

    title = LineField("Name of the former exam or study", [DataRequired("Give it a name."), _NAME])
    source = LineField("Source", [_NAME], description="Where the weights are published.")
    rows = FieldList(FormField(WeightRow), max_entries=60)
    version = HiddenField()

    def weights(self) -> list[dict[str, Any]]:
        """Return the lines that are not empty, weights as shares."""
        lines = [entry.form for entry in self.rows.entries]
        return [
            {
                "code": line.code.data or line.title.data, "title": line.title.data or line.code.data,
                "weight": float((line.percent.data or Decimal(0)) / 100), "items": line.items.data,
            }
            for line in lines
            if line.code.data or line.title.data
        ]  # fmt: skip

    def add_empty(self, least: int = 10) -> None:
        """Add empty lines to type in."""
        for _ in range(max(2, least - len(self.rows.entries))):
            self.rows.append_entry()


class DecideForm(FlaskForm):
    """What became of a former statement."""

    relation = RadioField("What became of it", choices=[SelectChoice(k, v) for k, v in RELATION_WORDS.items()])
    tasks = MultiCheckboxField("Present tasks", coerce=int)
    other = SelectField("Another task")
    reason = LineField("Reason", [DataRequired("Say why."), _NAME])
    version = HiddenField()

    def __init__(self, *args: Any, likely: Sequence[tuple[Task, float]], tasks: Sequence[Task], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {task.id for task, _ in likely}
        self.tasks.choices = [
            SelectChoice(task.id, f"{task.code} {task.statement} ({100 * score:.0f} % alike)") for task, score in likely
        ]
        rest = [SelectChoice(str(t.id), f"{t.code} {t.statement}"[:110]) for t in tasks if t.id not in known]
        self.other.choices = [SelectChoice("", "None of the list"), *rest]

    def task_ids(self) -> list[int]:
        """Return the tasks that were chosen, in either field."""
        return [*(self.tasks.data or []), *([int(self.other.data)] if self.other.data else [])]


class CloneForm(FlaskForm):
    """A new study made of this one."""

    title = LineField("Title of the new study", [DataRequired("Give the new study a title."), _NAME])
    kind = RadioField(
        "What it is for",
        choices=[
            SelectChoice("cycle", "The next cycle: scales, survey, strata, inventory, KSAs and plan are taken over"),
            SelectChoice(
                "transport", "A transportability check: people confirm this list by “performed?” and importance only"
            ),
        ],
        default="cycle",
    )
