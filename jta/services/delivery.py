"""The people of the roster and their personal links: add, edit, remove, make and replace links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, NotFoundError, StateError
from jta.models.delivery import Person, PersonEvent
from jta.models.response import Response
from jta.models.study import Stratum, Study
from jta.services import links
from jta.services.delivery_checks import PersonDetails, check_code, check_details, free_codes
from jta.services.delivery_roster import get_person, person_state
from jta.services.recipients import is_mailed
from jta.services.study_stage import BEFORE_LAUNCH, lock_study

OPEN_STAGES = (*BEFORE_LAUNCH, "pilot", "fielding")


@dataclass(frozen=True)
class PersonalLink:
    """A link on the one occasion it is shown."""

    code: str
    name: str
    email: str | None
    url: str


def require_open(study: Study) -> None:
    """Refuse a change of the roster or its links once the survey has closed.

    Raises
    ------
    StateError
        If it has.
    """
    if study.stage not in OPEN_STAGES:
        raise StateError("The survey is closed, so its roster is kept as it was. Open the survey again to change it.")


def add_person(actor: Actor, study_id: int, details: PersonDetails, *, code: str = "") -> Person:
    """Add one person to the roster; without a code they get the next free one (P0001, P0002, ...).

    Raises
    ------
    InvalidInputError
        If a text is missing or too long, or the code or the address belongs to somebody on the roster.
    StateError
        If the survey has closed.
    """
    with transaction():
        study = lock_study(study_id)
        require_open(study)
        check_details(study_id, details)
        check_code(study_id, code)
        taken = db.session.scalars(select(Person.code).where(Person.study_id == study_id))
        person = new_person(study_id, code or next(free_codes(taken)), details)
        db.session.flush()
        _record(actor, "added person", person, after=person_state(person))
    return person


def new_person(study_id: int, code: str, details: PersonDetails, attributes: dict[str, str] | None = None) -> Person:
    """Put a person into the session with the event "added", inside the transaction that is open."""
    now = clock.now()
    person = Person(
        study_id=study_id, code=code, name=details.name, email=details.email or None,
        organization=details.organization, stratum_id=details.stratum_id, attributes=attributes or {},
        link_generation=1, added_at=now, events=[PersonEvent(kind="added", at=now)],
    )  # fmt: skip
    db.session.add(person)
    return person


def edit_person(actor: Actor, study_id: int, person_id: int, details: PersonDetails, *, seen: str) -> Person:
    """Change what the roster says of a person; ``seen`` is the `person_state` the writer saw.

    The code stays. A response that was started keeps the stratum it was started in.

    Raises
    ------
    InvalidInputError
        If a text is missing or too long, or the address belongs to somebody else on the roster.
    StateError
        If the person withdrew, or the survey has closed.
    EditConflictError
        If somebody else changed the person since.
    """
    with transaction():
        require_open(lock_study(study_id))
        person = _locked(study_id, person_id)
        _refuse_withdrawn(person)
        before = _details_of(person)
        if before == details:
            return person
        if person_state(person) != seen:
            raise EditConflictError(
                "Nothing was saved. Compare both, then save what should stand.",
                theirs=_as_text(before), yours=_as_text(details),
            )  # fmt: skip
        check_details(study_id, details, person_id)
        was = person_state(person)
        note_address(person, details.email)
        person.name, person.email = details.name, details.email or None
        person.organization, person.stratum_id = details.organization, details.stratum_id
        _record(actor, "edited person", person, before=was, after=person_state(person))
    return person


def note_address(person: Person, email: str) -> None:
    """Note a change of a person's address, inside the transaction that is open: an earlier bounce counts no more."""
    if person.email and email.lower() != person.email.lower():
        db.session.add(PersonEvent(person_id=person.id, kind="address replaced", at=clock.now()))


def remove_person(actor: Actor, study_id: int, person_id: int) -> None:
    """Take a person off the roster for good; their link stops working.

    Raises
    ------
    StateError
        If the person has started a response, withdrew, or the survey has closed.
    """
    with transaction():
        require_open(lock_study(study_id))
        person = _locked(study_id, person_id)
        require_removable(person)
        _record(actor, "removed person", person, before=person_state(person))
        db.session.delete(person)


def require_removable(person: Person) -> None:
    """Refuse the removal of somebody who answered or withdrew.

    Raises
    ------
    StateError
        If there is a response, a message that went out, or an event "withdrew" or "opted out".
    """
    if db.session.scalar(select(exists().where(Response.person_id == person.id))):
        raise StateError(f"{person.name} has started to answer, so this row of the roster stays.")
    if _withdrew(person.id):
        raise StateError(f"{person.name} withdrew. This row stays, so that nobody invites them again.")
    if _happened(person.id, "opted out"):
        raise StateError(f"{person.name} asked not to be written to. This row stays, so that nobody does.")
    if is_mailed(person.id):
        raise StateError(f"{person.name} was written to, so this row stays. You can stop further messages instead.")


def count_without_link(study_id: int) -> int:
    """Return how many people have no personal link yet and did not withdraw."""
    return db.session.scalar(select(func.count(Person.id)).where(*_needs_link(study_id))) or 0


