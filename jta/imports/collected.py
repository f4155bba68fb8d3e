"""Ratings collected with another survey tool, read as a mapping says: respondents, their answers, what is wrong."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from jta.imports.collected_guess import (
    FINISHED,
    RESPONDENT,
    SCALE,
    STARTED,
    STRATUM,
    SUBMITTED,
    TASK,
    VALUE,
    FileMapping,
    StudyWords,
)  # fmt: skip
from jta.imports.collected_look import OpenFile, bad_cell, open_collected, value_text
from jta.imports.collected_times import read_time
from jta.imports.collected_values import NOT_ANSWERED
from jta.imports.limits import Limits
from jta.imports.records import HEADER_ROW
from jta.imports.result import Problem, RefusedError
from jta.imports.rules import check_cell
from jta.imports.source import Cell
from jta.imports.text import fold, shown


@dataclass
class CollectedPerson:
    """One respondent of the file. ``name`` is the id in the file, from which only a keyed mark is kept."""

    row: int
    name: str
    stratum: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    started: datetime | None = None
    submitted: datetime | None = None
    finished: bool = True


@dataclass
class Collected:
    """The good content of a file: people, and ratings as four arrays (person, task, scale, anchor) into lists."""

    people: list[CollectedPerson] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    scales: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    person: array[int] = field(default_factory=lambda: array("i"))
    task: array[int] = field(default_factory=lambda: array("i"))
    scale: array[int] = field(default_factory=lambda: array("i"))
    anchor: array[int] = field(default_factory=lambda: array("i"))
    n_rows: int = 0
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: str | None = None

    def __len__(self) -> int:
        return len(self.person)

    @property
    def ok(self) -> bool:
        """Whether the file can be imported as it is."""
        return self.refused is None and not self.problems


def read_collected(
    data: bytes, filename: str, limits: Limits, mapping: FileMapping, words: StudyWords, header_rows: int | None = None
) -> Collected:
    """Read a file of another survey tool as its mapping says; all or nothing, with every problem by row.

    Parameters
    ----------
    mapping : FileMapping
        What columns and values mean; see `jta.imports.collected_guess`.
    words : StudyWords
        What the study knows.
    header_rows : int, optional
        How many header rows the file has; what its tool writes where not given.
    """
    try:
        opened = open_collected(data, filename, limits, header_rows)
        mark = hashlib.sha256(data).hexdigest()[:16]  # without an id a row is known again in the same file only
        return _Reading(opened, mapping, words, limits, mark).run()
    except RefusedError as refusal:
        return Collected(refused=str(refusal))
    except (RecursionError, MemoryError):
        return Collected(refused="The file is built too deep or too large to be read.")


class _Reading:
    """Walks the rows. What was seen before is looked up; whatever is new or odd goes the slow way."""

    def __init__(
        self, opened: OpenFile, mapping: FileMapping, words: StudyWords, limits: Limits, file_mark: str
    ) -> None:
        self._file_mark = file_mark
        self._opened, self._mapping, self._longest = opened, mapping, limits.cell
        self._found = opened.reader.found
        self.out = Collected(scales=[code for code, _, _ in words.scales], tasks=[code for code, _ in words.tasks])
        self._task_of = {fold(code): n for n, (code, _) in enumerate(words.tasks)}
        self._task_of |= {fold(text).rstrip("."): n for n, (_, text) in enumerate(words.tasks)}
        self._anchor_of: dict[str, int] = {}
        self._person_of: dict[str, int] = {}
        self._rated: set[tuple[int, int, int]] = set()
        self._meaning: dict[tuple[str, Cell], str | None] = {}
        self._fast: list[dict[Cell, int]] = [{} for _ in self.out.scales]
        self._place = {role: mapping.place(role) for role in (RESPONDENT, STRATUM, STARTED, SUBMITTED, FINISHED)}
        self._questions = {p: r.partition(":")[2] for p, r in mapping.roles.items() if r.startswith("question:")}

    def run(self) -> Collected:
        """Return what the file holds."""
        self._check_hidden()
        read = self._long_row() if self._mapping.layout == "long" else self._wide_row()
        for number, cells in self._opened.reader.rows():
            read(number, cells)
        out = self.out
        out.n_rows = self._opened.reader.count
        out.notes = self._opened.notes + self._found.cleaned()
        out.problems = self._found.problems()
        return out

    def _check_hidden(self) -> None:
        for place in self._mapping.roles:
            if place in self._opened.hidden_columns:
                self._problem(HEADER_ROW, place, "The column is hidden. Show it or delete it.")

    def _problem(self, row: int, place: int | None, reason: str) -> None:
        titles = self._opened.titles
        title = titles[place][0] if place is not None and place < len(titles) and titles[place] else ""
        self._found.problem(row, title[:60], reason)

    def _wide_row(self) -> Callable[[int, list[Cell]], None]:
        scale_of = {code: n for n, code in enumerate(self.out.scales)}
        columns = [
            (place, self._task_of[fold(self._mapping.tasks[place])], scale_of[role.partition(":")[2]])
            for place, role in sorted(self._mapping.roles.items())
            if role.startswith("rating:")
        ]
        fast, out = self._fast, self.out

        def read(number: int, cells: list[Cell]) -> None:
            person = self._new_person(number, cells)
            if person < 0:
                return
            for place, task, scale in columns:
                cell = cells[place]
                if cell == "":
                    continue
                anchor = fast[scale].get(cell, -2)
                if anchor == -2:
                    anchor = self._anchor(number, place, scale, cell)
                if anchor >= 0:
                    out.person.append(person)
                    out.task.append(task)
                    out.scale.append(scale)
                    out.anchor.append(anchor)

        return read

    def _long_row(self) -> Callable[[int, list[Cell]], None]:
        task_place, scale_place, value_place = (self._mapping.place(role) or 0 for role in (TASK, SCALE, VALUE))
        scale_of = {code: n for n, code in enumerate(self.out.scales)}

        def read(number: int, cells: list[Cell]) -> None:
            person = self._same_person(number, cells)
            task = self._task_of.get(fold(value_text(cells[task_place])).rstrip("."), -1)
            if task < 0:
                what = shown(value_text(cells[task_place]))
                self._problem(number, task_place, f"{what} is no task of this study. Check the code.")
            scale_code = self._means(number, scale_place, SCALE, cells[scale_place])
            if person < 0 or task < 0 or not scale_code:
                return
            scale = scale_of[scale_code]
            anchor = self._anchor(number, value_place, scale, cells[value_place])
            if anchor >= 0:
                self._add_once(number, value_place, (person, task, scale), anchor)

        return read

    def _add_once(self, number: int, place: int, key: tuple[int, int, int], anchor: int) -> None:
        if key in self._rated:
            self._problem(number, place, "An earlier row already rates this task on this scale for this respondent.")
            return
        self._rated.add(key)
        for column, value in zip((self.out.person, self.out.task, self.out.scale), key, strict=True):
            column.append(value)
        self.out.anchor.append(anchor)

    def _anchor(self, number: int, place: int, scale: int, cell: Cell) -> int:
        """Return the place of an anchor's code, or -1 where the cell is no answer or a problem."""
        anchor = self._fast[scale].get(cell, -2)
        if anchor != -2:
            return anchor
        code = self._means(number, place, f"scale:{self.out.scales[scale]}", cell)
        if code is None:
            return -1
        anchor = -1 if code == NOT_ANSWERED else self._anchor_of.setdefault(code, len(self._anchor_of))
        if anchor == len(self.out.anchors):
            self.out.anchors.append(code)
        self._fast[scale][cell] = anchor
        return anchor

    def _means(self, number: int, place: int, group: str, cell: Cell) -> str | None:
        """Return the code a cell means ("" for no answer), or None after recording the problem."""
        if (group, cell) in self._meaning and self._meaning[group, cell] is not None:
            return self._meaning[group, cell]
        text, reason = value_text(cell), bad_cell(cell)
        known = self._mapping.values.get(group, {})
        code = None if reason else NOT_ANSWERED if not text else known.get(text)
        if code is None:
            reason = reason or f"{shown(text)} has no meaning yet. Say what it means, or that it is no answer."
            self._problem(number, place, reason)
            return None
        if len(self._meaning) < 10_000:
            self._meaning[group, cell] = code
        return code

    def _name(self, number: int, cells: list[Cell]) -> str | None:
        place = self._place[RESPONDENT]
        if place is None:
            return f"{self._file_mark} row {number}"
        text, notes, reason = check_cell(cells[place], "code", self._longest)
        for note in notes:
            self._found.note(note, number, self._opened.titles[place][0])
        if reason or not text:
            self._problem(number, place, reason or "The cell is empty. Every respondent needs an id.")
            return None
        return text

    def _new_person(self, number: int, cells: list[Cell]) -> int:
        name = self._name(number, cells)
        if name is None:
            return -1
        first = self._person_of.setdefault(fold(name), len(self.out.people))
        if first < len(self.out.people):
            reason = f"{shown(name)} is already in row {self.out.people[first].row}."
            self._problem(number, self._place[RESPONDENT], reason)
            return -1
        self.out.people.append(self._person(number, name, cells))
        return first

    def _same_person(self, number: int, cells: list[Cell]) -> int:
        name = self._name(number, cells)
        if name is None:
            return -1
        first = self._person_of.setdefault(fold(name), len(self.out.people))
        if first == len(self.out.people):
            self.out.people.append(self._person(number, name, cells))
        return first

    def _person(self, number: int, name: str, cells: list[Cell]) -> CollectedPerson:
        person = CollectedPerson(number, name)
        if (place := self._place[STRATUM]) is not None:
            person.stratum = self._means(number, place, STRATUM, cells[place]) or ""
        for place, question in self._questions.items():
            if code := self._means(number, place, f"question:{question}", cells[place]):
                person.answers[question] = code
        person.started, person.submitted = (self._time(number, role, cells) for role in (STARTED, SUBMITTED))
        person.finished = self._is_finished(number, cells, person)
        if person.started and person.submitted and person.submitted < person.started:
            self._problem(number, self._place[SUBMITTED], "The response ends before it starts. Check both times.")
        return person

    def _time(self, number: int, role: str, cells: list[Cell]) -> datetime | None:
        place = self._place[role]
        if place is None:
            return None
        found, reason = read_time(cells[place])
        if reason:
            self._problem(number, place, reason)
        return found

    def _is_finished(self, number: int, cells: list[Cell], person: CollectedPerson) -> bool:
        if (place := self._place[FINISHED]) is not None:
            return self._means(number, place, FINISHED, cells[place]) == "yes"
        return self._place[SUBMITTED] is None or person.submitted is not None
