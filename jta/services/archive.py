"""A whole study as one file, and back: everything but the people who were invited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from sqlalchemy import Date, LargeBinary, Table, insert, select, update

from jta import audit, clock
from jta.db import UtcTime, db, transaction
from jta.errors import InvalidInputError, NotFoundError
from jta.models.account import Membership, User
from jta.models.study import Study
from jta.services.archive_tables import LEFT_OUT, belongs_to, kept_columns, kept_tables

if TYPE_CHECKING:
    from jta.exports.study_archive import Dump
    from jta.imports.study_archive import ArchiveContent

README = """This file holds one practice analysis (job task analysis) study.

manifest.json  what the study is, and the SHA-256 of every other file
tables/        the study's tables as JSON, one file each: {"columns": [...], "rows": [[...], ...]}
files/         frozen data sets (Parquet), tables of results (zip of CSV) and documents, named by their SHA-256
audit.json     the audit trail of the study, hash-chained as it stood when the archive was made

Nobody who was invited to answer is named in it. Import it in another installation ("Bring in a study"), or
recompute the weights from it by an independent path: flask --app app recount FILE
"""
# Where the numbers inside an instrument's content come from: the list they stand in names the table.
_LISTS = {
    "tasks": "task", "scales": "rating_scale", "anchors": "anchor", "background": "question", "questions": "question",
    "choices": "choice", "statements": "knowledge", "domains": "domain", "steps": "survey_page",
}  # fmt: skip
Ids = dict[str, dict[Any, Any]]


def export_study(study_id: int) -> bytes:
    """Return the archive of a study; the same study gives the same bytes. Nothing is written.

    Raises
    ------
    NotFoundError
        If there is no such study.
    """
    from jta.exports.study_archive import write_archive

    study = db.session.get(Study, study_id)
    if study is None:
        raise NotFoundError
    tables = {table.name: _dump(table, study_id) for table in kept_tables()}
    about = {
        "title": study.title, "software": software_version(), "left_out": LEFT_OUT,
        "rows": {name: len(dump.rows) for name, dump in tables.items()},
    }  # fmt: skip
    return write_archive(about, tables, {"README.txt": README, "audit.json": _trail(study_id)})


def software_version() -> str:
    """Return the version of this program, or "unreleased" where it runs from its source."""
    try:
        return version("practice-analysis")
    except PackageNotFoundError:
        return "unreleased"


def _dump(table: Table, study_id: int) -> Dump:
    from jta.exports.study_archive import Dump

    columns = kept_columns(table)
    found = select(*(table.c[name] for name in columns)).where(belongs_to(table, study_id))
    rows = db.session.execute(found.order_by(*table.primary_key.columns)).all()
    users = {key.parent.name for key in table.foreign_keys if key.column.table.name == "user"}
    return Dump(columns, [[_plain(cell, name in users) for name, cell in zip(columns, r, strict=True)] for r in rows])


def _plain(cell: Any, is_account: bool) -> Any:
    if is_account:  # accounts do not travel; names stand beside them
        return None
    return cell.isoformat() if isinstance(cell, date) else cell


def _trail(study_id: int) -> str:
    fields = ("sequence", "at", "actor", "role", "action", "object", "before_hash", "after_hash", "note", "previous")
    events = audit.list_events(audit.study_chain(study_id))
    rows = [{name: getattr(event, name) for name in (*fields, "hash")} for event in events]
    return json.dumps(rows, ensure_ascii=False, indent=1)


def import_study(actor: audit.Actor, director: User, data: bytes) -> Study:
    """Make a new study of an archive, and an account of this installation its director.

    Where the archive wants an account (who proposed, who adjusted), the director stands in; names stay as they were.

    Raises
    ------
    InvalidInputError
        If the file is no archive of a study, was changed, or holds what this installation cannot take.
    """
    from jta.imports.result import RefusedError
    from jta.imports.study_archive import read_archive

    try:
        content = read_archive(data)
    except RefusedError as error:
        raise InvalidInputError(str(error), field="file") from error
    _check_tables(content)
    with transaction():
        study_id = _insert_all(director.id, content)
        db.session.add(Membership(user_id=director.id, study_id=study_id, role="director", granted_at=clock.now()))
        audit.record(
            actor, "brought in study", f"study {study_id}", study_id=study_id, after=dict(content.manifest["files"]),
            note=f"from an archive of {content.manifest.get('software', 'unknown')} version",
        )  # fmt: skip
    return db.session.get_one(Study, study_id)


def _check_tables(content: ArchiveContent) -> None:
    known = {table.name: table for table in kept_tables()}
    for name, rows in content.tables.items():
        if name not in known:
            raise InvalidInputError(
                f"The archive holds a table that this installation lacks: {name[:60]}.", field="file"
            )
        extra = {column for row in rows[:1] for column in row} - set(kept_columns(known[name]))
        if extra:
            raise InvalidInputError(
                f"This installation lacks the column {min(extra)[:60]} of the archive.", field="file"
            )
    if len(content.tables.get("study", [])) != 1:
        raise InvalidInputError("The archive does not hold exactly one study.", field="file")


def _insert_all(director_id: int, content: ArchiveContent) -> int:
    ids: Ids = {"user": {}}
    for table in kept_tables():
        rows = content.tables.get(table.name, [])
        ids[table.name] = _insert_rows(table, rows, ids, (director_id, content.files))
    [study_id] = ids["study"].values()
    _rewrite_instruments(study_id, ids)
    _rewrite_rounds(study_id, ids)
    return int(study_id)


def _insert_rows(
    table: Table, rows: list[dict[str, Any]], ids: Ids, about: tuple[int, Mapping[str, bytes]]
) -> dict[Any, Any]:
    """Insert rows under new ids and return the new id of each old one; pointers within the table come second."""
    own = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    numbered = list(table.primary_key.columns.keys()) == ["id"]
    made: dict[Any, Any] = {}
    for row in rows:
        values = _values(table, {name: None if name in own else cell for name, cell in row.items()}, ids, about)
        if numbered:
            values.pop("id")
        done = db.session.execute(insert(table).values(values))
        if numbered:
            made[row["id"]] = done.inserted_primary_key[0]  # type: ignore[attr-defined]  # an insert's result has it
    for row in rows if own else []:
        pointers = {name: made[row[name]] for name in own if row[name] is not None}
        if pointers:
            db.session.execute(update(table).where(table.c.id == made[row["id"]]).values(pointers))
    return made


def _values(table: Table, row: dict[str, Any], ids: Ids, about: tuple[int, Mapping[str, bytes]]) -> dict[str, Any]:
    director_id, files = about
    values: dict[str, Any] = {}
    for name, cell in row.items():
        column = table.c[name]
        pointed = [key.column.table.name for key in column.foreign_keys]
        if "user" in pointed:
            values[name] = None if column.nullable else director_id
        elif pointed and cell is not None:
            values[name] = _new_id(ids, pointed[0], cell)
        else:
            values[name] = _typed(column.type, cell, files)
    return values


def _new_id(ids: Ids, table: str, old: Any) -> Any:
    if old not in ids.get(table, {}):
        raise InvalidInputError(f"The archive points to a row that is not in it ({table}).", field="file")
    return ids[table][old]


def _typed(kind: Any, cell: Any, files: Mapping[str, bytes]) -> Any:
    if cell is None:
        return None
    if isinstance(kind, UtcTime):
        return datetime.fromisoformat(cell)
    if isinstance(kind, Date):
        return date.fromisoformat(cell)
    if isinstance(kind, LargeBinary):
        if cell not in files:
            raise InvalidInputError("The archive names a file that is not in it.", field="file")
        return files[cell]
    return cell


def _rewrite_instruments(study_id: int, ids: Ids) -> None:
    """Give the frozen contents the new numbers of tasks, scales and the like, and the hash that follows."""
    from jta.models.survey import Instrument
    from jta.services.instrument import content_hash

    found = select(Instrument).where(Instrument.study_id == study_id)
    for instrument in db.session.scalars(found.execution_options(populate_existing=True)):
        instrument.content = _renumber(instrument.content, ids, "")
        instrument.content_hash = content_hash(instrument.content)
    db.session.flush()


def _rewrite_rounds(study_id: int, ids: Ids) -> None:
    """Give the settings of panel rounds the new numbers of their domains."""
    from jta.models.panel import Round

    found = select(Round).where(Round.study_id == study_id)
    for one in db.session.scalars(found.execution_options(populate_existing=True)):
        domains = [ids["domain"].get(key, key) for key in one.settings.get("domains", [])]
        if domains:
            one.settings = {**one.settings, "domains": domains}
    db.session.flush()


def _renumber(value: Any, ids: Ids, within: str) -> Any:
    if isinstance(value, list):
        return [_renumber(item, ids, within) for item in value]
    if not isinstance(value, dict):
        return value
    known = ids.get(_LISTS.get(within, ""), {})
    return {
        key: known.get(item, item) if key == "id" else _renumber(item, ids, key)
        for key, item in value.items()
    }  # fmt: skip
