"""The panel: its people, what they signed, its rounds with items, answers, proposals and decisions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db
from jta.models.inventory import Domain, Knowledge, Task

ROUND_KINDS = ("writing", "review", "delphi", "linkage", "level", "entry", "weights")
ROUND_STATES = ("draft", "open", "closed", "decided")
STATEMENT_KINDS = ("interests", "confidentiality")
ITEM_KINDS = ("task", "knowledge", "domain")
PROPOSAL_STATES = ("proposed", "accepted", "merged", "declined")


class Panelist(db.Model):
    """A subject matter expert of a study. No token is stored: only its SHA-256 and its generation.

    Somebody who left keeps the row (``left_at``): what they said in earlier rounds stays on record.
    """

    __tablename__ = "panelist"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        UniqueConstraint("study_id", "email"),
        CheckConstraint("years IS NULL OR years BETWEEN 0 AND 80", name="years_range"),
        # A link is made from the id, so an id must never come back for somebody else.
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    code: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    organization: Mapped[str] = mapped_column(default="")
    job_title: Mapped[str] = mapped_column(default="")
    qualifications: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    district_size: Mapped[str] = mapped_column(default="")
    years: Mapped[int | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    link_generation: Mapped[int] = mapped_column(default=1)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    added_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    left_reason: Mapped[str] = mapped_column(default="")
    stopped_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    signatures: Mapped[list[Signature]] = relationship(order_by="Signature.id", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class PanelText(db.Model):
    """One version of a statement that panelists sign; the newest is the one that counts."""

    __tablename__ = "panel_text"
    __table_args__ = (
        UniqueConstraint("study_id", "kind", "number"),
        CheckConstraint(f"kind IN {STATEMENT_KINDS}", name="known_kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    kind: Mapped[str]
    number: Mapped[int]
    text: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]


class Signature(db.Model):
    """A statement that a panelist signed: the very text, its hash, and what was declared."""

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("panelist_id", "kind", "text_hash"),
        CheckConstraint(f"kind IN {STATEMENT_KINDS}", name="known_kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    panelist_id: Mapped[int] = mapped_column(ForeignKey("panelist.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    text: Mapped[str]
    text_hash: Mapped[str]
    signed_as: Mapped[str]
    declared: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[datetime]


class PanelTarget(db.Model):
    """How many panelists of one kind the panel should hold: attribute, value, number."""

    __tablename__ = "panel_target"
    __table_args__ = (
        UniqueConstraint("study_id", "attribute", "value"),
        CheckConstraint("target BETWEEN 0 AND 1000", name="target_range"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    attribute: Mapped[str]
    value: Mapped[str]
    target: Mapped[int]
    position: Mapped[int]


class Round(db.Model):
    """One asynchronous round of the panel. ``settings`` are the choices, anchors and rules of its kind.

    ``former_id`` is the round before of the same kind, whose distribution is shown while rating again.
    """

    __tablename__ = "round"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        CheckConstraint(f"kind IN {ROUND_KINDS}", name="known_kind"),
        CheckConstraint(f"state IN {ROUND_STATES}", name="known_state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    instructions: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(default="draft")
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    former_id: Mapped[int | None] = mapped_column(ForeignKey("round.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    remind_days: Mapped[int] = mapped_column(default=0, server_default="0")
    reminded_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    items: Mapped[list[RoundItem]] = relationship(order_by="RoundItem.position", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class RoundItem(db.Model):
    """What a round asks about, frozen when it opens: a task statement, a KSA or a content domain, as worded then."""

    __tablename__ = "round_item"
    __table_args__ = (
        UniqueConstraint("round_id", "position"),
        CheckConstraint(f"kind IN {ITEM_KINDS}", name="known_kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    kind: Mapped[str]
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL"), index=True)
    knowledge_id: Mapped[int | None] = mapped_column(ForeignKey("knowledge.id", ondelete="SET NULL"), index=True)
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id", ondelete="SET NULL"), index=True)
    code: Mapped[str]
    wording: Mapped[str]
    area: Mapped[str] = mapped_column(default="")
    task: Mapped[Task | None] = relationship()
    knowledge: Mapped[Knowledge | None] = relationship()
    domain: Mapped[Domain | None] = relationship()


class Participation(db.Model):
    """A panelist's part in a round: when it was begun and when it was finished."""

    __tablename__ = "participation"
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    panelist_id: Mapped[int] = mapped_column(ForeignKey("panelist.id"), primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class RoundAnswer(db.Model):
    """One answer of a panelist to an item; in a linkage round to a task and a KSA (``other_id``).

    ``value`` is the code of the choice, never a number made of it. An answer taken back keeps its row, empty.
    """

    __tablename__ = "round_answer"
    __table_args__ = (
        UniqueConstraint("panelist_id", "item_id", "other_id"),
        # NULL is never equal to NULL, so answers without a second item need their own index.
        Index(
            "uq_round_answer_single", "panelist_id", "item_id", unique=True,
            sqlite_where=text("other_id IS NULL"), postgresql_where=text("other_id IS NULL"),
        ),
        CheckConstraint("version >= 1", name="version_positive"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    panelist_id: Mapped[int] = mapped_column(ForeignKey("panelist.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("round_item.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("round_item.id", ondelete="CASCADE"))
    value: Mapped[str] = mapped_column(default="")
    wording: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]


class RoundAnswerChange(db.Model):
    """An earlier state of an answer, kept when it was replaced."""

    __tablename__ = "round_answer_change"
    answer_id: Mapped[int] = mapped_column(ForeignKey("round_answer.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str]
    wording: Mapped[str]
    comment: Mapped[str]
    saved_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


class Proposal(db.Model):
    """A task statement that a panelist proposes for a content domain, and what became of it."""

    __tablename__ = "proposal"
    __table_args__ = (CheckConstraint(f"state IN {PROPOSAL_STATES}", name="known_state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("round_item.id", ondelete="CASCADE"), index=True)
    panelist_id: Mapped[int] = mapped_column(ForeignKey("panelist.id"), index=True)
    statement: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="proposed")
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL"), index=True)
    mark: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    item: Mapped[RoundItem] = relationship()


class RoundDecision(db.Model):
    """What the director decided on an item or a proposal of a round: vote, outcome, reason, person, date.

    A later decision takes the place of an earlier one, which stays on record (``superseded_at``).
    """

    __tablename__ = "round_decision"
    __table_args__ = (
        CheckConstraint("length(reason) > 0", name="reason_given"),
        CheckConstraint("(item_id IS NULL) <> (proposal_id IS NULL)", name="one_subject"),
        Index(
            "uq_round_decision_item", "item_id", unique=True,
            sqlite_where=text("superseded_at IS NULL"), postgresql_where=text("superseded_at IS NULL"),
        ),
        Index(
            "uq_round_decision_proposal", "proposal_id", unique=True,
            sqlite_where=text("superseded_at IS NULL"), postgresql_where=text("superseded_at IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("round_item.id", ondelete="CASCADE"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    outcome: Mapped[str]
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    votes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    wording: Mapped[str] = mapped_column(default="")
    reason: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    item: Mapped[RoundItem | None] = relationship()
    proposal: Mapped[Proposal | None] = relationship()
