"""What a reader hands back: plain rows, problems, what was cleaned, or why the file was refused."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


class RefusedError(Exception):
    """The whole file cannot be used; the message is one plain sentence for the person who sent it."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one row. Rows count the header as 1; in JSON the first record is 1."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Row:
    """One good row: its number in the file, the value of each known column, and named attributes (roster)."""

    number: int
    values: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class RatingTable:
    """Good ratings, stored compactly: five arrays of equal length, four of them pointing into lists of texts.

    Unanswered is no entry. ``row`` is the row of the file; a wide file has many entries of one row.
    """

    respondents: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    scales: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    row: array[int] = field(default_factory=lambda: array("i"))
    respondent: array[int] = field(default_factory=lambda: array("i"))
    task: array[int] = field(default_factory=lambda: array("i"))
    scale: array[int] = field(default_factory=lambda: array("i"))
    value: array[int] = field(default_factory=lambda: array("i"))

    def __len__(self) -> int:
        return len(self.row)

    def __iter__(self) -> Iterator[tuple[int, str, str, str, str]]:
        """Yield (row, respondent, task, scale, value) of each rating, in the file's order."""
        for row, respondent, task, scale, value in zip(
            self.row, self.respondent, self.task, self.scale, self.value, strict=True
        ):
            yield row, self.respondents[respondent], self.tasks[task], self.scales[scale], self.values[value]


@dataclass
class ReadResult:
    """The outcome of reading one file.

    ``rows`` (inventory, roster) and ``ratings`` hold only what has no problem. An import is all or nothing:
    use them when ``ok`` is true. ``accepted`` counts rows without a problem. ``cleaned`` names in sentences
    everything that was changed or left out. When ``refused`` is a sentence, nothing else is filled.
    """

    kind: str
    accepted: int = 0
    rows: list[Row] = field(default_factory=list)
    ratings: RatingTable = field(default_factory=RatingTable)
    cleaned: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the file can be imported as it is."""
        return self.refused is None and not self.problems

    @property
    def exit_code(self) -> int:
        """Return 0 without problems, 1 with problems, 2 when refused."""
        if self.refused is not None:
            return 2
        return 1 if self.problems else 0

    def report(self) -> dict[str, Any]:
        """Return what ``check-file`` prints and the preview page shows."""
        return {
            "accepted": self.accepted,
            "cleaned": self.cleaned,
            "problems": [{"row": p.row, "column": p.column, "reason": p.reason} for p in self.problems],
            "refused": self.refused,
        }
