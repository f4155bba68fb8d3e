"""The Blueprint sheet: weights with intervals, items, limits, reasons; inputs unlocked."""

from __future__ import annotations

from typing import Any

from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from jta.exports.blueprint_checks import count_failing, form_checks, headline, line_check
from jta.exports.book import DOMAIN, BlueprintBook, BlueprintLine
from jta.exports.heights import row_height
from jta.exports.sheet import (
    DASH,
    Column,
    Desk,
    Formula,
    Grid,
    Value,
    freeze,
    protect,
    put,
    set_up_page,
    title_rows,
    unless,
    write_grid,
    write_title,
)
from jta.exports.text import percent_title
from jta.exports.working import Working

NAME = "Blueprint"
BASIS = (
    "Retained tasks only. Weights are shares of the whole exam; "
    "items are shared out among the domains first, then within each domain."
)
LEVEL_WORDS = {"domain": "Domain", "subdomain": "Subdomain"}
PARAMETER_ROWS = 3
INPUTS = ("approved", "minimum", "maximum", "rationale")
_OPTIONAL = ("ci_low", "scored", "former_weight")
_SUMMED = (
    "tasks", "empirical", "proposed", "approved", "former", "quota", "items", "minimum", "maximum", "scored",
    "pretest",
)  # fmt: skip
RATIONALE_LIMIT = 4_000


def blueprint_grid(book: BlueprintBook, lines: tuple[Working, ...]) -> Grid:
    """Lay out the Blueprint sheet."""
    return Grid(NAME, blueprint_columns(book, lines), len(lines), title_rows(book) + PARAMETER_ROWS + 1)


def blueprint_columns(book: BlueprintBook, lines: tuple[Working, ...]) -> tuple[Column, ...]:
    """Return the columns of the Blueprint sheet, those without data among them."""
    level = percent_title(book.confidence)
    has = {field: any(getattr(w.line, field) is not None for w in lines) for field in _OPTIONAL}
    interval = unless(has["ci_low"], "no bootstrap interval was computed")
    split = unless(has["scored"], "items are not yet split into scored and pretest")
    former = unless(has["former_weight"], "there is no last blueprint to compare with")
    set_by = unless(not all(w.live for w in lines), "largest remainder alone set the items of every line")
    return (
        Column("level", "Level", 11, "text", lambda d, i: LEVEL_WORDS[_line(d, i).level]),
        Column("code", "Domain code", 8, "code", lambda d, i: _line(d, i).code),
        Column("name", "Domain", 35, "text", lambda d, i: _line(d, i).name),
        Column("tasks", "Tasks retained", 9, "whole", _tasks),
        Column("empirical", "Empirical weight", 10, "percent", _empirical),
        Column("low", f"{level} low", 9, "percent", lambda d, i: _or_dash(_line(d, i).ci_low), interval),
        Column("high", f"{level} high", 9, "percent", lambda d, i: _or_dash(_line(d, i).ci_high), interval),
        Column("proposed", "Proposed weight", 10, "percent", lambda d, i: _line(d, i).proposed_weight),
        Column("approved", "Approved weight", 10, "percent", lambda d, i: _line(d, i).approved_weight),
        Column(
            "former",
            "Last blueprint",
            10,
            "percent",
            lambda d, i: _or_dash(_line(d, i).former_weight),
            former,
        ),
        Column("change", "Change", 8, "change", _change, former),
        Column("quota", "Items (unrounded)", 10.5, "decimal", _quota),
        Column("items", "Items", 8, "whole", _items),
        Column("minimum", "Min", 7, "whole", lambda d, i: _line(d, i).minimum),
        Column("maximum", "Max", 7, "whole", lambda d, i: _line(d, i).maximum),
        Column("scored", "Scored", 8, "whole", lambda d, i: _or_dash(_line(d, i).scored), split),
        Column("pretest", "Pretest", 8, "whole", lambda d, i: _or_dash(_line(d, i).pretest), split),
        Column("set_by", "Items set by", 18, "text", _set_by, set_by),
        Column("check", "Check", 14, "text", line_check),
        Column("rationale", "Rationale", 34, "text", lambda d, i: _line(d, i).rationale or None),
    )


def write_blueprint(desk: Desk, sheet: Worksheet) -> None:
    """Write the sheet the board signs."""
    grid = desk.grids[NAME]
    write_title(desk, sheet, "Exam blueprint", BASIS, [column.width for column in grid.columns])
    _write_parameters(desk, sheet)
    domains = [w.position for w in desk.lines if w.line.level == DOMAIN]
    write_grid(desk, sheet, grid, filters=False, bold=domains)
    _write_names_indented(desk, sheet, grid)
    _open_inputs(desk, sheet, grid)
    _write_totals(desk, sheet, grid)
    last = _write_checks(desk, sheet, grid)
    _colour_checks(desk, sheet, grid, last)
    freeze(sheet, grid, grid.place("name") + 1)
    protect(sheet)
    set_up_page(desk, sheet, last, len(grid.columns) - 1, grid.width)


def _line(desk: Desk, row: int) -> BlueprintLine:
    return desk.lines[row].line


def _step(desk: Desk, key: str, row: int) -> str:
    """Return the address of a line's step on the Calculation sheet."""
    return desk.grids["Calculation"].far(key, desk.lines[row].step)


def _or_dash(value: float | None) -> Value:
    return DASH if value is None else value


def _tasks(desk: Desk, row: int) -> Value:
    return Formula("=" + _step(desk, "tasks", row), _line(desk, row).n_tasks)


def _empirical(desk: Desk, row: int) -> Value:
    weight = _line(desk, row).empirical_weight
    return Formula("=" + _step(desk, "empirical", row), DASH if weight is None else weight)


def _change(desk: Desk, row: int) -> Value:
    line = _line(desk, row)
    if line.former_weight is None:
        return DASH
    used = _step(desk, "used", row)
    change = desk.lines[row].used_weight - line.former_weight
    return Formula(f"={used}-{desk.grids[NAME].at('former', row)}", change)


def _quota(desk: Desk, row: int) -> Value:
    work = desk.lines[row]
    if not work.live:
        return work.line.quota
    return Formula("=" + _step(desk, "quota", row), work.share.quota)


def _items(desk: Desk, row: int) -> Value:
    work = desk.lines[row]
    if not work.live:
        return work.line.items
    return Formula("=" + _step(desk, "shared", row), work.share.items)


def _set_by(desk: Desk, row: int) -> Value:
    work = desk.lines[row]
    if work.live:
        return "largest remainder"
    return work.line.allocation_note or "the analysis, with the limits of its group"


def _write_parameters(desk: Desk, sheet: Worksheet) -> None:
    """Write the named cells above the table: form length, confidence, the sum of all checks."""
    top, column = title_rows(desk.book), desk.grids[NAME].place("name")
    rows: tuple[tuple[str, str, Value, str], ...] = (
        ("Form length, items", "Form_length", desk.book.items, "whole"),
        ("Confidence of intervals", "Confidence", desk.book.confidence, "percent"),
        ("Checks", "Checks_summary", headline(desk), "headline"),
    )
    for row, (words, name, value, style) in enumerate(rows, start=top):
        put(sheet, row, column, words, desk.formats.get("label"))
        put(sheet, row, column + 1, value, desk.formats.get("label", style))
        _define(desk, name, row, column + 1)


def _write_names_indented(desk: Desk, sheet: Worksheet, grid: Grid) -> None:
    """Indent subdomains under their domain."""
    look = desk.formats.get("cell", "indent")
    for work in desk.lines:
        if work.parent is not None:
            put(sheet, grid.top + 1 + work.position, grid.place("name"), work.line.name, look)


def _open_inputs(desk: Desk, sheet: Worksheet, grid: Grid) -> None:
    """Unlock and mark the cells a director may change, and say what may stand in them."""
    for key in INPUTS:
        column = grid.columns[grid.place(key)]
        for row in range(grid.rows):
            bold = ("domain",) if _line(desk, row).level == DOMAIN else ()
            look = desk.formats.get("cell", column.style, *bold, "input")
            put(sheet, grid.top + 1 + row, grid.place(key), column.value(desk, row), look)
        place = grid.place(key)
        sheet.data_validation(grid.top + 1, place, grid.after - 1, place, _VALIDATION[key])


