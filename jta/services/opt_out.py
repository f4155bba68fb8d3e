"""Stopping messages: by the person's own link, by the button of a mail program, or by the director for somebody."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import exists, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import NotFoundError
from jta.models.delivery import Person, PersonEvent
from jta.models.panel import Panelist
from jta.models.sending import LeftAlone
from jta.models.study import Study
from jta.services import links
from jta.services.delivery_roster import get_person

RESPONDENT = Actor("respondent", "respondent")
PANEL_STOP = "panel stop"  # a purpose of its own: a link of the survey is not one of the panel


@dataclass(frozen=True)
class StopPage:
    """What the page of an opt-out link shows; ``stopped`` where there is nothing left to stop."""

    study_title: str
    contact: str
    stopped: bool
    language: str  # that the director wrote it in
    panel: bool = False


def load_stop_page(token: str) -> StopPage:
    """Return what an opt-out link shows. Changes nothing: mail scanners open links.

    Raises
    ------
    NotFoundError
        If the token is not one of ours.
    """
    panelist = _panelist(token)
    if panelist is not None:
        study = db.session.get_one(Study, panelist.study_id)
        stopped = panelist.stopped_at is not None
        return StopPage(study.title, study.contact, stopped, study.languages[0], panel=True)
    person = _person(token)
    study = db.session.get_one(Study, person.study_id)
    return StopPage(study.title, study.contact, _opted_out(person.id), study.languages[0])


def opt_out(token: str) -> None:
    """Stop all further messages to the person of a link; again is harmless.

    Raises
    ------
    NotFoundError
        If the token is not one of ours.
    """
    with transaction():
        panelist = _panelist(token)
        if panelist is not None:
            _stop_panel(panelist.id)
            return
        person = _locked(_person(token).id)
        # The study's trail names no person here: who stopped is in the person's own events.
        _stop(RESPONDENT, person, "by the link in a message")


def _stop_panel(panelist_id: int) -> None:
    panelist = db.session.get_one(Panelist, panelist_id, with_for_update=True, populate_existing=True)
    if panelist.stopped_at is None:
        panelist.stopped_at = clock.now()
        actor = Actor(f"panelist {panelist.id}", "panelist")
        audit.record(actor, "stopped panel messages", actor.name, study_id=panelist.study_id)


def resume_panel(token: str) -> None:
    """Write to a panelist again, who asks for it by the link that stopped messages; nobody else can.

    Raises
    ------
    NotFoundError
        If the token is not one of a panelist's.
    """
    with transaction():
        found = _panelist(token)
        if found is None:
            raise NotFoundError(_("Check that you copied the whole link."))
        panelist = db.session.get_one(Panelist, found.id, with_for_update=True, populate_existing=True)
        if panelist.stopped_at is not None:
            panelist.stopped_at = None
            actor = Actor(f"panelist {panelist.id}", "panelist")
            audit.record(actor, "resumed panel messages", actor.name, study_id=panelist.study_id)


def stop_messages(actor: Actor, study_id: int, person_id: int) -> None:
    """Stop all further messages to a person who asked for it in another way.

    Raises
    ------
    NotFoundError
        If the study has no such person.
    """
    with transaction():
        person = _locked(get_person(study_id, person_id).id)
        _stop(actor, person, "by the director")


def _stop(actor: Actor, person: Person, note: str) -> None:
    if _opted_out(person.id):
        return
    db.session.add(PersonEvent(person_id=person.id, kind="opted out", at=clock.now()))
    if person.email:
        leave_alone(person.study_id, person.email, "opted out")
    audit.record(actor, "stopped messages", f"person {person.id}", study_id=person.study_id, note=note)


def leave_alone(study_id: int, address: str, reason: str) -> None:
    """Put an address on the study's list of those never written to again, inside the transaction that is open."""
    mark = links.address_mark(study_id, address)
    if not is_left_alone(study_id, mark):
        db.session.add(LeftAlone(study_id=study_id, address_mark=mark, reason=reason, at=clock.now()))


def is_left_alone(study_id: int, mark: str) -> bool:
    """Say whether the address of this mark is never written to again in a study."""
    known = exists().where(LeftAlone.study_id == study_id, LeftAlone.address_mark == mark)
    return bool(db.session.scalar(select(known)))


def panel_stop_url(panelist: Panelist) -> str:
    """Return the link that stops messages to a panelist."""
    return links.site_url(f"/stop/{links.row_token(PANEL_STOP, panelist.id)}")


def _panelist(token: str) -> Panelist | None:
    panelist_id = links.read_row_token(PANEL_STOP, token)
    return db.session.get(Panelist, panelist_id) if panelist_id is not None else None


def _person(token: str) -> Person:
    person_id = links.read_row_token("stop", token)
    person = db.session.get(Person, person_id) if person_id is not None else None
    if person is None:
        raise NotFoundError(_("Check that you copied the whole link."))
    return person


def _locked(person_id: int) -> Person:
    # The sender locks the same row when it hands a message over: either it sees this, or it was first.
    return db.session.get_one(Person, person_id, with_for_update=True, populate_existing=True)


def _opted_out(person_id: int) -> bool:
    found = exists().where(PersonEvent.person_id == person_id, PersonEvent.kind == "opted out")
    return bool(db.session.scalar(select(found)))
