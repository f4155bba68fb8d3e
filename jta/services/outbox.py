"""What every message of the outbox has in common, whatever it is about: how it is planned, and what its kind must say.

A `Kind` is all that tells messages of waves, of the panel's rounds, of registrations and trials apart. Claims, tries,
final states, limits and reports of bounces are the same for all (`jta.services.sending`, `jta.services.bounces`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app

from jta import clock
from jta.db import db
from jta.mail import Mail
from jta.models.delivery import OutboxMessage
from jta.models.study import Study
from jta.services.delivery_settings import get_settings
from jta.services.letters import StudyWords, study_words
from jta.services.quiet_hours import Hours, hours_of

NOT_CONFIGURED = "No mail server is configured."
_NO_SUCH_ADDRESS = re.compile(r"55[013] (?:5\.1\.[0-9]+ |(?!5\.))")


class StaleLetterError(Exception):
    """What a letter says is no longer so: its message goes back, to be written anew."""


class Words(dict[int, StudyWords]):
    """What the messages of each study say alike, read once for a batch."""

    def __missing__(self, study_id: int) -> StudyWords:
        self[study_id] = study_words(db.session.get_one(Study, study_id))
        return self[study_id]


@dataclass(frozen=True)
class Letter:
    """A message ready to be handed over, with what must still be so at that moment."""

    id: int
    address_mark: str
    text_kind: str
    mail: Mail


@dataclass(frozen=True)
class Kind:
    """How the messages of one kind differ.

    Attributes
    ----------
    write : callable
        Makes the letter of a claimed message; None where nobody is left to write to.
    judge : callable
        Says at hand-over, with its reader's row locked, why a letter must not go out; an empty text where it may.
        Raises `StaleLetterError` where it must be written anew, or held back.
    blame : callable
        Notes that the address does not work.
    heeds_hours : bool
        Whether it waits for the end of the study's quiet hours; not where somebody waits for it just now.
    """

    write: Callable[[OutboxMessage, Words], Letter | None]
    judge: Callable[[OutboxMessage, Letter], str]
    blame: Callable[[OutboxMessage], None]
    heeds_hours: bool


def blame_nobody(_message: OutboxMessage) -> None:
    """Note nothing: the message's own state tells all there is to know."""


def names_no_mailbox(said: str) -> bool:
    """Say whether a mail server's refusal means that there is no such address."""
    return _NO_SUCH_ADDRESS.match(said) is not None


def study_hours(study_id: int) -> Hours:
    """Return a study's quiet hours."""
    return hours_of(get_settings(study_id), db.session.get_one(Study, study_id).time_zone)


def new_message_id() -> str:
    """Return a Message-ID that nobody has had."""
    return f"<{secrets.token_hex(16)}@{current_app.config['SETTINGS'].host}>"


def plan_message(study_id: int, *, wait: bool, **about: int | str | None) -> OutboxMessage:
    """Put one message into the outbox, inside the transaction that is open; with ``wait`` after the quiet hours."""
    due = study_hours(study_id).next_allowed(clock.now()) if wait else clock.now()
    message = OutboxMessage(study_id=study_id, message_id=new_message_id(), due_at=due, first_due_at=due, **about)
    db.session.add(message)
    db.session.flush()
    return message
