"""Writing rows into an inventory by code, inside the act under way. Nothing is wiped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import selectinload

from jta import clock
from jta.audit import Actor
from jta.db import db
from jta.imports.inventory import REFERENCE
from jta.imports.text import fold
from jta.models.inventory import Domain, Knowledge, StatementVersion, Task
from jta.models.inventory_record import Reference, StatementReference
from jta.models.study import Study
from jta.services.inventory_compare import (
    Difference,
    Merge,
    Stored,
    TaskChange,
    compare,
    in_order,
    load_stored,
    load_whole,
)
from jta.services.inventory_references import set_references
from jta.services.inventory_rows import InventoryRow

__all__ = ["Difference", "Merge", "Stored", "compare", "in_order", "load_stored", "merge_inventory", "write_statement"]


AT_ONCE = 500


@dataclass(frozen=True)
class Wording:
    """Who words statements, why and when."""

    by_name: str
    reason: str
    at: datetime


def merge_inventory(
    study: Study,
    rows: Sequence[InventoryRow],
    actor: Actor,
    *,
    reason: str,
    leave: frozenset[int] = frozenset(),
    retire: frozenset[str] = frozenset(),
    retire_reason: str = "",
) -> Merge:
    """Write rows into the inventory inside the transaction that is open; return what was done.

    Parameters
    ----------
    leave : frozenset of int
        Rows to leave out: what they are new in is not added, what they change stays.
    retire : frozenset of str
        Codes of missing statements to retire, for ``retire_reason``.

    Raises
    ------
    ValueError
        If the rows have problems: the caller has shown them before.
    """
    stored = load_whole(study.id)
    merge = compare(stored, rows)
    if merge.problems:
        raise ValueError("An inventory with problems cannot be merged.")
    if leave:
        merge = _without(merge, compare(stored, [row for row in rows if row.number not in leave]), leave)
    by_code = _write_areas(study, stored, merge)
    reference_ids = _write_references(study, stored, merge)
    _change_statements(merge, by_code, actor, reason, reference_ids)
    _add_statements(study, stored, merge, by_code, Wording(actor.name, reason, clock.now()), reference_ids)
    _retire(merge, retire, retire_reason)
    if merge.takes_order:
        _take_order(study.id, [row for row in rows if row.kind != REFERENCE])
    db.session.flush()
    return merge


def _without(whole: Merge, kept: Merge, leave: frozenset[int]) -> Merge:
    """Return what the kept rows do; rows that were left out are neither missing nor do they give an order."""
    left = {fold(change.row.task_code) for change in (*whole.new, *whole.changed) if change.row.number in leave}
    kept.missing = [one for one in kept.missing if fold(one.code) not in left]
    kept.takes_order = kept.reordered = False
    return kept


def _write_areas(study: Study, stored: Stored, merge: Merge) -> dict[str, Domain]:
    """Add and change areas; return all by folded code. Domains come first: subdomains need their id."""
    by_code = {fold(area.code): area for area in stored.areas}
    last = max((area.position for area in stored.areas), default=0)
    new = sorted(merge.new_areas, key=lambda change: change.area.parent is not None)
    for position, change in enumerate(new, start=last + 1):
        area = change.area
        made = Domain(
            study_id=study.id, code=area.code, title=area.title or area.code, position=position,
            parent_id=by_code[fold(area.parent)].id if area.parent else None, runs_through=bool(area.through),
        )  # fmt: skip
        db.session.add(made)
        db.session.flush()
        by_code[fold(area.code)] = made
    for change in merge.changed_areas:
        known = by_code[fold(change.area.code)]
        known.title = change.area.title or known.title
        known.parent_id = by_code[fold(change.area.parent)].id if change.area.parent else None
        known.runs_through = known.runs_through if change.area.through is None else change.area.through
    return by_code


def _write_references(study: Study, stored: Stored, merge: Merge) -> dict[str, int]:
    """Add and change references; return the ids of all by folded code."""
    known = {fold(one.code): one for one in stored.references}
    for change in merge.references:
        row = change.row
        one = known.setdefault(fold(row.task_code), Reference(study_id=study.id, code=row.task_code, edition=""))
        one.citation, one.edition = row.task_statement, row.source or one.edition
        db.session.add(one)
    db.session.flush()
    return {code: one.id for code, one in known.items()}


def _change_statements(
    merge: Merge, by_code: dict[str, Domain], actor: Actor, reason: str, references: dict[str, int]
) -> None:
    load_histories([change.task for change in merge.changed if change.task is not None])
    for change in merge.changed:
        one = change.task
        if one is None:
            continue
        one.source = change.row.source or one.source
        area = by_code[fold(change.area)].id if change.area else None
        if isinstance(one, Knowledge):
            one.domain_id, one.kind = area, change.row.kind
        elif area is not None:
            one.domain_id = area
        write_statement(one, change.row.task_statement, actor, reason)
        chosen = [references[fold(code)] for code in change.references if fold(code) in references]
        set_references(one, chosen or None)


def load_histories(statements: Sequence[Task | Knowledge]) -> None:
    """Load the histories of statements that are to be reworded, some hundreds at a time and not each by itself."""
    for start in range(0, len(statements), AT_ONCE):
        some = statements[start : start + AT_ONCE]
        for model in (Task, Knowledge):
            ids = [one.id for one in some if isinstance(one, model)]
            found = select(model).where(model.id.in_(ids)).options(selectinload(model.versions))
            db.session.scalars(found).all()


def write_statement(one: Task | Knowledge, statement: str, actor: Actor, reason: str) -> None:
    """Give a task statement or KSA a wording, keeping the former ones; the same wording changes nothing."""
    if one.versions and one.statement == statement:
        return
    one.statement = statement
    one.versions.append(
        StatementVersion(
            number=len(one.versions) + 1,
            statement=statement,
            reason=reason,
            by_name=actor.name,
            at=clock.now(),
        )
    )


def _add_statements(
    study: Study, stored: Stored, merge: Merge, by_code: dict[str, Domain], wording: Wording, references: dict[str, int]
) -> None:
    """Insert new statements after all others, by the thousand: a file may bring as many as the limits allow."""
    last = max((one.position for one in stored.statements), default=0)
    places = list(enumerate(merge.new, start=last + 1))
    for model in (Task, Knowledge):
        own = [(position, change) for position, change in places if (change.row.kind == "task") == (model is Task)]
        if own:
            values = [_values(study, change, by_code, position) for position, change in own]
            db.session.execute(insert(model), values)
            found = select(model.code, model.id).where(model.study_id == study.id, model.position > last)
            ids = {code: row_id for code, row_id in db.session.execute(found)}
            _insert_details(model.__tablename__, [(ids[c.row.task_code], c) for _, c in own], wording, references)


def _values(study: Study, change: TaskChange, by_code: dict[str, Domain], position: int) -> dict[str, Any]:
    row = change.row
    kind = {} if row.kind == "task" else {"kind": row.kind}
    return kind | {
        "study_id": study.id, "code": row.task_code, "statement": row.task_statement, "source": row.source,
        "position": position, "domain_id": by_code[fold(change.area)].id if change.area else None,
    }  # fmt: skip


def _insert_details(
    word: str, made: Sequence[tuple[int, TaskChange]], wording: Wording, references: dict[str, int]
) -> None:
    """Insert the first wording of new statements, and which references they come from."""
    first = {"number": 1, "reason": wording.reason, "by_name": wording.by_name, "at": wording.at}
    versions = [{f"{word}_id": row_id, "statement": c.row.task_statement, **first} for row_id, c in made]
    db.session.execute(insert(StatementVersion), versions)
    links = [
        {f"{word}_id": row_id, "reference_id": references[fold(code)]}
        for row_id, change in made
        for code in change.references
        if fold(code) in references  # its own row may have been left out
    ]
    if links:
        db.session.execute(insert(StatementReference), links)


def _retire(merge: Merge, codes: frozenset[str], reason: str) -> None:
    for one in merge.missing:
        if one.code in codes:
            one.retired_at, one.retired_reason = clock.now(), reason
            merge.retiring.append(one)


def _take_order(study_id: int, rows: Sequence[InventoryRow]) -> None:
    """Number areas and statements as the file has them; what it does not name follows in its former order."""
    db.session.flush()
    present = load_whole(study_id)
    place = {fold(row.task_code): n for n, row in enumerate(rows)}
    parent = {area.id: area.parent_id for area in present.areas}
    first: dict[int, int] = {}
    kinds: tuple[Sequence[Task | Knowledge], ...] = (present.tasks, present.known)
    for statements in kinds:
        ordered = sorted(statements, key=lambda one: place.get(fold(one.code), len(rows) + one.position))
        for position, one in enumerate(ordered, start=1):
            one.position = position
            _note_place(first, parent, one.domain_id, place.get(fold(one.code), len(rows)))
    areas = sorted(present.areas, key=lambda area: (first.get(area.id, len(rows)), area.position))
    for position, area in enumerate(areas, start=1):
        area.position = position


def _note_place(first: dict[int, int], parent: dict[int, int | None], area_id: int | None, place: int) -> None:
    """Note the first row in which an area, and the one above it, is spoken of."""
    while area_id is not None:
        first[area_id] = min(place, first.get(area_id, place))
        area_id = parent[area_id]
