"""A study: the practice analysis of one credential, and the stages it goes through."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db

STAGES = (
    "design", "inventory", "panel review", "survey", "pilot", "fielding",
    "closed", "data review", "analysis", "blueprint", "approved", "published",
)  # fmt: skip

KINDS = PRACTICE, MARKET = ("practice analysis", "market study")


class Study(db.Model):
    """One practice analysis, or one market study: then it has no rating pages and ends with its results.

    ``notice`` is shown on every page and file of it (a simulated study says so). ``smallest_group`` is the fewest
    people whose results a director or an auditor may see.
    ``languages`` are those of its survey, the one it is written in first.
    """

    __tablename__ = "study"
    __table_args__ = (
        CheckConstraint(f"stage IN {STAGES}", name="known_stage"),
        CheckConstraint("exam_items BETWEEN 1 AND 2000", name="exam_items_range"),
        CheckConstraint("smallest_group IN (10, 15)", name="known_smallest_group"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default=PRACTICE)
    title: Mapped[str]
    credential: Mapped[str] = mapped_column(default="")
    purpose: Mapped[str] = mapped_column(default="")
    population: Mapped[str] = mapped_column(default="")
    contact: Mapped[str] = mapped_column(default="")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    notice: Mapped[str | None]
    stage: Mapped[str] = mapped_column(default="design")
    exam_items: Mapped[int] = mapped_column(default=100)
    smallest_group: Mapped[int] = mapped_column(default=10)
    consent_text: Mapped[str]
    languages: Mapped[list[str]] = mapped_column(JSON, default=lambda: ["en"])
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    plan_saved_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    strata: Mapped[list[Stratum]] = relationship(order_by="Stratum.position", cascade="all, delete-orphan")
    stage_changes: Mapped[list[StageChange]] = relationship(order_by="StageChange.id", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class PlanVersion(db.Model):
    """The analysis plan as it was saved at one time; ``departure``: after launch, with its reason."""

    __tablename__ = "plan_version"
    __table_args__ = (UniqueConstraint("study_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    number: Mapped[int]
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    departure: Mapped[bool]
    reason: Mapped[str] = mapped_column(default="")
    by_name: Mapped[str]
    at: Mapped[datetime]


class StageChange(db.Model):
    """A study moved from one stage to another; a move back carries its reason."""

    __tablename__ = "stage_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    from_stage: Mapped[str]
    to_stage: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    by_name: Mapped[str]
    at: Mapped[datetime]


class Stratum(db.Model):
    """One part of the frame: how many people it holds, how many answers are aimed at."""

    __tablename__ = "stratum"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        CheckConstraint("frame_count IS NULL OR frame_count >= 0", name="frame_count_positive"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    label: Mapped[str]
    frame_count: Mapped[int | None]
    target: Mapped[int | None]
    position: Mapped[int]
