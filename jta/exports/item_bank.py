"""A blueprint as an item bank reads it: topic numbers, names, whole weights that sum to 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.allocation import largest_remainder
from jta.exports.csv_text import write_csv

TITLES = ("Topic Number", "Name", "Weight", "Description")


@dataclass(frozen=True)
class Topic:
    """A row of the blueprint: its weight as a share of the exam, and its parent where it is a subdomain."""

    code: str
    title: str
    weight: float
    parent: str | None = None


@dataclass(frozen=True)
class TaskLine:
    """A task statement under its topic."""

    topic: str
    code: str
    statement: str


def write_item_bank(topics: Sequence[Topic], tasks: Sequence[TaskLine]) -> bytes:
    """Return the topics as CSV: domains ``#1``, their subdomains ``#1.1``, their tasks without a weight ``#1.1.1``.

    Numbers are by position. Whole weights of the domains sum to 100 by largest remainder, those of a domain's
    subdomains to the domain's.
    """
    domains = [topic for topic in topics if topic.parent is None]
    rows: list[tuple[str, str, int | None, str]] = []
    for n, (domain, weight) in enumerate(zip(domains, _whole([d.weight for d in domains], 100), strict=True), 1):
        rows.append((f"#{n}", domain.title, weight, domain.code))
        inner = [topic for topic in topics if topic.parent == domain.code]
        rows += _tasks(f"#{n}", domain.code, tasks, after=len(inner))
        for m, (part, share) in enumerate(zip(inner, _whole([t.weight for t in inner], weight), strict=True), 1):
            rows.append((f"#{n}.{m}", part.title, share, part.code))
            rows += _tasks(f"#{n}.{m}", part.code, tasks)
    return write_csv(TITLES, rows)


def _whole(weights: list[float], total: int) -> tuple[int, ...]:
    return largest_remainder(weights, total).items if any(weights) else (0,) * len(weights)


def _tasks(number: str, topic: str, tasks: Sequence[TaskLine], after: int = 0) -> list[tuple[str, str, None, str]]:
    own = [task for task in tasks if task.topic == topic]
    return [(f"{number}.{k}", task.statement, None, task.code) for k, task in enumerate(own, after + 1)]
