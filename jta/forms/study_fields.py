"""Text fields that clean what is typed by the same rules as an imported file."""

from __future__ import annotations

from typing import Any

from wtforms import IntegerField, StringField, TextAreaField, ValidationError
from wtforms.validators import StopValidation

from jta.imports.kinds import ColumnType
from jta.imports.rules import AS_TEXT, check_cell
from jta.imports.text import clean, strip_hidden

LONGEST = 4000


class LineField(StringField):
    """One line of text: trimmed, without invisible letters; what cannot be kept is an error."""

    _reason: str | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed, cleaned."""
        super().process_formdata(valuelist)
        cleaned = clean(self.data or "")
        self._reason = cleaned.reason
        if cleaned.reason is None:
            self.data = cleaned.text

    def pre_validate(self, _form: Any) -> None:
        """Refuse text that cannot be kept."""
        if self._reason:
            raise ValidationError(self._reason.replace("The cell holds", "This text holds"))


class CodeField(LineField):
    """A code: one line without letters that show nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed, cleaned."""
        super().process_formdata(valuelist)
        if self._reason is None:
            self.data = strip_hidden(self.data or "").strip()


class AsInFiles:
    """Refuses what a file's column of this kind is refused for: what is typed here can be exported and read back."""

    def __init__(self, kind: ColumnType) -> None:
        self._kind = kind

    def __call__(self, _form: Any, field: Any) -> None:
        """Say what is wrong with the text of a field; an empty one is for other validators."""
        if reason := check_cell(field.data or "", self._kind, LONGEST).reason:
            said = reason.replace("The cell", "This text").replace(AS_TEXT, "Use another one.")
            raise ValidationError(said)


class BlockField(TextAreaField):
    """Text of several lines, each cleaned."""

    _reason: str | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed, cleaned line by line."""
        super().process_formdata(valuelist)
        lines = [clean(line) for line in (self.data or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        self._reason = next((line.reason for line in lines if line.reason), None)
        if self._reason is None:
            self.data = "\n".join(line.text for line in lines).strip()

    def pre_validate(self, _form: Any) -> None:
        """Refuse text that cannot be kept."""
        if self._reason:
            raise ValidationError(self._reason.replace("The cell holds", "This text holds"))


class CountField(IntegerField):
    """A whole number, which may be typed with thousands separators; an empty field is None."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed; say plainly what is wrong with it."""
        text = (valuelist[0] if valuelist else "").replace(",", "").replace("\u202f", "").strip()
        self.data = None
        if not text:
            return
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 10):
            raise ValueError("Enter a whole number.")
        self.data = int(text)

    def pre_validate(self, _form: Any) -> None:
        """Say one thing about a number that cannot be read, not two."""
        if self.process_errors:
            raise StopValidation
