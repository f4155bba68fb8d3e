"""The sender: claims messages that are due, hands each to the mail server, records what it said. Never twice.

The way of a message: planned → claimed (for a limited time) → handed over (written down before the first byte of the
text leaves) → accepted, failed or planned again. Whoever is killed while a message is claimed loses nothing: the claim
runs out and it is planned again. Whoever is killed while it is handed over leaves it "unknown": it may have arrived,
so only a director can have it sent again. Who may get it is judged again at hand-over, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, func, or_, select, update

from jta import clock, mail
from jta.db import UtcTime, db, reading, transaction
from jta.db_once import read_once
from jta.jobs import WORKER_LOST
from jta.mail import Connection, MailRefusedError, MailServerError, Reply
from jta.mail_settings import MailSettings
from jta.models.delivery import Attempt, OutboxMessage, Wave
from jta.models.jobs import Worker
from jta.services import links
from jta.services.outbox import (
    NOT_CONFIGURED,
    Kind,
    Letter,
    StaleLetterError,
    Words,
    names_no_mailbox,
    study_hours,
)
from jta.services.panel_mail import PANEL
from jta.services.quiet_hours import Hours
from jta.services.registration import REGISTRATION
from jta.services.trial_mail import TRIAL
from jta.services.wave_mail import WAVE
from jta.services.waves import turn_waves

log = structlog.get_logger()
BATCH = 25
LEASE = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
_SENDING = 0x6A7461  # the name of our lock in PostgreSQL
GIVE_UP = timedelta(hours=72)
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(hours=4)
GAVE_UP = "The mail server did not take it for 72 hours"


def kind_of(message: OutboxMessage) -> Kind:
    """Return how messages of this kind are written and judged."""
    if message.wave_id is not None:
        return WAVE
    if message.round_id is not None:
        return PANEL
    return TRIAL if message.registration_id is None else REGISTRATION


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries: 10 minutes, doubled each time, 4 hours at most."""
    doublings: int = 2 ** min(tries - 1, 10)
    return min(SHORTEST * doublings, LONGEST)


class Postman:
    """Sends what is due, batch by batch; one for each worker."""

    def __init__(self, settings: MailSettings, name: str, stopping: Callable[[], bool] = lambda: False) -> None:
        self._settings = settings
        self._name = name
        self._stopping = stopping
        self._pause_until: datetime | None = None
        self._failures = 0
        self.trouble = "" if settings.configured else NOT_CONFIGURED

    def turn(self) -> bool:
        """Do one round; say whether there may be more to do at once."""
        sweep()
        if not self._settings.configured:
            return False
        began = turn_waves()
        if self._pause_until is not None and clock.now() < self._pause_until:
            return False
        batch = claim(self._name, self._settings.per_minute)
        return self._deliver(batch) if batch else began

    def _deliver(self, batch: Sequence[int]) -> bool:
        words = Words()
        left = list(batch)
        with Connection(self._settings) as connection:
            try:
                while left and not self._stopping():
                    connection.open()
                    self._send(connection, left[0], words)
                    left.pop(0)
            except MailServerError as error:
                self._rest(str(error))
            else:
                self._failures, self._pause_until, self.trouble = 0, None, ""
            finally:
                release(left, self._name)
        return not self.trouble

    def _rest(self, why: str) -> None:
        self._failures += 1
        self._pause_until = clock.now() + min(timedelta(seconds=30) * 2 ** min(self._failures - 1, 6), LONGEST / 24)
        self.trouble = why
        log.warning("mail_server_unusable", why=why)

    def _send(self, connection: Connection, message_id: int, words: Words) -> None:
        letter = prepare(message_id, words)
        if letter is None:
            return
        try:
            content = mail.build(letter.mail, self._settings)
        except MailRefusedError as error:
            if begin_hand_over(letter, self._name):
                record(letter.id, self._name, Reply(mail.REFUSED, str(error)))
            return
        reply = connection.offer(letter.mail.to_address, links.bounce_mark(letter.id))
        if reply is None:
            if not begin_hand_over(letter, self._name):
                connection.reset()
                return
            reply = connection.send(content)
        record(letter.id, self._name, reply, letter.address_mark)


def sweep() -> None:
    """Put claims right that ran out, or whose worker died: claimed ones are planned again, handed over ones unknown."""
    if not read_once(_ANY_LOST, {"now": clock.now(), "silent": clock.now() - WORKER_LOST})[0].found:
        return
    with transaction():
        lost = _lost(clock.now(), clock.now() - WORKER_LOST)
        found = select(OutboxMessage).where(lost).with_for_update(skip_locked=True)
        for message in db.session.scalars(found):
            if message.state == "claimed":
                _put_back(message)
            else:
                _end(message, "unknown", "The program was ended while this message was being sent.")
                message.attempts.append(Attempt(at=clock.now(), outcome=mail.UNKNOWN, detail=message.reason))


