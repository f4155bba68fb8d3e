"""The results of a market study as a workbook: each question, each question by each group, the codebook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from jta.exports.text import clean_text

HIDDEN = "hidden"
_PERCENT, _NUMBER = "0.0%", "0.00"


@dataclass(frozen=True)
class BookHead:
    """What the workbook is about. ``full``: nothing is hidden in it."""

    title: str
    notice: str
    dataset: int
    n: int
    data_hash: str
    minimum: int
    full: bool


class _Sheet:
    """Writes rows one below the other; every text is a text, never a formula."""

    def __init__(self, book: Any, name: str, widths: Sequence[float]) -> None:
        self._sheet = book.add_worksheet(name)
        self._book = book
        self._row = 0
        self._bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._text = book.add_format({"text_wrap": True, "valign": "top"})
        self._shapes: dict[str, Any] = {}
        for place, width in enumerate(widths):
            self._sheet.set_column(place, place, width)

    def row(self, *cells: object, head: bool = False, bold: bool = False, shapes: Sequence[str] = ()) -> None:
        """Write one row; ``shapes`` are the number formats of its cells."""
        for place, cell in enumerate(cells):
            form = (
                self._head if head else self._bold if bold else self._form(shapes[place] if place < len(shapes) else "")
            )
            if cell is None:
                self._sheet.write_blank(self._row, place, None, form)
            elif isinstance(cell, int | float):
                self._sheet.write_number(self._row, place, cell, form)
            else:
                self._sheet.write_string(self._row, place, clean_text(str(cell)), form)
        self._row += 1

    def _form(self, shape: str) -> Any:
        if not shape:
            return self._text
        if shape not in self._shapes:
            self._shapes[shape] = self._book.add_format({"num_format": shape, "valign": "top"})
        return self._shapes[shape]

    def space(self) -> None:
        """Leave a row free."""
        self._row += 1

    def freeze(self) -> None:
        """Keep what was written so far in sight."""
        self._sheet.freeze_panes(self._row, 0)


def write_market_book(
    head: BookHead, alone: Sequence[Any], crossed: Sequence[tuple[Any, Sequence[Any]]],
    themes: Sequence[tuple[str, str, str]],
) -> bytes:  # fmt: skip
    """Return the workbook.

    Parameters
    ----------
    alone : sequence of QuestionResult
        Every question alone.
    crossed : sequence of (question to group by, results)
        Every question by the groups of another one.
    themes : sequence of (code, label, definition)
        The codebook of comments; may be empty.
    """
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    _read_me(book, head)
    _questions(book, alone)
    _tests(book, crossed)
    for by, results in crossed:
        _crossed(book, by, results)
    _codebook(book, alone, themes)
    book.close()
    return sink.getvalue()


def _read_me(book: Any, head: BookHead) -> None:
    sheet = _Sheet(book, "Read me", (28, 90))
    sheet.row(head.title, bold=True)
    if head.notice:
        sheet.row(head.notice)
    sheet.row("Data set", head.dataset)
    sheet.row("Respondents", head.n)
    sheet.row("SHA-256 of the answers", head.data_hash)
    sheet.row("n", "who answered the question: the base of every share")
    sheet.row(
        "Share",
        "part of n; for a question with several answers, part of its respondents: they may sum to more than 100 %",
    )
    sheet.row("Low, high", "95 % interval (Wilson): how far the share may be off by chance of who answered")
    sheet.row(
        "Cramér's V", "strength of a link between two questions: 0 none, 1 complete; 0.1 small, 0.3 medium, 0.5 large"
    )
    if not head.full:
        sheet.row(HIDDEN, f"fewer than {head.minimum} people, or a number from which so few could be worked out")


def _questions(book: Any, results: Sequence[Any]) -> None:
    sheet = _Sheet(book, "Questions", (50, 12, 12, 12, 12, 12))
    for result in results:
        sheet.row(result.question.prompt, bold=True)
        if result.numbers is not None:
            _numbers(sheet, result)
        else:
            sheet.row("Answer", "Count", "n", "Share", "Low", "High", head=True)
            for row in result.rows:
                sheet.row(row.label, *_cells(row.cells[0]), shapes=("", "", "", _PERCENT, _PERCENT, _PERCENT))
        sheet.space()


def _numbers(sheet: _Sheet, result: Any) -> None:
    names = list(result.numbers)
    if not names:
        sheet.row(HIDDEN)
        return
    sheet.row("n", *names, head=True)
    sheet.row(result.n, *result.numbers.values(), shapes=("", *[_NUMBER] * len(names)))


def _cells(cell: Any) -> tuple[object, ...]:
    if cell.count is None:
        return (HIDDEN, None, None, None, None)
    return cell.count, cell.n, cell.share, cell.low, cell.high


def _crossed(book: Any, by: Any, results: Sequence[Any]) -> None:
    name = f"By {by.code}"[:31].translate(str.maketrans("[]:*?/\\", "_______"))
    sheet = _Sheet(book, name, (50, 40, 12, 12, 12, 12, 12))
    sheet.row(f"By: {by.prompt}", bold=True)
    sheet.row("Question and answer", "Group", "Count", "n", "Share", "Low", "High", head=True)
    sheet.freeze()
    shapes = ("", "", "", "", _PERCENT, _PERCENT, _PERCENT)
    for result in results:
        if result.numbers is not None:
            continue
        sheet.row(result.question.prompt, bold=True)
        for row in result.rows:
            for group, cell in zip(result.groups, row.cells, strict=True):
                sheet.row(row.label, group.label, *_cells(cell), shapes=shapes)


def _tests(book: Any, crossed: Sequence[tuple[Any, Sequence[Any]]]) -> None:
    sheet = _Sheet(book, "Tests", (50, 40, 10, 12, 8, 12, 12, 16, 50))
    titles = ("Question", "By", "n", "Chi-square", "df", "p", "Cramér's V", "Smallest expected", "Note")
    sheet.row(*titles, head=True)
    sheet.freeze()
    for by, results in crossed:
        for result in results:
            if result.numbers is not None:
                continue
            sheet.row(
                result.question.prompt,
                by.prompt,
                *_test(result),
                shapes=("", "", "", _NUMBER, "", "0.0000", "0.000", _NUMBER),
            )


def _test(result: Any) -> tuple[object, ...]:
    test = result.test
    if test is None:
        return (None, None, None, None, None, None, "hidden, because cells of this table are")
    if test.reason:
        return (test.n, None, None, None, None, None, test.reason)
    note = "an expected count is under 5: the p-value is rough" if result.is_rough else ""
    return test.n, test.chi2, test.df, test.p, test.cramers_v, test.smallest_expected, note


def _codebook(book: Any, results: Sequence[Any], themes: Sequence[tuple[str, str, str]]) -> None:
    sheet = _Sheet(book, "Codebook", (24, 14, 24, 60))
    sheet.row("Question", "Kind", "Code", "Text", head=True)
    sheet.freeze()
    for result in results:
        question = result.question
        sheet.row(question.code, question.kind, None, question.prompt)
        for code, label in question.choices:
            sheet.row(None, None, code, label)
    for code, label, definition in themes:
        sheet.row("theme", None, code, f"{label}. {definition}".strip())
