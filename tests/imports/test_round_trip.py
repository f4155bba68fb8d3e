"""What is written to CSV, XLSX or JSON is read back equal; and no bytes whatever make a reader raise."""

from __future__ import annotations

import io
import random

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jta.imports import ReadResult, read_inventory, read_ratings, read_roster
from jta.imports.text import clean
from tests.imports.corpus import CASES
from tests.imports.files import HEADERS, ROWS, book, csv_bytes, csv_text, json_bytes

READERS = {"inventory": read_inventory, "roster": read_roster, "ratings": read_ratings}


def sound(text: str) -> str:
    """Make any letters a text that needs no cleaning and has words; "" where a letter is refused."""
    return clean(f"{text} x").text


ANY_TEXT = st.text(max_size=60).map(sound).filter(bool)
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
CODES = st.text(LETTERS + " .:#&()+@-_", max_size=10).map(lambda t: f"t{t.replace('..', '.')}x".replace("..", "."))


def openpyxl_book(rows: list[list[str]], kind: str) -> bytes:
    """A workbook by another writer than the tests' own."""
    stream = io.BytesIO()
    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet()
    for row in [HEADERS[kind], *rows]:
        cells = [openpyxl.cell.WriteOnlyCell(sheet, value=text) for text in row]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    made.save(stream)
    return stream.getvalue()


def all_forms(rows: list[list[str]], kind: str) -> dict[str, bytes]:
    return {
        "a.csv": csv_bytes(rows, kind=kind),
        "b.tsv": csv_text(rows, kind=kind, delimiter="\t", end="\n").encode("utf-16"),
        "c.json": json_bytes(rows, kind=kind),
        "d.xlsx": openpyxl_book(rows, kind),
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(CODES, ANY_TEXT, ANY_TEXT), min_size=1, max_size=5, unique_by=lambda r: r[0].casefold()))
def test_inventory_round_trip(rows):
    table = [["D1", "Domain", "", "", code, text] for code, text, _ in rows]
    for filename, data in all_forms(table, "inventory").items():
        result = read_inventory(data, filename)
        assert (result.refused, result.problems, result.cleaned) == (None, [], []), filename
        assert [[r.values[h] for h in HEADERS["inventory"]] for r in result.rows] == table


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.tuples(CODES, CODES, st.sampled_from(["importance", "frequency"])),
        st.integers(0, 20),
        min_size=1,
        max_size=8,
    )
)
def test_ratings_round_trip(ratings):
    table = [[*key, str(value)] for key, value in ratings.items()]
    for filename, data in all_forms(table, "ratings").items():
        result = read_ratings(data, filename)
        assert (result.refused, result.problems) == (None, []), filename
        assert [list(rating[1:]) for rating in result.ratings] == table


def test_roster_round_trip():
    for filename, data in all_forms(ROWS["roster"], "roster").items():
        result = read_roster(data, filename)
        assert [[r.values[h] for h in HEADERS["roster"]] for r in result.rows] == ROWS["roster"]


SEEDS = [("f.xlsx", kind, book(rows, kind)) for kind, rows in ROWS.items()]
SEEDS += [(case.filename, case.kind, case.data()) for case in CASES if case.family < 23 or 55 < case.family < 73]
SEEDS = [seed for seed in SEEDS if 0 < len(seed[2]) < 20_000]
ODD_BYTES = [b'"', b"\x00", b"\xff", b",", b"<", b"&x;", b"[", b"}", b"\xed\xa0\x80"]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Flip, cut, double and mix in a few places."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(changed) + 1)
        act = chance.randrange(4)
        if act == 0 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif act == 1:
            del changed[place : place + chance.randint(1, 40)]
        elif act == 2:
            changed[place:place] = chance.choice(ODD_BYTES)
        else:
            changed[place:place] = changed[place : place + chance.randint(1, 200)]
    return bytes(changed)


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_mutated_file_makes_a_reader_raise(seed):
    chance = random.Random(seed)
    filename, kind, data = chance.choice(SEEDS)
    check_outcome(READERS[kind](mutate(data, chance), filename))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.json", "a.xlsx"]), st.sampled_from(sorted(READERS)))
def test_no_bytes_make_a_reader_raise(data, filename, kind):
    check_outcome(READERS[kind](data, filename))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), st.sampled_from(sorted(HEADERS)), st.integers(0, 3), st.sampled_from(["csv", "json"]))
def test_no_text_makes_a_reader_raise(text, kind, place, form):
    rows = [list(row) for row in ROWS[kind]]
    rows[1][place] = text
    data = csv_text(rows, kind=kind).encode("utf-8", "surrogatepass") if form == "csv" else json_bytes(rows, kind=kind)
    check_outcome(READERS[kind](data, f"file.{form}"))


def check_outcome(result: ReadResult) -> None:
    """Whatever happened can be told in plain sentences, and a refusal takes nothing."""
    if result.refused is not None:
        assert (result.accepted, result.rows, len(result.ratings), result.problems) == (0, [], 0, [])
    for sentence in [*result.cleaned, *(p.reason for p in result.problems), result.refused or "Fine."]:
        assert sentence
        assert sentence.isprintable()
        assert len(sentence.split()) <= 25


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_another_library_reads_the_same_cells(kind):
    """The tests' own writer is a fair one: a common library sees the same texts in its workbooks."""
    sheet = openpyxl.load_workbook(io.BytesIO(book(ROWS[kind], kind))).active
    assert [[c or "" for c in row] for row in sheet.iter_rows(min_row=2, values_only=True)] == ROWS[kind]
