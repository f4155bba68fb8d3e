"""The demo's sources of statements: the published names of the framework, and the simulated former list."""

from __future__ import annotations

from sqlalchemy import select

from jta.audit import Actor
from jta.db import db, transaction
from jta.demo.cycle import TITLE as FORMER_LIST
from jta.models.cycle import CrosswalkLink, FormerList
from jta.models.inventory import Task
from jta.models.study import Study
from jta.services.inventory_references import ReferenceWords, save_reference, set_references

FRAMEWORK = ReferenceWords(
    "FRAME",
    "Consortium for School Networking: Framework of Essential Skills of the K-12 CTO. Only the names of skill areas "
    "are taken over; the task statements were written for this demo.",
)
FORMER = ReferenceWords("F2018", FORMER_LIST, "2018")


def add_sources(director: Actor, study: Study) -> None:
    """Record two sources, and which task statements come from each."""
    framework = save_reference(director, study.id, FRAMEWORK)
    former = save_reference(director, study.id, FORMER)
    known = _from_former(study)
    with transaction():
        for task in db.session.scalars(select(Task).where(Task.study_id == study.id)):
            set_references(task, [framework.id, former.id] if task.id in known else [framework.id])


def _from_former(study: Study) -> set[int | None]:
    """Return the ids of the tasks that a former statement became."""
    links = select(CrosswalkLink.task_id).join(FormerList, FormerList.id == CrosswalkLink.list_id)
    return set(db.session.scalars(links.where(FormerList.study_id == study.id, CrosswalkLink.former_id.is_not(None))))
