"""Kill the sender again and again while it sends, and count what arrived: each person one message, or a flag.

A real worker process and a real SMTP server on loopback. ``kill -9`` comes at random moments, counted in messages that
arrived, so that every kill falls into work.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import func, select

from jta import clock
from jta.db import db, reading, transaction
from jta.models.delivery import OutboxMessage, Wave
from jta.services.delivery_settings import own_settings
from jta.services.panel_mail import plan_messages
from jta.services.recipients import UNDER_WAY
from jta.services.waves import WavePlan, plan_waves
from tests.conftest import LINK_KEY, SECRET
from tests.mail_server import MailServer
from tests.services.panel_study import make_panel_study, open_round
from tests.services.sending_study import make_field

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "flask", "--app", "app", "worker"]


@dataclass
class KillResult:
    """What was found when all was over."""

    people: int
    kills: int
    seconds: float
    cpu_seconds: float  # of the workers; those of the database server and of the mail server are not in it
    states: dict[str, int] = field(default_factory=dict)
    doubled: int = 0
    doubled_not_flagged: int = 0
    missed: int = 0

    @property
    def good(self) -> bool:
        """Whether everybody has one record with a final state, and no copy that is not flagged."""
        final = sum(self.states.get(state, 0) for state in ("accepted", "unknown", "failed", "skipped"))
        return final == self.people and self.doubled_not_flagged == 0 and self.missed == 0


def worker_environment(settings, server: MailServer) -> dict[str, str]:
    """Return the variables of a worker on a test's database and mail server."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("JTA_")},
        "JTA_DATABASE_URL": settings.database_url, "JTA_SECRET_KEY": SECRET, "JTA_LINK_KEY": LINK_KEY,
        "JTA_BASE_URL": settings.base_url, "JTA_LOG_LEVEL": "ERROR", "JTA_SMTP_HOST": "127.0.0.1",
        "JTA_SMTP_PORT": str(server.port), "JTA_SMTP_TLS": "none", "JTA_MAIL_FROM": "study@example.org",
    }  # fmt: skip


def kill_senders(
    app, server: MailServer, *, people: int, kills: int, seed: int, panel: int = 0, limit: float = 3600
) -> KillResult:
    """Send an invitation to so many people, and a round to so many panelists, with so many kills, the first of them
    among the panel's messages, which go first; the application's context must be open.
    """
    source = random.Random(seed)
    study, dora = make_field([f"p{n}@example.org" for n in range(people)])
    _never_quiet(study.id)
    plan_waves(dora, study.id, [WavePlan("invitation", clock.now())])
    if panel:
        _write_to_panel(app, server, panel)
    everybody = people + panel
    at = sorted({panel // 2, *source.sample(range(panel + 1, everybody), kills - bool(panel))} - {0})
    began, spent = time.monotonic(), _spent_by_workers()
    killed = _send_and_kill(app, server, at, source, began + limit)
    took, cpu = time.monotonic() - began, _spent_by_workers() - spent
    result = KillResult(everybody, killed, round(took, 1), round(cpu, 1))
    _count(server, result)
    return result


def _spent_by_workers() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _never_quiet(study_id: int) -> None:
    with transaction():
        own = own_settings(study_id)
        own.quiet_from = own.quiet_to = 0
        own.weekends = True


def _write_to_panel(app, server: MailServer, people: int) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail=server.settings())
    made = make_panel_study(people, signed=False, email="nell@example.org")
    _never_quiet(made.id)
    plan_messages(made.dora, made.id, open_round(made, "review").id, seen=people)


def _send_and_kill(app, server: MailServer, at: list[int], source: random.Random, until: float) -> int:
    environment, killed, left = worker_environment(app.config["SETTINGS"], server), 0, list(at)
    worker = _start(environment)
    try:
        while time.monotonic() < until:
            if left and len(server.received) >= left[0]:
                time.sleep(source.random() * 0.02)
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait()
                killed, worker = killed + 1, _start(environment)
                # What was reached meanwhile counts as this kill's turn.
                left = [place for place in left if place > len(server.received)] or left[1:] if left else []
            elif not left and _is_over():
                return killed
            time.sleep(0.002 if left else 0.2)
        raise AssertionError("the sender did not come to an end")
    finally:
        worker.terminate()
        worker.wait(30)


def _start(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(COMMAND, env=environment, cwd=ROOT)


def _is_over() -> bool:
    with reading():
        left = select(func.count(OutboxMessage.id)).where(OutboxMessage.state.in_(UNDER_WAY))
        done = select(func.count(Wave.id)).where(Wave.state == "done")
        return (db.session.scalar(done), db.session.scalar(left)) == (1, 0)


def _count(server: MailServer, result: KillResult) -> None:
    with reading():
        rows = db.session.execute(select(OutboxMessage.message_id, OutboxMessage.state))
        states = {message_id: state for message_id, state in rows}
    arrived = Counter(str(one.message["Message-ID"]).strip() for one in server.received)
    doubled = [message_id for message_id, count in arrived.items() if count > 1]
    result.states = dict(Counter(states.values()))
    result.doubled = len(doubled)
    result.doubled_not_flagged = sum(states[message_id] != "unknown" for message_id in doubled)
    result.missed = sum(state == "accepted" and not arrived[message_id] for message_id, state in states.items())
