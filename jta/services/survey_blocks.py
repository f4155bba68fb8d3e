"""Which block a task is in, chosen by hand after the blocks were dealt out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.models.inventory import Task
from jta.models.survey import Block
from jta.services.survey_builder import open_study


@dataclass(frozen=True)
class PlacedTask:
    """A task of the survey with the code of its block; empty where it has none, so that everybody sees it."""

    id: int
    code: str
    statement: str
    domain: str
    block: str


def list_placed(content: Mapping[str, Any]) -> list[PlacedTask]:
    """Return the tasks of a survey with their blocks, in order."""
    return [
        PlacedTask(task["id"], task["code"], task["statement"], page["domain"]["title"], task.get("block") or "")
        for page in content["pages"]
        for task in page["tasks"]
    ]


def list_blocks(study_id: int) -> list[Block]:
    """Return the blocks of a study in order, the core first."""
    return list(db.session.scalars(select(Block).where(Block.study_id == study_id).order_by(Block.position)))


def blocks_mark(study_id: int) -> str:
    """Return what stands for the blocks as they are now: it changes with every task that is placed."""
    found = select(Task.id, Block.code).join(Block, Block.id == Task.block_id).where(Block.study_id == study_id)
    rows = sorted((task_id, code) for task_id, code in db.session.execute(found))
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def place_in_blocks(actor: Actor, study_id: int, wanted: Mapping[int, str], *, seen: str) -> int:
    """Put tasks into the blocks that were chosen for them; return how many moved.

    Parameters
    ----------
    wanted : mapping
        Codes of blocks by the id of the task; tasks that are not named stay.
    seen : str
        `blocks_mark` as the page showed it.

    Raises
    ------
    InvalidInputError
        If a block is not the study's, or would be left without any task.
    EditConflictError
        If the blocks were changed since.
    StateError
        If the survey was launched.
    """
    with transaction():
        open_study(study_id)
        if blocks_mark(study_id) != seen:
            raise EditConflictError("Somebody else changed the blocks since. Look at them, then choose again.")
        blocks = {block.code: block for block in list_blocks(study_id)}
        if set(wanted.values()) - set(blocks):
            raise InvalidInputError("Choose one of the blocks of this survey.")
        moved = _move(study_id, {task: blocks[code] for task, code in wanted.items()})
        _require_filled(study_id, blocks)
        if moved:
            after = {task: wanted[task] for task in sorted(moved)}
            note = f"{len(moved)} by hand"
            audit.record(
                actor, "placed tasks in blocks", f"study {study_id}", study_id=study_id, after=after, note=note
            )
    return len(moved)


def _move(study_id: int, wanted: Mapping[int, Block]) -> list[int]:
    own = select(Task.id, Task.block_id).where(Task.study_id == study_id, Task.retired_at.is_(None))
    now = {task_id: block_id for task_id, block_id in db.session.execute(own)}
    moved = [task for task, block in wanted.items() if task in now and now[task] != block.id]
    for task in moved:
        # Where a task stands is no change of its wording, so its version stays.
        db.session.execute(update(Task).where(Task.id == task).values(block_id=wanted[task].id))
    return moved


def _require_filled(study_id: int, blocks: Mapping[str, Block]) -> None:
    own = Task.study_id == study_id, Task.retired_at.is_(None), Task.block_id.is_not(None)
    held = set(db.session.scalars(select(Task.block_id).where(*own).distinct()))
    empty = [code for code, block in blocks.items() if block.id not in held]
    if empty:
        raise InvalidInputError(f"Block {empty[0]} would hold no task. Leave at least one in it.")
