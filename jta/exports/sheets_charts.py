"""The Charts sheet: weights with their intervals, and items, each line a bar."""

from __future__ import annotations

from typing import Any

from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from jta.exports.book import DOMAIN, BlueprintBook
from jta.exports.formats import BAR, FONT, INK, LINE, OUTLINE, PALE_BAR
from jta.exports.sheet import (
    DASH,
    Column,
    Desk,
    Formula,
    Grid,
    Value,
    protect,
    set_up_page,
    title_rows,
    unless,
    write_grid,
    write_title,
)
from jta.exports.text import cut_text, one_line, percent_title
from jta.exports.working import Working

NAME = "Charts"
BASIS = "Retained tasks only. Dark bars are domains, light bars subdomains; the table has the numbers."
MOST_LINES = 40
ONE_PAGE_LINES = 16
CHART_WIDTH = 560
PIXELS_PER_ROW = 20


def charts_grid(book: BlueprintBook, lines: tuple[Working, ...]) -> Grid:
    """Lay out the table that the charts draw, below them."""
    top = title_rows(book) + 1 + _chart_height(len(lines)) // PIXELS_PER_ROW + 2
    return Grid(NAME, chart_columns(lines), len(lines), top)


def chart_columns(lines: tuple[Working, ...]) -> tuple[Column, ...]:
    """Return the columns of the charts' table; intervals as distances, as error bars need them."""
    interval = unless(any(w.line.ci_low is not None for w in lines), "no bootstrap interval was computed")
    return (
        Column(
            "label",
            "Domain",
            56,
            "text",
            lambda d, i: f"{d.lines[i].line.code}  {d.lines[i].line.name}",
        ),
        Column("empirical", "Empirical weight", 25, "percent", _empirical),
        Column("below", "Interval reaches below", 25, "percent", _below, interval),
        Column("above", "Interval reaches above", 25, "percent", _above, interval),
        Column("items", "Items", 25, "whole", _items),
    )


def write_charts(desk: Desk, sheet: Worksheet) -> None:
    """Draw the two charts side by side, their table below."""
    grid = desk.grids[NAME]
    write_title(desk, sheet, "Weights and items", BASIS, [column.width for column in grid.columns])
    domains = [w.position for w in desk.lines if w.line.level == DOMAIN]
    write_grid(desk, sheet, grid, filters=False, bold=domains)
    pictures = ((_weights_chart(desk), _weights_words(desk)), (_items_chart(desk), _items_words(desk)))
    for number, (chart, words) in enumerate(pictures):
        chart.set_size({"width": CHART_WIDTH - 6, "height": _chart_height(len(desk.lines))})
        place = {"description": words, "object_position": 2, "x_offset": number * CHART_WIDTH}
        sheet.insert_chart(title_rows(desk.book) + 1, 0, chart, place)
    protect(sheet)
    set_up_page(desk, sheet, grid.after - 1, len(grid.columns) - 1, grid.width)
    if len(desk.lines) <= ONE_PAGE_LINES:
        sheet.fit_to_pages(1, 1)
    else:
        sheet.set_h_pagebreaks([grid.top])


def _chart_height(lines: int) -> int:
    return 110 + 26 * lines


def _empirical(desk: Desk, row: int) -> Value:
    weight = desk.lines[row].line.empirical_weight
    return Formula("=" + desk.grids["Blueprint"].far("empirical", row), DASH if weight is None else weight)


def _items(desk: Desk, row: int) -> Value:
    return Formula("=" + desk.grids["Blueprint"].far("items", row), desk.lines[row].line.items)


def _below(desk: Desk, row: int) -> Value:
    line, blueprint = desk.lines[row].line, desk.grids["Blueprint"]
    if line.empirical_weight is None or line.ci_low is None:
        return DASH
    formula = f"={blueprint.far('empirical', row)}-{blueprint.far('low', row)}"
    return Formula(formula, line.empirical_weight - line.ci_low)


def _above(desk: Desk, row: int) -> Value:
    line, blueprint = desk.lines[row].line, desk.grids["Blueprint"]
    if line.empirical_weight is None or line.ci_high is None:
        return DASH
    formula = f"={blueprint.far('high', row)}-{blueprint.far('empirical', row)}"
    return Formula(formula, line.ci_high - line.empirical_weight)


def _weights_chart(desk: Desk) -> Chart:
    grid, book = desk.grids[NAME], desk.book
    series = _series(desk, "Empirical weight", "empirical")
    if grid.has("below"):
        series["y_error_bars"] = {
            "type": "custom",
            "minus_values": "=" + grid.far_span("below"),
            "plus_values": "=" + grid.far_span("above"),
            "line": {"color": OUTLINE, "width": 1.5},
        }
    tallest = max(w.line.ci_high or w.line.empirical_weight or 0.0 for w in desk.lines)
    interval = f" with {percent_title(book.confidence)} intervals" if grid.has("below") else ""
    return _chart(
        desk, series, f"Empirical weights{interval}", "Share of the exam", "0 %", unit=0.1 if tallest > 0.25 else 0.05
    )


def _items_chart(desk: Desk) -> Chart:
    series = _series(desk, "Items", "items")
    series["data_labels"] = {"value": True, "font": {"name": FONT, "size": 9, "color": INK}}
    return _chart(desk, series, f"Items of a form of {desk.book.items}", "Items", "0")


def _series(desk: Desk, name: str, key: str) -> dict[str, Any]:
    """Return a series of bars, one a line: domains dark, subdomains light."""
    grid = desk.grids[NAME]

    def cells(column: str) -> list[str | int]:
        place = grid.place(column)
        return [grid.sheet, grid.top + 1, place, grid.after - 1, place]

    return {
        "name": name,
        "categories": cells("label"),
        "values": cells(key),
        "fill": {"color": PALE_BAR},
        "points": [{"fill": {"color": BAR if w.line.level == DOMAIN else PALE_BAR}} for w in desk.lines],
        "gap": 45,
    }


def _chart(
    desk: Desk, series: dict[str, Any], title: str, axis: str, number: str, *, unit: float | None = None
) -> Chart:
    """Return a bar chart with its title and axes, first line on top; ``unit`` parts the grid lines."""
    chart = desk.workbook.add_chart({"type": "bar"})
    chart.add_series(series)
    font = {"name": FONT, "size": 9, "color": INK}
    chart.set_title({"name": title, "name_font": {"name": FONT, "size": 12, "color": INK}, "overlay": False})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "crossing": "max", "num_font": font, "line": {"color": LINE}})
    grid_lines = {"visible": True, "line": {"color": LINE}}
    chart.set_x_axis(
        {
            "name": axis,
            "name_font": font,
            "num_font": font,
            "num_format": number,
            "min": 0,
            "major_unit": unit,
            "major_gridlines": grid_lines,
        }
    )
    return chart


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
