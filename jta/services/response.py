"""A respondent's acts: open a personal link, start, submit. The link decides who it is."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import Row, Table, and_, bindparam, exists, insert, or_, select, update

from jta import audit, clock
from jta.db import db, transaction
from jta.db_once import read_once
from jta.errors import InvalidInputError, JTAError, NotFoundError, SurveyClosedError
from jta.language import SOURCE, speak
from jta.models.delivery import Person, PersonEvent
from jta.models.response import Response
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services import links
from jta.services.answers import load_answers, missing
from jta.services.content_language import languages_of
from jta.services.sampling import assign_form, new_seed
from jta.services.survey_pages import Survey, get_survey
from jta.services.visits import Ticket, Visit, closed_words, get_visit

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
    language: str = SOURCE
    was_sent: bool = False


class RequiredMissingError(JTAError):
    """Answers were to be sent in while one that must be given was missing."""

    status = 422


def get_welcome(token: str, wanted: str | None = None, understood: Sequence[str] = ()) -> Welcome:
    """Return what the page of a personal link shows. Changes nothing.

    Parameters
    ----------
    token : str
        From the link.
    wanted : str, optional
        Language that was asked for; otherwise that of the response, or the first of ``understood`` that there is.
    understood : sequence of str
        Languages of the reader's browser, the dearest first.

    Raises
    ------
    NotFoundError
        If no link carries this token, whatever the reason.
    """
    found = _find(token)
    if found.withdrew:
        return Welcome("withdrew", _study_words(found.study_id))
    if found.instrument_id is None or (found.kind == "pilot" and found.closed_at and found.response_id is None):
        return Welcome("not open", _study_words(found.study_id))
    survey = get_survey(found.instrument_id)
    language = _language(survey, wanted, found.language, understood)
    survey = get_survey(found.instrument_id, language, found.form_code)
    asks = found.consent_hash != survey.consent_hash
    sent = found.submitted_at is not None
    return Welcome(_state(found), survey.study, survey, found.response_id is not None, asks, language, sent)


def _language(survey: Survey, wanted: str | None, chosen: str | None, understood: Sequence[str]) -> str:
    known = languages_of(survey.content)
    short = [code.split("-")[0] for code in understood]
    found = (code for code in (wanted, chosen, *understood, *short) if code in known)
    return next(found, known[0]) or known[0]


def _state(found: Row[Any]) -> str:
    if found.closed_at is not None:
        return "closed"
    if found.response_id is None:
        return "start"
    return "resume" if found.submitted_at is None else "submitted"


# Everything about the person of a link, in one trip: the newest instrument, the response, a withdrawal.
_newest = (
    select(Instrument.id)
    .where(Instrument.study_id == Person.study_id)
    .order_by(Instrument.number.desc())
    .limit(1)
    .correlate(Person)
    .scalar_subquery()
)
_same_kind = Response.is_pilot == (Instrument.kind == "pilot")  # a pilot's response is one of its own
_FOUND: Any = (  # a Select of many columns
    select(
        Person.id, Person.study_id, Person.stratum_id, Person.link_generation,
        Instrument.id.label("instrument_id"), Instrument.kind, Instrument.closed_at, Response.language,
        Response.form_code, Response.id.label("response_id"), Response.code, Response.consent_hash,
        Response.submitted_at,
        exists().where(PersonEvent.person_id == Person.id, PersonEvent.kind == "withdrew").label("withdrew"),
    )
    .join(Instrument, Instrument.id == _newest, isouter=True)
    .join(Response, and_(Response.person_id == Person.id, _same_kind), isouter=True)
    .where(Person.token_hash == bindparam("token_hash"))
)  # fmt: skip
_LOCK_PERSON = select(Person.id).where(Person.token_hash == bindparam("token_hash")).with_for_update()
_RESPONSES = cast(Table, Response.__table__)
_TAKEN = select(
    exists().where(
        Response.study_id == bindparam("study_id"),
        or_(Response.code == bindparam("code"), Response.receipt == bindparam("receipt")),
    )
)
_SUBMIT = update(_RESPONSES).where(_RESPONSES.c.id == bindparam("own"))


def _find(token: str, *, in_transaction: bool = False) -> Row[Any]:
    values = {"token_hash": links.token_hash(token)}
    rows = db.session.connection().execute(_FOUND, values).all() if in_transaction else read_once(_FOUND, values)
    found = rows[0] if rows else None
    # An unknown token costs the same work as a known one.
    who = (found.id, found.link_generation) if found else (0, 0)
    if not links.is_token_of(token, *who) or found is None:
        raise NotFoundError(_("Check that you copied the whole link, or ask whoever sent it to you for a new one."))
    return found


def _study_words(study_id: int) -> dict[str, Any]:
    study = db.session.get_one(Study, study_id)
    names = ("title", "credential", "notice", "contact", "time_zone")
    return {name: getattr(study, name) for name in names}


def start_response(token: str, consent: str, language: str = "") -> Ticket:
    """Start a response with the consent given to the text shown, or go on with the one already there.

    Parameters
    ----------
    token : str
        From the personal link.
    consent : str
        Hash of the consent text that was agreed to; may be empty where consent to this text is on record.
    language : str
        Language in which the survey is taken, where it is one of the survey's.

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
        found = _locked(token)
        survey = _open_survey(found)
        if found.consent_hash != survey.consent_hash:
            _check_consent(survey, consent)
        language = _language(survey, language, found.language, ())
        if found.response_id is None:
            return Ticket(_begin(found, survey, language), found.link_generation)
        _go_on(found, survey, language)
        return Ticket(found.response_id, found.link_generation)


