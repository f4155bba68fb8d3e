"""What respondents are shown: rating scales with anchors, background questions, the frozen instrument."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db

SCALE_KINDS = ("frequency", "importance", "other")


class RatingScale(db.Model):
    """A rating scale. A frequency scale comes first on the card and may carry "I do not perform this task"."""

    __tablename__ = "rating_scale"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        CheckConstraint(f"kind IN {SCALE_KINDS}", name="known_kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    prompt: Mapped[str]
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    anchors: Mapped[list[Anchor]] = relationship(order_by="Anchor.position", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class Anchor(db.Model):
    """One labelled point of a scale; "not performed" is an anchor without a number."""

    __tablename__ = "anchor"
    __table_args__ = (
        UniqueConstraint("scale_id", "code"),
        UniqueConstraint("scale_id", "id"),
        CheckConstraint("not_performed = (value IS NULL)", name="number_unless_not_performed"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    scale_id: Mapped[int] = mapped_column(ForeignKey("rating_scale.id", ondelete="CASCADE"))
    code: Mapped[str]
    label: Mapped[str]
    value: Mapped[float | None]
    not_performed: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]


class Question(db.Model):
    """A background question with a fixed list of choices."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("study_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    prompt: Mapped[str]
    help: Mapped[str] = mapped_column(default="")
    is_stratum: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    choices: Mapped[list[Choice]] = relationship(order_by="Choice.position", cascade="all, delete-orphan")


class Choice(db.Model):
    """One answer that a background question offers."""

    __tablename__ = "choice"
    __table_args__ = (UniqueConstraint("question_id", "code"), UniqueConstraint("question_id", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    code: Mapped[str]
    label: Mapped[str]
    position: Mapped[int]


class Instrument(db.Model):
    """A survey as respondents see it, frozen at launch: the whole content, and its hash."""

    __tablename__ = "instrument"
    __table_args__ = (UniqueConstraint("study_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[str]
    launched_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
