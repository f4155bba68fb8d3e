"""Workbooks by other writers, and damage of every kind to the container and its parts."""

from __future__ import annotations

import io
import random
import subprocess
import zipfile
from dataclasses import replace

import pytest
import xlsxwriter

from jta.imports import Limits, read_inventory
from jta.imports.xlsx_sheet import LETTERS, column_number
from tests.imports.corpus_xlsx import GOOD_SHEET, STYLES
from tests.imports.files import (
    HEADERS,
    MAIN,
    RELATION,
    ROWS,
    Xml,
    book,
    changed,
    column,
    csv_bytes,
    kind_sheet,
    part,
    parts,
    sheet,
    sheet_data,
    with_relation,
    zip_dict,
    zip_parts,
)

DATA = "xl/worksheets/sheet1.xml"


def refusal(data: bytes) -> str:
    result = read_inventory(data, "a.xlsx")
    assert result.refused is not None
    return result.refused


class Pipe(io.RawIOBase):
    """A stream that cannot go back: sizes then stand behind the data."""

    def __init__(self):
        self.taken = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.taken += data
        return len(data)


def test_sizes_behind_the_data_are_read():
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in parts(GOOD_SHEET).items():
            container.writestr(name, data)
    assert pipe.taken[6] & 8
    assert read_inventory(bytes(pipe.taken), "a.xlsx").accepted == 3


def test_stored_parts_and_folders_are_read():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as container:
        container.writestr("xl/", b"")
        for name, data in parts(GOOD_SHEET).items():
            container.writestr(name, data)
    assert read_inventory(stream.getvalue(), "a.xlsx").accepted == 3


def test_a_stored_part_cut_short_is_damage():
    listed = [part(name, data) for name, data in parts(GOOD_SHEET).items()]
    longer = [replace(p, method=0, packed=p.packed[:5], size=5) if p.name == DATA.encode() else p for p in listed]
    assert "damaged" in refusal(zip_parts(longer))


def test_data_between_the_start_and_the_first_part_is_refused():
    listed = [part(name, data) for name, data in parts(GOOD_SHEET).items()]
    hidden = part("x", b"")
    body = zip_parts([hidden, *listed])
    directory = body.index(b"PK\x01\x02")
    first = body.index(b"PK\x01\x02", directory + 4)
    shorter = body[:directory] + body[first:]
    count, size = len(listed).to_bytes(2, "little"), (len(body) - first - 22).to_bytes(4, "little")
    end = shorter.rindex(b"PK\x05\x06")
    shorter = shorter[: end + 8] + count + count + size + shorter[end + 16 :]
    assert "other data before" in refusal(shorter)


@pytest.mark.parametrize("place", ["head", "directory", "data"])
def test_an_offset_beyond_the_file_is_damage(place):
    data = bytearray(zip_dict(parts(GOOD_SHEET)))
    directory = data.index(b"PK\x01\x02")
    if place == "head":
        data[directory + 42 : directory + 46] = (len(data) - 5).to_bytes(4, "little")
    elif place == "directory":
        data[directory : directory + 4] = b"PKxx"
    else:
        last = data.rindex(b"PK\x01\x02")
        start = int.from_bytes(data[last + 42 : last + 46], "little")
        data[last + 20 : last + 24] = data[start + 18 : start + 22] = (10**6).to_bytes(4, "little")
    assert "workbook" in refusal(bytes(data))


def test_bytes_behind_the_packed_data_are_damage():
    listed = [part(name, data) for name, data in parts(GOOD_SHEET).items()]
    more = [replace(p, packed=p.packed + b"xx") if p.name == DATA.encode() else p for p in listed]
    assert "damaged" in refusal(zip_parts(more))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('r:id="rId1"', 'r:id="rId7"', "no sheet"),
        ("worksheets/sheet1.xml", "worksheets/none.xml", "no sheet"),
        ("officeDocument/2006/relationships/officeDocument", "x/y", "no workbook inside"),
        ('Target="xl/workbook.xml"', 'Target="xl/none.xml"', "damaged"),
    ],
)
def test_parts_that_do_not_lead_to_a_sheet(old, new, words):
    found = {name: data.replace(old.encode(), new.encode()) for name, data in parts(GOOD_SHEET).items()}
    assert words in refusal(zip_dict(found))


