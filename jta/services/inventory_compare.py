"""What a file says against the inventory as stored: new, changed, unchanged, missing. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from jta.db import db
from jta.imports.result import Problem
from jta.imports.text import fold, shown
from jta.models.inventory import Domain, Knowledge, Task
from jta.models.inventory_record import Reference
from jta.services.inventory_rows import Area, AreaFinder, Areas, Difference, InventoryRow, differences
from jta.services.inventory_sources import FileSources, ReferenceChange, StatementKey, load_references, load_sources

__all__ = ["AreaChange", "Difference", "Merge", "Statement", "Stored", "TaskChange", "compare", "in_order"]

Statement = Task | Knowledge
FEW = 5  # fewer shared codes say nothing about whose file it is


@dataclass(frozen=True)
class TaskChange:
    """A statement of the file that is new (``task`` is None) or differs; ``retired`` statements stay retired.

    ``references`` are the codes of those that it is to come from; none leaves them as they are.
    """

    row: InventoryRow
    area: str
    task: Statement | None = None
    differences: tuple[Difference, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def retired(self) -> bool:
        """Whether the statement was taken out of the survey here."""
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
    that differs from the present one. Otherwise new tasks come last in their area. The same holds for KSAs.
    ``retiring`` are missing statements that a person chose to retire.
    """

    new: list[TaskChange] = field(default_factory=list)
    changed: list[TaskChange] = field(default_factory=list)
    unchanged: list[TaskChange] = field(default_factory=list)
    missing: list[Statement] = field(default_factory=list)
    retiring: list[Statement] = field(default_factory=list)
    new_areas: list[AreaChange] = field(default_factory=list)
    changed_areas: list[AreaChange] = field(default_factory=list)
    references: list[ReferenceChange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    takes_order: bool = False
    reordered: bool = False

    @property
    def retired(self) -> list[TaskChange]:
        """Statements of the file that are retired here and stay so."""
        return [change for change in (*self.changed, *self.unchanged) if change.retired]

    @property
    def anything(self) -> bool:
        """Whether applying would change something, or a missing statement could be retired."""
        areas = self.new_areas or self.changed_areas
        return bool(self.new or self.changed or areas or self.references or self.reordered or self.retiring)

    def counts(self) -> dict[str, int]:
        """Return the counts as plain values."""
        return {
            "new": len(self.new), "changed": len(self.changed),
            "unchanged": len(self.unchanged), "missing": len(self.missing),
        } | {
            word: len(found) for word, found in (("retired", self.retiring), ("references", self.references)) if found
        }  # fmt: skip

    def foreign(self) -> str:
        """Return why the file looks like another study's, or an empty text."""
        matched = [change for change in (*self.changed, *self.unchanged) if change.task is not None]
        if not matched and len(self.new) >= FEW and len(self.missing) >= FEW:
            return "No code of the file is known in this study, and no code of this study stands in the file."
        strange = [change for change in matched if change.task and _unlike(change.task.statement, change.row)]
        if len(matched) >= FEW and len(strange) > 0.7 * len(matched):
            return f"{len(strange)} of the {len(matched)} codes that both have stand for quite other statements."
        return ""


def _unlike(statement: str, row: InventoryRow) -> bool:
    from rapidfuzz.fuzz import token_sort_ratio

    return token_sort_ratio(statement.casefold(), row.task_statement.casefold()) < 50


@dataclass(frozen=True)
class Stored:
    """The inventory as stored: areas and tasks in their order, retired ones too; KSAs, references where asked for."""

    areas: list[Domain]
    tasks: list[Task]
    known: list[Knowledge] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    sources: dict[StatementKey, tuple[str, ...]] = field(default_factory=dict)

    @property
    def code_of(self) -> dict[int, str]:
        """Code of each area by its id."""
        return {area.id: area.code for area in self.areas}

    @property
    def statements(self) -> list[Statement]:
        """KSAs and tasks."""
        return [*self.known, *self.tasks]

    @property
    def live(self) -> list[Task]:
        """Tasks that are not retired."""
        return [task for task in self.tasks if task.retired_at is None]

    @property
    def live_known(self) -> list[Knowledge]:
        """KSAs that are not retired."""
        return [one for one in self.known if one.retired_at is None]


def load_stored(study_id: int) -> Stored:
    """Return a study's areas and tasks as stored, in two queries."""
    areas = select(Domain).where(Domain.study_id == study_id).order_by(Domain.position, Domain.id)
    tasks = select(Task).where(Task.study_id == study_id).order_by(Task.position, Task.id)
    return Stored(list(db.session.scalars(areas)), list(db.session.scalars(tasks)))


def load_whole(study_id: int) -> Stored:
    """Return a study's areas, tasks and KSAs and references as stored, in five queries."""
    stored = load_stored(study_id)
    known = select(Knowledge).where(Knowledge.study_id == study_id).order_by(Knowledge.position, Knowledge.id)
    found = list(db.session.scalars(known))
    return Stored(stored.areas, stored.tasks, found, load_references(study_id), load_sources(study_id))


def compare(stored: Stored, rows: Sequence[InventoryRow]) -> Merge:
    """Say what merging these rows would do; an empty name or source in the file leaves the stored one."""
    sources = FileSources(stored.references, rows)
    rows = sources.rows
    areas = AreaFinder(stored.areas).find_all(rows)
    merge = Merge(problems=list(areas.problems), references=sources.changes)
    _compare_areas(merge, stored, areas)
    by_code: dict[str, Statement] = {fold(one.code): one for one in stored.statements}
    seen: dict[str, int] = {}
    for row, area in zip(rows, areas.row_area, strict=True):
        key = fold(row.task_code)
        if key in seen:
            reason = f"The code {shown(row.task_code)} repeats the code of row {seen[key]}."
            merge.problems.append(Problem(row.number, "task_code", reason))
            continue
        seen[key] = row.number
        if not _has_problem(merge, row, areas.by_key.get(fold(area)), areas, by_code.get(key)):
            _compare_statement(merge, stored, row, area, by_code.get(key), sources.codes_of(row))
    merge.problems += sources.problems
    kinds = {row.kind == "task" for row in rows}
    live = [*(stored.live if True in kinds else ()), *(stored.live_known if False in kinds else ())]
    merge.missing = [one for one in live if fold(one.code) not in seen]
    merge.takes_order = not merge.missing
    merge.reordered = merge.takes_order and _order_differs(stored, rows, areas)
    return merge


def _has_problem(merge: Merge, row: InventoryRow, area: Area | None, areas: Areas, known: Statement | None) -> bool:
    """Record what stands against a row: its code is a statement of the other sort, or its area takes no tasks."""
    reason, column = "", "task_code"
    if known is not None and isinstance(known, Task) != (row.kind == "task"):
        other = "a task statement" if isinstance(known, Task) else "a KSA"
        reason = f"{shown(known.code)} is the code of {other} in this study. Give the row another code."
    elif row.kind == "task" and area is not None and _runs_through(area, areas):
        reason, column = "A domain that runs through all others holds no task statements.", "domain_code"
    if reason:
        merge.problems.append(Problem(row.number, column, reason))
    return bool(reason)


def _runs_through(area: Area, areas: Areas) -> bool:
    return bool((areas.by_key[fold(area.parent)] if area.parent else area).through)


def _compare_areas(merge: Merge, stored: Stored, areas: Areas) -> None:
    code_of, by_key = stored.code_of, {fold(area.code): area for area in stored.areas}
    for key, area in areas.by_key.items():
        known = by_key.get(key)
        if known is None:
            merge.new_areas.append(AreaChange(area))
            continue
        parent = code_of[known.parent_id] if known.parent_id else ""
        through = known.runs_through if area.through is None else area.through
        found = differences(
            ("Name", known.title, area.title or known.title),
            ("Belongs to domain", parent, area.parent or ""),
            ("Runs through all domains", _yes(known.runs_through), _yes(through)),
        )
        if found:
            merge.changed_areas.append(AreaChange(area, found))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _compare_statement(
    merge: Merge, stored: Stored, row: InventoryRow, area: str, known: Statement | None, codes: tuple[str, ...]
) -> None:
    if known is None:
        merge.new.append(TaskChange(row, area, references=codes))
        return
    kind = known.kind if isinstance(known, Knowledge) else "task"
    place = stored.code_of[known.domain_id] if known.domain_id is not None else ""
    present = stored.sources.get((known.__tablename__, known.id), ())
    found = differences(
        ("KSA" if isinstance(known, Knowledge) else "Task statement", known.statement, row.task_statement),
        ("Source", known.source, row.source or known.source),
        ("Belongs to", place, area),
        ("Kind", kind, row.kind),
        ("References", ", ".join(present), ", ".join(codes or present)),
    )
    (merge.changed if found else merge.unchanged).append(TaskChange(row, area, known, found, codes))


def _order_differs(stored: Stored, rows: Sequence[InventoryRow], areas: Areas) -> bool:
    """Compare the order of the live tasks that stay in their area, by domain and subdomain; then that of the KSAs."""
    live, code_of = {fold(task.code): task for task in stored.live}, stored.code_of
    domains: dict[str, int] = {}
    groups: dict[str, int] = {}
    theirs: list[tuple[int, int, str]] = []
    for row, area in zip(rows, areas.row_area, strict=True):
        task = live.get(fold(row.task_code))
        if task is None:
            continue
        parent = areas.by_key[fold(area)].parent
        domain = domains.setdefault(fold(parent or area), len(domains))
        group = groups.setdefault(fold(area), len(groups)) if parent else -1
        if fold(code_of[task.domain_id]) == fold(area):
            theirs.append((domain, group, fold(row.task_code)))
    theirs.sort(key=lambda place: place[:2])
    staying = {code for _, _, code in theirs}
    mine = [fold(task.code) for task in in_order(stored, stored.live)]
    same = [code for code in mine if code in staying] == [code for _, _, code in theirs]
    return not same or _known_differ(stored, rows)


def _known_differ(stored: Stored, rows: Sequence[InventoryRow]) -> bool:
    """Compare the order of the live KSAs area by area."""
    place = {fold(row.task_code): number for number, row in enumerate(rows)}
    by_area: dict[int | None, list[int]] = {}
    for one in stored.live_known:
        if (number := place.get(fold(one.code))) is not None:
            by_area.setdefault(one.domain_id, []).append(number)
    return any(numbers != sorted(numbers) for numbers in by_area.values())


def in_order(stored: Stored, tasks: Iterable[Task]) -> list[Task]:
    """Return tasks in inventory order: domain, subdomain, task; a domain's own tasks come first in it."""
    place = {area.id: area.position for area in stored.areas}
    parent = {area.id: area.parent_id for area in stored.areas}

    def key(task: Task) -> tuple[int, int, int, int]:
        above = parent[task.domain_id]
        if above is None:
            return (place[task.domain_id], -1, task.position, task.id)
        return (place[above], place[task.domain_id], task.position, task.id)

    return sorted(tasks, key=key)
