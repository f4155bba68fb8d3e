"""The open link: people type name and address, get a mail, and become part of the roster by pressing its button."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import NotFoundError, StateError, SurveyClosedError
from jta.mail import Mail
from jta.models.delivery import OutboxMessage, Person, PersonEvent
from jta.models.sending import DeliverySettings, Registration
from jta.models.study import Stratum, Study
from jta.services import links
from jta.services.delivery import list_strata, new_person, require_open
from jta.services.delivery_checks import PersonDetails, check_line, free_codes
from jta.services.delivery_settings import DEFAULT_LANGUAGE, load_texts, own_settings
from jta.services.message_text import phrases, render
from jta.services.opt_out import is_left_alone
from jta.services.outbox import NOT_CONFIGURED, Kind, Letter, Words, blame_nobody, plan_message
from jta.services.recipients import NOT_OPEN, OPEN, OPTED_OUT, load_facts
from jta.services.study_stage import lock_study

RESPONDENT = Actor("respondent", "respondent")
AGAIN_AFTER = timedelta(hours=24)
MOST_MAILS = 3  # to one address, in all
MOST_A_DAY = 1_000  # of one study
VALID = timedelta(days=7)
CLOSED = lazy("Registration is closed.")


@dataclass(frozen=True)
class JoinPage:
    """What the open link shows."""

    study_id: int
    title: str
    contact: str
    notice: str | None
    strata: list[Stratum]
    language: str  # that the director wrote it in


@dataclass(frozen=True)
class Wish:
    """What somebody typed behind the open link."""

    name: str
    email: str
    organization: str = ""
    stratum_id: int | None = None


def switch_open_link(actor: Actor, study_id: int, *, on: bool) -> None:
    """Make a new open link, or take it away; an earlier one stops working either way.

    Raises
    ------
    StateError
        If no mail server is configured, or the survey has closed.
    """
    if on and not current_app.config["SETTINGS"].mail.configured:
        why = f"{NOT_CONFIGURED} Without one nobody can confirm an address."  # to the director, in English
        raise StateError(why)
    with transaction():
        study = lock_study(study_id)
        if on:
            require_open(study)
        own_settings(study_id).open_code = secrets.token_urlsafe(16) if on else None
        audit.record(actor, "made open link" if on else "removed open link", f"study {study_id}", study_id=study_id)


def open_link(study_id: int) -> str | None:
    """Return the address of a study's open link, or None."""
    code = db.session.scalar(select(DeliverySettings.open_code).where(DeliverySettings.study_id == study_id))
    return links.site_url(f"/join/{code}") if code else None


def load_join_page(code: str) -> JoinPage:
    """Return what the open link shows.

    Raises
    ------
    NotFoundError
        If there is no such link.
    SurveyClosedError
        If the survey is not open.
    """
    study = _study(code)
    return _page(study, list_strata(study.id))


def _page(study: Study, strata: list[Stratum]) -> JoinPage:
    return JoinPage(study.id, study.title, study.contact, study.notice, strata, study.languages[0])


def _study(code: str) -> Study:
    found = select(Study).join(DeliverySettings, DeliverySettings.study_id == Study.id)
    study: Study | None = db.session.scalar(found.where(DeliverySettings.open_code == code))
    if study is None:
        raise NotFoundError(_("Check that you copied the whole link, or ask whoever gave it to you."))
    if study.stage not in OPEN:
        raise SurveyClosedError(str(CLOSED))
    return study


