"""The list of contents of a Word document: a field that is filled in when it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu

from jta.exports.text import clean_text

if TYPE_CHECKING:
    from docx.document import Document

_INDENT = 180_000  # of a second-level line
_MARK = "_Toc"  # how a word processor names the bookmarks of its list of contents


def add_contents(document: Document, headings: Sequence[tuple[int, str]]) -> None:
    """Write the list of contents as a field that is filled in: lines that lead to their headings, no page numbers.

    Only a word processor knows its pages; it adds their numbers when somebody updates the field.

    Parameters
    ----------
    headings : sequence of (level, title)
        In the order in which `mark_headings` finds them.
    """
    paragraph = document.add_paragraph(style="Contents Line")
    _field(paragraph, "begin")
    run = paragraph.add_run()
    instruction = OxmlElement("w:instrText")
    instruction.set(qn("xml:space"), "preserve")
    instruction.text = ' TOC \\o "1-2" \\h \\z \\u '
    run._r.append(instruction)
    _field(paragraph, "separate")
    for n, (level, title) in enumerate(headings):
        line = paragraph if n == 0 else document.add_paragraph(style="Contents Line")
        line.paragraph_format.left_indent = Emu(_INDENT * (level - 1))
        line.paragraph_format.space_after = Emu(0)
        link = OxmlElement("w:hyperlink")
        link.set(qn("w:anchor"), f"{_MARK}{n + 1}")
        link.append(_run(clean_text(title)))
        line._p.append(link)
        paragraph = line
    _field(paragraph, "end")


def mark_headings(document: Document) -> None:
    """Set a bookmark on each heading of the first two levels, in their order."""
    marked = [p for p in document.paragraphs if p.style is not None and p.style.name in ("Heading 1", "Heading 2")]
    for n, paragraph in enumerate(marked, start=1):
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for mark in (start, end):
            mark.set(qn("w:id"), str(n))
        start.set(qn("w:name"), f"{_MARK}{n}")
        paragraph._p.insert(1 if paragraph._p.pPr is not None else 0, start)
        paragraph._p.append(end)


def _run(text: str) -> Any:
    run, words = OxmlElement("w:r"), OxmlElement("w:t")
    words.set(qn("xml:space"), "preserve")
    words.text = text
    run.append(words)
    return run


def _field(paragraph: Any, kind: str) -> None:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    paragraph.add_run()._r.append(mark)
