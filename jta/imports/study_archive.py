"""The archive of a study, checked file by file before anything of it is believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jta.imports.archive import Archive
from jta.imports.limits import MEGABYTE, Limits
from jta.imports.result import RefusedError

FORMAT = 1
KIND = "practice analysis study"
MANIFEST = "manifest.json"
LIMITS = Limits(unpacked=1024 * MEGABYTE, ratio=1000, entries=5_000)
_NOT_READ = "This is not the archive of a study, or it is damaged. Export the study again."


@dataclass(frozen=True)
class ArchiveContent:
    """What an archive holds: its manifest, rows of each table as mappings, and further files as text."""

    manifest: Mapping[str, Any]
    tables: Mapping[str, list[dict[str, Any]]]
    texts: Mapping[str, str]
    files: Mapping[str, bytes]


def read_archive(data: bytes, limits: Limits = LIMITS) -> ArchiveContent:
    """Return the content of an archive.

    Raises
    ------
    RefusedError
        If it is no archive of a study, of a newer format, lacks or adds a file, or a file is not what the list of
        files says.
    """
    try:
        pack = Archive(data, limits)
        files = {name: b"".join(pack.stream(name)) for name in pack.names()}
    except RefusedError as error:
        raise RefusedError(_NOT_READ) from error
    manifest = _manifest(files.pop(MANIFEST, b""))
    _check_files(manifest, files)
    tables = {name[7:-5]: _rows(content) for name, content in files.items() if name.startswith("tables/")}
    plain = {n: c for n, c in files.items() if not n.startswith(("tables/", "files/"))}
    held = {n: c for n, c in files.items() if n.startswith("files/")}
    return ArchiveContent(manifest, tables, {name: _text(content) for name, content in plain.items()}, held)


def _manifest(content: bytes) -> dict[str, Any]:
    manifest = _parse(content)
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND or not isinstance(manifest.get("files"), dict):
        raise RefusedError(_NOT_READ)
    if manifest.get("format") != FORMAT:
        raise RefusedError(
            f"The archive has format {manifest.get('format')!r}; this installation reads format {FORMAT}."
        )
    return manifest


def _check_files(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    listed = manifest["files"]
    if set(listed) != set(files):
        name = min(set(listed) ^ set(files))
        state = "is missing" if name in listed else "is not in its list of files"
        raise RefusedError(f"The archive was changed: its file {name[:80]!r} {state}.")
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != listed[name]:
            raise RefusedError(
                f"The archive was changed: its file {name[:80]!r} is not the one listed. Nothing was taken."
            )


def _rows(content: bytes) -> list[dict[str, Any]]:
    table = _parse(content)
    try:
        columns, rows = list(table["columns"]), list(table["rows"])
        return [dict(zip(columns, row, strict=True)) for row in rows]
    except (TypeError, KeyError, ValueError) as error:
        raise RefusedError(_NOT_READ) from error


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RefusedError(_NOT_READ) from error


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise RefusedError(_NOT_READ) from error
