"""Answers to questions, frozen and read again: the data set of a study without rating pages.

The Parquet file is a long table, one row for each answer: ``respondent_id, question, kind, choice, number``. A question
with several answers has one row for each choice marked; a number has no choice. Questions with their choices stand as
JSON in the file's metadata under ``practice_analysis_answers``.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.agreement_counts import Flags, Floats, Ints
from analysis.errors import RatingDataError

KEY = b"practice_analysis_answers"
FORMAT = 1
SINGLE, MULTIPLE, NUMBER = KINDS = ("single", "multiple", "number")
COLUMNS = ("respondent_id", "question", "kind", "choice", "number")


@dataclass(frozen=True)
class SurveyQuestion:
    """A question: ``kind`` is single (one choice), multiple (any of its choices) or number.

    ``theme_of`` names the comment question whose themes these choices are, empty for a question of the survey.
    """

    code: str
    prompt: str
    kind: str
    choices: tuple[tuple[str, str], ...] = ()
    theme_of: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the choices in order."""
        return tuple(label for _, label in self.choices)


class GivenAnswer(NamedTuple):
    """One row: a choice's code, or a number."""

    respondent: str
    question: str
    choice: str = ""
    number: float | None = None


@dataclass(frozen=True)
class AnswerData:
    """The answers of respondents (R) to questions, sorted by respondent, question and choice.

    ``respondents`` holds everybody in the data set, also who answered nothing.
    """

    questions: tuple[SurveyQuestion, ...]
    respondents: tuple[str, ...]
    answers: tuple[GivenAnswer, ...]

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 of the sorted answers, each a JSON array ``["respondent","question",value]`` and a line feed."""
        digest = hashlib.sha256()
        for a in self.answers:
            value = a.choice if a.number is None else a.number
            digest.update((json.dumps([a.respondent, a.question, value], ensure_ascii=False) + "\n").encode())
        return digest.hexdigest()

    @cached_property
    def _place(self) -> dict[str, int]:
        return {code: n for n, code in enumerate(self.respondents)}

    @cached_property
    def _of(self) -> dict[str, list[GivenAnswer]]:
        found: dict[str, list[GivenAnswer]] = {question.code: [] for question in self.questions}
        for answer in self.answers:
            found[answer.question].append(answer)
        return found

    def question(self, code: str) -> SurveyQuestion:
        """Return a question by its code.

        Raises
        ------
        RatingDataError
            If there is none.
        """
        found = next((question for question in self.questions if question.code == code), None)
        if found is None:
            raise RatingDataError(f"There is no question {code!r} in this data set.")
        return found

    def chosen(self, question: SurveyQuestion) -> Flags:
        """Return who marked which choice, shape (R, C)."""
        places = {code: n for n, (code, _) in enumerate(question.choices)}
        flags: Flags = np.zeros((len(self.respondents), len(places)), dtype=bool)
        for answer in self._of[question.code]:
            if answer.choice in places:
                flags[self._place[answer.respondent], places[answer.choice]] = True
        return flags

    def answered(self, question: SurveyQuestion) -> Flags:
        """Return who answered the question at all, shape (R,)."""
        flags: Flags = np.zeros(len(self.respondents), dtype=bool)
        for answer in self._of[question.code]:
            flags[self._place[answer.respondent]] = True
        return flags

    def choice_of(self, question: SurveyQuestion) -> Ints:
        """Return the number of the one choice of each respondent, shape (R,); -1 without an answer."""
        chosen = self.chosen(question)
        found: Ints = np.where(chosen.any(axis=1), chosen.argmax(axis=1), -1).astype(np.int64)
        return found

    def numbers(self, question: SurveyQuestion) -> Floats:
        """Return the number each respondent gave, shape (R,); NaN without one."""
        values: Floats = np.full(len(self.respondents), np.nan)
        for answer in self._of[question.code]:
            if answer.number is not None:
                values[self._place[answer.respondent]] = answer.number
        return values

    def lines(self) -> dict[str, tuple[GivenAnswer, ...]]:
        """Return everything each respondent answered."""
        found: dict[str, list[GivenAnswer]] = {code: [] for code in self.respondents}
        for answer in self.answers:
            found[answer.respondent].append(answer)
        return {code: tuple(answers) for code, answers in found.items()}


def make_answers(
    questions: Sequence[SurveyQuestion], respondents: Iterable[str], answers: Iterable[GivenAnswer]
) -> AnswerData:
    """Return checked answers in their canonical order.

    Raises
    ------
    RatingDataError
        If a respondent, question or choice is unknown, a respondent occurs twice, one answer is given twice, or a
        question with one answer has two.
    """
    ids = sorted(respondents)
    if len(set(ids)) != len(ids):
        raise RatingDataError("A respondent occurs twice.")
    known = {question.code: question for question in questions}
    codes = {question.code: {code for code, _ in question.choices} for question in questions}
    rows = sorted(answers, key=lambda a: (a.respondent, a.question, a.choice))
    everybody = set(ids)
    for n, row in enumerate(rows):
        if row.respondent not in everybody or row.question not in known:
            raise RatingDataError(f"An answer names an unknown respondent or question: {row.question!r}.")
        question = known[row.question]
        if (row.number is None) == (question.kind == NUMBER) or (
            row.number is None and row.choice not in codes[row.question]
        ):
            raise RatingDataError(f"An answer to {row.question!r} is not one that the question offers.")
        if n and rows[n - 1][:2] == row[:2] and (question.kind != MULTIPLE or rows[n - 1].choice == row.choice):
            raise RatingDataError(f"A respondent answered {row.question!r} twice.")
    return AnswerData(tuple(questions), tuple(ids), tuple(rows))


def answers_to_parquet(data: AnswerData) -> bytes:
    """Return the answers as Parquet bytes, the same bytes for the same answers."""
    kinds = {question.code: question.kind for question in data.questions}
    columns = {
        "respondent_id": pa.array([a.respondent for a in data.answers], pa.string()),
        "question": pa.array([a.question for a in data.answers], pa.string()),
        "kind": pa.array([kinds[a.question] for a in data.answers], pa.string()),
        "choice": pa.array([a.choice if a.number is None else None for a in data.answers], pa.string()),
        "number": pa.array([a.number for a in data.answers], pa.float64()),
    }
    about = {
        "format": FORMAT,
        "data_hash": data.data_hash,
        "questions": [asdict(question) for question in data.questions],
        "respondents": list(data.respondents),
    }
    text = json.dumps(about, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    sink = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata({KEY: text.encode()}), sink, compression="zstd")
    return sink.getvalue()


def is_answers(source: bytes) -> bool:
    """Say whether a Parquet file is a data set of answers."""
    try:
        return KEY in (pq.ParquetFile(io.BytesIO(source)).schema_arrow.metadata or {})
    except pa.ArrowInvalid:
        return False


def answers_from_parquet(source: bytes) -> AnswerData:
    """Return the answers that `answers_to_parquet` wrote.

    Raises
    ------
    RatingDataError
        If the bytes are no such file, or its answers do not have the hash it states.
    """
    try:
        table = pq.read_table(io.BytesIO(source))
        about = json.loads((table.schema.metadata or {})[KEY])
    except (pa.ArrowInvalid, KeyError, ValueError) as error:
        raise RatingDataError(f"This is not a data set of answers as this program freezes it: {error}") from error
    if about["format"] != FORMAT:
        raise RatingDataError(f"The data set has format {about['format']}; this program reads format {FORMAT}.")
    questions = [
        SurveyQuestion(q["code"], q["prompt"], q["kind"], tuple((c, t) for c, t in q["choices"]), q["theme_of"])
        for q in about["questions"]
    ]
    rows = zip(
        *(table.column(name).to_pylist() for name in ("respondent_id", "question", "choice", "number")), strict=True
    )
    answers = [GivenAnswer(person, question, choice or "", number) for person, question, choice, number in rows]
    data = make_answers(questions, about["respondents"], answers)
    if data.data_hash != about["data_hash"]:
        raise RatingDataError("The answers in the data set do not have the hash it states: the file was changed.")
    return data
