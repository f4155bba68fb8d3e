"""The rules of one cell by its column's type: the text to keep, or the reason why it cannot be used."""

from __future__ import annotations

import re
from typing import NamedTuple

from jta.imports.kinds import ColumnType
from jta.imports.source import Cell, Typed
from jta.imports.text import clean, clean_paragraphs, fold, has_break, shown, strip_hidden

LONGEST_CODE = 64
LONGEST_PARAGRAPHS = 10_000  # a consent text
_LONGEST_LOCAL = 64  # characters before the @, RFC 5321 4.5.3.1.1
# Ways in which people and programs write that there is nothing.
MISSING = frozenset(
    [
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "null",
        "none",
        "nil",
        "missing",
        "not available",
        "blank",
        "empty",
        "(blank)",
    ]
) | frozenset(["-", "--", "–", "—", ".", "..", "?", "(null)", "(none)"])
# What spreadsheets make of codes such as 1-10 and 1E5.
_MADE_DATE = re.compile(
    r"\d{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(-\d{2,4})?"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*-\d{2,4}"
    r"|\d{1,4}[/-]\d{1,2}[/-]\d{1,4}( 0?0:00(:00)?)?"
    r"|\d{4}-\d{2}-\d{2}([ t]00:00(:00)?)?",
    re.IGNORECASE,
)
_MADE_NUMBER = re.compile(r"\d(\.\d+)?E[+-]\d{2,}", re.IGNORECASE)
_CODE = re.compile(r"\w[\w .:#&()+@-]*")
_ERRORS = frozenset({"#ref!", "#n/a", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#spill!", "#calc!"})
AS_TEXT = "Format the column as Text and type it again."
_TYPED = {
    "date": f"The cell holds a date. {AS_TEXT}",
    "boolean": "The cell holds true or false where text is expected.",
    "error": "The cell holds the error value {}. Correct it.",
    "formula": "The cell holds a formula. Copy the column and paste it as values.",
    "list": "The cell holds a list or an object where text is expected.",
    "number": f"The number {{}} stands where text is expected. {AS_TEXT}",
    "formatted": f"The number {{}} is shown in a special format. {AS_TEXT}",
}
_NUMBER_CODE = "The code {} is stored as a number and may have lost zeros. Format the column as Text, type it again."


class Checked(NamedTuple):
    """The text of a cell, the names of what was cleaned, and a reason where it cannot be used."""

    text: str
    notes: tuple[str, ...] = ()
    reason: str | None = None


def check_cell(cell: Cell, kind: ColumnType, longest: int) -> Checked:
    """Check one cell against the rules of its column's type. Blank is an empty text, without a reason."""
    raw = cell
    if not isinstance(raw, str):
        if reason := _typed_reason(raw, kind):
            return Checked("", (), reason)
        raw = raw.text
    longest = max(longest, LONGEST_PARAGRAPHS) if kind == "paragraphs" else longest
    if len(raw) > longest:
        return Checked("", (), f"The cell is longer than {longest:,} characters. Shorten it.")
    if kind not in ("text", "title", "paragraphs") and has_break(raw):
        return Checked("", (), "The cell holds a line break or tab. Keep it on one line.")
    text, notes, reason = clean_paragraphs(raw) if kind == "paragraphs" else clean(raw)
    if reason or not text:
        return Checked("", notes, reason)
    rule = _RULES.get(kind)
    return Checked(text, notes, rule(text) if rule else None)


def _typed_reason(cell: Typed, kind: ColumnType) -> str | None:
    if cell.kind == "integer" or (kind in ("value", "number") and cell.kind in ("number", "formatted")):
        return None
    if kind == "code" and cell.kind in ("number", "formatted"):
        return _NUMBER_CODE.format(shown(cell.text))
    return _TYPED[cell.kind].format(shown(cell.text))


def _code(text: str) -> str | None:
    if "/" in text or "\\" in text or ".." in text:
        if _MADE_DATE.fullmatch(text):
            return _date_reason(text)
        return f"The code {shown(text)} looks like a file path. Use letters, digits, dots and dashes."
    if _MADE_DATE.fullmatch(text):
        return _date_reason(text)
    if _MADE_NUMBER.fullmatch(text):
        return f"The code {shown(text)} looks changed by a spreadsheet. {AS_TEXT}"
    if len(text) > LONGEST_CODE:
        return f"The code is longer than {LONGEST_CODE} characters. Shorten it."
    if strip_hidden(text) != text or not _CODE.fullmatch(text):
        return f"The code {shown(text)} has signs not allowed. Use letters, digits, dots and dashes."
    return None


def _date_reason(text: str) -> str:
    return f"The code {shown(text)} looks like a date made by a spreadsheet. {AS_TEXT}"


def _title(text: str) -> str | None:
    if fold(text) in MISSING:
        return f"The cell says {shown(text)}. Give the text, or leave the cell empty where it may be."
    return _plain(text)


def _text(text: str) -> str | None:
    if reason := _title(text):
        return reason
    if not any(letter.isalpha() for letter in text):
        return f"The cell holds no words, only {shown(text)}."
    return None


def _source(text: str) -> str | None:
    """A source may do without words, as an edition or a year does, but not with signs alone."""
    return _text(text) if not text[:1].isalnum() else _title(text)


def _plain(text: str) -> str | None:
    if text.casefold() in _ERRORS:
        return _TYPED["error"].format(shown(text))
    return None


def _person(text: str) -> str | None:
    return _mail_code(text) if "=?" in text else _plain(text)


def _mail_code(text: str) -> str:
    return f"The cell {shown(text)} holds a mail code (=?). Write it in plain letters."


def _email(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    if "=?" in text:
        return _mail_code(text)
    try:
        # Reserved test domains are allowed: pilots and demonstrations use them.
        validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        return f"The email address {shown(text)} is not valid."
    if len(text.rpartition("@")[0]) > _LONGEST_LOCAL:
        return (
            f"The email address {shown(text)} is not valid: it has more than {_LONGEST_LOCAL} characters before the @."
        )
    return None


def _number(text: str) -> str | None:
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return None
    return f"{shown(text)} is not a whole number of at most nine digits 0 to 9."


_RULES = {
    "code": _code,
    "title": _title,
    "text": _text,
    "source": _source,
    "person": _person,
    "email": _email,
    "plain": _person,
    "number": _number,
    "paragraphs": _plain,
}
