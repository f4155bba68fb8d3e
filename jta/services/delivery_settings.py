"""A study's settings of sending, and its own wording of messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.models.sending import TEXT_KINDS, DeliverySettings, MessageText
from jta.services.delivery_checks import check_line
from jta.services.message_text import FOLDER, Text, check_text, standard_text
from jta.services.study_stage import lock_study

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
NEW_VERSION = 0  # of settings and texts that were never saved
LANGUAGES = tuple(sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class SettingsInput:
    """What a director sets; hours are those of the study's zone."""

    sender_name: str
    reply_to: str
    quiet_from: int
    quiet_to: int
    weekends: bool
    closes_on: date | None


def get_settings(study_id: int) -> DeliverySettings:
    """Return a study's settings, the standard ones (not stored, version 0) where it has none of its own."""
    found = db.session.get(DeliverySettings, study_id)
    return found or DeliverySettings(
        study_id=study_id, sender_name="", reply_to="", quiet_from=19, quiet_to=7, weekends=False, version=NEW_VERSION
    )


def save_settings(actor: Actor, study_id: int, given: SettingsInput, *, version: int) -> None:
    """Save the settings; ``version`` is the one the writer saw.

    Raises
    ------
    InvalidInputError
        If a name or address cannot stand in the head of a message.
    EditConflictError
        If somebody else saved first.
    """
    check_line(given.sender_name, "sender_name", 100)
    if given.reply_to and not _ADDRESS.fullmatch(given.reply_to):
        raise InvalidInputError("This is not an e-mail address.", field="reply_to")
    with transaction():
        lock_study(study_id)
        stored = _own_settings(study_id)
        before = _plain(stored)
        if stored.version != (version or 1):
            raise EditConflictError("Nothing was saved. Compare both, then save what should stand.",
                theirs=_as_text(before), yours=_as_text(given.__dict__))  # fmt: skip
        for name, value in given.__dict__.items():
            setattr(stored, name, value)
        db.session.flush()
        audit.record(
            actor, "saved sending settings", f"study {study_id}", study_id=study_id, before=before, after=_plain(stored)
        )


def _own_settings(study_id: int) -> DeliverySettings:
    found = db.session.get(DeliverySettings, study_id, populate_existing=True)
    if found is None:
        found = DeliverySettings(study_id=study_id)
        db.session.add(found)
        db.session.flush()
    return found


def own_settings(study_id: int) -> DeliverySettings:
    """Return the study's stored settings inside the transaction that is open; made where there were none."""
    return _own_settings(study_id)


def _plain(stored: DeliverySettings) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in SettingsInput.__dataclass_fields__}


def _as_text(values: dict[str, Any]) -> str:
    return "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in values.items())


@dataclass(frozen=True)
class StoredText:
    """A message text with where it comes from: ``version`` is 0 for the standard one."""

    kind: str
    language: str
    text: Text
    version: int


def load_texts(study_id: int) -> dict[tuple[str, str], StoredText]:
    """Return every text of a study by kind and language: its own wording, or the standard one."""
    own = {(t.kind, t.language): t for t in db.session.scalars(select(MessageText).where(_of(study_id)))}
    texts = {}
    for kind in TEXT_KINDS:
        for language in sorted({*LANGUAGES, *(lang for k, lang in own if k == kind)}):
            row = own.get((kind, language))
            text = Text(row.subject, row.body) if row else standard_text(kind, language)
            texts[kind, language] = StoredText(kind, language, text, row.version if row else NEW_VERSION)
    return texts


def _of(study_id: int) -> Any:
    return MessageText.study_id == study_id


def save_text(actor: Actor, study_id: int, kind: str, language: str, text: Text, *, version: int) -> None:
    """Save a study's wording of one message; ``version`` is the one the writer saw, 0 for the standard text.

    Raises
    ------
    InvalidInputError
        If the text cannot be sent, see `check_text`.
    EditConflictError
        If somebody else saved first.
    """
    check_text(kind, text)
    with transaction():
        lock_study(study_id)
        row = _row(study_id, kind, language)
        if (row.version if row else NEW_VERSION) != version:
            theirs = f"{row.subject}\n\n{row.body}" if row else "the standard text"
            raise EditConflictError("Nothing was saved. Compare both, then save what should stand.",
                theirs=theirs, yours=f"{text.subject}\n\n{text.body}")  # fmt: skip
        before = {"subject": row.subject, "body": row.body} if row else None
        if row is None:
            row = MessageText(study_id=study_id, kind=kind, language=language)
            db.session.add(row)
        row.subject, row.body = text.subject, text.body
        audit.record(
            actor, "worded message", f"{kind.replace('_', ' ')} ({language})", study_id=study_id,
            before=before, after={"subject": text.subject, "body": text.body},
        )  # fmt: skip


def reset_text(actor: Actor, study_id: int, kind: str, language: str) -> None:
    """Go back to the standard text."""
    with transaction():
        lock_study(study_id)
        row = _row(study_id, kind, language)
        if row is not None:
            before = {"subject": row.subject, "body": row.body}
            db.session.delete(row)
            what = f"{kind.replace('_', ' ')} ({language})"
            audit.record(actor, "went back to standard message", what, study_id=study_id, before=before)


def _row(study_id: int, kind: str, language: str) -> MessageText | None:
    found = select(MessageText).where(_of(study_id), MessageText.kind == kind, MessageText.language == language)
    return db.session.scalar(found.execution_options(populate_existing=True))
