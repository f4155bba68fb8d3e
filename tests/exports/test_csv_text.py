"""CSV files that no spreadsheet program takes for formulas, and that read back to the same texts."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jta.exports.csv_text import restore_text, safe_text, write_csv
from jta.exports.text import clean_text

DANGEROUS = ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1",
             "＝1", "＋1", "－1", "＠A", "'=1", "''=1", "-", "=cmd|' /C calc'!A0"]  # fmt: skip
HARMLESS = ["", "text", "a=b", "1.10", "007", "-3.5", "+1", "1e-5", "'tis", "R&D", "O'Brien"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_could_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert safe_text(text) == "'" + text
    assert restore_text(safe_text(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_and_numbers_stay_as_they_are(text: str) -> None:
    assert safe_text(text) == text
    assert restore_text(text) == text


@given(st.text())
def test_every_text_comes_back_and_none_starts_like_a_formula(text: str) -> None:
    safe = safe_text(text)
    assert restore_text(safe) == text
    start = safe.strip()
    assert start[:1] not in ("=", "@", "＝", "＋", "－", "＠") or safe.startswith("'")


@given(
    st.lists(st.tuples(st.text(alphabet="=+-@'\",;\n\t aé漢", max_size=8), st.floats(allow_infinity=False)), max_size=5)
)
def test_a_file_reads_back_to_the_same_rows(rows: list[tuple[str, float]]) -> None:
    written = write_csv(["=head", "number"], rows).decode("utf-8-sig")
    head, *read = csv.reader(io.StringIO(written, newline=""))
    assert head == ["'=head", "number"]
    assert [restore_text(text) for text, _ in read] == [clean_text(text) for text, _ in rows]
    for (_, found), (_, number) in zip(read, rows, strict=True):
        assert (found == "") if np.isnan(number) else (float(found) == number)


def test_numbers_blanks_and_truth_are_written_plainly() -> None:
    row = ["a", 1, 0.1 + 0.2, None, float("nan"), True, np.int64(3), np.float64(-2.5)]
    text = write_csv([str(n) for n in range(8)], [row], mark=False).decode("utf-8").splitlines()[1]
    assert text == '"a",1,0.30000000000000004,"","","true",3,-2.5'


def test_the_mark_at_the_start_can_be_left_out() -> None:
    assert write_csv(["a"], []) == b'\xef\xbb\xbf"a"\r\n'
    assert write_csv(["a"], [], mark=False) == b'"a"\r\n'


def test_a_row_of_another_length_is_refused_by_its_number() -> None:
    with pytest.raises(ValueError, match="Row 3 has 1 cells, but there are 2 columns"):
        write_csv(["a", "b"], [[1, 2], [1]])


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(ValueError, match="infinite"):
        write_csv(["a"], [[float("inf")]])
