"""Translations of a survey's texts: one row for each text, named by its key."""

from __future__ import annotations

from jta.imports.guard import guarded
from jta.imports.kinds import Column, Kind
from jta.imports.limits import Limits
from jta.imports.records import Reader
from jta.imports.result import ReadResult, Row
from jta.imports.source import Source, header_notes, take_header

COLUMNS = ("key", "source", "translation")
KIND = Kind(
    "translations",
    (
        Column("key", "plain", "Name of the text; do not change it", ("text id",)),
        Column("source", "paragraphs", "The text as written", ("original", "source text")),
        Column("translation", "paragraphs", "The text in the other language", ("translated", "target")),
    ),
    (("key",), ("translation",)),
)


def read_translations(data: bytes, filename: str, limits: Limits | None = None) -> ReadResult:
    """Read translations from CSV, XLSX or JSON.

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
        ``rows`` hold key, source and translation; each key occurs once, the translation may be empty.
    """
    return guarded(KIND, data, filename, limits or Limits(), _read)


def _read(source: Source, limits: Limits) -> ReadResult:
    header = take_header(source, KIND, limits)
    reader = Reader(source, header, KIND, limits, limits.rows)
    found, seen = reader.found, {}
    rows = []
    for record in reader.records():
        reader.require(record, "key")
        key = record.values.get("key", "")
        first = seen.setdefault(key, record.number)
        if key and first != record.number:
            found.problem(record.number, reader.title("key"), f"This key is already in row {first}.")
        rows.append(Row(record.number, {name: record.values.get(name, "") for name in COLUMNS}))
    rows = [row for row in rows if row.number not in found.bad_rows]
    notes = header_notes(header) + source.notes + found.cleaned()
    return ReadResult("translations", len(rows), rows, cleaned=notes, problems=found.problems())
