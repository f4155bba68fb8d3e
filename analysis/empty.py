"""Why cells of a table are empty, in sentences: an empty cell without a reason reads like an error."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.errors import shown
from analysis.frames import TASK


def empty_statistics(table: pd.DataFrame, scale: str) -> list[str]:
    """Return why cells of the task statistics of one scale are empty."""
    none = table.loc[table["n"] == 0, TASK].tolist()
    one = table.loc[table["n"] == 1, TASK].tolist()
    said = []
    if none:
        said.append(f"task_stats, {scale}: {_tasks(none)} no rating, so only n and the counts are given.")
    if one:
        said.append(f"task_stats, {scale}: {_tasks(one)} one rating only, so SD, SE and interval are empty.")
    return said


def empty_performing(table: pd.DataFrame) -> list[str]:
    """Return why cells of the table of shares performing are empty."""
    none = table.loc[table["n_answered"] == 0, TASK].tolist()
    return [f"performing: {_tasks(none)} no answer, so the share is empty."] if none else []


def empty_basis(table: pd.DataFrame, methods: Iterable[str]) -> list[str]:
    """Return why cells of the task indices are empty."""
    said = []
    for method in methods:
        none = table.loc[table[method].isna(), TASK].tolist()
        if none:
            said.append(
                f"task_weight_basis, {method}: {_tasks(none)} too few ratings for the index; "
                "it counts 0 in the weights."
            )
    return said


def _tasks(codes: list[str]) -> str:
    return f"{len(codes)} task(s) ({shown(codes)}) have"
