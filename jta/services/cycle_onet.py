"""An occupation of O*NET as a list to compare with, and as task statements to begin with."""

from __future__ import annotations

from flask import current_app

from jta.audit import Actor
from jta.errors import InvalidInputError
from jta.imports.onet import ATTRIBUTION, OnetFile, read_onet
from jta.imports.result import RefusedError
from jta.models.cycle import FormerList
from jta.services.cycle import FormerText, NewList, add_list, write_list
from jta.services.inventory_compare import compare, load_whole
from jta.services.inventory_log import inventory_act
from jta.services.inventory_merge import merge_inventory
from jta.services.inventory_rows import InventoryRow
from jta.services.study_stage import reach_stage

SEED_AREA = "ONET"


def import_onet(
    actor: Actor, study_id: int, statements: bytes, ratings: bytes | None, *, occupation: str = "", seed: bool = False
) -> FormerList:
    """Keep an occupation's tasks with O*NET's figures and attribution as a list to compare with.

    With ``seed`` its tasks are added to the inventory too, in an area of their own, from which they can be moved.

    Raises
    ------
    InvalidInputError
        If a file cannot be used, or a code of the list is in use here (field ``statements``).
    StateError
        If the inventory is to grow after launch.
    """
    try:
        found = read_onet(statements, ratings, occupation, current_app.config["SETTINGS"].limits)
    except RefusedError as error:
        raise InvalidInputError(str(error), field="statements") from error
    new = _as_list(found)
    if not seed:
        return add_list(actor, study_id, new)
    with inventory_act(actor, study_id) as act:
        rows = _as_rows(found)
        if problems := compare(load_whole(study_id), rows).problems:
            raise InvalidInputError(problems[0].reason, field="statements")
        merge = merge_inventory(act.study, rows, actor, reason=f"From O*NET {found.occupation}")
        reach_stage(act.study, "inventory", actor)
        said = f"{len(merge.new)} new, {len(merge.changed)} changed"
        act.record("added tasks of O*NET", f"occupation {found.occupation}", after=merge.counts(), note=said)
        return write_list(actor, study_id, new)


def _as_list(found: OnetFile) -> NewList:
    texts = [FormerText(task.code, task.statement, task.kind, dict(task.figures)) for task in found.tasks]
    return NewList(f"O*NET {found.occupation}", ATTRIBUTION, texts)


def _as_rows(found: OnetFile) -> list[InventoryRow]:
    title = f"Tasks of O*NET {found.occupation}"
    return [
        InventoryRow(
            f"O{task.code}", task.statement, SEED_AREA, title, number=number,
            source=f"O*NET {found.occupation}, task {task.code}. {ATTRIBUTION}",
        )
        for number, task in enumerate(found.tasks, start=2)
    ]  # fmt: skip
