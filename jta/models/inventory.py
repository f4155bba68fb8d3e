"""The task inventory: content domains, subdomains, task statements and the history of their wording."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db


class Domain(db.Model):
    """A content domain, or a subdomain where it has a parent. Codes are text: 1.10 is not 1.1.

    A domain that runs through all others (``runs_through``) holds KSAs only and is not tested by itself.
    """

    __tablename__ = "domain"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        UniqueConstraint("study_id", "id"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id", ondelete="CASCADE"), index=True)
    code: Mapped[str]
    title: Mapped[str]
    position: Mapped[int]
    runs_through: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    parent: Mapped[Domain | None] = relationship(remote_side=[id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class Task(db.Model):
    """One task statement; ``retired_at`` takes it out of the survey but never off the record."""

    __tablename__ = "task"
    __table_args__ = (UniqueConstraint("study_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"), index=True)
    block_id: Mapped[int | None] = mapped_column(ForeignKey("block.id", ondelete="SET NULL"))
    code: Mapped[str]
    statement: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    retired_at: Mapped[datetime | None]
    retired_reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    domain: Mapped[Domain] = relationship()
    versions: Mapped[list[StatementVersion]] = relationship(
        order_by="StatementVersion.number", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


KNOWLEDGE_KINDS = ("knowledge", "skill", "ability", "value")


class Knowledge(db.Model):
    """A knowledge/skill statement (KSA): what somebody must know or be able to do to perform tasks."""

    __tablename__ = "knowledge"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        CheckConstraint(f"kind IN {KNOWLEDGE_KINDS}", name="known_kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"), index=True)
    code: Mapped[str]
    kind: Mapped[str] = mapped_column(default="knowledge")
    statement: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    retired_at: Mapped[datetime | None]
    retired_reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    domain: Mapped[Domain | None] = relationship()
    versions: Mapped[list[StatementVersion]] = relationship(
        order_by="StatementVersion.number", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class StatementVersion(db.Model):
    """One wording of a task statement or a KSA, with who wrote it and why."""

    __tablename__ = "statement_version"
    __table_args__ = (
        UniqueConstraint("task_id", "number"),
        UniqueConstraint("knowledge_id", "number"),
        CheckConstraint("(task_id IS NULL) <> (knowledge_id IS NULL)", name="of_one_statement"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    knowledge_id: Mapped[int | None] = mapped_column(ForeignKey("knowledge.id", ondelete="CASCADE"))
    number: Mapped[int]
    statement: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    by_name: Mapped[str]
    at: Mapped[datetime]
