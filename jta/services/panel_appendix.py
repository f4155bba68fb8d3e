"""Meetings and decisions as files: the appendix in Word, notes and decisions as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jta.models.meeting import Meeting, MeetingNote
from jta.models.study import Study
from jta.services.panel_meetings import list_meetings
from jta.services.panel_themes import LogLine, count_notes, decision_log, list_themes

if TYPE_CHECKING:
    from jta.exports.appendix import Appendix, SessionEntry


def build_appendix(study: Study) -> Appendix:
    """Return what the appendix shows: sessions, codebook, decisions; profiles of participants, no names."""
    from jta.exports.appendix import Appendix

    notes = count_notes(study.id)
    return Appendix(
        study.title, study.notice or "", tuple(_session(meeting) for meeting in list_meetings(study.id)),
        tuple((t.code, t.title, t.description, str(notes.get(t.id, 0))) for t in list_themes(study.id)),
        tuple(_decision(line, study) for line in reversed(decision_log(study.id))),
    )  # fmt: skip


def _session(meeting: Meeting) -> SessionEntry:
    from jta.exports.appendix import NoteEntry, SessionEntry

    facts = (
        ("Kind", meeting.kind), ("Date", str(meeting.held_on or "not given")), ("Place", meeting.place or "not given"),
        ("Moderator", meeting.moderator or "not given"), ("Participants", str(len(meeting.participants))),
    )  # fmt: skip
    people = tuple(
        (p.job_title or "–", "–" if p.years is None else str(p.years), p.district_size or "–", p.region or "–")
        for p in meeting.participants
    )
    notes = tuple(NoteEntry(n.text, n.is_quote, themes_of(n), codes_of(n)) for n in meeting.notes)
    return SessionEntry(f"{meeting.number}. {meeting.title}", facts, meeting.agenda, meeting.summary, people, notes)


def themes_of(note: MeetingNote) -> str:
    """Return the themes of a note in words."""
    return ", ".join(theme.title for theme in note.themes)


def codes_of(note: MeetingNote) -> str:
    """Return the codes of the tasks and KSAs that came from a note."""
    return ", ".join(statement.code for link in note.links if (statement := link.task or link.knowledge) is not None)


def _decision(line: LogLine, study: Study) -> tuple[str, ...]:
    day = line.at.astimezone(ZoneInfo(study.time_zone)).date().isoformat()
    decided = line.decided if line.stands else f"{line.decided} (replaced later)"
    return (day, line.where, line.about, decided, line.vote, line.reason, line.by_name)


def appendix_docx(study: Study) -> bytes:
    """Return the appendix as a Word document."""
    from jta.exports.appendix import write_appendix

    return write_appendix(build_appendix(study))


def notes_csv(study_id: int) -> bytes:
    """Return every note as CSV, with its themes and the statements it led to."""
    from jta.exports.csv_text import write_csv

    headers = ("session", "title", "date", "note", "is_quote", "themes", "statements")
    rows = [
        (m.number, m.title, str(m.held_on or ""), n.text, n.is_quote, themes_of(n), codes_of(n))
        for m in list_meetings(study_id)
        for n in m.notes
    ]
    return write_csv(headers, rows)


def log_csv(study: Study) -> bytes:
    """Return the decision log as CSV, oldest first."""
    from jta.exports.csv_text import write_csv

    headers = ("date", "where", "about", "decision", "vote", "reason", "by")
    return write_csv(headers, [_decision(line, study) for line in reversed(decision_log(study.id))])


def note_starts(note: MeetingNote) -> Mapping[str, object]:
    """Return a note as its form shows it first."""
    return {
        "text": note.text, "is_quote": note.is_quote, "codes": codes_of(note), "version": note.version,
        "themes": [str(theme.id) for theme in note.themes],
    }  # fmt: skip
