"""Families 73 to 87: containers that lie, and files that are something else."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.imports.case import GOOD, Case
from tests.imports.files import (
    PACKAGE,
    ROWS,
    Part,
    book,
    json_bytes,
    kind_sheet,
    part,
    parts,
    replaced,
    zeros,
    zip_dict,
    zip_parts,
)

SHEET = "xl/worksheets/sheet1.xml"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def good_parts() -> list[Part]:
    return [part(name, data) for name, data in parts(kind_sheet(ROWS["inventory"])).items()]


def bomb(megabytes: int, claimed: int | None = None) -> bytes:
    """A workbook with one part of zeros; ``claimed`` is the size its headers state."""
    size = megabytes << 20 if claimed is None else claimed
    return zip_parts([*good_parts(), Part(b"xl/media/image1.png", zeros(megabytes), size, 0)])


def bombs() -> Iterator[Case]:
    def refused(family: int, name: str, data: Callable[[], bytes], words: str) -> Case:
        return Case(family, name, data, "refuse", words, "file.xlsx")

    yield refused(73, "one_gigabyte", lambda: bomb(1024), "when unpacked")
    yield refused(73, "ninety_megabytes", lambda: bomb(90), "looks like a bomb")
    xml = b'<?xml version="1.0"?><worksheet>' + b" " * (50 << 20) + b"</worksheet>"
    yield refused(73, "sheet", lambda: zip_dict({**parts(kind_sheet([])), SHEET: xml}), "looks like a bomb")
    yield refused(74, "claims_less", lambda: bomb(1024, 5_000), "larger than it claims")
    yield refused(74, "claims_more", lambda: zip_parts(_resized(5)), "damaged")
    yield refused(74, "sheet_claims_less", lambda: zip_parts(_resized(-50)), "larger than it claims")
    yield refused(
        75,
        "entries",
        lambda: zip_dict({**parts(kind_sheet([])), **{f"x/{i}": b"" for i in range(500)}}),
        "more than 500 parts",
    )
    yield refused(
        75,
        "claims_few",
        lambda: zip_parts([*good_parts(), *(part(f"{i}", b"") for i in range(9_000))], 5),
        "counts its parts wrongly",
    )
    yield refused(75, "very_many", lambda: zip_parts(part(f"{i}", b"") for i in range(60_000)), "more than 500 parts")
    yield refused(76, "overlap", _overlap, "overlap")
    yield refused(76, "quine_style", _same_bytes, "disagree")
    yield refused(
        77, "nested", lambda: zip_parts([*good_parts(), part("xl/embeddings/a.xlsx", book([]))]), "packed file"
    )
    yield refused(
        77, "nested_renamed", lambda: zip_parts([*good_parts(), part("xl/media/a.png", book([]))]), "packed file"
    )
    for name in ("../../etc/cron.d/x", "/etc/passwd", "..\\x", "xl/../../x", "C:/x"):
        yield refused(78, name, lambda name=name: zip_parts([*good_parts(), part(name, b"x")]), "points outside")
    link = replace(part("xl/media/a", b"/etc/passwd"), made_by=(3 << 8) + 20, attributes=(stat.S_IFLNK | 0o777) << 16)
    yield refused(79, "symlink", lambda: zip_parts([*good_parts(), link]), "link to another file")
    yield refused(80, "same", lambda: zip_parts([*good_parts(), *good_parts()]), "same name")
    yield refused(80, "by_case", lambda: zip_parts([*good_parts(), part(SHEET.upper(), b"<a/>")]), "same name")
    yield refused(
        81,
        "name",
        lambda: zip_parts(replaced(good_parts(), SHEET, local_name=SHEET.replace("1", "2").encode())),
        "disagree",
    )
    yield refused(81, "size", lambda: zip_parts(replaced(good_parts(), SHEET, local_size=9)), "disagree")
    yield refused(82, "data", lambda: _flipped(), "damaged")
    yield refused(82, "check_sum", lambda: zip_parts(replaced(good_parts(), SHEET, crc=1)), "damaged")
    yield refused(
        84, "locked_part", lambda: zip_parts(replace(p, flags=1) for p in good_parts()), "protected by a password"
    )
    yield refused(82, "method", lambda: zip_parts(replace(p, method=14) for p in good_parts()), "unusual way")


def _resized(by: int) -> list[Part]:
    listed = good_parts()
    size = next(p.size for p in listed if p.name == SHEET.encode())
    return replaced(listed, SHEET, size=size + by)


def _overlap() -> bytes:
    """A stored part that holds the whole record of another part, which the directory lists too."""
    inner = zip_parts([part("xl/inner.xml", b"<a/>")])
    record = inner[: inner.index(b"PK\x01\x02")]
    outer = Part(b"outer.bin", record, len(record), zlib.crc32(record), method=0)
    start = 30 + len(outer.name)
    listed = part("xl/inner.xml", b"<a/>")
    return zip_parts([outer, replace(listed, offset=start), *good_parts()])


def _same_bytes() -> bytes:
    """Many names in the directory for one part: the trick of the best bombs."""
    listed = good_parts()
    return zip_parts([*listed, *(replace(listed[0], name=f"x{i}.xml".encode(), offset=0) for i in range(50))])


def _flipped() -> bytes:
    data = bytearray(zip_parts(good_parts()))
    at = data.index(SHEET.encode()) + len(SHEET) + 40
    data[at] ^= 0x10
    return bytes(data)


def strangers() -> Iterator[Case]:
    def refused(family: int, name: str, data: bytes, words: str, filename: str = "file.xlsx") -> Case:
        return Case(family, name, lambda: data, "refuse", words, filename)

    good = book(ROWS["inventory"])
    yield refused(83, "png_then_zip", PNG + good, "a picture")
    yield refused(83, "zip_then_png", good + PNG, "other data behind")
    yield refused(83, "text_then_zip", b"PK\x03\x04hello" + good, "directory is not where")
    yield refused(84, "encrypted_package", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password")
    macro = {**parts(kind_sheet(ROWS["inventory"])), "xl/vbaProject.bin": b"x"}
    yield refused(85, "renamed", zip_dict(macro), "holds macros")
    yield refused(85, "xlsm", zip_dict(macro), "must end in", "file.xlsm")
    main = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    override = f'<Override PartName="/xl/workbook.xml" ContentType="{main}"/>'
    kinds = f'<Types xmlns="{PACKAGE}/content-types">{override}</Types>'
    yield refused(
        85,
        "by_content_type",
        zip_dict({**macro, "xl/vbaProject.bin": b"", "[Content_Types].xml": kinds.encode()}),
        "holds macros",
    )
    only_type = {**parts(kind_sheet(ROWS["inventory"])), "[Content_Types].xml": kinds.encode()}
    yield refused(85, "only_content_type", zip_dict(only_type), "holds macros")
    for ending in ("xls", "xlsx", "csv"):
        yield refused(86, f"named_{ending}", OLE + "Workbook".encode("utf-16-le"), "old Excel file", f"file.{ending}")
    yield refused(86, "old_document", OLE + "WordDocument".encode("utf-16-le"), "old Office document", "file.csv")
    yield refused(86, "biff2", b"\x09\x04\x06\x00\x07\x00\x10\x00", "old Excel file", "file.csv")
    samples = {
        "html": (b"<html><table><tr><td>task_code</td></tr></table></html>", "HTML"),
        "html_doctype": (b"\xef\xbb\xbf\n<!DOCTYPE html><p>", "HTML"),
        "ods": (zip_dict({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "OpenDocument"),
        "docx": (zip_dict({"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}), "Word document"),
        "zip": (zip_dict({"a.csv": GOOD.encode()}), "not an Excel workbook"),
        "exe": (b"MZ" + bytes(100), "a program"),
        "png": (PNG, "a picture"),
        "pdf": (b"%PDF-1.7\n", "a PDF"),
        "svg": (b'<?xml version="1.0"?><svg onload="x"/>', "SVG"),
        "xml": (b"<tasks><task/></tasks>", "markup"),
        "gzip": (b"\x1f\x8b\x08" + bytes(20), "compressed"),
    }
    for name, (data, words) in samples.items():
        endings = ("xlsx",) if data.startswith(b"PK") else ("xlsx", "csv", "json")
        for ending in endings:
            yield refused(87, f"{name}_as_{ending}", data, words, f"file.{ending}")
    yield refused(87, "xlsx_as_csv", good, "named .csv but holds an Excel workbook", "file.csv")
    yield refused(87, "csv_as_xlsx", GOOD.encode(), "named .xlsx but holds CSV text")
    yield refused(87, "json_as_csv", json_bytes(ROWS["inventory"]), "named .csv but holds JSON", "file.csv")
    yield refused(87, "csv_as_json", GOOD.encode(), "named .json but holds CSV text", "file.json")
    yield Case(87, "upper_case_ending_is_fine", lambda: GOOD.encode(), "accept", filename="FILE.CSV")


ZIP_CASES = [case for group in (bombs, strangers) for case in group()]
