"""What a file is, told by its content and checked against its name."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Literal

from jta.imports.result import RefusedError

FileType = Literal["csv", "xlsx", "json"]
_ENDINGS: dict[str, FileType] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".json": "json",
}
_NAMES = {"csv": "CSV text", "xlsx": "an Excel workbook", "json": "JSON"}
_ADVICE = "Send a CSV, XLSX or JSON file."
# First bytes of files that people send by mistake, or on purpose.
_MAGIC = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"BM\x00", "a picture"),
    (b"RIFF", "a media file"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"#!", "a program"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x1f\x8b", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"\xfd7zXZ", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
    (b"\x09\x04\x06\x00", "an old Excel file (.xls)"),
    (b"\x09\x08", "an old Excel file (.xls)"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def file_type(data: bytes, filename: str) -> FileType:
    """Return the type of a file by its content.

    Raises
    ------
    RefusedError
        If the file is empty, of a type we do not read, or named as something else than it is.
    """
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise RefusedError("The file is empty. It needs a row of column names and at least one row below.")
    found = _by_content(data)
    ending = PurePath(filename.replace("\\", "/").lower().strip()).suffix
    if ending not in _ENDINGS:
        raise RefusedError(f"The file name must end in .csv, .xlsx or .json. {_ADVICE}")
    if _ENDINGS[ending] != found:
        raise RefusedError(_named_otherwise(data, ending, found))
    return found


def _named_otherwise(data: bytes, ending: str, found: FileType) -> str:
    # A table has two columns at least; a number, a YAML list or a stored object shows none in its first line.
    line = _start(data).partition("\n")[0]
    if found == "csv" and (line.startswith("-") or not re.search("[,;\t|]", line)):
        return f"The file is named {ending} but holds neither JSON records nor a table. {_ADVICE}"
    return f"The file is named {ending} but holds {_NAMES[found]}. Give it its right ending."


def _by_content(data: bytes) -> FileType:
    if data.startswith(_OLE):
        raise RefusedError(_ole_sentence(data))
    for magic, name in _MAGIC:
        if data.startswith(magic):
            raise RefusedError(f"The file is {name}. {_ADVICE}")
    if data.startswith(b"PK"):
        return "xlsx"
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise RefusedError(f"The file is a stored program object (pickle). {_ADVICE}")
    start = _start(data)
    if start.startswith("<"):
        raise RefusedError(f"The file is {_markup(start)}. {_ADVICE}")
    return "json" if start[:1] in ("{", "[") else "csv"


def _ole_sentence(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "The workbook is protected by a password. Remove the password and save it again."
    if any(name.encode("utf-16-le") in data for name in ("Workbook", "Book")):
        return "The file is an old Excel file (.xls). Save it as Excel Workbook (.xlsx)."
    return f"The file is an old Office document. {_ADVICE}"


def _start(data: bytes) -> str:
    """Return the first letters of a text file, for a look only; ``decode`` judges the encoding."""
    head = data[:400]
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return head.decode(encoding, "replace").lstrip().lower()


def _markup(start: str) -> str:
    if start.startswith(("<!doctype html", "<html", "<table", "<head", "<body")):
        return "a web page (HTML)"
    if "<svg" in start:
        return "a picture (SVG)"
    return "a markup file (XML or HTML)"
