"""Merging rows into an inventory by task code: what is new, changed, unchanged, missing. Nothing is wiped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from jta import clock
from jta.audit import Actor
from jta.db import db
from jta.imports.result import Problem
from jta.imports.text import fold, shown
from jta.models.inventory import Domain, StatementVersion, Task
from jta.models.study import Study
from jta.services.inventory_rows import Area, AreaFinder, Areas, InventoryRow


@dataclass(frozen=True)
class Difference:
    """One thing that a file says otherwise than the inventory."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class TaskChange:
    """A task of the file that is new (``task`` is None) or differs; ``retired`` tasks stay retired."""

    row: InventoryRow
    area: str
    task: Task | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def retired(self) -> bool:
        """Whether the task was taken out of the survey here."""
        return self.task is not None and self.task.retired_at is not None


@dataclass(frozen=True)
class AreaChange:
    """A content domain or subdomain that is new (no differences) or differs."""

    area: Area
    differences: tuple[Difference, ...] = ()


@dataclass
class Merge:
    """What applying a file would do.

    A file that names every live task also says their order (``takes_order``); ``reordered`` tells whether
    that differs from the present one. Otherwise new tasks come last in their area.
    """

    new: list[TaskChange] = field(default_factory=list)
    changed: list[TaskChange] = field(default_factory=list)
    unchanged: list[TaskChange] = field(default_factory=list)
    missing: list[Task] = field(default_factory=list)
    new_areas: list[AreaChange] = field(default_factory=list)
    changed_areas: list[AreaChange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    takes_order: bool = False
    reordered: bool = False

    @property
    def retired(self) -> list[TaskChange]:
        """Tasks of the file that are retired here and stay so."""
        return [change for change in (*self.changed, *self.unchanged) if change.retired]

    @property
    def anything(self) -> bool:
        """Whether applying would change something."""
        return bool(self.new or self.changed or self.new_areas or self.changed_areas or self.reordered)

    def counts(self) -> dict[str, int]:
        """Return the counts as plain values."""
        return {
            "new": len(self.new), "changed": len(self.changed),
            "unchanged": len(self.unchanged), "missing": len(self.missing),
        }  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """The inventory as stored: areas and tasks in their order, retired ones included."""

    areas: list[Domain]
    tasks: list[Task]

    @property
    def code_of(self) -> dict[int, str]:
        """Code of each area by its id."""
        return {area.id: area.code for area in self.areas}

    @property
    def live(self) -> list[Task]:
        """Tasks that are not retired."""
        return [task for task in self.tasks if task.retired_at is None]


def load_stored(study_id: int) -> Stored:
    """Return a study's inventory as stored, in two queries."""
    areas = select(Domain).where(Domain.study_id == study_id).order_by(Domain.position, Domain.id)
    tasks = select(Task).where(Task.study_id == study_id).order_by(Task.position, Task.id)
    return Stored(list(db.session.scalars(areas)), list(db.session.scalars(tasks)))


def compare(stored: Stored, rows: Sequence[InventoryRow]) -> Merge:
    """Say what merging these rows would do; an empty name or source in the file leaves the stored one."""
    areas = AreaFinder(stored.areas).find_all(rows)
    merge = Merge(problems=list(areas.problems))
    _compare_areas(merge, stored, areas)
    by_code = {fold(task.code): task for task in stored.tasks}
    seen: dict[str, int] = {}
    for row, area in zip(rows, areas.row_area, strict=True):
        key = fold(row.task_code)
        if key in seen:
            reason = f"The code {shown(row.task_code)} repeats the code of row {seen[key]}."
            merge.problems.append(Problem(row.number, "task_code", reason))
            continue
        seen[key] = row.number
        _compare_task(merge, stored, row, area, by_code.get(key))
    merge.missing = [task for task in stored.live if fold(task.code) not in seen]
    merge.takes_order = not merge.missing
    merge.reordered = merge.takes_order and _order_differs(stored, rows, areas)
    return merge


def _compare_areas(merge: Merge, stored: Stored, areas: Areas) -> None:
    code_of, by_key = stored.code_of, {fold(area.code): area for area in stored.areas}
    for key, area in areas.by_key.items():
        known = by_key.get(key)
        if known is None:
            merge.new_areas.append(AreaChange(area))
            continue
        parent = code_of[known.parent_id] if known.parent_id else ""
        found = _differences(
            ("Name", known.title, area.title or known.title), ("Belongs to domain", parent, area.parent or "")
        )
        if found:
            merge.changed_areas.append(AreaChange(area, found))


def _compare_task(merge: Merge, stored: Stored, row: InventoryRow, area: str, task: Task | None) -> None:
    if task is None:
        merge.new.append(TaskChange(row, area))
        return
    found = _differences(
        ("Task statement", task.statement, row.task_statement),
        ("Source", task.source, row.source or task.source),
        ("Belongs to", stored.code_of[task.domain_id], area),
    )
    (merge.changed if found else merge.unchanged).append(TaskChange(row, area, task, found))


def _differences(*pairs: tuple[str, str, str]) -> tuple[Difference, ...]:
    return tuple(Difference(what, before, after) for what, before, after in pairs if before != after)


def _order_differs(stored: Stored, rows: Sequence[InventoryRow], areas: Areas) -> bool:
    """Compare the order of the live tasks that stay in their area, grouped by domain and subdomain."""
    live, code_of = {fold(task.code): task for task in stored.live}, stored.code_of
    domains: dict[str, int] = {}
    groups: dict[str, int] = {}
    theirs: list[tuple[int, int, str]] = []
    for row, area in zip(rows, areas.row_area, strict=True):
        parent = areas.by_key[fold(area)].parent
        domain = domains.setdefault(fold(parent or area), len(domains))
        group = groups.setdefault(fold(area), len(groups)) if parent else -1
        task = live.get(fold(row.task_code))
        if task is not None and fold(code_of[task.domain_id]) == fold(area):
            theirs.append((domain, group, fold(row.task_code)))
    theirs.sort(key=lambda place: place[:2])
    staying = {code for _, _, code in theirs}
    mine = [fold(task.code) for task in in_order(stored, stored.live)]
    return [code for code in mine if code in staying] != [code for _, _, code in theirs]


def in_order(stored: Stored, tasks: Sequence[Task]) -> list[Task]:
    """Return tasks in inventory order: domain, subdomain, task; a domain's own tasks come first in it."""
    place = {area.id: area.position for area in stored.areas}
    parent = {area.id: area.parent_id for area in stored.areas}

    def key(task: Task) -> tuple[int, int, int, int]:
        above = parent[task.domain_id]
        if above is None:
            return (place[task.domain_id], -1, task.position, task.id)
        return (place[above], place[task.domain_id], task.position, task.id)

    return sorted(tasks, key=key)


def merge_inventory(study: Study, rows: Sequence[InventoryRow], actor: Actor, *, reason: str) -> Merge:
    """Write rows into the inventory inside the transaction that is open; return what was done.

    Raises
    ------
    ValueError
        If the rows have problems: the caller has shown them before.
    """
    stored = load_stored(study.id)
    merge = compare(stored, rows)
    if merge.problems:
        raise ValueError("An inventory with problems cannot be merged.")
    by_code = _write_areas(study, stored, merge)
    _change_tasks(merge, by_code, actor, reason)
    _add_tasks(study, stored, merge, by_code, actor, reason)
    if merge.takes_order:
        _take_order(study.id, rows)
    db.session.flush()
    return merge


def _write_areas(study: Study, stored: Stored, merge: Merge) -> dict[str, Domain]:
    """Add and change areas; return all by folded code. Domains come first: subdomains need their id."""
    by_code = {fold(area.code): area for area in stored.areas}
    last = max((area.position for area in stored.areas), default=0)
    new = sorted(merge.new_areas, key=lambda change: change.area.parent is not None)
    for position, change in enumerate(new, start=last + 1):
        area = change.area
        parent_id = by_code[fold(area.parent)].id if area.parent else None
        title = area.title or area.code
        made = Domain(study_id=study.id, code=area.code, title=title, parent_id=parent_id, position=position)
        db.session.add(made)
        db.session.flush()
        by_code[fold(area.code)] = made
    for change in merge.changed_areas:
        known = by_code[fold(change.area.code)]
        known.title = change.area.title or known.title
        known.parent_id = by_code[fold(change.area.parent)].id if change.area.parent else None
    return by_code


def _change_tasks(merge: Merge, by_code: dict[str, Domain], actor: Actor, reason: str) -> None:
    for change in merge.changed:
        task = change.task
        if task is None:
            continue
        task.source = change.row.source or task.source
        task.domain_id = by_code[fold(change.area)].id
        write_statement(task, change.row.task_statement, actor, reason)


def write_statement(task: Task, statement: str, actor: Actor, reason: str) -> None:
    """Give a task a wording, keeping the former ones; nothing happens where the wording is the same."""
    if task.versions and task.statement == statement:
        return
    task.statement = statement
    task.versions.append(
        StatementVersion(
            number=len(task.versions) + 1,
            statement=statement,
            reason=reason,
            by_name=actor.name,
            at=clock.now(),
        )
    )


def _add_tasks(
    study: Study, stored: Stored, merge: Merge, by_code: dict[str, Domain], actor: Actor, reason: str
) -> None:
    last = max((task.position for task in stored.tasks), default=0)
    for position, change in enumerate(merge.new, start=last + 1):
        row = change.row
        task = Task(
            study_id=study.id, domain_id=by_code[fold(change.area)].id, code=row.task_code,
            statement=row.task_statement, source=row.source, position=position,
        )  # fmt: skip
        write_statement(task, row.task_statement, actor, reason)
        db.session.add(task)


def _take_order(study_id: int, rows: Sequence[InventoryRow]) -> None:
    """Number areas and tasks as the file has them; what it does not name follows in its former order."""
    db.session.flush()
    present = load_stored(study_id)
    place = {fold(row.task_code): n for n, row in enumerate(rows)}
    tasks = sorted(present.tasks, key=lambda task: place.get(fold(task.code), len(rows) + task.position))
    parent = {area.id: area.parent_id for area in present.areas}
    first: dict[int, int] = {}
    for position, task in enumerate(tasks, start=1):
        task.position = position
        first.setdefault(task.domain_id, position)
        if (above := parent[task.domain_id]) is not None:
            first.setdefault(above, position)
    last = len(tasks) + 1
    ordered = sorted(present.areas, key=lambda area: (first.get(area.id, last), area.position))
    for position, area in enumerate(ordered, start=1):
        area.position = position
