"""Withdrawing: what is deleted, what is cut, what stays."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from jta import clock
from jta.db import db
from jta.errors import NotFoundError
from jta.models.audit import AuditEvent
from jta.models.delivery import Person, PersonEvent
from jta.models.response import Answer, IdempotencyKey, Rating, RatingChange, Response
from jta.models.review import Dataset
from jta.services import response as service
from jta.services.links import trail_name
from jta.services.visits import LinkNeededError, get_visit
from jta.services.withdrawal import withdraw
from tests.services import saves
from tests.services.study_factory import close_survey, make_study
from tests.services.test_response_start import consent_of, start

ANSWERS = (Rating, RatingChange, Answer, IdempotencyKey)


def fill(made, ticket) -> None:
    mark = get_visit(ticket).page_mark
    key = (made.tasks[0], made.frequency_id)
    saves.save_page(ticket, mark, 1, seen={}, chosen={key: made.frequency[2]})
    saves.save_page(ticket, mark, 1, seen={key: (made.frequency[2], 1)}, chosen={key: made.frequency[3]})
    saves.save_rating(ticket, mark, "key-0001", seen={}, chosen={(made.tasks[1], made.frequency_id): made.frequency[1]})
    saves.save_choices(ticket, mark, seen={}, given={made.question_id: made.choices[0]})


def rows(response_id: int) -> list[int]:
    return [db.session.scalar(select(func.count()).select_from(m).where(m.response_id == response_id)) for m in ANSWERS]


def freeze(made) -> None:
    db.session.add(
        Dataset(
            study_id=made.study_id, number=1, content=b"", data_hash="", file_hash="", rule="", counts={},
            frozen_by="", frozen_at=clock.now(),
        )
    )  # fmt: skip
    db.session.commit()


def test_before_the_data_set_is_frozen_every_answer_is_deleted(app_context):
    made = make_study()
    ticket, other = start(made), start(made, 1)
    fill(made, ticket)
    fill(made, other)
    assert rows(ticket.response_id) == [2, 1, 1, 1]
    assert withdraw(ticket).answers_deleted
    assert rows(ticket.response_id) == [0, 0, 0, 0]
    assert rows(other.response_id) == [2, 1, 1, 1]
    row = db.session.get_one(Response, ticket.response_id)
    assert (row.person_id, row.stratum_id, row.withdrawn_at is not None) == (None, None, True)


def test_after_freezing_only_the_bridge_is_cut(app_context):
    made = make_study()
    ticket = start(made)
    fill(made, ticket)
    freeze(made)
    assert not withdraw(ticket).answers_deleted
    assert rows(ticket.response_id) == [2, 1, 1, 1]
    assert db.session.get_one(Response, ticket.response_id).person_id is None


def test_a_withdrawn_person_cannot_come_back_by_the_link(app_context):
    made = make_study()
    ticket = start(made)
    withdraw(ticket)
    with pytest.raises(LinkNeededError):
        get_visit(ticket)
    with pytest.raises(LinkNeededError):
        withdraw(ticket)
    assert service.get_welcome(made.tokens[0]).state == "withdrew"
    with pytest.raises(NotFoundError):
        service.start_response(made.tokens[0], consent_of(made))
    events = db.session.scalars(select(PersonEvent.kind).where(PersonEvent.person_id == made.people[0])).all()
    assert events.count("withdrew") == 1
    assert db.session.get(Person, made.people[0]) is not None


def test_withdrawing_works_after_the_survey_closed(app_context):
    made = make_study()
    ticket = start(made)
    close_survey(made.instrument_id)
    assert withdraw(ticket).answers_deleted


def test_the_trail_says_that_somebody_withdrew_and_not_who(app_context):
    made = make_study()
    ticket = start(made)
    withdraw(ticket)
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    code = db.session.get_one(Response, ticket.response_id).code
    assert (event.action, event.object, event.note) == ("withdrew", f"response {trail_name(code)}", "answers deleted")
    assert "Pilot" not in repr(vars(event))