def register(code: str, wish: Wish, language: str = DEFAULT_LANGUAGE) -> None:
    """Take a registration and send the mail that confirms it; whoever asks learns nothing about the address.

    An address that is known, unwanted or asked for too often gets the same answer and no mail.

    Parameters
    ----------
    code : str
        Of the open link.
    wish : Wish
        What was typed.
    language : str
        Language of the page it was typed on, in which the mail is written.

    Raises
    ------
    InvalidInputError
        If a name or address cannot stand in the head of a message.
    """
    for field in ("name", "email", "organization"):
        check_line(getattr(wish, field), field, 200)
    with transaction():
        study = _study(code)
        mark, now = links.address_mark(study.id, wish.email), clock.now()
        if not _may_mail(study.id, mark, wish.email):
            return
        stratum = db.session.get(Stratum, wish.stratum_id) if wish.stratum_id else None
        row = Registration(
            study_id=study.id, name=wish.name, email=wish.email, organization=wish.organization, address_mark=mark,
            stratum_id=stratum.id if stratum and stratum.study_id == study.id else None, asked_at=now,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        plan_message(study.id, wait=False, registration_id=row.id, address_mark=mark, language=language)


def _may_mail(study_id: int, mark: str, address: str) -> bool:
    own = Registration.study_id == study_id, Registration.address_mark == mark
    count, last = db.session.execute(select(func.count(), func.max(Registration.asked_at)).where(*own)).one()
    recent = Registration.study_id == study_id, Registration.asked_at > clock.now() - AGAIN_AFTER
    today = db.session.scalar(select(func.count(Registration.id)).where(*recent)) or 0
    if count >= MOST_MAILS or (last and last > clock.now() - AGAIN_AFTER) or today >= MOST_A_DAY:
        return False
    return _wanted(study_id, mark, address)


def _wanted(study_id: int, mark: str, address: str) -> bool:
    person = _known(study_id, address)
    return not is_left_alone(study_id, mark) and (person is None or _welcome(study_id, person))


def _known(study_id: int, address: str) -> Person | None:
    found = select(Person).where(Person.study_id == study_id, func.lower(Person.email) == address.lower())
    return db.session.scalars(found).first()


def _welcome(study_id: int, person: Person) -> bool:
    (facts,) = load_facts(study_id, [person.id])
    return not (facts.withdrew or facts.opted_out)


def _write(message: OutboxMessage, words: Words) -> Letter:
    row, own, said = _row(message), words[message.study_id], phrases(message.language)
    texts = {lang: one for (kind, lang), one in load_texts(row.study_id).items() if kind == "registration"}
    values = {
        "name": row.name, "organization": row.organization, "study": own.title, "credential": own.credential,
        "minutes": str(own.minutes), "closes": own.closes or said["closes"], "opt_out": "",
        "contact": own.contact or said["contact"],
        "link": links.site_url(f"/join/confirm/{links.row_token('confirm', row.id)}"),
    }  # fmt: skip
    text = texts.get(message.language, texts[DEFAULT_LANGUAGE]).text
    done = render(text, values, language=message.language, link="confirm")
    letter = Mail(
        to_name=row.name, to_address=row.email, from_name=own.sender_name, reply_to=own.reply_to,
        subject=done.subject, text=done.text, html=done.html, message_id=message.message_id, date=clock.now(),
        language=message.language,
    )  # fmt: skip
    return Letter(message.id, row.address_mark, "registration", letter)


def _row(message: OutboxMessage) -> Registration:
    return db.session.get_one(Registration, message.registration_id)


def _judge(message: OutboxMessage, _letter: Letter) -> str:
    row, study = _row(message), db.session.get_one(Study, message.study_id, populate_existing=True)
    if person := _known(study.id, row.email):
        db.session.get(Person, person.id, with_for_update=True, populate_existing=True)
    if study.stage not in OPEN:
        return NOT_OPEN
    if row.asked_at + VALID < clock.now():
        return "its link is more than a week old"
    return "" if _wanted(study.id, row.address_mark, row.email) else OPTED_OUT


REGISTRATION = Kind(_write, _judge, blame_nobody, heeds_hours=False)


def load_confirm_page(token: str) -> JoinPage:
    """Return what the link of a confirmation mail shows. Changes nothing: mail scanners open links.

    Raises
    ------
    NotFoundError
        If the link is not one of ours, or older than a week.
    SurveyClosedError
        If the survey is not open.
    """
    row = _registration(token)
    study = db.session.get_one(Study, row.study_id)
    if study.stage not in OPEN:
        raise SurveyClosedError(str(CLOSED))
    return _page(study, [])


def _registration(token: str) -> Registration:
    row_id = links.read_row_token("confirm", token)
    row = db.session.get(Registration, row_id) if row_id is not None else None
    if row is None or row.asked_at + VALID < clock.now():
        raise NotFoundError(_("This link is not valid any more. Register again by the open link."))
    return row


def confirm(token: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Put whoever confirms an address on the roster, and return the path of their personal link; again is harmless.

    Messages to a new person are written in ``language``.

    Raises
    ------
    NotFoundError
        If the link is not one of ours, is older than a week, or its person asked to be left alone.
    SurveyClosedError
        If the survey is not open.
    """
    with transaction():
        study = lock_study(_registration(token).study_id)
        row = db.session.get_one(Registration, _registration(token).id, with_for_update=True, populate_existing=True)
        if study.stage not in OPEN:
            raise SurveyClosedError(str(CLOSED))
        person = (db.session.get(Person, row.person_id) if row.person_id else None) or _known(study.id, row.email)
        if person is None:
            person = _join(study.id, row, language)
        elif not _welcome(study.id, person):
            raise NotFoundError(_("This address asked not to be written to. Nothing was changed."))
        if person.token_hash is None:
            person.token_hash = links.token_hash(links.token_for(person.id, person.link_generation))
            db.session.add(PersonEvent(person_id=person.id, kind="link made", at=clock.now()))
        row.person_id, row.confirmed_at = person.id, row.confirmed_at or clock.now()
        return f"/s/{links.token_for(person.id, person.link_generation)}"


def _written_in(language: str) -> dict[str, str]:
    """What the roster notes of the language messages are written in."""
    return {} if language == DEFAULT_LANGUAGE else {"language": language}


def _join(study_id: int, row: Registration, language: str) -> Person:
    taken = db.session.scalars(select(Person.code).where(Person.study_id == study_id))
    details = PersonDetails(row.name, row.email, row.organization, row.stratum_id)
    person = new_person(study_id, next(free_codes(taken)), details, _written_in(language))
    db.session.flush()
    db.session.add(PersonEvent(person_id=person.id, kind="registered", at=clock.now()))
    audit.record(RESPONDENT, "registered", f"person {person.id}", study_id=study_id)
    return person
