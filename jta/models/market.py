"""Comments coded to themes: the codebook, which comment belongs to which theme, quotes released to be shown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db


class Theme(db.Model):
    """One theme of a study's codebook, with what belongs to it and what does not."""

    __tablename__ = "theme"
    __table_args__ = (UniqueConstraint("study_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    label: Mapped[str]
    definition: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class CommentCode(db.Model):
    """A comment belongs to a theme."""

    __tablename__ = "comment_code"
    __table_args__ = (
        ForeignKeyConstraint(
            ["response_id", "question_id"], ["answer.response_id", "answer.question_id"], ondelete="CASCADE"
        ),
    )
    response_id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id", ondelete="CASCADE"), primary_key=True, index=True)
    coded_by: Mapped[str]
    coded_at: Mapped[datetime]


class Quote(db.Model):
    """A comment released to be shown, in words from which whoever could be recognised by them was taken out."""

    __tablename__ = "quote"
    __table_args__ = (
        ForeignKeyConstraint(
            ["response_id", "question_id"], ["answer.response_id", "answer.question_id"], ondelete="CASCADE"
        ),
    )
    response_id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    released_by: Mapped[str]
    released_at: Mapped[datetime]
