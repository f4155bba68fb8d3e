"""Giving the list another shape: one task statement becomes two, or two become one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from jta.audit import Actor
from jta.db import db
from jta.errors import InvalidInputError, StateError
from jta.models.inventory import Task
from jta.services.inventory import get_area
from jta.services.inventory_log import inventory_act
from jta.services.inventory_merge import write_statement
from jta.services.inventory_references import reference_ids, set_references
from jta.services.inventory_tasks import (
    TaskWords,
    arrange,
    conflict,
    locked_task,
    new_task,
    require_free_code,
    retire_in,
    task_state,
)


@dataclass(frozen=True)
class SplitWords:
    """The two statements that one becomes: the first keeps the code, the second gets ``code``."""

    first: str
    second: str
    code: str


def split_task(
    actor: Actor, study_id: int, task_id: int, words: SplitWords, *, version: int, reason: str = ""
) -> tuple[Task, Task]:
    """Make two task statements of one; the new one stands right behind it, with the same sources.

    Raises
    ------
    InvalidInputError
        If the code is taken, or both statements are the same.
    EditConflictError
        If somebody else changed the statement since ``version``.
    StateError
        If it is retired.
    """
    with inventory_act(actor, study_id) as act:
        require_free_code(study_id, words.code)
        task = locked_task(study_id, task_id)
        _require_live(task)
        if task.version != version:
            raise conflict(task.statement, words.first)
        if words.first == words.second:
            raise InvalidInputError("Give the two statements different words.", field="second")
        before = task_state(task)
        sources = TaskWords(words.second, task.source, task.domain_id, tuple(reference_ids(task)))
        area = get_area(study_id, task.domain_id)
        made = new_task(act, words.code, sources, area, task.position, f"Split from {task.code}. {reason}".strip())
        write_statement(task, words.first, actor, f"Split: the rest is {made.code}. {reason}".strip())
        arrange(study_id, [made], _behind(task, made))
        act.record("split task", f"task {task.code}", before=before, after=task_state(made), note=f"into {made.code}")
    return task, made


def _require_live(task: Task) -> None:
    if task.retired_at is not None:
        raise StateError(f"Task {task.code} is retired. Restore it first.")


def _behind(task: Task, made: Task) -> int | None:
    """Return the id of the task that follows one in the study's order, None at the end."""
    found = select(Task.id).where(Task.study_id == task.study_id, Task.id.not_in([task.id, made.id]))
    found = found.where(Task.position >= task.position).order_by(Task.position, Task.id)
    return db.session.scalar(found.limit(1))


def merge_tasks(
    actor: Actor, study_id: int, keep_id: int, other_id: int, statement: str, *, version: int, reason: str
) -> Task:
    """Make one task statement of two: the first takes the new wording and all sources, the other is retired.

    Raises
    ------
    InvalidInputError
        If both are the same statement, or no reason is given.
    EditConflictError
        If somebody else changed the first one since ``version``.
    StateError
        If one of them is retired.
    """
    if keep_id == other_id:
        raise InvalidInputError("Choose another task statement to merge with.", field="other")
    if not reason.strip():
        raise InvalidInputError("Say why the two become one.", field="reason")
    with inventory_act(actor, study_id) as act:
        keep, other = locked_task(study_id, keep_id), locked_task(study_id, other_id)
        _require_live(keep)
        _require_live(other)
        if keep.version != version:
            raise conflict(keep.statement, statement)
        before = task_state(keep)
        if other.source and other.source not in keep.source:
            keep.source = f"{keep.source}; {other.source}" if keep.source else other.source
        set_references(keep, [*reference_ids(keep), *reference_ids(other)])
        write_statement(keep, statement, actor, f"Merged with {other.code}. {reason}".strip())
        act.record(
            "merged tasks", f"task {keep.code}", before=before, after=task_state(keep), note=f"with {other.code}"
        )
        retire_in(act, other, "task", f"Merged into {keep.code}. {reason}".strip())
    return keep
