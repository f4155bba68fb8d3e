"""Reports as Word documents in a house style that a customer can replace.

The template (`report_template.docx`, or one of the customer's own) holds first page, header, footer and styles with
the fields ``{{ title }}``, ``{{ subtitle }}``, ``{{ notice }}`` and the loop over ``facts``; the chapters follow it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu
from docxtpl import DocxTemplate

from jta.exports.report_parts import (
    Bullets,
    Chapter,
    Facts,
    Figure,
    Missing,
    Paragraph,
    Part,
    Report,
    Section,
    Table,
    missing_words,
    numbered,
)
from jta.exports.report_word_contents import add_contents, mark_headings
from jta.exports.text import clean_text

if TYPE_CHECKING:
    from docx.document import Document

TEMPLATE = Path(__file__).with_name("report_template.docx")
_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_WIDTH = Emu(6_035_040)  # of the text on a letter page with the template's margins


FIELDS = {
    *("{{ title }}", "{{ subtitle }}", "{{ notice }}", "{{ fact.name }}", "{{ fact.value }}"),
    *("{%p if notice %}", "{%p endif %}", "{%p for fact in facts %}", "{%p endfor %}"),
}
_MOST_UNPACKED = 50 * 1024 * 1024


class TemplateError(ValueError):
    """The customer's template lacks a style, or is no Word template."""


def write_report_word(report: Report, template: bytes | None = None) -> bytes:
    """Return the report as a Word document; the same report gives the same bytes.

    Parameters
    ----------
    template : bytes, optional
        A Word file in the customer's style; by default the one that comes with the program.

    Raises
    ------
    TemplateError
        If the template cannot be used.
    """
    source = io.BytesIO(template) if template is not None else io.BytesIO(TEMPLATE.read_bytes())
    try:
        pattern = DocxTemplate(source)
        # Escaped, or text such as "R & D <b>" would be lost without a word.
        pattern.render(_fields(report), autoescape=True)
    except Exception as error:
        raise TemplateError(f"The template cannot be filled in: {error}") from error
    document = pattern.docx
    try:
        _write_body(document, report)
    except KeyError as error:
        raise TemplateError(f"The template lacks the style {error}.") from error
    _set_properties(document, report)
    sink = io.BytesIO()
    document.save(sink)
    return _fixed_times(sink.getvalue())


def check_template(template: bytes) -> None:
    """Raise unless a template can take a report: all styles are there, and it holds no macros or links outside.

    Raises
    ------
    TemplateError
    """
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as pack:
            names = pack.namelist()
            size = sum(info.file_size for info in pack.infolist())
            small = size < _MOST_UNPACKED
            links = b"".join(pack.read(name) for name in names if name.endswith(".rels") and small)
            _check_fields({name: pack.read(name) for name in names if name.endswith(".xml") and small})
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise TemplateError("This is not a Word file (.docx).") from error
    if size >= _MOST_UNPACKED or "word/document.xml" not in names:
        raise TemplateError("This is not a Word file (.docx), or it is too large.")
    if any("vbaProject" in name for name in names) or b'TargetMode="External"' in links:
        raise TemplateError("The template holds macros or links to other files. Remove them and save it again.")
    write_report_word(_SAMPLE, template)


def _check_fields(parts: dict[str, bytes]) -> None:
    """Raise for any field that is not on the list: a template is filled in by a program, and may not run one."""
    for content in parts.values():
        words = re.sub(r"<[^>]*>", "", content.decode("utf-8", "replace"))
        for mark in re.findall(r"{{.*?}}|{%.*?%}|{#.*?#}|{{|{%|{#", words, flags=re.DOTALL):
            if " ".join(mark.replace("{{", "{{ ").replace("}}", " }}").split()) not in FIELDS:
                raise TemplateError(f"The template holds a field that reports do not have: {mark[:60]}")


def _fields(report: Report) -> dict[str, Any]:
    return {
        "title": clean_text(report.title), "subtitle": clean_text(report.subtitle), "notice": clean_text(report.notice),
        "facts": [{"name": clean_text(name), "value": clean_text(value)} for name, value in report.facts],
    }  # fmt: skip


def _write_body(document: Document, report: Report) -> None:
    if report.contents:
        _page_break(document)
        document.add_paragraph("Contents", style="Contents Title")
        add_contents(document, _headings(report))
    for number, chapter in numbered(report):
        # A short paper, one without a list of contents, runs on: a chapter of a few lines needs no page of its own.
        heading = document.add_heading(clean_text(_title(number, chapter)), level=1)
        heading.paragraph_format.page_break_before = report.contents
        _write_parts(document, chapter.parts)
    if report.contents:
        mark_headings(document)


def _write_parts(document: Document, parts: Sequence[Part]) -> None:
    for part in parts:
        _write_part(document, part)


def _write_part(document: Document, part: Part) -> None:
    _WRITERS[type(part)](document, part)


def _write_paragraph(document: Document, part: Paragraph) -> None:
    document.add_paragraph(clean_text(part.text))


def _write_bullets(document: Document, part: Bullets) -> None:
    for item in part.items:
        document.add_paragraph(clean_text(item), style="List Number" if part.ordered else "List Bullet")


def _write_missing(document: Document, part: Missing) -> None:
    document.add_paragraph(missing_words(part), style="Missing")