def test_absolute_targets_and_chart_sheets_are_understood():
    found = parts(GOOD_SHEET)
    rels = found["xl/_rels/workbook.xml.rels"].replace(b'"worksheets/', b'"/xl/worksheets/')
    found["xl/_rels/workbook.xml.rels"] = rels
    found = with_relation(found, "chartsheet", "chartsheets/sheet1.xml")
    charts = b'<sheet name="Chart" sheetId="9" r:id="rId99"/></sheets>'
    found["xl/workbook.xml"] = found["xl/workbook.xml"].replace(b"</sheets>", charts)
    found["xl/chartsheets/sheet1.xml"] = b"<chartsheet/>"
    found["xl/media/image1.png"] = b"\x89PNG"
    found["xl/empty.bin"] = b""
    assert read_inventory(zip_dict(found), "a.xlsx").accepted == 3


def test_a_workbook_without_relations_has_no_sheet():
    found = parts(GOOD_SHEET)
    del found["xl/_rels/workbook.xml.rels"]
    assert "no sheet" in refusal(zip_dict(found))


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B9"><v>1</v></c>',
        '<c r="@1"><v>1</v></c>',
        '<c r="aa3"><v>1</v></c>',
        '<c r="ABCD3"><v>1</v></c>',
        '<c r="@"><v><v>1</v></v></c>',
        '<c r="@" t="s"><v>1.5</v></c>',
        '<c r="@" t="odd"><v>1</v></c>',
        '<c r="@"><v>many</v></c>',
        '<c r="@" s="x"><v>1</v></c>',
    ],
)
def test_cells_out_of_order_are_damage(cell):
    assert "damaged" in refusal(book(changed("inventory", 1, "task_statement", Xml(cell))))


@pytest.mark.parametrize(
    "columns", ['<col min="3" max="2"/>', '<col min="1" max="9"/><col min="2" max="3"/>', "<col/>"]
)
def test_columns_out_of_order_are_damage(columns):
    assert "damaged" in refusal(zip_dict(parts(kind_sheet(ROWS["inventory"], before=f"<cols>{columns}</cols>"))))


def test_rows_and_cells_without_references_follow_each_other():
    plain = GOOD_SHEET
    for row in range(1, 5):
        plain = plain.replace(f'<row r="{row}"', "<row")
        for place in range(1, 7):
            plain = plain.replace(f'<c r="{column(place)}{row}"', "<c")
    assert read_inventory(zip_dict(parts(plain)), "a.xlsx").accepted == 3


def test_blank_cells_and_merges_of_one_cell_do_no_harm():
    blank = Xml('<c r="@" s="0"><v></v></c>')
    table = sheet_data([[*HEADERS["inventory"], blank], *ROWS["inventory"]])
    single = '<mergeCells count="2"><mergeCell ref="A9"/><mergeCell ref="A9:A9"/></mergeCells>'
    assert read_inventory(zip_dict(parts(sheet(table, after=single))), "a.xlsx").accepted == 3


def test_only_the_first_merge_is_named():
    merges = '<mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="B2:B3"/></mergeCells>'
    data = zip_dict(parts(kind_sheet(ROWS["inventory"], after=merges)))
    assert refusal(data) == 'Cells "A2:A3" are merged. Unmerge all cells and fill each one.'


def test_a_bad_number_format_is_damage():
    styles = STYLES.replace('numFmtId="164" formatCode', 'numFmtId="x" formatCode')
    found = with_relation({**parts(GOOD_SHEET), "xl/styles.xml": styles.encode()}, "styles", "styles.xml")
    assert "damaged" in refusal(zip_dict(found))


