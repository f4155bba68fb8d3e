"""Matrix sampling as the director sets it up: blocks and forms of a study, orders, and how forms are assigned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, select, update

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError, StateError
from jta.models.inventory import Task
from jta.models.survey import Block, Form, SurveyPage
from jta.services.content import blocks_of_form, estimate_seconds, form_codes, scales_of, tasks_of
from jta.services.instrument_steps import ASSIGNMENTS, BY_STRATUM, SHUFFLES, list_pages
from jta.services.sampling_design import (
    CORE,
    MOST_BLOCKS,
    Assumptions,
    DesignTask,
    Expectation,
    deal_blocks,
    expect,
    plan_forms,
)
from jta.services.survey_builder import open_study


@dataclass(frozen=True)
class SamplingPlan:
    """What the director chose; one block means that everybody sees every task."""

    blocks: int = 1
    per_form: int = 1
    core_tasks: int = 0
    shuffle_domains: bool = False
    shuffle_tasks: bool = False
    assignment: str = BY_STRATUM


def get_plan(study_id: int) -> SamplingPlan:
    """Return the plan as stored."""
    blocks = list(db.session.scalars(select(Block).where(Block.study_id == study_id)))
    form = db.session.scalars(select(Form).where(Form.study_id == study_id).order_by(Form.position).limit(1)).first()
    core = select(func.count(Task.id)).join(Block, Block.id == Task.block_id)
    page = _ratings_page(study_id)
    settings = page.settings if page is not None else {}
    return SamplingPlan(
        blocks=max(sum(not block.is_core for block in blocks), 1),
        per_form=sum(not block.is_core for block in form.blocks) if form is not None else 1,
        core_tasks=db.session.scalar(core.where(Block.study_id == study_id, Block.is_core.is_(True))) or 0,
        **{name: bool(settings.get(name)) for name in SHUFFLES},
        assignment=settings.get("assignment", BY_STRATUM),
    )


def _ratings_page(study_id: int) -> SurveyPage | None:
    return next((page for page in list_pages(study_id) if page.kind == "ratings"), None)


def design_tasks(content: Mapping[str, Any]) -> list[DesignTask]:
    """Return the tasks of a survey as the design needs them, in order."""
    return [DesignTask(task["id"], page["domain"]["title"]) for page in content["pages"] for task in page["tasks"]]


def expect_plan(
    content: Mapping[str, Any], plan: SamplingPlan, assumed: Assumptions, *, stored: bool = False
) -> Expectation:
    """Return what a plan would bring for a survey; of the one ``stored``, with tasks in the blocks they are in."""
    tasks = design_tasks(content)
    rest = estimate_seconds(content) - len(tasks_of(content)) * len(scales_of(content)) * assumed.seconds_per_rating
    assumed = Assumptions(**{**asdict(assumed), "scales": len(scales_of(content)), "seconds_rest": rest})
    if plan.blocks <= 1:
        return expect(tasks, {task.id: CORE for task in tasks}, [], assumed)
    forms = plan_forms(plan.blocks, plan.per_form)
    placed = {task["id"]: task.get("block") or CORE for task in tasks_of(content)} if stored else {}
    return expect(tasks, placed or deal_blocks(tasks, plan.blocks, plan.core_tasks), forms, assumed)


def planned_forms(content: Mapping[str, Any]) -> list[tuple[str, list[str], int, int]]:
    """Return code, blocks, number of tasks and minutes of each form of a survey as it stands."""
    return [
        (code, sorted(blocks_of_form(content, code) or ()), len(tasks_of(content, code)),
         -(-estimate_seconds(content, code) // 60))
        for code in form_codes(content)
    ]  # fmt: skip


def count_loose(content: Mapping[str, Any]) -> int:
    """Return how many tasks have no block although there are forms: tasks added since; everybody sees them."""
    return sum(task.get("block") is None for task in tasks_of(content)) if form_codes(content) else 0


def check_plan(plan: SamplingPlan, n_tasks: int) -> None:
    """Refuse a plan that cannot be.

    Raises
    ------
    InvalidInputError
        Naming the field.
    """
    if not 1 <= plan.blocks <= MOST_BLOCKS:
        raise InvalidInputError(f"Choose 1 to {MOST_BLOCKS} blocks.", field="blocks")
    if plan.blocks > 1 and not 1 <= plan.per_form < plan.blocks:
        raise InvalidInputError("A form holds at least one block, and fewer than there are.", field="per_form")
    if not 0 <= plan.core_tasks <= max(n_tasks - plan.blocks, 0):
        raise InvalidInputError(f"Choose 0 to {max(n_tasks - plan.blocks, 0)} core tasks.", field="core_tasks")
    if plan.assignment not in ASSIGNMENTS:
        raise InvalidInputError("Choose one of the two.", field="assignment")


def save_plan(actor: Actor, study_id: int, plan: SamplingPlan, content: Mapping[str, Any]) -> SamplingPlan:
    """Make the blocks and forms of a plan anew, deal the tasks out, and keep the settings.

    Parameters
    ----------
    content : mapping
        The survey as it stands (`build_content`).

    Raises
    ------
    InvalidInputError
        If the plan cannot be.
    StateError
        If the survey was launched, or has no page of ratings.
    """
    tasks = design_tasks(content)
    check_plan(plan, len(tasks))
    with transaction():
        open_study(study_id)
        page = _ratings_page(study_id)
        if page is None:
            raise StateError("The survey has no page of ratings, so there is nothing to share out.")
        before = asdict(get_plan(study_id))
        _clear(study_id)
        if plan.blocks > 1:
            _make(study_id, plan, deal_blocks(tasks, plan.blocks, plan.core_tasks))
        page.settings = {
            **page.settings, **{name: getattr(plan, name) for name in SHUFFLES}, "assignment": plan.assignment
        }  # fmt: skip
        audit.record(
            actor, "set up forms", f"study {study_id}", study_id=study_id, before=before, after=asdict(plan),
            note=f"{plan.blocks} blocks, {plan.per_form} on a form, {plan.core_tasks} core tasks",
        )  # fmt: skip
    return plan


def _clear(study_id: int) -> None:
    db.session.execute(update(Task).where(Task.study_id == study_id).values(block_id=None))
    for form in db.session.scalars(select(Form).where(Form.study_id == study_id)):
        db.session.delete(form)
    db.session.flush()
    db.session.execute(delete(Block).where(Block.study_id == study_id))


def _make(study_id: int, plan: SamplingPlan, block_of: Mapping[int, str]) -> None:
    codes = sorted(set(block_of.values()), key=lambda code: (code != CORE, len(code), code))
    blocks = {
        code: Block(study_id=study_id, code=code, is_core=code == CORE, position=n)
        for n, code in enumerate(codes, start=1)
    }
    db.session.add_all(blocks.values())
    db.session.flush()
    for code, block in blocks.items():
        ids = [task for task, own in block_of.items() if own == code]
        # Where a task stands is no change of its wording, so its version stays.
        db.session.execute(update(Task).where(Task.id.in_(ids)).values(block_id=block.id))
    core = [blocks[CORE]] if CORE in blocks else []
    for n, form in enumerate(plan_forms(plan.blocks, plan.per_form), start=1):
        held = [*core, *[blocks[code] for code in form]]
        db.session.add(Form(study_id=study_id, code=f"F{n}", position=n, blocks=held))
    db.session.flush()
