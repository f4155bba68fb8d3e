"""Importing an inventory file in two steps: a preview that writes nothing, then all of it or nothing.

Between the two requests the rows travel in the page, compressed and signed: what is applied is what was
previewed, by the same person, in the same study, while the inventory is as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from jta import audit
from jta.audit import Actor
from jta.db import transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.exports.inventory_file import InventoryLine, inventory_csv, inventory_xlsx
from jta.imports.result import Problem
from jta.services.inventory import inventory_hash, load_inventory
from jta.services.inventory_merge import Merge, compare, load_stored, merge_inventory
from jta.services.inventory_rows import InventoryRow, notes_of_file, rows_of_file
from jta.services.study import get_study
from jta.services.study_stage import lock_study, reach_stage, require_unlocked

LONGEST_TOKEN = 1_900_000  # characters; a form of this site takes 2 MB
PROBLEMS_SHOWN = 100


@dataclass(frozen=True)
class Preview:
    """What a file would do; ``token`` is empty where nothing can be applied."""

    filename: str
    file_hash: str
    n_rows: int
    merge: Merge
    cleaned: list[str]
    problems: list[Problem]
    refused: str | None
    token: str

    @property
    def shown_problems(self) -> list[Problem]:
        """The first problems, in the order of rows."""
        return self.problems[:PROBLEMS_SHOWN]


def preview_import(actor: Actor, study_id: int, data: bytes, filename: str) -> Preview:
    """Read a file and say what merging it would do. Nothing is written.

    Raises
    ------
    StateError
        If the survey was launched.
    InvalidInputError
        If the file is empty, or too long to be previewed on one page.
    """
    from jta.imports import read_inventory

    require_unlocked(get_study(study_id))
    if not data:
        raise InvalidInputError("The file is empty. Choose another one.", field="file")
    result = read_inventory(data, filename, current_app.config["SETTINGS"].limits)
    stored = load_stored(study_id)
    rows = rows_of_file(result, filename) if result.ok else []
    merge = compare(stored, rows) if result.ok else Merge()
    problems = [*result.problems, *merge.problems]
    file_hash = hashlib.sha256(data).hexdigest()
    ready = result.ok and not problems and merge.anything
    state = inventory_hash(stored)
    token = _seal(actor, study_id, rows, filename, file_hash, state) if ready else ""
    return Preview(
        filename, file_hash, len(rows) or result.accepted, merge,
        notes_of_file(result), problems, result.refused, token,
    )  # fmt: skip


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="inventory import")


def _seal(actor: Actor, study_id: int, rows: Sequence[InventoryRow], filename: str, file_hash: str, state: str) -> str:
    content = {
        "study": study_id, "by": actor.user_id, "name": filename, "file": file_hash,
        "state": state, "rows": [astuple(row) for row in rows],
    }  # fmt: skip
    token = str(_signer().dumps(content))
    if len(token) > LONGEST_TOKEN:
        raise InvalidInputError("This file is too long to preview. Split it and import the parts.", field="file")
    return token


def _unseal(actor: Actor, study_id: int, token: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = _signer().loads(token)
    except BadSignature as error:
        raise InvalidInputError("This preview cannot be used. Upload the file again.", field="file") from error
    if content["study"] != study_id or content["by"] != actor.user_id:
        raise InvalidInputError("This preview belongs elsewhere. Upload the file again.", field="file")
    return content


def apply_import(actor: Actor, study_id: int, token: str) -> Merge:
    """Merge what was previewed: all of it or nothing.

    Raises
    ------
    InvalidInputError
        If the preview is not one of ours, or another person's or study's.
    EditConflictError
        If the inventory was changed since the preview.
    StateError
        If the survey was launched.
    """
    content = _unseal(actor, study_id, token)
    rows = [InventoryRow(*values) for values in content["rows"]]
    with transaction():
        study = lock_study(study_id)
        require_unlocked(study)
        if inventory_hash(load_stored(study_id)) != content["state"]:
            raise EditConflictError(
                "The inventory was changed after this preview, so nothing was imported. "
                "Upload the file again to see what it would do now."
            )
        merge = merge_inventory(study, rows, actor, reason=f"Imported from {content['name']}")
        reach_stage(study, "inventory", actor)
        _record(actor, study_id, content, merge)
    return merge


def _record(actor: Actor, study_id: int, content: dict[str, Any], merge: Merge) -> None:
    counts = merge.counts()
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    audit.record(
        actor, "imported inventory", f"file {content['name']}", study_id=study_id, before=content["state"],
        after=counts, note=f"{len(content['rows'])} rows: {said}. File SHA-256 {content['file']}",
    )  # fmt: skip


def inventory_lines(study_id: int) -> list[InventoryLine]:
    """Return the live tasks in inventory order, as the lines of a file."""
    lines = []
    for domain in load_inventory(study_id).domains:
        for branch in (domain, *domain.branches):
            below = branch is not domain
            place = (branch.area.code, branch.area.title) if below else ("", "")
            lines += [
                InventoryLine(domain.area.code, domain.area.title, *place, task.code, task.statement, task.source)
                for task in branch.tasks
            ]
    return lines


def export_inventory(study_id: int, form: str) -> bytes:
    """Return the inventory as the bytes of a ``csv`` or ``xlsx`` file that can be imported again."""
    lines = inventory_lines(study_id)
    if form == "csv":
        return inventory_csv(lines)
    study = get_study(study_id)
    return inventory_xlsx(lines, title=study.title, notice=study.notice or "")


def inventory_template(form: str) -> bytes:
    """Return an empty inventory file with the right columns, as ``csv`` or ``xlsx``."""
    from jta.imports.templates import csv_template, xlsx_template

    return csv_template("inventory") if form == "csv" else xlsx_template("inventory")
