"""Ratings collected elsewhere: long (one rating a row) or wide (one respondent a row)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from jta.imports.guard import guarded
from jta.imports.kinds import RATINGS, SCALES
from jta.imports.limits import Limits
from jta.imports.rating_cells import Ids, Values
from jta.imports.records import HEADER_ROW, TOTAL_REASON, Reader
from jta.imports.result import RatingTable, ReadResult
from jta.imports.source import Cell, Source, header_notes, is_partly_blank, take_header, text_of
from jta.imports.text import shown


@dataclass(frozen=True)
class Known:
    """What the study knows, to check a file of ratings against it; ``None`` leaves a check out.

    ``scales`` maps each scale's code to the codes of its anchors; ``withdrawn`` are respondents whose
    ratings must not come back.
    """

    respondents: Collection[str] | None = None
    tasks: Collection[str] | None = None
    scales: Mapping[str, Collection[str]] | None = None
    withdrawn: Collection[str] = field(default_factory=frozenset)


def read_ratings(data: bytes, filename: str, limits: Limits | None = None, known: Known | None = None) -> ReadResult:
    """Read ratings from CSV, XLSX or JSON, long or wide.

    Parameters
    ----------
    data : bytes
        The whole file.
    filename : str
        Its name; the ending must fit the content.
    limits : Limits, optional
        The largest file accepted.
    known : Known, optional
        The study's respondents, tasks and scales. Without scales a value is a whole number from 0 to 20.

    Returns
    -------
    ReadResult
        ``ratings`` holds the good ratings. An empty answer is no rating; its row counts as accepted.
    """

    def read(source: Source, limits: Limits) -> ReadResult:
        return _read(source, limits, known or Known())

    return guarded(RATINGS, data, filename, limits or Limits(), read)


def _read(source: Source, limits: Limits, known: Known) -> ReadResult:
    scales = SCALES if known.scales is None else tuple(known.scales)
    header = take_header(source, RATINGS, limits, scales)
    reader = Reader(source, header, RATINGS, limits, limits.rating_rows)
    table = _Wide(reader, known, limits).read() if header.wide else _Long(reader, known, limits).read()
    found = reader.found
    notes = header_notes(header) + source.notes + found.cleaned()
    return ReadResult("ratings", reader.accepted, ratings=table, cleaned=notes, problems=found.problems())


class _Sheet:
    """What long and wide have in common: the lists that ratings point into."""

    def __init__(self, reader: Reader, known: Known, limits: Limits) -> None:
        self.reader = reader
        self.table = table = RatingTable()
        self.respondents = Ids(table.respondents, reader, "respondent_id", limits.cell, known.respondents)
        self.respondents.withdrawn = known.withdrawn
        self.tasks = Ids(table.tasks, reader, "task_id", limits.cell, known.tasks)
        self.scales = Ids(table.scales, reader, "scale", limits.cell, known.scales, folded=True)
        self.values = Values(table.values, reader, limits.cell, known.scales)

    def add(self, row: int, respondent: int, task: int, scale: int, value: int) -> None:
        """Append one rating."""
        table = self.table
        table.row.append(row)
        table.respondent.append(respondent)
        table.task.append(task)
        table.scale.append(scale)
        table.value.append(value)


class _Long(_Sheet):
    def read(self) -> RatingTable:
        """Read one rating a row. The loop looks texts up; whatever is new or odd goes the slow way."""
        places = [self.reader.header.index[name] for name in ("respondent_id", "task_id", "scale", "value")]
        r, t, s, v = places
        people, tasks, scales = self.respondents.fast.get, self.tasks.fast.get, self.scales.fast.get
        values, add = self.values.fast, self.add
        for number, cells in self.reader.rows():
            person, task, scale = people(cells[r], -1), tasks(cells[t], -1), scales(cells[s], -1)
            value = values.get((scale, cells[v]), -1)
            if person < 0 or task < 0 or value < 0:
                self._slowly(number, [cells[i] for i in places], cells)
            else:
                add(number, person, task, scale, value)
        self.reader.check_hidden_columns()
        return _without_repeats(self.table, self.reader)

    def _slowly(self, number: int, cells: list[Cell], row: list[Cell]) -> None:
        if is_partly_blank(cells) and self.reader.is_total(row):
            self.reader.found.problem(number, "", TOTAL_REASON)
            return
        person, task = self.respondents.index(number, cells[0]), self.tasks.index(number, cells[1])
        scale = self.scales.index(number, cells[2])
        value = self.values.index(number, cells[3], scale, self.table.scales, self.reader.title("value"))
        if number in self.reader.found.bad_rows:
            return
        if value >= 0:
            self.add(number, person, task, scale, value)
        elif not text_of(cells[3]).strip():
            self.reader.found.note("Empty answers were read as not answered", number, self.reader.title("value"))


class _Wide(_Sheet):
    def read(self) -> RatingTable:
        """Read one respondent a row; an empty cell is a task not answered."""
        place = self.reader.header.index["respondent_id"]
        columns = self._columns()
        rows: dict[int, int] = {}
        for number, cells in self.reader.rows():
            person = self.respondents.index(number, cells[place])
            if person >= 0 and rows.setdefault(person, number) != number:
                reason = f"{shown(self.table.respondents[person])} is already in row {rows[person]}."
                self.reader.found.problem(number, self.reader.title("respondent_id"), reason)
            ratings = self._ratings(number, cells, columns)
            if number not in self.reader.found.bad_rows:
                for task, scale, value in ratings:
                    self.add(number, person, task, scale, value)
        self.reader.check_hidden_columns()
        return self.table

    def _columns(self) -> list[tuple[int, int, int, str]]:
        """Return place, task, scale and title of each column of ratings; bad codes are problems of row 1."""
        header = self.reader.header
        found = []
        for place, task, scale in header.wide:
            title = header.titles[place]
            indices = self.tasks.index(HEADER_ROW, task, title), self.scales.index(HEADER_ROW, scale, title)
            found.append((place, *indices, title))
        return found

    def _ratings(
        self, number: int, cells: list[Cell], columns: list[tuple[int, int, int, str]]
    ) -> list[tuple[int, int, int]]:
        found = []
        fast, slow, scales = self.values.fast, self.values.index, self.table.scales
        for place, task, scale, title in columns:
            cell = cells[place]
            if cell == "" or scale < 0:
                continue
            value = fast.get((scale, cell), -1)
            if value < 0:
                value = slow(number, cell, scale, scales, title)
            if value >= 0:
                found.append((task, scale, value))
        return found


def _without_repeats(table: RatingTable, reader: Reader) -> RatingTable:
    """Report every rating given again for the same respondent, task and scale, and leave it out."""
    import numpy as np

    names = ("row", "respondent", "task", "scale", "value")
    columns = {name: np.frombuffer(getattr(table, name), dtype=np.intc) for name in names}
    keys = columns["respondent"].astype(np.int64) * max(len(table.tasks), 1) + columns["task"]
    keys = keys * max(len(table.scales), 1) + columns["scale"]
    order = np.argsort(keys, kind="stable")
    again = np.zeros(len(keys), dtype=bool)
    again[1:] = keys[order][1:] == keys[order][:-1]
    if not again.any():
        return table
    starts = np.maximum.accumulate(np.where(again, 0, np.arange(len(keys))))
    for later, first in zip(order[again].tolist(), order[starts[again]].tolist(), strict=True):
        _report_repeat(table, reader, later, first)
    kept = np.ones(len(keys), dtype=bool)
    kept[order[again]] = False
    for name in names:
        fresh = type(table.row)("i")
        fresh.frombytes(columns[name][kept].tobytes())
        setattr(table, name, fresh)
    return table


def _report_repeat(table: RatingTable, reader: Reader, later: int, first: int) -> None:
    what = "the same" if table.value[later] == table.value[first] else "another"
    reason = f"Row {table.row[first]} already gives {what} rating of this task by this respondent on this scale."
    reader.found.problem(table.row[later], reader.title("value"), reason)
