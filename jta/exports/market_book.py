"""The results of a market study as a workbook: each question, each question by each group, the codebook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from jta.exports.formats import Formats
from jta.exports.heights import row_height
from jta.exports.text import clean_text, footer_text

HIDDEN = "hidden"
_BAR = "#C5D6EA"  # pale: the number stands on it
_RESULT = ("People", "Answered (n)", "Share", "95 % from", "95 % to")
_RESULT_LOOKS = ("whole", "whole", "percent", "percent", "percent")
_RESULT_WIDTHS = (10, 13, 13, 11, 11)
_NUMBERS = {
    "mean": "Mean", "sd": "SD", "median": "Median", "q1": "First quartile", "q3": "Third quartile",
    "minimum": "Smallest", "maximum": "Largest",
}  # fmt: skip
_KINDS = {
    "single": "one choice", "multiple": "several choices", "agreement": "agreement", "number": "a number",
    "text": "a text", "stratum": "stratum of the frame", "themes": "themes of comments",
}  # fmt: skip


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
    """Writes rows one below the other, each as tall as its texts; every text is a text, never a formula."""

    def __init__(self, book: Any, looks: Formats, head: BookHead, name: str, widths: Sequence[float]) -> None:
        self.sheet, self._looks, self._widths = book.add_worksheet(name), looks, widths
        self.at = 0
        for place, width in enumerate(widths):
            self.sheet.set_column(place, place, width)
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(1)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.5, right=0.5, top=0.5, bottom=0.8)
        left = footer_text(f"{head.title}. Data set {head.dataset}. {head.notice}".strip(), 170)
        self.sheet.set_footer(f"&L&8 {left}&R&8 {footer_text(name, 31)}, page &P of &N", {"margin": 0.3})

    def row(self, *cells: object, looks: Sequence[str] = ()) -> None:
        """Write one row of a table; ``looks`` are the styles of its cells, "text" where none is given."""
        names = [*looks, *["text"] * (len(cells) - len(looks))]
        self._write(cells, [("cell", name) for name in names], bold=False)

    def titles(self, *cells: str, keep: bool = False) -> None:
        """Write the column titles of a table; with ``keep`` they stay in sight and on every page."""
        self._write(cells, [("header",)] * len(cells), bold=True)
        if keep:
            self.sheet.freeze_panes(self.at, 0)
            self.sheet.repeat_rows(self.at - 1)

    def line(self, text: str, look: str = "headline") -> None:
        """Write a line that runs on over the columns beside it."""
        self.sheet.set_row(self.at, 24 if look == "title" else 18)
        self._cell(0, text, self._looks.get(look, "headline") if look == "title" else self._looks.get(look))
        self.at += 1

    def space(self) -> None:
        """Leave a row free."""
        self.at += 1

    def bars(self, column: int, since: int) -> None:
        """Draw shares from a row on as bars in their cells, all on the scale of 0 to 100 %."""
        scale = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1}
        rule = {"type": "data_bar", "bar_color": _BAR, **scale}
        if self.at > since:
            self.sheet.conditional_format(since, column, self.at - 1, column, rule)

    def _write(self, cells: Sequence[object], looks: Sequence[tuple[str, ...]], *, bold: bool) -> None:
        texts = [(str(c), w, bold) for c, w in zip(cells, self._widths, strict=False) if isinstance(c, str)]
        self.sheet.set_row(self.at, row_height(texts))
        for place, (cell, look) in enumerate(zip(cells, looks, strict=True)):
            self._cell(place, cell, self._looks.get(*look))
        self.at += 1

    def _cell(self, place: int, cell: object, look: Any) -> None:
        if cell is None or cell == "":
            self.sheet.write_blank(self.at, place, None, look)
        elif isinstance(cell, int | float):
            self.sheet.write_number(self.at, place, cell, look)
        else:
            self.sheet.write_string(self.at, place, clean_text(str(cell)), look)


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
    looks = Formats(book)

    def sheet(name: str, *widths: float) -> _Sheet:
        return _Sheet(book, looks, head, name, widths)

    _read_me(sheet("Read me", 28, 90), head)
    _questions(sheet("Questions", 52, *_RESULT_WIDTHS), alone)
    _tests(sheet("Tests", 42, 36, 7, 10, 5, 8, 10, 10, 30), crossed)
    for by, results in crossed:
        name = f"By {by.code}"[:31].translate(str.maketrans("[]:*?/\\", "_______"))
        _crossed(sheet(name, 44, 46, *_RESULT_WIDTHS), by, results)
    _codebook(sheet("Codebook", 20, 20, 22, 74), alone, themes)
    book.close()
    return sink.getvalue()


def _read_me(sheet: _Sheet, head: BookHead) -> None:
    sheet.line(head.title, "title")
    sheet.space()
    if head.notice:
        sheet.row("Please note", head.notice, looks=("label", "notice"))
    rows = [
        ("Data set", str(head.dataset)),
        ("Respondents", f"{head.n:,}"),
        ("Questions", "Every question alone: how many chose each answer."),
        ("Tests", "Which answers go with which groups."),
        ("By …", "Every question by the groups of another one."),
        ("Codebook", "The codes of questions, answers and themes."),
        ("Answered (n)", "Who answered the question: the base of every share."),
        ("Share", "Part of those who answered. With several choices, shares may sum to more than 100 %."),
        ("95 % from, to", "Interval (Wilson): how far the share may be off by chance of who answered."),
        (
            "Cramér's V",
            "Strength of a link between two questions: 0 none, 1 complete; 0.1 small, 0.3 medium, 0.5 large.",
        ),
    ]
    if not head.full:
        reason = f"Fewer than {head.minimum} people, or a number from which so few could be worked out."
        rows.append((HIDDEN, reason))
    for name, text in (*rows, ("SHA-256 of the answers", head.data_hash)):
        sheet.row(name, text, looks=("label",))


def _questions(sheet: _Sheet, results: Sequence[Any]) -> None:
    for result in results:
        several = " (several choices)" if result.question.kind == "multiple" else ""
        sheet.line(result.question.prompt + several, "section")
        if result.numbers is not None:
            _numbers(sheet, result)
        else:
            sheet.titles("Answer", *_RESULT)
            first = sheet.at
            for row in result.rows:
                sheet.row(row.label, *_cells(row.cells[0]), looks=("text", *_RESULT_LOOKS))
            sheet.bars(3, first)
        sheet.space()


def _numbers(sheet: _Sheet, result: Any) -> None:
    names = list(result.numbers)[: len(_RESULT)]
    if not names:
        sheet.row(HIDDEN)
        return
    sheet.titles("Answered (n)", *(_NUMBERS.get(name, name) for name in names))
    sheet.row(result.n, *(result.numbers[name] for name in names), looks=("whole", *["decimal"] * len(names)))


def _cells(cell: Any) -> tuple[object, ...]:
    if cell.count is None:
        return (HIDDEN, None, None, None, None)
    return cell.count, cell.n, cell.share, cell.low, cell.high


def _crossed(sheet: _Sheet, by: Any, results: Sequence[Any]) -> None:
    sheet.line(f"By: {by.prompt}", "title")
    sheet.titles("Answer", "Group", *_RESULT, keep=True)
    for result in results:
        if result.numbers is not None:
            continue
        sheet.line(result.question.prompt, "section")
        first = sheet.at
        for row in result.rows:
            for place, (group, cell) in enumerate(zip(result.groups, row.cells, strict=True)):
                label = row.label if place == 0 else None
                sheet.row(label, group.label, *_cells(cell), looks=("text", "text", *_RESULT_LOOKS))
        sheet.bars(4, first)
        sheet.space()


def _tests(sheet: _Sheet, crossed: Sequence[tuple[Any, Sequence[Any]]]) -> None:
    titles = ("Question", "By", "n", "Chi-square", "df", "p", "Cramér's V", "Smallest expected", "Note")
    sheet.titles(*titles, keep=True)
    looks = ("text", "text", "whole", "decimal", "whole", "fine", "fine", "decimal")
    for by, results in crossed:
        for result in results:
            if result.numbers is None:
                sheet.row(result.question.prompt, by.prompt, *_test(result), looks=looks)


def _test(result: Any) -> tuple[object, ...]:
    test = result.test
    if test is None:
        return (None, None, None, None, None, None, "hidden, because cells of this table are")
    if test.reason:
        return (test.n, None, None, None, None, None, test.reason)
    note = "an expected count is under 5: the p-value is rough" if result.is_rough else ""
    return test.n, test.chi2, test.df, test.p, test.cramers_v, test.smallest_expected, note


def _codebook(sheet: _Sheet, results: Sequence[Any], themes: Sequence[tuple[str, str, str]]) -> None:
    sheet.titles("Question", "Kind", "Code", "Words", keep=True)
    looks = ("code", "text", "code", "text")
    for result in results:
        question = result.question
        kind = _KINDS.get(question.kind, question.kind)
        sheet.row(question.code, kind, None, question.prompt, looks=("domain",) * 4)
        for code, label in question.choices:
            sheet.row(None, None, code, label, looks=looks)
    for code, label, definition in themes:
        sheet.row("theme", None, code, f"{label}. {definition}".strip(), looks=looks)
