"""Former lists of a study, and the crosswalk that says what became of each former statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.models.cycle import RELATIONS, CrosswalkLink, FormerList, FormerStatement, StudyOrigin
from jta.models.inventory import Task
from jta.services.crosswalk_rules import plain_wording, propose
from jta.services.inventory import live_tasks
from jta.services.statement_similarity import Alike
from jta.services.study_stage import lock_study

LONGEST_LIST = 5_000
AS_PROPOSED, SAME_WORDING = "As proposed", "Same wording"


@dataclass(frozen=True)
class FormerText:
    """One statement of a list to be compared with; ``figures`` are what is known of its ratings."""

    code: str
    statement: str
    domain: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NewList:
    """A list to be compared with."""

    title: str
    source: str = ""
    texts: Sequence[FormerText] = ()
    weights: Sequence[Mapping[str, Any]] = ()
    former_study_id: int | None = None


@dataclass(frozen=True)
class CrosswalkLine:
    """A former statement with its links, or a new task with its one link (``former`` None)."""

    former: FormerStatement | None
    links: list[CrosswalkLink]

    @property
    def relation(self) -> str:
        """What became of it."""
        return self.links[0].relation if self.links else "retired"

    @property
    def outdated(self) -> str:
        """What happened to its tasks since, so that the relation no longer holds; an empty text where nothing did."""
        tasks = [link.task for link in self.links if link.task is not None]
        if any(task.retired_at is not None for task in tasks):
            return "Task retired since"
        if self.former is None or self.relation != "same":
            return ""
        same = all(plain_wording(task.statement) == plain_wording(self.former.statement) for task in tasks)
        return "" if same else "Task reworded since"

    @property
    def decided(self) -> bool:
        """Whether a person decided it, and it still holds."""
        return bool(self.links) and all(link.decided_at is not None for link in self.links) and not self.outdated


@dataclass(frozen=True)
class Crosswalk:
    """A former list with what became of each statement, and how many there are of each relation."""

    former: FormerList
    lines: list[CrosswalkLine]

    @property
    def counts(self) -> dict[str, int]:
        """Lines by relation."""
        found = Counter(line.relation for line in self.lines)
        return {relation: found[relation] for relation in RELATIONS}

    @property
    def n_open(self) -> int:
        """Lines that nobody decided yet."""
        return sum(not line.decided for line in self.lines)

    def n_waiting(self, relation: str) -> int:
        """Return how many lines of a relation nobody decided yet."""
        return sum(line.relation == relation and not line.decided and not line.outdated for line in self.lines)

    @property
    def n_outdated(self) -> int:
        """Lines whose relation no longer holds."""
        return sum(bool(line.outdated) for line in self.lines)


def list_former(study_id: int) -> list[FormerList]:
    """Return the former lists of a study, newest first, with their statements."""
    found = select(FormerList).where(FormerList.study_id == study_id).options(selectinload(FormerList.statements))
    return list(db.session.scalars(found.order_by(FormerList.id.desc())))


def get_former(study_id: int, list_id: int) -> FormerList:
    """Return a former list of this study.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    found = db.session.get(FormerList, list_id)
    if found is None or found.study_id != study_id:
        raise NotFoundError
    return found


def origin_of(study_id: int) -> StudyOrigin | None:
    """Return the study that this one was cloned from, or None."""
    return db.session.get(StudyOrigin, study_id)


def add_list(actor: Actor, study_id: int, new: NewList) -> FormerList:
    """Keep a list to compare with, and propose a crosswalk from it.

    Raises
    ------
    InvalidInputError
        If it has no title, or is too long.
    """
    if not new.title.strip():
        raise InvalidInputError("Give the list a title.", field="title")
    if len(new.texts) > LONGEST_LIST:
        raise InvalidInputError(f"The list has more than {LONGEST_LIST:,} statements.")
    with transaction():
        lock_study(study_id)
        return write_list(actor, study_id, new)


