"""What a round asks about, taken from the inventory as it is when the round opens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from jta.db import db
from jta.models.inventory import Domain, Knowledge
from jta.models.panel import Round, RoundDecision, RoundItem
from jta.services.inventory_merge import in_order, load_stored
from jta.services.panel_kinds import KINDS


def frozen_items(one: Round) -> Iterable[RoundItem]:
    """Yield what the round asks about, in the order of the inventory."""
    stored = load_stored(one.study_id)
    titles = {area.id: f"{area.code} {area.title}" for area in stored.areas}
    if KINDS[one.kind].of == "domain":
        for position, area in enumerate(_areas(one, stored.areas), start=1):
            above = titles.get(area.parent_id or 0, "")
            yield RoundItem(
                position=position, kind="domain", domain_id=area.id, code=area.code, wording=area.title, area=above
            )
        return
    wanted = _with_children(stored.areas, set(one.settings.get("domains", [])))
    again = _rated_again(one)
    tasks = [
        task
        for task in in_order(stored, stored.live)
        if (not wanted or task.domain_id in wanted) and (not again or task.id in again)
    ]
    for position, task in enumerate(tasks, start=1):
        yield RoundItem(
            position=position, kind="task", task_id=task.id, code=task.code, wording=task.statement,
            area=titles[task.domain_id],
        )  # fmt: skip
    if one.kind == "linkage":
        yield from _ksa_items(one.study_id, len(tasks))


def _rated_again(one: Round) -> set[int]:
    """Return the tasks that were to be rated again, where the round before decided so for any."""
    found = (
        select(RoundItem.task_id)
        .join(RoundDecision, RoundDecision.item_id == RoundItem.id)
        .where(RoundItem.round_id == one.former_id, RoundDecision.outcome == "again")
        .where(RoundDecision.superseded_at.is_(None))
    )
    return {task_id for task_id in db.session.scalars(found) if task_id is not None}


def _ksa_items(study_id: int, after: int) -> Iterable[RoundItem]:
    found = select(Knowledge).where(Knowledge.study_id == study_id, Knowledge.retired_at.is_(None))
    for position, ksa in enumerate(db.session.scalars(found.order_by(Knowledge.position, Knowledge.id)), start=1):
        yield RoundItem(
            position=after + position, kind="knowledge", knowledge_id=ksa.id, code=ksa.code, wording=ksa.statement,
            area=ksa.kind,
        )  # fmt: skip


def _areas(one: Round, areas: Sequence[Domain]) -> list[Domain]:
    """Return the areas asked about: tasks are written for the smallest ones, points are spread over the largest."""
    # A domain that runs through all others is not tested by itself.
    tops = [area for area in areas if area.parent_id is None and not area.runs_through]
    if one.kind == "weights":
        return tops
    wanted = _with_children(areas, set(one.settings.get("domains", [])))
    found = []
    for top in tops:
        parts = [area for area in areas if area.parent_id == top.id]
        found += parts or [top]
    return [area for area in found if not wanted or area.id in wanted]


def _with_children(areas: Sequence[Domain], chosen: set[int]) -> set[int]:
    return chosen | {area.id for area in areas if area.parent_id in chosen}
