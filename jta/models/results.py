"""A run of the analysis: one data set, one plan, one version of the software, one result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db
from jta.models.review import Dataset

JOB_STATES = ("waiting", "running", "done", "failed")


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


class AnalysisJob(db.Model):
    """An analysis that somebody asked for: how far it is, and the run it became.

    ``alive_at`` is its last sign of life. A job whose process was stopped gives none and counts as stopped.
    """

    __tablename__ = "analysis_job"
    __table_args__ = (CheckConstraint(f"state IN {JOB_STATES}", name="known_state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    state: Mapped[str] = mapped_column(default="waiting")
    progress: Mapped[str] = mapped_column(default="")
    run_id: Mapped[int | None] = mapped_column(ForeignKey("analysis_run.id"))
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    alive_at: Mapped[datetime]
    dataset: Mapped[Dataset] = relationship()
