"""Undoing the last act on the inventory, while nothing else has touched what it changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import StateError
from jta.models.inventory import Domain, Knowledge, Task
from jta.models.inventory_record import InventoryChange, Reference, StatementReference
from jta.services.inventory_log import FIELDS, MODELS, last_change, load_change, take_snapshot
from jta.services.inventory_merge import load_histories, write_statement
from jta.services.inventory_uses import in_parts, in_use, let_go
from jta.services.study_stage import lock_study, require_unlocked

_WORDS = {"area": "the content domain or subdomain", "task": "task", "knowledge": "KSA", "reference": "reference"}
_WAY_OUT = {"area": "Move what is in it.", "reference": ""}  # a statement can be retired
_FRESH = {"populate_existing": True}
_ORDER = {"area": 0, "task": 1, "knowledge": 2, "reference": 3}


def why_not(change: InventoryChange) -> str:
    """Return why an act cannot be undone, or an empty text where it can."""
    now, entries = take_snapshot(change.study_id), load_change(change.id).objects
    for entry in entries:
        if now.get((entry["kind"], entry["id"])) != entry["after"]:
            return f"{_name(entry)} was changed in another way since."
    made = {(entry["kind"], entry["id"]): entry for entry in entries if entry["before"] is None}
    for kind in MODELS:
        used = in_use(kind, [row_id for of, row_id in made if of == kind])
        if used is not None:
            return (
                f"{_name(made[kind, used[0]])} is in use already: {used[1]}. {_WAY_OUT.get(kind, 'Retire it instead.')}"
            )
    return ""


def _name(entry: dict[str, Any]) -> str:
    words = f"{_WORDS[entry['kind']]} {(entry['after'] or entry['before'])['code']}"
    return words[:1].upper() + words[1:]


def undo_last(actor: Actor, study_id: int, change_id: int) -> InventoryChange:
    """Undo the last act on the inventory; ``change_id`` is the one that the person saw.

    Raises
    ------
    StateError
        If it is not the last one any more, was undone, or something else touched what it changed.
    """
    with transaction():
        require_unlocked(lock_study(study_id))
        change = last_change(study_id)
        if change is None or change.id != change_id:
            raise StateError("Something else was done since, or this was undone already. Look at the inventory again.")
        if hindrance := why_not(change):
            raise StateError(f"This cannot be undone: {hindrance[:1].lower()}{hindrance[1:]}")
        let_go(change)
        _invert(change, actor)
        change.undone_by, change.undone_at = actor.name, clock.now()
        audit.record(
            actor, "undid inventory change", f"change {change.id}", study_id=study_id, before=change.objects,
            note=change.summary,
        )  # fmt: skip
    return change


def _invert(change: InventoryChange, actor: Actor) -> None:
    """Bring back areas, put back what was changed, take away what was made: statements, then their areas."""
    entries = sorted(change.objects, key=lambda entry: _ORDER[entry["kind"]])
    gone = [entry for entry in entries if entry["after"] is None]
    for entry in sorted(gone, key=lambda one: one["before"].get("parent_id") is not None):
        db.session.add(Domain(id=entry["id"], study_id=change.study_id, **entry["before"]))
        db.session.flush()
    changed = [entry for entry in entries if entry["before"] is not None and entry["after"] is not None]
    objects = _load(changed)
    for entry in changed:
        _put_back(entry, objects[entry["kind"], entry["id"]], actor, change)
    db.session.flush()
    _delete([entry for entry in entries if entry["before"] is None])


def _delete(made: list[dict[str, Any]]) -> None:
    """Delete what was made: statements with all that is only theirs, then subdomains, then domains."""
    for kind, model in reversed(MODELS.items()):
        own = [entry for entry in made if entry["kind"] == kind]
        inner = [entry["id"] for entry in own if kind == "area" and entry["after"]["parent_id"] is not None]
        outer = [entry["id"] for entry in own if entry["id"] not in inner]
        for some in (*in_parts(inner), *in_parts(outer)):
            db.session.execute(delete(model).where(model.id.in_(some)))
    db.session.expire_all()


def _load(changed: list[dict[str, Any]]) -> dict[tuple[str, int], Any]:
    """Return what an act changed, by kind and id, as stored now."""
    found: dict[tuple[str, int], Any] = {}
    for kind, model in MODELS.items():
        for some in in_parts([entry["id"] for entry in changed if entry["kind"] == kind]):
            rows = db.session.scalars(select(model).where(model.id.in_(some)), execution_options=_FRESH)
            found |= {(kind, row.id): row for row in rows}
    load_histories([one for one in found.values() if isinstance(one, Task | Knowledge)])
    return found


def _put_back(entry: dict[str, Any], found: Any, actor: Actor, change: InventoryChange) -> None:
    before: dict[str, Any] = entry["before"]
    if isinstance(found, Task | Knowledge):
        write_statement(found, before["statement"], actor, f"Undone: {change.summary}")
        references = before.get("references", [])
        if references != entry["after"].get("references", []):
            _set_references(entry["kind"], found.id, references)
    for name in FIELDS[entry["kind"]]:
        value = before[name]
        if name == "retired_at" and value is not None:
            value = datetime.fromisoformat(value)
        setattr(found, name, value)


def _set_references(kind: str, statement_id: int, reference_ids: list[int]) -> None:
    column = StatementReference.task_id if kind == "task" else StatementReference.knowledge_id
    db.session.execute(delete(StatementReference).where(column == statement_id))
    there = set(db.session.scalars(select(Reference.id).where(Reference.id.in_(reference_ids))))
    for reference_id in sorted(there):
        db.session.add(StatementReference(reference_id=reference_id, **{f"{kind}_id": statement_id}))