def reopen_response(token: str) -> Ticket:
    """Return the ticket of a response that exists, whether or not the survey is still open. Changes nothing.

    Raises
    ------
    NotFoundError
        If the link is unknown or leads to no response.
    """
    found = _find(token)
    if found.response_id is None:
        raise NotFoundError
    return Ticket(found.response_id, found.link_generation)


def _locked(token: str) -> Row[Any]:
    """Hold the person of a link until the transaction ends, and read again what is known by then."""
    db.session.connection().execute(_LOCK_PERSON, {"token_hash": links.token_hash(token)})
    found = _find(token, in_transaction=True)
    if found.withdrew:
        raise NotFoundError
    return found


def _open_survey(found: Row[Any]) -> Survey:
    if found.instrument_id is None:
        raise SurveyClosedError(_("This survey has not opened yet. Keep your link and try again later."))
    if found.closed_at is not None:
        raise SurveyClosedError(closed_words())
    return get_survey(found.instrument_id)


def _check_consent(survey: Survey, consent: str) -> None:
    if consent != survey.consent_hash:
        raise InvalidInputError(_("Please read the text once more and agree to it to begin."), field="consent")


def _begin(person: Row[Any], survey: Survey, language: str) -> int:
    is_pilot = person.kind == "pilot"
    code, receipt = _new_codes(person.study_id)
    row = {
        "study_id": person.study_id, "instrument_id": survey.instrument_id, "person_id": person.id,
        "stratum_id": person.stratum_id, "code": code, "receipt": receipt, "consent_hash": survey.consent_hash,
        "started_at": clock.now(), "is_pilot": is_pilot, "seed": new_seed(), "language": language,
        "form_code": assign_form(survey.content, person.study_id, person.stratum_id, is_pilot=is_pilot),
    }  # fmt: skip
    made = db.session.connection().execute(insert(_RESPONSES), row)
    after = {"consent": survey.consent_hash, "language": language, "form": row["form_code"]}
    _record(code, "started", person.study_id, after=after)
    (response_id,) = cast(tuple[int], made.inserted_primary_key)
    return response_id


def _go_on(found: Row[Any], survey: Survey, language: str) -> None:
    """Keep the language in which somebody goes on, and the consent to a text that changed."""
    if found.language == language and found.consent_hash == survey.consent_hash:
        return
    response = db.session.get_one(Response, found.response_id)
    response.language = language
    if found.consent_hash != survey.consent_hash:
        response.consent_hash = survey.consent_hash
        _record(
            found.code, "agreed to a new consent text", found.study_id,
            before={"consent": found.consent_hash}, after={"consent": survey.consent_hash},
        )  # fmt: skip


def choose_language(ticket: Ticket, mark: str, language: str) -> None:
    """Take the survey in another of its languages from now on; no answer changes.

    Raises
    ------
    LinkNeededError, OtherLinkError
        If the ticket is void, or the page belongs to another response.
    InvalidInputError
        If the survey has no such language.
    """
    with transaction():
        visit = get_visit(ticket, lock=True)
        visit.check_page(mark)
        if language not in languages_of(visit.survey.content):
            raise InvalidInputError(_("This survey does not exist in that language."))
        db.session.get_one(Response, visit.response_id).language = language


def _new_codes(study_id: int) -> tuple[str, str]:
    """Return a random code and a random receipt that no response of the study has."""
    while True:
        code, receipt = _random_code(), _random_code()
        values = {"study_id": study_id, "code": code, "receipt": receipt}
        if not db.session.connection().scalar(_TAKEN, values):
            return code, receipt


def _random_code() -> str:
    """Return letters like ``KXPT-4RNM`` (about 10^11 to choose from)."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


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
    SurveyClosedError, ScreenedOutError
        If the survey has closed, or the person is not among those asked.
    RequiredMissingError
        If a question that must be answered is not.
    """
    with transaction():
        visit = get_visit(ticket, lock=True)
        speak(visit.survey.language)  # whatever is refused is refused in it
        if mark is not None:
            visit.check_page(mark)
        visit.check_open()
        if visit.submitted_at is None:
            _check_complete(visit)
            # A clock that was set back must not make the moment of sending earlier than the start.
            at = max(clock.now(), visit.started_at)
            db.session.connection().execute(_SUBMIT, {"own": visit.response_id, "submitted_at": at})
            _record(visit.code, "submitted", visit.study_id)
    return visit


def _check_complete(visit: Visit) -> None:
    if any(question["required"] for question in visit.survey.questions.values()):
        answers = load_answers(visit.response_id)
        if any(missing(stop, answers) for stop in visit.survey.stops):
            raise RequiredMissingError(_("Some questions must be answered before you can send your answers."))
