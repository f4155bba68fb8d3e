"""How a study writes to its people: settings, message texts, bounce reports, who must be left alone, registrations."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jta.db import db

TEXT_KINDS = ("invitation", "reminder", "reminder_partial", "thanks", "closing", "registration", "letter")
BOUNCE_KINDS = ("hard", "soft", "delayed", "not ours", "unreadable")


class DeliverySettings(db.Model):
    """When and in whose name a study's messages go out, and whether strangers may register.

    Quiet hours are whole hours of the study's zone. ``open_code`` is the secret of the open link, None while there
    is none.
    """

    __tablename__ = "delivery_settings"
    __table_args__ = (
        CheckConstraint("quiet_from BETWEEN 0 AND 23", name="quiet_from_range"),
        CheckConstraint("quiet_to BETWEEN 0 AND 23", name="quiet_to_range"),
    )
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    sender_name: Mapped[str] = mapped_column(default="")
    reply_to: Mapped[str] = mapped_column(default="")
    quiet_from: Mapped[int] = mapped_column(default=19)
    quiet_to: Mapped[int] = mapped_column(default=7)
    weekends: Mapped[bool] = mapped_column(default=False)
    closes_on: Mapped[date | None]
    open_code: Mapped[str | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class MessageText(db.Model):
    """A study's own wording of one kind of message; without a row the standard text counts."""

    __tablename__ = "message_text"
    __table_args__ = (
        UniqueConstraint("study_id", "kind", "language"),
        CheckConstraint(f"kind IN {TEXT_KINDS}", name="known_kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    kind: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute


class BounceReport(db.Model):
    """One report from a mail server that was found in the mailbox; ``digest`` keeps it from being counted twice."""

    __tablename__ = "bounce_report"
    __table_args__ = (CheckConstraint(f"kind IN {BOUNCE_KINDS}", name="known_kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id", ondelete="SET NULL"), index=True)
    status: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    read_at: Mapped[datetime]


class LeftAlone(db.Model):
    """An address that must not be written to again in a study, as a keyed hash: it stays when the person is gone."""

    __tablename__ = "left_alone"
    __table_args__ = (UniqueConstraint("study_id", "address_mark"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    address_mark: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class Registration(db.Model):
    """Somebody who typed a name and an address behind the open link; a person only once the address is confirmed."""

    __tablename__ = "registration"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    email: Mapped[str]
    organization: Mapped[str] = mapped_column(default="")
    stratum_id: Mapped[int | None] = mapped_column(ForeignKey("stratum.id", ondelete="SET NULL"))
    address_mark: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
