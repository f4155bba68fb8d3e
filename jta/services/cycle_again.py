"""Proposing a crosswalk again, after the inventory changed: what somebody decided and still holds is left alone."""

from __future__ import annotations

from sqlalchemy import delete

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.models.cycle import CrosswalkLink
from jta.services.crosswalk_rules import propose
from jta.services.cycle import load_crosswalk, settle
from jta.services.inventory import live_tasks
from jta.services.study_stage import lock_study


def propose_again(actor: Actor, study_id: int, list_id: int) -> int:
    """Propose anew what became of each former statement that is not decided; return how many these are."""
    with transaction():
        lock_study(study_id)
        crosswalk = load_crosswalk(study_id, list_id)
        former, tasks = crosswalk.former.statements, live_tasks(study_id)
        waiting = {line.former.id for line in crosswalk.lines if line.former is not None and not line.decided}
        db.session.execute(delete(CrosswalkLink).where(CrosswalkLink.former_id.in_(waiting)))
        for found in propose([one.statement for one in former], [task.statement for task in tasks]):
            if found.former is not None and former[found.former].id in waiting:
                task_id = None if found.present is None else tasks[found.present].id
                link = CrosswalkLink(
                    list_id=list_id, former_id=former[found.former].id, task_id=task_id, relation=found.relation,
                    similarity=found.score,
                )  # fmt: skip
                db.session.add(link)
        settle(crosswalk.former)
        note = f"{len(waiting)} statements"
        audit.record(actor, "proposed crosswalk again", f"list {list_id}", study_id=study_id, note=note)
    return len(waiting)
