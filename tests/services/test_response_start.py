"""Starting, resuming and submitting a response."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from jta import audit, clock
from jta.db import db
from jta.errors import InvalidInputError, NotFoundError, SurveyClosedError
from jta.models.audit import AuditEvent
from jta.models.delivery import Person
from jta.models.response import Response
from jta.models.survey import Instrument
from jta.services import response as service
from jta.services.links import trail_name
from jta.services.survey_pages import get_survey
from jta.services.visits import LinkNeededError, Ticket, get_visit
from tests.services.study_factory import close_survey, make_study, replace_link


def consent_of(made) -> str:
    return db.session.get_one(Instrument, made.instrument_id).content["consent"]["hash"]


def start(made, person: int = 0) -> Ticket:
    return service.start_response(made.tokens[person], consent_of(made))


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


def test_starting_stores_the_consent_and_random_codes(app_context):
    made = make_study()
    ticket = start(made)
    row = db.session.get_one(Response, ticket.response_id)
    assert (row.person_id, row.instrument_id, row.consent_hash) == (
        made.people[0],
        made.instrument_id,
        consent_of(made),
    )
    assert row.stratum_id == db.session.get_one(Person, made.people[0]).stratum_id
    assert row.code != row.receipt
    assert {len(row.code), len(row.receipt)} == {9}
    assert not set("0O1IL25S8BZG") & set(row.code + row.receipt)


def test_starting_again_goes_on_with_the_same_response_and_needs_no_consent(app_context):
    made = make_study()
    first = start(made)
    assert service.start_response(made.tokens[0], "") == first
    assert count(Response) == 1


@pytest.mark.parametrize("consent", ["", "0" * 64])
def test_nothing_starts_without_consent_to_the_text_shown(app_context, consent):
    made = make_study()
    with pytest.raises(InvalidInputError, match="agree"):
        service.start_response(made.tokens[0], consent)
    assert count(Response) == 0


def test_a_new_consent_text_is_asked_again(app_context):
    made = make_study()
    ticket = start(made)
    old = db.session.get_one(Instrument, made.instrument_id)
    content = {**old.content, "consent": {"text": "New text.", "hash": "f" * 64}}
    db.session.add(
        Instrument(study_id=made.study_id, number=2, content=content, content_hash="x", launched_at=clock.now())
    )
    db.session.commit()
    assert service.get_welcome(made.tokens[0]).asks_consent
    with pytest.raises(InvalidInputError):
        service.start_response(made.tokens[0], consent_of(made))
    assert service.start_response(made.tokens[0], "f" * 64) == ticket
    assert not service.get_welcome(made.tokens[0]).asks_consent
    actions = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["started", "agreed to a new consent text"]


def test_nothing_starts_before_launch_or_after_closing(app_context):
    early = make_study(launched=False)
    with pytest.raises(SurveyClosedError, match="not opened"):
        service.start_response(early.tokens[0], "x")
    assert service.get_welcome(early.tokens[0]).state == "not open"
    late = make_study()
    ticket = start(late)
    close_survey(late.instrument_id)
    with pytest.raises(SurveyClosedError, match="closed"):
        start(late, 1)
    welcome = service.get_welcome(late.tokens[0])
    assert (welcome.state, welcome.has_response) == ("closed", True)
    assert service.reopen_response(late.tokens[0]) == ticket
    with pytest.raises(NotFoundError):
        service.reopen_response(late.tokens[1])


def test_the_link_says_where_its_person_stands(app_context):
    made = make_study()
    assert service.get_welcome(made.tokens[0]).state == "start"
    ticket = start(made)
    assert service.get_welcome(made.tokens[0]).state == "resume"
    service.submit_response(ticket)
    assert service.get_welcome(made.tokens[0]).state == "submitted"
    with pytest.raises(NotFoundError):
        service.get_welcome("unknown")


def test_a_replaced_link_voids_the_ticket(app_context):
    made = make_study()
    ticket = start(made)
    assert get_visit(ticket).response_id == ticket.response_id
    new = replace_link(made.people[0])
    with pytest.raises(LinkNeededError):
        get_visit(ticket)
    fresh = service.start_response(new, "")
    assert (fresh.response_id, fresh.generation) == (ticket.response_id, 2)
    with pytest.raises(LinkNeededError):
        get_visit(Ticket(999_999, 1))


def test_submitting_twice_is_one_submission(app_context):
    made = make_study()
    ticket = start(made)
    service.submit_response(ticket)
    at = db.session.get_one(Response, ticket.response_id).submitted_at
    service.submit_response(ticket)
    assert db.session.get_one(Response, ticket.response_id).submitted_at == at
    assert db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all() == ["started", "submitted"]


def test_submitting_after_closing_is_refused(app_context):
    made = make_study()
    ticket = start(made)
    close_survey(made.instrument_id)
    with pytest.raises(SurveyClosedError):
        service.submit_response(ticket)


def test_a_clock_set_back_does_no_harm(app_context):
    made = make_study()
    ticket = start(made)
    with clock.running_on(lambda: datetime.now(UTC) - timedelta(hours=2)):
        service.submit_response(ticket)
    row = db.session.get_one(Response, ticket.response_id)
    assert row.submitted_at == row.started_at


def test_the_trail_names_the_code_only(app_context):
    made = make_study()
    ticket = start(made)
    service.submit_response(ticket)
    code = db.session.get_one(Response, ticket.response_id).code
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.chain == audit.study_chain(made.study_id))).all()
    assert {(e.actor, e.role, e.object) for e in events} == {
        ("respondent", "respondent", f"response {trail_name(code)}")
    }
    assert "Pilot" not in repr([vars(e) for e in events])
    assert audit.verify()[1] == []


def test_a_code_is_drawn_again_when_it_is_taken(app_context, monkeypatch):
    made = make_study()
    first = db.session.get_one(Response, start(made).response_id)
    code, receipt = first.code.replace("-", ""), first.receipt.replace("-", "")
    draws = iter([*code, *"XXXXXXXX", *"WWWWWWWW", *receipt, *"WWWWWWWW", *"XXXXXXXX"])
    monkeypatch.setattr(service.secrets, "choice", lambda _letters: next(draws))
    second = db.session.get_one(Response, start(made, 1).response_id)
    assert (second.code, second.receipt) == ("WWWW-WWWW", "XXXX-XXXX")


def test_an_instrument_that_is_not_there_is_not_found(app_context):
    with pytest.raises(NotFoundError):
        get_survey(999_999)
