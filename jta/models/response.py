"""Answers: one response for each person, its ratings with their versions and history, its background answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db


class Response(db.Model):
    """One person's set of answers. ``person_id`` is the only bridge to a name; withdrawal destroys it.

    ``code`` is the random id within the study that data sets carry.
    """

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        UniqueConstraint("study_id", "receipt"),
        CheckConstraint("submitted_at IS NULL OR submitted_at >= started_at", name="submitted_after_start"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), unique=True)
    stratum_id: Mapped[int | None] = mapped_column(ForeignKey("stratum.id", ondelete="SET NULL"))
    code: Mapped[str]
    receipt: Mapped[str]
    consent_hash: Mapped[str]
    started_at: Mapped[datetime]
    background_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class Rating(db.Model):
    """One answer: the anchor chosen for a task on a scale, never a number.

    An answer that was taken back keeps its row with no anchor, so that its version goes on counting.
    """

    __tablename__ = "rating"
    __table_args__ = (
        ForeignKeyConstraint(["scale_id", "anchor_id"], ["anchor.scale_id", "anchor.id"]),
        CheckConstraint("version >= 1", name="version_positive"),
    )
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    scale_id: Mapped[int] = mapped_column(ForeignKey("rating_scale.id"), primary_key=True)
    anchor_id: Mapped[int | None]
    version: Mapped[int]
    saved_at: Mapped[datetime]


class RatingChange(db.Model):
    """An earlier value of a rating, kept when it was replaced."""

    __tablename__ = "rating_change"
    __table_args__ = (
        ForeignKeyConstraint(["scale_id", "anchor_id"], ["anchor.scale_id", "anchor.id"]),
        ForeignKeyConstraint(["response_id"], ["response.id"], ondelete="CASCADE"),
    )
    response_id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    scale_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    anchor_id: Mapped[int | None]
    saved_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


class Answer(db.Model):
    """The choice made on a background question."""

    __tablename__ = "answer"
    __table_args__ = (ForeignKeyConstraint(["question_id", "choice_id"], ["choice.question_id", "choice.id"]),)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    choice_id: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]


class IdempotencyKey(db.Model):
    """A save that was already done: the same key gets the same reply, and nothing is written twice."""

    __tablename__ = "idempotency_key"
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    reply: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
