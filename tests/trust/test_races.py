"""Two people at the same moment: nobody locks everybody out, nobody's answers stay who was told they are gone."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import func, select, text

from jta import audit, clock
from jta.audit import SYSTEM
from jta.db import db, transaction
from jta.errors import InvalidInputError, JTAError
from jta.models.account import Membership
from jta.models.response import Rating, Response
from jta.models.review import Dataset
from jta.services import account, review, saving, survey_launch
from jta.services.rating_merge import Write
from jta.services.response import start_response, submit_response
from jta.services.saving import Sent
from jta.services.study_stage import lock_study
from jta.services.survey_pages import NOT_RATED, TASKS
from jta.services.visits import get_visit
from jta.services.withdrawal import withdraw
from tests.factories import make_user
from tests.services.respondent import Respondent
from tests.services.study_factory import make_study
from tests.services.test_response_start import consent_of, start
from tests.services.test_response_withdrawal import fill
from tests.services.test_survey_race import at_once


def make_directors(study_id: int, *names: str) -> list[int]:
    """Store directors and return the ids of their roles."""
    for name in names:
        user = make_user(f"{name}@example.org", name)
        db.session.add(
            Membership(user_id=user.id, study_id=study_id, role="director", granted_at=clock.now()),
        )
    db.session.commit()
    return [member.id for member in account.list_members(study_id)]


def test_two_directors_who_remove_each_other_leave_one(app):
    with app.app_context():
        made = make_study(n_tasks=1, n_people=0)
        roles = make_directors(made.study_id, "dora", "drew")
    at_once(app, lambda n: account.revoke_role(SYSTEM, study_id=made.study_id, membership_id=roles[n]), writers=2)
    with app.app_context():
        assert len(account.list_members(made.study_id)) == 1


def test_the_first_acts_of_a_chain_may_come_together(app):
    with app.app_context():
        made = make_study(n_tasks=1, n_people=4)
        consent = consent_of(made)
    got = at_once(app, lambda n: start_response(made.tokens[n], consent))
    assert len({ticket.response_id for ticket in got}) == 4
    with app.app_context():
        heads, faults = audit.verify()
        assert (heads[audit.study_chain(made.study_id)].sequence, faults) == (4, [])


def test_a_role_given_twice_at_once_is_given_once(app):
    with app.app_context():
        made = make_study(n_tasks=1, n_people=0)
        make_user("pia@example.org", "Pia")
    given = {"study_id": made.study_id, "email": "pia@example.org", "role": "auditor"}
    got = at_once(app, lambda _: account.grant_role(SYSTEM, **given).role)
    assert sorted(isinstance(one, JTAError) for one in got) == [False, True, True, True]


def test_a_director_who_cannot_sign_in_does_not_count(app_context):
    made = make_study(n_tasks=1, n_people=0)
    dora, _drew = make_directors(made.study_id, "dora", "drew")
    drew = account.find_user("drew@example.org")
    account.set_active(SYSTEM, drew.id, active=False)
    with pytest.raises(InvalidInputError, match="needs a director"):
        account.revoke_role(SYSTEM, study_id=made.study_id, membership_id=dora)


def test_answers_frozen_while_their_person_leaves_are_not_said_to_be_deleted(app, monkeypatch):
    with app.app_context():
        made = make_study()
        leaving, staying = start(made), start(made, 1)
        for ticket in (leaving, staying):
            fill(made, ticket)
            submit_response(ticket)
        survey_launch.close(SYSTEM, made.study_id)
    read, told, load = threading.Event(), [], review.load_study_data

    def load_slowly(*args):
        data = load(*args)
        read.set()
        leave.join(timeout=1)  # the other one has all this time to get between
        return data

    def leave_now():
        read.wait(timeout=30)
        with app.app_context():
            told.append(withdraw(leaving).answers_deleted)

    monkeypatch.setattr(review, "load_study_data", load_slowly)
    leave = threading.Thread(target=leave_now)
    leave.start()
    with app.app_context():
        review.freeze_dataset(SYSTEM, made.study_id)
        leave.join(timeout=30)
        assert db.session.scalar(select(Dataset.counts))["included"] == 2
        kept = select(func.count()).select_from(Rating).where(Rating.response_id == leaving.response_id)
        assert (told, db.session.scalar(kept)) == ([False], 2)


def test_whoever_starts_does_not_wait_for_the_director(postgresql_url, tmp_path):
    from jta import create_app
    from tests.conftest import make_settings

    app, started = create_app(make_settings(postgresql_url), instance=tmp_path), []
    with app.app_context():
        made = make_study()

    def begin():
        with app.app_context():
            started.append(start_response(made.tokens[0], consent_of(made)))

    with app.app_context(), transaction():
        lock_study(made.study_id)
        starting = threading.Thread(target=begin)
        starting.start()
        starting.join(timeout=10)
        assert len(started) == 1
    with app.app_context():
        db.engine.dispose()


def test_a_save_that_waited_for_another_one_knows_of_it(postgresql_url, tmp_path):
    from jta import create_app
    from tests.conftest import make_settings

    app, told = create_app(make_settings(postgresql_url), instance=tmp_path), []
    with app.app_context():
        made = make_study()
        ticket = start(made)
        mark = get_visit(ticket).page_mark
    task, other = made.tasks[0], (made.tasks[0], made.importance_id)

    def say_not_performed():
        with app.app_context():
            chosen = {(task, made.frequency_id): made.frequency[0]}
            told.append(saving.save_rating(ticket, "key-0001", Sent(mark, {}, chosen))["status"])

    with app.app_context():
        with transaction():  # another device rates the importance, and is not done yet
            get_visit(ticket, lock=True)
            saving._write(ticket.response_id, [Write(other, made.importance[2], NOT_RATED)], clock.now(), TASKS)
            waiting = threading.Thread(target=say_not_performed)
            waiting.start()
            wait_for_a_waiting_one()
        waiting.join(timeout=30)
        assert told == ["conflict"]
        assert [(r.task_id, r.scale_id) for r in db.session.scalars(select(Rating))] == [other]
        db.session.remove()
        db.engine.dispose()


def wait_for_a_waiting_one():
    """Wait until a connection of this database waits for a lock."""
    end = time.monotonic() + 20
    of_ours = "datname = current_database() AND wait_event_type = 'Lock'"
    statement = text(f"SELECT count(*) FROM pg_stat_activity WHERE {of_ours}")
    while time.monotonic() < end:
        with db.engine.connect() as connection:
            if connection.scalar(statement):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("path", ["/survey/review", "/survey/withdraw"])
def test_a_button_of_one_person_does_not_act_for_another(app, path):
    with app.app_context():
        made = make_study()
    first = Respondent(app, made.tokens[0]).to_cards()
    first.get(path)
    Respondent(app, made.tokens[1], client=first.client).to_cards()
    assert first.send() == 409
    assert "belongs to another link" in first.text
    with app.app_context():
        for response in db.session.scalars(select(Response)):
            assert (response.submitted_at, response.withdrawn_at) == (None, None)
