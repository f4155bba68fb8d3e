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
from jta.models.survey import Block, Instrument, RatingScale, Translation
from jta.services.content import VERSION, estimate_minutes, survey_texts
from jta.services.instrument_steps import build_sampling, build_steps, list_pages, list_questions
from jta.services.inventory_merge import Stored, in_order, load_stored
from jta.services.sampling import TASKS_PER_PAGE

__all__ = [
    "build_content", "content_hash", "content_of", "estimate_minutes", "list_pages", "list_questions", "list_scales",
    "newest_instrument", "split_pages", "text_hash",
]  # fmt: skip

STUDY_FIELDS = ("title", "credential", "notice", "contact", "time_zone")


def build_content(study: Study) -> dict[str, Any]:
    """Return the survey as it stands now, as the JSON an `Instrument` keeps (version 2).

    Holds study words, consent text with its SHA-256, languages, the steps in order, scales in card order, pages of at
    most 10 tasks (none without a ratings page), matrix sampling and translations. What was removed or retired is not
    in it. A fixed number of queries, whatever the size; nothing is written.

    Parameters
    ----------
    study : Study
        Must be stored; what is in the session is used.
    """
    stored, survey_pages, scales = load_stored(study.id), list_pages(study.id), list_scales(study.id)
    rates = any(page.kind == "ratings" for page in survey_pages)
    pages = _pages(stored, _block_codes(study.id)) if rates else []
    content = {
        "version": VERSION,
        "study": {name: getattr(study, name) for name in STUDY_FIELDS},
        "consent": {"text": study.consent_text, "hash": text_hash(study.consent_text)},
        "languages": list(study.languages),
        "steps": build_steps(study.id, survey_pages, scales, stored),
        "scales": [_scale(scale) for scale in scales],
        "pages": pages,
        "n_tasks": sum(len(page["tasks"]) for page in pages),
        "sampling": build_sampling(study.id, survey_pages),
    }
    return content | {"translations": _translations(study, content)}


def _block_codes(study_id: int) -> dict[int, str]:
    rows = db.session.execute(select(Block.id, Block.code).where(Block.study_id == study_id))
    return {key: code for key, code in rows}


def _translations(study: Study, content: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Texts by language and key; those whose source is gone are left out."""
    found: dict[str, dict[str, str]] = {language: {} for language in study.languages[1:]}
    known = survey_texts(content)
    rows = select(Translation).where(Translation.study_id == study.id).order_by(Translation.key)
    for row in db.session.scalars(rows):
        if row.language in found and row.key in known and row.text.strip():
            found[row.language][row.key] = row.text
    return found


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal: what a response keeps of the consent text it agreed to."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_hash(content: dict[str, Any]) -> str:
    """Return the SHA-256 of an instrument's content as canonical JSON."""
    return audit.digest(content)


def list_scales(study_id: int, use: str | None = None) -> list[RatingScale]:
    """Return a study's rating scales with their anchors in card order: frequency first, then by position.

    ``use`` limits them to those of tasks (``task``) or of knowledge and skill statements (``ksa``).
    """
    found = select(RatingScale).where(RatingScale.study_id == study_id, RatingScale.removed_at.is_(None))
    if use is not None:
        found = found.where(RatingScale.use == use)
    scales = db.session.scalars(found.options(selectinload(RatingScale.anchors))).all()
    return sorted(scales, key=lambda scale: (scale.use != "task", scale.kind != "frequency", scale.position, scale.id))


def newest_instrument(study_id: int, kind: str | None = None) -> Instrument | None:
    """Return the newest instrument of a study, or of its ``main`` survey or ``pilot``; None before the first."""
    found = select(Instrument).where(Instrument.study_id == study_id).order_by(Instrument.number.desc()).limit(1)
    if kind is not None:
        found = found.where(Instrument.kind == kind)
    return db.session.scalar(found)


def content_of(study: Study) -> dict[str, Any]:
    """Return what respondents see: the frozen content after launch, the survey as it stands before."""
    instrument = newest_instrument(study.id, "main")
    return build_content(study) if instrument is None else instrument.content


def split_pages(groups: Iterable[Sequence[Any]], size: int = TASKS_PER_PAGE) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield (group number, tasks of one page): pages fill up in order, and no page holds two groups.

    >>> [(group, len(page)) for group, page in split_pages([range(12), range(3)])]
    [(0, 10), (0, 2), (1, 3)]
    """
    for number, group in enumerate(groups):
        for start in range(0, len(group), size):
            yield number, group[start : start + size]


def _pages(stored: Stored, blocks: dict[int, str]) -> list[dict[str, Any]]:
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
                "tasks": [_task(task, areas[task.domain_id], blocks) for task in tasks],
            }
        )
    return pages


def _task(task: Task, area: Domain, blocks: dict[int, str]) -> dict[str, Any]:
    inside = area.parent_id is not None
    return {
        "id": task.id, "code": task.code, "statement": task.statement, "subdomain": area.title if inside else "",
        "subdomain_code": area.code if inside else "",
        "block": blocks.get(task.block_id) if task.block_id is not None else None,
    }  # fmt: skip


def _scale(scale: RatingScale) -> dict[str, Any]:
    return {
        "id": scale.id, "code": scale.code, "kind": scale.kind, "use": scale.use, "title": scale.title,
        "prompt": scale.prompt,
        "anchors": [
            {"id": a.id, "code": a.code, "label": a.label, "value": a.value, "not_performed": a.not_performed}
            for a in scale.anchors
        ],
    }  # fmt: skip
