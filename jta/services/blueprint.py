"""The blueprint: propose from an analysis, adjust with a reason, submit, approve or return, publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import flag_modified

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.blueprint import Adjustment, Blueprint, BlueprintRow
from jta.models.results import AnalysisRun
from jta.services.blueprint_changes import Change, RowInput, apply_changes, find_changes
from jta.services.blueprint_items import allocate_rows
from jta.services.results import get_run, unit_weights
from jta.services.results_privacy import Reader
from jta.services.results_release import require_released
from jta.services.study_stage import lock_study, move_stage

SHARED_OUT = " (shared out over the other rows)"
EDITABLE = ("draft", "returned", "submitted", "approved")


def require_editable(blueprint: Blueprint) -> None:
    """Refuse a change of a version that is kept as it is.

    Raises
    ------
    StateError
        If the blueprint is published or superseded.
    """
    if blueprint.state not in EDITABLE:
        raise StateError(f"Blueprint {blueprint.number} is {blueprint.state}; it can no longer be changed.")


def content_of(blueprint: Blueprint) -> dict[str, Any]:
    """Return all that an approval binds, as plain values."""
    return {
        "study": blueprint.study_id,
        "number": blueprint.number,
        "items": blueprint.items,
        "method": blueprint.method,
        "data_hash": blueprint.run.dataset.data_hash,
        "plan_hash": blueprint.run.plan_hash,
        "rows": [
            [
                r.code,
                r.title,
                r.level,
                r.parent_code,
                r.empirical_weight,
                r.weight,
                r.minimum,
                r.maximum,
                r.items,
                r.rationale,
            ]
            for r in blueprint.rows
        ],
        "ledger": [[a.code, a.field, a.before, a.after, a.reason, a.by_id] for a in blueprint.adjustments],
    } | _added_content(blueprint)


def _added_content(blueprint: Blueprint) -> dict[str, Any]:
    """Return what not every blueprint has: only what is set, so that hashes of those without it stay as they are."""
    added: dict[str, Any] = {
        "effective_on": blueprint.effective_on.isoformat() if blueprint.effective_on else None,
        "transition_note": blueprint.transition_note,
        "pretest": blueprint.pretest,
        "levels": blueprint.levels,
        "leeway": blueprint.leeway,
        "votes": [[n, a.vote] for n, a in enumerate(blueprint.adjustments) if a.vote],
        "locked": [row.code for row in blueprint.rows if row.locked],
    }
    return {name: value for name, value in added.items() if value}


def content_hash(blueprint: Blueprint) -> str:
    """Return the SHA-256 that an approval binds."""
    return audit.digest(content_of(blueprint))


def propose(actor: audit.Actor, study_id: int, run_id: int) -> Blueprint:
    """Make a new draft whose weights are those of an analysis run; earlier unpublished versions are superseded.

    Raises
    ------
    StateError
        If the study is published, or the run holds no weights.
    """
    with transaction():
        study = lock_study(study_id)
        run = get_run(study_id, run_id)
        if study.stage == "published":
            raise StateError("This blueprint is published. A new study makes the next one.")
        require_released(run.dataset, Reader(), study.smallest_group)
        units = unit_weights(run)
        if not units:
            raise StateError("This analysis holds no weights: no task was retained or no task has data.")
        _supersede(study_id)
        blueprint = Blueprint(
            study_id=study_id,
            run_id=run.id,
            number=_next_number(study_id),
            state="draft",
            items=run.plan["items"],
            method=run.summary["method"],
            proposed_by_id=actor.user_id,
            proposed_at=clock.now(),
        )
        limits = run.plan
        blueprint.rows = [_new_row(unit, n, limits) for n, unit in enumerate(units)]
        allocate(blueprint)
        db.session.add(blueprint)
        db.session.flush()
        move_stage(study, "blueprint", actor, reason=f"Blueprint {blueprint.number} proposed")
        audit.record(
            actor,
            "proposed blueprint",
            f"blueprint {blueprint.number}",
            study_id=study_id,
            after=content_of(blueprint),
        )
    return blueprint


def _new_row(unit: dict[str, Any], position: int, plan: dict[str, Any]) -> BlueprintRow:
    return BlueprintRow(
        level=unit["level"],
        parent_code=unit["parent"],
        code=unit["code"],
        title=unit["title"],
        position=position,
        n_tasks=unit["n_tasks"],
        empirical_weight=unit["weight"],
        low=unit["low"],
        high=unit["high"],
        weight=unit["weight"],
        minimum=_planned_minimum(unit, plan),
        maximum=plan.get("domain_maximum", {}).get(unit["code"]) if unit["level"] == "domain" else None,
        items=0,
    )


def _planned_minimum(unit: dict[str, Any], plan: dict[str, Any]) -> int | None:
    if unit["level"] != "domain":
        return None
    least = max(plan.get("domain_minimum", {}).get(unit["code"], 0), plan.get("minimum_items", 0))
    return least or None


def allocate(blueprint: Blueprint) -> None:
    """Set the items of every row from its weight and limits."""
    outcome = allocate_rows(blueprint.rows, blueprint.items)
    for row in blueprint.rows:
        row.items, row.tied = outcome[row.code].items, outcome[row.code].tied


def _supersede(study_id: int) -> None:
    for older in list_blueprints(study_id):
        if older.state not in {"published", "superseded"}:
            older.state = "superseded"
            void_approvals(older)


def void_approvals(blueprint: Blueprint) -> None:
    """Mark approvals of the content as it was before a change as void."""
    for approval in blueprint.approvals:
        if approval.decision == "approved" and approval.voided_at is None:
            approval.voided_at = clock.now()


def _next_number(study_id: int) -> int:
    return (db.session.scalar(select(func.max(Blueprint.number)).where(Blueprint.study_id == study_id)) or 0) + 1


def adjust(
    actor: audit.Actor, study_id: int, number: int, *, seen_version: int,
    rows: Sequence[RowInput], items: int, reason: str, share_rest: bool, pretest: int | None = None, vote: str = "",
) -> list[Change]:  # fmt: skip
    """Change weights, limits, rationale or exam length; every change is a line of the ledger.

    Parameters
    ----------
    seen_version : int
        Version of the blueprint that the changes were made on.
    rows : sequence of RowInput
        What the page held for each row.
    share_rest : bool
        Whether rows that were not changed share what is left of 100 % in proportion.

    Raises
    ------
    EditConflictError
        If somebody else changed the blueprint since.
    InvalidInputError
        If weights do not sum to 100 %, limits cannot be met, or no reason is given.
    StateError
        If the blueprint is published or superseded.
    """
    with transaction():
        study, blueprint = lock_study(study_id), get_blueprint(study_id, number)
        require_editable(blueprint)
        if blueprint.version != seen_version:
            raise EditConflictError(
                "Your changes were not saved, because the blueprint was changed while you worked on it.",
                theirs=ledger_text(blueprint),
                yours=_input_text(rows, items, reason),
            )
        changes = find_changes(blueprint, rows, items, share_rest=share_rest, pretest=pretest)
        if not changes:
            return []
        if not reason.strip():
            raise InvalidInputError("Say why: the reason stands in the ledger beside each change.", field="reason")
        before = content_of(blueprint)
        apply_changes(blueprint, changes)
        allocate(blueprint)
        enter_in_ledger(actor, blueprint, changes, reason.strip(), vote.strip())
        void_approvals(blueprint)
        blueprint.state = "draft"
        flag_modified(blueprint, "state")  # rows alone would not raise the version that others compare
        if study.stage == "approved":
            move_stage(study, "blueprint", actor, reason="The approved blueprint was changed.")
        db.session.flush()
        audit.record(
            actor,
            "adjusted blueprint",
            f"blueprint {number}",
            study_id=study_id,
            before=before,
            after=content_of(blueprint),
            note=f"{len(changes)} changes",
        )
    return changes


def ledger_text(blueprint: Blueprint) -> str:
    """Return the last lines of the ledger as plain text."""
    lines = [f"{a.by_name}: {a.code} {a.field} {a.before} → {a.after} ({a.reason})" for a in blueprint.adjustments[-8:]]
    return "\n".join(lines) or f"The blueprint is {blueprint.state} now; no weight was changed."


def _input_text(rows: Sequence[RowInput], items: int, reason: str) -> str:
    lines = [
        f"{r.code}: weight {r.weight} %, minimum {r.minimum}, maximum {r.maximum} {r.rationale}".strip() for r in rows
    ]
    return "\n".join([*lines, f"Exam length: {items} items", f"Reason: {reason}"])


def enter_in_ledger(
    actor: audit.Actor, blueprint: Blueprint, changes: Sequence[Change], reason: str, vote: str = ""
) -> None:
    """Add one line to the ledger for each change."""
    moment = clock.now()  # one moment for all: changes saved together are shown together
    for change in changes:
        why = reason + SHARED_OUT if change.derived else reason
        blueprint.adjustments.append(
            Adjustment(
                code=change.code,
                field=change.field,
                before=change.before,
                after=change.after,
                reason=why,
                vote=vote,
                by_id=actor.user_id,
                by_name=actor.name,
                at=moment,
            )
        )


def list_blueprints(study_id: int) -> list[Blueprint]:
    """Return the blueprints of a study, newest first."""
    found = select(Blueprint).where(Blueprint.study_id == study_id).order_by(Blueprint.number.desc())
    return list(db.session.scalars(found.options(selectinload(Blueprint.approvals))))


def get_blueprint(study_id: int, number: int) -> Blueprint:
    """Return a blueprint with its rows, ledger and approvals.

    Raises
    ------
    NotFoundError
        If the study has none with this number.
    """
    found = (
        select(Blueprint)
        .where(Blueprint.study_id == study_id, Blueprint.number == number)
        .options(
            selectinload(Blueprint.rows),
            selectinload(Blueprint.adjustments),
            selectinload(Blueprint.approvals),
            selectinload(Blueprint.run).selectinload(AnalysisRun.dataset),
        )
        .execution_options(populate_existing=True)
    )
    blueprint: Blueprint | None = db.session.scalar(found)
    if blueprint is None:
        raise NotFoundError
    return blueprint
