"""``flask --app app check-file``: the dry run of a file, by the same guarded reader as the upload page."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import click

from jta.imports import LimitError, Limits, ReadResult, read_inventory, read_ratings, read_roster

READERS = {"inventory": read_inventory, "roster": read_roster, "ratings": read_ratings}


@click.command("check-file", short_help="Say what an import of a file would accept.")
@click.argument("kind", type=click.Choice(list(READERS)))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--max-rows", type=click.IntRange(min=1), help="Most rows below the header.")
@click.option("--max-cell", type=click.IntRange(min=1), help="Most characters in a cell.")
@click.option("--max-upload", type=click.IntRange(min=1), help="Most bytes of the file.")
@click.option("--max-unpacked", type=click.IntRange(min=1), help="Most bytes of a workbook when unpacked.")
@click.option("--max-columns", type=click.IntRange(min=1), help="Most columns.")
def check_file_command(kind: str, file: Path, **given: int | None) -> None:
    """Check FILE as an inventory, roster or ratings file and print one JSON object.

    Exit code 0: no problems; 1: problems; 2: refused. Limits come from the options, else from the settings
    JTA_MAX_ROWS, JTA_MAX_RATING_ROWS, JTA_MAX_CELL, JTA_UPLOAD_MB and their like.
    """
    result = _check(kind, file, given)
    # ASCII only: whatever the file holds, the terminal shows it as text.
    click.echo(json.dumps(result.report(), ensure_ascii=True, indent=2))
    click.get_current_context().exit(result.exit_code)


def _check(kind: str, file: Path, given: dict[str, int | None]) -> ReadResult:
    try:
        limits = _limits(kind, given)
    except LimitError as error:
        return ReadResult(kind, refused=str(error))
    try:
        data = _read(file, limits.upload)
    except OSError as error:
        return ReadResult(kind, refused=f"The file cannot be read: {error.strerror or 'unknown reason'}.")
    return READERS[kind](data, file.name, limits)


def _limits(kind: str, given: dict[str, int | None]) -> Limits:
    """Return the limits of the settings, changed by the options that were given."""
    limits = Limits.from_settings(os.environ)
    chosen = {name.removeprefix("max_"): value for name, value in given.items() if value is not None}
    if kind == "ratings":
        renamed = {"rows": "rating_rows", "columns": "wide_columns"}
        chosen = {renamed.get(name, name): value for name, value in chosen.items()}
    return replace(limits, **chosen)


def _read(file: Path, most: int) -> bytes:
    """Return the file's bytes, at most one more than allowed; what is no ordinary file is not opened."""
    if file.exists() and not file.is_file():
        raise OSError(0, "it is not an ordinary file")
    with file.open("rb") as stream:
        return stream.read(most + 1)
