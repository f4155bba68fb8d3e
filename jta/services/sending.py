"""The sender: claims messages that are due, hands each to the mail server, records what it said. Never twice.

The way of a message: planned → claimed (for a limited time) → handed over (written down before the first byte of the
text leaves) → accepted, failed or planned again. Whoever is killed while a message is claimed loses nothing: the claim
runs out and it is planned again. Whoever is killed while it is handed over leaves it "unknown": it may have arrived,
so only a director can have it sent again. Who may get it is judged again at hand-over, in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, exists, func, or_, select, update

from jta import clock, mail
from jta.db import db, reading, transaction
from jta.jobs import WORKER_LOST
from jta.mail import Connection, MailRefusedError, MailServerError, Reply
from jta.mail_settings import MailSettings
from jta.models.delivery import Attempt, OutboxMessage, Person, PersonEvent, Wave
from jta.models.jobs import Worker
from jta.models.study import Study
from jta.services import links
from jta.services.delivery_settings import get_settings
from jta.services.letters import Letter, StudyWords, study_words, write_letter
from jta.services.quiet_hours import Hours, hours_of
from jta.services.recipients import judge, load_facts, text_kind
from jta.services.waves import turn_waves

log = structlog.get_logger()
BATCH = 25
LEASE = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
_SENDING = 0x6A7461  # the name of our lock in PostgreSQL
GIVE_UP = timedelta(hours=72)
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(hours=4)
NOT_CONFIGURED = "No mail server is configured."
GAVE_UP = "The mail server did not take it for 72 hours"
_NO_SUCH_ADDRESS = re.compile(r"55[013] (?:5\.1\.[0-9]+ |(?!5\.))")


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
        words: dict[int, StudyWords] = {}
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

    def _send(self, connection: Connection, message_id: int, words: dict[int, StudyWords]) -> None:
        letter = prepare(message_id, words)
        if letter is None:
            return
        try:
            content = mail.build(letter.mail, self._settings)
        except MailRefusedError as error:
            record(letter.id, self._name, Reply(mail.REFUSED, str(error)))
            return
        reply = connection.offer(letter.address, links.bounce_mark(letter.id))
        if reply is None:
            if not begin_hand_over(letter, self._name):
                connection.reset()
                return
            reply = connection.send(content)
        record(letter.id, self._name, reply)


def sweep() -> None:
    """Put claims right that ran out, or whose worker died: claimed ones are planned again, handed over ones unknown."""
    dead = select(Worker.name).where(Worker.alive_at <= clock.now() - WORKER_LOST)
    late = or_(OutboxMessage.claimed_until <= clock.now(), OutboxMessage.claimed_by.in_(dead))
    held = OutboxMessage.state.in_(("claimed", "handed over"))
    with reading():
        if not db.session.scalar(select(exists().where(held, late))):
            return
    with transaction():
        found = select(OutboxMessage).where(held, late).with_for_update(skip_locked=True)
        for message in db.session.scalars(found):
            if message.state == "claimed":
                message.state, message.claimed_by, message.claimed_until = "planned", None, None
            else:
                _end(message, "unknown", "The program was ended while this message was being sent.")
                message.attempts.append(Attempt(at=clock.now(), outcome=mail.UNKNOWN, detail=message.reason))


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
        found = select(OutboxMessage, Wave.study_id).join(Wave, Wave.id == OutboxMessage.wave_id).where(*_due())
        ordered = found.order_by(OutboxMessage.due_at, OutboxMessage.id).limit(room)
        rows = list(db.session.execute(ordered.with_for_update(of=OutboxMessage, skip_locked=True)))
        hours = {study_id: _hours(study_id) for study_id in {study_id for _, study_id in rows}}
        quiet = {study_id for study_id, own in hours.items() if own.is_quiet(clock.now())}
        for study_id in quiet:
            _put_off(study_id, hours[study_id])
        claimed = [message for message, study_id in rows if study_id not in quiet]
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
    return OutboxMessage.state == "planned", OutboxMessage.due_at <= clock.now(), OutboxMessage.wave_id.in_(sending)


def _hours(study_id: int) -> Hours:
    return hours_of(get_settings(study_id), db.session.get_one(Study, study_id).time_zone)


def _put_off(study_id: int, hours: Hours) -> None:
    waves = select(Wave.id).where(Wave.study_id == study_id)
    due = OutboxMessage.wave_id.in_(waves), OutboxMessage.state == "planned", OutboxMessage.due_at <= clock.now()
    db.session.execute(
        update(OutboxMessage).where(*due).values(due_at=hours.next_allowed(clock.now())),
        execution_options={"synchronize_session": False},
    )


def release(ids: Sequence[int], name: str) -> None:
    """Give back claims that were not used; a message that has been due for 72 hours fails."""
    if not ids:
        return
    db.session.rollback()
    with transaction():
        mine = OutboxMessage.id.in_(ids), OutboxMessage.state == "claimed", OutboxMessage.claimed_by == name
        for message in db.session.scalars(select(OutboxMessage).where(*mine).with_for_update()):
            message.state, message.claimed_by, message.claimed_until = "planned", None, None
            if message.first_due_at + GIVE_UP <= clock.now():
                _end(message, "failed", f"{GAVE_UP}.")


def prepare(message_id: int, words: dict[int, StudyWords]) -> Letter | None:
    """Return a claimed message with its text, or None where it is gone or nobody is to be written to."""
    with reading():
        message = db.session.get(OutboxMessage, message_id)
        person = db.session.get(Person, message.person_id) if message else None
        if message is None or person is None:
            return None
        wave = message.wave
        if wave.study_id not in words:
            words[wave.study_id] = study_words(db.session.get_one(Study, wave.study_id))
        (facts,) = load_facts(wave.study_id, [person.id], but_wave=wave.id)
        return write_letter(message, person, wave, words[wave.study_id], text_kind(wave.kind, facts))


def begin_hand_over(letter: Letter, name: str) -> bool:
    """Write down that a message is handed over now, if its person may still get it; else give it its final state.

    After this is committed the message counts as sent. The person's row is locked: an opt-out comes before, and is
    seen, or after.
    """
    with transaction():
        message = _claimed(letter.id, name)
        if message is None:
            return False
        wave = db.session.get_one(Wave, message.wave_id, populate_existing=True)
        if wave.state != "sending":
            message.state, message.claimed_by, message.claimed_until = "planned", None, None
            return False
        db.session.get(Person, letter.person_id, with_for_update=True, populate_existing=True)
        study = db.session.get_one(Study, wave.study_id, populate_existing=True)
        (facts,) = load_facts(study.id, [letter.person_id], but_wave=wave.id)
        if reason := judge(wave.kind, facts, study.stage, clock.now()):
            _end(message, "skipped", reason)
            return False
        if (facts.mark, text_kind(wave.kind, facts)) != (letter.address_mark, letter.text_kind):
            message.state, message.claimed_by, message.claimed_until = "planned", None, None
            return False
        message.state, message.claimed_until = "handed over", clock.now() + LEASE
        message.address_mark, message.text_kind, message.sent_at = facts.mark, letter.text_kind, clock.now()
        return True


def _claimed(message_id: int, name: str) -> OutboxMessage | None:
    message = db.session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    return message if message is not None and (message.state, message.claimed_by) == ("claimed", name) else None


def record(message_id: int, name: str, reply: Reply) -> None:
    """Write down what the mail server said to a message.

    The answer may come after the claim ran out and the message counts as unknown: the answer is the truth.
    """
    with transaction():
        message = db.session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
        held = ("claimed", "handed over", "unknown")
        if message is None or message.state not in held or message.claimed_by != name:
            return
        message.tries += 1
        message.attempts.append(Attempt(at=clock.now(), outcome=reply.kind, detail=reply.detail))
        if reply.kind == mail.LATER:
            _try_later(message, reply)
        elif reply.kind == mail.REFUSED:
            _end(message, "failed", reply.detail)
            message.sent_at = None
            if _NO_SUCH_ADDRESS.match(reply.detail):
                db.session.add(PersonEvent(person_id=message.person_id, kind="bounced", at=clock.now()))
        else:
            _end(message, reply.kind, reply.detail if reply.kind == mail.UNKNOWN else "")


def _try_later(message: OutboxMessage, reply: Reply) -> None:
    message.sent_at = None
    due = clock.now() + wait_after(message.tries)
    if due > message.first_due_at + GIVE_UP:
        _end(message, "failed", f"{GAVE_UP}: {reply.detail}")
        return
    message.state, message.claimed_by, message.claimed_until = "planned", None, None
    message.reason, message.due_at = reply.detail, _hours(message.wave.study_id).next_allowed(due)


def _end(message: OutboxMessage, state: str, reason: str) -> None:
    message.state, message.reason, message.ended_at = state, reason, clock.now()
    message.claimed_until = None
