"""Which rows of each kind of table hold the numbers of too few people."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jta.services.results_crossed import CrossedTable, hide_crossed
from jta.services.results_privacy import (
    EVERYBODY,
    EXCLUSION,
    SMALLEST,
    Known,
    group_sizes,
    hidden_cells,
    is_known,
    is_personal,
    thin_tasks,
)

if TYPE_CHECKING:
    import pandas as pd

    from analysis.result import AnalysisResult

_COUNTS = ("n", "observed", "n_answered")
_PAIR = ["row_variable", "column_variable"]
_WHOLE = ["scale", "scope", "rule"]  # tables of alpha: of everybody, or of those who rated every task
_ROLE = "role"  # tables of agreement compare the groups of this background question


def shield(table: pd.DataFrame, known: Known) -> pd.DataFrame:
    """Return a table with the numbers of few people empty, and a column ``suppressed`` where some could be."""
    table = _without_few_complete(table, known.minimum)
    small = rows_to_hide(table, known)
    return table if small is None else _blank(_without_groups(_without_exclusions(table)), small)


def _without_few_complete(table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Empty what rests on complete respondents only, in the rows where these are few; the rest of a row stays."""
    if "n_complete" not in table.columns or table.empty:
        return table
    few = ~(table["n_complete"] >= minimum)
    names = [name for name in table.columns if name == "n_complete" or str(name).endswith("_listwise")]
    return table.assign(**{name: table[name].mask(few) for name in names})


def _without_exclusions(table: pd.DataFrame) -> pd.DataFrame:
    """Empty the weights and items under each exclusion rule; how many items it moves stays.

    Two rules, one rule with another cut-off in the next run, or a rule and the next data set can leave out sets that
    differ by one person: the weights of both would tell what that person answered.
    """
    if not {"option", "n_respondents"} <= set(table.columns):
        return table
    left_out = table["option"].astype(str).str.startswith(EXCLUSION)
    names = ("weight", "weight_change", "items", "items_change")
    return table.assign(**{name: table[name].mask(left_out) for name in names if name in table.columns})


