"""A blueprint as a 1EdTech CASE package (CASE 1.0): its outline as items, its weights and items as a rubric.

CASE items carry no weight. A rubric's criteria do: each names an item of the package, its weight, and one level for
each cognitive level with the number of items as its score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jta.exports.case_file import CaseDocument, Package, normalized


@dataclass(frozen=True)
class CaseRow:
    """A domain or subdomain: share of the exam, scored items with their limits, and items by cognitive level."""

    code: str
    title: str
    parent: str | None
    weight: float
    items: int
    fewest: int
    most: int
    pretest: int
    levels: tuple[tuple[str, int], ...] = field(default=())


@dataclass(frozen=True)
class CaseTask:
    """A task statement under its row; its cognitive level where the panel gave one."""

    row: str
    code: str
    statement: str
    level: str = ""


def blueprint_case(
    rows: Sequence[CaseRow], tasks: Sequence[CaseTask], document: CaseDocument, *, adopted: bool, effective_on: str = ""
) -> bytes:
    """Return a blueprint as a CASE package, in the order given; ``effective_on`` is an ISO date or empty."""
    package = Package(document)
    places: dict[str, tuple[str, str]] = {}
    for row in rows:
        kind = "Subdomain" if row.parent else "Content Domain"
        above = places[row.parent] if row.parent else None
        places[row.code] = package.add(kind, row.code, row.title, above, notes=_words(row))
    for task in tasks:
        more = {"notes": f"Cognitive level: {task.level}"} if task.level else {}
        package.add("Task Statement", task.code, task.statement, places[task.row], **more)
    head: dict[str, Any] = {"adoptionStatus": "Adopted" if adopted else "Draft"}
    if effective_on:
        head["statusStartDate"] = effective_on
    return package.written({"CFRubrics": [_rubric(package, rows, places)]}, **head)


def _words(row: CaseRow) -> str:
    limits = f"{row.items}" if row.fewest == row.most else f"{row.items} ({row.fewest} to {row.most})"
    pretest = f", {row.pretest} pretest" if row.pretest else ""
    return f"{row.weight * 100:.2f} % of the exam; items: {limits}{pretest}"


def _rubric(package: Package, rows: Sequence[CaseRow], places: dict[str, tuple[str, str]]) -> dict[str, Any]:
    own = package.identifier("rubric")
    criteria = [_criterion(package, own, n, row, places[row.code]) for n, row in enumerate(rows, 1)]
    return {
        "identifier": own, "uri": f"urn:uuid:{own}", "title": normalized(package.document.title),
        "description": "Weight: share of the exam, 0 to 1. Score of a level: scored items of one form.",
        "lastChangeDateTime": package.stamp, "CFRubricCriteria": criteria,
    }  # fmt: skip


def _criterion(package: Package, rubric: str, n: int, row: CaseRow, place: tuple[str, str]) -> dict[str, Any]:
    own = package.identifier("criterion", row.code)
    scores = [("All levels", row.items), *row.levels]
    levels = [_level(package, own, k, row.code, *score) for k, score in enumerate(scores, 1)]
    return {
        "identifier": own, "uri": f"urn:uuid:{own}", "category": "Subdomain" if row.parent else "Content Domain",
        "description": row.title, "CFItemURI": package.link(*place), "weight": row.weight, "position": n,
        "rubricId": rubric, "lastChangeDateTime": package.stamp, "CFRubricCriterionLevels": levels,
    }  # fmt: skip


def _level(package: Package, criterion: str, k: int, code: str, name: str, items: int) -> dict[str, Any]:
    own = package.identifier("level", code, name)
    return {
        "identifier": own, "uri": f"urn:uuid:{own}", "description": f"{items} items", "quality": normalized(name),
        "score": float(items), "position": k, "rubricCriterionId": criterion, "lastChangeDateTime": package.stamp,
    }  # fmt: skip
