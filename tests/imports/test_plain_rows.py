"""Rows taken without the parser and rows read by it come out the same, whatever is wrong with them."""

from __future__ import annotations

import random
import re

import pytest

from jta.imports import Limits, read_inventory
from jta.imports.archive import Archive
from jta.imports.result import RefusedError
from jta.imports.xlsx_parts import SHEET_SPACES, Book, Sheet
from jta.imports.xlsx_sheet import SheetReader
from tests.imports.files import MAIN, ROWS, book, kind_sheet, parts, sheet, zip_dict

EXCEL = (
    '<row r="{0}" spans="1:4" ht="15" hidden="0" customHeight="1" x14ac:dyDescent="0.25">'
    '<c r="A{0}" s="1" t="s"><v>0</v></c><c r="B{0}" t="s"><v>1</v></c><c r="C{0}" s="1"/>'
    '<c r="D{0}" t="inlineStr"><is><t xml:space="preserve"> Plan_x0041_ é </t></is></c><c r="F{0}"><v>3.5</v></c></row>'
)
OPENED = f'<worksheet xmlns="{MAIN}" xmlns:x14ac="http://example.org/ac">'
PLAIN = f"{OPENED}<sheetData>{''.join(EXCEL.format(i) for i in range(1, 7))}</sheetData></worksheet>"
ODD = (
    "<!--", "-->", "<![CDATA[", "]]>", "</row>", "<row>", '<row r="3">', "<row/>", "</sheetData>", "<sheetData>",
    "&amp;",
    "<c>", "</c>", '<c r="B2">', "<v>", "</v>", "<f>1</f>", "\x00", "\ufffe", "\udc80", ' hidden="1"', ' ht="0"', " ",
    "\n", ">", '"', "<x:row xmlns:x='y'>", f' xmlns="{SHEET_SPACES[1]}"', ' xmlns="y"', "XFE", "ZZZ", "0", "9999999",
    "x14ac", "<t>", "</t>", "<is>", "<rPh>", "</rPh>", 't="b"', 't="x"', ' r="1"', "\r\n<!-- a -->", "A" * 30,
)  # fmt: skip


def read(text: str, plain: bool, monkeypatch: pytest.MonkeyPatch) -> object:
    """What the reader makes of a sheet; without ``plain`` every row goes through the parser."""
    data = zip_dict({"xl/worksheets/sheet1.xml": text.encode("utf-8", "surrogateescape")})
    taken = []
    with monkeypatch.context() as patch:
        if plain:
            whole = SheetReader._take_row
            patch.setattr(SheetReader, "_take_row", lambda *a: (taken.append(a[1]), whole(*a)))
        else:
            patch.setattr("jta.imports.xlsx_rows.plain_row", lambda *_: re.compile(b"(?!)"))
        limits = Limits(cell=20, wide_columns=6)
        found = Book(strings=["R1", "T1"], formats=["plain", "plain"])
        reader = SheetReader(Archive(data, limits), found, Sheet("A", "xl/worksheets/sheet1.xml", False), limits)
        try:
            rows: object = list(reader.rows())
        except RefusedError as refused:
            rows = str(refused)
    return rows, reader.hidden_rows, len(taken) if plain else 0


def both(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[object, int]:
    """Read both ways, require the same, and say how many rows were plain."""
    rows, hidden, count = read(text, True, monkeypatch)
    assert (rows, hidden, 0) == read(text, False, monkeypatch), text
    return rows, count


def test_rows_by_excel_are_plain(monkeypatch):
    rows, count = both(PLAIN, monkeypatch)
    assert count == 6
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [str(getattr(cell, "text", cell)) for cell in rows[0][1]] == ["R1", "T1", "", " PlanA é ", "", "3.5"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (PLAIN.replace("x14ac=", "other="), 0),
        (f'<?xml version="1.0" encoding="UTF-8"?>{PLAIN}', 6),
        (f'<?xml version="1.0" encoding="ISO-8859-1"?>{PLAIN}', 0),
        (PLAIN.replace("<sheetData>", '<sheetData a="b">'), 0),
        (PLAIN.replace("<sheetData>", "<a><sheetData>").replace("</sheetData>", "</sheetData></a>"), 0),
        (PLAIN.replace("<sheetData>", '<x:sheetData xmlns:x="y"><sheetData>'), 0),
        (PLAIN.replace("<sheetData>", "<!--<sheetData>--><sheetData>"), 6),
        (PLAIN.replace("<sheetData>", "<sheetData><!--</row>").replace('<row r="3"', '--><row r="3"'), 3),
        (PLAIN.replace("<sheetData>", "<sheetData><![CDATA[</row>").replace('<row r="3"', ']]><row r="3"'), 3),
        (PLAIN.replace('<row r="2"', "<!-- " + "-" * 300_000 + '<row r="2"', 1), 1),
        (PLAIN.replace('<row r="2"', "<a>" + "b" * 600_000 + '</a><row r="2"', 1), 5),
        (PLAIN.replace("F4", "ZZZ4"), 4),
        (PLAIN.replace("F4", "B4"), 4),
        (PLAIN.replace("F4", "XFD4"), 6),
        (PLAIN.replace(EXCEL.format(4), EXCEL.format(2)), 4),
        (PLAIN.replace("é", "\udce9"), 1),
        (PLAIN.replace("é", "\uffff"), 1),
        (PLAIN.replace(" é ", " é" * 20), 0),
        (PLAIN.replace("Plan", "&lt;&amp;quot;&apos;"), 6),
        (PLAIN.replace("Plan", "&amp;" * 4), 0),
        (PLAIN.replace("Plan", "&#65;"), 0),
        (f"{OPENED}</worksheet>", 0),
        (f'{OPENED}<sheetData><row r="9"></row></sheetData></worksheet>', 1),
    ],
)
def test_only_rows_in_their_place_are_plain(text, count, monkeypatch):
    assert both(text, monkeypatch)[1] == count


def test_any_damage_comes_out_the_same(monkeypatch):
    """3,000 sheets with one to three odd pieces put in, cut out or put in place of others."""
    dice = random.Random(11)
    refused = plain = 0
    for _ in range(3000):
        text = PLAIN
        for _ in range(dice.choice((1, 1, 2, 3))):
            place = dice.choice([m.start() + dice.choice((0, 0, 1, 4)) for m in re.finditer('[<>" ]', text)])
            text = text[:place] + dice.choice(ODD) + text[place + dice.choice((0, 0, 1, 5)) :]
        rows, count = both(text, monkeypatch)
        refused += isinstance(rows, str)
        plain += count
    assert 500 < refused < 2900
    assert plain > 3000


def test_plain_rows_count_as_elements(monkeypatch):
    monkeypatch.setattr("jta.imports.xlsx_sheet._MOST_ELEMENTS", 30)
    assert "too many elements" in read_inventory(zip_dict(parts(kind_sheet(ROWS["inventory"]))), "a.xlsx").refused
    monkeypatch.setattr("jta.imports.xlsx_sheet._MOST_ELEMENTS", 100)
    assert read_inventory(book(ROWS["inventory"]), "a.xlsx").accepted == 3


def test_a_sheet_of_the_other_name_space_is_plain_too(monkeypatch):
    assert both(PLAIN.replace(MAIN, SHEET_SPACES[1]), monkeypatch)[1] == 6
    assert both(sheet("<sheetData></sheetData>"), monkeypatch)[0] == []
