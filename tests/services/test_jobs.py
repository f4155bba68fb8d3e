"""The queue in the database: one worker a job, nothing lost with a worker, an end for every job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jta import clock, jobs
from jta.audit import Actor
from jta.db import db, reading, transaction
from jta.errors import NotFoundError, StateError
from jta.models.jobs import Job, Worker

ADA = Actor("Ada Admin", "administrator", 1)
NOON = datetime(2026, 9, 7, 12, 0, tzinfo=UTC)
done: list[object] = []


@jobs.handler("test echo", tries=2)
def _echo(work):
    work.tell("Echoing", 0.5)
    done.append(work.args["word"])
    return {"word": work.args["word"], "who": str(work.actor)}


@jobs.handler("test refusal", tries=1)
def _refuse(work):
    raise StateError("The plan does not fit.")


@jobs.handler("test fault", tries=1)
def _fail(work):
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def fresh():
    done.clear()


def ask(kind="test echo", **args):
    with transaction():
        job = jobs.enqueue(kind, None, args, ADA)
    return job.id


def stored(job_id) -> Job:
    db.session.rollback()
    return db.session.get(Job, job_id, populate_existing=True)


def test_a_job_is_done_once_and_its_result_is_kept(app_context):
    first, second = ask(word="one"), ask(word="two")
    assert jobs.run_waiting() == 2
    assert done == ["one", "two"]
    assert stored(first).result == {"word": "one", "who": "Ada Admin (account 1)"}
    assert (stored(second).state, stored(second).attempts) == ("done", 1)
    assert jobs.run_waiting() == 0


def test_a_job_of_a_transaction_that_failed_does_not_exist(app_context):
    def act():
        with transaction():
            jobs.enqueue("test echo", None, {"word": "x"}, ADA)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert jobs.run_waiting() == 0


def test_two_workers_never_have_the_same_job(app_context):
    ask(word="one")
    assert jobs.claim("first") is not None
    assert jobs.claim("second") is None


def test_a_dead_workers_job_is_taken_up_again_and_given_up_after_its_tries(app_context):
    job_id = ask(word="one")
    with clock.running_on(lambda: NOON):
        jobs.claim("first")
    with clock.running_on(lambda: NOON + jobs.LEASE - timedelta(seconds=1)):
        assert jobs.claim("second") is None
    with clock.running_on(lambda: NOON + jobs.LEASE):
        assert jobs.claim("second").attempts == 2
    with clock.running_on(lambda: NOON + 2 * jobs.LEASE):
        assert jobs.claim("third") is None
    assert (stored(job_id).state, stored(job_id).failure) == ("failed", jobs.STOPPED)


def test_a_worker_that_lost_its_claim_stores_nothing_over_the_other_one(app_context):
    job_id = ask(word="one")
    with clock.running_on(lambda: NOON):
        lost = jobs.claim("first")
    with clock.running_on(lambda: NOON + jobs.LEASE):
        jobs.claim("second")
    jobs.run(lost, "first")
    assert done == []
    assert (stored(job_id).state, stored(job_id).claimed_by) == ("running", "second")


def test_a_worker_that_must_end_puts_its_job_back(app_context):
    job_id = ask(word="one")
    jobs.run(jobs.claim("first"), "first", stopping=lambda: True)
    assert (stored(job_id).state, stored(job_id).attempts) == ("waiting", 0)
    assert jobs.run_waiting() == 1
    assert done == ["one"]


@pytest.mark.parametrize(("kind", "told"), [("test refusal", "The plan does not fit."), ("test fault", jobs.FAULT)])
def test_an_error_ends_the_job_with_words_for_people(app_context, kind, told):
    job_id = ask(kind)
    jobs.run_waiting()
    assert (stored(job_id).state, stored(job_id).failure) == ("failed", told)


def test_a_job_is_found_by_kind_and_study_only(app_context):
    job_id = ask(word="one")
    assert jobs.get_job(None, job_id, "test echo").id == job_id
    for study, kind in ((1, "test echo"), (None, "analysis")):
        with pytest.raises(NotFoundError):
            jobs.get_job(study, job_id, kind)
    assert jobs.find_at_work("test echo", None, {"word": "one"}).id == job_id
    assert jobs.find_at_work("test echo", None, {"word": "two"}) is None


def test_a_worker_counts_as_running_while_it_gives_signs_of_life(app_context):
    app_context.config["JOBS_AT_ONCE"] = False
    assert not jobs.worker_is_running()
    with transaction():
        db.session.add(Worker(name="w", started_at=NOON, alive_at=NOON))
    with clock.running_on(lambda: NOON + timedelta(seconds=10)):
        assert jobs.worker_is_running()
    with clock.running_on(lambda: NOON + jobs.WORKER_LOST):
        assert not jobs.worker_is_running()


def test_looking_for_work_takes_no_write_lock(app_context):
    with reading():
        db.session.get(Job, 1)
        connection = db.session.connection()
        if db.engine.dialect.name == "sqlite":
            other = db.engine.connect()  # a writer beside the reader
            other.exec_driver_sql("DELETE FROM job")
            other.rollback()
            other.close()
        assert connection.in_transaction()
