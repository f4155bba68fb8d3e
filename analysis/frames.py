"""Column names of the tables the analysis reads, and the one check that they are there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.errors import RatingDataError, shown

Texts = npt.NDArray[np.object_]
RESPONDENT = "respondent_id"
TASK = "task_id"
SCALE = "scale"
ANCHOR = "anchor"
DOMAIN = "domain_id"
SUBDOMAIN = "subdomain_id"
FORM = "form_id"
TASK_COLUMNS = (TASK, "position", DOMAIN, "domain_name", SUBDOMAIN, "subdomain_name", "task_text")
LONG_COLUMNS = (RESPONDENT, TASK, SCALE, ANCHOR)


def require_columns(frame: pd.DataFrame, columns: Iterable[str], table: str) -> None:
    """Raise unless every column is in the table.

    Raises
    ------
    RatingDataError
        Naming the table and the columns it lacks.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise RatingDataError(f"The table of {table} lacks the column(s) {shown(missing)}.")


def require_unique(values: pd.Series, what: str) -> None:
    """Raise if a value occurs twice or is empty.

    Raises
    ------
    RatingDataError
        Naming the first values that occur more than once.
    """
    repeated = values[values.duplicated()].unique().tolist()
    if repeated:
        raise RatingDataError(f"Each {what} may occur only once; repeated: {shown(repeated)}.")
    if (values == "").any():
        raise RatingDataError(f"A {what} is empty; give each row one.")


def text_columns(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return the table with the named columns as text; a missing value becomes the empty text."""
    changed = {name: frame[name].fillna("").astype(str) for name in columns}
    return frame.assign(**changed)


def complete_tasks(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return the task table in its full form, in its own order.

    Only ``task_id`` and ``domain_id`` are needed. A missing ``position`` is the row's number from 1,
    a missing name is the code, a missing subdomain or statement is empty.

    Returns
    -------
    DataFrame of shape (T, 7)
        `TASK_COLUMNS`, text but for the whole number ``position``, index 0 .. T-1.

    Raises
    ------
    RatingDataError
        If a needed column is missing, a task code occurs twice, or a code is empty.
    """
    require_columns(tasks, (TASK, DOMAIN), "tasks")
    table = tasks.reset_index(drop=True)
    if "position" not in table:
        table = table.assign(position=range(1, len(table) + 1))
    for name, source in (
        ("domain_name", DOMAIN),
        (SUBDOMAIN, None),
        ("subdomain_name", SUBDOMAIN),
        ("task_text", None),
    ):
        if name not in table:
            table = table.assign(**{name: table[source] if source else ""})
    table = text_columns(table, [name for name in TASK_COLUMNS if name != "position"])
    require_unique(table[TASK], "task code")
    if (table[DOMAIN] == "").any():
        raise RatingDataError("A task has no domain; give each task a domain_id.")
    return table.loc[:, list(TASK_COLUMNS)].astype({"position": "int64"})


def text_array(values: Iterable[object]) -> Texts:
    """Return an object array of texts (no fixed width: a code may be long)."""
    texts = [str(value) for value in values]
    array = np.empty(len(texts), dtype=np.object_)
    array[:] = texts
    return array
