"""What a study knows when ratings come in from another survey tool: its tasks, scales, questions and strata."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from flask import current_app
from sqlalchemy import select

from jta.db import db
from jta.imports.collected_guess import StudyWords
from jta.imports.collected_values import AnchorWords
from jta.imports.text import fold
from jta.models.study import Stratum, Study
from jta.services.instrument import content_of

CHOICE_KINDS = ("single", "agreement")


def content_questions(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the background questions of an instrument's content, whichever version it has, in order."""
    if "steps" not in content:
        return list(content.get("background", ()))
    return [question for step in content["steps"] for question in step.get("questions", ())]


def task_scales(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the scales on which tasks are rated."""
    return [scale for scale in content["scales"] if scale.get("use", "task") == "task"]


def study_words(study: Study) -> StudyWords:
    """Return the words by which columns and values of a file are recognised."""
    content = content_of(study)
    strata = select(Stratum.code, Stratum.label).where(Stratum.study_id == study.id).order_by(Stratum.position)
    return StudyWords(
        tasks=[(task["code"], task["statement"]) for page in content["pages"] for task in page["tasks"]],
        scales=[(s["code"], (s["title"], s["prompt"]), _anchors(s)) for s in task_scales(content)],
        questions=[
            (q["code"], q["prompt"], tuple(AnchorWords(c["code"], c["label"]) for c in q["choices"]))
            for q in content_questions(content)
            if q.get("kind", "single") in CHOICE_KINDS
        ],
        strata=[(code, label) for code, label in db.session.execute(strata)],
    )


def _anchors(scale: Mapping[str, Any]) -> tuple[AnchorWords, ...]:
    return tuple(AnchorWords(a["code"], a["label"], a["not_performed"]) for a in scale["anchors"])


def source_key(study_id: int, name: str) -> str:
    """Return the mark by which a respondent of a file is found again; the id itself is not stored.

    The id may be an address or name a person in another system, so only its keyed hash is kept.
    """
    key: str = current_app.config["SETTINGS"].link_key
    return hmac.new(key.encode(), f"collected.{study_id}.{fold(name)}".encode(), hashlib.sha256).hexdigest()
