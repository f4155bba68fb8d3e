"""The frozen ratings ready to leave the house: new names for people, numbers for answers, a reason for each gap."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.ratings import RatingMatrix, StudyData
from analysis.scales import RatingScale

RESPONDENT = "respondent"
NOT_PERFORMED, NOT_OFFERED, NOT_APPLICABLE = "not performed", "not offered", "does not apply"
_MISSING = (NOT_PERFORMED, NOT_OFFERED, NOT_APPLICABLE)
WORDS = {
    NOT_PERFORMED: "The respondent does not perform this task",
    NOT_OFFERED: "Not asked: the task was not on this respondent's form",
    NOT_APPLICABLE: "Does not apply: the respondent does not perform this task",
}
_LONGEST_NAME = 64  # bytes of a variable name in SPSS
_STEP = 512  # respondents that are written at a time


@dataclass(frozen=True)
class Variable:
    """A column of ratings: its name, and what was rated on which scale.

    ``numbers`` are by state: 0 is blank, 1 to A the anchors, then "does not apply" and "not offered".
    """

    name: str
    scale: RatingScale
    task: str
    statement: str
    numbers: tuple[float | None, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class RatingTable:
    """Ratings of people without names.

    Parameters
    ----------
    ids : tuple of str
        New names of the respondents; sorted, so that the order says nothing.
    background : DataFrame
        One text column for each background field, row for row the ids.
    variables : tuple of Variable
        Tasks in their order, the scales of each side by side.
    states : ndarray of shape (R, V), uint8
        See `Variable`.
    missing : dict of str to float
        The number of each kind of missing answer.
    """

    ids: tuple[str, ...]
    background: pd.DataFrame
    variables: tuple[Variable, ...]
    states: npt.NDArray[np.uint8]
    missing: dict[str, float]

    @property
    def header(self) -> list[str]:
        """Names of all columns."""
        return [RESPONDENT, *self.background.columns, *(variable.name for variable in self.variables)]

    @cached_property
    def lead(self) -> list[list[str]]:
        """The text cells of each respondent: the new name, then the background."""
        fields = [self.background[name].tolist() for name in self.background.columns]
        return [list(row) for row in zip(self.ids, *fields, strict=True)]

    def n_ratings(self) -> dict[str, int]:
        """Return the number of answers given on each scale; blank and unasked ones do not count."""
        counts: dict[str, int] = {}
        for v, variable in enumerate(self.variables):
            column = self.states[:, v]
            given = int(np.count_nonzero((column > 0) & (column <= len(variable.scale.anchors))))
            counts[variable.scale.code] = counts.get(variable.scale.code, 0) + given
        return counts

    def render(self, write: Callable[[float | None], bytes]) -> Iterator[tuple[list[str], list[bytes]]]:
        """Yield the text cells and the rating cells of each respondent; a rating is looked up, not written anew."""
        most = max((len(v.numbers) for v in self.variables), default=1)
        cells = np.full((len(self.variables), most), b"", dtype=np.object_)
        for v, variable in enumerate(self.variables):
            for state, number in enumerate(variable.numbers):
                cells[v, state] = write(number)
        columns = np.arange(len(self.variables))
        for start in range(0, len(self.ids), _STEP):
            block = cells[columns, self.states[start : start + _STEP]].tolist()
            yield from zip(self.lead[start : start + _STEP], block, strict=True)

    def long_rows(self) -> Iterator[tuple[list[str], Variable, float | None, str]]:
        """Yield one (text cells, variable, number, label) for each answer given."""
        for lead, row in zip(self.lead, self.states, strict=True):
            for v in np.flatnonzero(row):
                variable = self.variables[v]
                if row[v] <= len(variable.scale.anchors):
                    yield lead, variable, variable.numbers[row[v]], variable.labels[row[v]]


def build_rating_table(data: StudyData, background: pd.DataFrame, new_ids: Sequence[str]) -> RatingTable:
    """Return a study's ratings under new names.

    Parameters
    ----------
    data : StudyData
    background : DataFrame
        Coarsened answers, row for row the respondents of ``data``; its ``respondent_id`` is left out.
    new_ids : sequence of str
        One for each respondent, all different; drawn by the caller.

    Raises
    ------
    ValueError
        If the new names are not as many as the respondents, or not all different.
    """
    if len(set(new_ids)) != len(data.respondent_ids) or len(new_ids) != len(data.respondent_ids):
        raise ValueError("Each respondent needs a new name of its own.")
    order = np.array(sorted(range(len(new_ids)), key=new_ids.__getitem__), dtype=np.intp)
    missing = _missing_numbers(data.scales.values())
    matrices = list(data.matrices.values())
    states = [_states(data, matrix)[order] for matrix in matrices]
    joined = np.stack(states, axis=2).reshape(len(order), -1) if states else np.zeros((len(order), 0), dtype=np.uint8)
    fields = background.drop(columns="respondent_id", errors="ignore").iloc[order].reset_index(drop=True)
    return RatingTable(
        tuple(new_ids[i] for i in order), _named(fields), _variables(data, matrices, missing, fields), joined, missing
    )


def _missing_numbers(scales: Iterable[RatingScale]) -> dict[str, float]:
    """Return numbers that no anchor has: -9, -8, -7, or the same with more nines before."""
    used = {anchor.value for scale in scales for anchor in scale.anchors}
    head = 0
    while used & {float(-(head + unit)) for unit in (7, 8, 9)}:
        head = head * 10 + 90
    return {kind: float(-(head + unit)) for kind, unit in zip(_MISSING, (9, 8, 7), strict=True)}


def _states(data: StudyData, matrix: RatingMatrix) -> npt.NDArray[np.uint8]:
    """Return the codes, with blanks that have a reason marked."""
    n_anchors = len(matrix.scale.anchors)
    if n_anchors > 253:  # two states are added in one byte
        raise ValueError(f"The scale {matrix.scale.code} has too many anchors for this file.")
    states = matrix.codes.copy()
    blank = states == 0
    for other in data.matrices.values():
        if other is not matrix and other.scale.not_performed_code:
            states[blank & (other.codes == other.scale.not_performed_code)] = n_anchors + 1
    offered = _offered(data)
    if offered is not None:
        states[blank & ~offered] = n_anchors + 2
    return states


def _offered(data: StudyData) -> npt.NDArray[np.bool_] | None:
    """Return who was asked about which task; None where everybody was asked about all."""
    forms = data.form_of
    if forms is None or data.forms is None:
        return None
    column = {task: t for t, task in enumerate(data.task_ids.tolist())}
    rows: dict[str, npt.NDArray[np.bool_]] = {}
    for form, group in data.forms.groupby("form_id"):
        row = np.zeros(len(column), dtype=bool)
        row[[column[task] for task in group["task_id"]]] = True
        rows[str(form)] = row
    everything = np.ones(len(column), dtype=bool)
    return np.stack([rows.get(form, everything) for form in forms.tolist()])


def _variables(
    data: StudyData, matrices: list[RatingMatrix], missing: dict[str, float], fields: pd.DataFrame
) -> tuple[Variable, ...]:
    taken = {RESPONDENT.casefold(), *(name.casefold() for name in _names(fields.columns))}
    found = []
    for task, statement in zip(data.tasks["task_id"], data.tasks["task_text"], strict=True):
        for matrix in matrices:
            name = variable_name(f"{matrix.scale.code}_{task}", taken)
            found.append(Variable(name, matrix.scale, task, statement, *_codes(matrix.scale, missing)))
    return tuple(found)


def _codes(scale: RatingScale, missing: dict[str, float]) -> tuple[tuple[float | None, ...], tuple[str, ...]]:
    numbers: list[float | None] = [None]
    for anchor in scale.anchors:
        numbers.append(missing[NOT_PERFORMED] if anchor.not_performed else anchor.value)
    labels = ["", *(anchor.label for anchor in scale.anchors), WORDS[NOT_APPLICABLE], WORDS[NOT_OFFERED]]
    return (*numbers, missing[NOT_APPLICABLE], missing[NOT_OFFERED]), tuple(labels)


def _named(fields: pd.DataFrame) -> pd.DataFrame:
    return fields.set_axis(_names(fields.columns), axis=1)


def _names(columns: Iterable[str]) -> list[str]:
    taken = {RESPONDENT}
    return [variable_name(name, taken) for name in columns]


def variable_name(text: str, taken: set[str]) -> str:
    """Return a name that every statistics program takes, and add it to those taken (compared without case).

    Letters, digits and underscores, at most 64 bytes, a letter first.

    >>> variable_name("IMP_1.10", set()), variable_name("1 a", set()), variable_name("x", {"x"})
    ('IMP_1_10', 'v_1_a', 'x_2')
    """
    plain = re.sub(r"\W", "_", text, flags=re.ASCII).rstrip("_") or "v"
    if not plain[0].isalpha():
        plain = f"v_{plain}"
    name, turn = plain[:_LONGEST_NAME], 1
    while name.casefold() in taken:
        turn += 1
        name = f"{plain[: _LONGEST_NAME - len(str(turn)) - 1]}_{turn}"
    taken.add(name.casefold())
    return name
