"""The form that takes a Word template."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired


class TemplateForm(FlaskForm):
    """A template in the house style of the customer."""

    file = FileField(
        "Word template",
        [FileRequired("Choose a Word file (.docx).")],
        description="With the fields and styles of the standard template.",
    )
