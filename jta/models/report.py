"""Documents that left the house, kept byte for byte."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db


class Document(db.Model):
    """A file that was made for a study: what, when, by whom, from which content.

    ``restricted``: it holds answers of single people, so that only the psychometrician may have it.
    """

    __tablename__ = "document"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    blueprint_id: Mapped[int | None] = mapped_column(ForeignKey("blueprint.id", ondelete="SET NULL"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id", ondelete="SET NULL"))
    plan_hash: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    media_type: Mapped[str]
    restricted: Mapped[bool] = mapped_column(default=False)
    filename: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    file_hash: Mapped[str]
    source_hash: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class EvidenceNote(db.Model):
    """Why a line of a standard is met, or need not be, where the study itself does not show it."""

    __tablename__ = "evidence_note"
    __table_args__ = (UniqueConstraint("study_id", "line"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    line: Mapped[str]
    text: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute
