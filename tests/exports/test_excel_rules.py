"""What Excel refuses or repairs and LibreOffice forgives: names, tables, formulas, validations, texts."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

import pytest

from jta.exports.blueprint_workbook import write_blueprint_workbook
from tests.exports.books import nasty_book, realistic_book

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# Functions of ours that Excel has known since 2007; a newer one needs the prefix _xlfn.
KNOWN = {
    "ABS", "AND", "COUNT", "EXACT", "IF", "INT", "ISNUMBER", "LEFT", "OR", "ROUND", "SUM", "SUMIF", "SUMPRODUCT",
}  # fmt: skip
A_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]{1,7}|[RrCc]([0-9]*)")


def open_parts(content: bytes) -> dict[str, ElementTree.Element]:
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        return {name: ElementTree.fromstring(pack.read(name)) for name in pack.namelist() if name.endswith(".xml")}


@pytest.fixture(scope="module", params=[realistic_book, nasty_book], ids=["realistic", "nasty"])
def parts(request) -> dict[str, ElementTree.Element]:
    return open_parts(write_blueprint_workbook(request.param()))


def of_kind(parts: dict[str, ElementTree.Element], folder: str) -> list[ElementTree.Element]:
    return [part for name, part in parts.items() if name.startswith(f"xl/{folder}/")]


def test_sheets_and_names_are_ones_that_excel_takes(parts):
    book = parts["xl/workbook.xml"]
    sheets = [sheet.get("name") for sheet in book.iter(f"{MAIN}sheet")]
    assert len({name.lower() for name in sheets}) == len(sheets)
    assert all(len(name) <= 31 and not re.search(r"[\[\]:*?/\\]|^'|'$", name) for name in sheets)
    names = [(one.get("name"), one.get("localSheetId")) for one in book.iter(f"{MAIN}definedName")]
    tables = [table.get("displayName") for table in of_kind(parts, "tables")]
    own = [name for name, sheet in names if sheet is None]
    assert len({name.lower() for name in own + tables}) == len(own + tables)
    for name in own + tables:
        assert re.fullmatch(r"[A-Za-z_\\][A-Za-z0-9_.\\]{0,254}", name)
        assert not A_CELL.fullmatch(name)


def test_the_titles_of_a_table_are_told_apart_and_are_those_of_its_cells(parts):
    texts = [
        "".join(node.text or "" for node in item.iter(f"{MAIN}t"))
        for item in parts["xl/sharedStrings.xml"].findall(f"{MAIN}si")
    ]
    tables = of_kind(parts, "tables")
    assert tables
    assert len({table.get("id") for table in tables}) == len(tables)
    for table in tables:
        titles = [column.get("name") for column in table.iter(f"{MAIN}tableColumn")]
        assert len({title.lower() for title in titles}) == len(titles)
        assert all(title and len(title) <= 255 for title in titles)
        assert {re.sub(r"_x000a_", "\n", title) for title in titles} <= set(texts)


def test_formulas_are_short_and_old_enough(parts):
    formulas = [f.text for sheet in of_kind(parts, "worksheets") for f in sheet.iter(f"{MAIN}f")]
    assert formulas
    for formula in formulas:
        assert len(formula) <= 8192
        assert set(re.findall(r"([A-Z][A-Z0-9.]*)\(", formula)) <= KNOWN


def test_validations_and_texts_keep_to_their_lengths(parts):
    for sheet in of_kind(parts, "worksheets"):
        for rule in sheet.iter(f"{MAIN}dataValidation"):
            assert len(rule.get("promptTitle", "")) <= 32
            assert len(rule.get("errorTitle", "")) <= 32
            assert len(rule.get("prompt", "")) <= 255
            assert len(rule.get("error", "")) <= 225
            assert all(len(node.text or "") <= 255 for node in rule)
        footer = sheet.find(f"{MAIN}headerFooter")
        assert footer is None or all(len(node.text or "") <= 255 for node in footer)
        merged = [node.get("ref") for node in sheet.iter(f"{MAIN}mergeCell")]
        assert len(set(merged)) == len(merged)
    for item in parts["xl/sharedStrings.xml"].findall(f"{MAIN}si"):
        text = "".join(node.text or "" for node in item.iter(f"{MAIN}t"))
        assert len(text.encode("utf-16-le")) // 2 <= 32_767
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text)
