"""The steps of an instrument: survey pages with their questions, statements and domains, and matrix sampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from jta.db import db
from jta.models.inventory import Knowledge
from jta.models.study import Stratum
from jta.models.survey import Block, Choice, Form, Question, RatingScale, SurveyPage
from jta.services.inventory_merge import Stored

WITH_QUESTIONS = ("screener", "questions")
SHUFFLES = ("shuffle_domains", "shuffle_tasks")
BALANCED, BY_STRATUM = ASSIGNMENTS = ("balanced", "by stratum")
TOTAL_POINTS = 100


def list_pages(study_id: int) -> list[SurveyPage]:
    """Return the pages of a survey in order, those removed left out: welcome first, thanks last."""
    found = select(SurveyPage).where(SurveyPage.study_id == study_id, SurveyPage.removed_at.is_(None))
    pages = db.session.scalars(found.order_by(SurveyPage.position, SurveyPage.id))
    return sorted(pages, key=lambda page: (page.kind != "welcome", page.kind == "thanks"))


def list_questions(study_id: int) -> list[Question]:
    """Return the questions of a survey with their choices, by position, without those removed."""
    found = (
        select(Question)
        .join(SurveyPage, SurveyPage.id == Question.page_id)
        .where(Question.study_id == study_id, Question.removed_at.is_(None), SurveyPage.removed_at.is_(None))
        .order_by(Question.position, Question.id)
        .options(selectinload(Question.choices))
    )
    return list(db.session.scalars(found))


def build_steps(
    study_id: int, pages: Sequence[SurveyPage], scales: Sequence[RatingScale], stored: Stored
) -> list[dict[str, Any]]:
    """Return the steps of a survey as an instrument keeps them."""
    questions: dict[int, list[Question]] = {}
    for question in list_questions(study_id):
        questions.setdefault(question.page_id, []).append(question)
    strata = _strata_codes(study_id)
    found = []
    for page in pages:
        step: dict[str, Any] = {"id": page.id, "kind": page.kind, "title": page.title, "intro": page.intro}
        if page.kind in WITH_QUESTIONS:
            step["questions"] = [_question(question, strata) for question in questions.get(page.id, ())]
        found.append(step | _own(page, scales, stored))
    return found


def _own(page: SurveyPage, scales: Sequence[RatingScale], stored: Stored) -> dict[str, Any]:
    """What only a page of this kind has."""
    if page.kind == "screener":
        return {"screened_out": page.settings.get("screened_out", "")}
    if page.kind == "ratings":
        return {"scales": [scale.code for scale in scales if scale.use == "task"]}
    if page.kind == "ksa":
        codes = [scale.code for scale in scales if scale.use == "ksa"]
        return {"scales": codes, "statements": _statements(page.study_id, stored)}
    if page.kind == "points":
        return {"domains": _domains(stored), "total": TOTAL_POINTS}
    return {}


def _strata_codes(study_id: int) -> dict[int, str]:
    found = select(Stratum.id, Stratum.code).where(Stratum.study_id == study_id)
    return {row.id: row.code for row in db.session.execute(found)}


def _question(question: Question, strata: dict[int, str]) -> dict[str, Any]:
    return {
        "id": question.id, "code": question.code, "kind": question.kind, "prompt": question.prompt,
        "help": question.help, "required": question.required, "minimum": question.minimum,
        "maximum": question.maximum, "longest": question.longest, "role": question.role,
        "is_stratum": question.is_stratum, "choices": [_choice(choice, strata) for choice in question.choices],
    }  # fmt: skip


def _choice(choice: Choice, strata: dict[int, str]) -> dict[str, Any]:
    return {
        "id": choice.id, "code": choice.code, "label": choice.label, "screens_out": choice.screens_out,
        "stratum": strata.get(choice.stratum_id) if choice.stratum_id is not None else None,
    }  # fmt: skip


def _domains(stored: Stored) -> list[dict[str, Any]]:
    """The content domains that have a live task, in order."""
    top = {area.id: area.parent_id or area.id for area in stored.areas}
    used = {top[task.domain_id] for task in stored.live}
    return [
        {"id": area.id, "code": area.code, "title": area.title}
        for area in stored.areas
        if area.parent_id is None and area.id in used
    ]


def _statements(study_id: int, stored: Stored) -> list[dict[str, Any]]:
    """The live knowledge and skill statements in order; ``group`` is the title of their content domain."""
    titles = {area.id: area.title for area in stored.areas}
    order = {area.id: n for n, area in enumerate(stored.areas)}
    found = select(Knowledge).where(Knowledge.study_id == study_id, Knowledge.retired_at.is_(None))
    rows = db.session.scalars(found.order_by(Knowledge.position, Knowledge.id)).all()
    rows = sorted(rows, key=lambda row: order.get(row.domain_id or 0, len(order)))
    return [
        {
            "id": row.id, "code": row.code, "statement": row.statement,
            "group": titles.get(row.domain_id or 0, "All content domains"),
        }
        for row in rows
    ]  # fmt: skip


def build_sampling(study_id: int, pages: Sequence[SurveyPage]) -> dict[str, Any] | None:
    """Return forms, core block and orders as an instrument keeps them, or None where everybody sees the same."""
    page = next((page for page in pages if page.kind == "ratings"), None)
    if page is None:
        return None
    shuffles = {name: bool(page.settings.get(name)) for name in SHUFFLES}
    found = select(Form).where(Form.study_id == study_id).order_by(Form.position).options(selectinload(Form.blocks))
    forms = [{"code": form.code, "blocks": [block.code for block in form.blocks]} for form in db.session.scalars(found)]
    if not forms and not any(shuffles.values()):
        return None
    core = select(Block.code).where(Block.study_id == study_id, Block.is_core.is_(True)).limit(1)
    assignment = page.settings.get("assignment", BY_STRATUM)
    return {"core": db.session.scalar(core), "forms": forms, **shuffles, "assignment": assignment}
