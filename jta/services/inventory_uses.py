"""What refers to statements and areas that an act made: what holds them, and what lets go when the act is undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import delete, select

from jta import clock
from jta.db import db
from jta.models.cycle import CrosswalkLink, FormerList
from jta.models.inventory_record import InventoryChange
from jta.models.panel import Round, RoundDecision
from jta.services.inventory_log import MODELS
from jta.services.panel_apply import act_name

MOST = 500  # ids in one statement
# What goes when a statement goes: it tells about the statement only, or can be found again.
_OWN = {"statement_version", "statement_reference", "check_dismissal", "crosswalk_link", "proposal"}
_LOGGED = {"domain", "task", "knowledge"}  # of an area: whoever put something into it did so by a later act
_WORDS = {
    "round_item": "a panel round asked about it",
    "note_link": "a note of a meeting names it",
    "rating": "it was rated in the pilot",
    "ksa_rating": "it was rated in the pilot",
    "domain_points": "it got points in the pilot",
}


def in_parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield ids in parts that one statement takes."""
    for start in range(0, len(ids), MOST):
        yield ids[start : start + MOST]


def in_use(kind: str, ids: Sequence[int]) -> tuple[int, str] | None:
    """Return the first of these statements or areas that something else refers to, with what that is; else None."""
    target = MODELS[kind].__table__
    passed = _LOGGED if kind == "area" else _OWN
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is not target or table.name in passed:
                continue
            for some in in_parts(ids):
                found = db.session.scalar(select(key.parent).where(key.parent.in_(some)).limit(1))
                if found is not None:
                    return int(found), _WORDS.get(table.name, "other records name it")
    return None


def let_go(change: InventoryChange) -> None:
    """Take back, inside the act under way, what was said elsewhere of what undoing this act changes.

    A decision of the panel that was this act is open again; proposals and crosswalks lose the tasks that go.
    """
    made = [entry["id"] for entry in change.objects if entry["kind"] == "task" and entry["before"] is None]
    for decision in _decisions(change.study_id):
        proposal = decision.proposal
        gone = proposal is not None and proposal.task_id in made
        if gone or _name_of(decision) == change.summary:
            _reopen(decision)
    for some in in_parts(made):
        _clear_crosswalk(some)


def _decisions(study_id: int) -> Iterator[RoundDecision]:
    found = select(RoundDecision).join(Round, Round.id == RoundDecision.round_id)
    found = found.where(Round.study_id == study_id, RoundDecision.superseded_at.is_(None))
    yield from db.session.scalars(found.order_by(RoundDecision.id))


def _name_of(decision: RoundDecision) -> str:
    one = db.session.get_one(Round, decision.round_id)
    return act_name(one, decision.outcome, str(decision.result.get("was") or decision.result.get("task", "")))


def _reopen(decision: RoundDecision) -> None:
    """Let a decision stand no more; its round is to be decided again."""
    decision.superseded_at = clock.now()
    one = db.session.get_one(Round, decision.round_id)
    if one.state == "decided":
        one.state, one.decided_at = "closed", None
    if decision.proposal is not None:
        decision.proposal.state, decision.proposal.task_id = "proposed", None
    db.session.flush()


def _clear_crosswalk(task_ids: Sequence[int]) -> None:
    """Drop the links to tasks that go; a former statement that led to one is to be decided anew."""
    found = select(CrosswalkLink).where(CrosswalkLink.task_id.in_(task_ids))
    gone = list(db.session.scalars(found))
    former = {link.former_id: link.list_id for link in gone if link.former_id is not None}
    db.session.execute(delete(CrosswalkLink).where(CrosswalkLink.id.in_([link.id for link in gone])))
    for former_id, list_id in former.items():
        rest = list(db.session.scalars(select(CrosswalkLink).where(CrosswalkLink.former_id == former_id)))
        for link in rest:
            link.decided_at = link.decided_by = None
            link.relation = "split" if len(rest) > 1 else "reworded"
        if not rest:
            db.session.add(CrosswalkLink(list_id=list_id, former_id=former_id, relation="retired"))
    for one in db.session.scalars(select(FormerList).where(FormerList.id.in_({link.list_id for link in gone}))):
        one.at = clock.now()
    db.session.flush()
