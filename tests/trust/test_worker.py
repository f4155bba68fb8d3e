"""A real worker process: it works, ends in order, ends with its parent, and is started again when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jta import jobs
from jta.audit import Actor
from jta.db import db, reading, transaction
from jta.keeper import Keeper
from jta.models.jobs import Worker
from tests.conftest import LINK_KEY, SECRET

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "flask", "--app", "app", "worker"]


def wait_for(condition, seconds: float = 60.0):
    """Return what the condition gives once it is true; fail after a while."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def environment(app, monkeypatch) -> Iterator[None]:
    """Settings of a worker on the database of the test."""
    settings = app.config["SETTINGS"]
    given = {
        "JTA_DATABASE_URL": settings.database_url, "JTA_SECRET_KEY": SECRET, "JTA_LINK_KEY": LINK_KEY,
        "JTA_BASE_URL": settings.base_url, "JTA_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    return


def workers() -> list[str]:
    with reading():
        return list(db.session.scalars(db.select(Worker.name)))


def test_a_worker_ends_in_order_and_leaves_no_row(app_context, environment):
    process = subprocess.Popen(COMMAND)
    try:
        wait_for(workers)
        app_context.config["JOBS_AT_ONCE"] = False
        with reading():
            assert jobs.worker_is_running()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert workers() == []
    finally:
        process.kill()
        process.wait()


def test_a_worker_ends_when_its_parent_is_gone(app_context, environment):
    # The shell starts the worker and is killed; nobody is left to tell the worker to end.
    shell = subprocess.Popen(
        ["/bin/sh", "-c", f"{' '.join(COMMAND)} --parent $$ & echo $!; wait"], stdout=subprocess.PIPE, text=True
    )
    pid = int(shell.stdout.readline())
    wait_for(workers)
    shell.kill()
    shell.wait()
    shell.stdout.close()
    wait_for(lambda: not workers())
    wait_for(lambda: not _alive(pid))


def test_a_killed_worker_is_started_again_and_its_job_is_not_lost(app_context, environment):
    keeper = Keeper([*COMMAND, "--parent", str(os.getpid())])
    keeper.start()
    try:
        (first,) = wait_for(workers)
        os.kill(keeper.pid, signal.SIGKILL)
        wait_for(lambda: set(workers()) - {first})
        with transaction():
            job = jobs.enqueue("analysis", None, {"number": 1}, Actor("Ada", "administrator"))
        assert wait_for(lambda: _ended(job.id)) == "failed"  # there is no such study; what counts is that it was tried
    finally:
        keeper.stop()
    assert keeper.pid is None


def _ended(job_id: int) -> str | None:
    with reading():
        job = db.session.get(jobs.Job, job_id, populate_existing=True)
        return job.state if job.state in ("done", "failed") else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
