"""Meetings and focus groups: sessions with participants and agenda, coded notes, themes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.imports.text import fold
from jta.models.inventory import Knowledge, Task
from jta.models.meeting import MEETING_KINDS, Meeting, MeetingNote, MeetingTheme, NoteLink
from jta.models.panel import Panelist
from jta.services.study_stage import lock_study

LONGEST_LINE, LONGEST_TEXT = 300, 8000


@dataclass(frozen=True)
class MeetingWords:
    """What is said of a meeting; ``participants`` are ids of panelists."""

    kind: str
    title: str
    held_on: date | None = None
    place: str = ""
    moderator: str = ""
    agenda: str = ""
    summary: str = ""
    participants: frozenset[int] = field(default_factory=frozenset)


def list_meetings(study_id: int) -> list[Meeting]:
    """Return the meetings of a study in order."""
    return list(db.session.scalars(select(Meeting).where(Meeting.study_id == study_id).order_by(Meeting.number)))


def get_meeting(study_id: int, meeting_id: int) -> Meeting:
    """Return a meeting of this study.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    found = db.session.get(Meeting, meeting_id)
    if found is None or found.study_id != study_id:
        raise NotFoundError
    return found


def add_meeting(actor: Actor, study_id: int, words: MeetingWords) -> Meeting:
    """Add a meeting.

    Raises
    ------
    InvalidInputError
        If the title is missing, a text too long, or a participant not on the panel.
    """
    with transaction():
        lock_study(study_id)
        last = db.session.scalar(select(func.max(Meeting.number)).where(Meeting.study_id == study_id)) or 0
        meeting = Meeting(study_id=study_id, number=last + 1)
        _write(meeting, words)
        db.session.add(meeting)
        db.session.flush()
        _record(actor, f"added {meeting.kind}", meeting, after=_state(meeting))
    return meeting


def edit_meeting(actor: Actor, study_id: int, meeting_id: int, words: MeetingWords, *, version: int) -> Meeting:
    """Change a meeting.

    Raises
    ------
    EditConflictError
        If somebody else changed it since, with both texts.
    """
    with transaction():
        lock_study(study_id)
        meeting = get_meeting(study_id, meeting_id)
        db.session.refresh(meeting, with_for_update=True)
        before = _state(meeting)
        if meeting.version != version:
            theirs = f"{meeting.title}\n{meeting.place}\n{meeting.agenda}\n{meeting.summary}"
            yours = f"{words.title}\n{words.place}\n{words.agenda}\n{words.summary}"
            said = "Nothing was saved. Compare both, then save what should stand."
            raise EditConflictError(said, theirs=theirs, yours=yours)
        _write(meeting, words)
        db.session.flush()
        if _state(meeting) != before:
            _record(actor, f"edited {meeting.kind}", meeting, before=before, after=_state(meeting))
    return meeting


def _write(meeting: Meeting, words: MeetingWords) -> None:
    if words.kind not in MEETING_KINDS:
        raise InvalidInputError("Choose what it is.", field="kind")
    if not words.title.strip():
        raise InvalidInputError("Give the session a title.", field="title")
    for name in ("title", "place", "moderator"):
        if len(getattr(words, name)) > LONGEST_LINE:
            raise InvalidInputError(f"Use {LONGEST_LINE} characters or fewer.", field=name)
    for name in ("agenda", "summary"):
        if len(getattr(words, name)) > LONGEST_TEXT:
            raise InvalidInputError(f"Use {LONGEST_TEXT:,} characters or fewer.", field=name)
    meeting.kind, meeting.title, meeting.held_on = words.kind, words.title.strip(), words.held_on
    meeting.place, meeting.moderator = words.place.strip(), words.moderator.strip()
    meeting.agenda, meeting.summary = words.agenda.strip(), words.summary.strip()
    wanted = select(Panelist).where(Panelist.study_id == meeting.study_id, Panelist.id.in_(words.participants))
    people = list(db.session.scalars(wanted.order_by(Panelist.code)))
    if len(people) != len(words.participants):
        raise InvalidInputError("Choose people of this panel.", field="participants")
    meeting.participants = people


def _state(meeting: Meeting) -> dict[str, Any]:
    names = ("kind", "title", "place", "moderator", "agenda", "summary")
    texts = {name: getattr(meeting, name) for name in names}
    return {**texts, "held": str(meeting.held_on), "people": [person.id for person in meeting.participants]}


@dataclass(frozen=True)
class NoteWords:
    """One note: its text, whether it is a quote, ids of themes, codes of tasks and KSAs that came from it."""

    text: str
    is_quote: bool = False
    themes: frozenset[int] = field(default_factory=frozenset)
    codes: tuple[str, ...] = ()


