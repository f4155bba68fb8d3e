"""A workbook read back: which of its cells differ from the blueprint, taken one by one, each with its reason.

Only Approved weight, Min, Max and Rationale may differ. Every other cell is compared with a workbook written now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from flask import current_app

from jta import audit
from jta.errors import InvalidInputError
from jta.models.blueprint import Blueprint, BlueprintRow
from jta.services.blueprint import adjust, content_hash, get_blueprint, require_editable
from jta.services.blueprint_changes import SHOWN, Change, RowInput, shown_percent
from jta.services.documents import made_from
from jta.services.preview_token import seal, unseal
from jta.services.report_book import build_blueprint_book

if TYPE_CHECKING:
    from jta.imports.blueprint_book import BookCells, BookRow
    from jta.imports.source import Cell

PURPOSE = "blueprint workbook"
FIELDS = {"Approved weight": "weight", "Min": "minimum", "Max": "maximum", "Rationale": "rationale"}
HASH = "Blueprint that an approval binds, SHA-256"
LONGEST_RATIONALE, MOST_ITEMS, DIGITS = 500, 2000, 1e-9


@dataclass(frozen=True)
class CellChange:
    """A cell that differs: ``before`` and ``after`` in words; ``value`` as plain text, empty for none."""

    code: str
    field: str
    title: str
    before: str
    after: str
    value: str

    @property
    def key(self) -> str:
        """What names the change on a page."""
        return f"{self.code}|{self.field}"


@dataclass(frozen=True)
class ReadBack:
    """What a workbook says: cells that can be taken, cells that cannot with the reason, and the token to take them."""

    changes: tuple[CellChange, ...]
    refused: tuple[str, ...]
    token: str
    version: int


def read_back(actor: audit.Actor, study_id: int, number: int, data: bytes) -> ReadBack:
    """Compare an edited workbook with the blueprint. Nothing is written.

    Raises
    ------
    InvalidInputError
        If the file cannot be read, belongs to another study or blueprint, or was made before a later change.
    StateError
        If the blueprint is published or superseded.
    """
    blueprint = get_blueprint(study_id, number)
    require_editable(blueprint)
    theirs = _read(data)
    _require_this_blueprint(blueprint, theirs)
    ours = _read(_written_now(blueprint))
    refused = [*_missing(ours, theirs), *_locked(ours, theirs)]
    changes: list[CellChange] = []
    for row in blueprint.rows:
        if row.code in theirs.rows:
            for found in _compare(row, ours.rows[row.code], theirs.rows[row.code]):
                (changes if isinstance(found, CellChange) else refused).append(found)  # type: ignore[arg-type]  # told apart
    content = {"number": number, "version": blueprint.version, "cells": [[c.code, c.field, c.value] for c in changes]}
    return ReadBack(tuple(changes), tuple(refused), seal(PURPOSE, actor, study_id, content), blueprint.version)


def _read(data: bytes) -> BookCells:
    from jta.imports.blueprint_book import read_blueprint_book
    from jta.imports.result import RefusedError

    try:
        return read_blueprint_book(data, current_app.config["SETTINGS"].limits)
    except RefusedError as error:
        raise InvalidInputError(str(error), field="file") from error


def _written_now(blueprint: Blueprint) -> bytes:
    from jta.exports.blueprint_workbook import write_blueprint_workbook

    return write_blueprint_workbook(build_blueprint_book(blueprint))


def _require_this_blueprint(blueprint: Blueprint, theirs: BookCells) -> None:
    held = theirs.facts.get(HASH, "")
    if held == content_hash(blueprint):
        return
    if made_from(blueprint.study_id, held, blueprint.id):
        why = "This workbook was made before the last change of the blueprint. Download it anew and edit that one."
    elif made_from(blueprint.study_id, held):
        why = "This workbook belongs to another version of the blueprint. Read it back on that version's page."
    else:
        why = "This workbook belongs to another study, or its first sheet was changed. Download this one anew."
    raise InvalidInputError(why, field="file")


def _missing(ours: BookCells, theirs: BookCells) -> Iterator[str]:
    for code in ours.rows:
        if code not in theirs.rows:
            yield f"The row of {code} was deleted, or its code was changed. Nothing of it was taken."
    for code, row in theirs.rows.items():
        if code not in ours.rows:
            yield f"Row {row.number}: the blueprint has no code {code[:40]!r}. Nothing of it was taken."
    for title in ours.titles:
        if title and title not in theirs.titles:
            yield f"The column “{title}” was deleted or renamed."


def _locked(ours: BookCells, theirs: BookCells) -> Iterator[str]:
    """Name every locked cell that differs; a formula must still be a formula, whatever it comes to."""
    for code, own in ours.rows.items():
        row = theirs.rows.get(code)
        for title, cell in own.cells.items() if row is not None else ():
            if (
                title
                and title not in FIELDS
                and row is not None
                and title in row.cells
                and not _same(cell, row.cells[title])
            ):
                yield f"Row {row.number}, {title} of {code}: this cell is locked. Its change was not taken."


def _same(one: Cell, other: Cell) -> bool:
    from jta.imports.source import text_of

    if _is_formula(one) or _is_formula(other):
        return _is_formula(one) == _is_formula(other)
    first, second = text_of(one).strip(), text_of(other).strip()
    if first == second:
        return True
    try:
        return abs(float(first) - float(second)) <= DIGITS
    except ValueError:
        return False


def _is_formula(cell: Cell) -> bool:
    return getattr(cell, "kind", "") == "formula"


def _compare(row: BlueprintRow, own: BookRow, theirs: BookRow) -> Iterator[CellChange | str]:
    for title, field in FIELDS.items():
        if title not in theirs.cells or _same(own.cells.get(title, ""), theirs.cells[title]):
            continue
        try:
            value = _READERS[field](theirs.cells[title])
        except ValueError as error:
            yield f"Row {theirs.number}, {title} of {row.code}: {error} It was not taken."
            continue
        if field == "weight" and value == "":
            continue  # cleared: the proposed weight stands
        before = _now(row, field)
        if not _equal(field, before, value):
            yield _change(row, field, value)


def _weight(cell: Cell) -> str:
    from jta.imports.source import text_of

    text = text_of(cell).strip()
    if not text:
        return ""
    if getattr(cell, "kind", "text") not in ("integer", "number", "formatted"):
        raise ValueError("this is not a number.")
    share = Decimal(text)
    if not 0 <= share <= 1:
        raise ValueError("a weight lies between 0 % and 100 %.")
    return str(share * 100)


def _whole(cell: Cell) -> str:
    from jta.imports.source import text_of

    text = text_of(cell).strip()
    if not text:
        return ""
    try:
        number = Decimal(text) if getattr(cell, "kind", "text") in ("integer", "formatted", "number") else None
    except InvalidOperation:
        number = None
    if number is None or number != number.to_integral_value() or not 0 <= number <= MOST_ITEMS:
        raise ValueError(f"this is not a whole number from 0 to {MOST_ITEMS:,}.")
    return str(int(number))


def _reason(cell: Cell) -> str:
    from jta.imports.source import text_of

    if getattr(cell, "kind", "text") in ("formula", "error"):
        raise ValueError("this is a formula or an error, not a text.")
    text = " ".join(text_of(cell).split())
    if len(text) > LONGEST_RATIONALE:
        raise ValueError(f"it is longer than {LONGEST_RATIONALE} characters.")
    return text


_READERS = {"weight": _weight, "minimum": _whole, "maximum": _whole, "rationale": _reason}


def _now(row: BlueprintRow, field: str) -> str:
    if field == "weight":
        return repr(row.weight * 100)
    value = getattr(row, field)
    return "" if value is None else str(value)


def _equal(field: str, before: str, after: str) -> bool:
    if field == "weight":
        # As on the page: a weight counts as changed only if it differs from what is shown.
        return round(float(before), SHOWN) == round(float(after), SHOWN)
    return before == after


def _words(field: str, value: str) -> str:
    if field == "weight":
        return f"{float(value):.2f} %"
    return value or "none"


def preview_again(actor: audit.Actor, study_id: int, number: int, token: str) -> ReadBack:
    """Return what a token holds, to be shown once more beside what is wrong.

    Raises
    ------
    InvalidInputError
        If the token is not this person's, or of another version.
    """
    content = _unsealed(actor, study_id, number, token)
    rows = {row.code: row for row in get_blueprint(study_id, number).rows}
    changes = tuple(_change(rows[code], field, value) for code, field, value in content["cells"])
    return ReadBack(changes, (), token, content["version"])


def _change(row: BlueprintRow, field: str, value: str) -> CellChange:
    title = next(title for title, name in FIELDS.items() if name == field)
    return CellChange(row.code, field, title, _words(field, _now(row, field)), _words(field, value), value)


def _unsealed(actor: audit.Actor, study_id: int, number: int, token: str) -> dict[str, Any]:
    content = unseal(PURPOSE, actor, study_id, token)
    if content["number"] != number:
        raise InvalidInputError("This preview belongs to another version. Upload the file again.", field="file")
    return content


def take_back(
    actor: audit.Actor,
    study_id: int,
    number: int,
    *,
    token: str,
    chosen: Collection[str],
    reason: str,
    share_rest: bool,
) -> list[Change]:
    """Enter the chosen cells of a workbook that was read back into the blueprint and its ledger.

    Raises
    ------
    InvalidInputError
        If the token is not this person's, nothing is chosen, no reason is given, or the weights do not sum to 100 %.
    EditConflictError
        If somebody else changed the blueprint since the workbook was read.
    """
    content = _unsealed(actor, study_id, number, token)
    taken = {(code, field): value for code, field, value in content["cells"] if f"{code}|{field}" in chosen}
    if not taken:
        raise InvalidInputError("Choose at least one cell to take over.", field="cells")
    blueprint = get_blueprint(study_id, number)
    rows = [_row_input(row, taken) for row in blueprint.rows]
    return adjust(
        actor, study_id, number, seen_version=content["version"], rows=rows, items=blueprint.items, reason=reason,
        share_rest=share_rest,
    )  # fmt: skip


def _row_input(row: BlueprintRow, taken: dict[tuple[str, str], Any]) -> RowInput:
    def whole(field: str) -> int | None:
        if (row.code, field) not in taken:
            value: int | None = getattr(row, field)
            return value
        return int(taken[row.code, field]) if taken[row.code, field] else None

    weight = taken.get((row.code, "weight"))
    return RowInput(
        row.code, shown_percent(row.weight) if weight is None else Decimal(weight), whole("minimum"), whole("maximum"),
        taken.get((row.code, "rationale"), row.rationale),
    )  # fmt: skip
