"""The Charts sheet: weights with their intervals, and items, each line a bar."""

from __future__ import annotations

from typing import Any

from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from jta.exports.book import DOMAIN
from jta.exports.formats import BAR, FONT, INK, LINE, OUTLINE, PALE_BAR
from jta.exports.sheet import Desk, set_up_page, title_rows, write_title
from jta.exports.text import cut_text, one_line, percent_title

NAME = "Charts"
BASIS = (
    "Retained tasks only. Dark bars are domains, light bars their subdomains; the numbers are on Blueprint."
)
MOST_LINES = 40
COLUMNS = 15
COLUMN_WIDTH = 9.0
PIXELS_PER_ROW = 20


def write_charts(desk: Desk, sheet: Worksheet) -> None:
    """Draw the charts, one under the other."""
    sheet.set_column(0, COLUMNS - 1, COLUMN_WIDTH)
    write_title(desk, sheet, "Weights and items", BASIS, [COLUMN_WIDTH] * COLUMNS)
    row, height = title_rows(desk.book) + 1, 120 + 24 * len(desk.lines)
    for chart, words in (
        (_weights_chart(desk), _weights_words(desk)),
        (_items_chart(desk), _items_words(desk)),
    ):
        chart.set_size({"width": 1000, "height": height})
        sheet.insert_chart(row, 0, chart, {"description": words, "object_position": 2})
        row += height // PIXELS_PER_ROW + 2
    set_up_page(desk, sheet, row - 1, COLUMNS - 1)
    sheet.fit_to_pages(1, 1 if len(desk.lines) <= 20 else 2)


def _weights_chart(desk: Desk) -> Chart:
    calculation = desk.grids["Calculation"]
    chart = desk.workbook.add_chart({"type": "bar"})
    series: dict[str, Any] = {
        "name": "Empirical weight",
        "categories": _range(desk, "name"),
        "values": _range(desk, "empirical"),
        "fill": {"color": PALE_BAR},
        "points": _points(desk),
        "gap": 45,
    }
    if calculation.has("below"):
        series["y_error_bars"] = {
            "type": "custom",
            "minus_values": _address(desk, "below"),
            "plus_values": _address(desk, "above"),
            "line": {"color": OUTLINE, "width": 1.5},
        }
    chart.add_series(series)
    interval = f" with {percent_title(desk.book.confidence)} intervals" if calculation.has("below") else ""
    _dress(chart, f"Empirical weights{interval}", "Share of the exam", "0 %")
    return chart


def _items_chart(desk: Desk) -> Chart:
    chart = desk.workbook.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Items",
            "categories": _range(desk, "name"),
            "values": _range(desk, "items"),
            "fill": {"color": PALE_BAR},
            "points": _points(desk),
            "gap": 45,
            "data_labels": {"value": True, "font": {"name": FONT, "size": 9, "color": INK}},
        }
    )
    _dress(chart, f"Items of a form of {desk.book.items}", "Items", "0")
    return chart


def _range(desk: Desk, key: str) -> list[str | int]:
    grid = desk.grids["Calculation"]
    place = grid.place(key)
    return [grid.sheet, grid.top + 1, place, grid.after - 1, place]


def _address(desk: Desk, key: str) -> str:
    return "=" + desk.grids["Calculation"].far_span(key)


def _points(desk: Desk) -> list[dict[str, Any]]:
    """Return a colour for each bar: domains dark, subdomains light."""
    return [{"fill": {"color": BAR if w.line.level == DOMAIN else PALE_BAR}} for w in desk.lines]


def _dress(chart: Chart, title: str, axis: str, number: str) -> None:
    """Give a chart its title and axes, first line on top."""
    font = {"name": FONT, "size": 9, "color": INK}
    chart.set_title({"name": title, "name_font": {"name": FONT, "size": 12, "color": INK}, "overlay": False})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": font, "line": {"color": LINE}})
    chart.set_x_axis(
        {
            "name": axis,
            "name_font": font,
            "num_font": font,
            "num_format": number,
            "min": 0,
            "major_gridlines": {"visible": True, "line": {"color": LINE}},
        }
    )


def _weights_words(desk: Desk) -> str:
    level = percent_title(desk.book.confidence)
    parts = []
    for work in desk.lines:
        line = work.line
        if line.level == DOMAIN and line.empirical_weight is not None:
            interval = "" if line.ci_low is None or line.ci_high is None else (
                f" ({level} interval {line.ci_low:.1%} to {line.ci_high:.1%})"
            )  # fmt: skip
            parts.append(f"{line.name} {line.empirical_weight:.1%}{interval}")
    return _alt_text("Bar chart of the empirical weight of each domain and subdomain. Domains: ", parts)


def _items_words(desk: Desk) -> str:
    parts = [f"{w.line.name} {w.line.items}" for w in desk.lines if w.line.level == DOMAIN]
    return _alt_text("Bar chart of the number of items of each domain and subdomain. Domains: ", parts)


def _alt_text(opening: str, parts: list[str]) -> str:
    return one_line(cut_text(opening + "; ".join(parts) + ". All values are on sheet Blueprint.", 1_000))
