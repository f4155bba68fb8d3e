"""The instrument: everything a respondent's pages need, built from the study and frozen at launch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from jta import audit
from jta.db import db
from jta.models.inventory import Domain, Task
from jta.models.study import Study
from jta.models.survey import Instrument, Question, RatingScale
from jta.services.inventory_merge import in_order, load_stored
from jta.services.survey_pages import SECONDS_PER_RATING

TASKS_PER_PAGE = 10
SECONDS_FOR_THE_REST = 60  # welcome, consent, background page, review
STUDY_FIELDS = ("title", "credential", "notice", "contact", "time_zone")


def build_content(study: Study) -> dict[str, Any]:
    """Return the survey as it stands now, as the JSON an `Instrument` keeps.

    Holds study words, consent text with its SHA-256, background questions (none where the background page is
    switched off), scales in card order, pages of at most 10 tasks and the number of tasks. Retired tasks are not
    in it. Six queries, whatever the size; nothing is written.

    Parameters
    ----------
    study : Study
        Must be stored; what is in the session is used.
    """
    pages = _pages(study.id)
    return {
        "study": {name: getattr(study, name) for name in STUDY_FIELDS},
        "consent": {"text": study.consent_text, "hash": text_hash(study.consent_text)},
        "background": [_question(q) for q in list_questions(study.id)] if study.background_on else [],
        "scales": [_scale(scale) for scale in list_scales(study.id)],
        "pages": pages,
        "n_tasks": sum(len(page["tasks"]) for page in pages),
    }


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal: what a response keeps of the consent text it agreed to."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_hash(content: dict[str, Any]) -> str:
    """Return the SHA-256 of an instrument's content as canonical JSON."""
    return audit.digest(content)


def list_scales(study_id: int) -> list[RatingScale]:
    """Return a study's rating scales with their anchors in card order: frequency first, then by position."""
    found = select(RatingScale).where(RatingScale.study_id == study_id).options(selectinload(RatingScale.anchors))
    scales = db.session.scalars(found).all()
    return sorted(scales, key=lambda scale: (scale.kind != "frequency", scale.position, scale.id))


def list_questions(study_id: int) -> list[Question]:
    """Return a study's background questions with their choices, in order."""
    found = select(Question).where(Question.study_id == study_id).options(selectinload(Question.choices))
    return list(db.session.scalars(found.order_by(Question.position, Question.id)))


def newest_instrument(study_id: int) -> Instrument | None:
    """Return the instrument of the latest launch, or None before the first."""
    found = select(Instrument).where(Instrument.study_id == study_id).order_by(Instrument.number.desc()).limit(1)
    return db.session.scalar(found)


def content_of(study: Study) -> dict[str, Any]:
    """Return what respondents see: the frozen content after launch, the survey as it stands before."""
    instrument = newest_instrument(study.id)
    return build_content(study) if instrument is None else instrument.content


def estimate_minutes(content: dict[str, Any]) -> int:
    """Return the minutes a respondent needs, rounded up: 7 seconds for each rating and 60 seconds for the rest.

    A rule of thumb for planning, not a measurement; monitoring shows the minutes people really took.
    """
    ratings: int = content["n_tasks"] * len(content["scales"])
    return -(-(ratings * SECONDS_PER_RATING + SECONDS_FOR_THE_REST) // 60)


def split_pages(groups: Iterable[Sequence[Any]], size: int = TASKS_PER_PAGE) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield (group number, tasks of one page): pages fill up in order, and no page holds two groups.

    >>> [(group, len(page)) for group, page in split_pages([range(12), range(3)])]
    [(0, 10), (0, 2), (1, 3)]
    """
    for number, group in enumerate(groups):
        for start in range(0, len(group), size):
            yield number, group[start : start + size]


def _pages(study_id: int) -> list[dict[str, Any]]:
    stored = load_stored(study_id)
    areas = {area.id: area for area in stored.areas}

    def domain_of(task: Task) -> Domain:
        area = areas[task.domain_id]
        return area if area.parent_id is None else areas[area.parent_id]

    runs = groupby(in_order(stored, stored.live), key=lambda task: domain_of(task).id)
    groups = [list(tasks) for _, tasks in runs]
    pages = []
    for number, (_, tasks) in enumerate(split_pages(groups), start=1):
        domain = domain_of(tasks[0])
        pages.append(
            {
                "number": number,
                "domain": {"code": domain.code, "title": domain.title},
                "tasks": [_task(task, areas[task.domain_id]) for task in tasks],
            }
        )
    return pages


def _task(task: Task, area: Domain) -> dict[str, Any]:
    subdomain = area.title if area.parent_id is not None else ""
    return {"id": task.id, "code": task.code, "statement": task.statement, "subdomain": subdomain}


def _scale(scale: RatingScale) -> dict[str, Any]:
    return {
        "id": scale.id, "code": scale.code, "kind": scale.kind, "title": scale.title, "prompt": scale.prompt,
        "anchors": [
            {"id": a.id, "code": a.code, "label": a.label, "value": a.value, "not_performed": a.not_performed}
            for a in scale.anchors
        ],
    }  # fmt: skip


def _question(question: Question) -> dict[str, Any]:
    return {
        "id": question.id, "code": question.code, "prompt": question.prompt, "help": question.help,
        "choices": [{"id": c.id, "code": c.code, "label": c.label} for c in question.choices],
    }  # fmt: skip
