"""The blueprint for other programs, kept as documents: for an item bank, and as a CASE package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select

from jta import audit
from jta.db import db, transaction
from jta.models.blueprint import Blueprint
from jta.models.inventory import Domain, Task
from jta.models.report import Document
from jta.models.study import Study
from jta.services.blueprint import content_hash, get_blueprint
from jta.services.blueprint_approval import standing_approval
from jta.services.documents import Made, keep_document
from jta.services.results import read_table
from jta.services.two_way import two_way_table

if TYPE_CHECKING:
    from jta.exports.case_blueprint import CaseRow, CaseTask
    from jta.exports.case_file import CaseDocument


def write_item_bank_file(actor: audit.Actor, study_id: int, number: int) -> Document:
    """Write the topics of a blueprint with whole weights that sum to 100, and its retained tasks under them.

    Raises
    ------
    NotFoundError
        If the study has no blueprint with this number.
    """
    from jta.exports.item_bank import TaskLine, Topic, write_item_bank

    blueprint = get_blueprint(study_id, number)
    topics = [Topic(row.code, row.title, row.weight, row.parent_code) for row in blueprint.rows]
    tasks = [TaskLine(topic, code, statement) for topic, code, statement in retained_tasks(blueprint)]
    made = Made(
        "Item bank file", f"study-{study_id}-blueprint-{number}-item-bank.csv", write_item_bank(topics, tasks),
        content_hash(blueprint), blueprint_id=blueprint.id, dataset_id=blueprint.run.dataset_id,
        plan_hash=blueprint.run.plan_hash,
    )  # fmt: skip
    with transaction():
        return keep_document(actor, study_id, made, "wrote item bank file")


def write_case_file(actor: audit.Actor, study_id: int, number: int) -> Document:
    """Write a blueprint as a CASE package: its outline, and a rubric with weights and items.

    Raises
    ------
    NotFoundError
        If the study has no blueprint with this number.
    """
    from jta.exports.case_blueprint import blueprint_case

    blueprint = get_blueprint(study_id, number)
    rows, tasks = _case_content(blueprint)
    adopted = blueprint.state in {"approved", "published"} and standing_approval(blueprint) is not None
    effective = blueprint.effective_on.isoformat() if blueprint.effective_on else ""
    content = blueprint_case(rows, tasks, _case_document(blueprint), adopted=adopted, effective_on=effective)
    made = Made(
        "Blueprint as CASE", f"study-{study_id}-blueprint-{number}-case.json", content, content_hash(blueprint),
        blueprint_id=blueprint.id, dataset_id=blueprint.run.dataset_id, plan_hash=blueprint.run.plan_hash,
    )  # fmt: skip
    with transaction():
        return keep_document(actor, study_id, made, "wrote blueprint as CASE")


def _case_content(blueprint: Blueprint) -> tuple[list[CaseRow], list[CaseTask]]:
    from jta.exports.case_blueprint import CaseRow, CaseTask

    table = two_way_table(blueprint)
    rows = [
        CaseRow(
            row.code, row.title, row.parent, row.weight, row.items, row.fewest, row.most, row.pretest,
            tuple((level.label, cell.items) for level, cell in zip(table.levels, row.cells, strict=True)),
        )
        for row in table.rows
    ]  # fmt: skip
    tasks = [
        CaseTask(row.code, task.code, task.statement, task.said.label if task.said and task.said.code else "")
        for row in table.rows
        for task in row.tasks
    ]
    return rows, tasks


def _case_document(blueprint: Blueprint) -> CaseDocument:
    from jta.exports.case_file import CaseDocument

    study = db.session.get_one(Study, blueprint.study_id)
    address = f"{current_app.config['SETTINGS'].base_url}/studies/{study.id}/blueprints/{blueprint.number}"
    moments = [blueprint.proposed_at, blueprint.published_at, *(a.at for a in blueprint.adjustments)]
    moments += [a.at for a in blueprint.approvals]
    changed = max(moment for moment in moments if moment is not None)
    title = f"{study.title}: blueprint {blueprint.number}, {blueprint.items} items"
    creator = study.contact or "Practice Analysis"
    return CaseDocument(address, title, creator, study.notice or study.purpose, changed)


def retained_tasks(blueprint: Blueprint) -> list[tuple[str, str, str]]:
    """Return topic, code and statement of the tasks that the blueprint is made of."""
    dropped = set()
    if "retention" in blueprint.run.summary["tables"]:
        table = read_table(blueprint.run, "retention")
        dropped = set(table.loc[table["decision"] == "drop", "task_id"])
    found = (
        select(Domain.code, Task.code, Task.statement)
        .join(Domain, Domain.id == Task.domain_id)
        .where(Task.study_id == blueprint.study_id, Task.retired_at.is_(None))
        .order_by(Task.position, Task.id)
    )
    return [(area, code, statement) for area, code, statement in db.session.execute(found) if code not in dropped]
