"""KSAs, what somebody must know or be able to do to perform tasks: read, add, edit, retire, restore, move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from jta.audit import Actor
from jta.db import db
from jta.errors import InvalidInputError, NotFoundError
from jta.models.inventory import KNOWLEDGE_KINDS, Domain, Knowledge
from jta.services.inventory import get_area
from jta.services.inventory_areas import list_areas, shift
from jta.services.inventory_log import inventory_act
from jta.services.inventory_merge import write_statement
from jta.services.inventory_references import set_references
from jta.services.inventory_tasks import (
    conflict,
    last_position,
    require_free_code,
    restore_in,
    retire_in,
)
from jta.services.study_stage import reach_stage


@dataclass(frozen=True)
class KnowledgeWords:
    """A KSA as written on its page; ``area_id`` None: it belongs to no domain. ``references`` None: as they are."""

    statement: str
    kind: str = "knowledge"
    source: str = ""
    area_id: int | None = None
    references: tuple[int, ...] | None = None


@dataclass
class KnowledgeGroup:
    """The live KSAs of one area in order; ``area`` is None for those of no domain."""

    area: Domain | None
    statements: list[Knowledge] = field(default_factory=list)


@dataclass(frozen=True)
class KnowledgeList:
    """All KSAs of a study: live ones by area, retired ones apart."""

    groups: list[KnowledgeGroup]
    retired: list[Knowledge]
    n_live: int
    n_shown: int


def load_knowledge(study_id: int, query: str = "", kind: str = "") -> KnowledgeList:
    """Return a study's KSAs, or those whose code, statement, source or area has all the words of ``query``."""
    areas = list_areas(study_id)
    titles = {area.id: f"{area.code} {area.title}" for area in areas}
    found = select(Knowledge).where(Knowledge.study_id == study_id).order_by(Knowledge.position, Knowledge.id)
    every = list(db.session.scalars(found))
    words = query.casefold().split()
    shown = [
        one for one in every if kind in ("", one.kind) and _matches(one, titles.get(one.domain_id or 0, ""), words)
    ]
    live = [one for one in shown if one.retired_at is None]
    groups = [KnowledgeGroup(area, [one for one in live if one.domain_id == area.id]) for area in _in_tree_order(areas)]
    groups.append(KnowledgeGroup(None, [one for one in live if one.domain_id is None]))
    return KnowledgeList(
        [group for group in groups if group.statements],
        [one for one in shown if one.retired_at is not None],
        sum(one.retired_at is None for one in every),
        len(live),
    )


def _matches(one: Knowledge, title: str, words: Sequence[str]) -> bool:
    text = f"{one.code} {one.kind} {one.statement} {one.source} {title}".casefold()
    return all(word in text for word in words)


def _in_tree_order(areas: Sequence[Domain]) -> list[Domain]:
    tops = [area for area in areas if area.parent_id is None]
    return [one for top in tops for one in (top, *(area for area in areas if area.parent_id == top.id))]


def live_knowledge(study_id: int) -> list[Knowledge]:
    """Return the KSAs of a study that are not retired, by area and position."""
    return [one for group in load_knowledge(study_id).groups for one in group.statements]


def get_knowledge(study_id: int, knowledge_id: int) -> Knowledge:
    """Return a KSA of this study.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    one = db.session.get(Knowledge, knowledge_id)
    if one is None or one.study_id != study_id:
        raise NotFoundError
    return one


def _require_words(study_id: int, words: KnowledgeWords) -> None:
    if words.kind not in KNOWLEDGE_KINDS:
        raise InvalidInputError("Choose what the statement is.", field="kind")
    if words.area_id is not None:
        get_area(study_id, words.area_id)


def add_knowledge(actor: Actor, study_id: int, *, code: str, words: KnowledgeWords) -> Knowledge:
    """Add a KSA at the end of the list.

    Raises
    ------
    InvalidInputError
        If a task or KSA has the code.
    StateError
        If the survey was launched.
    """
    with inventory_act(actor, study_id) as act:
        require_free_code(study_id, code)
        _require_words(study_id, words)
        one = Knowledge(
            study_id=study_id, domain_id=words.area_id, code=code, kind=words.kind, statement=words.statement,
            source=words.source, position=last_position(Knowledge, study_id) + 1,
        )  # fmt: skip
        write_statement(one, words.statement, actor, "Added")
        db.session.add(one)
        db.session.flush()
        set_references(one, words.references)
        reach_stage(act.study, "inventory", actor)
        act.record("added KSA", f"KSA {one.code}", after=[one.kind, one.statement])
    return one


def edit_knowledge(
    actor: Actor, study_id: int, knowledge_id: int, words: KnowledgeWords, *, version: int, reason: str = ""
) -> Knowledge:
    """Change a KSA; ``version`` is the one the writer saw.

    Raises
    ------
    EditConflictError
        If somebody else changed it since, with both wordings.
    """
    with inventory_act(actor, study_id) as act:
        one = _locked(study_id, knowledge_id)
        _require_words(study_id, words)
        before = [one.kind, one.statement, one.source, one.domain_id]
        after = [words.kind, words.statement, words.source, words.area_id]
        if before != after and one.version != version:
            raise conflict(one.statement, words.statement)
        relinked = set_references(one, words.references)
        if before == after and not relinked:
            return one
        one.kind, one.source, one.domain_id = words.kind, words.source, words.area_id
        write_statement(one, words.statement, actor, reason)
        act.record("edited KSA", f"KSA {one.code}", before=before, after=after, note=reason)
    return one


def _locked(study_id: int, knowledge_id: int) -> Knowledge:
    get_knowledge(study_id, knowledge_id)
    return db.session.get_one(Knowledge, knowledge_id, with_for_update=True, populate_existing=True)


def retire_knowledge(actor: Actor, study_id: int, knowledge_id: int, *, reason: str) -> Knowledge:
    """Take a KSA out of use; it stays on record with the reason.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    """
    with inventory_act(actor, study_id) as act:
        one = _locked(study_id, knowledge_id)
        retire_in(act, one, "KSA", reason)
    return one


def restore_knowledge(actor: Actor, study_id: int, knowledge_id: int) -> Knowledge:
    """Put a retired KSA back into use."""
    with inventory_act(actor, study_id) as act:
        one = _locked(study_id, knowledge_id)
        restore_in(act, one, "KSA")
    return one


def move_knowledge(actor: Actor, study_id: int, knowledge_id: int, *, up: bool, steps: int = 1) -> Knowledge:
    """Move a KSA one place or ``steps`` places in its area; at the end nothing happens."""
    with inventory_act(actor, study_id) as act:
        one = _locked(study_id, knowledge_id)
        found = select(Knowledge).where(Knowledge.study_id == study_id, Knowledge.retired_at.is_(None))
        every = db.session.scalars(found.order_by(Knowledge.position, Knowledge.id))
        row = [other for other in every if other.domain_id == one.domain_id]
        if shift(row, one, up=up, steps=steps):
            act.record("moved KSA", f"KSA {one.code}", note="up" if up else "down")
    return one
