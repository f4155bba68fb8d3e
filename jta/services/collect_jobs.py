"""Taking in a long file of ratings beside the web pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from jta import audit, jobs
from jta.audit import Actor
from jta.db import db, transaction
from jta.models.jobs import Job
from jta.services.collect import load_work, lock_work
from jta.services.collect_apply import apply_file

KIND = "collected ratings"
LONG = 200_000  # ratings from which a file is taken in by the worker


def import_file(actor: Actor, study_id: int, *, version: int) -> dict[str, int] | None:
    """Take the file at work in: at once, or where it is long by a job; then nothing is returned.

    Raises
    ------
    StateError, InvalidInputError, EditConflictError
        As `jta.services.collect_apply.apply_file`.
    """
    preview = load_work(study_id).file.preview
    if preview is None or preview["ratings"] < LONG:
        return apply_file(actor, study_id, version=version)
    with transaction():
        file = lock_work(study_id, version)
        args = {"file": file.id, "version": version}
        if jobs.find_at_work(KIND, study_id, args) is None:
            jobs.enqueue(KIND, study_id, args, actor)
            audit.record(actor, "asked to import ratings", f"file {file.name}", study_id=study_id)
    return None


@jobs.handler(KIND, tries=2)
def _import(work: jobs.Work) -> dict[str, Any]:
    work.tell("Reading the file and storing its ratings")
    return dict(apply_file(work.actor, work.study_id or 0, version=work.args["version"]))


def last_job(study_id: int, file_id: int) -> Job | None:
    """Return the newest job of a file, if there is one."""
    found = select(Job).where(Job.study_id == study_id, Job.kind == KIND).order_by(Job.id.desc()).limit(5)
    return next((job for job in db.session.scalars(found) if job.args["file"] == file_id), None)