_WHOLE: dict[str, Any] = {
    "validate": "integer",
    "criteria": "between",
    "minimum": 0,
    "maximum": "=Form_length",
    "error_title": "Number of items",
    "error_message": "Enter a whole number from 0 to the form length, or clear the cell for no limit.",
}
_VALIDATION: dict[str, dict[str, Any]] = {
    "approved": {
        "validate": "decimal",
        "criteria": "between",
        "minimum": 0,
        "maximum": 1,
        "error_title": "Approved weight",
        "error_message": "Enter a weight from 0 % to 100 %, or clear the cell to keep the proposed weight.",
    },
    "minimum": _WHOLE,
    "maximum": _WHOLE,
    "rationale": {
        "validate": "length",
        "criteria": "<=",
        "value": RATIONALE_LIMIT,
        "error_title": "Rationale",
        "error_message": f"Keep the reason within {RATIONALE_LIMIT:,} characters.",
    },
}


def _write_totals(desk: Desk, sheet: Worksheet, grid: Grid) -> None:
    """Write the total row: sums over the domains."""
    plain = desk.formats.get("cell", "text", "total")
    for place in range(len(grid.columns)):
        put(sheet, grid.after, place, "Total" if place == grid.place("name") else None, plain)
    for key in _SUMMED:
        if grid.has(key):
            style = grid.columns[grid.place(key)].style
            look = desk.formats.get("cell", style, "total")
            put(sheet, grid.after, grid.place(key), _domain_total(desk, grid, key), look)


def _domain_total(desk: Desk, grid: Grid, key: str) -> Value:
    """Return the sum of a column over the domains, or a dash if no domain has a number."""
    values = [_current(desk, grid, key, w.position) for w in desk.lines if w.line.level == DOMAIN]
    numbers = [value for value in values if isinstance(value, int | float)]
    levels, span = grid.span("level"), grid.span(key)
    counted = f'SUMPRODUCT(--({levels}="Domain"),--ISNUMBER({span}))'
    cached: float | str = sum(numbers) if numbers else DASH
    return Formula(f'=IF({counted}=0,"{DASH}",SUMIF({levels},"Domain",{span}))', cached)


def _current(desk: Desk, grid: Grid, key: str, row: int) -> Value:
    value = grid.columns[grid.place(key)].value(desk, row)
    return value.cached if isinstance(value, Formula) else value


def _write_checks(desk: Desk, sheet: Worksheet, grid: Grid) -> int:
    """Write the checks of the whole form below the table; return the last row used."""
    row = grid.after + 2
    name, value, result = grid.place("name"), grid.place("tasks"), grid.place("empirical")
    put(sheet, row, name, "Checks", desk.formats.get("section"))
    first = row + 1
    for check in form_checks(desk):
        row += 1
        put(sheet, row, name, check.words, desk.formats.get("plain"))
        sheet.set_row(row, row_height([(check.words, grid.columns[name].width, False)]))
        put(sheet, row, value, check.value, desk.formats.get(check.style, "middle"))
        put(sheet, row, result, check.result, desk.formats.get("headline"))
    failing = f'=SUMPRODUCT(--(LEFT({xl_range_abs(first, result, row, result)},1)="✗"))'
    row += 1
    put(sheet, row, name, "Checks that fail", desk.formats.get("label"))
    put(sheet, row, value, Formula(failing, count_failing(desk)), desk.formats.get("whole", "label"))
    _define(desk, "Checks_failed", row, value)
    return row


def _define(desk: Desk, name: str, row: int, column: int) -> None:
    """Give a cell of this sheet a name."""
    address = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
    desk.workbook.define_name(name, f"={NAME}!{address}")


def _colour_checks(desk: Desk, sheet: Worksheet, grid: Grid, last: int) -> None:
    """Colour the checks; the words and symbols carry the meaning without it."""
    top = title_rows(desk.book)
    column, first = grid.place("check"), grid.after + 2
    result, summary = grid.place("empirical"), top + PARAMETER_ROWS - 1
    ranges = (
        (grid.top + 1, column, grid.after - 1, column, ""),
        (first, result, last, result, ""),
        # The summary runs on over the cells beside it, so only its words are coloured.
        (summary, grid.place("tasks"), summary, grid.place("tasks"), " words"),
    )
    for *area, kind in ranges:
        for sign, style in (("✓", "good"), ("✗", "bad")):
            look = desk.formats.rule(style + kind)
            rule = {"type": "text", "criteria": "begins with", "value": sign, "format": look}
            sheet.conditional_format(*area, rule)
