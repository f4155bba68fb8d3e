"""Building the survey before launch: questions and their choices. Codes never change once they are stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm.attributes import flag_modified

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.response import Answer, AnswerChange
from jta.models.study import Stratum
from jta.models.survey import QUESTION_KINDS, Choice, Question
from jta.services.instrument_steps import WITH_QUESTIONS, list_pages, list_questions
from jta.services.survey_builder import CONFLICT, free_code, get_page, open_study
from jta.services.survey_library import AGREEMENT

WITH_CHOICES = ("single", "multiple", "agreement")
LONGEST_PROMPT, LONGEST_HELP, LONGEST_LABEL, MOST_CHOICES = 500, 1000, 300, 60
LONGEST_TEXT = 20_000
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


@dataclass(frozen=True)
class ChoiceText:
    """One choice as typed; ``id`` is None for a new one, whose code is suggested from its label."""

    label: str
    id: int | None = None
    code: str = ""
    screens_out: bool = False
    stratum_id: int | None = None


@dataclass(frozen=True)
class QuestionText:
    """A question as typed. ``minimum`` and ``maximum`` bound a number, or how many choices may be marked."""

    prompt: str
    help: str = ""
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    longest: int | None = None
    is_stratum: bool = False
    choices: tuple[ChoiceText, ...] = field(default=())


def suggest_code(text: str, taken: Sequence[str] = ()) -> str:
    """Return a code made of a text's first words: small letters, digits and underscores, none of those taken.

    >>> suggest_code("2,500 to 9,999 students")
    '2_500_to_9_999_students'
    >>> suggest_code("Yes", ["yes"])
    'yes_2'
    """
    words = re.findall(r"[a-z0-9]+", text.casefold())
    code = "_".join(words)[:30].strip("_") or "choice"
    if code not in taken:
        return code
    return next(f"{code}_{n}" for n in range(2, len(taken) + 3) if f"{code}_{n}" not in taken)


def get_question(study_id: int, question_id: int, *, fresh: bool = False) -> Question:
    """Return a question of this study, removed or not.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    question = db.session.get(Question, question_id, populate_existing=fresh)
    if question is None or question.study_id != study_id:
        raise NotFoundError
    return question


def words_of(question: Question) -> QuestionText:
    """Return a question as stored."""
    choices = tuple(ChoiceText(c.label, c.id, c.code, c.screens_out, c.stratum_id) for c in question.choices)
    return QuestionText(
        question.prompt, question.help, question.required, question.minimum, question.maximum, question.longest,
        question.is_stratum, choices,
    )  # fmt: skip


def add_question(
    actor: Actor, study_id: int, page_id: int, words: QuestionText, *, kind: str, code: str = ""
) -> Question:
    """Add a question at the end of a page; without a code one is suggested from its words.

    Raises
    ------
    InvalidInputError
        If a text is missing, too long or doubled, the code is taken or no code, or the bounds contradict each other.
    StateError
        If the survey was launched, or the page is not one of questions.
    """
    if kind not in QUESTION_KINDS:
        raise InvalidInputError("Choose one of the kinds in the list.", field="kind")
    if kind == "agreement" and not words.choices:
        words = QuestionText(**{**_plain_fields(words), "choices": _agreement()})
    with transaction():
        open_study(study_id)
        page = get_page(study_id, page_id)
        if page.kind not in WITH_QUESTIONS or page.removed_at is not None:
            raise StateError("Questions stand on pages of questions and on a screener only.")
        _check(kind, words)
        question = Question(
            study_id=study_id, page_id=page_id, kind=kind, code=_new_code(study_id, code, words.prompt),
            position=_last(page_id) + 1, prompt=words.prompt,
        )  # fmt: skip
        db.session.add(question)
        _write(question, words)
        _record(actor, question, "added question", after=_plain(question))
    return question


def _agreement() -> tuple[ChoiceText, ...]:
    return tuple(ChoiceText(label, code=code) for code, label in AGREEMENT.items())


def _plain_fields(words: QuestionText) -> dict[str, Any]:
    return {name: getattr(words, name) for name in words.__dataclass_fields__}


