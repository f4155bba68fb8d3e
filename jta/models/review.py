"""Decisions on single responses, and the frozen data set: the hinge between answers and statistics."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db


class Dataset(db.Model):
    """The included responses, written once as Parquet bytes; analysis reads only this.

    ``released``: directors and auditors may see its results. ``changed_people`` is the fewest responses in which
    it differed from a data set released before; None for the first.
    """

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
    released: Mapped[bool] = mapped_column(default=True)
    changed_people: Mapped[int | None]


class ReviewDecision(db.Model):
    """What the psychometrician decided about one response: leave it out, or keep it.

    A decision is never changed: it is undone, with a reason, and the next one is a row of its own.
    ``flags`` are the rules that had flagged the response when it was decided.
    """

    __tablename__ = "review_decision"
    __table_args__ = (
        CheckConstraint("choice IN ('exclude', 'keep')", name="known_choice"),
        CheckConstraint("(choice = 'exclude') = (ground <> '')", name="ground_of_exclusion"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_by_somebody"),
        Index(
            "uq_review_decision_in_force",
            "response_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), index=True)
    choice: Mapped[str]
    ground: Mapped[str]
    flags: Mapped[list[str]] = mapped_column(JSON)
    reason: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    undo_reason: Mapped[str | None]


class CommentDecision(db.Model):
    """Whether a comment leaves the house with the data: kept, or struck with a reason."""

    __tablename__ = "comment_decision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["response_id", "question_id"], ["answer.response_id", "answer.question_id"], ondelete="CASCADE"
        ),
        CheckConstraint("verdict IN ('keep', 'strike')", name="known_verdict"),
        CheckConstraint("verdict = 'keep' OR length(reason) > 0", name="reason_given"),
    )
    response_id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    by_name: Mapped[str]
    at: Mapped[datetime]
