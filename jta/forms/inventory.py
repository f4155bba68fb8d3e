"""Forms of the task inventory: task statements, content domains, retiring, uploading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget, TextArea

from jta.forms.study_fields import LONGEST, AsInFiles, BlockField, CodeField, LineField
from jta.models.inventory_record import Reference
from jta.services.inventory import Branch
from jta.services.inventory_areas import NewArea
from jta.services.inventory_tasks import TaskWords

NEW = "new"
_CODE = (Length(max=40, message="Use 40 characters or fewer."), AsInFiles("code"))
_LONG = Length(max=LONGEST, message="Use 4,000 characters or fewer.")
_NAME = Length(max=200, message="Use 200 characters or fewer.")
_WORDS = (_LONG, AsInFiles("text"))
_TITLE = (_NAME, AsInFiles("title"))


def area_choices(domains: Sequence[Branch]) -> list[SelectChoice]:
    """Return every content domain and subdomain, in order, subdomains under their domain."""
    found = []
    for domain in domains:
        found.append(SelectChoice(str(domain.area.id), f"{domain.area.code} {domain.area.title}"))
        found += [
            SelectChoice(str(branch.area.id), f"– {branch.area.code} {branch.area.title}") for branch in domain.branches
        ]
    return found


def parent_choices(domains: Sequence[Branch]) -> list[SelectChoice]:
    """Return what a new area can be: a content domain, or a subdomain of one that is tested."""
    parents = [
        SelectChoice(str(d.area.id), f"A subdomain of {d.area.code} {d.area.title}")
        for d in domains
        if not d.area.runs_through
    ]
    return [SelectChoice("", "A content domain"), *parents]


def reference_choices(references: Sequence[Reference]) -> list[SelectChoice]:
    """Return the references of a study to tick."""
    return [SelectChoice(found.id, f"{found.code}: {found.citation}") for found in references]


class MultiCheckboxField(SelectMultipleField):
    """Several choices, each a checkbox."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


# Made before the other fields, so that it stands first on the page and in the list of errors.
_TASK_CODE = CodeField(
    "Code",
    [DataRequired("Give the task statement a code."), *_CODE],
    description="Stays with the task for ever. 1.10 and 1.1 are two codes.",
)


class TaskForm(FlaskForm):
    """The words and the place of a task statement."""

    statement = LineField(
        "Task statement",
        [DataRequired("Write the task statement."), *_WORDS],
        description="Start with a verb and keep to one idea: “Evaluate vendor proposals against district needs.”",
        widget=TextArea(),
    )
    area = SelectField("Where it belongs")
    source = LineField(
        "Source",
        [_LONG, AsInFiles("source")],
        description="Where the statement comes from: a standard, a panel, a former study.",
    )
    references = MultiCheckboxField("References", coerce=int)
    reason = LineField("Reason for the change", [_NAME])
    version = HiddenField()

    def __init__(
        self, *args: Any, domains: Sequence[Branch], references: Sequence[Reference] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.area.choices = area_choices([d for d in domains if not d.area.runs_through])
        self.references.choices = reference_choices(references)

    def words(self) -> TaskWords:
        """Return what was typed."""
        chosen = self.area.data
        area_id = int(chosen) if chosen and chosen != NEW else None
        return TaskWords(self.statement.data, self.source.data or "", area_id, tuple(self.references.data or ()))


class AddTaskForm(TaskForm):
    """A new task statement, in an area that is there or a new one."""

    code = _TASK_CODE
    new_parent = SelectField("It is", default="")
    new_code = CodeField("Code of the new area", [*_CODE])
    new_title = LineField("Name of the new area", [*_TITLE])

    def __init__(
        self, *args: Any, domains: Sequence[Branch], references: Sequence[Reference] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, domains=domains, references=references, **kwargs)
        self.area.choices = [*self.area.choices, SelectChoice(NEW, "A new content domain or subdomain")]
        self.new_parent.choices = parent_choices(domains)

    def validate_new_code(self, field: CodeField) -> None:
        """A new area needs a code."""
        if self.area.data == NEW and not field.data:
            raise ValidationError("Give the new area a code.")

    def validate_new_title(self, field: LineField) -> None:
        """A new area needs a name."""
        if self.area.data == NEW and not field.data:
            raise ValidationError("Give the new area a name.")

    def new_area(self) -> NewArea | None:
        """Return the area to be added, or None where one was chosen."""
        if self.area.data != NEW:
            return None
        parent = self.new_parent.data
        return NewArea(self.new_code.data, self.new_title.data, int(parent) if parent else None)


class RetireForm(FlaskForm):
    """Why a task statement is retired."""

    reason = BlockField(
        "Reason",
        [DataRequired("Say why this statement is retired."), Length(max=1000)],
        description="Stays on record with your name and the date.",
    )


class AreaForm(FlaskForm):
    """The name of a content domain or subdomain."""

    title = LineField("Name", [DataRequired("Give it a name."), *_TITLE])
    version = HiddenField()


class AddAreaForm(FlaskForm):
    """A new content domain or subdomain."""

    new_parent = SelectField("It is", default="")
    new_code = CodeField(
        "Code", [DataRequired("Give it a code."), *_CODE], description="Stays with it for ever, such as 1.2."
    )
    new_title = LineField("Name", [DataRequired("Give it a name."), *_TITLE])
    runs_through = BooleanField(
        "It runs through all other domains",
        description="It then holds KSAs only, such as core values, and gets no exam items of its own.",
    )

    def __init__(self, *args: Any, domains: Sequence[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.new_parent.choices = parent_choices(domains)

    def new_area(self) -> NewArea:
        """Return what was typed."""
        parent = self.new_parent.data
        return NewArea(
            self.new_code.data, self.new_title.data, int(parent) if parent else None, bool(self.runs_through.data)
        )


class UploadForm(FlaskForm):
    """A file with statements."""

    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description="Excel (.xlsx), CSV, JSON or CASE JSON, up to 10 MB.",
    )
