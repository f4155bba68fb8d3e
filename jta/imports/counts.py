"""Counts of an item bank: how many items it holds for a domain or subdomain, at a cognitive level where known."""

from __future__ import annotations

from jta.imports.guard import guarded
from jta.imports.kinds import COUNTS
from jta.imports.limits import Limits
from jta.imports.records import Reader, Record
from jta.imports.result import ReadResult, Row
from jta.imports.source import Source, header_notes, take_header
from jta.imports.text import fold, shown


def read_counts(data: bytes, filename: str, limits: Limits | None = None) -> ReadResult:
    """Read an item bank's counts from CSV, XLSX or JSON.

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
        ``rows`` hold code, cognitive_level (empty where the file has none) and available (a whole number as text).
        Every pair of code and level is there once.
    """
    return guarded(COUNTS, data, filename, limits or Limits(), _read)


def _read(source: Source, limits: Limits) -> ReadResult:
    header = take_header(source, COUNTS, limits)
    reader = Reader(source, header, COUNTS, limits, limits.rows)
    seen: dict[tuple[str, str], int] = {}
    records = [record for record in reader.records() if _check(reader, record, seen)]
    found = reader.found
    rows = [_row(record) for record in records if record.number not in found.bad_rows]
    notes = header_notes(header) + source.notes + found.cleaned()
    return ReadResult("counts", len(rows), rows, cleaned=notes, problems=found.problems())


def _row(record: Record) -> Row:
    return Row(record.number, {column.name: record.values.get(column.name, "") for column in COUNTS.columns})


def _check(reader: Reader, record: Record, seen: dict[tuple[str, str], int]) -> bool:
    reader.require(record, "code")
    reader.require(record, "available")
    code, level = record.values.get("code", ""), record.values.get("cognitive_level", "")
    if code:
        row = seen.setdefault((fold(code), fold(level)), record.number)
        if row != record.number:
            pair = f"{shown(code)} at {shown(level)}" if level else shown(code)
            reader.found.problem(record.number, reader.title("code"), f"{pair} is already in row {row}.")
    return record.number not in reader.found.bad_rows
