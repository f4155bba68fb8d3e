"""Makes ``report_template.docx``, the house style of Word reports: ``python -m jta.exports.report_template``.

A customer may replace it by a template of their own with the same fields and styles; see docs/reports.md.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

if TYPE_CHECKING:
    from docx.document import Document

INK, NAVY, RED, GREY = (RGBColor.from_string(code) for code in ("1A2530", "1F3A5F", "8B0000", "4A5866"))
FONT = "Arial"
_FIXED = (1980, 1, 1, 0, 0, 0)


def make_template() -> bytes:
    """Return the template; the same bytes at every call."""
    document = docx.Document()
    _set_page(document)
    _set_styles(document)
    _set_table_style(document)
    _write_first_page(document)
    _write_header_and_footer(document)
    document.core_properties.created = document.core_properties.modified = datetime(2026, 1, 1)  # noqa: DTZ001  Word's properties have no zone
    sink = io.BytesIO()
    document.save(sink)
    return _fixed_times(sink.getvalue())


def _set_page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.59), Cm(27.94)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin, section.bottom_margin = Cm(2.4), Cm(2.2)
    section.different_first_page_header_footer = True


def _set_styles(document: Document) -> None:
    styles = document.styles
    _look(styles["Normal"], 10, INK, after=6)
    for level, size in ((1, 18), (2, 13), (3, 11)):
        _look(styles[f"Heading {level}"], size, NAVY, bold=True, before=14 if level > 1 else 0, after=6)
    _look(styles["Title"], 26, NAVY, bold=True, before=110, after=6)
    _look(styles["Subtitle"], 15, INK, after=14)
    _look(styles["Caption"], 9, NAVY, bold=True, before=8, after=3)
    for name in ("List Bullet", "List Number"):
        _look(styles[name], 10, INK, after=3)
    new = {"Notice": (10, RED, True), "Missing": (10, RED, True), "Table Text": (8.5, INK, False),
           "Table Heading": (8.5, RGBColor(255, 255, 255), True), "Table Note": (8, GREY, False),
           "Contents Title": (18, NAVY, True), "Contents Line": (10, INK, False)}  # fmt: skip
    for name, (size, colour, bold) in new.items():
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        _look(style, size, colour, bold=bold, after=0 if name.startswith("Table T") or "Heading" in name else 6)
    for name in ("Table Text", "Table Heading"):
        styles[name].paragraph_format.space_before = styles[name].paragraph_format.space_after = Pt(2)


def _look(
    style: Any, size: float, colour: RGBColor, *, bold: bool = False, before: float = 0, after: float = 0
) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, Pt(size), bold, False
    style.font.color.rgb = colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(name), FONT)
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
        fonts.attrib.pop(qn(name), None)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)


def _set_table_style(document: Document) -> None:
    """Add the style of tables: a dark row of headings, lines between rows, every other row shaded."""
    document.styles.element.append(
        parse_xml(
            f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="ReportTable">'
            '<w:name w:val="Report Table"/><w:basedOn w:val="TableNormal"/><w:tblPr><w:tblStyleRowBandSize w:val="1"/>'
            '<w:tblBorders><w:bottom w:val="single" w:sz="4" w:color="C3CCD6"/>'
            '<w:insideH w:val="single" w:sz="4" w:color="C3CCD6"/></w:tblBorders>'
            '<w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
            '<w:tblStylePr w:type="firstRow"><w:tcPr><w:shd w:val="clear" w:fill="1F3A5F"/></w:tcPr></w:tblStylePr>'
            '<w:tblStylePr w:type="band2Horz"><w:tcPr><w:shd w:val="clear" w:fill="E9EFF6"/></w:tcPr></w:tblStylePr>'
            "</w:style>"
        )
    )


def _write_first_page(document: Document) -> None:
    document.add_paragraph("{{ title }}", style="Title")
    document.add_paragraph("{{ subtitle }}", style="Subtitle")
    document.add_paragraph("{%p if notice %}")
    document.add_paragraph("{{ notice }}", style="Notice")
    document.add_paragraph("{%p endif %}")
    document.add_paragraph("{%p for fact in facts %}")
    line = document.add_paragraph()
    line.add_run("{{ fact.name }}: ").bold = True
    line.add_run("{{ fact.value }}")
    document.add_paragraph("{%p endfor %}")


def _write_header_and_footer(document: Document) -> None:
    section = document.sections[0]
    _small(section.header.paragraphs[0], "{{ title }}: {{ subtitle }}")
    for footer in (section.footer, section.first_page_footer):
        paragraph = footer.paragraphs[0]
        _small(paragraph, "{{ notice }}    Page ")
        _page_number(paragraph)


def _small(paragraph: Any, text: str) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = Pt(8), GREY


def _page_number(paragraph: Any) -> None:
    for kind, code in (("begin", None), (None, "PAGE"), ("end", None)):
        run = paragraph.add_run()
        run.font.size = Pt(8)
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = code
        run._r.append(part)


def _fixed_times(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _FIXED), old.read(name), zipfile.ZIP_DEFLATED)
    return sink.getvalue()


if __name__ == "__main__":
    Path(__file__).with_name("report_template.docx").write_bytes(make_template())
