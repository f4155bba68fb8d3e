"""Deciding on a blueprint: submit, approve or return, publish. Whoever edited it cannot approve it."""

from __future__ import annotations

from jta import audit, clock
from jta.db import transaction
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.models.blueprint import Approval, Blueprint
from jta.services.blueprint import content_hash, get_blueprint
from jta.services.study_stage import lock_study, move_stage


def submit(actor: audit.Actor, study_id: int, number: int) -> Blueprint:
    """Hand a draft to the approver."""
    with transaction():
        lock_study(study_id)
        blueprint = get_blueprint(study_id, number)
        if blueprint.state == "returned":  # a change makes it a draft again
            raise StateError("It was returned and nothing was changed since. Adjust it, with a reason, then submit it.")
        if blueprint.state != "draft":
            raise StateError(f"Blueprint {number} is {blueprint.state} already.")
        blueprint.state, blueprint.submitted_at = "submitted", clock.now()
        audit.record(
            actor,
            "submitted blueprint",
            f"blueprint {number}",
            study_id=study_id,
            after=content_hash(blueprint),
        )
    return blueprint


def may_decide(blueprint: Blueprint, user_id: int | None) -> bool:
    """Say whether this account may approve or return: it neither proposed nor changed anything."""
    return user_id is not None and user_id not in editors(blueprint)


def editors(blueprint: Blueprint) -> set[int]:
    """Return the accounts that made this blueprint what it is."""
    return {blueprint.proposed_by_id, *(a.by_id for a in blueprint.adjustments)}


def decide(
    actor: audit.Actor, study_id: int, number: int, *, decision: str, seen_hash: str, reason: str = ""
) -> Approval:
    """Approve a submitted blueprint, or return it with a reason.

    Parameters
    ----------
    seen_hash : str
        Hash of the content that was on the approver's page; the approval holds for that content only.

    Raises
    ------
    StateError
        If it is not submitted, or the same person made or changed it.
    EditConflictError
        If its content is no longer what the approver saw.
    InvalidInputError
        If it is returned without a reason.
    """
    with transaction():
        study, blueprint = lock_study(study_id), get_blueprint(study_id, number)
        if blueprint.state != "submitted":
            raise StateError(f"Blueprint {number} is {blueprint.state}; there is nothing to decide.")
        if not may_decide(blueprint, actor.user_id):
            raise StateError("You made or changed this blueprint. Somebody else must decide on it.")
        now_hash = content_hash(blueprint)
        if now_hash != seen_hash:
            raise EditConflictError("The blueprint was changed while you read it. Please look at it again.")
        if decision == "returned" and not reason.strip():
            raise InvalidInputError("Say what should be changed.", field="reason")
        approval = Approval(
            decision=decision,
            content_hash=now_hash,
            reason=reason.strip(),
            by_id=actor.user_id,
            by_name=actor.name,
            at=clock.now(),
        )
        blueprint.approvals.append(approval)
        blueprint.state = decision
        if decision == "approved":
            move_stage(study, "approved", actor)
        audit.record(
            actor,
            f"{decision} blueprint",
            f"blueprint {number}",
            study_id=study_id,
            after=now_hash,
            note=reason.strip(),
        )
    return approval


def standing_approval(blueprint: Blueprint) -> Approval | None:
    """Return the approval that holds for the content as it is now, or None."""
    found = [a for a in blueprint.approvals if a.decision == "approved" and a.voided_at is None]
    return found[-1] if found and found[-1].content_hash == content_hash(blueprint) else None


def publish(actor: audit.Actor, study_id: int, number: int) -> Blueprint:
    """Lock an approved blueprint for good.

    Raises
    ------
    StateError
        If no approval holds for its content.
    """
    with transaction():
        study, blueprint = lock_study(study_id), get_blueprint(study_id, number)
        if blueprint.state != "approved" or standing_approval(blueprint) is None:
            raise StateError("Only an approved blueprint can be published.")
        blueprint.state, blueprint.published_at = "published", clock.now()
        move_stage(study, "published", actor)
        audit.record(
            actor,
            "published blueprint",
            f"blueprint {number}",
            study_id=study_id,
            after=content_hash(blueprint),
        )
    return blueprint
