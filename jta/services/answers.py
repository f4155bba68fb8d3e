"""Answers to the questions of a page: what is stored, what a page changes, what two devices disagree about.

The same rules as for ratings: only an answer that differs from what its page was shown with is a change, a stale page
never overwrites a newer answer, and blank never wins over a value that its page did not show.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import bindparam, select, update

from jta import audit, clock
from jta.db import db, transaction
from jta.db_once import read_once
from jta.errors import InvalidInputError
from jta.models.response import Answer, AnswerChange, Response
from jta.models.study import Stratum
from jta.services.links import trail_name
from jta.services.page_visits import record_visit
from jta.services.screener import check_way
from jta.services.survey_pages import Stop
from jta.services.visits import Ticket, Visit, get_visit

Value = int | tuple[int, ...] | float | str | None  # a choice, several choices, a number, a text, nothing


class StoredAnswer(NamedTuple):
    """An answer as it stands; version 0 where there never was one."""

    value: Value
    version: int
    saved_at: datetime | None = None


NO_ANSWER = StoredAnswer(None, 0)
Answers = Mapping[int, StoredAnswer]
Seen = Mapping[int, tuple[int, str]]  # version, and digest of the value, that a page was shown with


@dataclass(frozen=True)
class Disagreement:
    """An answer changed here and elsewhere: what is kept, and what was given here."""

    question_id: int
    kept: Value
    here: Value


@dataclass(frozen=True)
class PageSent:
    """A page of questions as it was sent; ``given`` holds only answers that can be taken."""

    mark: str
    seen: Seen
    given: Mapping[int, Value]
    shown_at: int | None = None


@dataclass
class AnswersSaved:
    """Whose answers were saved, whether they end the survey for them, and what only they can decide."""

    visit: Visit
    screened_out: bool = False
    disagreements: list[Disagreement] = field(default_factory=list)


_ANSWERS = select(
    Answer.question_id, Answer.choice_id, Answer.choices, Answer.number, Answer.text, Answer.version, Answer.saved_at
).where(Answer.response_id == bindparam("response_id"))


def load_answers(response_id: int) -> dict[int, StoredAnswer]:
    """Return the answers of a response by question id, those taken back included (value None)."""
    return _by_question(read_once(_ANSWERS, {"response_id": response_id}))


def _by_question(rows: Iterable[Any]) -> dict[int, StoredAnswer]:
    return {row.question_id: StoredAnswer(_value(row), row.version, row.saved_at) for row in rows}


def _value(row: Any) -> Value:
    if row.choices is not None:
        return tuple(row.choices)
    return next((part for part in (row.choice_id, row.number, row.text) if part is not None), None)


def digest(value: Value) -> str:
    """Return a short name of a value, by which a page remembers what it was shown with."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def pack_answers(answers: Answers, questions: Iterable[Mapping[str, Any]]) -> str:
    """Write what a page is shown with as ``question.version.digest``."""
    shown = ((q["id"], answers.get(q["id"], NO_ANSWER)) for q in questions)
    return " ".join(f"{key}.{answer.version}.{digest(answer.value)}" for key, answer in shown)


def save_answers(ticket: Ticket, number: int, sent: PageSent) -> AnswersSaved:
    """Save the answers of a page of questions.

    A question that was left as it was shown is not changed. On a screener a choice that screens out ends the survey
    for this respondent; choosing another one opens it again.

    Parameters
    ----------
    ticket : Ticket
        From the cookie.
    number : int
        Number of the page.
    sent : PageSent
        What was sent.

    Raises
    ------
    LinkNeededError, OtherLinkError
        If the ticket is void, or the page belongs to another response.
    SurveyClosedError, ScreenedOutError
        As for `Visit.check_open`.
    ScreenerFirstError
        If the page stands behind a screener that is not answered.
    NotFoundError
        If there is no such page.
    InvalidInputError
        If an answer belongs to another page.
    """
    with transaction():
        visit = get_visit(ticket, lock=True)
        visit.check_page(sent.mark)
        stop = visit.survey.stop("page", number)
        visit.check_open(at_screener=stop.step["kind"] == "screener")
        check_way(visit, stop, locked=True)
        _check_belongs(stop, sent.given)
        rows = db.session.connection().execute(_ANSWERS, {"response_id": visit.response_id})
        changed, saved = _merge(visit, _by_question(rows), sent)
        now = clock.now()
        _write(visit, changed, now)
        record_visit(visit.response_id, stop.key, sent.shown_at, now)
        saved.screened_out = _screen(visit, stop, now)
    return saved


def _check_belongs(stop: Stop, given: Mapping[int, Value]) -> None:
    known = {question["id"] for question in stop.step.get("questions", ())}
    if set(given) - known:
        raise InvalidInputError(_("One of the answers is not on this page. Reload the page and choose again."))


