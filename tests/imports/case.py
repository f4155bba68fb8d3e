"""One case of the corpus of good and bad files, and the same odd cell in each type of file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jta.imports import Known
from tests.imports.files import (
    HEADERS,
    ROWS,
    book,
    changed,
    csv_bytes,
    csv_text,
    json_bytes,
)


@dataclass(frozen=True)
class Case:
    """One file and what must become of it.

    ``verdict``: accept (nothing to say), clean (``words`` in a sentence of what was cleaned), problem
    (``words`` in a reason, at ``row`` and ``column``), refuse (``words`` in the sentence). ``value`` is the
    text that must come out unchanged in ``column`` of the second row.
    """

    family: int
    name: str
    data: Callable[[], bytes]
    verdict: str
    words: str = ""
    filename: str = "file.csv"
    kind: str = "inventory"
    accepted: int = 3
    row: int = 0
    column: str = ""
    known: Known | None = None
    value: str = ""

    def __str__(self) -> str:
        return f"family_{self.family:02d}_{self.name}"


STATEMENT = "task_statement"
GOOD = csv_text(ROWS["inventory"])
TEXT_ROWS = changed("inventory", 1, STATEMENT, "Évaluer les réseaux – naïve “quotes” 日本 🏫")
TEXT = csv_text(TEXT_ROWS)
JSON_TEXT = json.dumps([dict(zip(HEADERS["inventory"], r, strict=True)) for r in TEXT_ROWS], ensure_ascii=False)


def cell_cases(
    family: int, name: str, value: object, verdict: str, words: str, *, column: str = STATEMENT, kind: str = "inventory"
) -> Iterator[Case]:
    """The same odd cell in CSV, XLSX and JSON; it stands in the second data row."""
    rows = changed(kind, 1, column, value)
    forms = (("file.csv", csv_bytes, 3), ("file.xlsx", book, 3), ("file.json", json_bytes, 2))
    good = 2 if verdict == "problem" else 3
    for filename, build, row in forms:
        yield Case(
            family,
            f"{name}_{filename[5:]}",
            lambda build=build: build(rows, kind=kind),
            verdict,
            words,
            filename,
            kind,
            good,
            row if verdict == "problem" else 0,
            column,
            value=value if verdict == "accept" and isinstance(value, str) else "",
        )
