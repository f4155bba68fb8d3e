"""What every sheet shares: title block, one table of columns, page set-up, safe cell writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from jta.exports.book import BlueprintBook, BookError
from jta.exports.formats import Formats
from jta.exports.heights import row_height, upright_height
from jta.exports.text import clean_text, footer_text
from jta.exports.working import Working

ROW_LIMIT = 1_048_576
DASH = "–"
# The code and the printable pixels across, landscape with half-inch margins, of each paper.
PAPERS = {"letter": (1, 960), "legal": (5, 1248), "tabloid": (3, 1536), "a4": (9, 1026), "a3": (8, 1491)}
WIDER_PAPERS = {"letter": ("letter", "legal", "tabloid"), "a4": ("a4", "a3")}
SMALLEST_SCALE = 0.6
UNLOCKED_ACTS = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}


@dataclass(frozen=True)
class Formula:
    """A live formula of ours with the value it has now. Its text never holds a user's words."""

    text: str
    cached: float | int | str


Value = str | int | float | Formula | None
Cell = Callable[["Desk", int], Value]


@dataclass(frozen=True)
class Column:
    """One column of a table: title, width in characters, style, and the value of row ``i``.

    ``absent`` is the reason why the study has no data for it: the column is then left out and
    Read me names it with the reason. ``None`` for a column that is there. The title of an
    ``upright`` column stands on end, so that a narrow column can have a long title.
    """

    key: str
    title: str
    width: float
    style: str
    value: Cell
    absent: str | None = None
    upright: bool = False


class Grid:
    """Where a table stands: its sheet, its columns that exist, its rows."""

    def __init__(self, sheet: str, columns: Sequence[Column], rows: int, top: int) -> None:
        self.sheet = sheet
        self.columns = tuple(column for column in columns if column.absent is None)
        self.left_out = tuple(column for column in columns if column.absent is not None)
        self.rows = rows
        self.top = top
        self._places = {column.key: place for place, column in enumerate(self.columns)}
        if self.after > ROW_LIMIT:
            raise BookError(f"Sheet {sheet} would need {rows:,} rows, more than a workbook can hold.")

    @property
    def after(self) -> int:
        """The first row below the table."""
        return self.top + 1 + self.rows

    @property
    def width(self) -> float:
        """Width of all columns in characters."""
        return sum(column.width for column in self.columns)

    def has(self, key: str) -> bool:
        """Tell whether the column exists in this workbook."""
        return key in self._places

    def place(self, key: str) -> int:
        """Return the position of a column."""
        return self._places[key]

    def at(self, key: str, row: int) -> str:
        """Return a cell's address within its sheet; row 0 is the first row of the table."""
        return f"{xl_col_to_name(self._places[key])}{self.top + 2 + row}"

    def far(self, key: str, row: int) -> str:
        """Return a cell's address from another sheet."""
        return f"{self.sheet}!{self.at(key, row)}"

    def span(self, key: str, first: int = 0, last: int | None = None) -> str:
        """Return the fixed address of a column's rows ``first`` to ``last`` (all by default)."""
        column = xl_col_to_name(self._places[key])
        end = self.rows - 1 if last is None else last
        return f"${column}${self.top + 2 + first}:${column}${self.top + 2 + end}"

    def far_span(self, key: str) -> str:
        """Return the fixed address of a column's rows from another sheet."""
        return f"{self.sheet}!{self.span(key)}"


class Desk:
    """Everything the sheets' writers share while one workbook is written."""

    def __init__(self, workbook: Workbook, book: BlueprintBook, lines: tuple[Working, ...]) -> None:
        self.workbook = workbook
        self.book = book
        self.lines = lines
        self.steps = tuple(sorted(lines, key=lambda work: work.step))
        self.formats = Formats(workbook)
        self.grids: dict[str, Grid] = {}
        self.sheets: dict[str, Worksheet] = {}


def put(sheet: Worksheet, row: int, column: int, value: Value, look: Format) -> None:
    """Write one cell. Text stays text whatever it starts with; only a `Formula` is a formula."""
    if value is None:
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, Formula):
        sheet.write_formula(row, column, value.text, look, value.cached)
    elif isinstance(value, str):
        sheet.write_string(row, column, clean_text(value), look)
    else:
        sheet.write_number(row, column, value, look)


def unless(there: bool, reason: str) -> str | None:
    """Return the reason a column is left out, unless its data are there."""
    return None if there else reason


def title_rows(book: BlueprintBook) -> int:
    """Return how many rows the title block takes."""
    return 5 if book.notice else 4


def write_title(desk: Desk, sheet: Worksheet, title: str, basis: str, widths: Sequence[float]) -> None:
    """Write the block at the top: title, study and status, which tasks are used, the notice."""
    book = desk.book
    about = [book.study, book.credential, f"version {book.version}", book.status]
    rows = [("title", title), ("subtitle", " · ".join(x for x in about if x)), ("subtitle", basis)]
    if book.notice:
        rows.append(("notice", book.notice))
    for row, (style, text) in enumerate(rows):
        look = desk.formats.get(style)
        shown = clean_text(text)
        sheet.merge_range(row, 0, row, max(1, len(widths) - 1), "", look)
        sheet.write_string(row, 0, shown, look)
        size = 16 if style == "title" else 10
        sheet.set_row(row, row_height([(shown, sum(widths), style != "subtitle")], size))
    sheet.set_row(len(rows), 7)


