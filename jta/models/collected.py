"""Files of ratings collected with another survey tool: the one being mapped, those imported, mappings to use again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db

FILE_STATES = ("waiting", "imported", "discarded")


class RatingFile(db.Model):
    """One uploaded file. Its bytes are kept only until it is imported or discarded; name, hash and counts stay.

    ``look`` is what the file holds (columns and their values), ``mapping`` what they mean, ``preview`` what importing
    it would do (None until asked, and again after every change). A study has one file at work at a time.
    """

    __tablename__ = "rating_file"
    __table_args__ = (
        CheckConstraint(f"state IN {FILE_STATES}", name="known_state"),
        CheckConstraint("(state = 'waiting') = (content IS NOT NULL)", name="content_while_at_work"),
        Index(
            "uq_rating_file_at_work",
            "study_id",
            unique=True,
            sqlite_where=text("content IS NOT NULL"),
            postgresql_where=text("content IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    file_hash: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    look: Mapped[dict[str, Any]] = mapped_column(JSON)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    preview: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(default="waiting")
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class CollectedResponse(db.Model):
    """A response that came in a file: ``source_key`` is a keyed mark of its id there, by which it is found again."""

    __tablename__ = "collected_response"
    __table_args__ = (UniqueConstraint("study_id", "source_key"),)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    file_id: Mapped[int] = mapped_column(ForeignKey("rating_file.id", ondelete="CASCADE"), index=True)
    source_key: Mapped[str]


class SavedMapping(db.Model):
    """What columns and values of a file meant, under a name, by the columns' titles: for the next file."""

    __tablename__ = "saved_mapping"
    __table_args__ = (UniqueConstraint("study_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    name: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_by: Mapped[str]
    saved_at: Mapped[datetime]