def make_links(actor: Actor, study_id: int) -> list[PersonalLink]:
    """Make personal links for everybody who has none, and return them, by code; this is the one time they are shown.

    Nobody who withdrew gets one. Where everybody has a link the list is empty and nothing is written.

    Raises
    ------
    StateError
        If the survey has closed.
    """
    with transaction():
        require_open(lock_study(study_id))
        found = select(Person).where(*_needs_link(study_id)).order_by(func.lower(Person.code), Person.id)
        people = list(db.session.scalars(found.with_for_update()))
        for person in people:
            _give_link(person, "link made")
        if people:
            audit.record(
                actor, "made personal links", f"study {study_id}", study_id=study_id,
                after=[person.id for person in people], note=f"{len(people)} links",
            )  # fmt: skip
        return [_shown(person) for person in people]


def count_renewable(study_id: int) -> int:
    """Return how many people have a link and have neither started nor withdrawn."""
    return db.session.scalar(select(func.count(Person.id)).where(*_renewable(study_id))) or 0


def renew_links(actor: Actor, study_id: int) -> list[PersonalLink]:
    """Make new links for everybody who has one and has not started; the old ones stop working at once.

    For a list that was lost. Whoever has started keeps the link, because it is in use.

    Raises
    ------
    StateError
        If the survey has closed.
    """
    with transaction():
        require_open(lock_study(study_id))
        found = select(Person).where(*_renewable(study_id)).order_by(func.lower(Person.code), Person.id)
        people = list(db.session.scalars(found.with_for_update()))
        for person in people:
            person.link_generation += 1
            _give_link(person, "link replaced")
        if people:
            audit.record(
                actor, "replaced all unused links", f"study {study_id}", study_id=study_id,
                after=[person.id for person in people], note=f"{len(people)} links",
            )  # fmt: skip
        return [_shown(person) for person in people]


def _renewable(study_id: int) -> tuple[ColumnElement[bool], ...]:
    withdrew = exists().where(PersonEvent.person_id == Person.id, PersonEvent.kind == "withdrew")
    started = exists().where(Response.person_id == Person.id)
    return Person.study_id == study_id, Person.token_hash.is_not(None), ~withdrew, ~started


def replace_link(actor: Actor, study_id: int, person_id: int) -> PersonalLink:
    """Make a new link for one person; the old one stops working at once. What they answered stays.

    Raises
    ------
    StateError
        If the person has no link yet or withdrew, or the survey has closed.
    """
    with transaction():
        require_open(lock_study(study_id))
        person = _locked(study_id, person_id)
        _refuse_withdrawn(person)
        if person.token_hash is None:
            raise StateError(f"{person.name} has no link yet. Make links for everybody who has none.")
        person.link_generation += 1
        _give_link(person, "link replaced")
        _record(actor, "replaced personal link", person, note=f"link {person.link_generation}")
        return _shown(person)


def list_strata(study_id: int) -> list[Stratum]:
    """Return the strata of a study in order."""
    return list(db.session.scalars(select(Stratum).where(Stratum.study_id == study_id).order_by(Stratum.position)))


def _give_link(person: Person, kind: str) -> None:
    person.token_hash = links.token_hash(links.token_for(person.id, person.link_generation))
    db.session.add(PersonEvent(person_id=person.id, kind=kind, at=clock.now()))


def _shown(person: Person) -> PersonalLink:
    return PersonalLink(person.code, person.name, person.email, links.link_url(person))


def _needs_link(study_id: int) -> tuple[ColumnElement[bool], ...]:
    withdrew = exists().where(PersonEvent.person_id == Person.id, PersonEvent.kind == "withdrew")
    return Person.study_id == study_id, Person.token_hash.is_(None), ~withdrew


def _locked(study_id: int, person_id: int) -> Person:
    """Return the person as stored now; a response cannot be started on it until the transaction ends."""
    get_person(study_id, person_id)
    person = db.session.get(Person, person_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise NotFoundError
    return person


def _withdrew(person_id: int) -> bool:
    return _happened(person_id, "withdrew")


def _happened(person_id: int, kind: str) -> bool:
    found = exists().where(PersonEvent.person_id == person_id, PersonEvent.kind == kind)
    return bool(db.session.scalar(select(found)))


def _refuse_withdrawn(person: Person) -> None:
    if _withdrew(person.id):
        raise StateError(f"{person.name} withdrew from the study and is left alone.")


def _details_of(person: Person) -> PersonDetails:
    return PersonDetails(person.name, person.email or "", person.organization, person.stratum_id)


def _as_text(details: PersonDetails) -> str:
    stratum = db.session.get(Stratum, details.stratum_id) if details.stratum_id else None
    named = {
        "Name": details.name, "E-mail": details.email, "District or employer": details.organization,
        "Stratum": stratum.label if stratum else "none",
    }  # fmt: skip
    return "\n".join(f"{name}: {value}" for name, value in named.items())


def _record(actor: Actor, action: str, person: Person, **details: Any) -> None:
    # The trail names the row, not the person: whoever reads it may not see names.
    audit.record(actor, action, f"person {person.id}", study_id=person.study_id, **details)
