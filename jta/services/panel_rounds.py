"""Rounds of the panel: make, edit, open, close, open again, release the results."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.panel import Panelist, Participation, Round, RoundAnswer, RoundDecision, RoundItem
from jta.services.panel_items import frozen_items
from jta.services.panel_kinds import KINDS, LINK_SHARE, RoundKind
from jta.services.study_stage import lock_study, reach_stage

LONGEST_TITLE, LONGEST_TEXT = 200, 4000


@dataclass(frozen=True)
class RoundPlan:
    """What the director says of a round; ``domains`` empty means every content domain.

    ``remind_days`` before the due date those who are behind get a reminder by itself; 0 means never.
    """

    title: str
    instructions: str = ""
    due_on: date | None = None
    choice_set: str = ""
    former_id: int | None = None
    domains: frozenset[int] = field(default_factory=frozenset)
    link_share: float = LINK_SHARE
    remind_days: int = 0


def list_rounds(study_id: int) -> list[Round]:
    """Return the rounds of a study in order."""
    return list(db.session.scalars(select(Round).where(Round.study_id == study_id).order_by(Round.number)))


def get_round(study_id: int, round_id: int) -> Round:
    """Return a round of this study.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    found = db.session.get(Round, round_id)
    if found is None or found.study_id != study_id:
        raise NotFoundError
    return found


def kind_of(one: Round) -> RoundKind:
    """Return what kind of round it is."""
    return KINDS[one.kind]


def former_rounds(study_id: int, kind: str, before: int | None = None) -> list[Round]:
    """Return earlier rounds of a kind that were opened, newest first: the next one can show their answers."""
    rounds = [one for one in list_rounds(study_id) if one.kind == kind and one.state in ("closed", "decided")]
    return [one for one in reversed(rounds) if before is None or one.number < before]


def create_round(actor: Actor, study_id: int, kind: str, plan: RoundPlan) -> Round:
    """Make a round as a draft: nobody sees it before it is opened.

    Raises
    ------
    InvalidInputError
        If the kind is unknown, or a text is missing or too long.
    """
    if kind not in KINDS:
        raise InvalidInputError("Choose a kind of round.", field="kind")
    with transaction():
        lock_study(study_id)
        last = db.session.scalar(select(func.max(Round.number)).where(Round.study_id == study_id)) or 0
        one = Round(study_id=study_id, number=last + 1, kind=kind, title=plan.title, created_at=clock.now())
        _write(one, plan)
        db.session.add(one)
        db.session.flush()
        record_round(actor, "made panel round", one, after=_state(one))
    return one


def edit_round(actor: Actor, study_id: int, round_id: int, plan: RoundPlan, *, version: int) -> Round:
    """Change a round; once it was opened, only title, instructions and due date.

    Raises
    ------
    EditConflictError
        If somebody else changed it since, with both texts.
    StateError
        If it has closed.
    """
    with transaction():
        lock_study(study_id)
        one = locked_round(study_id, round_id)
        if one.state not in ("draft", "open"):
            raise StateError("This round has closed. What the panel was asked stays as it was.")
        if one.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both, then save what should stand.",
                theirs=_as_text(one.title, one.instructions, one.due_on),
                yours=_as_text(plan.title, plan.instructions, plan.due_on),
            )
        before = _state(one)
        _write(one, plan)
        if _state(one) != before:
            record_round(actor, "edited panel round", one, before=before, after=_state(one))
    return one


def _write(one: Round, plan: RoundPlan) -> None:
    if not plan.title.strip():
        raise InvalidInputError("Give the round a title.", field="title")
    if len(plan.title) > LONGEST_TITLE or len(plan.instructions) > LONGEST_TEXT:
        raise InvalidInputError("This text is too long.", field="instructions")
    if plan.remind_days and plan.due_on is None:
        raise InvalidInputError("Set the date first: the reminder goes out before it.", field="remind_days")
    if one.due_on != plan.due_on:
        one.reminded_at = None  # the reminder before the former date was about another one
    one.title, one.instructions, one.due_on = plan.title.strip(), plan.instructions.strip(), plan.due_on
    one.remind_days = plan.remind_days
    if one.state in (None, "draft"):
        one.former_id = _checked_former(one, plan.former_id)
        one.settings = _settings(one, plan)


def _checked_former(one: Round, former_id: int | None) -> int | None:
    if former_id is None:
        return None
    if all(other.id != former_id for other in former_rounds(one.study_id, one.kind, one.number)):
        raise InvalidInputError("Choose a closed round of the same kind.", field="former")
    return former_id


def _settings(one: Round, plan: RoundPlan) -> dict[str, Any]:
    if not 0 < plan.link_share <= 1:
        raise InvalidInputError("Enter a share above 0, at most 100 %.", field="link_share")
    chosen = KINDS[one.kind].choice_set(plan.choice_set)
    former = db.session.get(Round, one.former_id) if one.former_id else None
    settings: dict[str, Any] = {"domains": sorted(plan.domains), "link_share": plan.link_share}
    if chosen is not None:
        settings |= {
            "set": chosen.code, "index": chosen.index, "choices": [choice.plain() for choice in chosen.choices]
        }  # fmt: skip
    if former is not None and former.settings.get("choices") != settings.get("choices"):
        raise InvalidInputError("Rate again on the scale of the round before.", field="choice_set")
    return settings


