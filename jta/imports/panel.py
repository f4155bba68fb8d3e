"""The panel's roster: subject matter experts with what makes them experts."""

from __future__ import annotations

from jta.imports.guard import guarded
from jta.imports.kinds import PANEL
from jta.imports.limits import Limits
from jta.imports.records import Reader, Record
from jta.imports.result import ReadResult, Row
from jta.imports.roster import check_person
from jta.imports.source import Source, header_notes, take_header

_NAME_PARTS = ("first_name", "last_name")


def read_panel(data: bytes, filename: str, limits: Limits | None = None) -> ReadResult:
    """Read a panel's roster from CSV, XLSX or JSON.

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
        ``rows`` hold name, email, organization, job_title, qualifications, region, district_size and years; what
        the file lacks is an empty text; columns ``attribute: NAME`` are in ``attributes``. Name and email are
        always filled, email addresses are unique.
    """
    return guarded(PANEL, data, filename, limits or Limits(), _read)


def _read(source: Source, limits: Limits) -> ReadResult:
    header = take_header(source, PANEL, limits)
    reader = Reader(source, header, PANEL, limits, limits.rows)
    seen: dict[tuple[str, str], int] = {}
    records = [record for record in reader.records() if check_person(reader, record, seen)]
    found = reader.found
    rows = [_row(record) for record in records if record.number not in found.bad_rows]
    notes = header_notes(header) + source.notes + found.cleaned()
    return ReadResult("panel", len(rows), rows, cleaned=notes, problems=found.problems())


def _row(record: Record) -> Row:
    names = (column.name for column in PANEL.columns if column.name not in _NAME_PARTS)
    return Row(record.number, {name: record.values.get(name, "") for name in names}, record.attributes)
