"""Changing the task inventory by hand: add, edit, move, retire and restore task statements; name domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.imports.text import fold
from jta.models.inventory import Domain, Task
from jta.models.study import Study
from jta.services.inventory import get_area, get_task
from jta.services.inventory_merge import write_statement
from jta.services.study_stage import lock_study, reach_stage, require_unlocked


@dataclass(frozen=True)
class TaskWords:
    """A task statement as written on its page."""

    statement: str
    source: str = ""
    area_id: int | None = None


@dataclass(frozen=True)
class NewArea:
    """A content domain to be added with a task, or a subdomain of the domain ``parent_id``."""

    code: str
    title: str
    parent_id: int | None = None


def _open_inventory(study_id: int) -> Study:
    study = lock_study(study_id)
    require_unlocked(study)
    return study


def add_task(actor: Actor, study_id: int, *, code: str, words: TaskWords, new_area: NewArea | None = None) -> Task:
    """Add a task statement at the end of its content domain or subdomain, which may be new.

    Raises
    ------
    InvalidInputError
        If the code is taken or no place is named.
    StateError
        If the survey was launched.
    """
    with transaction():
        study = _open_inventory(study_id)
        if _task_with_code(study_id, code) is not None:
            raise InvalidInputError(f"The code {code} is in use. Codes stay with their task for ever.", field="code")
        area = _add_area(study_id, new_area) if new_area else _chosen_area(study_id, words.area_id)
        task = Task(
            study_id=study_id, domain_id=area.id, code=code, statement=words.statement,
            source=words.source, position=_last_position(Task, study_id) + 1,
        )  # fmt: skip
        write_statement(task, words.statement, actor, "Added")
        db.session.add(task)
        reach_stage(study, "inventory", actor)
        _record(actor, study_id, "added task", task, after=_state(task))
    return task


def _task_with_code(study_id: int, code: str) -> Task | None:
    tasks = db.session.scalars(select(Task).where(Task.study_id == study_id))
    return next((task for task in tasks if fold(task.code) == fold(code)), None)


def _chosen_area(study_id: int, area_id: int | None) -> Domain:
    if area_id is None:
        raise InvalidInputError("Choose where the task statement belongs.", field="area")
    return get_area(study_id, area_id)


def _add_area(study_id: int, new: NewArea) -> Domain:
    areas = list(db.session.scalars(select(Domain).where(Domain.study_id == study_id)))
    if any(fold(area.code) == fold(new.code) for area in areas):
        raise InvalidInputError(f"The code {new.code} is in use.", field="new_code")
    if new.parent_id is not None and get_area(study_id, new.parent_id).parent_id is not None:
        raise InvalidInputError("A subdomain belongs to a content domain.", field="new_parent")
    area = Domain(
        study_id=study_id, parent_id=new.parent_id, code=new.code, title=new.title,
        position=_last_position(Domain, study_id) + 1,
    )  # fmt: skip
    db.session.add(area)
    db.session.flush()
    return area


def _last_position(model: type[Task] | type[Domain], study_id: int) -> int:
    return db.session.scalar(select(func.max(model.position)).where(model.study_id == study_id)) or 0


def edit_task(actor: Actor, study_id: int, task_id: int, words: TaskWords, *, version: int, reason: str = "") -> Task:
    """Change the wording, source or place of a task statement; ``version`` is the one the writer saw.

    Raises
    ------
    EditConflictError
        If somebody else changed it since, with both wordings.
    StateError
        If the survey was launched.
    """
    with transaction():
        _open_inventory(study_id)
        task = _locked_task(study_id, task_id)
        area = _chosen_area(study_id, words.area_id)
        same = (task.statement, task.source, task.domain_id) == (words.statement, words.source, area.id)
        if same:
            return task
        if task.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both wordings, then save what should stand.",
                theirs=task.statement, yours=words.statement,
            )  # fmt: skip
        before = _state(task)
        task.source, task.domain_id = words.source, area.id
        write_statement(task, words.statement, actor, reason)
        _record(actor, study_id, "edited task", task, before=before, after=_state(task), note=reason)
    return task


def _locked_task(study_id: int, task_id: int) -> Task:
    get_task(study_id, task_id)
    return db.session.get_one(Task, task_id, with_for_update=True, populate_existing=True)


def retire_task(actor: Actor, study_id: int, task_id: int, *, reason: str) -> Task:
    """Take a task statement out of the survey; it stays on record with the reason.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    """
    if not reason.strip():
        raise InvalidInputError("Say why this task statement is retired.", field="reason")
    with transaction():
        _open_inventory(study_id)
        task = _locked_task(study_id, task_id)
        if task.retired_at is None:
            task.retired_at, task.retired_reason = clock.now(), reason.strip()
            _record(actor, study_id, "retired task", task, after=_state(task), note=reason)
    return task


def restore_task(actor: Actor, study_id: int, task_id: int) -> Task:
    """Put a retired task statement back where it was."""
    with transaction():
        _open_inventory(study_id)
        task = _locked_task(study_id, task_id)
        if task.retired_at is not None:
            task.retired_at, task.retired_reason = None, ""
            _record(actor, study_id, "restored task", task, after=_state(task))
    return task


def move_task(actor: Actor, study_id: int, task_id: int, *, up: bool) -> Task:
    """Swap a task statement with the one before or after it in its area; at the end nothing happens."""
    with transaction():
        _open_inventory(study_id)
        task = _locked_task(study_id, task_id)
        found = select(Task).where(Task.domain_id == task.domain_id, Task.retired_at.is_(None))
        beside = _neighbour(list(db.session.scalars(found.order_by(Task.position, Task.id))), task, up=up)
        if beside is not None:
            _swap(task, beside)
            _record(actor, study_id, "moved task", task, note="up" if up else "down")
    return task


def _neighbour(row: Sequence[Any], one: Any, *, up: bool) -> Any:
    place = row.index(one) + (-1 if up else 1) if one in row else -1
    return row[place] if 0 <= place < len(row) else None


def _swap(one: Any, other: Any) -> None:
    one.position, other.position = other.position, one.position


def edit_area(actor: Actor, study_id: int, area_id: int, *, title: str, version: int) -> Domain:
    """Rename a content domain or subdomain; its code stays.

    Raises
    ------
    EditConflictError
        If somebody else changed it since, with both names.
    """
    with transaction():
        _open_inventory(study_id)
        area = get_area(study_id, area_id)
        db.session.refresh(area)
        if area.title == title:
            return area
        if area.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both names, then save what should stand.",
                theirs=area.title, yours=title,
            )  # fmt: skip
        before, area.title = area.title, title
        audit.record(
            actor, "renamed domain", f"domain {area.code}", study_id=study_id,
            before=before, after=title, note=f"{before} to {title}",
        )  # fmt: skip
    return area


def move_area(actor: Actor, study_id: int, area_id: int, *, up: bool) -> Domain:
    """Swap a domain with the one before or after it, a subdomain within its domain."""
    with transaction():
        _open_inventory(study_id)
        area = get_area(study_id, area_id)
        found = select(Domain).where(Domain.study_id == study_id).order_by(Domain.position, Domain.id)
        row = [other for other in db.session.scalars(found) if other.parent_id == area.parent_id]
        beside = _neighbour(row, area, up=up)
        if beside is not None:
            _swap(area, beside)
            note = "up" if up else "down"
            audit.record(actor, "moved domain", f"domain {area.code}", study_id=study_id, note=note)
    return area


def is_empty_area(area_id: int) -> bool:
    """Say whether an area holds no task statement, retired ones included, and no subdomain."""
    used = select(Task.id).where(Task.domain_id == area_id).limit(1)
    below = select(Domain.id).where(Domain.parent_id == area_id).limit(1)
    return db.session.scalar(used) is None and db.session.scalar(below) is None


def delete_area(actor: Actor, study_id: int, area_id: int) -> None:
    """Delete a content domain or subdomain that never held a task statement or lost all to other areas.

    Raises
    ------
    StateError
        If it holds task statements, retired ones included, or subdomains.
    """
    with transaction():
        _open_inventory(study_id)
        area = get_area(study_id, area_id)
        if not is_empty_area(area_id):
            raise StateError("Only an area without task statements and subdomains can be deleted. Retired ones count.")
        audit.record(
            actor,
            "deleted domain",
            f"domain {area.code}",
            study_id=study_id,
            before=area.title,
            note=area.title,
        )
        db.session.delete(area)


def _state(task: Task) -> dict[str, Any]:
    return {
        "statement": task.statement, "source": task.source, "domain_id": task.domain_id,
        "retired": task.retired_at is not None,
    }  # fmt: skip


def _record(
    actor: Actor,
    study_id: int,
    act: str,
    task: Task,
    *,
    before: Any = None,
    after: Any = None,
    note: str = "",
) -> None:
    db.session.flush()
    audit.record(actor, act, f"task {task.code}", study_id=study_id, before=before, after=after, note=note)
