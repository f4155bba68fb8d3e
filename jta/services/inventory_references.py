"""References: the sources of statements, each with its citation and edition, and the statements that come from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, object_session

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.imports.text import fold, shown
from jta.models.inventory import Knowledge, Task
from jta.models.inventory_record import Reference, StatementReference
from jta.services.study_stage import lock_study, require_unlocked


@dataclass(frozen=True)
class ReferenceWords:
    """A reference as written on its page."""

    code: str
    citation: str
    edition: str = ""


def list_references(study_id: int) -> list[Reference]:
    """Return the references of a study by code."""
    found = select(Reference).where(Reference.study_id == study_id)
    return sorted(db.session.scalars(found), key=lambda reference: fold(reference.code))


def get_reference(study_id: int, reference_id: int) -> Reference:
    """Return a reference of this study.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    reference = db.session.get(Reference, reference_id)
    if reference is None or reference.study_id != study_id:
        raise NotFoundError
    return reference


def uses_of_references(study_id: int) -> dict[int, int]:
    """Return how many statements come from each reference, by its id."""
    found = select(StatementReference.reference_id, func.count()).join(Reference)
    rows = db.session.execute(found.where(Reference.study_id == study_id).group_by(StatementReference.reference_id))
    return {reference_id: count for reference_id, count in rows}


def reference_ids(statement: Task | Knowledge) -> list[int]:
    """Return the ids of the references that a statement comes from."""
    found = select(StatementReference.reference_id).where(_of(statement))
    return list(db.session.scalars(found.order_by(StatementReference.reference_id)))


def references_of_tasks(study_id: int) -> dict[int, list[Reference]]:
    """Return the references of each task statement of a study, by the task's id, in one query."""
    return _references_by(StatementReference.task_id, study_id)


def references_of_knowledge(study_id: int) -> dict[int, list[Reference]]:
    """Return the references of each KSA of a study, by its id, in one query."""
    return _references_by(StatementReference.knowledge_id, study_id)


def _references_by(column: InstrumentedAttribute[int | None], study_id: int) -> dict[int, list[Reference]]:
    found = select(column, Reference).join(Reference, Reference.id == StatementReference.reference_id)
    found = found.where(Reference.study_id == study_id, column.is_not(None))
    by_id: dict[int, list[Reference]] = {}
    for statement_id, reference in db.session.execute(found.order_by(Reference.code)):
        by_id.setdefault(int(statement_id or 0), []).append(reference)
    return by_id


def _of(statement: Task | Knowledge) -> ColumnElement[bool]:
    if isinstance(statement, Task):
        return StatementReference.task_id == statement.id
    return StatementReference.knowledge_id == statement.id


def set_references(statement: Task | Knowledge, chosen: Sequence[int] | None) -> bool:
    """Say which references a stored statement comes from, inside the act under way; return whether that changed.

    ``None`` leaves them as they are.

    Raises
    ------
    NotFoundError
        If a reference is not one of the statement's study.
    """
    if chosen is None or object_session(statement) is None:
        return False
    wanted = sorted(set(chosen))
    if wanted == reference_ids(statement):
        return False
    for reference_id in wanted:
        get_reference(statement.study_id, reference_id)
    db.session.execute(delete(StatementReference).where(_of(statement)))
    name = "task_id" if isinstance(statement, Task) else "knowledge_id"
    db.session.add_all(StatementReference(reference_id=found, **{name: statement.id}) for found in wanted)
    db.session.flush()
    return True


def save_reference(
    actor: Actor, study_id: int, words: ReferenceWords, *, reference_id: int | None = None, version: int = 0
) -> Reference:
    """Add a reference, or change one; ``version`` is the one the writer saw.

    Raises
    ------
    InvalidInputError
        If the code is taken.
    EditConflictError
        If somebody else changed it since.
    """
    with transaction():
        require_unlocked(lock_study(study_id))
        _require_free(study_id, words.code, reference_id)
        if reference_id is None:
            reference = Reference(study_id=study_id, code=words.code, citation=words.citation, edition=words.edition)
            db.session.add(reference)
        else:
            reference = get_reference(study_id, reference_id)
            db.session.refresh(reference)
            if reference.version != version:
                raise EditConflictError(
                    "Nothing was saved. Compare both texts, then save what should stand.",
                    theirs=f"{reference.code}: {reference.citation} {reference.edition}",
                    yours=f"{words.code}: {words.citation} {words.edition}",
                )
            reference.code, reference.citation, reference.edition = words.code, words.citation, words.edition
        db.session.flush()
        audit.record(
            actor, "saved reference", f"reference {words.code}", study_id=study_id,
            after=[words.code, words.citation, words.edition], note=words.citation,
        )  # fmt: skip
    return reference


def _require_free(study_id: int, code: str, own_id: int | None) -> None:
    if any(fold(other.code) == fold(code) and other.id != own_id for other in list_references(study_id)):
        raise InvalidInputError(f"The code {shown(code)} is in use.", field="code")


def delete_reference(actor: Actor, study_id: int, reference_id: int) -> None:
    """Delete a reference that no statement comes from.

    Raises
    ------
    StateError
        If statements come from it.
    """
    with transaction():
        require_unlocked(lock_study(study_id))
        reference = get_reference(study_id, reference_id)
        if uses_of_references(study_id).get(reference_id):
            raise StateError(f"Statements come from {reference.code}. Take it off their pages first.")
        audit.record(
            actor, "deleted reference", f"reference {reference.code}", study_id=study_id, before=reference.citation,
            note=reference.citation,
        )  # fmt: skip
        db.session.delete(reference)
