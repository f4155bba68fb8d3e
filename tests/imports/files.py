"""Builds the files of the corpus: CSV, JSON, workbooks part by part, and ZIP containers that lie."""

from __future__ import annotations

import csv
import io
import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import escape

HEADERS = {
    "inventory": ["domain_code", "domain", "subdomain_code", "subdomain", "task_code", "task_statement"],
    "roster": ["person_code", "name", "email", "organization", "stratum"],
    "ratings": ["respondent_id", "task_id", "scale", "value"],
}
ROWS = {
    "inventory": [
        ["D1", "Leadership", "D1.1", "Planning", "T1", "Develop a technology plan for the district."],
        ["D1", "Leadership", "D1.2", "Ethics", "T2", "Enforce the policy on student privacy."],
        ["D2", "Systems", "D2.1", "Networks", "T3", "Monitor the capacity of school networks."],
    ],
    "roster": [
        ["P1", "Ana Example", "ana@example.org", "North District", "Small"],
        ["P2", "Bo Sample", "bo@example.org", "South District", "Large"],
        ["P3", "Cy Specimen", "cy@example.org", "East District", "Small"],
    ],
    "ratings": [
        ["R1", "T1", "importance", "4"],
        ["R1", "T1", "frequency", "3"],
        ["R2", "T1", "importance", "5"],
    ],
}
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def changed(kind: str, row: int, column: str | int, text: object) -> list[list[object]]:
    """The good rows of a kind with one cell changed; ``row`` counts from 0."""
    rows: list[list[object]] = [list(r) for r in ROWS[kind]]
    rows[row][HEADERS[kind].index(column) if isinstance(column, str) else column] = text
    return rows


def csv_text(
    rows: Iterable[Sequence[object]],
    header: Sequence[str] | None = None,
    kind: str = "inventory",
    delimiter: str = ",",
    end: str = "\r\n",
) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end)
    writer.writerow(HEADERS[kind] if header is None else header)
    writer.writerows(rows)
    return stream.getvalue()


def csv_bytes(rows: Iterable[Sequence[object]], header: Sequence[str] | None = None, kind: str = "inventory") -> bytes:
    return csv_text(rows, header, kind).encode()


def json_bytes(rows: Iterable[Sequence[object]], header: Sequence[str] | None = None, kind: str = "inventory") -> bytes:
    names = HEADERS[kind] if header is None else header
    return json.dumps([dict(zip(names, row, strict=True)) for row in rows]).encode()


def column(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_xml(value: object, reference: str) -> str:
    if isinstance(value, Xml):
        return value.text.replace("@", reference)
    if isinstance(value, int | float):
        return f'<c r="{reference}"><v>{value}</v></c>'
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


@dataclass(frozen=True)
class Xml:
    """A cell written out; ``@`` stands for its reference."""

    text: str


def sheet_data(rows: Iterable[Sequence[object]], attributes: Mapping[int, str] | None = None) -> str:
    marks = attributes or {}
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(cell_xml(v, f"{column(i)}{number}") for i, v in enumerate(row, start=1) if v != "")
        lines.append(f'<row r="{number}"{marks.get(number, "")}>{cells}</row>')
    return f"<sheetData>{''.join(lines)}</sheetData>"


def sheet(data: str, before: str = "", after: str = "", head: str = "") -> str:
    opened = f'{head}<worksheet xmlns="{MAIN}" xmlns:r="{RELATION}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>{opened}{before}{data}{after}</worksheet>'


def kind_sheet(rows: Iterable[Sequence[object]], kind: str = "inventory", **more: str) -> str:
    return sheet(sheet_data([HEADERS[kind], *rows]), **more)


def parts(*sheets: str, names: Sequence[str] = (), states: Sequence[str] = (), workbook: str = "") -> dict[str, bytes]:
    """The parts of a workbook with these sheets."""
    listed = "".join(
        f'<sheet name="{names[i] if names else f"Sheet{i + 1}"}" sheetId="{i + 1}" r:id="rId{i + 1}" '
        f'state="{states[i] if states else "visible"}"/>'
        for i in range(len(sheets))
    )
    relations = "".join(
        f'<Relationship Id="rId{i + 1}" Type="{RELATION}/worksheet" Target="worksheets/sheet{i + 1}.xml"/>'
        for i in range(len(sheets))
    )
    typed = [("workbook", "sheet.main"), *((f"worksheets/sheet{i + 1}", "worksheet") for i in range(len(sheets)))]
    overrides = "".join(
        f'<Override PartName="/xl/{name}.xml" '
        f'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
        for name, kind in typed
    )
    texts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}">{workbook}'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
        **{f"xl/worksheets/sheet{i + 1}.xml": text for i, text in enumerate(sheets)},
    }
    return {name: text.encode() for name, text in texts.items()}


def with_relation(
    found: dict[str, bytes], kind: str, target: str, mode: str = "", of: str = "xl/_rels/workbook.xml.rels"
) -> dict[str, bytes]:
    """Add one relation to a part's relations."""
    extra = f'<Relationship Id="rId99" Type="{RELATION}/{kind}" Target="{target}"{mode}/></Relationships>'
    old = found.get(of, f'<Relationships xmlns="{PACKAGE}/relationships"></Relationships>'.encode()).decode()
    return {**found, of: old.replace("</Relationships>", extra).encode()}


@dataclass(frozen=True)
class Part:
    """One part of a ZIP with every field of its headers, so that they can lie."""

    name: bytes
    packed: bytes
    size: int
    crc: int
    method: int = 8
    flags: int = 0
    made_by: int = 20
    attributes: int = 0
    local_name: bytes | None = None
    local_size: int | None = None
    offset: int | None = None


def part(name: str, data: bytes) -> Part:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return Part(name.encode(), packer.compress(data) + packer.flush(), len(data), zlib.crc32(data))


def zip_parts(listed: Iterable[Part], count: int | None = None) -> bytes:
    """Write a ZIP as its parts say."""
    body, directory, number = bytearray(), bytearray(), 0
    for one in listed:
        number += 1
        name = one.name if one.local_name is None else one.local_name
        size = one.size if one.local_size is None else one.local_size
        offset = len(body) if one.offset is None else one.offset
        if one.offset is None:
            body += struct.pack(
                "<4s5H3L2H",
                b"PK\x03\x04",
                20,
                one.flags,
                one.method,
                0,
                33,
                one.crc,
                len(one.packed),
                size,
                len(name),
                0,
            )
            body += name + one.packed
        fields = (one.made_by, 20, one.flags, one.method, 0, 33, one.crc, len(one.packed), one.size, len(one.name))
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *fields, 0, 0, 0, 0, one.attributes, offset)
        directory += one.name
    total = number if count is None else count
    return bytes(body + directory) + struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, total, total, len(directory), len(body), 0
    )


def zip_dict(found: Mapping[str, bytes]) -> bytes:
    return zip_parts(part(name, data) for name, data in found.items())


def book(rows: Iterable[Sequence[object]], kind: str = "inventory") -> bytes:
    """A plain workbook with the header of a kind and these rows."""
    return zip_dict(parts(kind_sheet(rows, kind)))


def zeros(megabytes: int) -> bytes:
    """Deflated zeros, without packing them one by one: a full flush makes blocks that can be repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(b"")
    first = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (megabytes - 1) + packer.flush(zlib.Z_FINISH)


def replaced(listed: Iterable[Part], name: str, **changes: Any) -> list[Part]:
    """The parts with one of them changed."""
    return [replace(p, **changes) if p.name == name.encode() else p for p in listed]
