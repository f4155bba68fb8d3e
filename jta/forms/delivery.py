"""Forms of the roster: one person, a file, a preview to be applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Email, Length, Optional

from jta.forms.study_fields import CodeField, LineField
from jta.models.study import Stratum
from jta.services.delivery_checks import LONGEST, LONGEST_CODE, PersonDetails


def _short(most: int) -> Length:
    return Length(max=most, message=f"Use {most} characters or fewer.")


class PersonForm(FlaskForm):
    """What the roster says of a person."""

    name = LineField("Name", [DataRequired("Enter the person's name."), _short(LONGEST["name"])])
    email = LineField(
        "E-mail address",
        [Optional(), Email("This is not an e-mail address."), _short(LONGEST["email"])],
        description="May be empty if you hand over the link in another way.",
    )
    organization = LineField("District or employer", [_short(LONGEST["organization"])])
    stratum_id = SelectField("Stratum")
    seen = HiddenField()

    def __init__(self, *args: Any, strata: Sequence[Stratum], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stratum_id.choices = [SelectChoice("", "No stratum")] + [
            SelectChoice(str(stratum.id), stratum.label) for stratum in strata
        ]

    def details(self) -> PersonDetails:
        """Return what was typed."""
        stratum = self.stratum_id.data
        return PersonDetails(
            self.name.data or "", self.email.data or "", self.organization.data or "", int(stratum) if stratum else None
        )


class AddPersonForm(PersonForm):
    """A new person, with a code of the director's own or the next free one."""

    code = CodeField(
        "Code",
        [_short(LONGEST_CODE)],
        description="Your own code for this person. Leave it empty to get the next free one.",
    )


class RosterFileForm(FlaskForm):
    """A file with people."""

    file = FileField("File", [FileRequired("Choose a file.")], description="Excel (.xlsx), CSV or JSON, up to 10 MB.")
