"""The audit trail: one hash chain for each study and one for the installation. Triggers refuse change."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db


class AuditEvent(db.Model):
    """One act. ``at`` is ISO text, so that what was hashed is what is stored."""

    __tablename__ = "audit_event"
    __table_args__ = (UniqueConstraint("chain", "sequence"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[str]
    sequence: Mapped[int]
    at: Mapped[str]
    actor: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    object: Mapped[str]
    before_hash: Mapped[str] = mapped_column(default="")
    after_hash: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    previous: Mapped[str]
    hash: Mapped[str]


class AuditHead(db.Model):
    """The last link of each chain: a cut tail shows, and two writers wait for each other here."""

    __tablename__ = "audit_head"
    chain: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str]
