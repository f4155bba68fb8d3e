"""Forms of the languages page: add a language, upload a file of translations, the texts of one language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import DataRequired, Length


class AddLanguageForm(FlaskForm):
    """Another language of the survey."""

    code = StringField(
        "Language code",
        [DataRequired("Type a language code, such as es."), Length(max=12)],
        description="Two letters, such as es (Spanish), fr (French), ar (Arabic); pt-BR names a country too.",
        filters=[lambda text: text.strip() if text else text],
    )


class TranslationFileForm(FlaskForm):
    """A file of translations."""

    file = FileField(
        "File with the translations", [FileRequired("Choose a file.")],
        description="Excel, CSV or JSON with the columns key and translation, best the workbook from this page.",
    )  # fmt: skip


def read_texts(form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, int]]:
    """Return the texts of a page and the versions it was shown with, by key."""
    texts = {name.removeprefix("text:"): text for name, text in form.items() if name.startswith("text:")}
    versions = {
        name.removeprefix("version:"): int(text)
        for name, text in form.items()
        if name.startswith("version:") and re.fullmatch(r"[0-9]{1,9}", text)
    }
    return {key: "\n".join(text.splitlines()) for key, text in texts.items()}, versions