def _lost(now: datetime | BindParameter[datetime], silent: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    dead = select(Worker.name).where(Worker.alive_at <= silent)
    late = or_(OutboxMessage.claimed_until <= now, OutboxMessage.claimed_by.in_(dead))
    return and_(or_(OutboxMessage.state == "claimed", OutboxMessage.state == "handed over"), late)


_ANY_LOST = select(  # asked every second
    exists().where(_lost(*(bindparam(name, type_=UtcTime) for name in ("now", "silent")))).label("found")
)


def claim(name: str, per_minute: int = 0) -> list[int]:
    """Claim the next messages that are due, and return their ids; those in quiet hours are put off.

    With ``per_minute``, no more than leave room for that many tries in any minute, whatever other workers send.
    """
    with reading():
        if not db.session.scalar(select(exists().where(*_due()))):
            return []
    with transaction():
        room = min(BATCH, _room(per_minute)) if per_minute else BATCH
        if room <= 0:
            return []
        # Whoever registers waits for the message; the panel is small; a wave can wait.
        first = OutboxMessage.wave_id.is_not(None), OutboxMessage.round_id.is_not(None)
        found = select(OutboxMessage).where(*_due()).order_by(*first, OutboxMessage.due_at, OutboxMessage.id)
        rows = list(db.session.scalars(found.limit(room).with_for_update(skip_locked=True)))
        quiet = _put_off({message.study_id for message in rows if kind_of(message).heeds_hours})
        claimed = [message for message in rows if not (message.study_id in quiet and kind_of(message).heeds_hours)]
        for message in claimed:
            message.state, message.claimed_by, message.claimed_until = "claimed", name, clock.now() + LEASE
        return [message.id for message in claimed]


def _room(per_minute: int) -> int:
    """Return how many more messages may be tried now; on PostgreSQL one worker asks at a time."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_SENDING)))
    tried = select(func.count(Attempt.id)).where(Attempt.at > clock.now() - MINUTE)
    held = select(func.count(OutboxMessage.id)).where(OutboxMessage.state.in_(("claimed", "handed over")))
    return per_minute - (db.session.scalar(tried) or 0) - (db.session.scalar(held) or 0)


def _due() -> tuple[ColumnElement[bool], ...]:
    sending = select(Wave.id).where(Wave.state == "sending").correlate(None)
    held = OutboxMessage.wave_id.is_(None) | OutboxMessage.wave_id.in_(sending)
    return OutboxMessage.state == "planned", OutboxMessage.due_at <= clock.now(), held


def _put_off(study_ids: Iterable[int]) -> dict[int, Hours]:
    """Put off what of these studies heeds quiet hours, where it is quiet now; return those studies."""
    now, heeds = clock.now(), OutboxMessage.wave_id.is_not(None) | OutboxMessage.round_id.is_not(None)
    quiet = {one: hours for one in study_ids if (hours := study_hours(one)).is_quiet(now)}
    for study_id, hours in quiet.items():
        due = OutboxMessage.study_id == study_id, OutboxMessage.state == "planned", OutboxMessage.due_at <= now
        later = update(OutboxMessage).where(*due, heeds).values(due_at=hours.next_allowed(now))
        db.session.execute(later, execution_options={"synchronize_session": False})
    return quiet


def release(ids: Sequence[int], name: str) -> None:
    """Give back claims that were not used; a message that has been due for 72 hours fails."""
    if not ids:
        return
    db.session.rollback()
    with transaction():
        mine = OutboxMessage.id.in_(ids), OutboxMessage.state == "claimed", OutboxMessage.claimed_by == name
        for message in db.session.scalars(select(OutboxMessage).where(*mine).with_for_update()):
            _put_back(message)
            if message.first_due_at + GIVE_UP <= clock.now():
                _end(message, "failed", f"{GAVE_UP}.")


def prepare(message_id: int, words: Words) -> Letter | None:
    """Return a claimed message with its text, or None where it is gone or nobody is to be written to."""
    with reading():
        message = db.session.get(OutboxMessage, message_id)
        return kind_of(message).write(message, words) if message else None


def begin_hand_over(letter: Letter, name: str) -> bool:
    """Write down that a message is handed over now, if its reader may still get it; else give it its final state.

    After this is committed the message counts as sent. The reader's row is locked: an opt-out comes before, and is
    seen, or after.
    """
    with transaction():
        message = _claimed(letter.id, name)
        if message is None:
            return False
        try:
            reason = kind_of(message).judge(message, letter)
        except StaleLetterError:
            _put_back(message)
            return False
        if reason:
            _end(message, "skipped", reason)
            return False
        message.state, message.claimed_until, message.sent_at = "handed over", clock.now() + LEASE, clock.now()
        message.address_mark, message.text_kind = letter.address_mark, letter.text_kind
        return True


def _put_back(message: OutboxMessage) -> None:
    message.state, message.claimed_by, message.claimed_until = "planned", None, None


def _claimed(message_id: int, name: str) -> OutboxMessage | None:
    message = db.session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    return message if message is not None and (message.state, message.claimed_by) == ("claimed", name) else None


def record(message_id: int, name: str, reply: Reply, mark: str = "") -> None:
    """Write down what the mail server said to a message.

    The answer may come after the claim ran out and the message counts as unknown: the answer is the truth. ``mark``
    is that of the address that was offered.
    """
    with transaction():
        message = db.session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
        held = ("claimed", "handed over", "unknown")
        if message is None or message.state not in held or message.claimed_by != name:
            return
        message.tries, message.address_mark = message.tries + 1, mark or message.address_mark
        message.attempts.append(Attempt(at=clock.now(), outcome=reply.kind, detail=reply.detail))
        if reply.kind == mail.LATER:
            _try_later(message, reply)
        elif reply.kind == mail.REFUSED:
            _end(message, "failed", reply.detail)
            message.sent_at = None
            if names_no_mailbox(reply.detail):
                kind_of(message).blame(message)
        else:
            _end(message, reply.kind, reply.detail if reply.kind == mail.UNKNOWN else "")


def _try_later(message: OutboxMessage, reply: Reply) -> None:
    message.sent_at = None
    due = clock.now() + wait_after(message.tries)
    if due > message.first_due_at + GIVE_UP:
        _end(message, "failed", f"{GAVE_UP}: {reply.detail}")
        return
    _put_back(message)
    heeds = kind_of(message).heeds_hours
    message.reason, message.due_at = reply.detail, study_hours(message.study_id).next_allowed(due) if heeds else due


def _end(message: OutboxMessage, state: str, reason: str) -> None:
    message.state, message.reason, message.ended_at = state, reason, clock.now()
    message.claimed_until = None
