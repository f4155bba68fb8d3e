"""Chapters about the survey in the field: pilot, versions, messages, and what people said of the list."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, func, select

from jta.db import db
from jta.exports.report_parts import Bullets, Chapter, Missing, Paragraph, Part, Section, Table
from jta.models.delivery import WENT_OUT, OutboxMessage, Wave
from jta.models.response import Answer, Response
from jta.models.survey import Choice, Instrument, Question
from jta.services.content import questions_of
from jta.services.report_chapters.source import NOTHING, Source, count, hidden_words, people_share
from jta.services.results_privacy import hide

OWN = (
    "Answers were saved as they were given, on phone or computer; there was no time limit; a respondent could "
    "withdraw at any time."
)
LIST_ROLES = {
    "coverage": "the question how well the list covers the job",
    "write_in": "write-in tasks",
    "comment": "comments",
}


def survey(source: Source) -> Chapter:
    """How the survey was given: pilot, versions, dates, languages, forms, messages."""
    found = select(Instrument).where(Instrument.study_id == source.study.id).order_by(Instrument.number)
    versions = list(db.session.scalars(found))
    if not versions:
        return Chapter("The survey", [Missing("a launched survey.")])
    rows = [
        (count(i.number), "Pilot" if i.kind == "pilot" else "Survey", source.day(i.launched_at),
         source.day(i.closed_at), i.content_hash[:16])
        for i in versions
    ]  # fmt: skip
    titles = ("Version", "Kind", "Opened", "Closed", "SHA-256 (first 16)")
    return Chapter("The survey", [
        Table("Versions of the survey", titles, rows, (1, 1, 2, 2, 3)),
        Bullets([f"Languages: {', '.join(source.content.get('languages', ['en']))}.", _forms(source),
                 OWN]),
        Paragraph("The consent text and the background questions stand in the appendix on the instrument."),
        _pilot(source, versions),
        _messages(source),
    ])  # fmt: skip


def _forms(source: Source) -> str:
    sampling = source.content.get("sampling")
    if not sampling:
        return "Every respondent was shown every task."
    return (
        f"The list was shared out over {len(sampling['forms'])} forms, so that each respondent rated a part of it; the "
        "number of answers to each task is given in Appendix A."
    )


def _pilot(source: Source, versions: list[Instrument]) -> Section:
    if not any(one.kind == "pilot" for one in versions):
        return Section("Pilot", [Missing("a pilot of the survey.")])
    own = Response.study_id == source.study.id, Response.is_pilot.is_(True), Response.withdrawn_at.is_(None)
    n = db.session.scalar(select(func.count(Response.id)).where(*own))
    return Section("Pilot", [Paragraph(f"{count(n)} people tried the survey. Their answers are in no result.")])


def _messages(source: Source) -> Section:
    """Waves of messages by date, with how many went out."""
    out = func.sum(case((OutboxMessage.state.in_(WENT_OUT), 1), else_=0))
    found = (
        select(Wave.number, Wave.kind, Wave.begun_at, out)
        .join(OutboxMessage, OutboxMessage.wave_id == Wave.id)
        .where(Wave.study_id == source.study.id, Wave.begun_at.is_not(None))
        .group_by(Wave.id, Wave.number, Wave.kind, Wave.begun_at)
        .order_by(Wave.number)
    )
    rows = [
        (count(number), kind.capitalize(), source.day(begun), count(sent))
        for number, kind, begun, sent in db.session.execute(found)
    ]
    titles = ("Wave", "Kind", "Begun", "Messages sent")
    table = Table("Messages to invited people", titles, rows, (1, 3, 2, 2), frozenset({0, 3}))
    return Section("Invitations and reminders", [table if rows else Missing("messages that were sent from here.")])


def comments(source: Source) -> Chapter:
    """What people said of the list: coverage, write-ins, comments."""
    asked: dict[str, Mapping[str, Any]] = {q["code"]: q for q in _questions(source) if q.get("role") in LIST_ROLES}
    roles = {q["role"] for q in asked.values()}
    parts: list[Part] = []
    included = _included(source) if asked else frozenset[str]()
    for question in asked.values():
        parts.append(_answers(source, question, included))
    absent = [words for role, words in LIST_ROLES.items() if role not in roles]
    if absent:
        parts.append(Missing(f"{', '.join(absent)}."))
    return Chapter("Coverage, comments and write-ins", parts)


def _questions(source: Source) -> list[Mapping[str, Any]]:
    return questions_of(source.content) if source.content else []


def _included(source: Source) -> frozenset[str]:
    """Return the codes of the responses in the data set."""
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(source.run.dataset.content), columns=["respondent_id"])
    return frozenset(table.column("respondent_id").to_pylist())


def _answers(source: Source, question: Mapping[str, Any], included: frozenset[str]) -> Part:
    """Return how many of the data set's respondents gave which answer, or wrote one."""
    found = (
        select(Response.code, Choice.code)
        .select_from(Answer)
        .join(Response, Response.id == Answer.response_id)
        .join(Question, Question.id == Answer.question_id)
        .outerjoin(Choice, Choice.id == Answer.choice_id)
        .where(Question.study_id == source.study.id, Question.code == question["code"])
        .where(Answer.choice_id.is_not(None) | (func.length(func.trim(Answer.text)) > 0))
    )
    given = [choice for code, choice in db.session.execute(found) if code in included]
    title, minimum = str(question["prompt"]), source.study.smallest_group
    if not question.get("choices"):
        n = count(len(given)) if len(given) >= minimum else f"Fewer than {minimum}"
        return Section(title, [Paragraph(f"{n} respondents of the data set wrote an answer.")])
    return Section(title, [_choices(question, Counter(given), minimum)])


def _choices(question: Mapping[str, Any], counts: Counter[str], minimum: int) -> Part:
    whole = counts.total()
    if whole < minimum:
        return Missing(f"answers of {minimum} people or more.")
    hidden = hide({choice["code"]: counts[choice["code"]] for choice in question["choices"]}, minimum)
    rows = [
        (str(choice["label"]), NOTHING, NOTHING)
        if choice["code"] in hidden
        else (str(choice["label"]), count(counts[choice["code"]]), people_share(counts[choice["code"]] / whole))
        for choice in question["choices"]
    ]
    note = hidden_words(minimum) if hidden else ""
    return Table(f"Answers of {count(whole)} respondents", ("Answer", "Respondents", "Share"), rows, (5, 2, 2),
                 frozenset({1, 2}), note)  # fmt: skip
