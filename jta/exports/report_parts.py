"""What a written report is made of, before it becomes Word, PDF or a web page: chapters of plain parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of points; ``ordered`` numbers them."""

    items: Sequence[str]
    ordered: bool = False


@dataclass(frozen=True)
class Facts:
    """Names and values, such as title and date."""

    rows: Sequence[tuple[str, str]]
    caption: str = ""


@dataclass(frozen=True)
class Table:
    """A table: one row of headings, cells as they are shown, widths as shares; numbers stand right."""

    caption: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    numeric: frozenset[int] = frozenset()
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.headers):
                raise ValueError(f"A row of {self.caption!r} has {len(row)} cells under {len(self.headers)} headings.")
        if len(self.widths) != len(self.headers):
            raise ValueError(f"{self.caption!r} has {len(self.widths)} widths for {len(self.headers)} columns.")


@dataclass(frozen=True)
class Figure:
    """A drawing: as SVG for print and screen, as PNG for Word, and what it shows in words."""

    caption: str
    alt: str
    svg: bytes
    png: bytes


@dataclass(frozen=True)
class Missing:
    """A part that such a report should have and this study does not hold; said, never made up."""

    what: str


@dataclass(frozen=True)
class Section:
    """A heading of the second or third level with its parts."""

    title: str
    parts: Sequence[Part]
    level: int = 2


Part = Paragraph | Bullets | Facts | Table | Figure | Missing | Section


@dataclass(frozen=True)
class Chapter:
    """A chapter with its parts; ``appendix`` chapters are lettered."""

    title: str
    parts: Sequence[Part]
    appendix: bool = False


@dataclass(frozen=True)
class Report:
    """A whole document.

    Parameters
    ----------
    title, subtitle : str
    notice : str
        Shown on the first page and at the foot of every page, such as "Simulated data".
    facts : sequence of (str, str)
        The block on the first page.
    at : datetime
        Stands in the file's properties; the only time in it.
    """

    title: str
    subtitle: str
    notice: str
    facts: Sequence[tuple[str, str]]
    chapters: Sequence[Chapter]
    at: datetime
    language: str = "en"
    contents: bool = True
    author: str = field(default="Practice Analysis")


def numbered(report: Report) -> Iterator[tuple[str, Chapter]]:
    """Yield each chapter with its number, 1 on, or its letter where it is an appendix."""
    number, letter = 0, 0
    for chapter in report.chapters:
        if chapter.appendix:
            letter += 1
            yield chr(64 + letter), chapter
        else:
            number += 1
            yield str(number), chapter


def missing_words(part: Missing) -> str:
    """Return the sentence that stands where a part is missing."""
    return f"Not held in this study: {part.what}"


def count_parts(report: Report, kind: type) -> int:
    """Return how many parts of a kind the report has, those in sections included."""

    def walk(parts: Sequence[Part]) -> Iterator[Part]:
        for part in parts:
            yield part
            if isinstance(part, Section):
                yield from walk(part.parts)

    return sum(isinstance(part, kind) for chapter in report.chapters for part in walk(chapter.parts))
