"""Another study of this installation as a list to compare with: its tasks, their figures, its weights."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from jta.db import db
from jta.errors import NotFoundError
from jta.models.account import Membership
from jta.models.study import Study
from jta.services.cycle import FormerText, NewList
from jta.services.cycle_figures import figures_of, weights_of
from jta.services.inventory import load_inventory
from jta.services.study import get_study

MAY_COMPARE = ("director", "psychometrician")


def comparable_studies(user_id: int | None, study_id: int) -> list[Study]:
    """Return the other studies in which an account may see tasks and results: as director or psychometrician."""
    # Not a join with DISTINCT: PostgreSQL cannot compare the JSON columns of a study.
    own = select(Membership.study_id).where(Membership.user_id == user_id, Membership.role.in_(MAY_COMPARE))
    found = select(Study).where(Study.id.in_(own), Study.id != study_id).order_by(Study.id.desc())
    return list(db.session.scalars(found))


def list_of_study(former_id: int, user_id: int | None, study_id: int) -> NewList:
    """Return another study's live tasks with the figures and weights of its newest analysis, as a list to compare with.

    Raises
    ------
    NotFoundError
        If the account is neither director nor psychometrician of that study.
    """
    if former_id not in {study.id for study in comparable_studies(user_id, study_id)}:
        raise NotFoundError
    former = get_study(former_id)
    return NewList(
        former.title, f"Study “{former.title}” of this installation", texts_of_study(former),
        weights_of_study(former), former_id,
    )  # fmt: skip


def texts_of_study(study: Study) -> list[FormerText]:
    """Return the live tasks of a study with the figures of its newest analysis."""
    figures = figures_of(study)
    return [
        FormerText(task.code, task.statement, domain.area.title, figures.get(task.code, {}))
        for domain in load_inventory(study.id).domains
        for branch in (domain, *domain.branches)
        for task in branch.tasks
    ]


def weights_of_study(study: Study) -> list[dict[str, Any]]:
    """Return the domain weights of a study: its newest blueprint's, else its newest analysis's."""
    return weights_of(study)
