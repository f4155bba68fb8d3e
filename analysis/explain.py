"""What each table of results means: its sentence, its columns, its formula and where the formula comes from."""

from __future__ import annotations

from analysis.explain_columns import ANY_COUNT, COLUMNS, OWN_COLUMNS
from analysis.explain_tables import TABLES, Explanation

WIDTH = 30


def explanation_of(table: str) -> Explanation:
    """Return what a table means.

    Parameters
    ----------
    table : str
        Name of a table or document, with or without ``.csv``, ``.json``.

    Raises
    ------
    KeyError
        If there is no such table.
    """
    return TABLES[table.removesuffix(".csv").removesuffix(".json")]


def column_words(table: str, column: str) -> str:
    """Return what a column of a table holds.

    Raises
    ------
    KeyError
        If the table has no such column.

    Examples
    --------
    >>> column_words("task_stats", "count_4")
    'answers of exactly 4'
    """
    own = OWN_COLUMNS.get(table, {})
    if column in own:
        return own[column]
    if column.startswith("count_"):
        return ANY_COUNT.format(column.removeprefix("count_"))
    return COLUMNS[column]


def explain(table: str) -> str:
    """Return a table's explanation as text: meaning, columns, formula, source.

    Parameters
    ----------
    table : str
        Name of a table or document.

    Raises
    ------
    KeyError
        If there is no such table.
    """
    found = explanation_of(table)
    name = table.removesuffix(".csv").removesuffix(".json")
    lines = [name, "", found.meaning, "", "Columns"]
    lines += [f"  {column:<{WIDTH}} {column_words(name, column)}" for column in found.columns]
    lines += ["", "Formula", f"  {found.formula}", "", "Source", f"  {found.source}"]
    return "\n".join(lines)


def list_tables() -> str:
    """Return the name and first sentence of every table, one a line."""
    return "\n".join(f"{name:<{WIDTH}} {found.meaning.split('. ')[0].rstrip('.')}." for name, found in TABLES.items())