def _without_groups(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out a rule's conditions on single groups: the table of groups tells those that may be told."""
    if "decision" not in table.columns:
        return table
    kept = table[[name for name in table.columns if not re.search(r" \(.+: .+\)$", str(name))]]
    told = kept["reason"].astype(str).str.contains(r"\(.+: .+\)", regex=True)
    return kept.assign(reason=kept["reason"].mask(told, "a condition on single groups is not met"))


_KEYS = ("scale", "variable", "task_id", "scope", "cut")


def _blank(table: pd.DataFrame, small: list[bool]) -> pd.DataFrame:
    """Empty every number of the rows that are small, and the reasons that hold numbers."""
    import pandas as pd

    held = pd.Series(small, index=table.index)
    shown = table.copy()
    for name in table.columns:
        if name not in {*_KEYS, "J", "n_tasks"} and pd.api.types.is_numeric_dtype(table[name]):
            shown[name] = table[name].astype("Float64" if table[name].dtype.kind == "f" else "Int64").mask(held)
        elif name == "reason":
            shown[name] = table[name].mask(held, "not shown: too few answers")
    return shown.assign(suppressed=["yes" if is_small else "" for is_small in small])


def rows_to_hide(table: pd.DataFrame, known: Known) -> list[bool] | None:
    """Return which rows to hide, or None where a table has nothing that could be small."""
    columns = set(table.columns)
    if {"row_level", "column_level"} <= columns:
        return _crossed(table, known)
    if set(_PAIR) <= columns:
        return [pair in known.crossed for pair in zip(*(table[name] for name in _PAIR), strict=True)]
    if {"option", "n_respondents"} <= columns:
        return _few_excluded(table, known.minimum)
    if {"group_a", "group_b"} <= columns:
        return _small_pairs(table, known)
    if "group" in columns or {"variable", "level"} <= columns:
        return _groups(table, known)
    if {"variable", "task_id"} <= columns:
        return [bool(known.cells.get(pair)) for pair in zip(table["variable"], table["task_id"], strict=True)]
    if {"variable", "chi2"} <= columns:
        return [variable in known.frames for variable in table["variable"]]
    return _of_everybody(table, known)


def _of_everybody(table: pd.DataFrame, known: Known) -> list[bool] | None:
    columns = set(table.columns)
    if set(_WHOLE) <= columns:
        few = [row in known.few_whole for row in zip(*(table[name] for name in _WHOLE), strict=True)]
        thin = _thin(table, known) if "task_id" in columns else few
        return [a or b for a, b in zip(few, thin, strict=True)]
    if "n_judges" in columns:
        return [not n >= known.minimum for n in table["n_judges"]]
    return _thin(table, known) if "task_id" in columns else None


def _thin(table: pd.DataFrame, known: Known) -> list[bool]:
    """Tasks that few rated: by the row's own count, and by the tasks that are thin on its scale."""
    few = [False] * len(table)
    for name in ("n", "n_answered"):
        if name in table.columns:
            few = [small or not n >= known.minimum for small, n in zip(few, table[name], strict=True)]
    scales = table["scale"] if "scale" in table.columns else [""] * len(table)
    thin = [task in known.thin.get(scale, ()) for scale, task in zip(scales, table["task_id"], strict=True)]
    return [a or b for a, b in zip(few, thin, strict=True)]


def _groups(table: pd.DataFrame, known: Known) -> list[bool]:
    level_column = "group" if "group" in table.columns else "level"
    variables = list(table["variable"]) if "variable" in table.columns else [_ROLE] * len(table)
    levels = list(table[level_column])
    count = next((name for name in _COUNTS if name in table.columns), None)
    if count is None:
        hidden = known.levels
        return [level != EVERYBODY and (v, level) in hidden for v, level in zip(variables, levels, strict=True)]
    small = _small_cells(table, known, (variables, levels), count)
    if "n_rated" in table.columns:
        rated = _small_cells(table, known, (variables, levels), "n_rated")
        small = [a or b for a, b in zip(small, rated, strict=True)]
    if "task_id" in table.columns and "scale" in table.columns:
        thin = zip(table["scale"], table["task_id"], strict=True)
        small = [a or task in known.thin.get(scale, ()) for a, (scale, task) in zip(small, thin, strict=True)]
    return small


def _small_cells(table: pd.DataFrame, known: Known, named: tuple[list[str], list[Hashable]], count: str) -> list[bool]:
    variables, levels = named
    keys = [name for name in ("scale", "variable", "task_id", "scope", "cut") if name in table.columns]
    places = list(zip(*(table[k] for k in keys), strict=True)) if keys else [()] * len(table)
    # Counts of one task are bounded by the group's size; the sizes themselves by nothing.
    sizes = known.sizes if "task_id" in keys else {}
    rows = list(zip(places, variables, levels, table[count], strict=True))
    hidden = hidden_cells((row for row in rows if row[2] != EVERYBODY), sizes, known.minimum)
    whole = {EVERYBODY, "everybody"}
    return [
        (n < known.minimum or n != n) if level in whole else level in hidden.get(place, ())
        for place, _, level, n in rows
    ]


def _small_pairs(table: pd.DataFrame, known: Known) -> list[bool]:
    hidden = known.levels
    named = list(zip(table["variable"], table["group_a"], table["group_b"], strict=True))
    small = [(variable, a) in hidden or (variable, b) in hidden for variable, a, b in named]
    if "task_id" in table.columns:
        cells = [known.cells.get((v, task), set()) for (v, _, _), task in zip(named, table["task_id"], strict=True)]
        small = [s or bool({a, b} & held) for s, (_, a, b), held in zip(small, named, cells, strict=True)]
    if {"n_a", "n_b"} <= set(table.columns):
        counts = zip(table["n_a"], table["n_b"], strict=True)
        small = [s or not min(pair) >= known.minimum for s, pair in zip(small, counts, strict=True)]
    return small


def _few_excluded(table: pd.DataFrame, minimum: int = SMALLEST) -> list[bool]:
    """Say which rows leave out some respondents, but too few: their answers could be found by subtraction."""
    everybody = table["n_respondents"].max()
    return [0 < everybody - n < minimum or n < minimum for n in table["n_respondents"]]


def _crossed(table: pd.DataFrame, known: Known) -> list[bool]:
    """Cells of crossed background questions; the same cells whichever question stands in the rows."""
    rows = list(
        zip(
            *(table[c] for c in ("row_variable", "row_level", "column_variable", "column_level", "n")), strict=True
        )
    )  # fmt: skip
    counts: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    for a, level_a, b, level_b, n in rows:
        if a < b:
            counts.setdefault((a, b), {})[level_a, level_b] = int(n)
    hidden = {pair: hide_crossed(CrossedTable(cells), known.minimum) for pair, cells in counts.items()}
    return [
        (level_a, level_b) in hidden[a, b].cells if a < b else (level_b, level_a) in hidden[b, a].cells
        for a, level_a, b, level_b, _ in rows
    ]


def know(read: Callable[[str], pd.DataFrame | None], minimum: int, scale: str | None) -> Known:
    """Work out from a run's tables what is small in it.

    Parameters
    ----------
    read : callable
        Returns a table by its name as stored, None where the run has none.
    scale : str, optional
        The scale that groups are tested on.
    """
    means, frame, crossed = read("group_means"), read("representativeness_cells"), read("crosstab")
    alpha = read("alpha")
    sizes = {} if means is None else _sizes_of(means)
    known = Known(minimum, sizes, thin=_thin_of(read, minimum))
    return replace(
        known,
        cells={} if means is None else _cells_of(means[means["scale"] == scale], known),
        frames=frozenset() if frame is None else frozenset(_marked(frame, ["variable"], known)),
        crossed=frozenset() if crossed is None else frozenset(_marked(crossed, _PAIR, known)),
        few_whole=frozenset() if alpha is None else _few_whole(alpha, minimum),
    )


def _few_whole(alpha: pd.DataFrame, minimum: int) -> frozenset[tuple[str, ...]]:
    few = alpha[~(alpha["n_rows"] >= minimum)]
    return frozenset(zip(*(few[name] for name in _WHOLE), strict=True))


def _sizes_of(means: pd.DataFrame) -> dict[tuple[str, str], int]:
    rows = zip(means["variable"], means["level"], means["n"], strict=True)
    return group_sizes({"variable": variable, "level": level, "n": n} for variable, level, n in rows)


def _marked(table: pd.DataFrame, names: list[str], known: Known) -> set[Any]:
    """Return the values of these columns in rows that are hidden."""
    columns = zip(*(table[name] for name in names), strict=True)
    found = {key for key, small in zip(columns, rows_to_hide(table, known) or (), strict=False) if small}
    return found if len(names) > 1 else {key[0] for key in found}


def _cells_of(means: pd.DataFrame, known: Known) -> dict[tuple[str, str], set[Hashable]]:
    places = zip(means["variable"], means["task_id"], strict=True)
    rows = zip(places, means["variable"], means["level"], means["n"], strict=True)
    return {(key[0], key[1]): held for key, held in hidden_cells(rows, known.sizes, known.minimum).items() if held}


def _thin_of(read: Callable[[str], pd.DataFrame | None], minimum: int) -> dict[str, frozenset[str]]:
    statistics, units = read("task_stats"), read("task_weight_basis")
    if statistics is None or statistics.empty:
        return {}
    if units is None:
        units = read("retention")
    unit_of: dict[str, str] = {}
    if units is not None:
        name = "subdomain_id" if "subdomain_id" in units.columns else "domain_id"
        unit_of = dict(zip(units["task_id"], units[name], strict=True))
    counts = zip(statistics["scale"], statistics["task_id"], statistics["n"], strict=True)
    return thin_tasks(counts, unit_of, minimum)


def for_everybody(result: AnalysisResult, minimum: int) -> AnalysisResult:
    """Return a result as files show it that everybody with a role may read: statistics of few people are empty.

    The task index and the weights stay: the workbook works the blueprint out again from them.
    """
    known = know(result.tables.get, minimum, result.choices.get("importance_scale"))
    shown = {
        name: table if name in _KEPT else shield(table, known)
        for name, table in result.tables.items()
        if is_known(name) and not is_personal(table.columns)
    }
    return replace(result, tables=shown)


_KEPT = {"task_weight_basis", "blueprint"}
