"""Importing a roster file in two steps: a preview that writes nothing, then all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from flask import current_app

from jta import audit
from jta.audit import Actor, digest
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.imports.result import Problem
from jta.models.study import Stratum, Study
from jta.services.delivery import PersonalLink, new_person, note_address, require_open
from jta.services.delivery_checks import PersonDetails, free_codes
from jta.services.delivery_merge import PersonChange, RosterLine, RosterMerge, StoredRoster, compare, load_stored
from jta.services.delivery_roster import person_state
from jta.services.preview_token import seal, unseal
from jta.services.study import get_study
from jta.services.study_stage import lock_study

if TYPE_CHECKING:
    from jta.imports.result import ReadResult

PURPOSE = "roster import"
PROBLEMS_SHOWN = 100
ATTRIBUTES = ("region", "locale", "job_title", "enrollment", "language")


@dataclass(frozen=True)
class RosterPreview:
    """What a file would do; ``token`` is empty where nothing can be applied."""

    filename: str
    file_hash: str
    n_rows: int
    merge: RosterMerge
    cleaned: list[str]
    problems: list[Problem]
    refused: str | None
    token: str

    @property
    def shown_problems(self) -> list[Problem]:
        """The first problems, in the order of rows."""
        return sorted(self.problems, key=lambda problem: problem.row)[:PROBLEMS_SHOWN]


def preview_roster(actor: Actor, study_id: int, data: bytes, filename: str) -> RosterPreview:
    """Read a roster file and say what merging it would do. Nothing is written.

    Raises
    ------
    StateError
        If the survey has closed.
    InvalidInputError
        If the file is empty, or too long to be previewed on one page.
    """
    require_open(get_study(study_id))
    if not data:
        raise InvalidInputError("The file is empty. Choose another one.", field="file")
    result = _read(data, filename)
    lines = lines_of_file(result) if result.ok else []
    stored = load_stored(study_id)
    merge = compare(stored, lines)
    problems = [*result.problems, *merge.problems]
    file_hash = hashlib.sha256(data).hexdigest()
    preview = RosterPreview(
        filename, file_hash, len(lines) or result.accepted, merge, result.cleaned, problems, result.refused, ""
    )
    if problems or not merge.anything:
        return preview
    content = {"name": filename, "file": file_hash, "state": roster_state(stored), "lines": [astuple(x) for x in lines]}
    return replace(preview, token=seal(PURPOSE, actor, study_id, content))


def _read(data: bytes, filename: str) -> ReadResult:
    from jta.imports import read_roster

    return read_roster(data, filename, current_app.config["SETTINGS"].limits)


def lines_of_file(result: ReadResult) -> list[RosterLine]:
    """Return what the reader found as lines of a roster."""
    lines = []
    for row in result.rows:
        value = row.values
        known = {name: value[name] for name in ATTRIBUTES if value.get(name)}
        given = {name: text for name, text in row.attributes.items() if text}
        lines.append(
            RosterLine(
                row.number, value.get("person_code", ""), value["name"], value["email"],
                value.get("organization", ""), value.get("stratum", ""), {**known, **given},
            )
        )  # fmt: skip
    return lines


def roster_state(stored: StoredRoster) -> str:
    """Return a hash of the roster and its strata, so that a preview notices a change by somebody else."""
    people = sorted((person.id, person_state(person)) for person in stored.people)
    strata = sorted((stratum.code, stratum.label) for stratum in stored.strata)
    return digest([people, strata, sorted(stored.withdrawn)])


def apply_roster(actor: Actor, study_id: int, token: str) -> RosterMerge:
    """Merge what was previewed: all of it or nothing.

    Raises
    ------
    InvalidInputError
        If the preview is not one of ours, or another person's or study's.
    EditConflictError
        If the roster was changed since the preview.
    StateError
        If the survey has closed.
    """
    content = unseal(PURPOSE, actor, study_id, token)
    lines = [RosterLine(*values) for values in content["lines"]]
    with transaction():
        study = lock_study(study_id)
        require_open(study)
        stored = load_stored(study_id)
        if roster_state(stored) != content["state"]:
            raise EditConflictError(
                "The roster was changed after this preview, so nothing was imported. "
                "Upload the file again to see what it would do now."
            )
        merge = merge_roster(study, stored, lines)
        counts = merge.counts()
        said = ", ".join(f"{count} {word}" for word, count in counts.items())
        audit.record(
            actor, "imported roster", f"file {content['name']}", study_id=study_id, before=content["state"],
            after=counts, note=f"{len(lines)} rows: {said}. File SHA-256 {content['file']}",
        )  # fmt: skip
    return merge


def merge_roster(study: Study, stored: StoredRoster, lines: list[RosterLine]) -> RosterMerge:
    """Write lines into the roster inside the transaction that is open; return what was done.

    Raises
    ------
    ValueError
        If the lines have problems: the caller has shown them before.
    """
    merge = compare(stored, lines)
    if merge.problems:
        raise ValueError("A roster with problems cannot be merged.")
    _add_strata(study, stored, merge)
    for change in merge.changed:
        _write(stored, change)
    _add_people(study, stored, merge)
    db.session.flush()
    return merge


def _add_strata(study: Study, stored: StoredRoster, merge: RosterMerge) -> None:
    last = max((stratum.position for stratum in stored.strata), default=0)
    for position, name in enumerate(merge.new_strata, start=last + 1):
        stratum = Stratum(study_id=study.id, code=name, label=name, position=position)
        db.session.add(stratum)
        stored.strata.append(stratum)
    db.session.flush()


def _write(stored: StoredRoster, change: PersonChange) -> None:
    """Change a person; what the file leaves empty stays."""
    person, line = change.person, change.line
    if person is None:
        return
    stratum = stored.find_stratum(line.stratum)
    note_address(person, line.email or person.email or "")
    person.name = line.name or person.name
    person.email = line.email or person.email
    person.organization = line.organization or person.organization
    person.stratum_id = stratum.id if stratum else person.stratum_id
    person.attributes = {**(person.attributes or {}), **line.attributes}


def _add_people(study: Study, stored: StoredRoster, merge: RosterMerge) -> None:
    given = [change.line.code for change in merge.new if change.line.code]
    codes = free_codes([*given, *(person.code for person in stored.people)])
    for change in merge.new:
        line, stratum = change.line, stored.find_stratum(change.line.stratum)
        details = PersonDetails(line.name, line.email, line.organization, stratum.id if stratum else None)
        new_person(study.id, line.code or next(codes), details, dict(line.attributes))


def roster_template(form: str) -> bytes:
    """Return an empty roster file with the right columns, as ``csv`` or ``xlsx``."""
    from jta.imports.templates import csv_template, xlsx_template

    return csv_template("roster") if form == "csv" else xlsx_template("roster")


def links_csv(made: Sequence[PersonalLink]) -> bytes:
    """Return personal links as CSV that no spreadsheet program takes for formulas."""
    from jta.exports.csv_text import write_csv

    rows = [(link.code, link.name, link.email, link.url) for link in made]
    return write_csv(("person_code", "name", "email", "link"), rows)
