"""What columns and values of a file meant, kept under a name for the next file of the same survey tool."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError
from jta.imports.collected_guess import FileMapping, guess_values
from jta.models.collected import SavedMapping
from jta.services.collect import Work, load_work, lock_work
from jta.services.study_stage import lock_study

LONGEST_NAME = 80


def list_mappings(study_id: int) -> list[SavedMapping]:
    """Return the mappings saved under a name, by name."""
    found = select(SavedMapping).where(SavedMapping.study_id == study_id).order_by(SavedMapping.name)
    return list(db.session.scalars(found))


def save_mapping(actor: Actor, study_id: int, name: str) -> SavedMapping:
    """Keep what columns and values mean, by the columns' titles, for the next file; the same name is replaced.

    Raises
    ------
    InvalidInputError
        If the name is empty or too long (field ``name``).
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInputError(f"Give it a name of at most {LONGEST_NAME} characters.", field="name")
    work = load_work(study_id)
    with transaction():
        lock_study(study_id)
        found = select(SavedMapping).where(SavedMapping.study_id == study_id, SavedMapping.name == name)
        saved = db.session.scalar(found) or SavedMapping(study_id=study_id, name=name)
        saved.content, saved.saved_by, saved.saved_at = _by_title(work), actor.name, clock.now()
        db.session.add(saved)
        audit.record(actor, "saved mapping", f"mapping {name}", study_id=study_id, after=saved.content)
    return saved


def _by_title(work: Work) -> dict[str, Any]:
    titles = {column.place: column.title for column in work.look.columns}
    mapping = work.mapping
    return {
        "layout": mapping.layout, "values": mapping.values,
        "roles": {titles[place]: role for place, role in mapping.roles.items() if place in titles},
        "tasks": {titles[place]: task for place, task in mapping.tasks.items() if place in titles},
    }  # fmt: skip


def use_mapping(actor: Actor, study_id: int, mapping_id: int, *, version: int) -> tuple[int, int]:
    """Apply a saved mapping to the file at work; return how many of its columns were found, and of how many.

    Raises
    ------
    InvalidInputError
        If there is no such mapping, or none of its columns is in the file.
    """
    work = load_work(study_id)
    saved = db.session.get(SavedMapping, mapping_id)
    if saved is None or saved.study_id != study_id:
        raise InvalidInputError("Choose one of the saved mappings.")
    places = {column.title: column.place for column in work.look.columns}
    content = saved.content
    mapping = FileMapping(
        content["layout"],
        {places[title]: role for title, role in content["roles"].items() if title in places},
        {places[title]: task for title, task in content["tasks"].items() if title in places},
    )
    if not mapping.roles:
        raise InvalidInputError("No column of this file has a name that the mapping knows. Nothing was changed.")
    guessed = guess_values(work.look.columns, mapping, work.words)
    mapping.values = {group: {**found, **content["values"].get(group, {})} for group, found in guessed.items()}
    with transaction():
        file = lock_work(study_id, version)
        file.mapping, file.preview = mapping.plain(), None
        audit.record(actor, "used mapping", f"mapping {saved.name}", study_id=study_id, after=mapping.plain())
    return len(mapping.roles), len(content["roles"])
