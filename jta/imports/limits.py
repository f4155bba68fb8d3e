"""How much a file may hold; every figure is a setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

MEGABYTE = 1024 * 1024


class LimitError(ValueError):
    """A limit in the settings is not a whole number above zero."""


@dataclass(frozen=True)
class Limits:
    """The largest file a reader accepts.

    ``rows`` and ``rating_rows`` count rows below the header; ``cell`` counts characters; ``upload`` and
    ``unpacked`` are bytes; ``ratio`` is unpacked to packed bytes of one part of a workbook; ``entries``
    counts its parts; ``problems`` is how many problems a result lists one by one.
    """

    rows: int = 20_000
    rating_rows: int = 1_000_000
    cell: int = 4_000
    upload: int = 10 * MEGABYTE
    unpacked: int = 100 * MEGABYTE
    ratio: int = 100
    entries: int = 500
    columns: int = 64
    wide_columns: int = 2_000
    problems: int = 1_000

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> Limits:
        """Read ``JTA_MAX_ROWS`` and its like, and ``JTA_UPLOAD_MB``; what is absent keeps its default.

        Raises
        ------
        LimitError
            If a value is not a whole number above zero; the message names the setting.
        """
        given = {field: _positive(name, settings[name]) for name, field in SETTINGS.items() if name in settings}
        if "upload" in given:
            given["upload"] *= MEGABYTE
        return cls(**given)


# The name of each limit's setting. The size of an upload is one setting with the web server's own limit.
SETTINGS = {
    "JTA_UPLOAD_MB" if field.name == "upload" else f"JTA_MAX_{field.name.upper()}": field.name
    for field in fields(Limits)
}


def _positive(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < len(text) <= 12 and int(text) > 0:
        return int(text)
    raise LimitError(f"{name} must be a whole number above zero.")
