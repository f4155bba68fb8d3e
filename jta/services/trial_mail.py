"""A trial of a message, sent to whoever asks: as one person would get it, its links masked."""

from __future__ import annotations

from flask import current_app

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import NotFoundError, StateError
from jta.mail import Mail
from jta.models.account import User
from jta.models.delivery import OutboxMessage
from jta.services import links
from jta.services.delivery_settings import load_texts
from jta.services.letters import preview_letter
from jta.services.outbox import NOT_CONFIGURED, Kind, Letter, Words, blame_nobody, plan_message


def ask_trial(actor: Actor, study_id: int, kind: str, language: str) -> int:
    """Ask for a trial of a message to one's own address; return the number of the message.

    Raises
    ------
    StateError
        If no mail server is configured.
    """
    if not current_app.config["SETTINGS"].mail.configured:
        raise StateError(f"{NOT_CONFIGURED} An administrator sets one up.")
    with transaction():
        message = plan_message(study_id, wait=False, user_id=actor.user_id, text_kind=kind, language=language)
        audit.record(actor, "asked for trial message", f"{kind} ({language})", study_id=study_id)
        return message.id


def _write(message: OutboxMessage, words: Words) -> Letter:
    user, said = db.session.get_one(User, message.user_id), words[message.study_id]
    text = load_texts(message.study_id)[message.text_kind, message.language].text
    done, _ = preview_letter(message.study_id, None, text, message.language)
    trial = Mail(
        to_name=user.name, to_address=user.email, from_name=said.sender_name, reply_to=said.reply_to,
        subject=f"[Trial] {done.subject}", text=done.text, html=done.html, date=clock.now(),
        message_id=message.message_id, language=message.language,
    )  # fmt: skip
    return Letter(message.id, links.address_mark(message.study_id, user.email), message.text_kind, trial)


def _judge(_message: OutboxMessage, _letter: Letter) -> str:
    return ""


TRIAL = Kind(_write, _judge, blame_nobody, heeds_hours=False)


def get_trial(study_id: int, message_id: int) -> OutboxMessage:
    """Return a trial by its number.

    Raises
    ------
    NotFoundError
        If the study has none with this number.
    """
    message = db.session.get(OutboxMessage, message_id)
    if message is None or message.user_id is None or message.study_id != study_id:
        raise NotFoundError
    return message
