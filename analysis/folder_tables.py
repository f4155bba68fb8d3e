"""The small files of a study folder: tasks, scales, respondents, population, forms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.csv_text import Problems, code_fault, open_table, read_blocks
from analysis.errors import ScaleError
from analysis.folder_values import NUMBER, parse_value
from analysis.frames import TASK_COLUMNS, complete_tasks
from analysis.scales import MAX_ANCHORS, RatingScale, integer_scale

# What zero_means must hold for the point 0 to say that the task is not done.
NOT_PERFORMED = "not perform"


@dataclass
class SmallTable:
    """A small CSV file: every named column as text, the number of each row, and where to note faults."""

    name: str
    frame: pd.DataFrame
    rows: list[int]
    problems: Problems

    def fault(self, i: int, column: str, text: str) -> None:
        """Note a fault of the i-th row."""
        self.problems.add(self.name, self.rows[i], column, text)

    def check(self, column: str, fault: Callable[[str], str | None]) -> None:
        """Note the fault, if any, of each cell of a column."""
        for i, cell in enumerate(self.frame[column]):
            if text := fault(cell):
                self.fault(i, column, text)

    def check_unique(self, column: str) -> None:
        """Note each cell that stands in an earlier row too."""
        for i, again in enumerate(self.frame[column].duplicated()):
            if again:
                self.fault(i, column, f"{self.frame[column][i]!r} stands in an earlier row too; give each its own.")

    def check_one(self, column: str, of: str) -> None:
        """Note each row whose cell differs from that of an earlier row with the same code."""
        first: dict[str, str] = {}
        for i, (code, cell) in enumerate(zip(self.frame[of], self.frame[column], strict=True)):
            if first.setdefault(code, cell) != cell:
                text = f"{of} {code!r} has {column} {first[code]!r} in an earlier row and {cell!r} here; use one."
                self.fault(i, column, text)


def read_table(
    path: Path, needed: Sequence[str], problems: Problems, optional: Sequence[str] | None = ()
) -> SmallTable | None:
    """Return a small file, or ``None`` with a note of why it cannot be read; ``optional`` as in `open_table`."""
    table = open_table(path, needed, problems, optional)
    if table is None:
        return None
    before = problems.total
    numbers: list[int] = []
    rows: list[list[str]] = []
    for block_numbers, block in read_blocks(table, problems):
        numbers += block_numbers
        rows += block
    if not rows and problems.total == before:
        problems.add(path.name, 0, "", "the file has a header but no rows.")
    columns = {name: [row[place] for row in rows] for name, place in table.columns.items()}
    return SmallTable(path.name, pd.DataFrame(columns, dtype=object), numbers, problems)


def read_tasks(path: Path, problems: Problems) -> pd.DataFrame | None:
    """Return the tasks in the order of the file; ``task_id`` and ``domain_id`` are needed.

    Missing columns are filled as `analysis.frames.complete_tasks` says; an empty position is the row's
    number, an empty name the code. Tasks with faults come as they stand, so that ratings can be checked
    against their codes; without some of the rows they cannot, and ``None`` comes back.
    """
    start = problems.total
    table = read_table(path, ("task_id", "domain_id"), problems, TASK_COLUMNS)
    if table is None:
        return None
    before = problems.total
    table.check("task_id", code_fault)
    table.check_unique("task_id")
    table.check("domain_id", code_fault)
    _fill_names(table)
    table.check_one("domain_name", of="domain_id")
    if "subdomain_id" in table.frame:
        table.check("subdomain_id", lambda code: code_fault(code) if code else None)
        inside = table.frame["subdomain_id"] != ""
        part = SmallTable(table.name, table.frame[inside].reset_index(drop=True), _pick(table.rows, inside), problems)
        part.check_one("domain_id", of="subdomain_id")
        part.check_one("subdomain_name", of="subdomain_id")
    if "position" in table.frame:
        table.check("position", lambda text: _whole_fault(text) if text.strip() else None)
    if before > start or table.frame.empty:
        return None
    return table.frame if problems.total > before else complete_tasks(_with_positions(table.frame))


def _pick(rows: list[int], chosen: pd.Series) -> list[int]:
    return [row for row, inside in zip(rows, chosen, strict=True) if inside]


def _fill_names(table: SmallTable) -> None:
    for code, name in (("domain_id", "domain_name"), ("subdomain_id", "subdomain_name")):
        if code in table.frame:
            given = table.frame[name].str.strip() if name in table.frame else ""
            table.frame[name] = table.frame[code].where(pd.Series(given, index=table.frame.index) == "", given)


def _with_positions(frame: pd.DataFrame) -> pd.DataFrame:
    if "position" not in frame:
        return frame
    positions = [parse_value(text.strip()) if text.strip() else i for i, text in enumerate(frame["position"], 1)]
    return frame.assign(position=positions)


def _whole_fault(text: str) -> str | None:
    number = text.strip()
    if NUMBER.fullmatch(number) and float(number).is_integer() and abs(float(number)) < 10**6:
        return None
    return f"{text!r} is not a whole number below a million."


def read_scales(path: Path, problems: Problems) -> list[RatingScale] | None:
    """Return the rating scales: the whole numbers from ``min`` to ``max``.

    The point 0 means "not performed" where ``zero_means`` says so ("not performed").
    """
    table = read_table(path, ("scale", "min", "max"), problems, ("zero_means",))
    if table is None:
        return None
    before = problems.total
    table.check("scale", code_fault)
    table.check_unique("scale")
    table.check("min", _whole_fault)
    table.check("max", _whole_fault)
    if problems.total > before:
        return None
    scales = [_scale(table, i) for i in range(len(table.rows))]
    return None if problems.total > before else [scale for scale in scales if scale]


def _scale(table: SmallTable, i: int) -> RatingScale | None:
    row = table.frame.iloc[i]
    skips = NOT_PERFORMED in str(row.get("zero_means", "")).casefold()
    low, high = parse_value(row["min"].strip()), parse_value(row["max"].strip())
    try:
        return integer_scale(row["scale"], low, high, zero_not_performed=skips)
    except ScaleError as error:
        table.fault(i, "zero_means" if skips and low <= high else "max", str(error))
        return None


def scale_of_range(code: str, low: int, high: int, *, frequency: bool) -> RatingScale | None:
    """Return the scale taken as given where no file states it; ``None`` if it would have too many points.

    It runs from 1, or the smallest rating if that is lower, to the largest rating; on the frequency
    scale 0 means "not performed".
    """
    low = min(1, low)
    if high - low >= MAX_ANCHORS or high < low:
        return None
    return integer_scale(code, low, high, zero_not_performed=frequency and low <= 0 <= high)


def read_respondents(path: Path, problems: Problems) -> pd.DataFrame | None:
    """Return respondents and their background as text without blanks around.

    ``None`` without the file, or where some of its rows cannot be read.
    """
    before = problems.total
    table = read_table(path, ("respondent_id",), problems, None) if path.is_file() else None
    if table is None:
        return None
    whole = problems.total == before
    table.check("respondent_id", code_fault)
    table.check_unique("respondent_id")
    return _stripped(table.frame) if whole else None


def _stripped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].astype(object).str.strip() for name in frame.columns})


def read_population(path: Path, problems: Problems) -> pd.DataFrame | None:
    """Return the population margins (``share`` and ``count`` as numbers, empty = NaN), or ``None``."""
    table = read_table(path, ("variable", "level", "share", "count"), problems) if path.is_file() else None
    if table is None:
        return None
    for column in ("share", "count"):
        table.check(column, _number_fault)
        table.frame[column] = table.frame[column].map(_number).astype("float64")
    for column in ("variable", "level"):
        table.frame[column] = table.frame[column].str.strip()
    return table.frame[["variable", "level", "share", "count"]]


def _number_fault(text: str) -> str | None:
    number = text.strip()
    if not number or (NUMBER.fullmatch(number) and math.isfinite(float(number)) and float(number) >= 0):
        return None
    return f"{text!r} is not a number of 0 or more."


def _number(text: str) -> float:
    return float(text) if text.strip() and not _number_fault(text) else math.nan


def read_forms(path: Path, tasks: set[str] | None, problems: Problems) -> pd.DataFrame | None:
    """Return which tasks stand on which form, or ``None`` without the file."""
    table = read_table(path, ("form_id", "task_id"), problems, ("position", "block")) if path.is_file() else None
    if table is None:
        return None
    table.check("form_id", code_fault)
    if tasks is not None:
        table.check("task_id", lambda task: None if task in tasks else f"the task {task!r} is not in tasks.csv.")
    return _stripped(table.frame)
