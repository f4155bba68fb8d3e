"""References in inventory files: the rows that name them, and the codes that statements give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from jta.db import db
from jta.imports.inventory import REFERENCE, REFERENCE_SIGN
from jta.imports.result import Problem
from jta.imports.text import fold, shown
from jta.models.inventory_record import Reference, StatementReference
from jta.services.inventory_rows import Difference, InventoryRow, differences

StatementKey = tuple[str, int]  # "task" or "knowledge", and its id


@dataclass(frozen=True)
class ReferenceChange:
    """A reference of the file that is new (``reference`` is None) or differs from the stored one."""

    row: InventoryRow
    reference: Reference | None = None
    differences: tuple[Difference, ...] = ()


class FileSources:
    """What a file says of references against those stored; ``rows`` are its other rows."""

    def __init__(self, stored: Sequence[Reference], rows: Sequence[InventoryRow]) -> None:
        self.rows = [row for row in rows if row.kind != REFERENCE]
        self.changes: list[ReferenceChange] = []
        self.problems: list[Problem] = []
        self._codes = {fold(one.code): one.code for one in stored}
        by_code, seen = {fold(one.code): one for one in stored}, set[str]()
        for row in rows:
            if row.kind == REFERENCE:
                self._take(row, by_code.get(fold(row.task_code)), seen)

    def _take(self, row: InventoryRow, known: Reference | None, seen: set[str]) -> None:
        if fold(row.task_code) in seen:
            said = f"The reference {shown(row.task_code)} stands in an earlier row too."
            self.problems.append(Problem(row.number, "task_code", said))
            return
        seen.add(fold(row.task_code))
        if known is None:
            self._codes[fold(row.task_code)] = row.task_code
            self.changes.append(ReferenceChange(row))
            return
        found = differences(
            ("Citation", known.citation, row.task_statement), ("Edition", known.edition, row.source or known.edition)
        )
        if found:
            self.changes.append(ReferenceChange(row, known, found))

    def codes_of(self, row: InventoryRow) -> tuple[str, ...]:
        """Return the references that a statement's row gives, in the order of their codes; what is unknown is noted."""
        parts = {fold(part): part for part in row.reference_codes.split(REFERENCE_SIGN) if part.strip()}
        for unknown in (part for key, part in parts.items() if key not in self._codes):
            said = f"No reference has the code {shown(unknown.strip())}. Add a row of the kind “reference” for it."
            self.problems.append(Problem(row.number, "reference_codes", said))
        return tuple(sorted((self._codes[key] for key in parts if key in self._codes), key=fold))


def load_references(study_id: int) -> list[Reference]:
    """Return the references of a study in the order they were made."""
    return list(db.session.scalars(select(Reference).where(Reference.study_id == study_id).order_by(Reference.id)))


def load_sources(study_id: int) -> dict[StatementKey, tuple[str, ...]]:
    """Return the codes of the references that each statement comes from, in order."""
    found = select(StatementReference.task_id, StatementReference.knowledge_id, Reference.code)
    found = found.join(Reference, Reference.id == StatementReference.reference_id)
    by_key: dict[StatementKey, list[str]] = {}
    for task_id, knowledge_id, code in db.session.execute(found.where(Reference.study_id == study_id)):
        key = ("task", task_id) if task_id is not None else ("knowledge", knowledge_id or 0)
        by_key.setdefault(key, []).append(code)
    return {key: tuple(sorted(codes, key=fold)) for key, codes in by_key.items()}
