"""What of a run's tables may be shown to whom: no single person, no small group, no way to work one out."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SMALLEST = 10
_PERSON = {"respondent_id", "respondent_a", "respondent_b"}
_KEYS = ("scale", "variable", "task_id", "scope", "cut")
_COUNTS = ("n", "observed", "n_answered")
EVERYBODY = "ALL"


def is_personal(table: pd.DataFrame) -> bool:
    """Say whether the rows of a table are persons."""
    return bool(_PERSON & set(table.columns))


def hide(counts: Mapping[Hashable, float | None]) -> set[Hashable]:
    """Return which parts of a whole must be hidden, given how many answers each holds.

    Parts under 10 are hidden. A single hidden part could be found by subtraction, and a few could be bounded,
    so the next smallest join them until two or more are hidden and these hold 10 answers or more.
    Parts that exist but hold no answer are hidden too: that none answered is also told by nobody.
    """
    size = {key: 0 if n is None or math.isnan(n) else int(n) for key, n in counts.items()}
    order = sorted(size, key=lambda key: (size[key], str(key)))
    hidden = [key for key in order if size[key] < SMALLEST]
    rest = [key for key in order if size[key] >= SMALLEST]
    while hidden and rest and (sum(size[k] > 0 for k in hidden) < 2 or sum(size[k] for k in hidden) < SMALLEST):
        hidden.append(rest.pop(0))
    return set(hidden)


def shield(table: pd.DataFrame, sizes: Mapping[tuple[str, str], int]) -> pd.DataFrame:
    """Return a table with the numbers of small groups empty, and a column ``suppressed`` where it has groups.

    Parameters
    ----------
    sizes : mapping
        Respondents by (variable, level), for tables that do not say them; see `group_sizes`.
    """
    columns = set(table.columns)
    if {"option", "n_respondents"} <= columns:
        return _blank(table, _few_excluded(table))
    if {"group_a", "group_b"} <= columns:
        return _blank(table, _small_pairs(table, sizes))
    group = "group" if "group" in columns else "level" if {"variable", "level"} <= columns else None
    if group is None:
        return table
    count = next((name for name in _COUNTS if name in columns), None)
    if count is None:
        return _blank(table, _small_levels(table, group, sizes))
    return _blank(table, _small_cells(table, group, count))


def _small_cells(table: pd.DataFrame, group: str, count: str) -> list[bool]:
    keys = [name for name in _KEYS if name in table.columns]
    cells: dict[tuple[Any, ...], dict[Hashable, float | None]] = {}
    rows = list(zip(zip(*(table[k] for k in keys), strict=True), table[group], table[count], strict=True))
    for key, level, n in rows:
        if level != EVERYBODY:
            cells.setdefault(key, {})[level] = n
    hidden = {key: hide(counts) for key, counts in cells.items()}
    return [level in hidden.get(key, ()) for key, level, _ in rows]


def _small_levels(table: pd.DataFrame, group: str, sizes: Mapping[tuple[str, str], int]) -> list[bool]:
    hidden = hidden_levels(sizes)
    variables = table["variable"] if "variable" in table.columns else ["role"] * len(table)
    return [
        level != EVERYBODY and (variable, level) in hidden
        for variable, level in zip(variables, table[group], strict=True)
    ]


def _small_pairs(table: pd.DataFrame, sizes: Mapping[tuple[str, str], int]) -> list[bool]:
    hidden = hidden_levels(sizes)
    named = zip(table["variable"], table["group_a"], table["group_b"], strict=True)
    small = [(variable, a) in hidden or (variable, b) in hidden for variable, a, b in named]
    if {"n_a", "n_b"} <= set(table.columns):
        counts = zip(table["n_a"], table["n_b"], strict=True)
        small = [known or min(pair) < SMALLEST for known, pair in zip(small, counts, strict=True)]
    return small


def _few_excluded(table: pd.DataFrame) -> list[bool]:
    """Say which rows leave out some respondents, but fewer than 10: their answers could be found by subtraction."""
    everybody = table["n_respondents"].max()
    return [0 < everybody - n < SMALLEST for n in table["n_respondents"]]


def hidden_levels(sizes: Mapping[tuple[str, str], int]) -> set[tuple[str, str]]:
    """Return the (variable, level) that are hidden everywhere."""
    by_variable: dict[str, dict[Hashable, float | None]] = {}
    for (variable, level), n in sizes.items():
        by_variable.setdefault(variable, {})[level] = n
    return {(variable, str(level)) for variable, counts in by_variable.items() for level in hide(counts)}


def group_sizes(means: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Return how many respondents each level has: the most who answered any one task (rows of group_means)."""
    sizes: dict[tuple[str, str], int] = {}
    for row in means:
        key = row["variable"], row["level"]
        sizes[key] = max(sizes.get(key, 0), int(row["n"] or 0))
    return sizes


def _blank(table: pd.DataFrame, small: list[bool]) -> pd.DataFrame:
    """Empty every number of the rows that are small."""
    import pandas as pd

    held = pd.Series(small, index=table.index)
    shown = table.copy()
    for name in table.columns:
        if name not in {*_KEYS, "J", "n_tasks"} and pd.api.types.is_numeric_dtype(table[name]):
            shown[name] = table[name].astype("Float64" if table[name].dtype.kind == "f" else "Int64").mask(held)
    return shown.assign(suppressed=["yes" if is_small else "" for is_small in small])
