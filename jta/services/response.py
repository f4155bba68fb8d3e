"""A respondent's acts: open a personal link, start, submit. The link decides who it is."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import InvalidInputError, NotFoundError, SurveyClosedError
from jta.models.delivery import Person, PersonEvent
from jta.models.response import Response
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services import links
from jta.services.sampling import new_seed
from jta.services.survey_pages import Survey, get_survey
from jta.services.visits import CLOSED, Ticket, Visit, get_visit

# Letters and digits that nobody mixes up when reading a code aloud or copying it by hand.
_LETTERS = "ACDEFHJKMNPQRTUVWXY34679"
_CODE_LENGTH = 8


@dataclass(frozen=True)
class Welcome:
    """What a personal link shows: ``state`` is start, resume, submitted, not open, closed or withdrew."""

    state: str
    study: Mapping[str, Any]
    survey: Survey | None = None
    has_response: bool = False
    asks_consent: bool = False


def get_welcome(token: str) -> Welcome:
    """Return what the page of a personal link shows. Changes nothing.

    Raises
    ------
    NotFoundError
        If no link carries this token, whatever the reason.
    """
    person = _person(token)
    if _withdrew(person.id):
        return Welcome("withdrew", _study_words(person.study_id))
    instrument = _newest_instrument(person.study_id)
    if instrument is None:
        return Welcome("not open", _study_words(person.study_id))
    survey = get_survey(instrument.id)
    response = _response_of(person.id, instrument)
    asks = response is None or response.consent_hash != survey.consent_hash
    if response is None and instrument.kind == "pilot" and instrument.closed_at is not None:
        return Welcome("not open", _study_words(person.study_id))
    return Welcome(_state(instrument, response), survey.study, survey, response is not None, asks)


def _state(instrument: Any, response: Response | None) -> str:
    if instrument.closed_at is not None:
        return "closed"
    if response is None:
        return "start"
    return "resume" if response.submitted_at is None else "submitted"


def _person(token: str) -> Person:
    person = links.find_person(token)
    if person is None:
        raise NotFoundError("Check that you copied the whole link, or ask whoever sent it to you for a new one.")
    return person


def _withdrew(person_id: int) -> bool:
    kind = PersonEvent.person_id == person_id, PersonEvent.kind == "withdrew"
    return bool(db.session.scalar(select(exists().where(*kind))))


def _newest_instrument(study_id: int) -> Any:  # a row of id, kind and closed_at, or None
    # Columns only: the content is long, and its parsed form is kept in memory.
    found = select(Instrument.id, Instrument.kind, Instrument.closed_at).where(Instrument.study_id == study_id)
    return db.session.execute(found.order_by(Instrument.number.desc()).limit(1)).one_or_none()


def _response_of(person_id: int, instrument: Any) -> Response | None:
    """Return a person's response to the pilot or to the survey, whichever the instrument is of."""
    pilot = instrument is not None and instrument.kind == "pilot"
    return db.session.scalar(select(Response).where(Response.person_id == person_id, Response.is_pilot.is_(pilot)))


def _study_words(study_id: int) -> dict[str, Any]:
    study = db.session.get_one(Study, study_id)
    names = ("title", "credential", "notice", "contact", "time_zone")
    return {name: getattr(study, name) for name in names}


def start_response(token: str, consent: str) -> Ticket:
    """Start a response with the consent given to the text shown, or go on with the one already there.

    Parameters
    ----------
    token : str
        From the personal link.
    consent : str
        Hash of the consent text that was agreed to; may be empty where consent to this text is on record.

    Raises
    ------
    NotFoundError
        If no link carries this token, or its person withdrew.
    SurveyClosedError
        If the survey is not open.
    InvalidInputError
        If the consent is missing or belongs to another text.
    """
    with transaction():
        person = _locked_person(token)
        instrument, survey = _open_survey(person.study_id)
        response = _response_of(person.id, instrument)
        if response is None or response.consent_hash != survey.consent_hash:
            _check_consent(survey, consent)
            response = _begin(person, survey, instrument) if response is None else _consent_again(response, survey)
        return Ticket(response.id, person.link_generation)


