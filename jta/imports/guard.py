"""The one guard around every reader: size, type by content, and no exception of a bad file gets out."""

from __future__ import annotations

from collections.abc import Callable

from jta.imports.kinds import Kind
from jta.imports.limits import MEGABYTE, Limits
from jta.imports.result import ReadResult, RefusedError
from jta.imports.sniff import file_type
from jta.imports.source import Source


def guarded(
    kind: Kind, data: bytes, filename: str, limits: Limits, read: Callable[[Source, Limits], ReadResult]
) -> ReadResult:
    """Open a file by its content and read it; a refusal becomes the result's sentence.

    Every library error is turned into a refusal where the library is called. What is left here are the two
    errors any step can meet on a hostile file.
    """
    try:
        return read(open_source(kind, data, filename, limits), limits)
    except RefusedError as refusal:
        return ReadResult(kind.name, refused=str(refusal))
    except (RecursionError, MemoryError):
        return ReadResult(kind.name, refused="The file is built too deep or too large to be read.")


def open_source(kind: Kind, data: bytes, filename: str, limits: Limits) -> Source:
    """Return the rows of a file of any accepted type.

    Raises
    ------
    RefusedError
        If the file is too large, of another type, or named as another type.
    """
    if len(data) > limits.upload:
        raise RefusedError(f"The file is larger than {_size(limits.upload)}, the limit.")
    found = file_type(data, filename)
    if found == "csv":
        from jta.imports.csv_reader import open_csv

        return open_csv(data, kind)
    if found == "json":
        from jta.imports.json_reader import open_json

        return open_json(data, kind, limits)
    from jta.imports.xlsx_reader import open_xlsx

    return open_xlsx(data, kind, limits)


def _size(count: int) -> str:
    return f"{count // MEGABYTE:,} MB" if count >= MEGABYTE else f"{count:,} bytes"
