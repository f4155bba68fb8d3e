"""What comes out of a good file: completed columns, attributes, wide ratings, templates, limits."""

from __future__ import annotations

import io

import openpyxl
import pytest

import jta.imports
from jta.imports import Known, LimitError, Limits, Problem, read_inventory, read_ratings, read_roster
from jta.imports.templates import csv_template, template_columns, xlsx_template
from tests.imports.files import HEADERS, ROWS, csv_bytes, json_bytes

READERS = {"inventory": read_inventory, "roster": read_roster, "ratings": read_ratings}


def test_every_reader_is_there_by_name():
    assert jta.imports.read_inventory is read_inventory
    with pytest.raises(AttributeError, match="read_nothing"):
        _ = jta.imports.read_nothing


def test_domains_without_codes_are_numbered_in_their_order():
    rows = [["Lead", "A1", "Plan it."], ["Run", "A2", "Mend it."], ["Lead", "A3", "Fund it."]]
    result = read_inventory(csv_bytes(rows, ["domain", "task_code", "task"]), "a.csv")
    assert [(r.values["domain_code"], r.values["domain"]) for r in result.rows] == [
        ("1", "Lead"),
        ("2", "Run"),
        ("1", "Lead"),
    ]
    assert result.cleaned == ["Content domains without a code column were numbered in their order (1 to 2)."]
    assert result.ok


def test_domains_without_names_are_named_by_their_code():
    result = read_inventory(csv_bytes([["D1", "A1", "Plan it."]], ["domain_id", "task_id", "task_text"]), "a.csv")
    assert result.rows[0].values["domain"] == "D1"
    assert result.cleaned == ["Content domains without a name column are named by their code."]


def test_row_numbers_are_those_of_the_spreadsheet():
    text = 'task_code,task,domain\nT1,"Plan\nit",D\n\nT2,,D\n'
    result = read_inventory(text.encode(), "a.csv")
    assert [(p.row, p.column) for p in result.problems] == [(4, "task")]
    assert [r.number for r in result.rows] == [2]
    assert result.rows[0].values["task_statement"] == "Plan it"


def test_one_name_has_one_code_and_a_subdomain_needs_both():
    rows = [["D1", "Lead", "S1", "Plan", "T1", "Plan it."], ["D2", "Lead", "S2", "", "T2", "Mend it."]]
    result = read_inventory(csv_bytes(rows), "a.csv")
    assert [(p.row, p.column) for p in result.problems] == [(3, "domain_code"), (3, "subdomain")]
    assert result.accepted == 1
    assert not result.ok


def test_roster_joins_first_and_last_name_and_keeps_named_attributes():
    rows = [["Ana", "Example", "ana@example.org", "12"], ["", "Sample", "bo@example.org", ""]]
    result = read_roster(csv_bytes(rows, ["First name", "Surname", "E-mail", "Attribute: years"]), "a.csv")
    assert [r.values["name"] for r in result.rows] == ["Ana Example", "Sample"]
    assert [r.attributes for r in result.rows] == [{"years": "12"}, {"years": ""}]


def test_roster_attribute_is_checked_like_any_cell():
    data = csv_bytes([["Ana", "ana@example.org", "x\x07"]], ["name", "email", "attribute: years"])
    assert [(p.row, p.column) for p in read_roster(data, "a.csv").problems] == [(2, "attribute: years")]


def test_one_mailbox_in_two_spellings_is_one_person():
    rows = [["A", "a@bücher.example.org"], ["B", "a@xn--bcher-kva.example.org"]]
    result = read_roster(csv_bytes(rows, ["name", "email"]), "a.csv")
    assert [p.row for p in result.problems] == [3]


def test_wide_ratings_become_one_rating_each():
    data = b"respondent_id,T1 importance,1.10.frequency,T1 needed_at_entry\nR1,4,0,1\nR2,,3.0,NA\n"
    result = read_ratings(data, "a.csv")
    assert list(result.ratings) == [
        (2, "R1", "T1", "importance", "4"),
        (2, "R1", "1.10", "frequency", "0"),
        (2, "R1", "T1", "needed at entry", "1"),
        (3, "R2", "1.10", "frequency", "3"),
    ]
    assert (result.accepted, len(result.ratings)) == (2, 4)


def test_wide_row_with_a_problem_is_left_out_whole():
    data = b"respondent_id,T1 importance,T2 importance\nR1,4,99\nR1,4,4\nR2,4,4\n"
    result = read_ratings(data, "a.csv")
    assert [(p.row, p.column) for p in result.problems] == [(2, "T2 importance"), (3, "respondent_id")]
    assert {rating[1] for rating in result.ratings} == {"R2"}
    assert result.accepted == 1


