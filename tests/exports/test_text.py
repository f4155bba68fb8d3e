"""Texts on their way into files: cleaned, cut, shown in footers; row heights."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from jta.exports.heights import TALLEST, count_lines, row_height, upright_height
from jta.exports.text import CELL_LIMIT, clean_text, cut_text, footer_text, iso_moment, one_line, percent_title


def test_line_ends_become_line_feeds_and_unprintable_characters_are_marked() -> None:
    assert clean_text("a\r\nb\rc\x00\x1b\ud800\uffffd\te") == "a\nb\nc����d\te"


def test_text_at_the_limit_of_a_cell_stays_and_longer_text_says_it_was_cut() -> None:
    assert clean_text("x" * CELL_LIMIT) == "x" * CELL_LIMIT
    cut = clean_text("x" * (CELL_LIMIT + 1))
    assert len(cut) == CELL_LIMIT
    assert cut.endswith(f"[cut, {CELL_LIMIT + 1} characters in all]")


def test_the_limit_counts_as_spreadsheets_do_and_no_character_is_split() -> None:
    cut = clean_text("😀" * 20_000)
    assert len(cut.encode("utf-16-le")) // 2 <= CELL_LIMIT
    assert set(cut.split(" …")[0]) == {"😀"}
    assert cut_text("abcdef", 4) == "abc…"


def test_footer_codes_are_made_harmless_and_the_limit_counts_them() -> None:
    assert footer_text("R&D &P\n2026", 50) == "R&&D &&P 2026"
    long = footer_text("&" * 100, 20)
    assert len(long) <= 20
    assert long.replace("&&", "") == "…"


def test_one_line_has_no_breaks() -> None:
    assert one_line(" a\n\tb ") == "a b"


def test_moments_are_iso_with_their_zone() -> None:
    assert iso_moment(date(2026, 3, 8), "America/Chicago") == "2026-03-08"
    assert iso_moment(datetime(2026, 3, 8, 8, 0, tzinfo=UTC), "America/Chicago") == "2026-03-08 03:00 America/Chicago"
    assert iso_moment(datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "America/Chicago") == "2026-03-08 01:00 America/Chicago"


@pytest.mark.parametrize(("level", "title"), [(0.95, "95 %"), (0.9, "90 %"), (0.995, "99.5 %")])
def test_confidence_is_shown_as_people_write_it(level: float, title: str) -> None:
    assert percent_title(level) == title


def test_lines_are_counted_by_words_and_long_words_break_anywhere() -> None:
    assert count_lines("", 10) == 1
    assert count_lines("one two", 30) == 1
    assert count_lines("one\ntwo\n", 30) == 3
    assert count_lines("x" * 100, 10) > 8
    assert count_lines("漢" * 20, 10) > count_lines("i" * 20, 10)


def test_a_row_is_as_tall_as_its_tallest_cell_and_never_beyond_the_limit() -> None:
    assert row_height([]) < 20
    assert row_height([("a b", 20, False), ("a " * 60, 20, False)]) > 50
    assert row_height([("a " * 9_000, 5, True)]) == TALLEST


def test_titles_on_end_get_room_for_their_longest_word() -> None:
    assert upright_height([("Rank", 8)]) == 72
    assert upright_height([("Unquestionably: median", 8)]) > 85
