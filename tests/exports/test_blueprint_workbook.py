"""The workbook as a file: its sheets, names, locks and print set-up; inert texts; the same bytes."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook

from jta.exports.blueprint_workbook import SHEETS, write_blueprint_workbook
from jta.exports.book import BookError, Measure
from tests.exports.books import HOSTILE, NOTICE, nasty_book, realistic_book
from tests.exports.small_books import by_means, flat_book, ragged_book, tied_book

ALL_SHEETS = [
    "Read me", "Blueprint", "Calculation", "Charts", "Detail", "Cognitive matrix", "Task statistics",
    "Method comparison", "Subgroups", "Respondents", "Excluded tasks", "KSA linkage", "KSA blueprint", "Decisions",
    "Crosswalk", "References", "Codebook", "Variables",
]  # fmt: skip
INPUTS = {"Approved weight", "Min", "Max", "Rationale"}
# What our formulas are made of: functions, references, numbers, and texts of ours in quotes.
FUNCTIONS = {"ABS", "AND", "COUNT", "EXACT", "IF", "INT", "ISNUMBER", "LEFT", "OR", "ROUND", "SUM", "SUMIF",
             "SUMPRODUCT"}  # fmt: skip
NAMES = {"Task_domain", "Task_subdomain", "Task_weight", "Form_length", "Checks_failed"}


@pytest.fixture(scope="module")
def realistic() -> Workbook:
    return load_workbook(BytesIO(write_blueprint_workbook(realistic_book())))


def test_the_sheets_stand_in_their_order_and_open_on_the_blueprint(realistic: Workbook) -> None:
    assert realistic.sheetnames == ALL_SHEETS
    assert realistic.active.title == "Blueprint"
    assert all(len(plan.name) <= 31 for plan in SHEETS)


def test_codes_stay_text_so_that_1_10_is_not_1_1(realistic: Workbook) -> None:
    detail = realistic["Detail"]
    codes = {cell.value for row in detail.iter_rows(min_row=7) for cell in row[4:5]}
    assert {"1.1.1", "1.1.10"} <= codes
    books = load_workbook(BytesIO(write_blueprint_workbook(flat_book())))
    code = next(row[1] for row in books["Blueprint"].iter_rows() if row[0].value == "Domain")
    assert (code.value, code.data_type) == ("1.10", "s")


def test_every_sheet_says_which_tasks_it_uses_and_that_data_are_simulated(realistic: Workbook) -> None:
    for sheet in realistic:
        assert re.search("all tasks|retained tasks", sheet["A3"].value, re.IGNORECASE), sheet.title
        assert sheet["A4"].value == NOTICE
        assert NOTICE in sheet.oddFooter.left.text


def test_without_a_notice_no_sheet_mentions_one() -> None:
    book = load_workbook(BytesIO(write_blueprint_workbook(realistic_book(notice=None))))
    for sheet in book:
        assert sheet["A4"].value is None
        assert "Simulated" not in sheet.oddFooter.left.text


def test_every_page_is_set_up_for_print(realistic: Workbook) -> None:
    for sheet in realistic:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # One page wide is the format's default, which is written as nothing.
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert sheet.page_setup.fitToHeight == (None if sheet.title == "Charts" else 0)
        assert sheet.print_area
        assert "page &P of &N" in sheet.oddFooter.right.text
        assert "APPROVED" in sheet.oddFooter.left.text
        if sheet.title != "Charts":
            assert sheet.print_title_rows.startswith("$1:$")
            assert sheet.freeze_panes


def test_only_inputs_are_unlocked_and_there_is_no_password(realistic: Workbook) -> None:
    sheet = realistic["Blueprint"]
    heads, first = _heads(sheet), _top(sheet) + 1
    open_cells = {(row, heads[title]) for row in range(first, first + 13) for title in INPUTS}
    found = {(c.row, c.column) for row in sheet.iter_rows() for c in row if not c.protection.locked}
    assert found == open_cells
    for name in ("Blueprint", "Calculation", "Charts", "Detail", "Cognitive matrix"):
        assert realistic[name].protection.sheet
        assert realistic[name].protection.password is None


def test_inputs_are_validated(realistic: Workbook) -> None:
    sheet = realistic["Blueprint"]
    kinds = {str(v.sqref): (v.type, v.formula1, v.formula2) for v in sheet.data_validations.dataValidation}
    heads, first = _heads(sheet), _top(sheet) + 1

    def area(title: str) -> str:
        letter = get_column_letter(heads[title])
        return f"{letter}{first}:{letter}{first + 12}"

    assert kinds[area("Approved weight")] == ("decimal", "0", "1")
    limits = [kind for where, kind in kinds.items() if where in (area("Min"), area("Max")) or " " in where]
    assert limits
    assert all(kind == ("whole", "0", "Form_length") for kind in limits)
    assert kinds[area("Rationale")][0] == "textLength"


def test_parameters_and_ranges_have_names(realistic: Workbook) -> None:
    assert set(realistic.defined_names) == {
        "Form_length", "Confidence", "Checks_summary", "Checks_failed", "Task_domain", "Task_subdomain", "Task_weight",
    }  # fmt: skip
    sheet, cell = next(iter(realistic.defined_names["Form_length"].destinations))
    assert realistic[sheet][cell].value == 100


@pytest.mark.parametrize("make", [realistic_book, tied_book, flat_book, by_means, ragged_book, nasty_book])
def test_no_cell_of_a_table_is_blank_but_inputs(make) -> None:
    book = load_workbook(BytesIO(write_blueprint_workbook(make())))
    seen = 0
    for sheet in book:
        for table in sheet.tables.values():
            head, *rows = sheet[table.ref]
            for row in rows:
                for title, cell in zip(head, row, strict=True):
                    seen += 1
                    assert cell.value is not None or title.value in INPUTS, f"{sheet.title}!{cell.coordinate}"
    assert seen > 50


def test_columns_without_data_are_left_out_and_named_in_read_me() -> None:
    book = load_workbook(BytesIO(write_blueprint_workbook(tied_book())))
    heads = {cell.value for row in book["Detail"].iter_rows() for cell in row}
    assert not heads & {"Subdomain", "Cognitive level", "KSA codes"}
    said = _texts(book["Read me"])
    assert "Detail, column Subdomain: the study has no subdomains." in said
    assert "Blueprint, column 95 % low: no bootstrap interval was computed." in said
    assert "Sheet Decisions: the blueprint has no changes or approvals yet." in said
    assert "Sheet Variables: no variables were described." in said


def test_read_me_tells_where_the_numbers_come_from(realistic: Workbook) -> None:
    said, book = _texts(realistic["Read me"]), realistic_book()
    assert {book.study, book.credential, book.data_hash, book.plan_hash, book.software, *book.method} <= said
    assert {"2026-09-14", "2026-10-20 10:04 America/Chicago", *book.left_out} <= said
    assert {label for label, _ in book.respondents} <= said


def test_last_blueprint_and_pretest_items_show_when_they_exist() -> None:
    sheet = load_workbook(BytesIO(write_blueprint_workbook(flat_book())), data_only=True)["Blueprint"]
    heads, row = _heads(sheet), _top(sheet) + 1
    found = {title: sheet.cell(row, heads[title]).value for title in ("Last blueprint", "Change", "Scored", "Pretest")}
    assert found == {"Last blueprint": 0.9, "Change": pytest.approx(0.1), "Scored": 30, "Pretest": 10}


def test_a_tie_is_shown_and_goes_to_the_earlier_line() -> None:
    sheet = load_workbook(BytesIO(write_blueprint_workbook(tied_book())), data_only=True)["Calculation"]
    heads = _heads(sheet)
    rows = [
        [
            sheet.cell(_top(sheet) + n, heads[title]).value
            for title in ("Tie", "Rank of remainder", "Items on the blueprint")
        ]
        for n in (1, 2, 3)
    ]
    assert rows == [["tie: earlier line first", n, items] for n, items in ((1, 4), (2, 3), (3, 3))]


def test_items_set_by_a_limit_are_values_with_their_reason() -> None:
    sheet = load_workbook(BytesIO(write_blueprint_workbook(tied_book(limits=True))))["Blueprint"]
    heads, row = _heads(sheet), _top(sheet) + 1
    assert sheet.cell(row, heads["Items"]).value == 4
    assert sheet.cell(row, heads["Items set by"]).value == "minimum of 4"
    assert sheet.cell(row, heads["Check"]).data_type == "f"


def test_what_a_line_lacks_is_a_dash_and_what_no_formula_explains_is_a_value() -> None:
    written = load_workbook(BytesIO(write_blueprint_workbook(ragged_book())))
    blueprint, calculation = written["Blueprint"], written["Calculation"]
    heads, top = _heads(blueprint), _top(blueprint)
    found = {title: [blueprint.cell(top + n, heads[title]).value for n in (1, 2, 3, 4)] for title in heads}
    assert found["95 % low"] == [0.7, "–", "–", "–"]
    assert found["Last blueprint"] == [0.75, "–", "–", "–"]
    assert [str(value)[0] for value in found["Change"]] == ["=", "–", "–", "–"]
    assert found["Items (unrounded)"][2] == 2.5
    assert found["Items set by"][2] == "decided by the panel"
    heads, top = _heads(calculation), _top(calculation)
    steps = {title: [calculation.cell(top + n, heads[title]).value for n in (1, 2, 3, 4)] for title in heads}
    assert steps["Tasks retained"][2] == 2
    assert steps["Empirical weight"][2:] == ["–", 0.2]
    assert steps["Mean task weight"][2:] == ["–", "–"]
    assert steps["Mean task weight"][0].startswith("=IF(")


def test_unconstrained_items_are_formulas(realistic: Workbook) -> None:
    sheet = realistic["Blueprint"]
    heads = _heads(sheet)
    for row in range(_top(sheet) + 1, _top(sheet) + 14):
        for title in ("Items", "Items (unrounded)", "Empirical weight", "Tasks retained", "Check"):
            assert sheet.cell(row, heads[title]).data_type == "f"


def test_titles_of_measures_are_told_apart_and_equal_the_table_s_own_list() -> None:
    measures = (
        Measure("a", "Mean", ""),
        Measure("b", "mean", ""),
        Measure("c", "_x0041_\nB", ""),
        Measure("d", "", ""),
    )
    base = tied_book()
    lines = tuple(replace(line, statistics=line.statistics * 4) for line in base.task_statistics)
    names, parts = _parts(write_blueprint_workbook(replace(base, measures=measures, task_statistics=lines)))
    listed = next(re.findall('tableColumn id="[0-9]+" name="([^"]+)"', parts[n]) for n in names
                  if "tables/" in n and "Task_statistics" in parts[n])  # fmt: skip
    assert [title for title in listed if title.endswith(": N")] == [
        "Mean (1): N",
        "mean (2): N",
        "_ B: N",
        "Measure 4: N",
    ]


def test_charts_have_alternative_text() -> None:
    names, parts = _parts(write_blueprint_workbook(realistic_book()))
    assert sum(name.startswith("xl/charts/chart") for name in names) == 2
    texts = re.findall(r'descr="([^"]+)"', parts["xl/drawings/drawing1.xml"])
    assert len(texts) == 2
    assert "Leadership &amp; Vision" in texts[0]
    assert "95 % interval" in texts[0]


def test_too_many_lines_for_a_chart_leave_it_out_and_say_so() -> None:
    book = tied_book()
    many = tuple(
        replace(book.lines[0], code=str(n), empirical_weight=1 / 41, proposed_weight=1 / 41, quota=1.0, items=1)
        for n in range(41)
    )
    some = load_workbook(BytesIO(write_blueprint_workbook(replace(book, lines=many[:20], items=20))))
    assert len(some["Charts"].row_breaks.brk) == 1
    written = load_workbook(BytesIO(write_blueprint_workbook(replace(book, lines=many, items=41))))
    assert written["Charts"]["A5"].value.startswith("Nothing to show: with more than 40 content domains")
    assert any("Sheet Charts: with more than 40" in text for text in _texts(written["Read me"]))


def test_a_book_without_retained_tasks_or_statistics_still_opens() -> None:
    book = replace(tied_book(), details=(), task_statistics=(), scales=())
    written = load_workbook(BytesIO(write_blueprint_workbook(book)))
    assert [row[0].value for row in written["Detail"].iter_rows()][-1] == "Domain code"


@pytest.mark.parametrize("make", [realistic_book, nasty_book])
def test_written_twice_is_the_same_bytes_whatever_the_process(make) -> None:
    here = hashlib.sha256(write_blueprint_workbook(make())).hexdigest()
    assert hashlib.sha256(write_blueprint_workbook(make())).hexdigest() == here
    code = (
        "import hashlib; from tests.exports import books; from jta.exports.blueprint_workbook import *;"
        f"print(hashlib.sha256(write_blueprint_workbook(books.{make.__name__}())).hexdigest())"
    )
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/Chicago")):
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env, cwd=root
        )
        assert done.stdout.strip() == here


def test_no_formula_holds_a_word_of_a_user() -> None:
    names, parts = _parts(write_blueprint_workbook(nasty_book()))
    formulas = [
        element.text
        for name in names
        if name.startswith(("xl/worksheets/sheet", "xl/charts/chart"))
        for element in ElementTree.fromstring(parts[name]).iter()
        if element.tag.endswith(("}f", "}formula", "}formula1", "}formula2"))
    ]
    assert len(formulas) > 150
    for formula in formulas:
        _assert_ours(formula)


def test_nothing_in_the_file_reaches_out_or_runs() -> None:
    for book in (nasty_book(), realistic_book()):
        names, parts = _parts(write_blueprint_workbook(book))
        assert not [n for n in names if re.search("externalLink|vba|oleObject|activeX|connections|customXml", n, re.I)]
        for name, part in parts.items():
            assert 'TargetMode="External"' not in part, name
            assert not re.search("<(hyperlink|ddeLink|oleLink|externalReference)\\b", part), name


def test_hostile_texts_read_back_as_the_texts_they_were() -> None:
    sheet = load_workbook(BytesIO(write_blueprint_workbook(nasty_book())))["Read me"]
    found = _texts(sheet)
    for text in HOSTILE[:10] + HOSTILE[12:15]:
        assert text in found
    assert "a�b�c�d�e" in found
    assert "👩🏽‍🏫 línea\ndos" in found
    cut = next(text for text in found if text.startswith("xxxx"))
    assert len(cut) == 32_767
    assert cut.endswith(" … [cut, 40000 characters in all]")


def test_ten_thousand_random_texts_come_back_equal() -> None:
    import random

    rng = random.Random(7)
    alphabet = "abc =+-@'\"<>&;,\n\t\u200b\u202e\u00a0éß漢字😀_x0041_{}[]|"
    texts = ["".join(rng.choices(alphabet, k=rng.randint(1, 30))) for _ in range(10_000)]
    base = tied_book()
    lines = tuple(replace(base.task_statistics[0], task_code=f"t{n}", statement=text) for n, text in enumerate(texts))
    written = write_blueprint_workbook(replace(base, task_statistics=lines))
    sheet = load_workbook(BytesIO(written), read_only=True)["Task statistics"]
    rows = [row for row in sheet.iter_rows(values_only=True) if str(row[1]).startswith("t")]
    assert [row[2] for row in rows] == texts
    assert {cell.data_type for row in sheet.iter_rows(min_row=6) for cell in row[1:3]} == {"s"}


def test_the_file_names_no_person() -> None:
    _, parts = _parts(write_blueprint_workbook(realistic_book()))
    core = parts["docProps/core.xml"]
    assert "<dc:creator>Practice analysis</dc:creator>" in core
    assert "2000-01-01T00:00:00Z" in core


def test_the_writer_refuses_what_would_be_a_wrong_workbook() -> None:
    with pytest.raises(BookError, match="has no domain"):
        write_blueprint_workbook(replace(tied_book(), lines=()))


def _parts(workbook: bytes) -> tuple[list[str], dict[str, str]]:
    with zipfile.ZipFile(BytesIO(workbook)) as archive:
        return archive.namelist(), {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def _assert_ours(formula: str) -> None:
    """Take a formula apart: nothing may be left that is not a function, reference or text of ours."""
    texts = re.findall('"([^"]*)"', formula)
    assert all(not any(text in hostile for hostile in HOSTILE) for text in texts if len(text) > 2), formula
    bare = re.sub('"[^"]*"', "", formula)
    bare = re.sub(r"(Blueprint|Calculation|Charts|Detail)!", "", bare)
    words = set(re.findall(r"[A-Za-z_][A-Za-z_]*(?=[^A-Za-z_0-9]|$)", re.sub(r"\$?[A-Z]{1,2}\$?\d+", "", bare)))
    assert words <= FUNCTIONS | NAMES, formula
    assert re.fullmatch(r"[A-Za-z_0-9$:,.()<>=+\-*/&]*", bare), formula


def _texts(sheet) -> set[str]:
    return {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None}


def _top(sheet) -> int:
    return next(row[0].row for row in sheet.iter_rows() if row[0].value == "Level")


def _heads(sheet) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[_top(sheet)] if cell.value}