def test_wide_column_of_a_bad_task_is_a_problem_of_the_header():
    result = read_ratings(b"respondent_id,../T1 importance,T2 importance\nR1,4,4\n", "a.csv")
    assert [(p.row, p.column) for p in result.problems] == [(1, "../T1 importance")]
    assert result.accepted == 1


def test_wide_columns_that_mean_the_same_are_refused():
    result = read_ratings(b"respondent_id,T1 importance,t1_Importance\nR1,4,4\n", "a.csv")
    assert result.refused == 'Two columns mean the same: "T1 importance" and "t1_Importance". Keep one of them.'


def test_a_study_names_its_own_scales_and_anchors():
    known = Known(scales={"Urgency": ["low", "high", "1"]})
    wide = read_ratings(b"respondent_id,T1 urgency\nR1,low\nR2,1.0\nR3,2\n", "a.csv", known=known)
    assert [rating[3:] for rating in wide.ratings] == [("Urgency", "low"), ("Urgency", "1")]
    assert [p.reason for p in wide.problems] == ['"2" is not an anchor of this scale.']


def test_the_same_bad_text_is_reported_in_every_row():
    rows = [["a/b", "T1", "importance", "x"]] * 3
    result = read_ratings(csv_bytes(rows, kind="ratings"), "a.csv")
    assert [p.row for p in result.problems] == [2, 2, 3, 3, 4, 4]
    assert result.accepted == 0


def test_trimmed_and_plain_spellings_are_one_respondent():
    rows = [["R1", "T1", "importance", "3"], [" R1", "T2", "Importance ", " 4"], ["R1 ", "T3", "importance", "4 "]]
    result = read_ratings(csv_bytes(rows, kind="ratings"), "a.csv")
    assert [rating[1:] for rating in result.ratings] == [
        ("R1", "T1", "importance", "3"),
        ("R1", "T2", "importance", "4"),
        ("R1", "T3", "importance", "4"),
    ]
    assert result.cleaned == [
        "Spaces around the text were removed (5 times, first in row 3, respondent_id).",
        "Names of scales were made uniform (row 3, scale).",
    ]


def test_problems_beyond_the_limit_are_counted():
    rows = [["D", "D", "", "", f"a/{i}", "Plan it."] for i in range(9)]
    result = read_inventory(csv_bytes(rows), "a.csv", Limits(problems=4))
    assert len(result.problems) == 5
    assert result.problems[-1] == Problem(6, "", "And 5 more problems from here on are not listed.")
    assert result.accepted == 0


def test_bad_texts_beyond_those_remembered_are_still_reported():
    rows = [[f"a/{i}", "T1", "importance", f"x{i}"] for i in range(10_001)]
    result = read_ratings(csv_bytes(rows, kind="ratings"), "a.csv", Limits(problems=100_000))
    assert len(result.problems) == 20_002


def test_many_unused_columns_are_summed_up():
    header = [*HEADERS["roster"], *(f"x{i}" for i in range(25))]
    result = read_roster(csv_bytes([[*row, *["1"] * 25] for row in ROWS["roster"]], header), "a.csv")
    assert len(result.cleaned) == 21
    assert result.cleaned[-1] == "Not used: 5 more columns."


def test_empty_rows_have_a_limit_too():
    result = read_roster(b"name,email\n" + b"\n" * 20_001, "a.csv")
    assert result.refused == "The file has more than 20,000 empty rows. Delete them."


@pytest.mark.parametrize("wrapper", ["rows", "records", "tasks"])
def test_json_list_may_stand_in_an_object(wrapper):
    data = f'{{"{wrapper}": {json_bytes(ROWS["inventory"]).decode()} }}\n'.encode()
    assert read_inventory(data, "a.json").accepted == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"secret": [{}]}', 'the key "secret"'),
        ('{"rows": [{"a":1}]', "more text after"),
        ('[{"a":1}] x', "more text after"),
        ('[{"a":1} {"a":1}]', "a comma or ] is expected"),
        ('[{"a":1},]', "a comma or ] is expected"),
        ('[{"a":1},', "cut off after record 1"),
        ('[{"a":01}]', "damaged in record 1 (line 1"),
        ('[["a"]]', "Record 1 is not an object"),
        ("[1]", "Record 1 is not an object"),
        ('{"a": 1}', "must be a list of objects"),
    ],
)
def test_json_of_another_shape_is_refused(text, words):
    assert words in read_inventory(text.encode(), "a.json").refused


def test_json_keeps_many_different_numbers():
    rows = [[f"R{i}", "T1", "importance", 3] for i in range(3)] + [
        ["R9", "T1", "importance", 10_000 + i] for i in range(10_010)
    ]
    result = read_ratings(json_bytes(rows, kind="ratings"), "a.json")
    assert result.accepted == 3


