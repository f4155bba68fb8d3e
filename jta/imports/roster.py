"""Files of people: the roster of those invited to rate, and the panel of subject matter experts."""

from __future__ import annotations

from functools import partial

from jta.imports.guard import guarded
from jta.imports.kinds import PANEL, ROSTER, Kind
from jta.imports.limits import Limits
from jta.imports.records import Reader, Record
from jta.imports.result import ReadResult, Row
from jta.imports.source import Source, header_notes, take_header
from jta.imports.text import fold, shown

_NAME_PARTS = ("first_name", "last_name")


def read_roster(data: bytes, filename: str, limits: Limits | None = None) -> ReadResult:
    """Read a roster from CSV, XLSX or JSON.

    Parameters
    ----------
    data : bytes
        The whole file.
    filename : str
        Its name; the ending must fit the content.
    limits : Limits, optional
        The largest file accepted.

    Returns
    -------
    ReadResult
        ``rows`` hold person_code, name, email, organization, stratum, region, locale, job_title, enrollment
        and language; what the file lacks is an empty text; columns ``attribute: NAME`` are in ``attributes``.
        Name is always filled, and email or person_code; email addresses and person codes are unique.
    """
    return guarded(ROSTER, data, filename, limits or Limits(), partial(_read, ROSTER))


def read_panel(data: bytes, filename: str, limits: Limits | None = None) -> ReadResult:
    """Read a panel's roster: subject matter experts with what makes them experts; see `read_roster`.

    Returns
    -------
    ReadResult
        ``rows`` hold name, email, organization, job_title, qualifications, region, district_size and years; what
        the file lacks is an empty text; columns ``attribute: NAME`` are in ``attributes``. Name and email are
        always filled, email addresses are unique.
    """
    return guarded(PANEL, data, filename, limits or Limits(), partial(_read, PANEL))


def _read(kind: Kind, source: Source, limits: Limits) -> ReadResult:
    header = take_header(source, kind, limits)
    reader = Reader(source, header, kind, limits, limits.rows)
    seen: dict[tuple[str, str], int] = {}
    records = [record for record in reader.records() if _check_person(reader, record, seen)]
    found = reader.found
    rows = [_row(kind, record) for record in records if record.number not in found.bad_rows]
    notes = header_notes(header) + source.notes + found.cleaned()
    return ReadResult(kind.name, len(rows), rows, cleaned=notes, problems=found.problems())


def _row(kind: Kind, record: Record) -> Row:
    names = (column.name for column in kind.columns if column.name not in _NAME_PARTS)
    return Row(record.number, {name: record.values.get(name, "") for name in names}, record.attributes)


def _check_person(reader: Reader, record: Record, seen: dict[tuple[str, str], int]) -> bool:
    """Complete a person's record and record its problems; say whether it can be used."""
    _require_key(reader, record)
    reader.require(record, "name" if "name" in reader.header.index else "last_name")
    values = record.values
    if not values.get("name"):
        values["name"] = " ".join(part for name in _NAME_PARTS if (part := values.get(name, "")))
    for name in ("email", "person_code"):
        _unique(reader, record, name, seen)
    return record.number not in reader.found.bad_rows


def _require_key(reader: Reader, record: Record) -> None:
    """Whoever has no address (letters reach them) needs a code, so that the next file finds the same person."""
    if "person_code" not in reader.header.index:
        reader.require(record, "email")
    elif not (record.values.get("email") or record.values.get("person_code")) and (
        record.number not in reader.found.bad_rows
    ):
        reason = "Give an address, or a person_code to somebody who has none."
        reader.found.problem(record.number, reader.title("email"), reason)


def _unique(reader: Reader, record: Record, name: str, seen: dict[tuple[str, str], int]) -> None:
    text = record.values.get(name, "")
    if not text:
        return
    row = seen.setdefault((name, _email_key(text) if name == "email" else fold(text)), record.number)
    if row != record.number:
        reader.found.problem(record.number, reader.title(name), f"{shown(text)} is already in row {row}.")


def _email_key(address: str) -> str:
    """The same mailbox has one key: letters' case aside, the domain in its ASCII form."""
    local, _, domain = fold(address).rpartition("@")
    return f"{local}@{domain.encode('idna').decode() if not domain.isascii() else domain}"
