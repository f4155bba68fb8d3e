"""Answer a survey from start to thanks as many people do at once: plain forms, page by page, no script.

``python benchmarks/respond.py --links links.txt [--people N] [--at-once N] [--think SECONDS] [--pid PID …]``

Prints one JSON object: complete surveys, errors, milliseconds of pages (GET) and saves (POST) as p50, p95, p99,
and the CPU seconds that the processes of ``--pid`` and all their children used for each complete survey.
"""

from __future__ import annotations

import argparse
import html
import http.client
import json
import os
import queue
import random
import re
import statistics
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.S)
_INPUT = re.compile(r"<input\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')
_LONGEST = 400  # pages; a walk that does not end has gone wrong


@dataclass
class Tally:
    """What one run saw."""

    complete: int = 0
    pages: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, walk: Walk, error: str | None) -> None:
        """Take over what one person saw."""
        with self.lock:
            self.pages += walk.pages
            self.saves += walk.saves
            self.complete += error is None
            if error:
                self.errors.append(error)


class Walk:
    """One person with one connection and one cookie jar."""

    def __init__(self, link: str, think: float) -> None:
        self.link, self.think = link, think
        self.host = urlsplit(link).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=60)
        self.cookies: dict[str, str] = {}
        self.pages: list[float] = []
        self.saves: list[float] = []
        self.chooser = random.Random(link)

    def run(self) -> str | None:
        """Answer everything; return what went wrong, if anything did."""
        try:
            text = self._ask("GET", self.link, None)
            for _ in range(_LONGEST):
                if "receipt" in text:
                    return None
                action, fields = self._fill(text)
                if self.think:
                    time.sleep(self.chooser.uniform(0.5, 1.5) * self.think)
                text = self._ask("POST", urljoin(self.link, action), urlencode(fields))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            self.connection.close()
        return "the survey does not end"

    def _fill(self, text: str) -> tuple[str, list[tuple[str, str]]]:
        for attributes, body in _FORM.findall(text):
            about = dict(_ATTRIBUTE.findall(attributes))
            if about.get("method") == "post" and "hidden" not in about:
                return html.unescape(about["action"]), self._fields(body)
        raise ValueError("no form to send")

    def _fields(self, body: str) -> list[tuple[str, str]]:
        fields: list[tuple[str, str]] = []
        groups: dict[str, list[str]] = {}
        for attributes in _INPUT.findall(body):
            about = dict(_ATTRIBUTE.findall(attributes))
            if about.get("type") == "radio":
                groups.setdefault(about["name"], []).append(about["value"])
            elif "name" in about:
                fields.append((about["name"], html.unescape(about.get("value", ""))))
        return fields + [(name, self.chooser.choice(values)) for name, values in groups.items()]

    def _ask(self, method: str, url: str, body: str | None) -> str:
        """Send one request and follow where it leads."""
        while True:
            began = time.perf_counter()
            status, text, location = self._send(method, urlsplit(url), body)
            took = 1000 * (time.perf_counter() - began)
            (self.saves if method == "POST" else self.pages).append(took)
            if status == 303:
                method, url, body = "GET", urljoin(url, location), None
                continue
            if status != 200:
                raise ValueError(f"{method} was answered by {status}")
            return text

    def _send(self, method: str, url, body: str | None) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = url.path + (f"?{url.query}" if url.query else "")
        try:
            self.connection.request(method, path, body, headers)
            reply = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # A kept connection that the server ended in between: browsers open another one too.
            self.connection.close()
            self.connection.request(method, path, body, headers)
            reply = self.connection.getresponse()
        text = reply.read().decode()
        for line in reply.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply.status, text, reply.headers.get("Location", "")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU seconds that these processes, their children and the children's children have used."""
    ticks = 0
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except FileNotFoundError:
            continue  # it ended; its parent counts it among its ended children
        ticks += sum(int(number) for number in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _answer(waiting: queue.SimpleQueue, tally: Tally, think: float) -> None:
    while True:
        try:
            link = waiting.get_nowait()
        except queue.Empty:
            return
        walk = Walk(link, think)
        tally.add(walk, walk.run())


def answer_all(links: Sequence[str], at_once: int, think: float = 0.0) -> tuple[Tally, float]:
    """Let everybody answer, so many at once; return what was seen and the seconds it took."""
    tally, waiting = Tally(), queue.SimpleQueue()
    for link in links:
        waiting.put(link)
    people = [threading.Thread(target=_answer, args=(waiting, tally, think)) for _ in range(at_once)]
    began = time.perf_counter()
    for person in people:
        person.start()
    for person in people:
        person.join()
    return tally, time.perf_counter() - began


def spread(times: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 of some milliseconds."""
    if len(times) < 2:
        return {}
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)}


def measure(links: Sequence[str], at_once: int, pids: Sequence[int] = (), think: float = 0.0) -> dict[str, object]:
    """Let everybody answer and return the figures."""
    before = cpu_seconds(pids)
    tally, seconds = answer_all(links, at_once, think)
    used = cpu_seconds(pids) - before
    return {
        "complete": tally.complete, "errors": len(tally.errors), "first_errors": tally.errors[:3],
        "at_once": at_once, "think_seconds": think, "seconds": round(seconds, 2),
        "surveys_per_second": round(tally.complete / seconds, 2),
        "requests_per_survey": round((len(tally.pages) + len(tally.saves)) / max(tally.complete, 1), 1),
        "cpu_seconds_per_survey": round(used / tally.complete, 4) if pids and tally.complete else None,
        "page_ms": spread(tally.pages), "save_ms": spread(tally.saves),
    }  # fmt: skip


def main() -> None:
    """Read the options, answer, print."""
    parser = argparse.ArgumentParser(description="Answer a survey as many people at once.")
    parser.add_argument("--links", type=Path, required=True, help="file of start links, one a line")
    parser.add_argument("--people", type=int, help="how many of the links to use (all)")
    parser.add_argument("--skip", type=int, default=0, help="links to leave out at the beginning")
    parser.add_argument("--at-once", "--concurrency", type=int, default=8)
    parser.add_argument("--think", type=float, default=0.0, help="seconds on each page, on average")
    parser.add_argument("--pid", type=int, action="append", default=[], help="process to count, with its children")
    given = parser.parse_args()
    links = given.links.read_text(encoding="utf-8").split()[given.skip :][: given.people]
    found = measure(links, given.at_once, given.pid, given.think)
    print(json.dumps(found, indent=2))
    sys.exit(bool(found["errors"]))


if __name__ == "__main__":
    main()
