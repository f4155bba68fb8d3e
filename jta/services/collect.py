"""Ratings collected with another survey tool, step by step: file, columns, values, preview, import.

Nothing of a file is in the study before the last step, and then all of it, in one act. The file at work is kept in
the database, so that every web process and the worker see it; its bytes go as soon as it is imported or discarded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app
from sqlalchemy import select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.imports.collected_guess import (
    FileMapping,
    StudyWords,
    groups_of,
    guess_mapping,
    guess_values,
    has_boxes,
    mapping_from,
)
from jta.imports.collected_look import FileColumn, FileLook, column_from, look_at
from jta.imports.collected_values import AnchorWords, anchors_by_order
from jta.models.collected import RatingFile
from jta.models.study import Study
from jta.services.collect_words import study_words
from jta.services.review import is_locked
from jta.services.study import get_study
from jta.services.study_stage import BEFORE_LAUNCH, lock_study

_BOXES = (
    "The file has one column for each anchor (check boxes). Export one column for each task and scale; SurveyMonkey "
    "calls that condensed columns."
)
OPEN_STAGES = (*BEFORE_LAUNCH, "closed")


@dataclass(frozen=True)
class Work:
    """The file at work with what it holds and what that means."""

    file: RatingFile
    look: FileLook
    mapping: FileMapping
    words: StudyWords

    def column(self, place: int) -> FileColumn | None:
        """Return the column at a place."""
        return next((column for column in self.look.columns if column.place == place), None)


def require_open(study: Study) -> None:
    """Refuse to bring ratings in where answers are being given, or can no longer change.

    Raises
    ------
    StateError
        If the survey is open, or a data set was frozen.
    """
    if study.stage == "fielding":
        raise StateError("The survey is open. Close it first: then nobody waits while a large file is taken in.")
    if is_locked(study.id) or study.stage not in OPEN_STAGES:
        raise StateError("A data set was frozen from the answers of this study, so none can be added.")


def why_closed(study: Study) -> str:
    """Say why ratings cannot come in now; nothing where they can."""
    try:
        require_open(study)
    except StateError as error:
        return error.message
    return ""


def list_files(study_id: int) -> list[RatingFile]:
    """Return the files that were imported, newest first."""
    found = select(RatingFile).where(RatingFile.study_id == study_id, RatingFile.state == "imported")
    return list(db.session.scalars(found.order_by(RatingFile.id.desc())))


def file_at_work(study_id: int) -> RatingFile | None:
    """Return the file that is being mapped, if there is one."""
    found = select(RatingFile).where(RatingFile.study_id == study_id, RatingFile.state == "waiting")
    return db.session.scalar(found)


def load_work(study_id: int) -> Work:
    """Return the file at work, what it holds and what that means.

    Raises
    ------
    NotFoundError
        If no file is at work.
    """
    file = file_at_work(study_id)
    if file is None:
        raise NotFoundError("No file is being brought in. Choose one first.")
    return Work(file, look_of(file), mapping_from(file.mapping), study_words(get_study(study_id)))


def with_roles(work: Work, roles: Mapping[int, str], tasks: Mapping[int, str], layout: str) -> Work:
    """Return the work with roles that were sent but cannot be kept, so that nothing chosen is lost."""
    return replace(work, mapping=FileMapping(layout, dict(roles), dict(tasks), work.mapping.values))


def look_of(file: RatingFile) -> FileLook:
    """Return what a file holds, as it was found."""
    stored = file.look
    columns = [column_from(column) for column in stored["columns"]]
    return FileLook(stored["tool"], stored["header_rows"], stored["n_rows"], columns, list(stored["notes"]))


def upload_file(actor: Actor, study_id: int, data: bytes, filename: str, header_rows: int | None = None) -> RatingFile:
    """Take a file, look at it and guess what it means. A file that was at work before is discarded.

    Raises
    ------
    InvalidInputError
        If the file cannot be read (field ``file``).
    StateError
        If ratings cannot come in now, or the study has no tasks yet.
    """
    study = get_study(study_id)
    require_open(study)
    words = study_words(study)
    if not words.tasks or not words.scales:
        raise StateError("Add the task inventory and the rating scales first: columns of the file are matched to them.")
    look = _look(data, filename, header_rows)
    if has_boxes(look, words):
        raise InvalidInputError(_BOXES, field="file")
    mapping = guess_mapping(look, words)
    with transaction():
        require_open(lock_study(study_id))
        if (old := file_at_work(study_id)) is not None:
            end_file(old, actor, "discarded")
            db.session.flush()
        file = RatingFile(
            study_id=study_id, name=filename, file_hash=hashlib.sha256(data).hexdigest(), content=data,
            look=_plain_look(look), mapping=mapping.plain(), preview=None, uploaded_by=actor.name,
            uploaded_at=clock.now(),
        )  # fmt: skip
        db.session.add(file)
        note = f"{look.n_rows:,} rows, {len(look.columns)} columns, {look.tool}. SHA-256 {file.file_hash}"
        audit.record(actor, "uploaded ratings", f"file {filename}", study_id=study_id, note=note)
    return file


def _look(data: bytes, filename: str, header_rows: int | None) -> FileLook:
    if not data:
        raise InvalidInputError("The file is empty. Choose another one.", field="file")
    look = look_at(data, filename, current_app.config["SETTINGS"].limits, header_rows)
    if look.refused:
        raise InvalidInputError(look.refused, field="file")
    return look


def _plain_look(look: FileLook) -> dict[str, Any]:
    columns = [column.plain() for column in look.columns]
    return {
        "tool": look.tool, "header_rows": look.header_rows, "n_rows": look.n_rows, "notes": look.notes,
        "columns": columns,
    }  # fmt: skip


def end_file(file: RatingFile, actor: Actor, state: str) -> None:
    """Close a file inside the transaction that is open: its bytes, the values seen in it and its preview go."""
    file.state, file.content, file.preview = state, None, None
    file.look = {**file.look, "columns": [], "notes": []}
    file.mapping = FileMapping().plain()
    file.ended_by, file.ended_at = actor.name, clock.now()


def discard_file(actor: Actor, study_id: int) -> None:
    """Forget the file at work; nothing of it was in the study."""
    with transaction():
        lock_study(study_id)
        file = file_at_work(study_id)
        if file is None:
            return
        end_file(file, actor, "discarded")
        audit.record(actor, "discarded ratings", f"file {file.name}", study_id=study_id)


def lock_work(study_id: int, version: int) -> RatingFile:
    """Return the file at work, locked, inside the transaction that is open.

    Raises
    ------
    NotFoundError
        If no file is at work.
    EditConflictError
        If it was changed since the page was shown.
    """
    require_open(lock_study(study_id))
    found = select(RatingFile).where(RatingFile.study_id == study_id, RatingFile.state == "waiting")
    file: RatingFile | None = db.session.scalar(found.with_for_update().execution_options(populate_existing=True))
    if file is None:
        raise NotFoundError("No file is being brought in. Choose one first.")
    if file.version != version:
        raise EditConflictError("Somebody else changed what this file means. Nothing was saved. Open the page again.")
    return file


def set_columns(
    actor: Actor, study_id: int, *, roles: Mapping[int, str], tasks: Mapping[int, str], layout: str, version: int
) -> None:
    """Say what each column is; values that are known keep their meaning, new ones are guessed.

    Raises
    ------
    InvalidInputError
        If the columns cannot be read so; the message says what is missing.
    """
    work = load_work(study_id)
    mapping = FileMapping(layout, dict(roles), dict(tasks), by_order=False)
    check_columns(mapping, work.words)
    guessed = guess_values(work.look.columns, mapping, work.words)
    known = work.mapping.values
    mapping.values = {group: {**found, **known.get(group, {})} for group, found in guessed.items()}
    with transaction():
        file = lock_work(study_id, version)
        file.mapping, file.preview = mapping.plain(), None
        audit.record(actor, "mapped columns", f"file {file.name}", study_id=study_id, after=mapping.plain())


def check_columns(mapping: FileMapping, words: StudyWords) -> None:
    """Refuse roles that cannot be read together.

    Raises
    ------
    InvalidInputError
        Naming what is missing or double.
    """
    roles = list(mapping.roles.values())
    for role in {r for r in roles if not r.startswith("rating:")}:
        if roles.count(role) > 1:
            raise InvalidInputError(f"Two columns are used as {role_words(role, words)}. Keep one of them.")
    if mapping.layout == "long":
        lacking = [name for name in ("respondent", "task", "scale", "value") if name not in roles]
        if lacking:
            raise InvalidInputError(f"Say which column holds: {', '.join(lacking)}.")
        return
    if not mapping.tasks:
        raise InvalidInputError("Say of at least one column that it holds ratings, and of which task.")
    _check_tasks(mapping, words)


def _check_tasks(mapping: FileMapping, words: StudyWords) -> None:
    known = {code for code, _ in words.tasks}
    seen: set[tuple[str, str]] = set()
    for place, task in sorted(mapping.tasks.items()):
        if task not in known:
            raise InvalidInputError(f"Column {place + 1}: there is no task {task or '(empty)'}. Check its code.")
        if (mapping.roles[place], task) in seen:
            raise InvalidInputError(f"Column {place + 1}: task {task} already has a column on this scale.")
        seen.add((mapping.roles[place], task))


def role_words(role: str, words: StudyWords) -> str:
    """Say in words what a column is used as."""
    kind, _, code = role.partition(":")
    if kind == "rating":
        return "rating: " + next((texts[0] for name, texts, _ in words.scales if name == code), code)
    if kind == "question":
        return "background question: " + next((text for name, text, _ in words.questions if name == code), code)
    return {"respondent": "respondent's id", "started": "time of start", "submitted": "time of submission",
            "finished": "whether it was submitted", "stratum": "stratum"}.get(kind, kind)  # fmt: skip


def set_values(actor: Actor, study_id: int, values: Mapping[str, Mapping[str, str]], *, version: int) -> int:
    """Say what each value means: a code, "" for no answer; values left out have no meaning yet.

    Returns the version of the file as it is then.

    Raises
    ------
    InvalidInputError
        If a meaning is not one that the study knows.
    """
    work = load_work(study_id)
    groups = groups_of(work.mapping, work.words)
    kept: dict[str, dict[str, str]] = {}
    for group in groups:
        codes = {anchor.code for anchor in work.words.anchors(group)} | {""}
        given = dict(values.get(group, {}))
        if wrong := next((code for code in given.values() if code not in codes), None):
            raise InvalidInputError(f"There is no anchor {wrong} here. Choose one of the list.")
        kept[group] = given
    with transaction():
        file = lock_work(study_id, version)
        file.mapping, file.preview = {**file.mapping, "values": kept}, None
        audit.record(actor, "mapped values", f"file {file.name}", study_id=study_id, after=kept)
    return file.version


def read_again(actor: Actor, study_id: int, header_rows: int, *, version: int) -> None:
    """Read the file at work with another number of header rows; what was mapped is guessed anew."""
    if header_rows not in (1, 2, 3):
        raise InvalidInputError("A file has one to three header rows.", field="header_rows")
    work = load_work(study_id)
    look = _look(work.file.content or b"", work.file.name, header_rows)
    mapping = guess_mapping(look, work.words)
    with transaction():
        file = lock_work(study_id, version)
        file.look, file.mapping, file.preview = _plain_look(look), mapping.plain(), None
        note = f"{header_rows} header rows"
        audit.record(actor, "read file again", f"file {file.name}", study_id=study_id, note=note)


@dataclass(frozen=True)
class ValueGroup:
    """The values of one scale, question or other list, with how often each occurs and what it means (None: unknown)."""

    group: str
    title: str
    values: tuple[tuple[str, int, str | None], ...]
    anchors: tuple[AnchorWords, ...]

    @property
    def by_order(self) -> bool:
        """Whether the values are codes of another tool, taken for the anchors in their order."""
        proposed = anchors_by_order([text for text, _, _ in self.values], self.anchors)
        return bool(proposed) and all(proposed.get(text, code) == code for text, _, code in self.values)

    @property
    def n_unknown(self) -> int:
        """How many different values have no meaning yet."""
        return sum(code is None for _, _, code in self.values)


def value_groups(work: Work) -> list[ValueGroup]:
    """Return the groups of values in the order of their first column."""
    found = []
    for group, places in groups_of(work.mapping, work.words).items():
        counts: dict[str, int] = {}
        for column in filter(None, map(work.column, places)):
            for text, count in column.values.items():
                counts[text] = counts.get(text, 0) + count
        known = work.mapping.values.get(group, {})
        values = tuple((text, counts[text], known.get(text)) for text in sorted(counts, key=_by_number))
        title = role_words(group.replace("scale:", "rating:"), work.words)
        found.append(ValueGroup(group, title[:1].upper() + title[1:], values, work.words.anchors(group)))
    return found


def _by_number(text: str) -> list[str | int]:
    """Sort A2 before A10."""
    return [int(part) if n % 2 else part.casefold() for n, part in enumerate(re.split(r"([0-9]+)", text))]


def crowded_columns(work: Work) -> list[FileColumn]:
    """Return columns with too many different values to be what they are used as."""
    grouped = {place for places in groups_of(work.mapping, work.words).values() for place in places}
    return [column for column in work.look.columns if column.many and column.place in grouped]
