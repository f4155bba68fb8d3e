"""A whole study as one zip file: tables as JSON, files as they are, a list of all with their SHA-256."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FORMAT = 1
KIND = "practice analysis study"
MANIFEST = "manifest.json"
_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: no clock in the file


@dataclass(frozen=True)
class Dump:
    """Rows of one table. A cell is None, a truth value, a number, a text, a list or a mapping; bytes are a file's."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def write_archive(about: Mapping[str, Any], tables: Mapping[str, Dump], texts: Mapping[str, str]) -> bytes:
    """Return the archive; the same content gives the same bytes.

    Parameters
    ----------
    about : mapping
        What the manifest says of the study beside the list of files.
    tables : mapping of table name to Dump
    texts : mapping of file name to text
        Further files, such as the audit trail and a page that explains the archive.
    """
    files: dict[str, bytes] = {name: text.encode() for name, text in texts.items()}
    for name, dump in tables.items():
        files[f"tables/{name}.json"] = _json({"columns": list(dump.columns), "rows": _rows(dump, files)})
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest = {"kind": KIND, "format": FORMAT, **about, "files": hashes}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in [(MANIFEST, _json(manifest, indent=1)), *sorted(files.items())]:
            pack.writestr(zipfile.ZipInfo(name, _FIXED), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _rows(dump: Dump, files: dict[str, bytes]) -> list[list[Any]]:
    return [[_cell(cell, files) for cell in row] for row in dump.rows]


def _cell(cell: Any, files: dict[str, bytes]) -> Any:
    """Put bytes into a file of their own, named by what is in it, and name the file in their place."""
    if not isinstance(cell, bytes):
        return cell
    name = f"files/{hashlib.sha256(cell).hexdigest()}"
    files[name] = cell
    return name


def _json(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent, allow_nan=False).encode()
