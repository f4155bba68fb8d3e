"""Every act on the inventory: it is logged with what each object was before and after, so that it can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.models.inventory import Domain, Knowledge, Task
from jta.models.inventory_record import InventoryChange, Reference, StatementReference
from jta.models.study import Study
from jta.services.study_stage import lock_study, require_unlocked

MODELS: dict[str, type[Any]] = {"area": Domain, "task": Task, "knowledge": Knowledge, "reference": Reference}
FIELDS = {
    "area": ("code", "title", "parent_id", "position", "runs_through"),
    "task": ("code", "statement", "source", "domain_id", "position", "retired_at", "retired_reason"),
    "reference": ("code", "citation", "edition"),
    "knowledge": ("code", "kind", "statement", "source", "domain_id", "position", "retired_at", "retired_reason"),
}
Key = tuple[str, int]
Snapshot = dict[Key, dict[str, Any]]


@dataclass
class Act:
    """An act under way; the acting service says in ``summary`` what it did, for the log and the button that undoes it.

    Nothing is logged where the summary stays empty.
    """

    study: Study
    actor: Actor
    summary: str = ""
    before: Snapshot = field(default_factory=dict)

    def record(self, action: str, obj: str, *, before: Any = None, after: Any = None, note: str = "") -> None:
        """Write the audit record of this act and take its words as the summary."""
        db.session.flush()
        audit.record(self.actor, action, obj, study_id=self.study.id, before=before, after=after, note=note)
        self.summary = self.summary or f"{action[:1].upper()}{action[1:]}: {obj}"


@contextmanager
def inventory_act(actor: Actor, study_id: int) -> Iterator[Act]:
    """Open the one transaction of an act on the inventory: the study is locked, and what changed is logged.

    Raises
    ------
    StateError
        If the survey was launched.
    """
    with transaction():
        study = lock_study(study_id)
        require_unlocked(study)
        act = Act(study, actor, before=take_snapshot(study_id))
        yield act
        log_act(act)


def log_act(act: Act) -> None:
    """Log what an act changed, inside the transaction that is open; nothing where it changed nothing."""
    objects = differences(act.before, take_snapshot(act.study.id))
    if not objects:
        return
    change = InventoryChange(
        study_id=act.study.id, summary=act.summary or "Changed the inventory", objects=objects,
        by_name=act.actor.name, at=clock.now(),
    )  # fmt: skip
    db.session.add(change)
    db.session.flush()


def take_snapshot(study_id: int) -> Snapshot:
    """Return the inventory as plain values, by kind and id: areas, tasks and KSAs with their references, references."""
    db.session.flush()
    found: Snapshot = {}
    for kind, model in MODELS.items():
        names = FIELDS[kind]
        columns = [getattr(model, name) for name in names]
        for row_id, *values in db.session.execute(select(model.id, *columns).where(model.study_id == study_id)):
            found[kind, row_id] = {name: plain(value) for name, value in zip(names, values, strict=True)}
    _add_references(study_id, found)
    return found


def _add_references(study_id: int, found: Snapshot) -> None:
    links = select(StatementReference.reference_id, StatementReference.task_id, StatementReference.knowledge_id)
    tasks = select(Task.id).where(Task.study_id == study_id)
    known = select(Knowledge.id).where(Knowledge.study_id == study_id)
    links = links.where(StatementReference.task_id.in_(tasks) | StatementReference.knowledge_id.in_(known))
    for reference_id, task_id, knowledge_id in db.session.execute(links.order_by(StatementReference.reference_id)):
        key = ("task", task_id) if task_id is not None else ("knowledge", knowledge_id or 0)
        found[key].setdefault("references", []).append(reference_id)


def plain(value: Any) -> Any:
    """Return a column's value as JSON keeps it: times as text."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def differences(before: Snapshot, after: Snapshot) -> list[dict[str, Any]]:
    """Return what differs between two snapshots, object by object."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [
        {"kind": kind, "id": row_id, "before": before.get((kind, row_id)), "after": after.get((kind, row_id))}
        for kind, row_id in keys
    ]


def last_change(study_id: int) -> InventoryChange | None:
    """Return the newest act on the inventory that is not undone, or None."""
    found = select(InventoryChange).where(
        InventoryChange.study_id == study_id, InventoryChange.undone_at.is_(None)
    )  # fmt: skip
    return db.session.scalar(found.order_by(InventoryChange.id.desc()).limit(1))


def list_changes(study_id: int, most: int = 50) -> list[InventoryChange]:
    """Return the newest acts on the inventory, newest first, without their content."""
    found = select(InventoryChange).where(InventoryChange.study_id == study_id)
    return list(db.session.scalars(found.order_by(InventoryChange.id.desc()).limit(most)))


def load_change(change_id: int) -> InventoryChange:
    """Return an act with its content."""
    found = select(InventoryChange).where(InventoryChange.id == change_id).options(undefer(InventoryChange.objects))
    return db.session.scalars(found.execution_options(populate_existing=True)).one()
