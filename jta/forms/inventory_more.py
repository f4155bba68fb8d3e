"""Forms of the inventory beside task statements: KSAs, references, splitting and merging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.widgets import TextArea

from jta.forms.inventory import MultiCheckboxField, area_choices, reference_choices
from jta.forms.study_fields import LONGEST, AsInFiles, CodeField, LineField
from jta.models.inventory import Task
from jta.models.inventory_record import Reference
from jta.services.inventory import Branch
from jta.services.inventory_knowledge import KnowledgeWords
from jta.services.inventory_references import ReferenceWords
from jta.services.inventory_shape import SplitWords

KIND_WORDS = {
    "knowledge": "Knowledge: what one must know",
    "skill": "Skill: what one must be able to do",
    "ability": "Ability: a lasting capacity, such as reasoning",
    "value": "Value: an attitude or a way of working",
}
_CODE = (Length(max=40, message="Use 40 characters or fewer."), AsInFiles("code"))
_LONG = Length(max=LONGEST, message="Use 4,000 characters or fewer.")
_WORDS = (_LONG, AsInFiles("text"))
_NAME = Length(max=200, message="Use 200 characters or fewer.")
# Made before the other fields, so that it stands first on the page and in the list of errors.
_KSA_CODE = CodeField("Code", [DataRequired("Give the KSA a code."), *_CODE], description="Stays with it for ever.")


class KnowledgeForm(FlaskForm):
    """The words and the place of a KSA."""

    kind = SelectField("It is", choices=[SelectChoice(name, text) for name, text in KIND_WORDS.items()])
    statement = LineField(
        "Statement", [DataRequired("Write the statement."), *_WORDS], widget=TextArea(),
        description="What somebody must know or be able to do: “Knowledge of contract law for software licences.”",
    )  # fmt: skip
    area = SelectField("Domain")
    source = LineField("Source", [_LONG, AsInFiles("source")], description="Where the statement comes from.")
    references = MultiCheckboxField("References", coerce=int)
    reason = LineField("Reason for the change", [_NAME])
    version = HiddenField()

    def __init__(
        self, *args: Any, domains: Sequence[Branch], references: Sequence[Reference] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.area.choices = [SelectChoice("", "No domain of its own"), *area_choices(domains)]
        self.references.choices = reference_choices(references)

    def words(self) -> KnowledgeWords:
        """Return what was typed."""
        area = self.area.data
        return KnowledgeWords(
            self.statement.data, self.kind.data, self.source.data or "", int(area) if area else None,
            tuple(self.references.data or ()),
        )  # fmt: skip


class AddKnowledgeForm(KnowledgeForm):
    """A new KSA."""

    code = _KSA_CODE


class ReferenceForm(FlaskForm):
    """A source of statements."""

    code = CodeField("Short name", [DataRequired("Give it a short name."), *_CODE], description="Such as ISTE-2024.")
    citation = LineField(
        "Citation", [DataRequired("Write the citation."), *_WORDS], widget=TextArea(),
        description="Author, year, title, publisher or address: what somebody needs to find it.",
    )  # fmt: skip
    edition = LineField("Edition or date", [_NAME, AsInFiles("source")])
    version = HiddenField()

    def words(self) -> ReferenceWords:
        """Return what was typed."""
        return ReferenceWords(self.code.data, self.citation.data, self.edition.data or "")


class SplitForm(FlaskForm):
    """Two statements in place of one."""

    first = LineField(
        "First statement, which keeps the code",
        [DataRequired("Write it."), *_WORDS],
        widget=TextArea(),
    )
    code = CodeField("Code of the second statement", [DataRequired("Give it a code."), *_CODE])
    second = LineField("Second statement", [DataRequired("Write it."), *_WORDS], widget=TextArea())
    reason = LineField("Reason", [_NAME])
    version = HiddenField()

    def words(self) -> SplitWords:
        """Return what was typed."""
        return SplitWords(self.first.data, self.second.data, self.code.data)


class MergeForm(FlaskForm):
    """One statement in place of two."""

    other = SelectField("Merge with", coerce=int)
    statement = LineField("The one statement", [DataRequired("Write the statement."), *_WORDS], widget=TextArea())
    reason = LineField("Reason", [DataRequired("Say why the two become one."), _NAME])
    version = HiddenField()

    def __init__(self, *args: Any, task: Task, tasks: Sequence[Task], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.other.choices = [
            SelectChoice(one.id, f"{one.code} {one.statement}"[:120]) for one in tasks if one.id != task.id
        ]