def write_list(actor: Actor, study_id: int, new: NewList) -> FormerList:
    """Make a former list with its proposed crosswalk inside the act under way."""
    made = FormerList(
        study_id=study_id, former_study_id=new.former_study_id, title=new.title.strip(), source=new.source,
        weights=[dict(row) for row in new.weights], by_name=actor.name, at=clock.now(),
        statements=[
            FormerStatement(code=t.code, statement=t.statement, domain=t.domain, figures=dict(t.figures), position=n)
            for n, t in enumerate(new.texts, start=1)
        ],
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    if made.statements:
        _write_proposals(made)
    audit.record(
        actor, "added former list", f"list {made.id}", study_id=study_id,
        after=[[t.code, t.statement] for t in new.texts], note=f"{new.title}: {len(new.texts)} statements",
    )  # fmt: skip
    return made


def _write_proposals(former: FormerList) -> None:
    tasks = live_tasks(former.study_id)
    found = propose([one.statement for one in former.statements], [task.statement for task in tasks])
    for proposal in found:
        db.session.add(
            CrosswalkLink(
                list_id=former.id, relation=proposal.relation, similarity=proposal.score,
                former_id=None if proposal.former is None else former.statements[proposal.former].id,
                task_id=None if proposal.present is None else tasks[proposal.present].id,
            )
        )  # fmt: skip
    db.session.flush()


def load_crosswalk(study_id: int, list_id: int) -> Crosswalk:
    """Return a former list with its links: former statements in their order, then new tasks."""
    former = get_former(study_id, list_id)
    found = select(CrosswalkLink).where(CrosswalkLink.list_id == list_id).order_by(CrosswalkLink.id)
    options = (selectinload(CrosswalkLink.task), selectinload(CrosswalkLink.former))
    by_former: dict[int | None, list[CrosswalkLink]] = {}
    for link in db.session.scalars(found.options(*options)):
        by_former.setdefault(link.former_id, []).append(link)
    lines = [CrosswalkLine(one, by_former.get(one.id, [])) for one in former.statements]
    return Crosswalk(former, lines + [CrosswalkLine(None, [link]) for link in by_former.get(None, [])])


def get_former_statement(study_id: int, list_id: int, former_id: int) -> FormerStatement:
    """Return a former statement of a list of this study.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    get_former(study_id, list_id)
    found = db.session.get(FormerStatement, former_id)
    if found is None or found.list_id != list_id:
        raise NotFoundError
    return found


def get_line(study_id: int, list_id: int, former_id: int) -> CrosswalkLine:
    """Return a former statement with its links."""
    lines = load_crosswalk(study_id, list_id).lines
    return next(line for line in lines if line.former is not None and line.former.id == former_id)


def likely_tasks(line: CrosswalkLine, tasks: Sequence[Task], alike: Sequence[Alike]) -> list[tuple[Task, float]]:
    """Return the tasks to choose from with their likeness: the most alike ones, and those that are linked now."""
    found = {tasks[pair.other].id: (tasks[pair.other], pair.score) for pair in alike}
    for link in line.links:
        if link.task is not None:
            found.setdefault(link.task.id, (link.task, link.similarity or 0.0))
    return list(found.values())


def decide(
    actor: Actor, study_id: int, list_id: int, former_id: int,
    *, relation: str, task_ids: Sequence[int], reason: str, version: int,
) -> None:  # fmt: skip
    """Say what became of a former statement; ``version`` is that of the list as the writer saw it.

    Raises
    ------
    InvalidInputError
        If relation and number of tasks do not fit, or no reason is given.
    EditConflictError
        If somebody else decided in this list since.
    """
    chosen = sorted(set(task_ids))
    _require_fit(relation, chosen, reason)
    with transaction():
        lock_study(study_id)
        former = db.session.get_one(FormerList, get_former(study_id, list_id).id, populate_existing=True)
        one = get_former_statement(study_id, list_id, former_id)
        if former.version != version:
            raise EditConflictError("Somebody else decided in this list since. Look at it again, then decide.")
        _require_own_tasks(study_id, chosen)
        db.session.execute(delete(CrosswalkLink).where(CrosswalkLink.former_id == former_id))
        reached: list[int | None] = [*chosen] or [None]
        for task_id in reached:
            db.session.add(
                CrosswalkLink(
                    list_id=list_id, former_id=former_id, task_id=task_id, relation=relation, reason=reason.strip(),
                    decided_by=actor.name, decided_at=clock.now(),
                )
            )  # fmt: skip
        settle(former)
        audit.record(
            actor, "decided crosswalk", f"list {list_id}: {one.code}", study_id=study_id,
            after=[relation, chosen], note=f"{relation}. {reason.strip()}",
        )  # fmt: skip


def _require_fit(relation: str, chosen: Sequence[int], reason: str) -> None:
    if relation not in RELATIONS or relation == "new":
        raise InvalidInputError("Choose what became of it.", field="relation")
    if relation == "retired" and chosen:
        raise InvalidInputError("A retired statement has no task. Untick the tasks.", field="tasks")
    if relation == "split" and len(chosen) < 2:
        raise InvalidInputError("A split statement became two tasks or more. Tick them.", field="tasks")
    if relation in ("same", "reworded", "merged") and len(chosen) != 1:
        raise InvalidInputError("Tick the one task that it became.", field="tasks")
    if not reason.strip():
        raise InvalidInputError("Say why.", field="reason")


def _require_own_tasks(study_id: int, chosen: Sequence[int]) -> None:
    found = set(db.session.scalars(select(Task.id).where(Task.study_id == study_id, Task.id.in_(chosen))))
    if found != set(chosen):
        raise NotFoundError


def settle(former: FormerList) -> None:
    """Let the tasks that no former statement leads to be new, and no others; its time makes the list a new version."""
    db.session.flush()
    found = select(CrosswalkLink).where(CrosswalkLink.list_id == former.id)
    links = list(db.session.scalars(found))
    reached = {link.task_id for link in links if link.former_id is not None}
    live = [task.id for task in live_tasks(former.study_id)]
    for link in links:
        if link.former_id is None and (link.task_id in reached or link.task_id not in live):
            db.session.delete(link)
    known = {link.task_id for link in links}
    for task_id in live:
        if task_id not in known:
            db.session.add(CrosswalkLink(list_id=former.id, task_id=task_id, relation="new"))
    former.at = clock.now()
    db.session.flush()


def accept(actor: Actor, study_id: int, list_id: int, *, which: str) -> int:
    """Take proposals as they are: ``which`` is "same" or "new" for all of these, else the id of one link's line.

    Returns how many former statements or new tasks were decided by it.
    """
    with transaction():
        lock_study(study_id)
        crosswalk = load_crosswalk(study_id, list_id)
        waiting = [
            line
            for line in crosswalk.lines
            if not line.decided and not line.outdated and line.links and _is_meant(line, which)
        ]
        for line in waiting:
            for link in line.links:
                link.decided_by, link.decided_at = actor.name, clock.now()
                link.reason = SAME_WORDING if line.relation == "same" else AS_PROPOSED
        if waiting:
            crosswalk.former.at = clock.now()
            note = f"{len(waiting)} as proposed"
            audit.record(actor, "accepted crosswalk", f"list {list_id}", study_id=study_id, after=which, note=note)
    return len(waiting)


def _is_meant(line: CrosswalkLine, which: str) -> bool:
    if which in ("same", "new"):
        return line.relation == which
    return which in {str(link.id) for link in line.links}


def delete_list(actor: Actor, study_id: int, list_id: int) -> None:
    """Delete a former list with its crosswalk."""
    with transaction():
        lock_study(study_id)
        former = get_former(study_id, list_id)
        audit.record(
            actor, "deleted former list", f"list {list_id}", study_id=study_id, before=former.title, note=former.title
        )
        db.session.delete(former)


def save_weights(actor: Actor, study_id: int, list_id: int, rows: Sequence[Mapping[str, Any]], *, version: int) -> None:
    """Save the former exam's weights of a list: code, title, weight as a share, items.

    Raises
    ------
    InvalidInputError
        If the weights do not sum to 100 percent.
    EditConflictError
        If somebody else changed the list since.
    """
    checked_weights(rows)
    with transaction():
        lock_study(study_id)
        former = db.session.get_one(FormerList, get_former(study_id, list_id).id, populate_existing=True)
        if former.version != version:
            raise EditConflictError("Somebody else changed this list since. Look at it again, then enter your weights.")
        before, former.weights = former.weights, [dict(row) for row in rows]
        audit.record(
            actor, "saved former weights", f"list {list_id}", study_id=study_id, before=before, after=former.weights,
            note=f"{len(rows)} domains",
        )  # fmt: skip


def checked_weights(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return former weights that sum to the whole exam.

    Raises
    ------
    InvalidInputError
        If they do not, or there are none.
    """
    total = sum(row["weight"] for row in rows)
    if abs(total - 1) > 0.005:
        raise InvalidInputError(f"The weights sum to {100 * total:.1f} percent. Make them 100.")
    return rows
