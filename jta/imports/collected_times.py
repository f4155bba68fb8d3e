"""Times as survey tools write them, and as workbooks store them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from jta.imports.source import Cell, Typed, text_of
from jta.imports.text import clean, shown

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(?:Z| ?UTC)?")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AP]M))?)?", re.IGNORECASE)
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  a workbook's times have no zone
_YEARS = range(2000, 2101)


def read_time(cell: Cell) -> tuple[datetime | None, str | None]:
    """Return a time without a zone, or a reason why there is none; a blank cell has neither.

    Read are ``2027-03-01 10:20:30``, ``03/01/2027 10:20:30 AM`` (month first, as SurveyMonkey writes it) and times
    of a workbook.
    """
    text = clean(text_of(cell)).text
    if not text:
        return None, None
    found = _from_workbook(text) if isinstance(cell, Typed) else _from_text(text)
    if found is None or found.year not in _YEARS:
        return None, f"{shown(text)} is not a time we can read. Write it as 2027-03-01 10:20:30."
    return found, None


def _from_workbook(text: str) -> datetime | None:
    try:
        days = float(text)
    except ValueError:
        return _from_text(text)
    return _FIRST_DAY + timedelta(days=days) if 0 < days < 100_000 else None


def _from_text(text: str) -> datetime | None:
    try:
        if match := _ISO.fullmatch(text):
            return datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]  # six parts  # noqa: DTZ001  exports name no zone
        if match := _AMERICAN.fullmatch(text):
            month, day, year, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
            return datetime(year, month, day, _hour(hour, match[7]), minute, second)  # noqa: DTZ001  exports name no zone
    except ValueError:
        return None
    return None


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half.upper() == "PM" else 0)