def reopen_response(token: str) -> Ticket:
    """Return the ticket of a response that exists, whether or not the survey is still open. Changes nothing.

    Raises
    ------
    NotFoundError
        If the link is unknown or leads to no response.
    """
    person = _person(token)
    response = _response_of(person.id, _newest_instrument(person.study_id))
    if response is None:
        raise NotFoundError
    return Ticket(response.id, person.link_generation)


def _locked_person(token: str) -> Person:
    known = _person(token)
    person = db.session.get(Person, known.id, with_for_update=True, populate_existing=True)
    if person is None or person.token_hash != links.token_hash(token) or _withdrew(person.id):
        raise NotFoundError
    return person


def _open_survey(study_id: int) -> tuple[Any, Survey]:
    instrument = _newest_instrument(study_id)
    if instrument is None:
        raise SurveyClosedError("This survey has not opened yet. Keep your link and try again later.")
    if instrument.closed_at is not None:
        raise SurveyClosedError(CLOSED)
    return instrument, get_survey(instrument.id)


def _check_consent(survey: Survey, consent: str) -> None:
    if consent != survey.consent_hash:
        raise InvalidInputError("Please read the text once more and agree to it to begin.", field="consent")


def _begin(person: Person, survey: Survey, instrument: Any) -> Response:
    response = Response(
        study_id=person.study_id, instrument_id=survey.instrument_id, person_id=person.id,
        stratum_id=person.stratum_id, code=_new_code(person.study_id, "code"),
        receipt=_new_code(person.study_id, "receipt"), consent_hash=survey.consent_hash, started_at=clock.now(),
        is_pilot=instrument.kind == "pilot", seed=new_seed(),
    )  # fmt: skip
    db.session.add(response)
    db.session.flush()
    _record(response.code, "started", response.study_id, after={"consent": survey.consent_hash})
    return response


def _consent_again(response: Response, survey: Survey) -> Response:
    before, response.consent_hash = response.consent_hash, survey.consent_hash
    _record(
        response.code, "agreed to a new consent text", response.study_id,
        before={"consent": before}, after={"consent": survey.consent_hash},
    )  # fmt: skip
    return response


def _new_code(study_id: int, column: str) -> str:
    """Return a random code like ``KXPT-4RNM`` that no response of the study has (about 10^11 to choose from)."""
    while True:
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
        code = f"{letters[:4]}-{letters[4:]}"
        taken = exists().where(Response.study_id == study_id, getattr(Response, column) == code)
        if not db.session.scalar(select(taken)):
            return code


def _record(code: str, action: str, study_id: int, **details: Any) -> None:
    # Never the person, never an answer, and not the code that data sets carry.
    name = f"response {links.trail_name(code)}"
    audit.record(audit.Actor("respondent", "respondent"), action, name, study_id=study_id, **details)


def submit_response(ticket: Ticket, mark: str | None = None) -> Visit:
    """Send a response in. Sending it again changes nothing.

    Parameters
    ----------
    ticket : Ticket
        From the cookie.
    mark : str, optional
        The mark of the page that asked, see `Visit.page_mark`: one person's button must not send another's answers.

    Raises
    ------
    LinkNeededError, OtherLinkError
        If the ticket is void, or the page belongs to another response.
    SurveyClosedError
        If the survey has closed.
    """
    with transaction():
        visit = get_visit(ticket, lock=True)
        if mark is not None:
            visit.check_page(mark)
        visit.check_open()
        if visit.submitted_at is None:
            response = db.session.get_one(Response, visit.response_id)
            # A clock that was set back must not make the moment of sending earlier than the start.
            response.submitted_at = max(clock.now(), visit.started_at)
            _record(visit.code, "submitted", visit.study_id)
    return visit
