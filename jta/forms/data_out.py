"""The form that brings a study in from another installation."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms.validators import DataRequired, Email

from jta.forms.study_fields import LineField


class BringInForm(FlaskForm):
    """An archive, and who directs the study where the administrator brings it in."""

    file = FileField(
        "Archive of a study",
        [FileRequired("Choose the archive: a file that ends in .zip.")],
        description="Made in the other installation under Documents, Data out.",
    )
    director_email = LineField(
        "E-mail address of its director",
        [
            DataRequired("Enter the address of the account that will direct the study."),
            Email("This is not an e-mail address."),
        ],
        description="An account of this installation. You yourself get no role in the study.",
    )

    def __init__(self, *args: Any, names_director: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not names_director:
            del self.director_email
