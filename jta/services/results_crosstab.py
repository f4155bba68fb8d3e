"""The page of crossed answers: two background questions against each other."""

from __future__ import annotations

from dataclasses import dataclass

from jta.charts import Axis, axis_for
from jta.services.results_tables import Row, Tables, words_of


@dataclass(frozen=True)
class CrossedRow:
    """One answer in the rows: respondents, and a cell for each answer in the columns."""

    title: str
    n: int | None
    cells: tuple[Row, ...]


@dataclass(frozen=True)
class CrosstabPage:
    """One pair of background questions; shares are of the row."""

    row_variable: str
    column_variable: str
    variables: dict[str, str]
    columns: tuple[str, ...]
    rows: tuple[CrossedRow, ...]
    axis: Axis
    test: Row
    n_hidden: int
    why_not: str | None


def crosstab_page(tables: Tables, *, rows: str | None = None, columns: str | None = None) -> CrosstabPage:
    """Return two questions crossed; an unknown one counts as the first that is not the other."""
    words = words_of(tables.run)
    names = list(dict.fromkeys(row["row_variable"] for row in tables.rows("crosstab_tests")))
    first = rows if rows is not None and rows in names else next(iter(names), "")
    others = [name for name in names if name != first]
    second = columns if columns is not None and columns in others else next(iter(others), "")
    cells = tables.rows("crosstab", row_variable=first, column_variable=second)
    levels = words.in_order(first, (cell["row_level"] for cell in cells))
    answers = words.in_order(second, (cell["column_level"] for cell in cells))
    cells.sort(key=lambda cell: answers.index(cell["column_level"]))
    return CrosstabPage(
        row_variable=first,
        column_variable=second,
        variables={name: words.variable(name) for name in names},
        columns=tuple(words.group(second, level) for level in answers),
        rows=tuple(_row(words.group(first, level), [c for c in cells if c["row_level"] == level]) for level in levels),
        axis=axis_for([], within=(0, 1), percent=True),
        test=tables.one("crosstab_tests", row_variable=first, column_variable=second),
        n_hidden=sum(bool(cell["suppressed"]) for cell in cells),
        why_not=tables.why_not("crosstab"),
    )


def _row(title: str, cells: list[Row]) -> CrossedRow:
    known = [cell["n_row"] for cell in cells if cell["n_row"] is not None]
    return CrossedRow(title, next(iter(known), None), tuple(cells))