def _write_section(document: Document, part: Section) -> None:
    document.add_heading(clean_text(part.title), level=part.level)
    _write_parts(document, part.parts)


def _write_facts(document: Document, part: Facts) -> None:
    if part.caption:
        document.add_paragraph(part.caption, style="Caption")
    for name, value in part.rows:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{clean_text(name)}: ").bold = True
        paragraph.add_run(clean_text(value))


def _write_table(document: Document, part: Table) -> None:
    document.add_paragraph(clean_text(part.caption), style="Caption").paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(part.headers), style="Report Table")
    table.autofit = False
    for column, width in zip(table.columns, part.widths, strict=True):
        column.width = Emu(int(_WIDTH * width / sum(part.widths)))
    _fill_row(table.rows[0], part.headers, part)
    _repeat_header(table.rows[0])
    body = table._tbl
    # Rows are copied as XML: adding them one by one takes minutes for long tables.
    for cells in part.rows:
        body.append(_row_xml(cells, part))
    if part.note:
        document.add_paragraph(clean_text(part.note), style="Table Note")
    else:
        document.add_paragraph(style="Table Note")


def _fill_row(row: Any, cells: Sequence[str], part: Table) -> None:
    for n, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
        paragraph = cell.paragraphs[0]
        paragraph.style = "Table Heading"
        paragraph.add_run(clean_text(text))
        if n in part.numeric:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _row_xml(cells: Sequence[str], part: Table) -> Any:
    row = OxmlElement("w:tr")
    properties = OxmlElement("w:trPr")
    properties.append(OxmlElement("w:cantSplit"))
    row.append(properties)
    for n, text in enumerate(cells):
        row.append(_cell_xml(clean_text(text), part.widths[n] / sum(part.widths), right=n in part.numeric))
    return row


def _cell_xml(text: str, share: float, *, right: bool) -> Any:
    cell, paragraph, look = OxmlElement("w:tc"), OxmlElement("w:p"), OxmlElement("w:pPr")
    size, width = OxmlElement("w:tcPr"), OxmlElement("w:tcW")
    width.set(qn("w:w"), str(int(_WIDTH * share / 635)))
    width.set(qn("w:type"), "dxa")
    size.append(width)
    style = OxmlElement("w:pStyle")
    style.set(qn("w:val"), "TableText")
    look.append(style)
    if right:
        side = OxmlElement("w:jc")
        side.set(qn("w:val"), "right")
        look.append(side)
    paragraph.append(look)
    paragraph.append(_run_xml(text))
    cell.append(size)
    cell.append(paragraph)
    return cell


def _run_xml(text: str) -> Any:
    run = OxmlElement("w:r")
    for n, line in enumerate(text.split("\n")):
        if n:
            run.append(OxmlElement("w:br"))
        words = OxmlElement("w:t")
        words.set(qn("xml:space"), "preserve")
        words.text = line
        run.append(words)
    return run


def _repeat_header(row: Any) -> None:
    properties = row._tr.get_or_add_trPr()
    for name in ("w:cantSplit", "w:tblHeader"):
        properties.append(OxmlElement(name))


def _write_figure(document: Document, part: Figure) -> None:
    document.add_paragraph(clean_text(part.caption), style="Caption").paragraph_format.keep_with_next = True
    picture = document.add_picture(io.BytesIO(part.png), width=_WIDTH)
    about = picture._inline.docPr
    about.set("descr", clean_text(part.alt))
    about.set("title", clean_text(part.caption))


_WRITERS: dict[type, Callable[[Any, Any], None]] = {
    Paragraph: _write_paragraph, Bullets: _write_bullets, Facts: _write_facts, Table: _write_table,
    Missing: _write_missing, Figure: _write_figure, Section: _write_section,
}  # fmt: skip


_SAMPLE = Report(
    "Title", "Subtitle", "Notice", [("Name", "Value")],
    [Chapter("Chapter", [
        Paragraph("Text"), Bullets(["a"]), Bullets(["a"], ordered=True), Facts([("a", "b")], "Facts"),
        Missing("a part."), Table("Table", ["A"], [["b"]], [1], note="n"),
        Section("Section", [Section("Deeper", [], level=3)]),
    ])],
    datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip


def _page_break(document: Document) -> None:
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _headings(report: Report) -> list[tuple[int, str]]:
    """Return the headings of the list of contents in their order, each with its level."""
    found: list[tuple[int, str]] = []
    for number, chapter in numbered(report):
        found.append((1, _title(number, chapter)))
        found += [(2, part.title) for part in chapter.parts if isinstance(part, Section) and part.level == 2]
    return found


def _title(number: str, chapter: Chapter) -> str:
    return f"Appendix {number}. {chapter.title}" if chapter.appendix else f"{number}. {chapter.title}"


def _set_properties(document: Document, report: Report) -> None:
    about = document.core_properties
    about.title, about.subject, about.author = clean_text(report.title), clean_text(report.subtitle), report.author
    about.language, about.comments, about.last_modified_by = report.language, "", report.author
    moment = report.at.replace(tzinfo=None)
    about.created = about.modified = moment
    about.revision = 1


def _fixed_times(content: bytes) -> bytes:
    """Write the package again with fixed times, so that the same report gives the same bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _FIXED), old.read(name), zipfile.ZIP_DEFLATED)
    return sink.getvalue()
