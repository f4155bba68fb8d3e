"""Changing content domains and subdomains by hand: add, rename, move, place, delete, let run through all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from jta.audit import Actor
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.imports.text import fold, shown
from jta.models.inventory import Domain, Knowledge, Task
from jta.services.inventory import get_area
from jta.services.inventory_log import inventory_act
from jta.services.study_stage import reach_stage


@dataclass(frozen=True)
class NewArea:
    """A content domain to be added, or a subdomain of the domain ``parent_id``."""

    code: str
    title: str
    parent_id: int | None = None
    runs_through: bool = False


def list_areas(study_id: int) -> list[Domain]:
    """Return the areas of a study in order."""
    found = select(Domain).where(Domain.study_id == study_id).order_by(Domain.position, Domain.id)
    return list(db.session.scalars(found))


def add_area(actor: Actor, study_id: int, new: NewArea) -> Domain:
    """Add a content domain, or a subdomain of one.

    Raises
    ------
    InvalidInputError
        If the code is taken or the place is impossible.
    """
    with inventory_act(actor, study_id) as act:
        area = add_new_area(study_id, new)
        reach_stage(act.study, "inventory", actor)
        act.record("added domain", f"domain {area.code}", after=area.title, note=area.title)
    return area


def add_new_area(study_id: int, new: NewArea) -> Domain:
    """Make an area inside the act under way.

    Raises
    ------
    InvalidInputError
        If the code is taken or the place is impossible (fields ``new_code``, ``new_parent``).
    """
    if taken := next((area for area in list_areas(study_id) if fold(area.code) == fold(new.code)), None):
        raise InvalidInputError(f"The code {shown(new.code)} is in use: {taken.code} {taken.title}.", field="new_code")
    if new.parent_id is not None:
        parent = get_area(study_id, new.parent_id)
        if parent.parent_id is not None:
            raise InvalidInputError("A subdomain belongs to a content domain.", field="new_parent")
        if parent.runs_through:
            raise InvalidInputError(f"{parent.code} runs through all others: it has no subdomains.", field="new_parent")
        if new.runs_through:
            raise InvalidInputError("Only a content domain can run through all others.", field="new_parent")
    last = db.session.scalar(select(func.max(Domain.position)).where(Domain.study_id == study_id)) or 0
    area = Domain(
        study_id=study_id, parent_id=new.parent_id, code=new.code, title=new.title, position=last + 1,
        runs_through=new.runs_through,
    )  # fmt: skip
    db.session.add(area)
    db.session.flush()
    return area


def edit_area(actor: Actor, study_id: int, area_id: int, *, title: str, version: int) -> Domain:
    """Rename a content domain or subdomain; its code stays.

    Raises
    ------
    EditConflictError
        If somebody else changed it since, with both names.
    """
    with inventory_act(actor, study_id) as act:
        area = _fresh(study_id, area_id)
        if area.title == title:
            return area
        if area.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both names, then save what should stand.",
                theirs=area.title, yours=title,
            )  # fmt: skip
        before, area.title = area.title, title
        act.record("renamed domain", f"domain {area.code}", before=before, after=title, note=f"{before} to {title}")
    return area


def _fresh(study_id: int, area_id: int) -> Domain:
    area = get_area(study_id, area_id)
    db.session.refresh(area)
    return area


def move_area(actor: Actor, study_id: int, area_id: int, *, up: bool, steps: int = 1) -> Domain:
    """Move a domain ``steps`` places among the domains, a subdomain within its domain; never past an end."""
    with inventory_act(actor, study_id) as act:
        area = get_area(study_id, area_id)
        row = [other for other in list_areas(study_id) if other.parent_id == area.parent_id]
        if shift(row, area, up=up, steps=steps):
            act.record("moved domain", f"domain {area.code}", note="up" if up else "down")
    return area


def shift(row: list[Any], one: Any, *, up: bool, steps: int) -> bool:
    """Move one of a row some places, never past an end, giving out the positions anew; say whether it moved."""
    here, positions = row.index(one), [other.position for other in row]
    there = min(max(here + (-steps if up else steps), 0), len(row) - 1)
    row.insert(there, row.pop(here))
    for other, position in zip(row, positions, strict=True):
        other.position = position
    return there != here


def place_area(actor: Actor, study_id: int, area_id: int, parent_id: int | None) -> Domain:
    """Make an area a subdomain of a content domain, or (``parent_id`` None) a content domain of its own.

    Raises
    ------
    InvalidInputError
        If it would lie inside itself or below a subdomain, or it holds subdomains (field ``parent``).
    """
    with inventory_act(actor, study_id) as act:
        area = _fresh(study_id, area_id)
        if parent_id is not None:
            _require_place(area, get_area(study_id, parent_id), list_areas(study_id))
        if area.parent_id != parent_id:
            area.parent_id = parent_id
            where = get_area(study_id, parent_id).code if parent_id is not None else "a content domain of its own"
            act.record("placed domain", f"domain {area.code}", after=where, note=f"into {where}")
    return area


def _require_place(area: Domain, parent: Domain, areas: Sequence[Domain]) -> None:
    if parent.id == area.id or parent.parent_id == area.id:
        raise InvalidInputError(f"{area.code} cannot lie inside itself.", field="parent")
    if parent.parent_id is not None or parent.runs_through:
        raise InvalidInputError(f"{parent.code} cannot hold subdomains. Choose a tested domain.", field="parent")
    if any(other.parent_id == area.id for other in areas):
        said = f"{area.code} has subdomains of its own. Move them first: there are two levels, no more."
        raise InvalidInputError(said, field="parent")
    if area.runs_through:
        raise InvalidInputError("A domain that runs through all others cannot be a subdomain.", field="parent")


def set_runs_through(actor: Actor, study_id: int, area_id: int, *, runs_through: bool) -> Domain:
    """Let a content domain run through all others (KSAs only), or make it a tested domain again.

    Raises
    ------
    StateError
        If it is a subdomain or holds task statements.
    """
    with inventory_act(actor, study_id) as act:
        area = _fresh(study_id, area_id)
        if runs_through and area.parent_id is not None:
            raise StateError("Only a content domain can run through all others.")
        if runs_through and _holds_tasks(study_id, area_id):
            raise StateError(
                f"{area.code} holds task statements, which respondents rate by domain. Move them to other areas first."
            )
        if area.runs_through != runs_through:
            area.runs_through = runs_through
            said = "runs through all domains" if runs_through else "is a tested domain"
            act.record("changed domain", f"domain {area.code}", after=said, note=said)
    return area


def _holds_tasks(study_id: int, area_id: int) -> bool:
    inside = [area.id for area in list_areas(study_id) if area_id in (area.id, area.parent_id)]
    return db.session.scalar(select(Task.id).where(Task.domain_id.in_(inside)).limit(1)) is not None


def is_empty_area(area_id: int) -> bool:
    """Say whether an area holds no statement, retired ones included, and no subdomain."""
    used = select(Task.id).where(Task.domain_id == area_id).limit(1)
    known = select(Knowledge.id).where(Knowledge.domain_id == area_id).limit(1)
    below = select(Domain.id).where(Domain.parent_id == area_id).limit(1)
    return all(db.session.scalar(found) is None for found in (used, known, below))


def delete_area(actor: Actor, study_id: int, area_id: int) -> None:
    """Delete a content domain or subdomain that holds nothing.

    Raises
    ------
    StateError
        If it holds statements, retired ones included, or subdomains.
    """
    with inventory_act(actor, study_id) as act:
        area = get_area(study_id, area_id)
        if not is_empty_area(area_id):
            raise StateError("Only an area without statements and subdomains can be deleted. Retired ones count.")
        act.record("deleted domain", f"domain {area.code}", before=area.title, note=area.title)
        db.session.delete(area)
