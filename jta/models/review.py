"""The frozen data set: the hinge between answers and statistics."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db


class Dataset(db.Model):
    """The included responses, written once as Parquet bytes; analysis reads only this."""

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("study_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    data_hash: Mapped[str]
    file_hash: Mapped[str]
    rule: Mapped[str]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    frozen_by: Mapped[str]
    frozen_at: Mapped[datetime]
