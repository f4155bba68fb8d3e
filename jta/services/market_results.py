"""Results of a market study as its pages and files show them: every question alone, or by the groups of another one.

Whoever is not the psychometrician sees no count of few people, nor anything from which one could be worked out.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from jta.db import db
from jta.errors import InvalidInputError, StateError
from jta.models.review import Dataset
from jta.services.results_privacy import Reader, hide

if TYPE_CHECKING:
    from analysis.answer_tables import Crossed
    from analysis.answers import AnswerData, SurveyQuestion
    from analysis.crosstabs import Association

Hidden = np.ndarray[Any, np.dtype[np.bool_]]
LARGEST = 2_000  # rounds of hiding; every round hides a cell, so far fewer are ever needed


@dataclass(frozen=True)
class Cell:
    """One cell: how many of the group chose it, as a share of n, with its Wilson interval; None where hidden."""

    count: int | None
    n: int | None
    share: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Group:
    """One column of a table: a group's name and how many of it answered; None where hidden."""

    label: str
    n: int | None


@dataclass(frozen=True)
class ChoiceRow:
    """One choice with its cells, one for each group."""

    code: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class QuestionResult:
    """One question: its rows, or its numbers; the test where it is crossed by another one.

    ``n`` is who answered, None where too few did. ``is_hidden`` says that some cell is hidden.
    """

    question: SurveyQuestion
    n: int | None
    groups: tuple[Group, ...] = ()
    rows: tuple[ChoiceRow, ...] = ()
    numbers: dict[str, float | None] | None = None
    test: Association | None = None
    is_rough: bool = False
    is_hidden: bool = False


@dataclass(frozen=True)
class MarketResults:
    """What the page shows of one data set."""

    dataset: Dataset
    n: int
    results: tuple[QuestionResult, ...]
    by: SurveyQuestion | None
    groupings: tuple[SurveyQuestion, ...]


def list_datasets(study_id: int) -> list[Dataset]:
    """Return the data sets of a study, newest first."""
    found = select(Dataset).where(Dataset.study_id == study_id).order_by(Dataset.number.desc())
    return list(db.session.scalars(found))


def read_answers(dataset: Dataset) -> AnswerData:
    """Return the answers of a data set.

    Raises
    ------
    StateError
        If it is the data set of a study with ratings.
    """
    from analysis.answers import answers_from_parquet, is_answers

    if not is_answers(dataset.content):
        raise StateError("This data set holds ratings. Look at the page of results.")
    return answers_from_parquet(dataset.content)


def load_results(dataset: Dataset, reader: Reader, by: str = "") -> MarketResults:
    """Return every question of a data set, alone or by the groups of another one.

    Raises
    ------
    InvalidInputError
        If there is no question to group by of this code.
    """
    data = read_answers(dataset)
    groupings = tuple(q for q in data.questions if q.kind == "single")
    chosen = next((q for q in groupings if q.code == by), None)
    if by and chosen is None:
        raise InvalidInputError("Choose a question of the list to group by.")
    shown = [question_result(data, question, chosen, reader) for question in data.questions if question != chosen]
    return MarketResults(dataset, len(data.respondents), tuple(shown), chosen, groupings)


def question_result(
    data: AnswerData, question: SurveyQuestion, by: SurveyQuestion | None, reader: Reader
) -> QuestionResult:
    """Return one question as this reader may see it."""
    from analysis.answer_tables import cross

    if question.kind == "number":
        return _number_result(data, question, reader)
    if by is None:
        return _alone(data, question, reader)
    return _crossed(cross(data, question, by), reader)


def _number_result(data: AnswerData, question: SurveyQuestion, reader: Reader) -> QuestionResult:
    from analysis.answer_tables import number_table

    row = {str(name): value for name, value in number_table(data, question).iloc[0].to_dict().items()}
    n = int(row.pop("n"))
    if not reader.full:  # the smallest and the largest number are single people's answers
        row = {name: value for name, value in row.items() if name not in ("minimum", "maximum")}
    if not reader.full and n < reader.minimum:
        return QuestionResult(question, None, numbers={}, is_hidden=True)
    return QuestionResult(question, n, numbers={name: _number(value) for name, value in row.items()})


def _alone(data: AnswerData, question: SurveyQuestion, reader: Reader) -> QuestionResult:
    from analysis.answer_tables import choice_table

    table = choice_table(data, question)
    n = int(data.answered(question).sum())
    hidden = np.zeros(len(table), dtype=bool)
    if not reader.full:
        hidden = _hidden_choices(table["count"].tolist(), n, question.kind == "multiple", reader.minimum)
    shown = None if not reader.full and n < reader.minimum else n
    rows = [
        ChoiceRow(r["choice"], r["label"], (_cell(bool(gone), r["count"], n, r["share"], r["low"], r["high"]),))
        for r, gone in zip(table.to_dict("records"), hidden, strict=True)
    ]
    return QuestionResult(question, shown, (Group("All", shown),), tuple(rows), is_hidden=bool(hidden.any()))


def _hidden_choices(counts: Sequence[int], n: int, several: bool, minimum: int) -> Hidden:
    """Return which choices are hidden. Those of a question with several answers are told each for itself.

    A choice that nobody at all took is no group of people: it is told, unless everybody took the same one.
    """
    if n < minimum:
        return np.ones(len(counts), dtype=bool)
    if several:
        # n minus the count is told too, so a choice that nearly everybody marked is as telling as a rare one
        return np.array([0 < count < minimum or n - count < minimum for count in counts], dtype=bool)
    taken: dict[Hashable, float | None] = {place: count for place, count in enumerate(counts) if count}
    gone: set[Hashable] = hide(taken, minimum) if len(taken) > 1 else set(range(len(counts)))
    return np.array([place in gone for place in range(len(counts))], dtype=bool)


def _cell(gone: bool, count: int, n: int, share: float, low: float, high: float) -> Cell:
    if gone:
        return Cell(None, None)
    return Cell(int(count), n, _number(share), _number(low), _number(high))


def _crossed(found: Crossed, reader: Reader) -> QuestionResult:
    tab = found.tab
    hidden = np.zeros(tab.counts.shape, dtype=bool)
    if not reader.full:
        hidden = hide_cells(tab.counts, tab.n, found.question.kind == "multiple", reader.minimum)
    groups = [
        Group(label, None if not reader.full and n < reader.minimum else int(n))
        for label, n in zip(tab.groups, tab.n.tolist(), strict=True)
    ]

    def cell(g: int, c: int) -> Cell:
        values = tab.share[g, c], tab.low[g, c], tab.high[g, c]
        return _cell(bool(hidden[g, c]), tab.counts[g, c], int(tab.n[g]), *values)

    rows = tuple(
        ChoiceRow(code, label, tuple(cell(g, c) for g in range(len(groups))))
        for c, (code, label) in enumerate(found.question.choices)
    )
    # A test and its V, together with the cells that are shown, bound those that are not.
    test = found.test if reader.full or not hidden.any() else None
    n = int(tab.n.sum())
    return QuestionResult(
        found.question, n if reader.full or n >= reader.minimum else None, tuple(groups), rows, test=test,
        is_rough=found.is_rough, is_hidden=bool(hidden.any()),
    )  # fmt: skip


def hide_cells(counts: Any, n: Any, several: bool, minimum: int) -> Hidden:
    """Return which cells of a table of groups by choices are hidden, so that no row or column gives one back.

    Parameters
    ----------
    counts : int array (G, C)
    n : int array (G,)
        Who answered in each group.
    several : bool
        Whether a respondent may have marked several choices: then a row does not sum to its n.

    Notes
    -----
    A choice that nobody of any group took is told: the table of everybody tells it too.
    """
    table = np.asarray(counts)
    taken = table.sum(axis=0) > 0
    hidden: Hidden = np.zeros(table.shape, dtype=bool)
    if int(taken.sum()) > 1 or several:
        hidden[:, taken] = _hide_taken(table[:, taken], np.asarray(n), several, minimum)
    else:
        hidden[:] = True
    return hidden


def _hide_taken(table: Any, n: Any, several: bool, minimum: int) -> Hidden:
    rare = table < minimum
    if several:
        rare = rare | (n[:, None] - table < minimum)
    hidden: Hidden = rare | (n < minimum)[:, None]
    for _ in range(LARGEST):
        before = int(hidden.sum())
        for line, gone in [] if several else list(zip(table, hidden, strict=True)):
            _hide_more(line, gone, minimum)
        for line, gone in zip(table.T, hidden.T, strict=True):
            _hide_more(line, gone, minimum)
        if int(hidden.sum()) == before:
            break
    return hidden


def _hide_more(line: Any, gone: Any, minimum: int) -> None:
    """Hide further cells of a row or column in place, until the hidden ones cannot be worked out from its sum."""
    if not gone.any():
        return
    places = hide(dict(enumerate(line.tolist())), minimum, before=np.flatnonzero(gone).tolist())
    for place in places:
        gone[place] = True


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
