"""How cells look: one palette, named styles, no colour that is not also said in words."""

from __future__ import annotations

from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

FONT = "Arial"
INK = "#1A2530"
NAVY = "#1F3A5F"
MIST = "#E9EFF6"
LINE = "#C3CCD6"
CREAM = "#FFF7DB"
GREEN, PALE_GREEN = "#1B5E20", "#E6F3E7"
RED, PALE_RED = "#8B0000", "#FCE4E4"
MARK, PALE_MARK = "#6B3E00", "#FFF1D6"
BAR, PALE_BAR, OUTLINE = "#1F3A5F", "#7F9DBF", "#B86A00"

STYLES: dict[str, dict[str, Any]] = {
    "cell": {"border": 1, "border_color": LINE},
    "title": {"font_size": 16, "bold": True, "font_color": NAVY, "text_wrap": True, "valign": "vcenter"},
    "subtitle": {"font_color": INK, "text_wrap": True, "valign": "vcenter"},
    "notice": {
        "bold": True, "font_color": RED, "bg_color": PALE_RED, "text_wrap": True, "valign": "vcenter",
        "border": 1, "border_color": RED,
    },
    "header": {
        "bold": True, "font_color": "#FFFFFF", "bg_color": NAVY, "border": 1, "border_color": "#FFFFFF",
        "text_wrap": True, "valign": "vcenter", "align": "center",
    },
    "upright": {"rotation": 90},
    "section": {"bold": True, "font_size": 12, "font_color": NAVY, "bottom": 2, "bottom_color": NAVY},
    "label": {"bold": True, "text_wrap": True, "valign": "vcenter"},
    # Runs on into the empty cells beside it, where wrapping would make its row tall.
    "headline": {"bold": True, "text_wrap": False, "align": "left", "valign": "vcenter"},
    "plain": {"text_wrap": True, "align": "left", "valign": "vcenter"},
    "text": {"text_wrap": True, "align": "left"},
    "code": {"num_format": "@", "align": "left"},
    "indent": {"text_wrap": True, "indent": 1, "align": "left"},
    "middle": {"valign": "vcenter"},
    "centre": {"align": "center", "text_wrap": True},
    "whole": {"num_format": "0", "align": "center"},
    "decimal": {"num_format": "0.00", "align": "center"},
    "fine": {"num_format": "0.000", "align": "center"},
    "long": {"num_format": "0.000000", "align": "center"},
    "percent": {"num_format": "0.0 %", "align": "center"},
    "change": {"num_format": "+0.0 %;-0.0 %;0.0 %", "align": "center"},
    "domain": {"bold": True, "bg_color": MIST},
    "total": {"bold": True, "top": 2, "top_color": NAVY, "bg_color": MIST},
    "input": {"bg_color": CREAM, "locked": False, "bold": False, "font_color": "#7A3E00"},
    "good": {"font_color": GREEN, "bg_color": PALE_GREEN},
    "marked": {"font_color": MARK, "bg_color": PALE_MARK},
    "good words": {"font_color": GREEN},
    "bad words": {"font_color": RED},
    "bad": {"font_color": RED, "bg_color": PALE_RED, "bold": True},
}  # fmt: skip


class Formats:
    """The styles of one workbook; each combination is made once, on first use."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[str, ...], Format] = {}

    def get(self, *names: str) -> Format:
        """Return the format that joins the named styles, later ones winning."""
        if names not in self._made:
            look: dict[str, Any] = {"font_name": FONT, "font_size": 10, "valign": "top"}
            for name in names:
                look |= STYLES[name]
            self._made[names] = self._workbook.add_format(look)
        return self._made[names]

    def rule(self, name: str) -> Format:
        """Return a style for a conditional format: it changes colours only."""
        key = ("rule", name)
        if key not in self._made:
            self._made[key] = self._workbook.add_format(STYLES[name])
        return self._made[key]
