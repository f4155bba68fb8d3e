"""What respondents are shown: survey pages, questions, rating scales with anchors, the frozen instrument."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db

SCALE_KINDS = ("frequency", "importance", "other")
SCALE_USES = ("task", "ksa")
PAGE_KINDS = ("welcome", "screener", "questions", "ratings", "ksa", "points", "thanks")
QUESTION_KINDS = ("single", "multiple", "number", "text", "agreement")
QUESTION_ROLES = ("", "coverage", "write_in", "comment")
INSTRUMENT_KINDS = ("main", "pilot")


class SurveyPage(db.Model):
    """One page of the survey as the director orders them; the ratings page stands for all pages of cards.

    ``removed_at`` takes a page out of the survey but keeps it, so that removing can be undone. ``settings``: on the
    ratings page how domains and tasks are ordered and forms assigned; on a screener the text for whom it screens out.
    """

    __tablename__ = "survey_page"
    __table_args__ = (CheckConstraint(f"kind IN {PAGE_KINDS}", name="known_kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    intro: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    questions: Mapped[list[Question]] = relationship(order_by="(Question.position, Question.id)", viewonly=True)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class RatingScale(db.Model):
    """A rating scale. A frequency scale comes first on the card and may carry "I do not perform this task".

    ``use`` says what is rated on it: task statements, or knowledge and skill statements.
    """

    __tablename__ = "rating_scale"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        CheckConstraint(f"kind IN {SCALE_KINDS}", name="known_kind"),
        CheckConstraint(f"use IN {SCALE_USES}", name="known_use"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    kind: Mapped[str]
    use: Mapped[str] = mapped_column(default="task")
    title: Mapped[str]
    prompt: Mapped[str]
    position: Mapped[int]
    removed_at: Mapped[datetime | None]
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
    """A background question, or one of a role of its own: coverage of the list, write-in task, comment.

    ``minimum`` and ``maximum`` bound a number, or how many choices may be marked; ``longest`` is the most characters
    of a text. ``is_stratum`` says that its choices tell the strata apart.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        CheckConstraint(f"kind IN {QUESTION_KINDS}", name="known_kind"),
        CheckConstraint(f"role IN {QUESTION_ROLES}", name="known_role"),
        CheckConstraint("minimum IS NULL OR maximum IS NULL OR minimum <= maximum", name="range"),
        CheckConstraint("longest IS NULL OR longest BETWEEN 1 AND 20000", name="longest_range"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    page_id: Mapped[int] = mapped_column(ForeignKey("survey_page.id", ondelete="CASCADE"), index=True)
    code: Mapped[str]
    kind: Mapped[str] = mapped_column(default="single")
    role: Mapped[str] = mapped_column(default="")
    prompt: Mapped[str]
    help: Mapped[str] = mapped_column(default="")
    required: Mapped[bool] = mapped_column(default=False)
    minimum: Mapped[float | None]
    maximum: Mapped[float | None]
    longest: Mapped[int | None]
    is_stratum: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    choices: Mapped[list[Choice]] = relationship(order_by="Choice.position", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class Choice(db.Model):
    """One answer that a question offers; on a screener it may screen out, on a stratum question it names a stratum."""

    __tablename__ = "choice"
    __table_args__ = (UniqueConstraint("question_id", "code"), UniqueConstraint("question_id", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    code: Mapped[str]
    label: Mapped[str]
    screens_out: Mapped[bool] = mapped_column(default=False)
    stratum_id: Mapped[int | None] = mapped_column(ForeignKey("stratum.id", ondelete="SET NULL"))
    position: Mapped[int]


class Block(db.Model):
    """A block of tasks for matrix sampling; the core block is on every form."""

    __tablename__ = "block"
    __table_args__ = (UniqueConstraint("study_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    is_core: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]


class Form(db.Model):
    """A form of matrix sampling: the blocks one respondent is shown."""

    __tablename__ = "form"
    __table_args__ = (UniqueConstraint("study_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    code: Mapped[str]
    position: Mapped[int]
    blocks: Mapped[list[Block]] = relationship(secondary="form_block", order_by="Block.position")


class FormBlock(db.Model):
    """A block that a form holds."""

    __tablename__ = "form_block"
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id", ondelete="CASCADE"), primary_key=True)
    block_id: Mapped[int] = mapped_column(ForeignKey("block.id", ondelete="CASCADE"), primary_key=True)


class Translation(db.Model):
    """One text of the survey in another language; ``key`` names the text, as `survey_texts` lists them."""

    __tablename__ = "translation"
    __table_args__ = (UniqueConstraint("study_id", "language", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    language: Mapped[str]
    key: Mapped[str]
    text: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class Instrument(db.Model):
    """A survey as respondents see it, frozen at launch: the whole content, and its hash.

    A wording that was put right after launch makes a new version of it: ``replaces_id`` names the one before,
    ``note`` the reason. A pilot's instrument is of its own kind.
    """

    __tablename__ = "instrument"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        UniqueConstraint("replaces_id"),
        CheckConstraint(f"kind IN {INSTRUMENT_KINDS}", name="known_kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(default="main")
    note: Mapped[str] = mapped_column(default="")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[str]
    launched_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
