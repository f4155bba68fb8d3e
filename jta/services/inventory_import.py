"""Importing an inventory file in two steps: a preview that writes nothing, then all that was chosen or nothing.

Between the two requests the rows travel in the page (`preview_token`): what is applied is what was previewed, by the
same person, in the same study, while the inventory is as it was. Each row can be left out on the way, and each missing
statement retired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from flask import current_app

from jta import clock
from jta.audit import Actor, digest
from jta.errors import EditConflictError, InvalidInputError
from jta.exports.case_file import CaseDocument, inventory_case
from jta.exports.inventory_file import InventoryLine, inventory_csv, inventory_json, inventory_xlsx
from jta.imports.inventory import REFERENCE, REFERENCE_SIGN
from jta.imports.result import Problem
from jta.models.inventory import Domain, Knowledge
from jta.services.inventory import Branch, inventory_hash, load_inventory, word_diff
from jta.services.inventory_compare import Difference, Merge, Statement, Stored, compare, load_whole
from jta.services.inventory_knowledge import load_knowledge
from jta.services.inventory_log import Act, inventory_act
from jta.services.inventory_merge import merge_inventory
from jta.services.inventory_rows import InventoryRow, notes_of_file, rows_of_file
from jta.services.inventory_sources import StatementKey, load_references, load_sources
from jta.services.preview_token import seal, unseal
from jta.services.study import get_study
from jta.services.study_stage import reach_stage, require_unlocked

PURPOSE = "inventory import"
PROBLEMS_SHOWN = 100
Place = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Preview:
    """What a file would do; ``token`` is empty where nothing can be applied.

    ``foreign`` says why the file looks like another study's; it is empty where it does not.
    """

    filename: str
    file_hash: str
    n_rows: int
    merge: Merge
    cleaned: list[str]
    problems: list[Problem]
    refused: str | None
    token: str
    foreign: str = ""

    @property
    def shown_problems(self) -> list[Problem]:
        """The first problems, in the order of rows."""
        return self.problems[:PROBLEMS_SHOWN]

    def pieces(self, difference: Difference) -> list[Any]:
        """Return a difference as runs of words that stayed, went and came."""
        return word_diff(difference.before, difference.after)


@dataclass(frozen=True)
class Choices:
    """What a person chose in a preview: rows to leave out, missing statements to retire and why."""

    leave: frozenset[int] = frozenset()
    retire: frozenset[str] = frozenset()
    reason: str = ""
    belongs_here: bool = False


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
    stored = load_whole(study_id)
    rows = rows_of_file(result, filename) if result.ok else []
    merge = compare(stored, rows) if result.ok else Merge()
    problems = [*result.problems, *merge.problems]
    file_hash = hashlib.sha256(data).hexdigest()
    foreign = merge.foreign()
    token = ""
    if result.ok and not problems and (merge.anything or merge.missing):
        content = {
            "name": filename, "file": file_hash, "state": _state(stored), "foreign": foreign,
            "rows": [astuple(row) for row in rows],
        }  # fmt: skip
        token = seal(PURPOSE, actor, study_id, content)
    return Preview(
        filename, file_hash, len(rows) or result.accepted, merge,
        notes_of_file(result), problems, result.refused, token, foreign,
    )  # fmt: skip


def _state(stored: Stored) -> str:
    """Return a hash of all that a preview was made from."""
    references = [[one.code, one.citation, one.edition] for one in stored.references]
    return digest([inventory_hash(stored), references, sorted(stored.sources.items())])


def apply_import(actor: Actor, study_id: int, token: str, choices: Choices | None = None) -> Merge:
    """Merge what was previewed and chosen: all of it or nothing.

    Raises
    ------
    InvalidInputError
        If the preview is not one of ours, or another person's or study's; statements are to be retired without a
        reason; or the file looks like another study's and nobody said that it belongs here.
    EditConflictError
        If the inventory was changed since the preview.
    StateError
        If the survey was launched.
    """
    content, chosen = unseal(PURPOSE, actor, study_id, token), choices or Choices()
    if chosen.retire and not chosen.reason.strip():
        raise InvalidInputError("Say why statements are retired. Upload the file again and write the reason.")
    if content["foreign"] and not chosen.belongs_here:
        raise InvalidInputError(
            f"{content['foreign']} Nothing was imported. Tick that the file belongs here, if it does."
        )
    rows = [InventoryRow(*values) for values in content["rows"]]
    with inventory_act(actor, study_id) as act:
        if _state(load_whole(study_id)) != content["state"]:
            raise EditConflictError(
                "The inventory was changed after this preview, so nothing was imported. "
                "Upload the file again to see what it would do now."
            )
        merge = merge_inventory(
            act.study, rows, actor, reason=f"Imported from {content['name']}", leave=chosen.leave,
            retire=chosen.retire, retire_reason=chosen.reason.strip(),
        )  # fmt: skip
        reach_stage(act.study, "inventory", actor)
        _record(act, content, merge, len(chosen.leave))
    return merge


def _record(act: Act, content: dict[str, Any], merge: Merge, left: int) -> None:
    counts = merge.counts()
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    left_out = f", {left} left out" if left else ""
    act.record(
        "imported inventory", f"file {content['name']}", before=content["state"], after=counts,
        note=f"{len(content['rows'])} rows: {said}{left_out}. File SHA-256 {content['file']}",
    )  # fmt: skip


def inventory_lines(study_id: int) -> list[InventoryLine]:
    """Return the live tasks and KSAs in inventory order, then the references, as the lines of a file."""
    sources = load_sources(study_id)
    known = {group.area.id if group.area else 0: group.statements for group in load_knowledge(study_id).groups}
    lines = []
    for domain in load_inventory(study_id).domains:
        for branch in (domain, *domain.branches):
            place = _place(domain, branch)
            inside: list[Statement] = [*branch.tasks, *known.get(branch.area.id, [])]
            lines += [_line(one, place, sources) for one in inside]
    lines += [_line(one, ("", "", "", "", ""), sources) for one in known.get(0, [])]
    return lines + [
        InventoryLine("", "", "", "", one.code, one.citation, one.edition, REFERENCE)
        for one in load_references(study_id)
    ]


def _line(one: Statement, place: Place, sources: Mapping[StatementKey, tuple[str, ...]]) -> InventoryLine:
    kind = one.kind if isinstance(one, Knowledge) else "task"
    codes = f"{REFERENCE_SIGN} ".join(sources.get((one.__tablename__, one.id), ()))
    return InventoryLine(*place[:4], one.code, one.statement, one.source, kind, place[4], codes)


def _place(domain: Branch, branch: Branch) -> Place:
    top, area = domain.area, branch.area
    below = (area.code, area.title) if area is not top else ("", "")
    return (top.code, top.title, *below, _through(top))


def _through(area: Domain) -> str:
    return "yes" if area.runs_through else "no"


def export_inventory(study_id: int, form: str) -> bytes:
    """Return the inventory as a ``csv``, ``xlsx``, ``json`` or ``case`` file that can be imported again."""
    lines, study = inventory_lines(study_id), get_study(study_id)
    if form == "csv":
        return inventory_csv(lines)
    if form == "json":
        return inventory_json(lines)
    if form == "case":
        address = f"{current_app.config['SETTINGS'].base_url}/studies/{study_id}"
        creator = study.contact or "Practice Analysis"
        document = CaseDocument(address, study.title, creator, study.notice or study.purpose, clock.now())
        return inventory_case(lines, document)
    return inventory_xlsx(lines, title=study.title, notice=study.notice or "")


def inventory_template(form: str) -> bytes:
    """Return an empty inventory file with the right columns, as ``csv`` or ``xlsx``."""
    from jta.imports.templates import csv_template, xlsx_template

    return csv_template("inventory") if form == "csv" else xlsx_template("inventory")