def write_grid(desk: Desk, sheet: Worksheet, grid: Grid, *, filters: bool, bold: Sequence[int] = ()) -> None:
    """Write a table: titles, every cell, row heights, filters if wanted. Rows in ``bold`` stand out."""
    for place, column in enumerate(grid.columns):
        sheet.set_column(place, place, column.width)
    for row in range(grid.rows):
        emphasis = ("domain",) if row in bold else ()
        values = [column.value(desk, row) for column in grid.columns]
        for place, (column, value) in enumerate(zip(grid.columns, values, strict=True)):
            look = desk.formats.get("cell", column.style, *emphasis)
            put(sheet, grid.top + 1 + row, place, value, look)
        sheet.set_row(grid.top + 1 + row, _height_of(grid, values, bold=row in bold))
    _write_heads(desk, sheet, grid, filters=filters)


def _write_heads(desk: Desk, sheet: Worksheet, grid: Grid, *, filters: bool) -> None:
    """Write the titles of the columns, as a table that spreadsheet programs know if it has rows."""
    looks = [desk.formats.get("header", *(("upright",) if c.upright else ())) for c in grid.columns]
    sheet.set_row(grid.top, _heads_height(grid, filters=filters))
    if not grid.rows:
        for place, column in enumerate(grid.columns):
            put(sheet, grid.top, place, column.title, looks[place])
        return
    options = {
        "name": "Table_" + grid.sheet.replace(" ", "_"),
        "style": None,
        "autofilter": filters,
        "columns": [
            {"header": column.title, "header_format": look} for column, look in zip(grid.columns, looks, strict=True)
        ],
    }
    sheet.add_table(grid.top, 0, grid.after - 1, len(grid.columns) - 1, options)


def _heads_height(grid: Grid, *, filters: bool) -> float:
    """Return the height of the row of titles. A filter's button covers a line, so it gets one more."""
    button = "\n" if filters and grid.rows else ""
    level = [(c.title + button, c.width, True) for c in grid.columns if not c.upright]
    standing = [(c.title, c.width) for c in grid.columns if c.upright]
    needed = upright_height(standing) + (15 if button else 0) if standing else 0.0
    return max(row_height(level), needed)


def _height_of(grid: Grid, values: Sequence[Value], *, bold: bool) -> float:
    """Return the height the row's texts need, each in its column."""
    texts = [value.cached if isinstance(value, Formula) else value for value in values]
    return row_height(
        [(text, column.width, bold) for text, column in zip(texts, grid.columns, strict=True) if isinstance(text, str)]
    )


def write_list(
    desk: Desk, sheet: Worksheet, name: str, title: str, basis: str, *, held: int = 0, printed: int | None = None
) -> None:
    """Write a sheet that is one table with filters; ``held`` columns stay in view, ``printed`` rows print (or all)."""
    grid = desk.grids[name]
    write_title(desk, sheet, title, basis, [column.width for column in grid.columns])
    write_grid(desk, sheet, grid, filters=True)
    freeze(sheet, grid, held)
    last = grid.after - 1 if printed is None else grid.top + printed
    set_up_page(desk, sheet, last, len(grid.columns) - 1, grid.width)


def or_dash(value: Value) -> Value:
    """Return the sign for "cannot be computed, or does not apply" where there is no value."""
    return DASH if value is None or value == "" else value


def set_up_page(desk: Desk, sheet: Worksheet, last_row: int, last_column: int, width: float) -> None:
    """Set landscape, one page wide, footer with study, status, sheet and page, print area.

    ``width`` is that of the columns in characters: too many of them go on a wider paper.
    """
    book = desk.book
    sheet.set_landscape()
    sheet.set_paper(PAPERS[_fitting_paper(book.paper, width, last_column + 1)][0])
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.5, bottom=0.8)
    sheet.print_area(0, 0, last_row, last_column)
    left = footer_text(f"{book.study} · version {book.version} · {book.status}", 85)
    notice = "\n" + footer_text(book.notice, 85) if book.notice else ""
    sheet.set_footer(f"&L&8 {left}{notice}&R&8 {sheet.get_name()}, page &P of &N", {"margin": 0.3})
    sheet.hide_gridlines(2)


def _fitting_paper(paper: str, width: float, columns: int) -> str:
    """Return the first paper, from the book's own on, on which the sheet is not printed too small."""
    pixels = width * 7 + columns * 5
    papers = WIDER_PAPERS.get(paper, (paper,))
    return next((name for name in papers if PAPERS[name][1] / pixels >= SMALLEST_SCALE), papers[-1])


def freeze(sheet: Worksheet, grid: Grid, columns: int) -> None:
    """Keep the titles in view and on every printed page."""
    sheet.freeze_panes(grid.top + 1, columns)
    sheet.repeat_rows(0, grid.top)


def protect(sheet: Worksheet) -> None:
    """Lock what is not an input. There is no password: it guards against slips, not people."""
    sheet.protect("", UNLOCKED_ACTS)
