"""From one cycle to the next: a former list of statements, and what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db
from jta.models.inventory import Task

RELATIONS = ("same", "reworded", "split", "merged", "new", "retired")
CLONE_KINDS = CYCLE, TRANSPORT = "cycle", "transport"  # the next cycle; does the list hold for other people?


class StudyOrigin(db.Model):
    """The study that a study was cloned from, and what for: `CLONE_KINDS`. Its title stays when it is gone."""

    __tablename__ = "study_origin"
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    cloned_from: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="SET NULL"))
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(default=CYCLE, server_default=CYCLE)
    by_name: Mapped[str]
    at: Mapped[datetime]


class FormerList(db.Model):
    """A list that a study is compared with: a former study's, a file's, an occupation of O*NET.

    ``weights`` are the former exam's, by content domain: ``{"code", "title", "weight", "items"}``, weight as a share.
    """

    __tablename__ = "former_list"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    former_study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="SET NULL"))
    title: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    weights: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    by_name: Mapped[str]
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    statements: Mapped[list[FormerStatement]] = relationship(
        order_by="FormerStatement.position", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class FormerStatement(db.Model):
    """One statement of a former list. ``figures`` are what was published of it, each with its n where known."""

    __tablename__ = "former_statement"
    __table_args__ = (UniqueConstraint("list_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("former_list.id", ondelete="CASCADE"))
    code: Mapped[str]
    statement: Mapped[str]
    domain: Mapped[str] = mapped_column(default="")
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    position: Mapped[int]


class CrosswalkLink(db.Model):
    """What became of a former statement, or where a present one comes from; a proposal until somebody decides."""

    __tablename__ = "crosswalk_link"
    __table_args__ = (
        UniqueConstraint("former_id", "task_id"),
        CheckConstraint(f"relation IN {RELATIONS}", name="known_relation"),
        CheckConstraint("(former_id IS NULL) = (relation = 'new')", name="new_has_no_former"),
        CheckConstraint("(task_id IS NULL) = (relation = 'retired')", name="retired_has_no_task"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by_somebody"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("former_list.id", ondelete="CASCADE"), index=True)
    former_id: Mapped[int | None] = mapped_column(ForeignKey("former_statement.id", ondelete="CASCADE"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"), index=True)
    relation: Mapped[str]
    similarity: Mapped[float | None]
    reason: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    former: Mapped[FormerStatement | None] = relationship()
    task: Mapped[Task | None] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute
