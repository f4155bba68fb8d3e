"""Messages that may have arrived: the director decides whether one is sent again."""

from __future__ import annotations

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import NotFoundError, StateError
from jta.models.delivery import OutboxMessage, Wave
from jta.services.sending_page import LEFT_AS_IS


def decide_unknown(actor: Actor, study_id: int, message_id: int, *, again: bool) -> Wave:
    """Have a message of unknown fate sent again (with the same Message-ID), or leave it; return its wave.

    Raises
    ------
    StateError
        If its fate is known by now.
    """
    with transaction():
        message = db.session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
        if message is None or message.wave is None or message.study_id != study_id:
            raise NotFoundError
        if message.state != "unknown" or message.reason == LEFT_AS_IS:
            raise StateError("This message has been decided on. Reload the page to see how it stands now.")
        wave = message.wave
        if again:
            _send_again(message, wave)
        else:
            message.reason = LEFT_AS_IS
        done = "sent unknown message again" if again else "left unknown message"
        audit.record(actor, done, f"message {message.id}", study_id=study_id, note=f"wave {wave.number}")
    return wave


def _send_again(message: OutboxMessage, wave: Wave) -> None:
    now = clock.now()
    if wave.state == "cancelled":
        raise StateError("Its wave was cancelled, so nothing more of it is sent.")
    message.state, message.reason, message.claimed_by = "planned", "", None
    message.due_at = message.first_due_at = now
    message.sent_at = message.ended_at = None
    if wave.state == "done":
        wave.state, wave.ended_at = "sending", None
