"""A first look at a file of another survey tool: its header rows, its columns, the values of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from jta.imports.guard import open_source
from jta.imports.header import Header
from jta.imports.kinds import Kind
from jta.imports.limits import Limits
from jta.imports.records import Reader
from jta.imports.result import RefusedError
from jta.imports.source import Cell, Typed, is_blank, text_of
from jta.imports.text import clean, fold, shown, strip_hidden

COLLECTED = Kind("ratings", (), ())  # any columns: the person who sends the file says what they are
QUALTRICS, LIMESURVEY, SURVEYMONKEY, PLAIN = "Qualtrics", "LimeSurvey", "SurveyMonkey", "plain table"
MOST_VALUES = 60  # a column with more different values is no rating and no list of choices
MOST_HEADER_ROWS = 3
_LONGEST_TITLE = 400
_IMPORT_ID = re.compile(r'^\s*\{\s*"ImportId"', re.IGNORECASE)
_WHOLE = re.compile(r"-?[0-9]{1,6}\.0{1,6}")
_BAD = {"formula": "a formula", "error": "an error value", "list": "a list"}


@dataclass(frozen=True)
class FileColumn:
    """One column: its place from 0, its titles from each header row, and its different values with their counts.

    ``values`` is empty and ``many`` true where there are more than `MOST_VALUES`; ``examples`` are a few of them.
    """

    place: int
    titles: tuple[str, ...]
    filled: int
    values: dict[str, int]
    many: bool
    examples: tuple[str, ...]

    @property
    def title(self) -> str:
        """The titles in one line, each once."""
        return " – ".join(dict.fromkeys(self.titles)) or f"Column {self.place + 1}"

    def plain(self) -> dict[str, Any]:
        """Return the column as plain values, to be kept with the file."""
        return {
            "place": self.place, "titles": list(self.titles), "filled": self.filled, "values": self.values,
            "many": self.many, "examples": list(self.examples),
        }  # fmt: skip


def column_from(stored: dict[str, Any]) -> FileColumn:
    """Return a column from what `FileColumn.plain` gave."""
    return FileColumn(
        stored["place"], tuple(stored["titles"]), stored["filled"], dict(stored["values"]), stored["many"],
        tuple(stored["examples"]),
    )  # fmt: skip


@dataclass
class FileLook:
    """What a file holds; with ``refused`` nothing else is filled."""

    tool: str = PLAIN
    header_rows: int = 1
    n_rows: int = 0
    columns: list[FileColumn] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: str | None = None


@dataclass
class OpenFile:
    """A file whose header rows were taken; ``reader`` walks its rows."""

    tool: str
    header_rows: int
    titles: list[tuple[str, ...]]
    reader: Reader
    notes: list[str]
    hidden_columns: set[int]


def open_collected(data: bytes, filename: str, limits: Limits, header_rows: int | None = None) -> OpenFile:
    """Open a file and take its header rows: as many as its tool writes, or as many as are asked for.

    Raises
    ------
    RefusedError
        If the file cannot be read, has too many columns, or no column has a name.
    """
    source = open_source(COLLECTED, data, filename, limits)
    head = list(islice(source.rows, MOST_HEADER_ROWS))
    if all(is_blank(cells) for _, cells in head):
        raise RefusedError("The file is empty. It needs a row of column names and at least one row below.")
    rows = [_texts(cells) for _, cells in head]
    tool, found = _tool(rows)
    count = min(header_rows or found, len(rows))
    titles = _titles(rows[:count], tool)
    _check_width(titles, limits)
    source.rows = chain(head[count:], source.rows)
    header = Header([" ".join(t) for t in titles], unnamed=[i for i, t in enumerate(titles) if not t])
    most = limits.rating_rows if len(titles) <= limits.columns else limits.rows  # a file of few columns may be long
    reader = Reader(source, header, COLLECTED, limits, most)
    return OpenFile(tool, count, titles, reader, list(source.notes), source.hidden_columns)


def look_at(data: bytes, filename: str, limits: Limits, header_rows: int | None = None) -> FileLook:
    """Return the columns of a file with the values of each. Never raises for a bad file: ``refused`` says why."""
    try:
        opened = open_collected(data, filename, limits, header_rows)
        columns, count = _count_values(opened)
    except RefusedError as refusal:
        return FileLook(refused=str(refusal))
    except (RecursionError, MemoryError):
        return FileLook(refused="The file is built too deep or too large to be read.")
    return FileLook(opened.tool, opened.header_rows, count, columns, opened.notes + opened.reader.found.cleaned())


def _texts(cells: list[Cell]) -> list[str]:
    texts = [strip_hidden(text_of(cell)).strip()[:_LONGEST_TITLE] for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def short_name(title: str, tool: str) -> str:
    """Return the name of a column without the text that LimeSurvey writes behind it ("id. Response ID")."""
    return title.partition(". ")[0] if tool == LIMESURVEY else title


def _tool(rows: list[list[str]]) -> tuple[str, int]:
    """Say which tool wrote the header, and how many header rows it writes."""
    first = [fold(text) for text in rows[0]]
    for number, row in enumerate(rows[1:], start=2):
        if row and _IMPORT_ID.match(row[0]):
            return QUALTRICS, number
    if {"startdate", "enddate", "responseid"} <= set(first):
        return QUALTRICS, 2
    if "respondent id" in first and "collector id" in first:
        second = rows[1] if len(rows) > 1 else []
        return SURVEYMONKEY, 2 if not (second and second[0]) else 1
    is_response = bool(first) and short_name(first[0], LIMESURVEY) in ("id", "response id")
    if is_response and any(name.startswith("submitdate") or "date submitted" in name for name in first[:4]):
        return LIMESURVEY, 1
    return PLAIN, 2 if len(rows) > 1 and _is_title_row(rows[0], rows[1]) else 1


def _is_title_row(first: list[str], second: list[str]) -> bool:
    """Say whether most columns have a name in the second row only: the first one holds titles of grids."""
    below = sum(1 for place, text in enumerate(second) if text and not "".join(first[place : place + 1]))
    return below > len(second) / 2


def _titles(rows: list[list[str]], tool: str) -> list[tuple[str, ...]]:
    width = max(len(row) for row in rows)
    filled = [row + [""] * (width - len(row)) for row in rows]
    if tool in (SURVEYMONKEY, PLAIN) and len(filled) > 1:
        filled[0] = _carried(filled[0], filled[1])
    kept = [[text for text in column if text and not _IMPORT_ID.match(text)] for column in zip(*filled, strict=True)]
    return [tuple(dict.fromkeys(titles)) for titles in kept]


def _carried(first: list[str], second: list[str]) -> list[str]:
    """Carry the title of a grid to the columns of its rows, which have one only in the second header row."""
    found, last = [], ""
    for title, below in zip(first, second, strict=True):
        last = title or (last if below else "")
        found.append(last)
    return found


def _check_width(titles: list[tuple[str, ...]], limits: Limits) -> None:
    if len(titles) > limits.wide_columns:
        raise RefusedError(
            f"The file has more than {limits.wide_columns:,} columns, the limit. Delete those not needed."
        )
    if len(titles) < 2:
        raise RefusedError("The file has one column only. Check the delimiter, or export it as a table.")
    named = [" – ".join(title) for title in titles if title]
    twice = next((title for title in named if named.count(title) > 1), None) if len(set(named)) < len(named) else None
    if twice:
        raise RefusedError(f"Two columns have the same name: {shown(twice)}. Rename one of them.")


def _count_values(opened: OpenFile) -> tuple[list[FileColumn], int]:
    width = len(opened.titles)
    seen: list[dict[Cell, int]] = [{} for _ in range(width)]
    filled, closed = [0] * width, [False] * width
    for _, cells in opened.reader.rows():
        for place, cell in enumerate(cells[:width]):
            if cell == "":
                continue
            filled[place] += 1
            if not closed[place]:
                counts = seen[place]
                counts[cell] = counts.get(cell, 0) + 1
                closed[place] = len(counts) > MOST_VALUES
    columns = [
        _column(place, opened.titles[place], filled[place], seen[place], closed[place])
        for place in range(width)
        if opened.titles[place]
    ]
    return columns, opened.reader.count


def _column(place: int, titles: tuple[str, ...], filled: int, seen: dict[Cell, int], closed: bool) -> FileColumn:
    counts: dict[str, int] = {}
    for cell, count in seen.items():
        if text := value_text(cell):
            counts[text] = counts.get(text, 0) + count
    examples = tuple(text[:60] for text in islice(counts, 3))
    return FileColumn(place, titles, filled, {} if closed else counts, closed, examples)


def value_text(cell: Cell) -> str:
    """Return the text by which a cell counts: cleaned, whole numbers without decimals; empty where there is none."""
    if isinstance(cell, Typed):
        if cell.kind in _BAD:
            return ""
        return _whole(cell.text)
    return _whole(clean(cell).text)


def bad_cell(cell: Cell) -> str | None:
    """Say why a cell cannot be read as a value, None where it can."""
    if isinstance(cell, Typed):
        return f"The cell holds {_BAD[cell.kind]}. Replace it by its value." if cell.kind in _BAD else None
    return clean(cell).reason


def _whole(text: str) -> str:
    head, dot, tail = text.partition(".")
    return (
        head if dot and tail and not tail.strip("0") and head.isascii() and head.removeprefix("-").isdigit() else text
    )
