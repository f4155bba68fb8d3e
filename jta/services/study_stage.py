"""The stages of a study: moving on, going back with a reason, and what is locked when."""

from __future__ import annotations

from sqlalchemy import select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError, NotFoundError, StateError
from jta.models.study import STAGES, StageChange, Study
from jta.models.survey import Instrument

# Stages this edition uses; the others of STAGES belong to panels and pilots.
USED = (
    "design", "inventory", "survey", "fielding", "closed",
    "data review", "analysis", "blueprint", "approved", "published",
)  # fmt: skip
BEFORE_LAUNCH = ("design", "inventory", "panel review", "survey")


def is_before(stage: str, other: str) -> bool:
    """Say whether a stage comes before another one."""
    return STAGES.index(stage) < STAGES.index(other)


def lock_study(study_id: int) -> Study:
    """Return the study as stored now, locked until the transaction that is open ends.

    Raises
    ------
    NotFoundError
        If there is no such study.
    """
    # "No key": whoever starts a response refers to the study meanwhile, and need not wait for its director.
    study = db.session.get(Study, study_id, with_for_update={"key_share": True}, populate_existing=True)
    if study is None:
        raise NotFoundError
    return study


def move_stage(study: Study, to: str, actor: Actor, reason: str = "") -> bool:
    """Move a study to a stage inside the transaction that is open; return whether it moved.

    Nothing happens where the study stands there already. The caller has locked the study (`lock_study`) and
    writes the audit record of its own act; this writes the `StageChange`.

    Raises
    ------
    StateError
        If there is no such stage.
    InvalidInputError
        If the move goes back and no reason is given (field ``reason``).
    """
    if to not in STAGES:
        raise StateError(f"There is no stage called {to}.")
    if to == study.stage:
        return False
    if is_before(to, study.stage) and not reason.strip():
        raise InvalidInputError("Say why the study goes back to an earlier stage.", field="reason")
    change = StageChange(from_stage=study.stage, to_stage=to, reason=reason.strip(), by_name=actor.name, at=clock.now())
    study.stage_changes.append(change)
    study.stage = to
    db.session.flush()
    return True


def reach_stage(study: Study, to: str, actor: Actor) -> bool:
    """Move a study forward to a stage, or leave it where it is if it stands there or later already."""
    return is_before(study.stage, to) and move_stage(study, to, actor)


def was_launched(study_id: int) -> bool:
    """Say whether the survey was launched: from then on inventory, scales and plan are locked. A pilot is no launch."""
    found = select(Instrument.id).where(Instrument.study_id == study_id, Instrument.kind == "main").limit(1)
    return db.session.scalar(found) is not None


def require_unlocked(study: Study, what: str = "The task inventory") -> None:
    """Refuse a change of what was frozen at launch.

    Raises
    ------
    StateError
        If the survey was launched.
    """
    if study.stage not in BEFORE_LAUNCH or was_launched(study.id):
        raise StateError(
            f"{what} was locked when the survey was launched: people have seen it as it is. "
            "What they answered must stay comparable."
        )


def change_stage(actor: Actor, study_id: int, *, to: str, reason: str = "") -> Study:
    """Move a study between the stages before launch; the later stages follow from their own acts.

    Raises
    ------
    StateError
        If the survey was launched, or the stage is not one of those before launch.
    InvalidInputError
        If the move goes back without a reason.
    """
    with transaction():
        study = lock_study(study_id)
        require_unlocked(study, "The way to this stage")
        if to not in BEFORE_LAUNCH or to not in USED:
            raise StateError("This stage is reached by its own act: launch, close, freeze, propose, approve.")
        before = study.stage
        if move_stage(study, to, actor, reason):
            audit.record(
                actor, "changed stage", f"study {study.id}", study_id=study.id,
                before={"stage": before}, after={"stage": to}, note=f"{before} to {to}. {reason}".strip(),
            )  # fmt: skip
    return study
