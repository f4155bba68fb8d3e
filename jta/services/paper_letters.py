"""Letters on paper for people whom no mail reaches. Made and handed over at once: no letter is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, reading, transaction
from jta.errors import InvalidInputError, NotFoundError
from jta.models.delivery import Person, PersonEvent
from jta.models.study import Study
from jta.services import links
from jta.services.delivery import require_open
from jta.services.delivery_settings import load_texts
from jta.services.letters import StudyWords, fill, language_of, study_words
from jta.services.message_text import phrases
from jta.services.recipients import Facts, load_facts
from jta.services.study_stage import lock_study

BATCH = 200
WHO = {
    "no mail": "People without an e-mail address that works",
    "silent": "Everybody who has not started, whether or not mail was sent",
}  # fmt: skip


@dataclass(frozen=True)
class LetterBatch:
    """One file of letters: the people from ``first`` to ``last``, counted from 1."""

    number: int
    first: int
    last: int


def count_letters(study_id: int, who: str) -> tuple[int, list[LetterBatch]]:
    """Return how many letters there would be, and the files they come in."""
    count = len(_chosen(study_id, who))
    starts = range(0, count, BATCH)
    return count, [LetterBatch(n, start + 1, min(start + BATCH, count)) for n, start in enumerate(starts, start=1)]


def _chosen(study_id: int, who: str) -> list[int]:
    if who not in WHO:
        raise NotFoundError
    return [facts.id for facts in load_facts(study_id) if _gets_one(facts, who)]


def _gets_one(facts: Facts, who: str) -> bool:
    if facts.withdrew or facts.opted_out or facts.started:
        return False
    return who == "silent" or not facts.email or facts.bounced


def make_letters(actor: Actor, study_id: int, who: str, number: int, paper: str) -> bytes:
    """Return one file of letters as PDF; people without a personal link get one.

    Raises
    ------
    NotFoundError
        If there is no such file any more.
    InvalidInputError
        If the text needs more than one page.
    StateError
        If the survey has closed.
    """
    with transaction():
        study = lock_study(study_id)
        require_open(study)
        people = _people(_chosen(study_id, who)[(number - 1) * BATCH : number * BATCH])
        for person in people:
            _give_link(person)
        audit.record(
            actor, "made letters", f"study {study_id}", study_id=study_id, after=[p.id for p in people],
            note=f"{len(people)} letters",
        )  # fmt: skip
        ids = [person.id for person in people]
    with reading():  # setting the pages takes seconds, in which nobody else may be kept from saving
        return _write(db.session.get_one(Study, study_id), _people(ids), paper)


def _people(ids: list[int]) -> list[Person]:
    if not ids:
        raise NotFoundError("There are no letters to make any more.")
    found = {p.id: p for p in db.session.scalars(select(Person).where(Person.id.in_(ids)))}
    return [found[person_id] for person_id in ids]


def _give_link(person: Person) -> None:
    if person.token_hash is None:
        person.token_hash = links.token_hash(links.token_for(person.id, person.link_generation))
        db.session.add(PersonEvent(person_id=person.id, kind="link made", at=clock.now()))


def _write(study: Study, people: list[Person], paper: str) -> bytes:
    from jta.exports.letters import PAPERS, LetterError, write_letters

    if paper not in PAPERS:
        raise InvalidInputError("Choose a paper size.", field="paper")
    words, texts = study_words(study), load_texts(study.id)
    written = [_letter(person, words, texts) for person in people]
    try:
        return write_letters(written, paper=paper, title=f"Letters of {study.title}", notice=study.notice or "")
    except LetterError as error:
        raise InvalidInputError(str(error)) from error


def _letter(person: Person, words: StudyWords, texts: dict[tuple[str, str], Any]) -> Any:
    from jta.exports.letters import PaperLetter

    known = {language: stored for (kind, language), stored in texts.items() if kind == "letter"}
    language = language_of(person.attributes, known)
    done = fill(words, person, known[language].text, language)
    label = f"{phrases(language)['link']}: "
    paragraphs = [part.strip().replace(label, "") for part in done.text.split("\n\n") if part.strip()]
    recipient = [line for line in (person.name, person.organization) if line]
    return PaperLetter(done.subject, paragraphs, links.link_url(person), recipient, language)