def _new_code(study_id: int, code: str, prompt: str) -> str:
    if not code:
        suggested = suggest_code(" ".join(prompt.split()[:4]))
        return free_code(study_id, suggested if suggested[0].isalpha() else f"q_{suggested}")
    if not _CODE.fullmatch(code):
        raise InvalidInputError(
            "Begin with a letter; use letters, digits and underscores only, 40 at most.", field="code"
        )
    if free_code(study_id, code) != code:
        raise InvalidInputError("Another question has this code, perhaps one that was removed.", field="code")
    return code


def _last(page_id: int) -> int:
    positions = db.session.scalars(select(Question.position).where(Question.page_id == page_id))
    return max(positions, default=0)


def edit_question(actor: Actor, study_id: int, question_id: int, words: QuestionText, *, version: int) -> Question:
    """Change a question and its choices; ``version`` is the one the writer saw.

    Choices that ``words`` does not name are taken away; new ones get a code of their own.

    Raises
    ------
    InvalidInputError
        As for `add_question`.
    StateError
        If the survey was launched, or a pilot's respondent marked a choice to be taken away.
    EditConflictError
        If somebody else changed the question since.
    """
    with transaction():
        open_study(study_id)
        question = get_question(study_id, question_id, fresh=True)
        before = words_of(question)
        if before == words:
            return question
        if question.version != version:
            raise EditConflictError(CONFLICT, theirs=_as_text(before), yours=_as_text(words))
        _check(question.kind, words)
        plain = _plain(question)
        _write(question, words)
        flag_modified(question, "prompt")  # choices have no version of their own
        _record(actor, question, "edited question", plain, _plain(question))
    return question


def _check(kind: str, words: QuestionText) -> None:
    if not words.prompt.strip():
        raise InvalidInputError("Write what the respondent is asked.", field="prompt")
    for name, most in (("prompt", LONGEST_PROMPT), ("help", LONGEST_HELP)):
        if len(getattr(words, name)) > most:
            raise InvalidInputError(f"Use {most:,} characters or fewer.", field=name)
    if words.minimum is not None and words.maximum is not None and words.minimum > words.maximum:
        raise InvalidInputError("The largest must not be below the smallest.", field="maximum")
    if words.longest is not None and not 1 <= words.longest <= LONGEST_TEXT:
        raise InvalidInputError(f"Enter a number from 1 to {LONGEST_TEXT:,}.", field="longest")
    if kind in WITH_CHOICES:
        _check_choices(words.choices)


def _check_choices(choices: Sequence[ChoiceText]) -> None:
    if not 2 <= len(choices) <= MOST_CHOICES:
        raise InvalidInputError(f"Offer from 2 to {MOST_CHOICES} choices.", field="more")
    seen: set[str] = set()
    for choice in choices:
        where = "more" if choice.id is None else f"choice_{choice.id}_label"
        label = " ".join(choice.label.casefold().split())
        if not label:
            raise InvalidInputError("Write what this choice says, or mark it to be removed.", field=where)
        if len(choice.label) > LONGEST_LABEL:
            raise InvalidInputError(f"Use {LONGEST_LABEL} characters or fewer.", field=where)
        if label in seen:
            raise InvalidInputError(f"“{choice.label}” stands there twice.", field=where)
        seen.add(label)


def _write(question: Question, words: QuestionText) -> None:
    for name in ("prompt", "help", "required", "minimum", "maximum", "longest", "is_stratum"):
        setattr(question, name, getattr(words, name))
    if question.kind not in WITH_CHOICES:
        return
    stored = {choice.id: choice for choice in question.choices if choice.id is not None}
    kept = {choice.id for choice in words.choices}
    _require_unused(question, [choice for key, choice in stored.items() if key not in kept])
    codes = [choice.code for key, choice in stored.items() if key in kept]
    strata = set(db.session.scalars(select(Stratum.id).where(Stratum.study_id == question.study_id)))
    written = []
    for position, typed in enumerate(words.choices, start=1):
        choice = stored.get(typed.id or 0) or Choice(code=_choice_code(typed, codes))
        if choice.code not in codes:
            codes.append(choice.code)
        choice.label, choice.position, choice.screens_out = typed.label, position, typed.screens_out
        choice.stratum_id = typed.stratum_id if words.is_stratum and typed.stratum_id in strata else None
        written.append(choice)
    question.choices = written


def _choice_code(typed: ChoiceText, taken: Sequence[str]) -> str:
    if typed.code and typed.code in taken:
        raise InvalidInputError(f"The code {typed.code} stands there twice.", field="more")
    return typed.code or suggest_code(typed.label, taken)


