"""One message for one person: its fields filled in, in the person's language. Nothing rendered is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jta.db import db
from jta.models.delivery import Person
from jta.models.sending import DeliverySettings
from jta.models.study import Study
from jta.services import links
from jta.services.delivery_settings import DEFAULT_LANGUAGE, get_settings
from jta.services.instrument import content_of, estimate_minutes
from jta.services.message_text import Rendered, Text, phrases, render

HIDDEN_LINK = "(personal link, shown to this person only)"


@dataclass(frozen=True)
class StudyWords:
    """What all messages of a study say alike."""

    id: int
    title: str
    credential: str
    contact: str
    minutes: int
    closes: str
    sender_name: str
    reply_to: str


def study_words(study: Study) -> StudyWords:
    """Return what the messages of a study say of it."""
    settings, content = get_settings(study.id), content_of(study)
    return StudyWords(
        study.id, study.title, study.credential, study.contact, estimate_minutes(content), _closes(settings),
        settings.sender_name or study.title[:100], settings.reply_to,
    )  # fmt: skip


def _closes(settings: DeliverySettings) -> str:
    return f"{settings.closes_on:%-d %B %Y}" if settings.closes_on else ""


def language_of(attributes: Mapping[str, Any] | None, known: Mapping[str, Any]) -> str:
    """Return the language a person is written to in: their own where there is a text in it."""
    wished = str((attributes or {}).get("language", "")).strip().lower()
    return next((code for code in (wished, wished.split("-")[0]) if code in known), DEFAULT_LANGUAGE)


def fill(words: StudyWords, person: Person, text: Text, language: str, *, masked: bool = False) -> Rendered:
    """Return a message for a person; with ``masked`` its links are not those that work."""
    said = phrases(language)
    values = {
        "name": person.name, "organization": person.organization, "study": words.title,
        "credential": words.credential or words.title, "minutes": str(words.minutes),
        "closes": words.closes or said["closes"], "contact": words.contact or said["contact"],
        "link": HIDDEN_LINK if masked else links.link_url(person),
        "opt_out": HIDDEN_LINK if masked else opt_out_url(person.id),
    }  # fmt: skip
    return render(text, values, language=language)


def opt_out_url(person_id: int) -> str:
    """Return the address of the page that stops further messages to a person."""
    return links.site_url(f"/stop/{links.row_token('stop', person_id)}")


def preview_letter(study_id: int, person_id: int | None, text: Text, language: str) -> tuple[Rendered, str]:
    """Return a message as a person would get it, its links masked, and the person's name.

    Without an id the first person of the roster is taken; an invented one where there is nobody.
    """
    study = db.session.get_one(Study, study_id)
    person = _someone(study_id, person_id)
    return fill(study_words(study), person, text, language, masked=True), person.name


def _someone(study_id: int, person_id: int | None) -> Person:
    people = db.select(Person).where(Person.study_id == study_id).order_by(Person.code, Person.id)
    if person_id is not None:
        people = people.where(Person.id == person_id)
    found = db.session.scalars(people.limit(1)).first()
    return found or Person(study_id=study_id, name="Robin Example", organization="Example district", attributes={})
