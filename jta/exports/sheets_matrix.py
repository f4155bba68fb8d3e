"""The Cognitive matrix sheet: items by content domain and cognitive level, against the target; the item bank's gap."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from jta.exports.book import DOMAIN, BlueprintBook
from jta.exports.book_parts import CognitiveMatrix, GapLine, MatrixLine
from jta.exports.heights import row_height
from jta.exports.sheet import (
    DASH,
    Column,
    Desk,
    Formula,
    Grid,
    Value,
    freeze,
    or_dash,
    protect,
    put,
    set_up_page,
    title_rows,
    unless,
    write_grid,
    write_title,
)
from jta.exports.sheets_tasks import column_titles
from jta.exports.working import Working

NAME = "Cognitive matrix"
BASIS = (
    "Retained tasks only. Items of each content domain are shared among the cognitive levels by the target shares; "
    "rows and columns both keep their totals. “Panel”: share of the tasks' weight that the panel puts at a level."
)
LEVEL_WORDS = {"domain": "Domain", "subdomain": "Subdomain"}
CHANGED = "✗ items changed, levels not"
GAP_TITLES = ("Level", "Domain code", "Domain", "Wanted", "In the bank", "Missing")


def matrix_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the matrix: one row for each domain and subdomain, one column for each level."""
    matrix = _matrix(book)
    titles = column_titles(matrix.levels, "Level")
    said = unless(
        any(share is not None for line in matrix.lines for share in line.panel),
        "the panel placed no task at one of these levels",
    )
    columns = (
        Column("level", "Level", 16, "text", lambda d, i: LEVEL_WORDS[_line(d, i).level]),
        Column("code", "Domain code", 9, "code", lambda d, i: _line(d, i).code),
        Column("name", "Domain", 46, "text", lambda d, i: _line(d, i).name),
        *(_items_column(place, title) for place, title in enumerate(titles)),
        Column("all", "All levels", 12, "whole", _row_total),
        Column("blueprint", "Items on Blueprint", 12, "whole", _on_blueprint),
        Column("check", "Check", 18, "text", _check),
        *(_panel_column(place, title, said) for place, title in enumerate(titles)),
    )
    return Grid(NAME, columns, len(matrix.lines), title_rows(book))


def _items_column(place: int, title: str) -> Column:
    return Column(f"{place}:items", f"{title}: items", 13, "whole", lambda d, i: _line(d, i).items[place])


def _panel_column(place: int, title: str, absent: str | None) -> Column:
    return Column(
        f"{place}:panel", f"{title}: panel", 13, "percent", lambda d, i: or_dash(_line(d, i).panel[place]), absent
    )


def _matrix(book: BlueprintBook) -> CognitiveMatrix:
    return book.matrix or CognitiveMatrix((), (), ())


def _line(desk: Desk, row: int) -> MatrixLine:
    return _matrix(desk.book).lines[row]


def _span(desk: Desk, row: int) -> str:
    grid, last = desk.grids[NAME], len(_matrix(desk.book).levels) - 1
    return f"{grid.at('0:items', row)}:{grid.at(f'{last}:items', row)}"


def _row_total(desk: Desk, row: int) -> Value:
    return Formula(f"=SUM({_span(desk, row)})", sum(_line(desk, row).items))


def _work(desk: Desk, row: int) -> Working | None:
    """Return the line of the Blueprint sheet that a row of the matrix belongs to."""
    own = _line(desk, row)
    return next((w for w in desk.lines if (w.line.code, w.line.level) == (own.code, own.level)), None)


def _on_blueprint(desk: Desk, row: int) -> Value:
    work = _work(desk, row)
    return DASH if work is None else Formula("=" + desk.grids["Blueprint"].far("items", work.position), work.line.items)


def _check(desk: Desk, row: int) -> Value:
    grid, work = desk.grids[NAME], _work(desk, row)
    holds = work is not None and work.line.items == sum(_line(desk, row).items)
    test = f"{grid.at('all', row)}={grid.at('blueprint', row)}"
    return Formula(f'=IF({test},"✓ holds","{CHANGED}")', "✓ holds" if holds else CHANGED)


