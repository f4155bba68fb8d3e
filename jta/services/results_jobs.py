"""Analyses that run beside the web pages: asked for, watched, done, or stopped with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Select, select

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import JTAError, NotFoundError
from jta.models.results import AnalysisJob
from jta.services.results import analyze_dataset
from jta.services.review import get_dataset
from jta.services.study_stage import lock_study

log = structlog.get_logger()
LOST_AFTER = timedelta(minutes=10)  # a step of the analysis is far shorter
STOPPED = "The analysis stopped before it was done: the program that did it was ended. Start it again."
FAULT = "The analysis met a fault of the program. It is in the log; nothing was stored. Tell your administrator."


def ask_analysis(actor: audit.Actor, study_id: int, number: int) -> tuple[int, bool]:
    """Record that an analysis of a data set is wanted; return the job's id and whether it is a new one.

    While one of the same data set is at work, that one is returned.

    Raises
    ------
    NotFoundError
        If there is no such data set.
    """
    with transaction():
        lock_study(study_id)
        dataset, now = get_dataset(study_id, number), clock.now()
        present: AnalysisJob | None = db.session.scalar(_at_work(dataset.id))
        if present is not None:
            return present.id, False
        job = AnalysisJob(study_id=study_id, dataset_id=dataset.id, asked_by=actor.name, asked_at=now, alive_at=now)
        db.session.add(job)
        db.session.flush()
        audit.record(actor, "started analysis", f"data set {number}", study_id=study_id, before=dataset.data_hash)
        return job.id, True


def _at_work(dataset_id: int) -> Select[Any]:
    found = select(AnalysisJob).where(AnalysisJob.dataset_id == dataset_id)
    living = AnalysisJob.state.in_(("waiting", "running")), AnalysisJob.alive_at > clock.now() - LOST_AFTER
    return found.where(*living).order_by(AnalysisJob.id.desc()).limit(1)


def run_job(job_id: int, actor: audit.Actor, study_id: int, number: int) -> None:
    """Do the analysis of a job, telling its progress, and record how it ended."""
    _tell(job_id, state="running", progress="Reading the data set")
    try:
        run = analyze_dataset(actor, study_id, number, lambda text: _tell(job_id, progress=text))
        _tell(job_id, state="done", progress="", run_id=run.id)
    except JTAError as error:
        _tell(job_id, state="failed", progress=error.message)
    except Exception:  # whatever it is must end the job, or its page would wait for ever
        log.exception("analysis failed", job=job_id)
        _tell(job_id, state="failed", progress=FAULT)


def _tell(job_id: int, **changes: object) -> None:
    db.session.rollback()  # after a failure the session holds a broken transaction
    with transaction():
        job = db.session.get(AnalysisJob, job_id)
        if job is not None:
            job.alive_at = clock.now()
            for name, value in changes.items():
                setattr(job, name, value)


def get_job(study_id: int, job_id: int) -> AnalysisJob:
    """Return one job.

    Raises
    ------
    NotFoundError
        If the study has none with this id.
    """
    job = db.session.get(AnalysisJob, job_id)
    if job is None or job.study_id != study_id:
        raise NotFoundError
    return job


def is_lost(job: AnalysisJob) -> bool:
    """Say whether a job that should be at work gave no sign of life for too long."""
    return job.state in ("waiting", "running") and job.alive_at <= clock.now() - LOST_AFTER


def trouble(job: AnalysisJob) -> str | None:
    """Return why a job has no result and will not get one, or None."""
    if is_lost(job):
        return STOPPED
    return job.progress if job.state == "failed" else None
