"""Messages of waves in the outbox: their text, and who may still get one when it is handed over."""

from __future__ import annotations

from jta import clock
from jta.db import db
from jta.mail import Mail
from jta.models.delivery import OutboxMessage, Person, PersonEvent, Wave
from jta.models.study import Study
from jta.services import links
from jta.services.letters import fill, language_of, opt_out_url
from jta.services.message_text import Text
from jta.services.outbox import Kind, Letter, StaleLetterError, Words
from jta.services.recipients import Facts, judge, load_facts, text_kind


def _read(message: OutboxMessage) -> tuple[Wave, Facts]:
    wave = db.session.get_one(Wave, message.wave_id, populate_existing=True)
    (facts,) = load_facts(wave.study_id, [message.person_id or 0], but_wave=wave.id)
    return wave, facts


def _write(message: OutboxMessage, words: Words) -> Letter:
    wave, facts = _read(message)
    person, said = db.session.get_one(Person, message.person_id), words[wave.study_id]
    kind = text_kind(wave.kind, facts)
    texts = (wave.texts or {})[kind]
    language = language_of(person.attributes, texts)
    done = fill(said, person, Text(**texts[language]), language)
    mail = Mail(
        to_name=person.name, to_address=facts.email, from_name=said.sender_name, reply_to=said.reply_to,
        subject=done.subject, text=done.text, html=done.html, message_id=message.message_id,
        date=clock.now(), language=language, unsubscribe=opt_out_url(person.id),
    )  # fmt: skip
    return Letter(message.id, facts.mark, kind, mail)


def _judge(message: OutboxMessage, letter: Letter) -> str:
    db.session.get(Person, message.person_id, with_for_update=True, populate_existing=True)
    wave, facts = _read(message)
    if wave.state != "sending":
        raise StaleLetterError
    study = db.session.get_one(Study, wave.study_id, populate_existing=True)
    reason = judge(wave.kind, facts, study.stage, clock.now())
    if not reason and (facts.mark, text_kind(wave.kind, facts)) != (letter.address_mark, letter.text_kind):
        raise StaleLetterError
    return reason


def _blame(message: OutboxMessage) -> None:
    person = db.session.get_one(Person, message.person_id, with_for_update=True, populate_existing=True)
    # An address that was replaced meanwhile is not the one that came back.
    if person.email and links.address_mark(person.study_id, person.email) == message.address_mark:
        db.session.add(PersonEvent(person_id=person.id, kind="bounced", at=clock.now()))


WAVE = Kind(_write, _judge, _blame, heeds_hours=True)