Changed = dict[int, tuple[StoredAnswer, Value]]  # what stood before, and what is to stand


def _merge(visit: Visit, stored: Answers, sent: PageSent) -> tuple[Changed, AnswersSaved]:
    changed: Changed = {}
    saved = AnswersSaved(visit)
    for key, value in sent.given.items():
        now = stored.get(key, NO_ANSWER)
        version, shown = sent.seen.get(key, (0, digest(None)))
        if value == now.value or digest(value) == shown or (value is None and isinstance(now.value, int)):
            continue  # left as it was; or blank where one choice stands, which no button takes back
        if version == now.version:
            changed[key] = (now, value)
        elif value is not None:  # blank from a stale page is no answer
            saved.disagreements.append(Disagreement(key, now.value, value))
    return changed, saved


def _write(visit: Visit, changed: Changed, now: datetime) -> None:
    for key, (before, value) in changed.items():
        where = {"response_id": visit.response_id, "question_id": key}
        values = {
            **_columns(visit.survey.questions[key]["kind"], value),
            "version": before.version + 1,
            "saved_at": now,
        }
        if before.version == 0:
            db.session.add(Answer(**where, **values))
            continue
        answer = db.session.get_one(Answer, where)
        kept = {
            name: getattr(answer, name) for name in ("choice_id", "choices", "number", "text", "version", "saved_at")
        }
        db.session.add(AnswerChange(**where, **kept, replaced_at=now))
        for name, part in values.items():
            setattr(answer, name, part)
    if changed:
        _join_stratum(visit, changed)
        db.session.execute(
            update(Response).where(Response.id == visit.response_id).values(revision=Response.revision + 1)
        )
    if visit.background_at is None:
        db.session.get_one(Response, visit.response_id).background_at = now
    db.session.flush()


def _columns(kind: str, value: Value) -> dict[str, Any]:
    empty: dict[str, Any] = {"choice_id": None, "choices": None, "number": None, "text": None}
    if value is None:
        return empty
    if kind == "multiple":
        return empty | {"choices": list(value)} if isinstance(value, tuple) else empty
    return empty | {{"number": "number", "text": "text"}.get(kind, "choice_id"): value}


def _join_stratum(visit: Visit, changed: Changed) -> None:
    """Count a respondent whose stratum the roster does not know to the stratum they chose."""
    for key, (_before, value) in changed.items():
        choices = visit.survey.questions[key]["choices"]
        code = next((choice.get("stratum") for choice in choices if choice["id"] == value), None)
        if code is None:
            continue
        found = select(Stratum.id).where(Stratum.study_id == visit.study_id, Stratum.code == code).scalar_subquery()
        unknown = Response.id == visit.response_id, Response.stratum_id.is_(None)
        db.session.execute(update(Response).where(*unknown).values(stratum_id=found))


def _screen(visit: Visit, stop: Stop, now: datetime) -> bool:
    """Say whether the answers of a screener end the survey, and record it where that changes."""
    if stop.step["kind"] != "screener":
        return visit.screened_out_at is not None
    out = {c["id"] for q in stop.step["questions"] for c in q["choices"] if c.get("screens_out")}
    rows = db.session.connection().execute(_ANSWERS, {"response_id": visit.response_id})
    here = {question["id"] for question in stop.step["questions"]}
    given = {key: answer.value for key, answer in _by_question(rows).items() if key in here}
    is_out = any(_screens_out(value, out) for value in given.values())
    if is_out != (visit.screened_out_at is not None):
        response = db.session.get_one(Response, visit.response_id)
        response.screened_out_at = now if is_out else None
        act = "screened out" if is_out else "screened in again"
        who = audit.Actor("respondent", "respondent")
        audit.record(who, act, f"response {trail_name(visit.code)}", study_id=visit.study_id)
    return is_out


def _screens_out(value: Value, out: set[int]) -> bool:
    return bool(out & set(value)) if isinstance(value, tuple) else value in out


def missing(stop: Stop, answers: Answers) -> list[Mapping[str, Any]]:
    """Return the questions of a page that must be answered and are not."""
    return [
        question
        for question in stop.step.get("questions", ())
        if question["required"] and answers.get(question["id"], NO_ANSWER).value is None
    ]


def words_of(question: Mapping[str, Any], value: Value) -> str:
    """Write an answer in the words of its question."""
    labels = {choice["id"]: choice["label"] for choice in question["choices"]}
    if isinstance(value, tuple):
        return ", ".join(labels.get(part, "") for part in value)
    if question["kind"] in {"number", "text"}:
        return f"{value:g}" if isinstance(value, float) else str(value or "")
    return labels.get(value, "") if isinstance(value, int) else ""
