"""Documents that left the house, kept byte for byte."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db


class Document(db.Model):
    """A file made from a blueprint: what, when, by whom, from which content."""

    __tablename__ = "document"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    blueprint_id: Mapped[int | None] = mapped_column(ForeignKey("blueprint.id", ondelete="SET NULL"))
    kind: Mapped[str]
    filename: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    file_hash: Mapped[str]
    source_hash: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
