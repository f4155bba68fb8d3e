"""The blueprint: proposed and approved weights, the ledger of changes, the approval that binds them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db
from jta.models.results import AnalysisRun

BLUEPRINT_STATES = ("draft", "submitted", "returned", "approved", "published", "superseded")


class Blueprint(db.Model):
    """One version of the exam blueprint of a study.

    ``pretest`` items come on top of ``items`` and are not scored. An approval binds
    ``effective_on``, ``transition_note`` and ``pretest``, but not ``next_study_on``, which may be set and moved
    after publication. ``levels`` holds the target share of each cognitive level as ``[name, share]``; None:
    those of the analysis plan. ``leeway`` is by how many items a cell of one form may differ from the plan.
    """

    __tablename__ = "blueprint"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        CheckConstraint(f"state IN {BLUEPRINT_STATES}", name="known_state"),
        CheckConstraint("items BETWEEN 1 AND 2000", name="items_range"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("analysis_run.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(default="draft")
    items: Mapped[int]
    method: Mapped[str]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    effective_on: Mapped[date | None]
    transition_note: Mapped[str] = mapped_column(default="")
    next_study_on: Mapped[date | None]
    pretest: Mapped[int] = mapped_column(default=0)
    levels: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    leeway: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    run: Mapped[AnalysisRun] = relationship()
    rows: Mapped[list[BlueprintRow]] = relationship(
        order_by="BlueprintRow.position", cascade="all, delete-orphan", back_populates="blueprint"
    )
    adjustments: Mapped[list[Adjustment]] = relationship(order_by="Adjustment.id", cascade="all, delete-orphan")
    alternatives: Mapped[list[Alternative]] = relationship(order_by="Alternative.id", cascade="all, delete-orphan")
    approvals: Mapped[list[Approval]] = relationship(order_by="Approval.id", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class BlueprintRow(db.Model):
    """A domain or subdomain of the blueprint. Weights are shares of the whole exam, unrounded."""

    __tablename__ = "blueprint_row"
    __table_args__ = (
        UniqueConstraint("blueprint_id", "code"),
        CheckConstraint("weight BETWEEN 0 AND 1", name="weight_range"),
        CheckConstraint("minimum IS NULL OR minimum >= 0", name="minimum_positive"),
        CheckConstraint("minimum IS NULL OR maximum IS NULL OR minimum <= maximum", name="minimum_below_maximum"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprint.id", ondelete="CASCADE"))
    level: Mapped[str]
    parent_code: Mapped[str | None]
    code: Mapped[str]
    title: Mapped[str]
    position: Mapped[int]
    n_tasks: Mapped[int]
    empirical_weight: Mapped[float]
    low: Mapped[float | None]
    high: Mapped[float | None]
    weight: Mapped[float]
    minimum: Mapped[int | None]
    maximum: Mapped[int | None]
    items: Mapped[int]
    tied: Mapped[bool] = mapped_column(default=False)
    locked: Mapped[bool] = mapped_column(default=False)
    rationale: Mapped[str] = mapped_column(default="")
    blueprint: Mapped[Blueprint] = relationship(back_populates="rows")


class Adjustment(db.Model):
    """One line of the ledger: what was changed, from what to what, by whom and why."""

    __tablename__ = "adjustment"
    __table_args__ = (CheckConstraint("length(reason) > 0", name="reason_given"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprint.id", ondelete="CASCADE"), index=True)
    code: Mapped[str]
    field: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    reason: Mapped[str]
    vote: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class Approval(db.Model):
    """A decision on a blueprint, bound to the hash of what was decided on; a later edit voids it."""

    __tablename__ = "approval"
    __table_args__ = (CheckConstraint("decision IN ('approved', 'returned')", name="known_decision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprint.id", ondelete="CASCADE"), index=True)
    decision: Mapped[str]
    content_hash: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    voided_at: Mapped[datetime | None]


class Alternative(db.Model):
    """A named set of weights, limits and exam length that was tried and kept beside the blueprint."""

    __tablename__ = "blueprint_alternative"
    __table_args__ = (UniqueConstraint("blueprint_id", "name"), CheckConstraint("length(name) > 0", name="name_given"))
    id: Mapped[int] = mapped_column(primary_key=True)
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprint.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    items: Mapped[int]
    rows: Mapped[list[Any]] = mapped_column(JSON)
    by_name: Mapped[str]
    at: Mapped[datetime]


class ItemBank(db.Model):
    """How many items a study's bank holds, from a count file: ``[code, level, available]`` for each of its rows.

    ``forms`` is how many forms' worth of items is wanted.
    """

    __tablename__ = "item_bank"
    __table_args__ = (CheckConstraint("forms BETWEEN 1 AND 50", name="forms_range"),)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    counts: Mapped[list[Any]] = mapped_column(JSON, default=list)
    filename: Mapped[str] = mapped_column(default="")
    forms: Mapped[float] = mapped_column(default=3.0)
    by_name: Mapped[str]
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute
