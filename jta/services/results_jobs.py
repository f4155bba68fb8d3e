"""Analyses that run beside the web pages: asked for, watched, done, or stopped with a reason."""

from __future__ import annotations

from typing import Any

from jta import audit, jobs
from jta.db import transaction
from jta.models.jobs import Job
from jta.models.review import Dataset
from jta.services.results import analyze_dataset
from jta.services.review import get_dataset
from jta.services.study_stage import lock_study

KIND = "analysis"


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
        dataset = get_dataset(study_id, number)
        present = jobs.find_at_work(KIND, study_id, {"number": number})
        if present is not None:
            return present.id, False
        job = jobs.enqueue(KIND, study_id, {"number": number}, actor)
        audit.record(actor, "started analysis", f"data set {number}", study_id=study_id, before=dataset.data_hash)
        return job.id, True


@jobs.handler(KIND)
def _analyze(work: jobs.Work) -> dict[str, Any]:
    work.tell("Reading the data set")
    run = analyze_dataset(work.actor, work.study_id or 0, work.args["number"], work.tell)
    return {"run": run.id}


def get_job(study_id: int, job_id: int) -> tuple[Job, Dataset]:
    """Return one analysis with the data set it reads.

    Raises
    ------
    NotFoundError
        If the study has none with this id.
    """
    job = jobs.get_job(study_id, job_id, KIND)
    return job, get_dataset(study_id, job.args["number"])
