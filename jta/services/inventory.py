"""Reading the task inventory: the tree of content domains, subdomains and task statements."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jta.audit import digest
from jta.db import db
from jta.errors import NotFoundError
from jta.models.inventory import Domain, Knowledge, StatementVersion, Task
from jta.services.inventory_compare import Stored, in_order, load_stored


@dataclass
class Branch:
    """A content domain or subdomain with what is in it, in order."""

    area: Domain
    tasks: list[Task] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)

    @property
    def n_tasks(self) -> int:
        """Task statements in it, its subdomains' included."""
        return len(self.tasks) + sum(branch.n_tasks for branch in self.branches)


@dataclass
class Inventory:
    """The whole inventory: ``domains`` hold the live tasks, ``retired`` the others."""

    domains: list[Branch]
    retired: list[Task]
    n_tasks: int
    n_shown: int

    @property
    def n_subdomains(self) -> int:
        """How many subdomains there are."""
        return sum(len(domain.branches) for domain in self.domains)

    @property
    def empty_areas(self) -> list[Domain]:
        """Areas without a single live task, those that run through all others aside."""
        tested = (domain for domain in self.domains if not domain.area.runs_through)
        branches = (branch for domain in tested for branch in (domain, *domain.branches))
        return [branch.area for branch in branches if not branch.n_tasks]


LACKING = ("source",)


def read_filter(arguments: Mapping[str, str]) -> tuple[str, int, str]:
    """Return what an address asks for: words, the id of an area (0: all), and what the tasks lack."""
    area, lacking = arguments.get("area", ""), arguments.get("lacking", "")
    number = int(area) if area.isascii() and area.isdigit() and len(area) < 10 else 0
    return arguments.get("q", "").strip()[:200], number, lacking if lacking in LACKING else ""


def load_tree(study_id: int) -> list[Branch]:
    """Return the content domains of a study with all in them."""
    return load_inventory(study_id).domains


def load_inventory(study_id: int, query: str = "", *, area: int = 0, lacking: str = "") -> Inventory:
    """Return a study's inventory, in two queries whatever its size.

    With ``query`` it holds only tasks whose code, statement, source or area has all the words, with ``area`` those
    of this area and what is in it, with ``lacking`` those without a source; and only the areas that have such tasks.
    """
    stored = load_stored(study_id)
    titles = _titles(stored)
    words = query.casefold().split()
    inside = {one.id for one in stored.areas if not area or area in (one.id, one.parent_id)}
    sourced = _with_reference(study_id) if lacking else set()
    shown = [
        task
        for task in stored.tasks
        if task.domain_id in inside
        and _matches(task, titles[task.domain_id], words)
        and not (lacking and (task.source or task.id in sourced))
    ]
    domains = _tree(stored, [task for task in shown if task.retired_at is None])
    if words or area or lacking:
        domains = _without_empty(domains)
    retired = [task for task in shown if task.retired_at is not None]
    return Inventory(domains, in_order(stored, retired), len(stored.live), len(shown) - len(retired))


def _with_reference(study_id: int) -> set[int]:
    from jta.services.inventory_references import references_of_tasks

    return set(references_of_tasks(study_id))


def _titles(stored: Stored) -> dict[int, str]:
    own = {area.id: f"{area.code} {area.title}" for area in stored.areas}
    return {area.id: f"{own.get(area.parent_id or 0, '')} {own[area.id]}" for area in stored.areas}


def _matches(task: Task, titles: str, words: Sequence[str]) -> bool:
    text = f"{task.code} {task.statement} {task.source} {titles}".casefold()
    return all(word in text for word in words)


def _tree(stored: Stored, tasks: Sequence[Task]) -> list[Branch]:
    branches = {area.id: Branch(area) for area in stored.areas}
    for area in stored.areas:
        if area.parent_id is not None:
            branches[area.parent_id].branches.append(branches[area.id])
    for task in tasks:
        branches[task.domain_id].tasks.append(task)
    return [branches[area.id] for area in stored.areas if area.parent_id is None]


def _without_empty(branches: Sequence[Branch]) -> list[Branch]:
    kept = [branch for branch in branches if branch.n_tasks]
    for branch in kept:
        branch.branches = _without_empty(branch.branches)
    return kept


def live_tasks(study_id: int) -> list[Task]:
    """Return the tasks of the survey in inventory order: domain, subdomain, task."""
    stored = load_stored(study_id)
    return in_order(stored, stored.live)


def inventory_hash(stored: Stored) -> str:
    """Return a hash of the inventory as it is: wording, places, order, what is retired."""
    code_of = stored.code_of
    areas = [(a.code, a.title, code_of.get(a.parent_id or 0, ""), a.position, a.runs_through) for a in stored.areas]
    tasks = [
        (t.code, t.statement, t.source, code_of[t.domain_id], t.position, t.retired_at is not None)
        for t in stored.tasks
    ]
    known = [
        (k.code, k.kind, k.statement, k.source, code_of.get(k.domain_id or 0, ""), k.position, k.retired_at is not None)
        for k in stored.known
    ]
    return digest([areas, tasks, known])


def get_task(study_id: int, task_id: int) -> Task:
    """Return a task statement of this study.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    task = db.session.get(Task, task_id)
    if task is None or task.study_id != study_id:
        raise NotFoundError
    return task


def get_area(study_id: int, area_id: int) -> Domain:
    """Return a content domain or subdomain of this study.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    area = db.session.get(Domain, area_id)
    if area is None or area.study_id != study_id:
        raise NotFoundError
    return area


@dataclass(frozen=True)
class Piece:
    """A run of words: ``kind`` is "same", "gone" or "new"."""

    kind: str
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """Return what became of a text, word by word, as runs to show beside each other.

    >>> [(p.kind, p.text) for p in word_diff("Plan the budget", "Plan a budget")]
    [('same', 'Plan '), ('gone', 'the'), ('new', 'a'), ('same', ' budget')]
    """
    old, new = (re.findall(r"\s+|[^\s\w]|\w+", text) for text in (before, after))
    pieces: list[Piece] = []
    for _, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i1:i2]), "".join(new[j1:j2])
        if gone == come:
            pieces.append(Piece("same", gone))
            continue
        pieces += [Piece(kind, text) for kind, text in (("gone", gone), ("new", come)) if text]
    return pieces


@dataclass(frozen=True)
class Wording:
    """One wording of a task statement, with what became of the one before; the first has no pieces."""

    version: StatementVersion
    pieces: tuple[Piece, ...] = ()


def wording_history(task: Task | Knowledge) -> list[Wording]:
    """Return the wordings of a task statement or KSA, newest first."""
    history = [
        Wording(version, tuple(word_diff(before.statement, version.statement)) if before else ())
        for before, version in zip([None, *task.versions], task.versions, strict=False)
    ]
    return history[::-1]
