"""Changing task statements by hand: add, edit, retire, restore, move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from jta import clock
from jta.audit import Actor
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError
from jta.imports.text import fold, shown
from jta.models.inventory import Domain, Knowledge, Task
from jta.services.inventory import get_area, get_task
from jta.services.inventory_areas import NewArea, add_new_area
from jta.services.inventory_log import Act, inventory_act
from jta.services.inventory_merge import write_statement
from jta.services.inventory_references import set_references
from jta.services.study_stage import reach_stage

__all__ = ["NewArea", "TaskWords", "add_task", "edit_task", "move_task", "place_tasks", "restore_task", "retire_task"]


@dataclass(frozen=True)
class TaskWords:
    """A task statement as written on its page; ``references`` None leaves them as they are."""

    statement: str
    source: str = ""
    area_id: int | None = None
    references: tuple[int, ...] | None = None


def add_task(actor: Actor, study_id: int, *, code: str, words: TaskWords, new_area: NewArea | None = None) -> Task:
    """Add a task statement at the end of its content domain or subdomain, which may be new.

    Raises
    ------
    InvalidInputError
        If the code is taken or no place is named.
    StateError
        If the survey was launched.
    """
    with inventory_act(actor, study_id) as act:
        require_free_code(study_id, code)
        area = add_new_area(study_id, new_area) if new_area else chosen_area(study_id, words.area_id)
        task = new_task(act, code, words, area, last_position(Task, study_id) + 1)
        reach_stage(act.study, "inventory", actor)
        act.record("added task", f"task {task.code}", after=task_state(task))
    return task


def new_task(act: Act, code: str, words: TaskWords, area: Domain, position: int, reason: str = "Added") -> Task:
    """Make a task statement inside the act under way."""
    require_testable(area)
    task = Task(
        study_id=act.study.id, domain_id=area.id, code=code, statement=words.statement, source=words.source,
        position=position,
    )  # fmt: skip
    write_statement(task, words.statement, act.actor, reason)
    db.session.add(task)
    db.session.flush()
    set_references(task, words.references)
    return task


def require_free_code(study_id: int, code: str, field: str = "code") -> None:
    """Refuse a code that a task or a KSA of the study has, case, width, spaces and hidden letters aside.

    Raises
    ------
    InvalidInputError
        Naming who has it.
    """
    for model, word in ((Task, "task"), (Knowledge, "KSA")):
        for other in db.session.scalars(select(model.code).where(model.study_id == study_id)):
            if fold(other) == fold(code):
                said = f"The code {shown(code)} is in use: {word} {other}. Codes stay with their statement for ever."
                raise InvalidInputError(said, field=field)


def chosen_area(study_id: int, area_id: int | None) -> Domain:
    """Return the area that was chosen.

    Raises
    ------
    InvalidInputError
        If none was.
    """
    if area_id is None:
        raise InvalidInputError("Choose where the task statement belongs.", field="area")
    return get_area(study_id, area_id)


def require_testable(area: Domain) -> None:
    """Refuse to put a task statement into a domain that runs through all others.

    Raises
    ------
    InvalidInputError
        Saying what to do instead.
    """
    if area.runs_through or (area.parent is not None and area.parent.runs_through):
        raise InvalidInputError(
            f"{area.code} {area.title} runs through all content domains and holds KSAs only. "
            "Make it a tested domain first.", field="area",
        )  # fmt: skip


def last_position(model: type[Task] | type[Domain] | type[Knowledge], study_id: int) -> int:
    """Return the last position given in a study, 0 where there is none."""
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
    with inventory_act(actor, study_id) as act:
        task = locked_task(study_id, task_id)
        area = chosen_area(study_id, words.area_id)
        before = task_state(task)
        written = (task.statement, task.source, task.domain_id) != (words.statement, words.source, area.id)
        if written and task.version != version:
            raise conflict(task.statement, words.statement)
        if written and area.id != task.domain_id:
            require_testable(area)
        relinked = set_references(task, words.references)
        if not written and not relinked:
            return task
        task.source, task.domain_id = words.source, area.id
        write_statement(task, words.statement, actor, reason)
        act.record("edited task", f"task {task.code}", before=before, after=task_state(task), note=reason)
    return task


def conflict(theirs: str, yours: str) -> EditConflictError:
    """Return the refusal of an edit that somebody else was quicker than, with both wordings."""
    return EditConflictError(
        "Nothing was saved. Compare both wordings, then save what should stand.", theirs=theirs, yours=yours
    )


def locked_task(study_id: int, task_id: int) -> Task:
    """Return a task statement of this study as stored now, locked until the act ends."""
    get_task(study_id, task_id)
    return db.session.get_one(Task, task_id, with_for_update=True, populate_existing=True)


def retire_task(actor: Actor, study_id: int, task_id: int, *, reason: str) -> Task:
    """Take a task statement out of the survey; it stays on record with the reason.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    """
    with inventory_act(actor, study_id) as act:
        task = locked_task(study_id, task_id)
        retire_in(act, task, "task", reason)
    return task


def retire_in(act: Act, statement: Task | Knowledge, word: str, reason: str) -> None:
    """Retire a statement inside the act under way; one that is retired already stays as it is.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    """
    if not reason.strip():
        raise InvalidInputError("Say why this statement is retired.", field="reason")
    if statement.retired_at is None:
        statement.retired_at, statement.retired_reason = clock.now(), reason.strip()
        act.record(f"retired {word}", f"{word} {statement.code}", after=reason.strip(), note=reason.strip())


def restore_task(actor: Actor, study_id: int, task_id: int) -> Task:
    """Put a retired task statement back where it was."""
    with inventory_act(actor, study_id) as act:
        task = locked_task(study_id, task_id)
        restore_in(act, task, "task")
    return task


def restore_in(act: Act, statement: Task | Knowledge, word: str) -> None:
    """Restore a statement inside the act under way."""
    if statement.retired_at is not None:
        statement.retired_at, statement.retired_reason = None, ""
        act.record(f"restored {word}", f"{word} {statement.code}")


def move_task(actor: Actor, study_id: int, task_id: int, *, up: bool) -> Task:
    """Swap a task statement with the one before or after it in its area; at the end nothing happens."""
    with inventory_act(actor, study_id) as act:
        task = locked_task(study_id, task_id)
        found = select(Task).where(Task.domain_id == task.domain_id, Task.retired_at.is_(None))
        beside = neighbour(list(db.session.scalars(found.order_by(Task.position, Task.id))), task, up=up)
        if beside is not None:
            swap(task, beside)
            act.record("moved task", f"task {task.code}", note="up" if up else "down")
    return task


def neighbour(row: Sequence[Any], one: Any, *, up: bool) -> Any:
    """Return what stands before or after something in a row, None at its end or where it is not in it."""
    place = row.index(one) + (-1 if up else 1) if one in row else -1
    return row[place] if 0 <= place < len(row) else None


def swap(one: Any, other: Any) -> None:
    """Let two change places."""
    one.position, other.position = other.position, one.position


def place_tasks(
    actor: Actor, study_id: int, task_ids: Sequence[int], *, area_id: int | None, before_id: int | None = None
) -> int:
    """Move task statements into an area, before one of its tasks or to its end; return how many were moved.

    Raises
    ------
    InvalidInputError
        If none or no area is chosen.
    """
    if not task_ids:
        raise InvalidInputError("Choose the task statements to move.")
    with inventory_act(actor, study_id) as act:
        area = chosen_area(study_id, area_id)
        require_testable(area)
        moving = [locked_task(study_id, task_id) for task_id in dict.fromkeys(task_ids)]
        for task in moving:
            task.domain_id = area.id
        arrange(study_id, moving, before_id)
        codes = ", ".join(task.code for task in moving[:5]) + (" …" if len(moving) > 5 else "")
        act.record("moved tasks", f"area {area.code}", note=f"{codes} to {area.code}")
        act.summary = f"Moved {codes} to {area.code}"
    return len(moving)


def arrange(study_id: int, moving: Sequence[Task], before_id: int | None = None) -> None:
    """Number all tasks anew with some of them before another one, or last; the others keep their order."""
    found = select(Task).where(Task.study_id == study_id).order_by(Task.position, Task.id)
    chosen = {task.id for task in moving}
    others = [task for task in db.session.scalars(found) if task.id not in chosen]
    place = next((n for n, task in enumerate(others) if task.id == before_id), len(others))
    for position, task in enumerate([*others[:place], *moving, *others[place:]], start=1):
        if task.position != position:
            task.position = position


def task_state(task: Task) -> dict[str, Any]:
    """Return a task statement as the audit trail hashes it."""
    return {
        "statement": task.statement, "source": task.source, "domain_id": task.domain_id,
        "retired": task.retired_at is not None,
    }  # fmt: skip
