"""The workbook in a real spreadsheet program: it recalculates to the same numbers and prints well."""

from __future__ import annotations

import subprocess
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import ImageFont

from jta.exports.blueprint_workbook import write_blueprint_workbook
from jta.exports.book import BlueprintBook
from jta.exports.csv_text import write_csv
from jta.exports.heights import count_lines
from jta.exports.working import order_lines
from tests.exports.books import HOSTILE, NOTICE, apportion, nasty_book, realistic_book
from tests.exports.office import convert, pdf_pages, spoil
from tests.exports.small_books import by_means, flat_book, ragged_book, tied_book

pytestmark = pytest.mark.office

BOOKS = {
    "realistic": realistic_book,
    "nasty": partial(nasty_book, longest=900),
    "tied": tied_book,
    "flat": flat_book,
    "means": by_means,
    "ragged": ragged_book,
}


@pytest.mark.parametrize("name", BOOKS)
def test_every_formula_recalculates_to_the_value_it_was_written_with(name: str, tmp_path: Path) -> None:
    """The file that is opened holds wrong cached values, so only a true recalculation can pass."""
    written = write_blueprint_workbook(BOOKS[name]())
    source = tmp_path / "book.xlsx"
    source.write_bytes(spoil(written))
    formulas, cached = _formulas(written), _values(written)
    recalculated = convert(source, "xlsx", tmp_path).read_bytes()
    values = _values(recalculated)
    assert len(formulas) > 40
    for cell in formulas:
        assert cached[cell] != -987
        _assert_same(cell, values[cell], cached[cell])
    assert len(values) > 300
    assert _error_cells(recalculated) == []


def test_recalculated_items_weights_and_unrounded_items_are_those_of_the_analysis(tmp_path: Path) -> None:
    book = realistic_book()
    rows = _blueprint_rows(_recalculated(book, tmp_path))
    assert len(rows) == 13
    for line, row in zip(order_lines(book.lines), rows, strict=True):
        assert row["Items"] == line.items
        assert row["Items (unrounded)"] == pytest.approx(line.quota, abs=1e-9)
        assert row["Empirical weight"] == pytest.approx(line.empirical_weight, abs=1e-9)
        assert row["Tasks retained"] == line.n_tasks


