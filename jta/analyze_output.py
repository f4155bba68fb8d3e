"""Where the results of ``analyze`` go: a folder that is written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

PROGRAM = "practice-analysis"
SUMMARY = "summary.json"
MOST_NAMED = 5


class OutputError(Exception):
    """The results cannot be written where they were asked for; the message says why."""


def hash_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file, in the order of names."""
    return {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}


def check_folder(out: Path, study: Path, *, force: bool) -> None:
    """Raise unless the results may be written to the folder.

    Results of an earlier run may be replaced. Anything else in the folder, a result edited since among
    it, is somebody's work: it is refused without ``force``, and not deleted with it.

    Raises
    ------
    OutputError
        If the folder is the study's own, is no folder, or holds other files.
    """
    if out.resolve() == study.resolve():
        raise OutputError("The results cannot go into the study folder itself; give --out another folder.")
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; give --out a folder.")
    others = sorted(set(_names(out)) - own_files(out))
    if others and not force:
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        raise OutputError(
            f"{out} holds other files ({', '.join(others[:MOST_NAMED])}{more}). "
            "Give --out another folder, or --force to write beside them."
        )


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []


def own_files(out: Path) -> set[str]:
    """Return the names of the unchanged files of an earlier run in the folder."""
    try:
        summary = json.loads((out / SUMMARY).read_bytes())
        hashes: dict[str, str] = summary["files"] if summary["program"] == PROGRAM else {}
    except (OSError, ValueError, KeyError, TypeError):
        # No summary, or one that this program did not write: then nothing here is ours.
        return set()
    present = {name: (out / name).read_bytes() for name in hashes if (out / name).is_file()}
    return {SUMMARY} | {name for name, found in hash_files(present).items() if found == hashes[name]}


def write_all(out: Path, files: Mapping[str, bytes], outside: Mapping[Path, bytes]) -> None:
    """Write the folder of results and any files elsewhere, all of them or none.

    Everything is first written under passing names beside its place, then renamed. Files of an earlier
    run in the folder that this run does not write are removed.

    Raises
    ------
    OutputError
        If the disk refuses; nothing new is left then.
    """
    stale = own_files(out) - set(files)
    folder = _beside(out)
    parts = {path: _beside(path) for path in outside}
    try:
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        for path, part in parts.items():
            part.write_bytes(outside[path])
        _move(folder, out, sorted(files))
        for path, part in parts.items():
            part.replace(path)
        for name in stale:
            (out / name).unlink()
    except OSError as error:
        raise OutputError(f"The results cannot be written ({error.filename}: {error.strerror}).") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for part in parts.values():
            part.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.parent / f".{path.name}.{os.getpid()}.part"


def _move(folder: Path, out: Path, names: list[str]) -> None:
    if not out.exists():
        folder.rename(out)
        return
    blocked = [name for name in names if (out / name).is_dir()]
    if blocked:
        raise OutputError(f"{out} holds a folder named {blocked[0]}, where a result must go; rename it.")
    for name in names:
        (folder / name).replace(out / name)
