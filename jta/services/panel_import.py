"""The panel's roster from a file, as a merge with a preview: new, changed, unchanged; nothing is ever wiped."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from flask import current_app

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.imports.result import Problem
from jta.imports.text import fold
from jta.models.panel import Panelist
from jta.services.delivery_checks import free_codes
from jta.services.inventory_merge import Difference
from jta.services.panel import (
    LABELS,
    LONGEST,
    PanelistDetails,
    details_of,
    list_panelists,
    new_panelist,
    state_of,
    write_details,
)
from jta.services.preview_token import seal, unseal
from jta.services.study_stage import lock_study

if TYPE_CHECKING:
    from jta.imports.result import ReadResult

PURPOSE = "panel import"
PROBLEMS_SHOWN = 100


@dataclass(frozen=True)
class PanelLine:
    """One person of a file; empty texts are "not given"."""

    number: int
    details: PanelistDetails
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PanelChange:
    """A line with the panelist it speaks of (None for somebody new) and what it says otherwise."""

    line: PanelLine
    panelist: Panelist | None = None
    differences: tuple[Difference, ...] = ()


@dataclass
class PanelMerge:
    """What applying a file would do; ``n_missing`` are panelists the file does not name: they stay."""

    new: list[PanelChange] = field(default_factory=list)
    changed: list[PanelChange] = field(default_factory=list)
    unchanged: list[PanelChange] = field(default_factory=list)
    n_missing: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        """Whether applying would change something."""
        return bool(self.new or self.changed)


@dataclass(frozen=True)
class PanelPreview:
    """What a file would do; ``token`` is empty where nothing can be applied."""

    filename: str
    merge: PanelMerge
    cleaned: list[str]
    problems: list[Problem]
    refused: str | None
    n_rows: int
    token: str = ""

    @property
    def shown_problems(self) -> list[Problem]:
        """The first problems, in the order of rows."""
        return sorted(self.problems, key=lambda problem: problem.row)[:PROBLEMS_SHOWN]


def preview_panel(actor: Actor, study_id: int, data: bytes, filename: str) -> PanelPreview:
    """Read a file and say what merging it would do. Nothing is written.

    Raises
    ------
    InvalidInputError
        If the file is empty, or too long to be previewed on one page.
    """
    if not data:
        raise InvalidInputError("The file is empty. Choose another one.", field="file")
    result = _read(data, filename)
    lines = _lines(result) if result.ok else []
    stored = list_panelists(study_id)
    merge = _compare(stored, lines)
    problems = [*result.problems, *merge.problems]
    preview = PanelPreview(filename, merge, result.cleaned, problems, result.refused, len(lines) or result.accepted)
    if problems or not merge.anything:
        return preview
    content = {
        "name": filename, "file": hashlib.sha256(data).hexdigest(), "state": _roster_state(stored),
        "lines": [[line.number, list(astuple(line.details)), line.attributes] for line in lines],
    }  # fmt: skip
    return replace(preview, token=seal(PURPOSE, actor, study_id, content))


def _read(data: bytes, filename: str) -> ReadResult:
    from jta.imports import read_panel

    return read_panel(data, filename, current_app.config["SETTINGS"].limits)


def _lines(result: ReadResult) -> list[PanelLine]:
    lines = []
    for row in result.rows:
        texts: dict[str, Any] = {name: row.values.get(name, "") for name in LABELS}
        texts["years"] = int(texts["years"]) if texts["years"] else None
        given = {name: text for name, text in row.attributes.items() if text}
        lines.append(PanelLine(row.number, PanelistDetails(**texts), given))
    return lines


def _roster_state(people: Sequence[Panelist]) -> str:
    return audit.digest(sorted([one.id, state_of(one)] for one in people))


def _compare(stored: Sequence[Panelist], lines: Sequence[PanelLine]) -> PanelMerge:
    """Say what these lines would do: people are found by their address."""
    merge, by_email = PanelMerge(), {fold(one.email): one for one in stored if one.email}
    for line in lines:
        found = _problems(line)
        merge.problems += found
        if found:
            continue
        panelist = by_email.get(fold(line.details.email))
        if panelist is None:
            merge.new.append(PanelChange(line))
            continue
        differences = _differences(line, panelist)
        (merge.changed if differences else merge.unchanged).append(PanelChange(line, panelist, differences))
    merge.n_missing = len(stored) - len(merge.changed) - len(merge.unchanged)
    return merge


def _problems(line: PanelLine) -> list[Problem]:
    too_long = [
        Problem(line.number, name, f"Use {longest} characters or fewer.")
        for name, longest in LONGEST.items()
        if len(getattr(line.details, name)) > longest
    ]
    if line.details.years is not None and line.details.years > 80:
        too_long.append(Problem(line.number, "years", "Enter a number of years from 0 to 80."))
    return too_long


def _differences(line: PanelLine, panelist: Panelist) -> tuple[Difference, ...]:
    now, kept = details_of(panelist), panelist.attributes or {}
    pairs = [(label, getattr(now, name), getattr(line.details, name)) for name, label in LABELS.items()]
    pairs += [(name.replace("_", " ").capitalize(), kept.get(name, ""), text) for name, text in line.attributes.items()]
    return tuple(
        Difference(what, "" if before is None else str(before), str(after))
        for what, before, after in pairs
        if after not in ("", None) and after != before
    )


def apply_panel(actor: Actor, study_id: int, token: str) -> PanelMerge:
    """Merge what was previewed: all of it or nothing.

    Raises
    ------
    InvalidInputError
        If the preview is not one of ours, or another person's or study's.
    EditConflictError
        If the panel was changed since the preview.
    """
    content = unseal(PURPOSE, actor, study_id, token)
    lines = [PanelLine(number, PanelistDetails(*details), given) for number, details, given in content["lines"]]
    with transaction():
        lock_study(study_id)
        stored = list_panelists(study_id)
        if _roster_state(stored) != content["state"]:
            raise EditConflictError(
                "The panel was changed after this preview, so nothing was imported. "
                "Upload the file again to see what it would do now."
            )
        merge = _compare(stored, lines)
        for change in merge.changed:
            _write(change)
        codes = free_codes(one.code for one in stored)
        for change in merge.new:
            new_panelist(study_id, next(codes), change.line.details, dict(change.line.attributes))
        db.session.flush()
        audit.record(
            actor, "imported panel", f"file {content['name']}", study_id=study_id, before=content["state"],
            after=_roster_state(list_panelists(study_id)),
            note=f"{len(merge.new)} new, {len(merge.changed)} changed. File SHA-256 {content['file']}",
        )  # fmt: skip
    return merge


def _write(change: PanelChange) -> None:
    """Change a panelist; what the file leaves empty stays."""
    if change.panelist is None:
        return
    now, said = details_of(change.panelist), change.line.details
    given = {name: value for name in LABELS if (value := getattr(said, name)) not in ("", None)}
    write_details(change.panelist, replace(now, **given))
    change.panelist.attributes = {**(change.panelist.attributes or {}), **change.line.attributes}


def panel_template(form: str) -> bytes:
    """Return an empty file with the right columns, as ``csv`` or ``xlsx``."""
    from jta.imports.templates import csv_template, xlsx_template

    return csv_template("panel") if form == "csv" else xlsx_template("panel")
