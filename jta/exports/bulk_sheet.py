"""Very large sheets: rows go straight into the file, so that memory stays flat and time short.

Cells are plain numbers and texts (never formulas). Everything with a look of its own is written by `jta.exports.sheet`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

from jta.exports.text import clean_text

MOST_ROWS, MOST_COLUMNS, LONGEST_NAME = 1_048_576, 16_384, 31
EMPTY = b"<c/>"
_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: no clock in the file
_LEVEL = 1  # of compression: the next ones take twice the time for a tenth of the size
_CHUNK = 1 << 20
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FONT = '<sz val="10"/><name val="Arial"/>'
_STYLES = (
    f'{_HEAD}<styleSheet {_MAIN}><fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/>'
    '<xf xfId="0" numFmtId="49" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def number_cell(number: float | None) -> bytes:
    """Return the XML of a cell that holds a number, or nothing."""
    if number is None:
        return EMPTY
    return f"<c><v>{int(number) if float(number).is_integer() else repr(float(number))}</v></c>".encode()


def text_cell(text: str, *, bold: bool = False) -> bytes:
    """Return the XML of a cell that holds text: never a formula, whatever it begins with."""
    if not text:
        return EMPTY
    style = 1 if bold else 2
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(clean_text(text))}</t></is></c>'.encode()


class BulkBook:
    """A workbook that is written row by row into an open binary file; see `open_book`."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._names: list[str] = []

    def add_sheet(self, name: str, header: Sequence[str], rows: Iterable[Iterable[bytes]], frozen: int = 1) -> int:
        """Write a sheet and return its number of rows without the header.

        Parameters
        ----------
        rows : iterable of iterables of bytes
            Cells as `number_cell`, `text_cell` and `EMPTY` make them, as many as the header has.
        frozen : int
            Columns that stay in sight.

        Raises
        ------
        ValueError
            If the name, the columns or the rows are more than a sheet can hold.
        """
        if not 1 <= len(name) <= LONGEST_NAME or len(header) > MOST_COLUMNS:
            raise ValueError(f"A sheet takes a name of {LONGEST_NAME} characters and {MOST_COLUMNS:,} columns.")
        self._names.append(name)
        with self._part(f"xl/worksheets/sheet{len(self._names)}.xml") as part:
            return _write_sheet(part, header, rows, frozen)

    @contextmanager
    def _part(self, path: str) -> Iterator[BinaryIO]:
        info = zipfile.ZipInfo(path, _FIXED)
        info.compress_type = zipfile.ZIP_DEFLATED
        info._compresslevel = _LEVEL  # type: ignore[attr-defined]  # public only from Python 3.13 on
        with self._package.open(info, "w", force_zip64=True) as part:
            yield part  # type: ignore[misc]  # a ZipExtFile is binary

    def finish(self) -> None:
        """Write the parts that name the sheets."""
        sheets = list(enumerate(self._names, 1))
        parts = {
            "xl/styles.xml": _STYLES,
            "xl/workbook.xml": f'{_HEAD}<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>'
            + "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, name in sheets)
            + "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": _relations(
                [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n, _ in sheets]
                + [(f"rId{len(sheets) + 1}", "styles", "styles.xml")]
            ),
            "_rels/.rels": _relations([("rId1", "officeDocument", "xl/workbook.xml")]),
            "[Content_Types].xml": _content_types(len(sheets)),
        }
        for path, text in parts.items():
            with self._part(path) as part:
                part.write(text.encode())


def _write_sheet(part: BinaryIO, header: Sequence[str], rows: Iterable[Iterable[bytes]], frozen: int) -> int:
    corner = f'topLeftCell="{chr(65 + frozen)}2" activePane="bottomRight" state="frozen"'
    pane = f'<sheetView workbookViewId="0"><pane xSplit="{frozen}" ySplit="1" {corner}/></sheetView>'
    columns = f'<cols><col min="1" max="{len(header)}" width="14" customWidth="1"/></cols>'
    shape = f'<sheetViews>{pane}</sheetViews><sheetFormatPr defaultRowHeight="13"/>{columns}'
    part.write(f"{_HEAD}<worksheet {_MAIN}>{shape}<sheetData>".encode())
    part.write(b"<row>" + b"".join(text_cell(title, bold=True) for title in header) + b"</row>")
    count, size, held = 0, 0, []
    for row in rows:
        count += 1
        held.append(b"<row>" + b"".join(row) + b"</row>")
        size += len(held[-1])
        if size > _CHUNK:
            part.write(b"".join(held))
            held, size = [], 0
    if count >= MOST_ROWS:
        raise ValueError(f"A sheet takes {MOST_ROWS - 1:,} rows under its header, not {count:,}.")
    part.write(b"".join(held) + b"</sheetData></worksheet>")
    return count


def _relations(items: Iterable[tuple[str, str, str]]) -> str:
    inner = "".join(f'<Relationship Id="{i}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for i, kind, target in items)
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _content_types(sheets: int) -> str:
    kinds = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    kinds += [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in range(1, sheets + 1)]
    inner = "".join(f'<Override PartName="{path}" ContentType="{_TYPE}.{kind}+xml"/>' for path, kind in kinds)
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{inner}</Types>'
    )


@contextmanager
def open_book(out: BinaryIO) -> Iterator[BulkBook]:
    """Open a workbook for writing; the file is complete when the block ends without an error."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        book = BulkBook(package)
        yield book
        book.finish()
