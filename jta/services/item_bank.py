"""The blueprint for an item bank, kept as a document."""

from __future__ import annotations

from sqlalchemy import select

from jta import audit
from jta.db import db, transaction
from jta.models.blueprint import Blueprint
from jta.models.inventory import Domain, Task
from jta.models.report import Document
from jta.services.blueprint import content_hash, get_blueprint
from jta.services.documents import Made, keep_document
from jta.services.results import read_table


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
