"""All tables of an analysis in one file: a zip of CSV, the same bytes for the same tables."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping

import pandas as pd

from jta.exports.csv_text import restore_text
from jta.exports.tables import tables_csv

_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: no clock in the file
# Columns of codes and words; every other column is numbers.
_TEXT = {
    *("task_id", "domain_id", "subdomain_id", "unit", "name", "parent", "level", "scale", "method", "variable"),
    *("note", "decision", "reason", "retained"),
    *("scope", "group", "group_a", "group_b", "rule", "type", "model", "component", "metric"),
    *("respondent_id", "respondent_a", "respondent_b", "option", "plan_value", "cognitive_level"),
    *("measure", "tasks", "chosen", "row_variable", "row_level", "column_variable", "column_level"),
}


def pack_tables(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Return the tables as one zip file, ``NAME.csv`` each, in the order of names."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in tables_csv(tables).items():
            pack.writestr(zipfile.ZipInfo(name, _FIXED), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def unpack_file(packed: bytes, name: str) -> bytes | None:
    """Return the CSV of a table, or None where the pack has none of this name."""
    with zipfile.ZipFile(io.BytesIO(packed)) as pack:
        return pack.read(f"{name}.csv") if f"{name}.csv" in pack.namelist() else None


def unpack_header(packed: bytes, name: str) -> list[str]:
    """Return the columns of a table, none where the pack has none of this name."""
    with zipfile.ZipFile(io.BytesIO(packed)) as pack:
        if f"{name}.csv" not in pack.namelist():
            return []
        with pack.open(f"{name}.csv") as file:
            return next(csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline="")), [])


def unpack_table(packed: bytes, name: str) -> pd.DataFrame | None:
    """Return a table: codes and words as text, everything else as numbers, empty cells NaN."""
    content = unpack_file(packed, name)
    if content is None:
        return None
    header = next(csv.reader(io.StringIO(content.decode())))
    table = pd.read_csv(
        io.BytesIO(content),
        dtype={column: str for column in header if column in _TEXT},
        keep_default_na=False,
        na_values={column: [""] for column in header if column not in _TEXT},
    )
    for column in _TEXT.intersection(header):
        table[column] = table[column].map(restore_text)
    return table
