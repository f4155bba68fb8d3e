"""What a decision of the panel does to the inventory, inside the transaction of the decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from jta.audit import Actor
from jta.db import db
from jta.errors import InvalidInputError, StateError
from jta.imports.text import fold
from jta.models.inventory import Task
from jta.models.panel import Proposal, Round, RoundDecision, RoundItem
from jta.models.study import Study
from jta.services.inventory_log import Act, log_act, take_snapshot
from jta.services.inventory_merge import write_statement
from jta.services.inventory_tasks import (
    TaskWords,
    conflict,
    last_position,
    locked_task,
    new_task,
    require_free_code,
    restore_in,
    retire_in,
)
from jta.services.study_stage import require_unlocked

LONGEST = 4000
CHANGING = ("reword", "retire")


@dataclass(frozen=True)
class Wish:
    """What the director wants: outcome and reason; the rest by kind.

    ``seen`` is the decision that stood when the page was shown (0: none), ``task_version`` the task's.
    """

    outcome: str
    reason: str
    wording: str = ""
    code: str = ""
    value: str = ""
    share: float | None = None
    links: tuple[str, ...] = field(default_factory=tuple)
    seen: int = 0
    task_version: int = 0


def apply_wish(
    actor: Actor, study: Study, one: Round, item: RoundItem, proposal: Proposal | None, wish: Wish,
    standing: RoundDecision | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Do what was decided and return what of it has to be kept with the decision.

    What the ``standing`` decision did to the inventory is taken back where the new one says otherwise.

    Raises
    ------
    InvalidInputError, EditConflictError, StateError
        As `jta.services.panel_decisions.decide` says.
    """
    if proposal is not None:
        return _apply_proposal(actor, study, one, item, proposal, wish)
    if wish.outcome == "links":
        return {"links": _checked_links(one, wish.links)}
    if wish.outcome == "set":
        return _checked_value(one, wish)
    if wish.outcome in CHANGING or (standing is not None and standing.outcome in CHANGING):
        return _apply_to_task(actor, study, one, item, wish, standing)
    return {}


def act_name(one: Round, outcome: str, code: str) -> str:
    """Return what the log of the inventory calls a decision; undoing the act finds the decision by it."""
    return f"Panel round {one.number}: {'added' if outcome == 'accept' else outcome} {code}"


def _apply_to_task(
    actor: Actor, study: Study, one: Round, item: RoundItem, wish: Wish, standing: RoundDecision | None
) -> dict[str, Any]:
    require_unlocked(study)
    if item.task_id is None:
        raise StateError("This task statement is not in the inventory any more.")
    act = Act(study, actor, act_name(one, wish.outcome, item.code), take_snapshot(study.id))
    task = locked_task(study.id, item.task_id)
    before = standing.result.get("before", task.statement) if standing is not None else task.statement
    if wish.outcome == "retire":
        retire_in(act, task, "task", _said(one, wish))
    else:
        if standing is not None and standing.outcome == "retire":
            restore_in(act, task, "task")
        _reword(task, actor, one, wish, standing, str(before))
    log_act(act)
    return {"task": item.code, "before": before}


def _reword(task: Task, actor: Actor, one: Round, wish: Wish, standing: RoundDecision | None, before: str) -> None:
    """Give the task its new wording; or its former one, where a rewording that still stands there is taken back."""
    if wish.outcome == "reword":
        wording = _checked_wording(wish.wording)
        if task.version != wish.task_version:
            raise conflict(task.statement, wording)
        write_statement(task, wording, actor, _said(one, wish))
    elif standing is not None and standing.outcome == "reword" and task.statement == " ".join(standing.wording.split()):
        write_statement(task, before, actor, _said(one, wish))


def _said(one: Round, wish: Wish) -> str:
    return f"Panel round {one.number}: {wish.reason.strip()}"


def _checked_wording(text: str) -> str:
    wording = " ".join(text.split())
    if not wording:
        raise InvalidInputError("Write the wording that should stand.", field="wording")
    if len(wording) > LONGEST:
        raise InvalidInputError(f"Use {LONGEST:,} characters or fewer.", field="wording")
    return wording


def _apply_proposal(
    actor: Actor, study: Study, one: Round, item: RoundItem, proposal: Proposal, wish: Wish
) -> dict[str, Any]:
    was: dict[str, Any] = {}
    if proposal.state == "accepted" and proposal.task_id is not None:
        was = {"was": _take_back(actor, study, one, proposal.task_id, wish)}
    if wish.outcome == "decline":
        proposal.state, proposal.task_id = "declined", None
        return was
    if wish.outcome == "merge":
        task = _task_of_code(study.id, wish.code)
        if task is None or task.retired_at is not None:
            raise InvalidInputError("There is no task statement with this code in the survey.", field="code")
        proposal.state, proposal.task_id = "merged", task.id
        return {"task": task.code} | was
    task = _new_task(actor, study, one, item, wish)
    proposal.state, proposal.task_id = "accepted", task.id
    return {"task": task.code}


def _take_back(actor: Actor, study: Study, one: Round, task_id: int, wish: Wish) -> str:
    """Retire the task statement that an accepted proposal became, before something else is decided; return its code."""
    if wish.outcome == "accept":
        raise StateError("This proposal is in the inventory already. Change the task statement there.")
    require_unlocked(study)
    task = locked_task(study.id, task_id)
    act = Act(study, actor, act_name(one, wish.outcome, task.code), take_snapshot(study.id))
    retire_in(act, task, "task", _said(one, wish))
    log_act(act)
    return task.code


def _task_of_code(study_id: int, code: str) -> Task | None:
    tasks = db.session.scalars(select(Task).where(Task.study_id == study_id))
    return next((task for task in tasks if fold(task.code) == fold(code)), None)


def _new_task(actor: Actor, study: Study, one: Round, item: RoundItem, wish: Wish) -> Task:
    require_unlocked(study)
    wording = _checked_wording(wish.wording)
    if not wish.code or len(wish.code) > 40:
        raise InvalidInputError("Give the task statement a code of 40 characters or fewer.", field="code")
    require_free_code(study.id, wish.code)
    if item.domain is None:
        raise StateError("The content domain of this proposal is not in the inventory any more.")
    act = Act(study, actor, act_name(one, "accept", wish.code), take_snapshot(study.id))
    words = TaskWords(wording, f"Panel round {one.number}, task writing")
    task = new_task(act, wish.code, words, item.domain, last_position(Task, study.id) + 1, _said(one, wish))
    log_act(act)
    return task


def _checked_links(one: Round, links: tuple[str, ...]) -> list[str]:
    known = [item.code for item in one.items if item.kind == "knowledge"]
    if unknown := [code for code in links if code not in known]:
        raise InvalidInputError(f"This round has no KSA {unknown[0]}.", field="links")
    return [code for code in known if code in links]


def _checked_value(one: Round, wish: Wish) -> dict[str, Any]:
    if one.kind == "weights":
        raise InvalidInputError("Weights are set together: accept the panel's weights of all domains at once.")
    if wish.value not in {choice["code"] for choice in one.settings.get("choices", ())}:
        raise InvalidInputError("Choose one of the answers of this round.", field="value")
    return {"value": wish.value}


def next_code(study_id: int, item: RoundItem) -> str:
    """Return a code for a new task of an area that nobody has: the area's code, a dot, the next number."""
    taken = {fold(code) for code in db.session.scalars(select(Task.code).where(Task.study_id == study_id))}
    number = 1
    while fold(f"{item.code}.{number}") in taken:
        number += 1
    return f"{item.code}.{number}"
