"""Families 56 to 72 and the workbook forms of some others: what a sheet can hold."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import openpyxl

from tests.imports.case import STATEMENT, Case
from tests.imports.files import (
    HEADERS,
    MAIN,
    RELATION,
    ROWS,
    Xml,
    book,
    changed,
    kind_sheet,
    parts,
    sheet,
    sheet_data,
    with_relation,
    zip_dict,
)

GOOD_SHEET = kind_sheet(ROWS["inventory"])
TABLE = [HEADERS["inventory"], *ROWS["inventory"]]
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="000"/>'
    '<numFmt numFmtId="165" formatCode="d\\-mmm"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="165"/>'
    '<xf numFmtId="11"/><xf numFmtId="49"/></cellXfs></styleSheet>'
)


def xlsx(family: int, name: str, data: Callable[[], bytes], verdict: str, words: str = "", **more: object) -> Case:
    return Case(family, name, data, verdict, words, "file.xlsx", **more)


def odd_cell(family: int, name: str, xml: str, words: str, column: str = STATEMENT, kind: str = "inventory") -> Case:
    """A workbook with number formats and one odd cell in row 3."""
    found = parts(kind_sheet(changed(kind, 1, column, Xml(xml)), kind))
    found = with_relation({**found, "xl/styles.xml": STYLES.encode()}, "styles", "styles.xml")
    place = {"row": 3, "column": column, "accepted": 2} if words else {}
    return xlsx(family, name, lambda: zip_dict(found), "problem" if words else "accept", words, kind=kind, **place)


def numbers() -> Iterator[Case]:
    """Codes that a spreadsheet stored as numbers, and dates of both calendars."""
    code = "task_code"
    yield odd_cell(32, "whole_number_code", '<c r="@"><v>7</v></c>', "", code)
    yield odd_cell(32, "whole_number_code_as_text_format", '<c r="@" s="5"><v>7</v></c>', "", code)
    yield odd_cell(32, "007_by_format", '<c r="@" s="1"><v>7</v></c>', "may have lost zeros", code)
    yield odd_cell(32, "1e5_by_format", '<c r="@" s="4"><v>100000</v></c>', "may have lost zeros", code)
    yield odd_cell(32, "1_10_as_number", '<c r="@"><v>1.1</v></c>', 'code "1.1" is stored as a number', code)
    yield odd_cell(32, "mar1_as_date", '<c r="@" s="3"><v>46082</v></c>', "holds a date", code)
    yield odd_cell(41, "date_code", '<c r="@" s="2"><v>46082</v></c>', "holds a date", code)
    yield odd_cell(41, "date_rating", '<c r="@" s="2"><v>3</v></c>', "holds a date", "value", "ratings")
    yield odd_cell(41, "iso_date", '<c r="@" t="d"><v>2026-03-01</v></c>', "holds a date", code)
    found = parts(kind_sheet(changed("inventory", 1, code, Xml('<c r="@" s="2"><v>44620</v></c>'))))
    found["xl/workbook.xml"] = found["xl/workbook.xml"].replace(b"<sheets>", b'<workbookPr date1904="1"/><sheets>')
    found = with_relation({**found, "xl/styles.xml": STYLES.encode()}, "styles", "styles.xml")
    yield xlsx(62, "date", lambda: zip_dict(found), "problem", "holds a date", row=3, column=code, accepted=2)
    plain = {**found, "xl/worksheets/sheet1.xml": GOOD_SHEET.encode()}
    yield xlsx(62, "without_dates", lambda: zip_dict(plain), "accept")
    for name, raw in (("nan", "NaN"), ("1e309", "1e309"), ("digits", "9" * 400)):
        cell = f'<c r="@"><v>{raw}</v></c>'
        yield odd_cell(39, f"{name}_xlsx_number", cell, "not a whole number", "value", "ratings")
    yield odd_cell(38, "negative_xlsx_number", '<c r="@"><v>-1</v></c>', "not a whole number", "value", "ratings")
    yield odd_cell(39, "whole_xlsx_number", '<c r="@"><v>4.0</v></c>', "", "value", "ratings")


def layout() -> Iterator[Case]:
    """Merged, hidden, far and wrongly measured cells."""
    merge = '<mergeCells count="1"><mergeCell ref="{}"/></mergeCells>'
    for family, name, ref in ((56, "column", "B2:B3"), (56, "head", "A1:B1"), (60, "giant", "A1:XFD1048576")):
        merged = kind_sheet(ROWS["inventory"], after=merge.format(ref))
        yield xlsx(family, name, lambda merged=merged: zip_dict(parts(merged)), "refuse", f'Cells "{ref}" are merged')
    other = sheet(sheet_data([["some", "notes"]]))
    for state in ("hidden", "veryHidden"):
        two = parts(GOOD_SHEET, other, names=("Tasks", "Old"), states=("visible", state))
        yield xlsx(57, f"sheet_{state}", lambda two=two: zip_dict(two), "clean", 'Hidden sheet "Old" was not read')
    yield xlsx(57, "only_sheet", lambda: zip_dict(parts(GOOD_SHEET, states=("hidden",))), "refuse", "visible sheets")
    first = parts(other, GOOD_SHEET, names=("Notes", "Tasks"))
    yield xlsx(57, "second_sheet", lambda: zip_dict(first), "clean", 'Sheet "Notes" was not read')
    yield xlsx(57, "two_tables", lambda: zip_dict(parts(GOOD_SHEET, GOOD_SHEET)), "refuse", "Two sheets have these")
    hidden = sheet(sheet_data(TABLE, {3: ' hidden="1"'}))
    yield xlsx(57, "row", lambda: zip_dict(parts(hidden)), "problem", "The row is hidden", row=3, accepted=2)
    flat = sheet(sheet_data(TABLE, {3: ' ht="0" customHeight="1"'}))
    yield xlsx(57, "row_flat", lambda: zip_dict(parts(flat)), "problem", "The row is hidden", row=3, accepted=2)
    narrow = kind_sheet(ROWS["inventory"], before='<cols><col min="6" max="6" hidden="1"/></cols>')
    yield xlsx(57, "column", lambda: zip_dict(parts(narrow)), "problem", "is hidden", row=1, column=STATEMENT)
    for name, ref in (("small", "A1:A1"), ("large", "A1:XFD1048576"), ("nonsense", "?")):
        dimension = kind_sheet(ROWS["inventory"], before=f'<dimension ref="{ref}"/>')
        yield xlsx(58, name, lambda dimension=dimension: zip_dict(parts(dimension)), "accept")
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    stray = GOOD_SHEET.replace("</sheetData>", far)
    yield xlsx(59, "cell", lambda: zip_dict(parts(stray)), "problem", "right of the last named column", row=1_048_576)
    low = GOOD_SHEET.replace("</sheetData>", far.replace("XFD", "A"))
    yield xlsx(59, "row", lambda: zip_dict(parts(low)), "problem", "total or note row", row=1_048_576)
    outside = GOOD_SHEET.replace("</sheetData>", '<row r="1048577"><c r="A1048577"><v>1</v></c></row></sheetData>')
    yield xlsx(59, "outside", lambda: zip_dict(parts(outside)), "refuse", "not in order")
    twice = GOOD_SHEET.replace('r="3"', 'r="2"').replace('3" t=', '2" t=')
    yield xlsx(59, "row_twice", lambda: zip_dict(parts(twice)), "refuse", "not in order")
    wide = sheet(sheet_data([[*HEADERS["inventory"], *(f"x{i}" for i in range(16_000))]]))
    yield xlsx(23, "xlsx", lambda: zip_dict(parts(wide)), "refuse", "more than 64 columns")
    yield xlsx(13, "xlsx_no_cells", lambda: zip_dict(parts(sheet("<sheetData/>"))), "refuse", "sheets are empty")


def texts() -> Iterator[Case]:
    """Error cells, strict name spaces, rich text, Excel's escapes."""
    yield odd_cell(61, "ref", '<c r="@" t="e"><v>#REF!</v></c>', 'error value "#REF!"')
    yield odd_cell(61, "na_code", '<c r="@" t="e"><v>#N/A</v></c>', 'error value "#N/A"', "task_code")
    yield odd_cell(61, "rating", '<c r="@" t="e"><v>#DIV/0!</v></c>', "error value", "value", "ratings")
    yield odd_cell(61, "as_text", '<c r="@" t="str"><v>#REF!</v></c>', "error value")
    strict = {
        name: data.replace(MAIN.encode(), b"http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
            RELATION.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships"
        )
        for name, data in parts(GOOD_SHEET).items()
    }
    yield xlsx(63, "read_like_the_usual", lambda: zip_dict(strict), "accept")
    runs = '<r><t>Enforce </t></r><r><rPr><b/></rPr><t xml:space="preserve">the policy</t></r><rPh><t>NOT</t></rPh>'
    rich = kind_sheet(changed("inventory", 1, STATEMENT, Xml('<c r="@" t="s"><v>0</v></c>')))
    shared = {**parts(rich), "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si>{runs}</si></sst>'.encode()}
    shared = with_relation(shared, "sharedStrings", "sharedStrings.xml")
    yield xlsx(64, "shared", lambda: zip_dict(shared), "accept")
    yield odd_cell(64, "inline", f'<c r="@" t="inlineStr"><is>{runs}</is></c>', "")
    beyond = {**shared, "xl/worksheets/sheet1.xml": rich.replace("<v>0</v>", "<v>1</v>").encode()}
    yield xlsx(64, "missing_text", lambda: zip_dict(beyond), "refuse", "not in order")
    line = changed("inventory", 1, STATEMENT, "Plan_x000D_\nit")
    yield xlsx(65, "line_break", lambda: book(line), "clean", "replaced by a space")
    literal = changed("inventory", 1, STATEMENT, "Plan _x005F_x000D_ it")
    yield xlsx(65, "literal", lambda: book(literal), "accept")


def links() -> Iterator[Case]:
    """Files that reach outside of themselves."""
    good, external = parts(GOOD_SHEET), ' TargetMode="External"'
    link = with_relation(good, "externalLink", "externalLinks/externalLink1.xml")
    yield xlsx(66, "external_link", lambda: zip_dict(link), "refuse", "linked to another workbook")
    data = with_relation(good, "connections", "connections.xml")
    yield xlsx(66, "connection", lambda: zip_dict(data), "refuse", "draws data from elsewhere")
    template = with_relation(good, "attachedTemplate", "http://x.example/t", external)
    yield xlsx(66, "template", lambda: zip_dict(template), "refuse", "refers to something outside")
    drawing = "xl/drawings/_rels/drawing1.xml.rels"
    picture = with_relation(good, "image", "http://x.example/a.png", external, drawing)
    yield xlsx(67, "web_picture", lambda: zip_dict(picture), "refuse", "a picture from the web")
    live = Xml('<c r="@"><f>_xlfn.IMAGE("http://x.example/a.png")</f><v>0</v></c>')
    rows = changed("inventory", 1, STATEMENT, live)
    yield xlsx(67, "image_formula", lambda: book(rows), "problem", "a formula", row=3, column=STATEMENT, accepted=2)
    sheet_links = "xl/worksheets/_rels/sheet1.xml.rels"
    mail = with_relation(good, "hyperlink", "mailto:ana@example.org", external, sheet_links)
    yield xlsx(66, "plain_hyperlink_is_fine", lambda: zip_dict(mail), "accept")


def markup() -> Iterator[Case]:
    """XML that attacks its parser."""
    good = parts(GOOD_SHEET)
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "_rels/.rels"):
        text = good[name].decode()
        start = text.index("?>") + 2 if text.startswith("<?xml") else 0
        bad = {**good, name: f"{text[:start]}{entity}{text[start:]}".encode()}
        label = name.rpartition("/")[2].strip("[].").replace(".", "_").lower()
        yield xlsx(68, label, lambda bad=bad: zip_dict(bad), "refuse", "document type or entities")
    unread = {**good, "docProps/app.xml": f"{entity}<a>&e;</a>".encode()}
    yield xlsx(68, "part_not_read", lambda: zip_dict(unread), "refuse", "document type or entities")
    wide = {**good, "docProps/app.xml": f"{entity}<a/>".encode("utf-16")}
    yield xlsx(68, "utf16_part", lambda: zip_dict(wide), "refuse", "document type or entities")
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    for name, text in (("sheet", GOOD_SHEET.replace("<sheetData>", include + "<sheetData>")), ("cell", "")):
        cell = f'<c r="@" t="inlineStr"><is><t>{include}</t></is></c>'
        made = text or kind_sheet(changed("inventory", 1, STATEMENT, Xml(cell)))
        yield xlsx(69, name, lambda made=made: zip_dict(parts(made)), "refuse", "XInclude")
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    laughs = sheet(sheet_data(TABLE), head=f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>').replace("Planning", "&l9;")
    yield xlsx(70, "sheet", lambda: zip_dict(parts(laughs)), "refuse", "document type or entities")
    blow = sheet(sheet_data(TABLE), head=f'<!DOCTYPE x [<!ENTITY a "{"x" * 50_000}">]>')
    blow = blow.replace("Planning", "&a;" * 1_000)
    yield xlsx(71, "sheet", lambda: zip_dict(parts(blow)), "refuse", "document type or entities")
    deep = "<a>" * 65 + "</a>" * 65
    for name, count in (("sheet", 65), ("sheet_very", 30_000)):
        bad = kind_sheet(ROWS["inventory"], after="<a>" * count + "</a>" * count)
        words = "nested too deep" if count == 65 else ""
        yield xlsx(72, name, lambda bad=bad: zip_dict(parts(bad)), "refuse", words)
    nested = GOOD_SHEET.replace("</sheetData>", "<row>" + "<c>" * 500 + "</c>" * 500 + "</row></sheetData>")
    yield xlsx(72, "cells_in_cells", lambda: zip_dict(parts(nested)), "refuse", "not in order")
    yield xlsx(72, "part_not_read", lambda: zip_dict({**good, "docProps/app.xml": deep.encode()}), "refuse", "too deep")
    attributes = " ".join(f'a{i}="1"' for i in range(5_000))
    busy = kind_sheet(ROWS["inventory"], after=f"<a {attributes}/>")
    yield xlsx(72, "attributes", lambda: zip_dict(parts(busy)), "refuse", "too many elements")
    unknown = {**good, "docProps/app.xml": b'<?xml version="1.0" encoding="utf-7"?><a/>'}
    yield xlsx(72, "unknown_encoding", lambda: zip_dict(unknown), "refuse", "damaged")


def honest() -> Iterator[Case]:
    """Workbooks written by a common library."""
    for kind, table in ROWS.items():
        stream = io.BytesIO()
        made = openpyxl.Workbook()
        for row in [HEADERS[kind], *table]:
            made.active.append(row)
        made.save(stream)
        data = stream.getvalue()
        yield xlsx(58, f"usual_{kind}", lambda data=data: data, "accept", kind=kind)


XLSX_CASES = [case for group in (numbers, layout, texts, links, markup, honest) for case in group()]
