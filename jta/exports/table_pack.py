"""All tables of an analysis in one file: a zip of CSV, the same bytes for the same tables."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pandas as pd

_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: no clock in the file
_TEXT = ("task_id", "domain_id", "subdomain_id", "unit", "name", "parent", "level", "scale", "method", "variable")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV: unrounded, undefined cells empty, UTF-8, one line feed a row."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def pack_tables(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Return the tables as one zip file, ``NAME.csv`` each, in the order of names."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in sorted(tables):
            pack.writestr(zipfile.ZipInfo(f"{name}.csv", _FIXED), csv_bytes(tables[name]), zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def unpack_file(packed: bytes, name: str) -> bytes | None:
    """Return the CSV of a table, or None where the pack has none of this name."""
    with zipfile.ZipFile(io.BytesIO(packed)) as pack:
        return pack.read(f"{name}.csv") if f"{name}.csv" in pack.namelist() else None


def unpack_table(packed: bytes, name: str) -> pd.DataFrame | None:
    """Return a table with codes and words as text and everything else as read; empty cells are NaN."""
    content = unpack_file(packed, name)
    if content is None:
        return None
    kinds = dict.fromkeys(_TEXT, str)
    return pd.read_csv(
        io.BytesIO(content), dtype=kinds, keep_default_na=False, na_values={c: [""] for c in _numeric(content)}
    )


def _numeric(content: bytes) -> list[str]:
    header = content.split(b"\n", 1)[0].decode().split(",")
    return [name for name in header if name not in _TEXT]
