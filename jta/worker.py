"""The worker: one process beside the web that does the jobs, sends the mail and keeps the calendar.

It holds nothing that a second worker could not pick up: all state is in the database, every claim has a lease. Any
number may run, on any number of machines. `Loop` is one thing done again and again in a thread of its own, so that a
long analysis does not hold up the mail.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import delete, update

from jta import clock, jobs
from jta.db import db, transaction
from jta.models.jobs import RUNNING, Job, Worker
from jta.services.bounces import read_bounces
from jta.services.panel_mail import remind_due
from jta.services.retention import erase_names, keep_list
from jta.services.sending import Postman

log = structlog.get_logger()
BEAT = 5.0  # seconds between signs of life
FORGOTTEN = timedelta(days=1)
PATIENCE = 20.0  # seconds that work at hand gets to end


@dataclass(frozen=True)
class Loop:
    """Something done every ``pause`` seconds, and again at once while it says that there is more to do."""

    name: str
    pause: float
    turn: Callable[[WorkerProcess], bool]


class WorkerProcess:
    """One worker: its name, its threads, and whether it has been asked to end."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._stop = threading.Event()
        self.postman = Postman(app.config["SETTINGS"].mail, self.name, self.stopping)
        self.mail = self.postman.trouble

    def stopping(self) -> bool:
        """Say whether this worker has been asked to end."""
        return self._stop.is_set()

    def stop(self, *_signal: Any) -> None:
        """Ask it to end; work at hand is ended or put back first."""
        self._stop.set()

    def run(self, parent: int | None = None) -> None:
        """Work until asked to end, or until the process ``parent`` is no longer the one that started this one."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        threads = [threading.Thread(target=self._go_round, args=(loop,), name=loop.name, daemon=True) for loop in LOOPS]
        for thread in threads:
            thread.start()
        log.info("worker_started", worker=self.name)
        while not self._stop.wait(1.0):
            if parent is not None and os.getppid() != parent:
                log.warning("worker_abandoned", worker=self.name)
                self.stop()
        for thread in threads:
            thread.join(timeout=PATIENCE)
        self._leave()

    def _go_round(self, loop: Loop) -> None:
        while not self._stop.is_set():
            more = False
            with self.app.app_context():
                try:
                    more = loop.turn(self)
                except Exception:  # a database that is away must not end the worker
                    log.exception("worker_turn_failed", loop=loop.name)
            if not more:
                self._stop.wait(loop.pause)

    def _leave(self) -> None:
        try:
            with self.app.app_context(), transaction():
                db.session.execute(delete(Worker).where(Worker.name == self.name))
        except Exception:  # its row grows old by itself
            log.exception("worker_left_its_row", worker=self.name)
        log.info("worker_ended", worker=self.name)


def beat(worker: WorkerProcess) -> bool:
    """Give a sign of life, and renew the claims on jobs at hand; the first one makes the worker's row."""
    now: datetime = clock.now()
    mine = Job.claimed_by == worker.name, Job.state == RUNNING
    with transaction():
        row = db.session.get(Worker, worker.name)
        if row is None:
            db.session.execute(delete(Worker).where(Worker.alive_at < now - FORGOTTEN))
            row = Worker(name=worker.name, started_at=now)
            db.session.add(row)
        row.alive_at, row.mail = now, worker.mail
        db.session.execute(update(Job).where(*mine).values(alive_at=now, claimed_until=now + jobs.LEASE))
    return False


def work(worker: WorkerProcess) -> bool:
    """Do one job; say whether there was one."""
    job = jobs.claim(worker.name)
    if job is None:
        return False
    jobs.run(job, worker.name, worker.stopping)
    return True


def send(worker: WorkerProcess) -> bool:
    """Send what is due; say whether there is more."""
    more = worker.postman.turn()
    worker.mail = worker.postman.trouble
    return more


def read_mail(worker: WorkerProcess) -> bool:
    """Read reports of mail that came back."""
    maildir = worker.app.config["SETTINGS"].mail.bounce_maildir
    if maildir:
        read_bounces(Path(maildir))
    return False


def keep_calendar(_worker: WorkerProcess) -> bool:
    """Erase what is not kept any longer, keep the list of those to be left alone, remind panelists who are behind."""
    keep_list()
    erase_names()
    remind_due()
    return False


LOOPS = (
    Loop("beat", BEAT, beat),
    Loop("jobs", 0.5, work),
    Loop("mail", 1.0, send),
    Loop("bounces", 30.0, read_mail),
    Loop("calendar", 60.0, keep_calendar),
)
