"""The retained tasks of a blueprint under their rows: weight, items top-down, and the level the panel gives them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from jta.imports.text import fold
from jta.models.blueprint import Blueprint
from jta.services.data_tasks import dataset_tasks
from jta.services.panel_levels import PanelLevel, panel_levels
from jta.services.results_privacy import Reader
from jta.services.results_tables import Tables


@dataclass(frozen=True)
class Level:
    """A cognitive level and its target: the share of the exam's items, 0 to 1."""

    code: str
    label: str
    share: float


@dataclass(frozen=True)
class TaskLine:
    """One retained task.

    Parameters
    ----------
    weight : float or None
        Share of its row, 0 to 1; ``None`` where an index of the row is hidden.
    quota, items : float, int or None
        Its share of the row's items, unrounded and as whole items by largest remainder.
    said : PanelLevel or None
        What the panel said; ``level`` is the level of the blueprint it stands for, empty where there is none.
    """

    code: str
    statement: str
    index: float | None
    weight: float | None
    quota: float | None
    items: int | None
    said: PanelLevel | None
    level: str


def task_lines(blueprint: Blueprint, levels: Sequence[Level], smallest: int) -> dict[str, tuple[TaskLine, ...]]:
    """Return the retained tasks of each row that holds tasks itself, by the row's code."""
    tables, said = Tables(blueprint.run, Reader(minimum=smallest)), panel_levels(blueprint.study_id)
    retained = {row["task_id"]: row.get("task_index") for row in tables.rows("retention", retained="yes")}
    known = {fold(name): level.code for level in levels for name in (level.label, level.code)}
    rows = {row.code: row for row in blueprint.rows}
    found: dict[str, list[TaskLine]] = {}
    for task in dataset_tasks(blueprint.run.dataset):
        place = task.get("subdomain_id") or ""
        code, own = place if place in rows else task["domain_id"], task["task_id"]
        if own in retained and code in rows:
            line = _line(own, task["task_text"], retained[own], said.get(own), known)
            found.setdefault(code, []).append(line)
    return {code: _with_items(lines, rows[code].items) for code, lines in found.items()}


def _line(code: str, text: str, index: float | None, said: PanelLevel | None, known: Mapping[str, str]) -> TaskLine:
    place = (known.get(fold(said.code)) or known.get(fold(said.label), "")) if said else ""
    return TaskLine(code, text, index, None, None, None, said, place)


def _with_items(lines: Sequence[TaskLine], items: int) -> tuple[TaskLine, ...]:
    from analysis.allocation import largest_remainder

    weights = [line.index for line in lines]
    known = [weight for weight in weights if weight is not None]
    total = sum(known)
    if len(known) < len(weights) or total <= 0:
        return tuple(lines)
    outcome = largest_remainder(known, items)
    return tuple(
        replace(line, weight=known[n] / total, quota=outcome.quotas[n], items=outcome.items[n])
        for n, line in enumerate(lines)
    )


def share_by_level(lines: Iterable[TaskLine]) -> dict[str, float]:
    """Return the share of the tasks' weight at each level that the panel names; empty where it named none.

    Tasks that it did not place are left out; where an index is hidden, every task counts the same.
    """
    return _shares([(line.level, line.index) for line in lines if line.said is not None and line.level])


def said_by_panel(lines: Iterable[TaskLine], words: Mapping[str, str]) -> tuple[tuple[str, int, float], ...]:
    """Return each level as the panel calls it, in its order, with its number of tasks and the share of their weight."""
    pairs = [(line.said.label, line.index) for line in lines if line.said is not None]
    shares = _shares(pairs)
    labels = sorted(shares, key=lambda label: list(words.values()).index(label) if label in words.values() else 99)
    return tuple((label, sum(own == label for own, _ in pairs), shares[label]) for label in labels)


def _shares(pairs: Sequence[tuple[str, float | None]]) -> dict[str, float]:
    """Return the share of each level; exact sums, so that the order of the tasks moves no digit."""
    whole = all(index is not None for _, index in pairs)
    weights = [(index or 0.0) if whole else 1.0 for _, index in pairs]
    total = math.fsum(weights)
    found: dict[str, list[float]] = {}
    for (level, _), weight in zip(pairs, weights, strict=True) if total else ():
        found.setdefault(level, []).append(weight)
    return {level: math.fsum(own) / total for level, own in found.items()}
