"""How numbers and times are written on pages. Rounding happens here and in exports, nowhere else."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share of one as a percentage, or a dash where there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def number(value: float | None, digits: int = 2) -> str:
    """Write a number with fixed decimals, or a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def moment(value: datetime | None, zone: str = "UTC") -> str:
    """Write a time in the study's zone."""
    if value is None:
        return "–"
    return f"{value.astimezone(ZoneInfo(zone)):%-d %B %Y, %H:%M} ({zone})"


def moment_of_text(value: str, zone: str = "UTC") -> str:
    """Write a time that is stored as text, as the audit trail stores it for its marks, in the study's zone."""
    return moment(datetime.fromisoformat(value), zone)


def day(value: datetime | None, zone: str = "UTC") -> str:
    """Write the date of a time in the study's zone."""
    return "–" if value is None else f"{value.astimezone(ZoneInfo(zone)):%-d %B %Y}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its word: 1 task, 2 tasks."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def register(app: Flask) -> None:
    """Give templates these as filters."""
    for function in (percent, number, moment, moment_of_text, day, plural):
        app.jinja_env.filters[function.__name__] = function
