"""The Rasch map: respondents and tasks on one scale, and how well tasks and answers fit the model."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from jta.charts import shares_of
from jta.services.results_privacy import Reader, hide
from jta.services.results_tables import Row, Tables, domains_of, tasks_in, words_of
from jta.services.results_task_lines import labels_of

WIDTH = 0.25  # of a step of the map, in logits
FIT = (0.6, 1.4)  # usual range of mean squares for rating scales of surveys (Wright & Linacre, 1994)
MAP_METHOD = "jmle"


@dataclass(frozen=True)
class Step:
    """One step of the map: respondents at it (None where too few to show) and the tasks at it."""

    low: float
    high: float
    people: int | None
    length: float
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class RaschPage:
    """The map from the top down, tasks with their fit, and the steps between answers."""

    steps: tuple[Step, ...]
    domains: dict[str, str]
    tasks: tuple[Row, ...]
    categories: tuple[Row, ...]
    summary: Row
    n_misfit: int
    why_not: str | None


def rasch_page(tables: Tables, *, domain: str | None = None) -> RaschPage:
    """Return the Rasch model of a run; respondents are only counted, and steps with few are not told."""
    words = words_of(tables.run)
    labels = labels_of(words, tables.run.summary["choices"].get("importance_scale") or "")
    tasks = [
        row | {"statement": words.statements.get(row["task_id"], ""), "misfit": _is_misfit(row), "fit": _fit(row)}
        for row in tables.rows("rasch_tasks", method=MAP_METHOD)
    ]
    people = tables.stored("rasch_persons_jmle")["theta"].dropna().tolist() if tables.has("rasch_persons_jmle") else []
    return RaschPage(
        steps=_steps(people, tasks, tables.reader),
        domains=domains_of(tables, words),
        tasks=tuple(row for row in tasks if row["task_id"] in tasks_in(tables, domain)),
        categories=tuple(_named(row, labels) for row in tables.rows("rasch_categories", method=MAP_METHOD)),
        summary=tables.document("rasch_summary").get(MAP_METHOD, {}),
        n_misfit=sum(row["misfit"] for row in tasks),
        why_not=tables.why_not("rasch_tasks"),
    )


def _named(row: Row, labels: dict[int, str]) -> Row:
    return row | {"label": labels.get(row["value"], "")}


def _fit(row: Row) -> str:
    """Return what the mean squares of a task say, or why there are none."""
    if _is_misfit(row):
        return "Look at it"
    return str(row["note"] or ("" if row["infit"] is None else "Fits"))


def _is_misfit(row: Row) -> bool:
    return any(row[name] is not None and not FIT[0] <= row[name] <= FIT[1] for name in ("infit", "outfit"))


def _steps(people: list[float], tasks: list[Row], reader: Reader) -> tuple[Step, ...]:
    """Return the steps from the highest to the lowest."""
    counts = Counter(_step_of(theta) for theta in people)
    placed: dict[int, list[str]] = {}
    for row in tasks:
        if row["delta"] is not None:
            placed.setdefault(_step_of(row["delta"]), []).append(row["task_id"])
    if not counts and not placed:
        return ()
    order = range(max([*counts, *placed]), min([*counts, *placed]) - 1, -1)
    hidden = set() if reader.full else hide({n: count for n, count in counts.items() if count}, reader.minimum)
    shown = [None if n in hidden else counts[n] for n in order]
    lengths = shares_of([n or 0 for n in shown])
    return tuple(
        Step(n * WIDTH, (n + 1) * WIDTH, people_here, length, tuple(placed.get(n, ())))
        for n, people_here, length in zip(order, shown, lengths, strict=True)
    )


def _step_of(value: float) -> int:
    return math.floor(value / WIDTH)
