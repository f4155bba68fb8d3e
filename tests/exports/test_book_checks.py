"""A book that contradicts itself is refused with a sentence that says where."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from jta.exports.book import BlueprintBook, BookError, LedgerEntry
from jta.exports.book_checks import check_book
from jta.exports.sheet import ROW_LIMIT, Grid
from tests.exports.books import nasty_book, realistic_book
from tests.exports.small_books import flat_book, tied_book


def _with_line(**changes: object) -> BlueprintBook:
    book = tied_book()
    return replace(book, lines=(replace(book.lines[0], **changes), *book.lines[1:]))


def _with_detail(**changes: object) -> BlueprintBook:
    book = tied_book()
    return replace(book, details=(replace(book.details[0], **changes), *book.details[1:]))


@pytest.mark.parametrize("book", [realistic_book(), nasty_book(), tied_book(), flat_book()])
def test_books_that_hold_together_pass(book: BlueprintBook) -> None:
    check_book(book)


@pytest.mark.parametrize(
    ("book", "message"),
    [
        (_with_line(level="area"), "neither a domain nor a subdomain"),
        (_with_line(level="subdomain", parent_code="9"), "belongs to domain 9, which does not exist"),
        (_with_line(parent_code="2"), "Domain 1 cannot belong to 2"),
        (_with_line(code="2"), "content domain code 2 occurs twice"),
        (_with_line(code=" "), "A content domain has no code"),
        (_with_line(code="–"), "A content domain has no code"),
        (_with_detail(task_code="2.1"), "retained task code 2.1 occurs twice"),
        (_with_detail(task_code=""), "A retained task has no code"),
        (_with_line(empirical_weight=float("nan")), "1: empirical_weight is not a finite number"),
        (_with_detail(weight=float("inf")), "1.1: weight is not a finite number"),
        (replace(tied_book(), measures=()), "has 1 sets of statistics, but the study has 0 measures"),
        (replace(tied_book(), items=0), "at least one item"),
        (replace(tied_book(), confidence=95.0), "between 0 and 1"),
        (replace(tied_book(), paper="legal size"), "Choose one of: letter"),
        (replace(tied_book(), time_zone="Mars/Base"), "Time zone “Mars/Base” is not known"),
        (replace(tied_book(), time_zone="../etc"), "is not known"),
        (replace(tied_book(), dates=(("Opened", datetime(2026, 1, 1)),)), "without a time zone"),
        (replace(tied_book(), ledger=(LedgerEntry(datetime(2026, 1, 1), *"abcde"),)), "without a time zone"),
    ],
)
def test_a_fault_is_named(book: BlueprintBook, message: str) -> None:
    with pytest.raises(BookError, match=message):
        check_book(book)


def test_more_rows_than_a_sheet_holds_are_refused() -> None:
    assert Grid("Detail", (), ROW_LIMIT - 6, 5).after == ROW_LIMIT
    with pytest.raises(BookError, match="more than a workbook can hold"):
        Grid("Detail", (), ROW_LIMIT - 5, 5)