def test_a_director_who_types_approved_weights_sees_new_items_and_a_failing_check(tmp_path: Path) -> None:
    book = realistic_book()
    typed = {"1": 0.45, "2": 0.25, "3": 0.25, "1.1": 0.30, "1.2": 0.10, "1.3": 0.05}
    rows = _blueprint_rows(_recalculated(book, tmp_path, typed))
    items = {row["Domain code"]: row["Items"] for row in rows}
    areas = [items["1"], items["2"], items["3"]]
    assert areas == apportion([0.45, 0.25, 0.25], 100)
    assert [items["1.1"], items["1.2"], items["1.3"]] == apportion([0.30, 0.10, 0.05], areas[0])
    assert sum(items[code] for code in items if code.startswith("3.")) == areas[2]
    sheet = load_workbook(tmp_path / "out" / "book.xlsx", data_only=True)["Blueprint"]
    texts = [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert "✗ Checks that fail, see below the table: 1" in texts
    assert "✗ they do not" in texts


def test_a_typed_limit_that_is_broken_fails_its_line(tmp_path: Path) -> None:
    edits = {("1.1", "Min"): 20, ("2", "Max"): 3, ("3", "Min"): 9, ("3", "Max"): 8}
    source = tmp_path / "book.xlsx"
    _edit(write_blueprint_workbook(realistic_book()), source, edits)
    rows = {row["Domain code"]: row for row in _blueprint_rows(convert(source, "xlsx", tmp_path).read_bytes())}
    assert rows["1.1"]["Check"] == "✗ below min"
    assert rows["2"]["Check"] == "✗ above max"
    assert rows["3"]["Check"] == "✗ min above max"
    assert rows["1"]["Check"] == "✓ holds"


def test_items_set_by_limits_stay_and_say_that_they_no_longer_fit_changed_weights(tmp_path: Path) -> None:
    rows = _blueprint_rows(_recalculated(tied_book(limits=True), tmp_path, {"1": 0.1, "2": 0.2, "3": 0.7}))
    assert [row["Items"] for row in rows] == [4, 3, 3]
    assert [row["Check"] for row in rows] == ["✗ weights changed, items not"] * 3


@pytest.fixture(scope="module")
def print_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The realistic book as PDF."""
    folder = tmp_path_factory.mktemp("print")
    source = folder / "book.xlsx"
    source.write_bytes(write_blueprint_workbook(realistic_book()))
    return convert(source, "pdf", folder)


def test_the_print_has_titles_study_status_and_notice_on_every_page(print_out: Path) -> None:
    pages = pdf_pages(print_out)
    assert len(pages) > 10
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page
        assert f"{realistic_book().study} · version 1 · APPROVED" in page
        assert page.count(NOTICE) >= 2


def test_the_print_is_one_page_wide(print_out: Path) -> None:
    """The first and the last column title stand on every page of their sheet."""
    pages = pdf_pages(print_out)
    found = {
        sheet: [page for page in pages if f"{sheet}, page " in page]
        for sheet in ("Blueprint", "Calculation", "Charts", "Detail", "Task statistics", "Codebook")
    }
    assert [len(found[name]) for name in ("Blueprint", "Calculation", "Charts", "Codebook")] == [1, 1, 1, 1]
    assert len(found["Detail"]) > 3
    assert len(found["Task statistics"]) > 3
    assert all("Task statement" in page and "Status" in page for page in found["Detail"])
    assert all("Task statement" in page and "Reason" in page for page in found["Task statistics"])


def test_the_print_has_every_statement_and_every_rationale_whole(print_out: Path) -> None:
    book = realistic_book()
    printed = "".join("".join(pdf_pages(print_out)).split())
    for line in book.task_statistics:
        assert "".join(line.statement.split()) in printed
    for area in book.lines:
        assert "".join(area.rationale.split()) in printed


def test_pages_are_landscape(print_out: Path) -> None:
    said = subprocess.run(
        ["pdfinfo", "-f", "1", "-l", "99", str(print_out)], capture_output=True, text=True, check=True
    ).stdout
    sizes = [line.split()[3:6:2] for line in said.splitlines() if line.startswith("Page ") and "size" in line]
    assert len(sizes) > 10
    assert all(float(width) > float(height) for width, height in sizes)


def test_rows_are_tall_enough_for_their_text_in_the_real_font() -> None:
    texts = [line.statement for line in realistic_book().task_statistics] + [
        "Instructional Focus & Professional Development",
        "WWW MMM @@@ %%% " * 8,
        "iiii llll tttt " * 9,
    ]
    for text in texts:
        for width in (18, 24, 35, 42, 58):
            for bold in (False, True):
                assert count_lines(text, width, bold=bold) >= _real_lines(text, width, bold=bold), (text, width)


def test_a_csv_of_hostile_texts_opens_without_a_formula(tmp_path: Path) -> None:
    source = tmp_path / "book.csv"
    source.write_bytes(write_csv(HOSTILE[:5], [[text[:200]] * 5 for text in HOSTILE]))
    sheet = load_workbook(convert(source, "xlsx", tmp_path)).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 50
    assert [cell.value for cell in cells if cell.data_type != "s"] == []


def _recalculated(book: BlueprintBook, folder: Path, approved: dict[str, float] | None = None) -> bytes:
    source = folder / "book.xlsx"
    edits = {(code, "Approved weight"): weight for code, weight in (approved or {}).items()}
    _edit(write_blueprint_workbook(book), source, edits)
    return convert(source, "xlsx", folder).read_bytes()


def _edit(written: bytes, target: Path, edits: dict[tuple[str, str], float]) -> None:
    """Type values into the Blueprint sheet as a director would, by code and column title."""
    book = load_workbook(BytesIO(written))
    sheet = book["Blueprint"]
    top, places = _heads(sheet)
    for row in range(top + 1, sheet.max_row + 1):
        for (code, title), value in edits.items():
            if sheet.cell(row, places["Domain code"]).value == code:
                assert not sheet.cell(row, places[title]).protection.locked
                sheet.cell(row, places[title]).value = value
    book.save(target)


def _heads(sheet) -> tuple[int, dict[str, int]]:
    for row in sheet.iter_rows():
        if row[0].value == "Level":
            return row[0].row, {cell.value: cell.column for cell in row if cell.value}
    raise AssertionError("the sheet has no header row")


def _blueprint_rows(workbook: bytes) -> list[dict[str, object]]:
    sheet = load_workbook(BytesIO(workbook), data_only=True)["Blueprint"]
    top, places = _heads(sheet)
    rows = []
    for row in range(top + 1, sheet.max_row + 1):
        if sheet.cell(row, 1).value is None:
            return rows
        rows.append({title: sheet.cell(row, column).value for title, column in places.items()})
    return rows


def _formulas(workbook: bytes) -> list[tuple[str, str]]:
    book = load_workbook(BytesIO(workbook))
    return [(s.title, c.coordinate) for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]


def _values(workbook: bytes) -> dict[tuple[str, str], object]:
    book = load_workbook(BytesIO(workbook), data_only=True)
    return {(s.title, c.coordinate): c.value for s in book for row in s.iter_rows() for c in row}


def _error_cells(workbook: bytes) -> list[str]:
    book = load_workbook(BytesIO(workbook), data_only=True)
    return [
        f"{s.title}!{c.coordinate} {c.value}" for s in book for row in s.iter_rows() for c in row if c.data_type == "e"
    ]


def _assert_same(cell: tuple[str, str], found: object, expected: object) -> None:
    if isinstance(expected, int | float) and isinstance(found, int | float):
        assert found == pytest.approx(expected, abs=1e-9), cell
    else:
        assert found == expected, cell


@lru_cache(maxsize=2)
def _font(name: str) -> ImageFont.FreeTypeFont:
    path = subprocess.run(["fc-match", "-f", "%{file}", name], capture_output=True, text=True, check=True).stdout
    assert "Liberation" in path or "Arial" in path
    return ImageFont.truetype(path, 1000)


def _real_lines(text: str, width: float, *, bold: bool) -> int:
    """Break the text at blanks by the font's own widths, at 10 points on a 96 dpi screen."""
    font, room = _font("Arial:bold" if bold else "Arial"), width * 7 + 1
    lines, line = 1, ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) / 1000 * 10 * 96 / 72 > room and line:
            lines, line = lines + 1, word
        else:
            line = longer
    return lines
