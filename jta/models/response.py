"""Answers: one response for each person, its ratings, answers and points with their versions and history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db


class Response(db.Model):
    """One person's set of answers. ``person_id`` is the only bridge to a name; withdrawal destroys it.

    ``code`` is the random id within the study that data sets carry. A person may answer a pilot and the survey after
    it: pilot responses stay apart. ``form_code`` and ``seed`` fix which tasks are shown, and in which order.
    """

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        UniqueConstraint("study_id", "receipt"),
        UniqueConstraint("person_id", "is_pilot"),
        CheckConstraint("submitted_at IS NULL OR submitted_at >= started_at", name="submitted_after_start"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    stratum_id: Mapped[int | None] = mapped_column(ForeignKey("stratum.id", ondelete="SET NULL"))
    code: Mapped[str]
    receipt: Mapped[str]
    consent_hash: Mapped[str]
    started_at: Mapped[datetime]
    background_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    screened_out_at: Mapped[datetime | None]
    is_pilot: Mapped[bool] = mapped_column(default=False)
    form_code: Mapped[str | None]
    seed: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(default="en")
    # Counts the saves, so that one made meanwhile on another device is noticed.
    revision: Mapped[int] = mapped_column(default=0, server_default="0")


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
    """What was answered to a question: one choice, several (``choices``, ids), a number or a text, by its kind.

    An answer that was taken back keeps its row with nothing in it, so that its version goes on counting.
    """

    __tablename__ = "answer"
    __table_args__ = (ForeignKeyConstraint(["question_id", "choice_id"], ["choice.question_id", "choice.id"]),)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    choice_id: Mapped[int | None]
    choices: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    number: Mapped[float | None]
    text: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]


class AnswerChange(db.Model):
    """An earlier answer to a question, kept when it was replaced."""

    __tablename__ = "answer_change"
    __table_args__ = (ForeignKeyConstraint(["question_id", "choice_id"], ["choice.question_id", "choice.id"]),)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    choice_id: Mapped[int | None]
    choices: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    number: Mapped[float | None]
    text: Mapped[str | None]
    saved_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


class KsaRating(db.Model):
    """The anchor chosen for a knowledge or skill statement on a scale; like `Rating` in all else."""

    __tablename__ = "ksa_rating"
    __table_args__ = (
        ForeignKeyConstraint(["scale_id", "anchor_id"], ["anchor.scale_id", "anchor.id"]),
        CheckConstraint("version >= 1", name="version_positive"),
    )
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    knowledge_id: Mapped[int] = mapped_column(ForeignKey("knowledge.id"), primary_key=True)
    scale_id: Mapped[int] = mapped_column(ForeignKey("rating_scale.id"), primary_key=True)
    anchor_id: Mapped[int | None]
    version: Mapped[int]
    saved_at: Mapped[datetime]


class KsaRatingChange(db.Model):
    """An earlier value of a rating of a knowledge or skill statement, kept when it was replaced."""

    __tablename__ = "ksa_rating_change"
    __table_args__ = (ForeignKeyConstraint(["scale_id", "anchor_id"], ["anchor.scale_id", "anchor.id"]),)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    knowledge_id: Mapped[int] = mapped_column(ForeignKey("knowledge.id"), primary_key=True)
    scale_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    anchor_id: Mapped[int | None]
    saved_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


class DomainPoints(db.Model):
    """Points out of 100 that a respondent gave a content domain; no points is a row without them."""

    __tablename__ = "domain_points"
    __table_args__ = (
        CheckConstraint("points IS NULL OR points BETWEEN 0 AND 100", name="points_range"),
        CheckConstraint("version >= 1", name="version_positive"),
    )
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"), primary_key=True)
    points: Mapped[float | None]
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]


class DomainPointsChange(db.Model):
    """Earlier points of a content domain, kept when they were replaced."""

    __tablename__ = "domain_points_change"
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    points: Mapped[float | None]
    saved_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


class PageVisit(db.Model):
    """How long a step of the survey was worked on; written when the step is sent, never when it is looked at."""

    __tablename__ = "page_visit"
    __table_args__ = (CheckConstraint("seconds >= 0", name="seconds_positive"),)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    seconds: Mapped[float] = mapped_column(default=0.0)


class IdempotencyKey(db.Model):
    """A save that was already done: the same key gets the same reply, and nothing is written twice."""

    __tablename__ = "idempotency_key"
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    reply: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
