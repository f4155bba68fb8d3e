"""Meetings and focus groups: sessions, participants, coded notes, and what came of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import Base, db
from jta.models.inventory import Knowledge, Task
from jta.models.panel import Panelist

MEETING_KINDS = ("focus group", "meeting")

meeting_participant = Table(
    "meeting_participant",
    Base.metadata,
    Column("meeting_id", ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True),
    Column("panelist_id", ForeignKey("panelist.id"), primary_key=True),
)
note_theme = Table(
    "note_theme",
    Base.metadata,
    Column("note_id", ForeignKey("meeting_note.id", ondelete="CASCADE"), primary_key=True),
    Column("theme_id", ForeignKey("meeting_theme.id", ondelete="CASCADE"), primary_key=True),
)


class Meeting(db.Model):
    """A focus group or a meeting of the panel."""

    __tablename__ = "meeting"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        CheckConstraint(f"kind IN {MEETING_KINDS}", name="known_kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    held_on: Mapped[date | None]
    place: Mapped[str] = mapped_column(default="")
    moderator: Mapped[str] = mapped_column(default="")
    agenda: Mapped[str] = mapped_column(default="")
    summary: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    participants: Mapped[list[Panelist]] = relationship(secondary=meeting_participant, order_by=Panelist.code)
    notes: Mapped[list[MeetingNote]] = relationship(order_by="MeetingNote.position", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class MeetingTheme(db.Model):
    """One code of the codebook by which notes are sorted."""

    __tablename__ = "meeting_theme"
    __table_args__ = (UniqueConstraint("study_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class MeetingNote(db.Model):
    """One note of a meeting; a quote is what somebody said, without the name."""

    __tablename__ = "meeting_note"
    __table_args__ = (UniqueConstraint("meeting_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    text: Mapped[str]
    is_quote: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    themes: Mapped[list[MeetingTheme]] = relationship(secondary=note_theme, order_by=MeetingTheme.code)
    links: Mapped[list[NoteLink]] = relationship(order_by="NoteLink.id", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class NoteLink(db.Model):
    """A task statement or a KSA that came from a note."""

    __tablename__ = "note_link"
    __table_args__ = (
        CheckConstraint("(task_id IS NULL) <> (knowledge_id IS NULL)", name="one_statement"),
        Index(
            "uq_note_link_task", "note_id", "task_id", unique=True,
            sqlite_where=text("task_id IS NOT NULL"), postgresql_where=text("task_id IS NOT NULL"),
        ),
        Index(
            "uq_note_link_knowledge", "note_id", "knowledge_id", unique=True,
            sqlite_where=text("knowledge_id IS NOT NULL"), postgresql_where=text("knowledge_id IS NOT NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("meeting_note.id", ondelete="CASCADE"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"), index=True)
    knowledge_id: Mapped[int | None] = mapped_column(ForeignKey("knowledge.id", ondelete="CASCADE"), index=True)
    task: Mapped[Task | None] = relationship()
    knowledge: Mapped[Knowledge | None] = relationship()


class MeetingDecision(db.Model):
    """A decision of the panel with its vote and reason; written once, never changed."""

    __tablename__ = "meeting_decision"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        CheckConstraint("length(reason) > 0", name="reason_given"),
        CheckConstraint("votes_for >= 0 AND votes_against >= 0 AND abstained >= 0", name="votes_positive"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id", ondelete="SET NULL"), index=True)
    number: Mapped[int]
    decided: Mapped[str]
    votes_for: Mapped[int]
    votes_against: Mapped[int]
    abstained: Mapped[int]
    reason: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]
    meeting: Mapped[Meeting | None] = relationship()