@pytest.mark.parametrize("kind", sorted(READERS))
def test_templates_hold_the_columns_and_no_rows(kind):
    names = [column.name for column in template_columns(kind)]
    assert csv_template(kind).decode("utf-8-sig") == ",".join(names) + "\r\n"
    book = openpyxl.load_workbook(io.BytesIO(xlsx_template(kind)))
    assert [cell.value for cell in book[kind.capitalize()][1]] == names
    assert book[kind.capitalize()].max_row == 1
    assert xlsx_template(kind) == xlsx_template(kind)
    for data, filename in ((csv_template(kind), "t.csv"), (xlsx_template(kind), "t.xlsx")):
        assert READERS[kind](data, filename).refused == "The file has column names but no rows below them."


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_filled_template_is_read_and_its_read_me_named(kind):
    book = openpyxl.load_workbook(io.BytesIO(xlsx_template(kind)))
    sheet, explained = book[kind.capitalize()], book["Read me"]
    examples = {row[0].value: row[4].value for row in explained.iter_rows(min_row=2) if row[4].value}
    for place, cell in enumerate(sheet[1], start=1):
        sheet.cell(2, place, examples.get(cell.value))
    stream = io.BytesIO()
    book.save(stream)
    result = READERS[kind](stream.getvalue(), "t.xlsx")
    assert (result.problems, result.refused, result.accepted) == ([], None, 1)
    assert result.cleaned == ['Sheet "Read me" was not read.']


def test_limits_come_from_settings_by_name():
    assert Limits.from_settings({"JTA_MAX_ROWS": "5", "OTHER": "x"}) == Limits(rows=5)
    assert Limits.from_settings({"JTA_UPLOAD_MB": "2", "JTA_MAX_WIDE_COLUMNS": "7"}) == Limits(
        upload=2 * 1024 * 1024, wide_columns=7
    )
    for bad in ("0", "-1", "", "x", "1" * 13, "٣"):
        with pytest.raises(LimitError, match="JTA_MAX_RATIO must be a whole number above zero"):
            Limits.from_settings({"JTA_MAX_RATIO": bad})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1/10/2026", "date made by a spreadsheet"),
        ("2026-01-10 00:00:00", "date made by a spreadsheet"),
        ("x" * 65, "longer than 64"),
        ("T1*", "signs not allowed"),
    ],
)
def test_codes_that_cannot_be_used(text, words):
    result = read_inventory(csv_bytes([["D1", "Lead", "", "", text, "Plan it."]]), "a.csv")
    assert [words in p.reason for p in result.problems] == [True]


@pytest.mark.parametrize(
    ("kind", "name", "text", "words"),
    [
        ("inventory", "task_statement", "123", "holds no words"),
        ("inventory", "position", "first", "not a whole number"),
        ("roster", "email", "=?utf-8?q?a?=@example.org", "mail code"),
        ("roster", "stratum", "#REF!", "error value"),
    ],
)
def test_texts_that_cannot_be_used(kind, name, text, words):
    values = dict(zip(HEADERS[kind], ROWS[kind][0], strict=True)) | {name: text}
    result = READERS[kind](csv_bytes([[*values.values()]], [*values]), "a.csv")
    assert [(p.column, words in p.reason) for p in result.problems] == [(name, True)]


def test_text_in_a_column_without_a_name_is_a_problem():
    data = csv_bytes([["T1", "x", "Plan it.", "D"], ["T2", "", "Mend it.", "D"]], ["task_code", "", "task", "domain"])
    result = read_inventory(data, "a.csv")
    assert [(p.row, "without a name" in p.reason) for p in result.problems] == [(2, True)]
    assert result.accepted == 1


def test_an_error_of_memory_or_depth_becomes_a_refusal(monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("jta.imports.csv_reader.decode", fail)
    assert "too deep or too large" in read_roster(csv_bytes(ROWS["roster"], kind="roster"), "a.csv").refused


@pytest.mark.parametrize(
    ("encoding", "text", "guess"),
    [
        ("shift_jis", "指導力の計画", False),
        ("shift_jis", "テスト", False),
        ("euc_jp", "指導力", False),
        ("gbk", "计划", False),
        ("cp1251", "План", False),
        ("cp1252", "Führung – “privée” cœur", True),
    ],
)
def test_only_western_text_is_called_perhaps_windows_1252(encoding, text, guess):
    data = csv_bytes(ROWS["inventory"]).replace(b"Leadership", text.encode(encoding))
    refused = read_inventory(data, "a.csv").refused
    assert "not UTF-8" in refused
    assert ("perhaps Windows-1252" in refused) is guess