def get_note(study_id: int, note_id: int) -> tuple[Meeting, MeetingNote]:
    """Return a note of this study with its meeting.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    note = db.session.get(MeetingNote, note_id)
    if note is None:
        raise NotFoundError
    return get_meeting(study_id, note.meeting_id), note


def add_note(actor: Actor, study_id: int, meeting_id: int, words: NoteWords) -> MeetingNote:
    """Add a note at the end of a meeting.

    Raises
    ------
    InvalidInputError
        If the text is missing, a quote holds a participant's name, or a code is not in the inventory.
    """
    with transaction():
        lock_study(study_id)
        meeting = get_meeting(study_id, meeting_id)
        position = max((note.position for note in meeting.notes), default=0) + 1
        note = MeetingNote(position=position, at=clock.now())
        _write_note(meeting, note, words)
        meeting.notes.append(note)
        db.session.flush()
        _record(actor, "added note", meeting, after=words.text)
    return note


def edit_note(actor: Actor, study_id: int, note_id: int, words: NoteWords, *, version: int) -> MeetingNote:
    """Change a note.

    Raises
    ------
    EditConflictError
        If somebody else changed it since, with both texts.
    """
    with transaction():
        lock_study(study_id)
        meeting, note = get_note(study_id, note_id)
        db.session.refresh(note, with_for_update=True)
        if note.version != version:
            said = "Nothing was saved. Compare both texts, then save what should stand."
            raise EditConflictError(said, theirs=note.text, yours=words.text)
        before = note.text
        _write_note(meeting, note, words)
        note.at = clock.now()
        db.session.flush()
        _record(actor, "edited note", meeting, before=before, after=words.text)
    return note


def delete_note(actor: Actor, study_id: int, note_id: int) -> Meeting:
    """Delete a note; the trail keeps that it was there."""
    with transaction():
        lock_study(study_id)
        meeting, note = get_note(study_id, note_id)
        _record(actor, "deleted note", meeting, before=note.text)
        db.session.delete(note)
    return meeting


def _write_note(meeting: Meeting, note: MeetingNote, words: NoteWords) -> None:
    text = words.text.strip()
    if not text:
        raise InvalidInputError("Write the note.", field="text")
    if len(text) > LONGEST_TEXT:
        raise InvalidInputError(f"Use {LONGEST_TEXT:,} characters or fewer.", field="text")
    named = next((person.name for person in meeting.participants if _is_named(person.name, text)), None)
    if named is not None:
        raise InvalidInputError(
            f"The note names {named}. Write it without names, such as “a participant”.", field="text"
        )
    note.text, note.is_quote = text, words.is_quote
    known = select(MeetingTheme).where(MeetingTheme.study_id == meeting.study_id, MeetingTheme.id.in_(words.themes))
    note.themes = list(db.session.scalars(known.order_by(MeetingTheme.code)))
    _relink(meeting.study_id, note, words.codes)


def _is_named(name: str, text: str) -> bool:
    """Say whether a text holds somebody's name, or the last name as a word with its capital."""
    last = name.split()[-1]
    return fold(name) in fold(text) or (len(last) > 2 and re.search(rf"\b{re.escape(last)}\b", text) is not None)


def _relink(study_id: int, note: MeetingNote, codes: Sequence[str]) -> None:
    """Link a note to these statements and no others; links that stay keep their rows."""
    wanted = [_statement(study_id, code) for code in codes]
    note.links = [link for link in note.links if (link.task or link.knowledge) in wanted]
    there = [link.task or link.knowledge for link in note.links]
    for statement in wanted:
        if statement not in there:
            there.append(statement)
            is_task = isinstance(statement, Task)
            note.links.append(NoteLink(task=statement) if is_task else NoteLink(knowledge=statement))


def _statement(study_id: int, code: str) -> Task | Knowledge:
    tasks = db.session.scalars(select(Task).where(Task.study_id == study_id))
    ksas = db.session.scalars(select(Knowledge).where(Knowledge.study_id == study_id))
    statements: list[Task | Knowledge] = [*tasks, *ksas]
    found = next((one for one in statements if fold(one.code) == fold(code)), None)
    if found is None:
        raise InvalidInputError(f"The inventory has no task or KSA with the code {code}.", field="codes")
    return found


def _record(actor: Actor, action: str, meeting: Meeting, **more: Any) -> None:
    audit.record(actor, action, f"session {meeting.number}", study_id=meeting.study_id, **more)
