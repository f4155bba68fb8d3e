"""Work that takes longer than a page may: rows of the table ``job``, done by the worker process (`jta.worker`).

How a part of the program uses it:

1. A service enqueues inside its own transaction, so that the job exists exactly if the rest was stored::

       with transaction():
           job = jobs.enqueue("report", study_id, {"format": "pdf"}, actor)

2. A handler does the work. It stands in one of `MODULES`, so that every worker finds it::

       @jobs.handler("report", tries=2)
       def _write_report(work: jobs.Work) -> dict[str, Any] | None:
           work.tell("Drawing the charts", 0.4)    # progress; also the place where a worker can be stopped
           return {"document": document.id}        # small and plain: where the result is, not the result

   A handler holds no transaction open while it computes, and calls writing services as a view would. It may be
   started again when its worker died, as often as ``tries`` says: doing it twice must do no harm. A `JTAError`
   ends the job with its message; any other error is logged and ends it with `FAULT`.

3. A page shows `get_job` with the macro ``job_progress`` of ``macros/jobs.html``, which also says where no worker
   is running, and goes on when ``job.state`` is "done": ``job.result`` is what the handler returned.

In tests, or where ``JOBS_AT_ONCE`` is set, the jobs of a request are done at its end, in the same process; without a
request call `run_waiting`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, has_request_context
from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, or_, select

from jta import clock
from jta.audit import Actor
from jta.db import UtcTime, db, transaction
from jta.db_once import read_once
from jta.errors import JTAError, NotFoundError
from jta.models.jobs import DONE, FAILED, RUNNING, WAITING, Job, Worker

log = structlog.get_logger()
LEASE = timedelta(seconds=60)  # the worker renews its claims every few seconds
WORKER_LOST = timedelta(seconds=30)
MODULES = (  # where handlers stand
    "jta.services.results_jobs",
    "jta.services.data_files",
    "jta.services.report_files",
    "jta.services.collect_jobs",
)
STOPPED = "The work stopped before it was done: the program that did it was ended. Start it again."
FAULT = "The work met a fault of the program. It is in the log; nothing was stored. Tell your administrator."


class InterruptedWorkError(Exception):
    """The worker is asked to end, or lost its claim: the job goes back to the queue or belongs to another one."""


@dataclass(frozen=True)
class Work:
    """What a handler gets: what was asked for, by whom, and `tell` for its progress."""

    job_id: int
    study_id: int | None
    args: Mapping[str, Any]
    actor: Actor
    worker: str
    stopping: Callable[[], bool] = field(default=lambda: False)

    def tell(self, text: str, fraction: float | None = None) -> None:
        """Record how far the work is (``fraction`` between 0 and 1) in a transaction of its own.

        Raises
        ------
        InterruptedWorkError
            If the worker must end, or the job is no longer its own.
        """
        if self.stopping():
            raise InterruptedWorkError
        with transaction():
            job = _locked(self.job_id, self.worker)
            job.progress, job.fraction = text, fraction
            job.alive_at, job.claimed_until = clock.now(), clock.now() + LEASE


Handler = Callable[[Work], "dict[str, Any] | None"]


@dataclass(frozen=True)
class _Kind:
    work: Handler
    tries: int


_kinds: dict[str, _Kind] = {}


def handler(kind: str, *, tries: int = 2) -> Callable[[Handler], Handler]:
    """Name the function that does the jobs of a kind; ``tries`` counts the starts, the first one included."""

    def keep(work: Handler) -> Handler:
        _kinds[kind] = _Kind(work, tries)
        return work

    return keep


def _kind(name: str) -> _Kind:
    for module in MODULES:
        import_module(module)
    return _kinds[name]


def enqueue(kind: str, study_id: int | None, args: Mapping[str, Any], asked_by: Actor) -> Job:
    """Put a job into the queue, inside the transaction that is open, and return it with its id."""
    now = clock.now()
    job = Job(
        kind=kind, study_id=study_id, args=dict(args), state=WAITING, attempts=0, asked_by=asked_by.name,
        asked_role=asked_by.role, asked_id=asked_by.user_id, asked_at=now, alive_at=now,
    )  # fmt: skip
    db.session.add(job)
    db.session.flush()
    if has_request_context():
        g.setdefault("jobs_asked", []).append(job.id)
    return job


def get_job(study_id: int | None, job_id: int, kind: str) -> Job:
    """Return one job of a study, or of the installation where the study is None.

    Raises
    ------
    NotFoundError
        If there is none of this kind with this id.
    """
    job = db.session.get(Job, job_id)
    if job is None or (job.study_id, job.kind) != (study_id, kind):
        raise NotFoundError
    return job


def find_at_work(kind: str, study_id: int | None, args: Mapping[str, Any]) -> Job | None:
    """Return a job of exactly this kind and these arguments that waits or runs, or None."""
    found = select(Job).where(Job.kind == kind, Job.study_id == study_id, Job.state.in_((WAITING, RUNNING)))
    return next((job for job in db.session.scalars(found.order_by(Job.id)) if job.args == dict(args)), None)


def worker_is_running() -> bool:
    """Say whether a worker gave a sign of life lately, or jobs are done at once."""
    if at_once(current_app._get_current_object()):  # type: ignore[attr-defined]  # the proxy's own way out
        return True
    return bool(db.session.scalar(select(exists().where(Worker.alive_at > clock.now() - WORKER_LOST))))


# --- what the worker does ---------------------------------------------------------------------------------------


def claim(worker: str) -> Job | None:
    """Take the oldest job that waits or whose worker died, or None; give up on those whose tries are used up."""
    if not read_once(_ANY_FREE, {"now": clock.now()})[0].found:
        return None
    with transaction():
        found = select(Job).where(_free(clock.now())).order_by(Job.id).limit(1).with_for_update(skip_locked=True)
        job: Job | None = db.session.scalar(found)
        if job is None:
            return None
        if job.attempts >= _kind(job.kind).tries:
            job.state, job.failure = FAILED, STOPPED
            return None
        job.state, job.attempts, job.claimed_by = RUNNING, job.attempts + 1, worker
        job.alive_at, job.claimed_until = clock.now(), clock.now() + LEASE
    return job


def _free(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(Job.state == WAITING, and_(Job.state == RUNNING, Job.claimed_until <= now))


_ANY_FREE = select(exists().where(_free(bindparam("now", type_=UtcTime))).label("found"))  # asked twice a second


def run(job: Job, worker: str, stopping: Callable[[], bool] = lambda: False) -> None:
    """Do a claimed job and record how it ended. No error of the work gets out."""
    actor = Actor(job.asked_by, job.asked_role, job.asked_id)
    work = Work(job.id, job.study_id, dict(job.args), actor, worker, stopping)
    job_id, kind, attempts = job.id, job.kind, job.attempts
    db.session.rollback()  # what was read of the job took SQLite's write lock
    try:
        result = _kind(kind).work(work)
        _end(job_id, worker, state=DONE, progress="", fraction=None, result=result)
    except InterruptedWorkError:
        _end(job_id, worker, state=WAITING, progress="", fraction=None, attempts=attempts - 1)
    except JTAError as error:
        _end(job_id, worker, state=FAILED, failure=error.message)
    except Exception:  # whatever it is must end the job, or its page would wait for ever
        log.exception("job_failed", job=job_id, kind=kind)
        _end(job_id, worker, state=FAILED, failure=FAULT)


def _end(job_id: int, worker: str, **changes: object) -> None:
    db.session.rollback()  # after a failure the session holds a broken transaction
    try:
        with transaction():
            job = _locked(job_id, worker)
            job.alive_at, job.claimed_until = clock.now(), None
            for name, value in changes.items():
                setattr(job, name, value)
    except InterruptedWorkError:
        log.warning("job_lost", job=job_id, worker=worker)  # another worker has it, and will end it


def _locked(job_id: int, worker: str) -> Job:
    job = db.session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None or job.state != RUNNING or job.claimed_by != worker:
        raise InterruptedWorkError
    return job


def run_waiting(worker: str = "at once") -> int:
    """Do all jobs that wait, here and now, and return how many; for tests and the demo."""
    done = 0
    while (job := claim(worker)) is not None:
        run(job, worker)
        done += 1
    return done


# --- jobs at once -----------------------------------------------------------------------------------------------


def at_once(app: Flask) -> bool:
    """Say whether the jobs of a request are done at its end."""
    return bool(app.config.get("JOBS_AT_ONCE", app.testing))


def _after_request(response: Response) -> Response:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own way out
    if g.pop("jobs_asked", None) and at_once(app):
        with app.app_context():
            run_waiting()
    return response


def register(app: Flask) -> None:
    """Do jobs at the end of their request where nobody else does them."""
    app.after_request(_after_request)
