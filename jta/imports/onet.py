"""O*NET's own files, tab-separated: the task statements of an occupation, and what is published of their ratings."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from jta.imports.encoding import decode
from jta.imports.limits import MEGABYTE, Limits
from jta.imports.result import RefusedError
from jta.imports.text import clean, shown

ATTRIBUTION = (
    "This includes information from the O*NET Database by the U.S. Department of Labor, Employment and Training "
    "Administration (USDOL/ETA). Used under the CC BY 4.0 license. O*NET(R) is a trademark of USDOL/ETA. USDOL/ETA has "
    "not approved, endorsed or tested any modification."
)
_CODE, _TASK_ID, _TASK, _TYPE = "O*NET-SOC Code", "Task ID", "Task", "Task Type"
_SCALE, _CATEGORY, _VALUE, _N = "Scale ID", "Category", "Data Value", "N"
_LONGEST_LINE = 10_000
_MOST_ROWS = 400_000


@dataclass
class OnetTask:
    """One task of an occupation: importance on 1 to 5, relevance as a share, frequency as the mean of points 1 to 7."""

    code: str
    statement: str
    kind: str = ""
    figures: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class OnetFile:
    """The tasks of one occupation; ``occupations`` are all that the file holds."""

    occupation: str
    tasks: list[OnetTask]
    occupations: tuple[str, ...]


def read_onet(
    statements: bytes, ratings: bytes | None = None, occupation: str = "", limits: Limits | None = None
) -> OnetFile:
    """Read "Task Statements.txt", and "Task Ratings.txt" where it is given, for one occupation.

    Parameters
    ----------
    occupation : str
        Its O*NET-SOC code, such as 11-3021.00; may be empty where the file holds one only.

    Raises
    ------
    RefusedError
        If a file is too large or not O*NET's, or it is not clear which occupation is meant.
    """
    most = limits or Limits()
    listed: dict[str, list[OnetTask]] = {}
    for row in _rows(statements, "Task Statements", (_CODE, _TASK_ID, _TASK), most):
        listed.setdefault(row[_CODE], []).append(_task(row))
    code = _choose(occupation.strip(), tuple(listed))
    tasks = {task.code: task for task in listed[code]}
    if len(tasks) < len(listed[code]):
        raise RefusedError(f"The occupation {code} has the same Task ID twice.")
    if ratings:
        columns = (_CODE, _TASK_ID, _SCALE, _CATEGORY, _VALUE, _N)
        for row in _rows(ratings, "Task Ratings", columns, most):
            if row[_CODE] == code and row[_TASK_ID] in tasks:
                _take_rating(tasks[row[_TASK_ID]], row)
        for task in tasks.values():
            _finish(task)
    return OnetFile(code, list(tasks.values()), tuple(listed))


def _rows(data: bytes, name: str, needed: tuple[str, ...], limits: Limits) -> Iterator[dict[str, str]]:
    if len(data) > limits.upload:
        raise RefusedError(
            f"{name} is larger than {limits.upload // MEGABYTE} MB. Keep the rows of your occupation and send those."
        )
    text = decode(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        header = [title.strip() for title in next(reader, [])]
        if missing := [title for title in needed if title not in header]:
            raise RefusedError(f"{name} has no column {shown(missing[0])}. Send the tab-separated file of O*NET.")
        for number, cells in enumerate(reader, start=2):
            if number > _MOST_ROWS or max(map(len, cells), default=0) > _LONGEST_LINE:
                raise RefusedError(f"{name} has too many or too long rows. Keep the rows of your occupation.")
            if cells:
                yield _row(header, cells, name, number)
    except csv.Error:
        raise RefusedError(f"{name} cannot be read as a tab-separated file.") from None


def _row(header: list[str], cells: list[str], name: str, number: int) -> dict[str, str]:
    if len(cells) != len(header):
        raise RefusedError(f"Row {number} of {name} has {len(cells)} cells, the header {len(header)}.")
    return dict(zip(header, (cell.strip() for cell in cells), strict=True))


def _task(row: dict[str, str]) -> OnetTask:
    cleaned = clean(row[_TASK])
    if cleaned.reason or not cleaned.text or not row[_TASK_ID].isdigit():
        raise RefusedError(f"The task {shown(row[_TASK_ID])} of O*NET has no usable code or statement.")
    return OnetTask(row[_TASK_ID], cleaned.text, row.get(_TYPE, ""))


def _choose(occupation: str, found: tuple[str, ...]) -> str:
    if not found:
        raise RefusedError("Task Statements has column names but no rows below them.")
    if occupation in found:
        return occupation
    if occupation:
        raise RefusedError(f"The occupation {shown(occupation)} is not in the file.")
    if len(found) > 1:
        raise RefusedError(f"The file holds {len(found)} occupations. Name one by its code, such as {found[0]}.")
    return found[0]


def _take_rating(task: OnetTask, row: dict[str, str]) -> None:
    value, n = _number(row[_VALUE]), _number(row[_N])
    if value is None:
        return
    counted = {} if n is None else {"n": n}
    if row[_SCALE] == "IM":
        task.figures["importance"] = {"mean": value, **counted}
    elif row[_SCALE] == "RT":
        task.figures["performing"] = {"share": value / 100, **counted}
    elif row[_SCALE] == "FT" and (point := _number(row[_CATEGORY])) is not None:
        parts = task.figures.setdefault("frequency", {"sum": 0.0, "percent": 0.0, **counted})
        parts["sum"] += point * value
        parts["percent"] += value


def _finish(task: OnetTask) -> None:
    """Make the mean of the frequency points: their percentages are rounded and need not sum to 100."""
    parts = task.figures.pop("frequency", None)
    if parts is not None and parts["percent"] > 0:
        counted = {"n": parts["n"]} if "n" in parts else {}
        task.figures["frequency"] = {"mean": parts["sum"] / parts["percent"], **counted}


def _number(text: str) -> float | None:
    """Return a finite number, or None for "n/a" and the like."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and abs(found) < 1e9 else None