def open_round(actor: Actor, study_id: int, round_id: int) -> Round:
    """Open a draft for the panel: what it asks about is frozen as it is now.

    Raises
    ------
    StateError
        If it is no draft, there is nothing to ask about, or nobody is on the panel.
    """
    with transaction():
        study = lock_study(study_id)
        one = locked_round(study_id, round_id)
        if one.state != "draft":
            raise StateError("This round was opened before.")
        if not db.session.scalar(select(exists().where(Panelist.study_id == study_id, Panelist.left_at.is_(None)))):
            raise StateError("Nobody is on the panel yet. Add panelists first.")
        one.items = list(frozen_items(one))
        if not one.items:
            raise StateError("There is nothing to ask about yet: write the inventory first.")
        if one.kind == "linkage" and all(item.kind != "knowledge" for item in one.items):
            raise StateError("The inventory has no KSAs yet. Add knowledge and skill statements first.")
        one.state, one.opened_at = "open", clock.now()
        if study.stage in ("design", "inventory"):
            reach_stage(study, "panel review", actor)
        record_round(actor, "opened panel round", one, after=[[item.code, item.wording] for item in one.items])
    return one


def close_round(actor: Actor, study_id: int, round_id: int) -> Round:
    """Close a round: panelists can no longer answer, and the decisions can begin.

    Raises
    ------
    StateError
        If it is not open.
    """
    with transaction():
        lock_study(study_id)
        one = locked_round(study_id, round_id)
        if one.state != "open":
            raise StateError("Only an open round can be closed.")
        one.state, one.closed_at = "closed", clock.now()
        record_round(actor, "closed panel round", one, note=f"{count_finished(one.id)} finished")
    return one


def reopen_round(actor: Actor, study_id: int, round_id: int, *, reason: str) -> Round:
    """Open a closed round again, as long as nothing was decided in it.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    StateError
        If it is not closed, or something was decided.
    """
    if not reason.strip():
        raise InvalidInputError("Say why the round opens again.", field="reason")
    with transaction():
        lock_study(study_id)
        one = locked_round(study_id, round_id)
        if one.state != "closed" or _has_decisions(one.id):
            raise StateError("Only a closed round without decisions can be opened again.")
        one.state, one.closed_at, one.released_at = "open", None, None
        record_round(actor, "opened panel round again", one, note=reason.strip())
    return one


def release_results(actor: Actor, study_id: int, round_id: int) -> Round:
    """Show the group results of a closed round to the panel.

    Raises
    ------
    StateError
        If it is not closed.
    """
    with transaction():
        lock_study(study_id)
        one = locked_round(study_id, round_id)
        if one.state not in ("closed", "decided"):
            raise StateError("Close the round first: results of an open round would sway the others.")
        if one.released_at is None:
            one.released_at = clock.now()
            record_round(actor, "released panel results", one)
    return one


def delete_draft(actor: Actor, study_id: int, round_id: int) -> None:
    """Delete a round that was never opened.

    Raises
    ------
    StateError
        If it was opened.
    """
    with transaction():
        lock_study(study_id)
        one = locked_round(study_id, round_id)
        if one.state != "draft":
            raise StateError("A round that was opened stays on record.")
        record_round(actor, "deleted panel round", one, before=_state(one))
        db.session.delete(one)


def count_finished(round_id: int) -> int:
    """Return how many panelists finished a round."""
    done = Participation.round_id == round_id, Participation.finished_at.is_not(None)
    return db.session.scalar(select(func.count()).select_from(Participation).where(*done)) or 0


def has_answers(round_id: int) -> bool:
    """Say whether anybody answered anything in a round."""
    found = exists().where(RoundAnswer.item_id == RoundItem.id, RoundItem.round_id == round_id)
    return bool(db.session.scalar(select(found)))


def _has_decisions(round_id: int) -> bool:
    return bool(db.session.scalar(select(exists().where(RoundDecision.round_id == round_id))))


def locked_round(study_id: int, round_id: int) -> Round:
    """Return a round as stored now, locked until the transaction that is open ends."""
    get_round(study_id, round_id)
    return db.session.get_one(Round, round_id, with_for_update=True, populate_existing=True)


def _state(one: Round) -> dict[str, Any]:
    return {
        "kind": one.kind, "title": one.title, "instructions": one.instructions, "due": str(one.due_on),
        "remind": one.remind_days, "settings": one.settings, "former": one.former_id,
    }  # fmt: skip


def _as_text(title: str, instructions: str, due_on: date | None) -> str:
    return f"{title}\nDue: {due_on or 'no date'}\n{instructions}"


def record_round(actor: Actor, action: str, one: Round, **more: Any) -> None:
    """Write an act on a round into the trail."""
    audit.record(actor, action, f"round {one.number}", study_id=one.study_id, **more)
