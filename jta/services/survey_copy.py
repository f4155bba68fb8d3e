"""Copying the survey of another study: pages, questions and rating scales. Never people, never answers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError
from jta.models.account import Membership
from jta.models.study import Study
from jta.models.survey import Anchor, Choice, Question, RatingScale, SurveyPage
from jta.services.instrument import list_scales
from jta.services.instrument_steps import list_pages, list_questions
from jta.services.survey_builder import free_code, open_study
from jta.services.survey_questions import suggest_code

SEES = ("director", "psychometrician", "auditor")  # roles that may read a study's survey


@dataclass(frozen=True)
class Copied:
    """How much was copied."""

    pages: int
    questions: int
    scales: int


def list_sources(user_id: int, study_id: int) -> list[Study]:
    """Return the other studies whose survey this account may read, newest first."""
    mine = select(Membership.study_id).where(Membership.user_id == user_id, Membership.role.in_(SEES))
    found = select(Study).where(Study.id.in_(mine), Study.id != study_id).order_by(Study.created_at.desc())
    return list(db.session.scalars(found))


def copy_survey(actor: Actor, study_id: int, source_id: int) -> Copied:
    """Replace the survey of a study by a copy of another one's; what was there is removed and can be brought back.

    The consent text is copied too. A question or scale whose code is taken gets a number behind it; scales of a code
    that the study has already are brought back instead.

    Raises
    ------
    InvalidInputError
        If the account may not read the other study's survey, or none was chosen.
    StateError
        If the survey was launched.
    """
    if source_id not in {study.id for study in list_sources(actor.user_id or 0, study_id)}:
        raise InvalidInputError("Choose one of your other studies.")
    with transaction():
        study = open_study(study_id)
        _remove_all(study_id)
        scales = _copy_scales(source_id, study_id)
        pages, questions = _copy_pages(source_id, study_id)
        study.consent_text = db.session.get_one(Study, source_id).consent_text
        db.session.flush()
        copied = Copied(pages, questions, scales)
        audit.record(
            actor, "copied survey", f"study {source_id}", study_id=study_id, after=copied.__dict__,
            note=f"{pages} pages, {questions} questions, {scales} rating scales",
        )  # fmt: skip
    return copied


def _remove_all(study_id: int) -> None:
    now = clock.now()
    for page in list_pages(study_id):
        page.removed_at = now
    for scale in list_scales(study_id):
        scale.removed_at = now
    db.session.flush()


def _copy_scales(source_id: int, study_id: int) -> int:
    own = select(RatingScale).where(RatingScale.study_id == study_id).options(selectinload(RatingScale.anchors))
    stored = {scale.code: scale for scale in db.session.scalars(own)}
    scales = list_scales(source_id)
    for position, scale in enumerate(scales, start=1):
        twin = stored.get(scale.code)
        if twin is not None and _words(twin) == _words(scale):
            twin.removed_at, twin.position = None, position
            continue
        code = scale.code if twin is None else suggest_code(scale.code, list(stored))
        db.session.add(_new_scale(scale, study_id, code, position))
    return len(scales)


def _words(scale: RatingScale) -> tuple[object, ...]:
    anchors = tuple((a.code, a.label, a.value, a.not_performed) for a in scale.anchors)
    return (scale.kind, scale.use, scale.title, scale.prompt, anchors)


def _new_scale(scale: RatingScale, study_id: int, code: str, position: int) -> RatingScale:
    anchors = [
        Anchor(code=a.code, label=a.label, value=a.value, not_performed=a.not_performed, position=a.position)
        for a in scale.anchors
    ]
    return RatingScale(
        study_id=study_id, code=code, kind=scale.kind, use=scale.use, title=scale.title, prompt=scale.prompt,
        position=position, anchors=anchors,
    )  # fmt: skip


def _copy_pages(source_id: int, study_id: int) -> tuple[int, int]:
    questions = list_questions(source_id)
    pages = list_pages(source_id)
    for page in pages:
        twin = SurveyPage(
            study_id=study_id, kind=page.kind, title=page.title, intro=page.intro, position=page.position,
            settings=dict(page.settings),
        )  # fmt: skip
        db.session.add(twin)
        db.session.flush()
        for question in questions:
            if question.page_id == page.id:
                db.session.add(_new_question(question, study_id, twin.id))
                db.session.flush()
    return len(pages), len(questions)


def _new_question(question: Question, study_id: int, page_id: int) -> Question:
    choices = [
        Choice(code=c.code, label=c.label, position=c.position, screens_out=c.screens_out) for c in question.choices
    ]
    return Question(
        study_id=study_id, page_id=page_id, code=free_code(study_id, question.code), kind=question.kind,
        role=question.role, prompt=question.prompt, help=question.help, required=question.required,
        minimum=question.minimum, maximum=question.maximum, longest=question.longest, is_stratum=question.is_stratum,
        position=question.position, choices=choices,
    )  # fmt: skip
