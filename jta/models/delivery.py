"""Who is invited and what was sent: people of the roster, waves, the outbox and its attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import db

WAVE_KINDS = ("invitation", "reminder", "thanks", "closing")
WAVE_STATES = ("planned", "sending", "paused", "done", "cancelled")
# A message ends accepted (the mail server took it), failed, unknown (it may have been taken), skipped or cancelled.
MESSAGE_STATES = ("planned", "claimed", "handed over", "accepted", "failed", "unknown", "skipped", "cancelled")
FINAL_STATES = ("accepted", "failed", "unknown", "skipped", "cancelled")
WENT_OUT = ("handed over", "accepted", "unknown")  # counts as sent, because it may have arrived
_SUBJECTS = ("wave_id", "round_id", "registration_id", "user_id")
_ONE_SUBJECT = " + ".join(f"(CASE WHEN {name} IS NULL THEN 0 ELSE 1 END)" for name in _SUBJECTS) + " = 1"
PERSON_EVENTS = (
    "added", "registered", "link made", "link replaced", "bounced", "address replaced", "opted out", "withdrew",
)  # fmt: skip


class Person(db.Model):
    """One invited person. No token is stored: only its SHA-256 and the generation it was made for."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("study_id", "code"),
        UniqueConstraint("study_id", "email"),
        # A link is made from the id, so an id must never come back for somebody else.
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    stratum_id: Mapped[int | None] = mapped_column(ForeignKey("stratum.id", ondelete="SET NULL"), index=True)
    code: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    organization: Mapped[str] = mapped_column(default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    link_generation: Mapped[int] = mapped_column(default=1)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    added_at: Mapped[datetime]
    events: Mapped[list[PersonEvent]] = relationship(order_by="PersonEvent.id", cascade="all, delete-orphan")


class PersonEvent(db.Model):
    """Something that happened to an invitation; a person's status is worked out from these."""

    __tablename__ = "person_event"
    __table_args__ = (CheckConstraint(f"kind IN {PERSON_EVENTS}", name="known_kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    at: Mapped[datetime]


class Wave(db.Model):
    """One round of messages to the people of a study.

    ``texts`` are the message texts as they stood when the wave began: by kind of text and language.
    """

    __tablename__ = "wave"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        CheckConstraint(f"kind IN {WAVE_KINDS}", name="known_kind"),
        CheckConstraint(f"state IN {WAVE_STATES}", name="known_state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str]
    planned_for: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="planned", index=True)
    texts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    planned_by: Mapped[str] = mapped_column(default="")
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")


class OutboxMessage(db.Model):
    """One message to one person, with its state; its text is made when it is handed over and is not stored.

    Exactly one of these is what it is about: a wave (to a person of the roster), a round (to a panelist), a
    registration behind the open link, or the account of whoever asked for a trial. ``reason`` says in words why it was
    not sent, or what the server answered. ``address_mark`` is a keyed hash of the address it went to: what was sent to
    an address that bounced does not count for the one that replaced it.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("person_id", "wave_id"),
        CheckConstraint(f"state IN {MESSAGE_STATES}", name="known_state"),
        CheckConstraint(_ONE_SUBJECT, name="one_subject"),
        CheckConstraint("(wave_id IS NULL) = (person_id IS NULL)", name="person_of_wave"),
        CheckConstraint("(round_id IS NULL) = (panelist_id IS NULL)", name="panelist_of_round"),
        Index("ix_outbox_message_wave_id_state", "wave_id", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    wave_id: Mapped[int | None] = mapped_column(ForeignKey("wave.id", ondelete="CASCADE"))
    panelist_id: Mapped[int | None] = mapped_column(ForeignKey("panelist.id", ondelete="CASCADE"), index=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="planned", index=True)
    reason: Mapped[str] = mapped_column(default="")
    text_kind: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="", server_default="")
    address_mark: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    due_at: Mapped[datetime]
    first_due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    attempts: Mapped[list[Attempt]] = relationship(order_by="Attempt.id", cascade="all, delete-orphan")
    wave: Mapped[Wave | None] = relationship()


class Attempt(db.Model):
    """One try to hand a message to the mail server, and what the server said."""

    __tablename__ = "attempt"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")
