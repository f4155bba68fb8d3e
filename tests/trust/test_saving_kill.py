"""A real server is killed without warning, again and again, while people save: nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from jta import ROOT
from jta.db import db
from jta.models.response import Rating, RatingChange, Response
from tests.conftest import LINK_KEY, SECRET
from tests.services.respondent import forms_of
from tests.services.study_factory import MadeStudy, make_study
from tests.trust.wire import BROKEN, Wire

# `./run soak` raises these.
KILLS = int(os.environ.get("JTA_TEST_KILLS", "60"))
CLIENTS = int(os.environ.get("JTA_TEST_CLIENTS", "4"))
ACKNOWLEDGED = int(os.environ.get("JTA_TEST_ACKNOWLEDGED", "500"))


class Server:
    """A gunicorn with two worker processes that this test owns."""

    def __init__(self, database_url: str, log: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith("JTA_")} | {
            "JTA_DATABASE_URL": database_url, "JTA_SECRET_KEY": SECRET, "JTA_LINK_KEY": LINK_KEY,
            "JTA_BASE_URL": self.base, "JTA_LOG_LEVEL": "ERROR",
        }  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "2",
            "--worker-class", "gthread", "--log-level", "error", "app:app",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            wire = Wire(self.base)
            try:
                if wire.get("/healthz")[0] == 200:
                    return
            except BROKEN:
                time.sleep(0.05)
            finally:
                wire.close()
        raise AssertionError(f"the server does not answer: {self.log.read_text()[-2000:]}")

    def kill_a_worker(self) -> None:
        """Kill one worker process; its master starts another."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if listed:
            os.kill(int(random.choice(listed)), signal.SIGKILL)

    def kill(self) -> None:
        """Kill the master and every worker."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Person(threading.Thread):
    """Somebody who taps answers as fast as the server takes them, and writes down what was acknowledged."""

    def __init__(self, base: str, token: str, made: MadeStudy, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.token, self.made, self.stop = token, made, stop
        self.wire = Wire(base)
        self.acknowledged: list[tuple[int, int, int, int]] = []
        self.sent: set[tuple[int, int, int]] = set()
        self.faults: list[str] = []
        self.repeats = 0

    def begin(self) -> None:
        """Open the link, agree, read the first page of cards."""
        form = forms_of(self.wire.get(f"/s/{self.token}")[1])[0]
        self.wire.post(form.action, form.sends)
        page = self.wire.get("/survey/rate/1")[1]
        self.hidden = {k: v for k, v in forms_of(page)[0].sends.items() if k in {"csrf_token", "mark"}}

    def run(self) -> None:
        """Tap until told to stop."""
        shuffled, known = random.Random(self.token), {}
        number = 0
        while not self.stop.is_set():
            number += 1
            task, anchor = shuffled.choice(self.made.tasks[:10]), shuffled.choice(self.made.frequency[1:])
            self.sent.add((task, self.made.frequency_id, anchor))
            data = {
                **self.hidden, "task": task, "scale": self.made.frequency_id, "anchor": anchor,
                "seen": known.get(task, ""), "key": f"tap-{number:06}",
            }  # fmt: skip
            reply = self.save(data)
            if reply is None:
                return
            known[task] = reply["card"]
            if reply["status"] == "saved":
                self.acknowledged.append(tuple(int(part) for part in reply["card"].split(".")))
            else:
                self.faults.append(f"conflict with oneself: {reply}")

    def save(self, data: dict[str, object]) -> dict | None:
        """Send one tap until the server acknowledges it: the same key, the same body."""
        while True:
            try:
                status, text = self.wire.post("/survey/save", data)
            except BROKEN:
                if self.stop.is_set():
                    return None
                self.repeats += 1
                time.sleep(0.03)
                continue
            if status in {200, 409}:
                return json.loads(text)
            self.faults.append(f"{status}: {text[:200]}")
            if status < 500:
                return None


def wait_for_saves(people: list[Person], wanted: float) -> None:
    """Let saves through until so many are acknowledged, so that each kill meets people at work."""
    end = time.monotonic() + 60
    while sum(len(p.acknowledged) for p in people) < wanted and time.monotonic() < end:
        time.sleep(0.01)


def stored(app, person_id: int) -> set[tuple[int, int, int, int | None]]:
    """Every version of every rating of a person: the present one and the history."""
    with app.app_context():
        found = set()
        response_id = db.session.scalars(db.select(Response.id).where(Response.person_id == person_id)).one()
        for model in (Rating, RatingChange):
            columns = db.select(model.task_id, model.scale_id, model.version, model.anchor_id)
            found |= {tuple(row) for row in db.session.execute(columns.where(model.response_id == response_id))}
        return found


@pytest.mark.slow
@pytest.mark.timeout(0 if KILLS > 60 else 600)
def test_no_acknowledged_rating_is_lost_when_the_server_is_killed(app, database_url, tmp_path):
    with app.app_context():
        made = make_study(n_tasks=10, n_people=CLIENTS, n_domains=1, background=False)
        db.session.remove()
        db.engine.dispose()
    server = Server(database_url, tmp_path / "server.log")
    stop = threading.Event()
    people = [Person(server.base, token, made, stop) for token in made.tokens]
    try:
        for person in people:
            person.begin()
        for person in people:
            person.start()
        for number in range(KILLS):
            wait_for_saves(people, ACKNOWLEDGED * (number + 1) / KILLS)
            time.sleep(random.uniform(0, 0.3))
            if number % 5 == 4:
                server.kill()
                server.start()
            else:
                server.kill_a_worker()
        server.wait()
        time.sleep(0.3)
        stop.set()
        for person in people:
            person.join(timeout=30)
    finally:
        stop.set()
        server.kill()
        for person in people:
            person.wire.close()
    assert [fault for person in people for fault in person.faults] == []
    for person, person_id in zip(people, made.people, strict=True):
        check(person, stored(app, person_id))
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            assert db.session.execute(db.text("PRAGMA integrity_check")).scalar() == "ok"
    assert sum(len(p.acknowledged) for p in people) >= ACKNOWLEDGED
    print(f"{sum(len(p.acknowledged) for p in people)} acknowledged, {sum(p.repeats for p in people)} sent again")


def check(person: Person, versions: set[tuple[int, int, int, int | None]]) -> None:
    """Nothing acknowledged is missing, nothing is there that was not sent, every chain of versions is whole."""
    assert len(person.acknowledged) >= 10
    assert set(person.acknowledged) - versions == set()
    assert {(task, scale, anchor) for task, scale, _, anchor in versions} <= person.sent
    for task in {task for task, *_ in versions}:
        chain = sorted(version for own, _, version, _ in versions if own == task)
        assert chain == list(range(1, len(chain) + 1))
