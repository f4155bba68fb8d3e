"""The appendix of meetings and decisions as a Word document: headings by style, tables whose first row repeats."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jta.exports.text import clean_text


@dataclass(frozen=True)
class NoteEntry:
    """One note: its text, whether it is a quote, themes and statements that came from it, in words."""

    text: str
    is_quote: bool
    themes: str
    statements: str


@dataclass(frozen=True)
class SessionEntry:
    """One session; ``people`` are profiles without names, ``facts`` label and value."""

    title: str
    facts: tuple[tuple[str, str], ...]
    agenda: str
    summary: str
    people: tuple[tuple[str, ...], ...]
    notes: tuple[NoteEntry, ...]


@dataclass(frozen=True)
class Appendix:
    """Everything the appendix shows. Rows of tables are texts in the order of their headers."""

    study: str
    notice: str
    sessions: tuple[SessionEntry, ...]
    themes: tuple[tuple[str, ...], ...]
    decisions: tuple[tuple[str, ...], ...]


PEOPLE = ("Role", "Years in the role", "District size", "Region")
THEMES = ("Code", "Theme", "Meaning", "Notes")
NOTES = ("Note", "Themes", "Led to")
DECISIONS = ("Date", "Where", "About", "Decision", "Vote", "Reason", "By")


def write_appendix(appendix: Appendix) -> bytes:
    """Return the appendix as the bytes of a .docx file, without the name of whoever made it."""
    from docx import Document

    document = Document()
    fixed = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    properties = document.core_properties
    properties.title, properties.author = clean_text(f"Meetings and decisions: {appendix.study}")[:250], ""
    properties.created = properties.modified = fixed
    document.add_heading("Meetings and decisions of the panel", level=0)
    document.add_paragraph(clean_text(appendix.study), style="Subtitle")
    if appendix.notice:
        document.add_paragraph(clean_text(appendix.notice), style="Intense Quote")
    for session in appendix.sessions:
        _session(document, session)
    if appendix.themes:
        document.add_heading("Codebook of themes", level=1)
        _table(document, THEMES, appendix.themes)
    document.add_heading("Decision log", level=1)
    if appendix.decisions:
        _table(document, DECISIONS, appendix.decisions)
    else:
        document.add_paragraph("Nothing was decided yet.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _session(document: Any, session: SessionEntry) -> None:
    document.add_heading(clean_text(session.title), level=1)
    for label, value in session.facts:
        line = document.add_paragraph()
        line.add_run(f"{label}: ").bold = True
        line.add_run(clean_text(value))
    for heading, text in (("Agenda", session.agenda), ("Summary", session.summary)):
        if text:
            document.add_heading(heading, level=2)
            for part in text.split("\n"):
                document.add_paragraph(clean_text(part))
    if session.people:
        document.add_heading("Participants, without names", level=2)
        _table(document, PEOPLE, session.people)
    if session.notes:
        document.add_heading("Notes", level=2)
        rows = [(f"“{n.text}”" if n.is_quote else n.text, n.themes, n.statements) for n in session.notes]
        _table(document, NOTES, rows)


def _table(document: Any, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from docx.oxml import OxmlElement

    table = document.add_table(rows=1, cols=len(headers), style="Light Grid Accent 1")
    for cell, header in zip(table.rows[0].cells, headers, strict=True):
        cell.text = header
    # Word repeats a row marked so on every page, and screen readers take it for the header.
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = clean_text(text)
    document.add_paragraph()
