"""A run of the analysis: one data set, one plan, one version of the software, one result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db
from jta.models.review import Dataset


class AnalysisRun(db.Model):
    """The stored result of one analysis; the same data set and plan always give the same bytes."""

    __tablename__ = "analysis_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    plan_hash: Mapped[str]
    summary: Mapped[dict[str, Any]] = mapped_column(JSON)
    tables: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    result_hash: Mapped[str]
    run_by: Mapped[str]
    run_at: Mapped[datetime]
    dataset: Mapped[Dataset] = relationship()