def write_matrix(desk: Desk, sheet: Worksheet) -> None:
    """Write the matrix with its totals and, where a count of the item bank is there, the gap."""
    grid, matrix = desk.grids[NAME], _matrix(desk.book)
    write_title(desk, sheet, "Content by cognitive level", BASIS, [column.width for column in grid.columns])
    domains = [n for n, line in enumerate(matrix.lines) if line.level == DOMAIN]
    write_grid(desk, sheet, grid, filters=False, bold=domains)
    last = _write_totals(desk, sheet, grid, matrix)
    if matrix.gaps:
        last = _write_gaps(desk, sheet, last + 2, matrix)
    _colour(desk, sheet, grid)
    freeze(sheet, grid, grid.place("name") + 1)
    protect(sheet)
    set_up_page(desk, sheet, last, len(grid.columns) - 1, grid.width)


def _write_totals(desk: Desk, sheet: Worksheet, grid: Grid, matrix: CognitiveMatrix) -> int:
    """Write items, reached share, target and difference of each level over the domains; return the last row."""
    top, count = grid.after, len(matrix.levels)
    names = ("All domains", "Share of all items", "Target share", "Difference from the target")
    styles = ("whole", "percent", "percent", "change")
    for below, (name, style) in enumerate(zip(names, styles, strict=True)):
        bold = "domain" if below else "total"
        for place in range(len(grid.columns)):
            words = name if place == grid.place("name") else None
            put(sheet, top + below, place, words, desk.formats.get("cell", "text", bold))
        for place in range(count + 1):
            key = "all" if place == count else f"{place}:items"
            value = _total(grid, matrix, key, place)[below]
            put(sheet, top + below, grid.place(key), value, desk.formats.get("cell", style, bold))
    return top + len(names) - 1


def _total(grid: Grid, matrix: CognitiveMatrix, key: str, place: int) -> tuple[Value, ...]:
    """Return the four totals of a level; the last place is that of all levels."""
    whole = sum(sum(line.items) for line in matrix.lines if line.level == DOMAIN)
    own = [line.items for line in matrix.lines if line.level == DOMAIN]
    items = whole if key == "all" else sum(cells[place] for cells in own)
    target = sum(matrix.targets) if key == "all" else matrix.targets[place]
    share = items / whole if whole else 0.0
    here, everything = grid.at(key, grid.rows), grid.at("all", grid.rows)
    reached, aimed = grid.at(key, grid.rows + 1), grid.at(key, grid.rows + 2)
    return (
        Formula(f'=SUMIF({grid.span("level")},"Domain",{grid.span(key)})', items),
        Formula(f"=IF({everything}=0,0,{here}/{everything})", share),
        Formula(f"=SUM({_targets(grid, matrix)})", target) if key == "all" else target,
        Formula(f"={reached}-{aimed}", share - target),
    )


def _targets(grid: Grid, matrix: CognitiveMatrix) -> str:
    last = len(matrix.levels) - 1
    return f"{grid.at('0:items', grid.rows + 2)}:{grid.at(f'{last}:items', grid.rows + 2)}"


def _write_gaps(desk: Desk, sheet: Worksheet, row: int, matrix: CognitiveMatrix) -> int:
    """Write what the item bank lacks, one line for each part; return the last row."""
    words = f"Item bank: {matrix.forms:g} forms' worth of items wanted"
    put(sheet, row, 0, words, desk.formats.get("headline"))
    widths = [column.width for column in desk.grids[NAME].columns]
    sheet.set_row(row + 1, row_height([(t, w, True) for t, w in zip(GAP_TITLES, widths, strict=False)]))
    for place, title in enumerate(GAP_TITLES):
        put(sheet, row + 1, place, title, desk.formats.get("header"))
    styles = ("text", "code", "text", "whole", "whole", "whole")
    for number, gap in enumerate(matrix.gaps, start=row + 2):
        sheet.set_row(number, row_height([(gap.name, widths[2], False)]))
        for place, (value, style) in enumerate(zip(_gap_values(gap), styles, strict=True)):
            put(sheet, number, place, value, desk.formats.get("cell", style))
    return row + 1 + len(matrix.gaps)


def _gap_values(gap: GapLine) -> tuple[Value, ...]:
    counts = (gap.wanted, or_dash(gap.available), or_dash(gap.missing))
    return (gap.cognitive_level, gap.code, gap.name, *counts)


def _colour(desk: Desk, sheet: Worksheet, grid: Grid) -> None:
    place = grid.place("check")
    for sign, style in (("✓", "good"), ("✗", "bad")):
        rule = {"type": "text", "criteria": "begins with", "value": sign, "format": desk.formats.rule(style)}
        sheet.conditional_format(grid.top + 1, place, grid.after - 1, place, rule)