def test_too_many_texts_are_refused(monkeypatch):
    monkeypatch.setattr("jta.imports.xlsx_parts.MOST_STRINGS", 2)
    texts = f'<sst xmlns="{MAIN}">{"<si><t>x</t></si>" * 3}</sst>'
    found = with_relation(
        {**parts(GOOD_SHEET), "xl/sharedStrings.xml": texts.encode()}, "sharedStrings", "sharedStrings.xml"
    )
    assert "too many different texts" in refusal(zip_dict(found))


def test_a_tag_without_end_is_refused_early(monkeypatch):
    monkeypatch.setattr("jta.imports.xml_guard.LONGEST_TAG", 1_000)
    chars = random.Random(1).randbytes(400_000).hex()
    assert "far too long" in refusal(zip_dict(parts(kind_sheet([], after=f'<a b="{chars}"/>'))))


def test_a_long_result_of_text_is_cut_and_reported():
    cell = Xml(f'<c r="@" t="str"><v>{"Plan it. " * 60_000}</v></c>')
    result = read_inventory(book(changed("inventory", 1, "task_statement", cell)), "a.xlsx")
    assert [p.reason for p in result.problems] == ["The cell is longer than 4,000 characters. Shorten it."]


def test_forgotten_cells_are_judged_again(monkeypatch):
    monkeypatch.setattr("jta.imports.xlsx_sheet._MOST_JUDGED", 2)
    rows = [["D1", "Lead", "", "", i, "Plan it."] for i in range(1, 30)]
    assert read_inventory(book(rows), "a.xlsx").accepted == 29
    by_parser = kind_sheet(rows).replace("<sheetData>", "<sheetData >")
    assert read_inventory(zip_dict(parts(by_parser)), "a.xlsx").accepted == 29


def test_limits_of_a_workbook_are_settings():
    data = book(ROWS["inventory"])
    for limits, words in ((Limits(entries=4), "more than 4 parts"), (Limits(unpacked=99), "when unpacked")):
        assert words in read_inventory(data, "a.xlsx", limits).refused


def test_column_letters():
    assert [LETTERS[i] for i in (1, 26, 27, 702, 703, 16_384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert [column_number(x) for x in ("A", "XFD", "", "a", "É", "ABCD", "A1")] == [1, 16_384, 0, 0, 0, 0, 0]
    assert RELATION.endswith("relationships")


def test_a_workbook_by_xlsxwriter_is_read_exactly():
    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream, {"in_memory": True})
    page = made.add_worksheet("Tasks")
    bold = made.add_format({"bold": True})
    for number, row in enumerate([HEADERS["inventory"], *ROWS["inventory"]]):
        for place, text in enumerate(row):
            page.write_string(number, place, text)
    page.write_rich_string(2, 5, "Enforce ", bold, "the policy", " & mend <it>")
    page.autofilter(0, 0, 3, 5)
    page.write_comment(1, 1, "Who says so?")
    page.write_url(5, 0, "https://example.org", string="")
    made.close()
    result = read_inventory(stream.getvalue(), "a.xlsx")
    assert (result.refused, result.problems, result.cleaned) == (None, [], [])
    assert [r.values["task_statement"] for r in result.rows][1] == "Enforce the policy & mend <it>"


@pytest.mark.office
def test_a_workbook_by_libreoffice_is_read_exactly(tmp_path):
    rows = changed("inventory", 1, "task_code", "007")
    rows.append(["D2", "Systems", "D2.1", "Networks", "1.10", "Fund & mend <it> – é 日本"])
    (tmp_path / "in.csv").write_bytes(csv_bytes(rows))
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile"]
    # Filter options: comma, quote, UTF-8, from line 1, every column as text (2).
    command += ["--infilter=CSV:44,34,76,1,1/2/2/2/3/2/4/2/5/2/6/2", "--convert-to", "xlsx", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "in.csv")], check=True, capture_output=True, timeout=120)
    result = read_inventory((tmp_path / "in.xlsx").read_bytes(), "in.xlsx")
    assert (result.refused, result.problems, result.cleaned) == (None, [], [])
    assert [[r.values[name] for name in HEADERS["inventory"]] for r in result.rows] == rows
