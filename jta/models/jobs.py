"""Work done beside the pages: the jobs asked for, and the workers that are alive to do them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db

WAITING, RUNNING, DONE, FAILED = JOB_STATES = ("waiting", "running", "done", "failed")


class Job(db.Model):
    """A piece of work that somebody asked for: how far it is, and what came of it.

    A worker claims it until ``claimed_until`` and renews that while it lives. A claim that ran out means that the
    worker died: the job is taken up again, or counts as failed when its tries are used up (see `jta.jobs`).
    """

    __tablename__ = "job"
    __table_args__ = (CheckConstraint(f"state IN {JOB_STATES}", name="known_state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    args: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(default=WAITING, index=True)
    progress: Mapped[str] = mapped_column(default="")
    fraction: Mapped[float | None]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    asked_by: Mapped[str]
    asked_role: Mapped[str]
    asked_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    alive_at: Mapped[datetime]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    failure: Mapped[str] = mapped_column(default="")


class Worker(db.Model):
    """A worker process, by its last sign of life; ``mail`` says what keeps it from sending, if anything."""

    __tablename__ = "worker"
    name: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    alive_at: Mapped[datetime]
    mail: Mapped[str] = mapped_column(default="")
