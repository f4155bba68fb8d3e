"""What is kept about the inventory: sources, the log of changes that can be undone, checks that were dismissed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db

_OF_ONE_STATEMENT = "(task_id IS NULL) <> (knowledge_id IS NULL)"


class Reference(db.Model):
    """A source of statements: a standard, a job description, a book, with its edition."""

    __tablename__ = "reference"
    __table_args__ = (UniqueConstraint("study_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    citation: Mapped[str]
    edition: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class StatementReference(db.Model):
    """A statement comes from a reference."""

    __tablename__ = "statement_reference"
    __table_args__ = (
        UniqueConstraint("reference_id", "task_id"),
        UniqueConstraint("reference_id", "knowledge_id"),
        CheckConstraint(_OF_ONE_STATEMENT, name="of_one_statement"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    reference_id: Mapped[int] = mapped_column(ForeignKey("reference.id", ondelete="CASCADE"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"), index=True)
    knowledge_id: Mapped[int | None] = mapped_column(ForeignKey("knowledge.id", ondelete="CASCADE"), index=True)


class InventoryChange(db.Model):
    """One act on the inventory: what each object was before and after, so that it can be undone.

    ``objects`` is a list of ``{"kind", "id", "before", "after"}``; before is null for what was made, after for what
    was deleted.
    """

    __tablename__ = "inventory_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    summary: Mapped[str]
    objects: Mapped[list[dict[str, Any]]] = mapped_column(JSON, deferred=True)
    by_name: Mapped[str]
    at: Mapped[datetime]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]


class CheckSetting(db.Model):
    """The words that the statement checks of a study look for or let pass."""

    __tablename__ = "check_setting"
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    brands: Mapped[list[str]] = mapped_column(JSON)
    acronyms: Mapped[list[str]] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class CheckDismissal(db.Model):
    """Somebody said why a remark on a statement does not hold. It holds for that wording only."""

    __tablename__ = "check_dismissal"
    __table_args__ = (CheckConstraint(_OF_ONE_STATEMENT, name="of_one_statement"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"), index=True)
    knowledge_id: Mapped[int | None] = mapped_column(ForeignKey("knowledge.id", ondelete="CASCADE"), index=True)
    rule: Mapped[str]
    wording: Mapped[str]
    reason: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]