def _require_unused(question: Question, gone: Sequence[Choice]) -> None:
    """Refuse to take away what a pilot's respondent marked: a choice of one, or among several."""
    ids = {choice.id for choice in gone}
    if not ids:
        return
    lists = select(Answer.choices).where(Answer.question_id == question.id, Answer.choices.is_not(None))
    marked = {key for row in db.session.scalars(lists) for key in row or ()}
    single = [
        bool(db.session.scalar(select(exists().where(table.choice_id.in_(ids))))) for table in (Answer, AnswerChange)
    ]
    if any(single) or ids & marked:
        raise StateError("Somebody marked this choice in the pilot, so it stays. Change its words instead.")


def move_question(actor: Actor, study_id: int, question_id: int, *, up: bool, steps: int = 1) -> Question:
    """Move a question one place or ``steps`` places on its page; at an end nothing happens.

    Raises
    ------
    StateError
        If the survey was launched.
    """
    with transaction():
        open_study(study_id)
        question = get_question(study_id, question_id, fresh=True)
        others = [q for q in list_questions(study_id) if q.page_id == question.page_id]
        if question not in others:
            return question
        here = others.index(question)
        there = min(max(here + (-steps if up else steps), 0), len(others) - 1)
        if here != there:
            others.insert(there, others.pop(here))
            for n, other in enumerate(others, start=1):
                other.position = n
            _record(actor, question, "moved question", here + 1, there + 1)
    return question


def place_question(actor: Actor, study_id: int, question_id: int, page_id: int) -> Question:
    """Move a question to the end of another page of questions.

    Raises
    ------
    StateError
        If the survey was launched, or the page is not one of questions.
    """
    with transaction():
        open_study(study_id)
        question = get_question(study_id, question_id, fresh=True)
        page = next((p for p in list_pages(study_id) if p.id == page_id and p.kind in WITH_QUESTIONS), None)
        if page is None:
            raise StateError("Questions stand on pages of questions and on a screener only.")
        if question.page_id != page.id:
            before, question.page_id, question.position = question.page_id, page.id, _last(page.id) + 1
            _record(actor, question, "moved question", before, page.id)
    return question


def remove_question(actor: Actor, study_id: int, question_id: int) -> Question:
    """Take a question out of the survey; `restore_question` brings it back.

    Raises
    ------
    StateError
        If the survey was launched.
    """
    return _set_removed(actor, study_id, question_id, lambda question: question.removed_at or clock.now(), "removed")


def restore_question(actor: Actor, study_id: int, question_id: int) -> Question:
    """Bring a question back that was removed.

    Raises
    ------
    StateError
        If the survey was launched.
    """
    return _set_removed(actor, study_id, question_id, lambda _question: None, "restored")


def _set_removed(
    actor: Actor, study_id: int, question_id: int, moment: Callable[[Question], Any], act: str
) -> Question:
    with transaction():
        open_study(study_id)
        question = get_question(study_id, question_id, fresh=True)
        wanted = moment(question)
        if wanted != question.removed_at:
            question.removed_at = wanted
            _record(actor, question, f"{act} question", after=_plain(question))
    return question


def removed_questions(page_id: int) -> list[Question]:
    """Return the questions that were taken off a page, the last removed first."""
    found = select(Question).where(Question.page_id == page_id, Question.removed_at.is_not(None))
    return list(db.session.scalars(found.order_by(Question.removed_at.desc(), Question.id.desc())))


def _plain(question: Question) -> dict[str, Any]:
    return {"code": question.code, "kind": question.kind, **asdict(words_of(question))}


def _as_text(words: QuestionText) -> str:
    lines = [f"prompt: {words.prompt}", f"help: {words.help}", f"required: {'yes' if words.required else 'no'}"]
    bounds = [f"{name}: {getattr(words, name)}" for name in ("minimum", "maximum", "longest")]
    return "\n".join([*lines, *bounds, *[f"- {choice.label}" for choice in words.choices]])


def _record(actor: Actor, question: Question, action: str, before: Any = None, after: Any = None) -> None:
    db.session.flush()
    audit.record(
        actor, action, f"question {question.code}", study_id=question.study_id, before=before, after=after,
        note=question.prompt[:200],
    )  # fmt: skip
