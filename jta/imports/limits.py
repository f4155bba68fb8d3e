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
        """Read ``JTA_MAX_ROWS``, ``JTA_MAX_UPLOAD`` and their like; what is absent keeps its default.

        Raises
        ------
        LimitError
            If a value is not a whole number above zero; the message names the setting.
        """
        given = {
            f.name: _positive(name, settings[name]) for f in fields(cls) if (name := setting_name(f.name)) in settings
        }
        return cls(**given)


def setting_name(field: str) -> str:
    """Return the setting's name of a limit: ``rows`` is ``JTA_MAX_ROWS``."""
    return f"JTA_MAX_{field.upper()}"


def _positive(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < len(text) <= 12 and int(text) > 0:
        return int(text)
    raise LimitError(f"{name} must be a whole number above zero.")
