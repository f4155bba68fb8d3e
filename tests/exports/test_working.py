"""The arithmetic behind the sheet, against exact fractions and by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jta.exports.working import largest_remainder, order_lines, work_out
from tests.exports.books import apportion, nasty_book, realistic_book
from tests.exports.small_books import by_means, flat_book, tied_book


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=30), st.integers(1, 500))
def test_items_equal_exact_fractions_and_sum_to_the_total(weights: list[int], total: int) -> None:
    shares = largest_remainder([float(weight) for weight in weights], total)
    assert [share.items for share in shares] == apportion([float(w) for w in weights], total)
    assert sum(share.items for share in shares) == total
    assert sorted(share.rank for share in shares) == list(range(1, len(weights) + 1))


def test_hamilton_by_hand() -> None:
    # Quotas 3.5, 4.5, 2.0: one item is left over for two remainders of a half.
    shares = largest_remainder([0.35, 0.45, 0.2], 10)
    assert [(s.whole, s.rank, s.extra, s.tied) for s in shares] == [(3, 1, 1, True), (4, 2, 0, True), (2, 3, 0, False)]


def test_a_quota_that_is_whole_but_for_rounding_error_counts_as_whole() -> None:
    shares = largest_remainder([0.29, 0.57, 0.14], 100)
    assert [share.items for share in shares] == [29, 57, 14]
    assert [share.remainder for share in shares] == [0.0, 0.0, 0.0]


def test_equal_remainders_that_all_get_an_item_are_no_tie() -> None:
    assert not any(share.tied for share in largest_remainder([0.375, 0.375, 0.25], 2))
    assert [share.tied for share in largest_remainder([0.5, 0.5], 1)] == [True, True]


def test_weights_that_sum_to_nothing_share_nothing() -> None:
    assert [share.quota for share in largest_remainder([0.0, 0.0], 1)] == [0.0, 0.0]


def test_subdomains_stand_under_their_domain_whatever_the_order_they_came_in() -> None:
    lines = realistic_book().lines
    shuffled = tuple(sorted(lines, key=lambda line: line.level))
    assert [line.code for line in order_lines(shuffled)] == [line.code for line in lines]


def test_dropped_tasks_have_statistics_but_no_weight() -> None:
    book = realistic_book()
    dropped = {line.task_code for line in book.task_statistics if line.decision == "drop"}
    assert 3 <= len(dropped) <= 20
    assert {task.task_code for task in book.details} == {t.task_code for t in book.task_statistics} - dropped
    assert sum(work.n_tasks for work in work_out(book) if work.parent is None) == 100 - len(dropped)


def test_a_realistic_book_is_live_throughout() -> None:
    works = work_out(realistic_book())
    assert all(work.live and work.basis is not None for work in works)
    for work in works:
        if work.parent is not None:
            assert work.to_share == works[work.parent].line.items
    assert [works[0].children, works[0].siblings] == [(1, 2, 3), (0, 2)]


def test_groups_stand_together_on_the_calculation_sheet() -> None:
    for work in work_out(realistic_book()):
        first, last = work.siblings
        assert first <= work.step <= last


def test_weights_by_means_are_explained_by_means_only() -> None:
    assert [work.basis for work in work_out(by_means())] == [4.0, 4.0, 1.0, 1.0]
    assert [work.basis for work in work_out(replace(by_means(), weight_rule="sum"))] == [None] * 4
    assert [work.basis for work in work_out(replace(by_means(), weight_rule="other"))] == [None] * 4


def test_items_that_a_limit_or_the_panel_set_are_not_live() -> None:
    assert [work.live for work in work_out(tied_book())] == [True] * 3
    assert [work.live for work in work_out(tied_book(limits=True))] == [False] * 3
    assert [work.live for work in work_out(nasty_book())] == [False, True, True, True, False, False]


def test_weights_without_task_weights_stay_values() -> None:
    assert [work.basis for work in work_out(flat_book())] == [None]


def test_the_approved_weight_counts_where_there_is_one() -> None:
    book = tied_book()
    lines = (replace(book.lines[0], approved_weight=0.5), *book.lines[1:])
    assert [work.used_weight for work in work_out(replace(book, lines=lines))] == pytest.approx([0.5, 1 / 3, 1 / 3])
