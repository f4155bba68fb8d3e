"""Text on its way into a file: what a cell can hold, footers, dates, column titles."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

CELL_LIMIT = 32_767
FOOTER_LIMIT = 255
EXTREME = 0.05  # nearer to none or to all, a share of people is not told exactly in files
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Characters XML 1.0 cannot carry, and carriage returns, which XML readers turn into line feeds.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n|\r")


def clean_text(text: str) -> str:
    """Return text that a cell can hold: same words, nothing that breaks a file.

    Line ends become line feeds; characters no file can carry become "�", so that the reader
    sees that something stood there; text beyond a cell's limit is cut and says so.
    """
    plain = _UNPRINTABLE.sub(REPLACEMENT, _LINE_ENDS.sub("\n", text))
    return cut_text(plain, CELL_LIMIT)


def utf16_length(text: str) -> int:
    """Return the length of text as spreadsheet programs count it: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_text(text: str, limit: int) -> str:
    """Return text of at most ``limit`` UTF-16 units; a cut text ends by saying how long it was."""
    if utf16_length(text) <= limit:
        return text
    tail = f" … [cut, {len(text)} characters in all]" if limit > 100 else "…"
    room = (limit - utf16_length(tail)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + tail


def one_line(text: str) -> str:
    """Return clean text without line breaks or tabs."""
    return " ".join(clean_text(text).split())


def footer_text(text: str, limit: int) -> str:
    """Return text that a footer shows as it is: its "&" codes are made harmless.

    The limit counts what is stored, in which each "&" takes two places.
    """
    shown = one_line(text)
    while utf16_length(shown.replace("&", "&&")) > limit:
        shown = shown.removesuffix("…")[:-1].rstrip() + "…"
    return shown.replace("&", "&&")


def iso_moment(moment: date | datetime, zone: str) -> str:
    """Return an ISO date, or an ISO date and time in the named zone with the zone stated."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def percent_title(confidence: float) -> str:
    """Return a confidence level as people write it: 0.95 is "95 %"."""
    return f"{confidence * 100:g} %"


def told_share(share: float | None) -> float | str | None:
    """Return a share of people by what they answered as a file that may be published tells it.

    Nearer to none or to all than `EXTREME`, an exact share tells what the last few answered.

    >>> told_share(0.5), told_share(0.951), told_share(0.0), told_share(None)
    (0.5, '>95 %', '<5 %', None)
    """
    if share is None or EXTREME <= share <= 1 - EXTREME:
        return share
    return f"<{EXTREME * 100:.0f} %" if share < EXTREME else f">{(1 - EXTREME) * 100:.0f} %"
