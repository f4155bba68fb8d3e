"""Guarded reading of CSV files: every fault is noted with file, row and column, none stops the reading."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from analysis.errors import AnalysisError, shown

Row = list[str]
# Rows read and checked at a time.
BLOCK_ROWS = 20_000
# Problems kept for showing; beyond that they are only counted.
KEPT_PROBLEMS = 1000
LONGEST_CODE = 200


@dataclass(frozen=True)
class Problem:
    """One fault of a file.

    ``row`` counts the header as 1; 0 stands for the file as a whole. ``issue`` names a fault that
    cleaning can deal with.
    """

    file: str
    row: int
    column: str
    text: str
    issue: str = ""

    def __str__(self) -> str:
        place = [self.file]
        if self.row:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.text}"


@dataclass
class Problems:
    """The faults found so far: all are counted, the first thousand kept."""

    kept: list[Problem] = field(default_factory=list)
    total: int = 0

    def add(self, file: str, row: int, column: str, text: str, issue: str = "") -> None:
        """Note a fault."""
        self.total += 1
        if self.total <= KEPT_PROBLEMS:
            self.kept.append(Problem(file, row, column, text, issue))

    def raise_any(self) -> None:
        """Raise if a fault was found.

        Raises
        ------
        StudyFolderError
            With all faults.
        """
        if self.total:
            raise StudyFolderError(self.kept, self.total)


class StudyFolderError(AnalysisError):
    """The files of a study have faults; ``problems`` names the first, ``total`` counts them all."""

    def __init__(self, problems: Sequence[Problem], total: int) -> None:
        self.problems = list(problems)
        self.total = total
        super().__init__(f"{total} problem(s) in the study's files; the first: {problems[0]}")


@dataclass(frozen=True)
class Table:
    """A CSV file whose header is known to hold the needed columns.

    Parameters
    ----------
    path : Path
    columns : dict of int
        Position of each named column (names without blanks around).
    width : int
        Cells of the header.
    """

    path: Path
    columns: dict[str, int]
    width: int


def open_table(
    path: Path, needed: Sequence[str], problems: Problems, optional: Sequence[str] | None = ()
) -> Table | None:
    """Return the table if the file can be read and has the needed columns; else note why not.

    Parameters
    ----------
    optional : sequence of str or None
        Columns used where they are there; ``None``: all. A spare column may stand there twice.
    """
    unreadable = Problems()
    header = next((rows[0] for _, rows in _blocks(path, unreadable)), None)
    if header is None:
        # A fault further down is noted when the rows are read; here only what hides the header is.
        for problem in unreadable.kept:
            problems.add(problem.file, problem.row, problem.column, problem.text)
        if not unreadable.total:
            problems.add(path.name, 0, "", "the file is empty; its first row must name the columns.")
        return None
    names = [name.strip() for name in header]
    used = names if optional is None else [*needed, *optional]
    repeated = sorted({name for name in names if name and name in used and names.count(name) > 1})
    missing = [name for name in needed if name not in names]
    if repeated:
        problems.add(path.name, 1, "", f"the header names the column(s) {shown(repeated)} more than once.")
    if missing:
        problems.add(path.name, 1, "", _missing_text(missing, names))
    if repeated or missing:
        return None
    return Table(path, {name: i for i, name in enumerate(names) if name}, len(names))


def _missing_text(missing: list[str], header: Row) -> str:
    text = f"the header lacks the column(s) {shown(missing)}."
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        return f"{text} Cells must be separated by commas, not semicolons or tabs."
    return f"{text} It has: {shown(header, limit=20)}."


def read_blocks(table: Table, problems: Problems) -> Iterator[tuple[Sequence[int], list[Row]]]:
    """Yield blocks of rows with their numbers (header = 1), empty rows left out.

    A row that is shorter than the header, or longer by cells that are not empty, is noted and left out.
    """
    for first, rows in _blocks(table.path, problems):
        numbers: Sequence[int] = range(first, first + len(rows))
        if first == 1:
            numbers, rows = numbers[1:], rows[1:]
        # Nearly every block is sound throughout; only then is a look at single rows spared.
        if not all(map(any, rows)) or set(map(len, rows)) != {table.width}:
            good = [i for i, row in enumerate(rows) if _fits(numbers[i], row, table, problems)]
            numbers, rows = [numbers[i] for i in good], [rows[i] for i in good]
        yield numbers, rows


def _fits(number: int, row: Row, table: Table, problems: Problems) -> bool:
    if not any(cell.strip() for cell in row):
        return False
    if len(row) == table.width or (len(row) > table.width and not any(row[table.width :])):
        return True
    text = f"the row has {len(row)} cells, the header {table.width}; a comma or quote is off."
    problems.add(table.path.name, number, "", text)
    return False


def _blocks(path: Path, problems: Problems) -> Iterator[tuple[int, list[Row]]]:
    """Yield blocks of records and the number of the first; what makes the file unreadable is noted."""
    number = 1
    rows: list[Row] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            while True:
                # Unlike list(), this keeps the records read before one that cannot be.
                rows.extend(islice(reader, BLOCK_ROWS))
                if not rows:
                    return
                yield number, rows
                number, rows = number + len(rows), []
    except UnicodeDecodeError:
        problems.add(path.name, _undecodable_line(path), "", _encoding_text(path))
    except csv.Error as error:
        text = f"the row cannot be read as CSV ({error}); check its quotes."
        problems.add(path.name, number + len(rows), "", text)
    except OSError as error:
        problems.add(path.name, 0, "", f"the file cannot be read: {error.strerror}.")
    if rows:
        yield number, rows


def _undecodable_line(path: Path) -> int:
    with path.open("rb") as handle:
        for number, line in enumerate(handle, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 0


def _encoding_text(path: Path) -> str:
    with path.open("rb") as handle:
        start = handle.read(2)
    kind = "it looks like UTF-16" if start in (b"\xff\xfe", b"\xfe\xff") else "perhaps it is Windows-1252"
    return f"the text is not UTF-8 ({kind}). Save the file as 'CSV UTF-8' and try again."


def code_fault(code: str) -> str | None:
    """Return what is wrong with a code (respondent, task, domain, scale), or ``None``."""
    if not code.strip():
        return "the code is empty."
    if code != code.strip():
        return f"the code {code!r} has blanks around it."
    if len(code) > LONGEST_CODE:
        return f"the code is longer than {LONGEST_CODE} characters."
    if any(ord(character) < 32 or ord(character) == 127 for character in code):
        return f"the code {code!r} holds a control character or line break."
    return None
