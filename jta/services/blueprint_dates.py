"""When a blueprint takes effect, how candidates change over to it, and when the next study is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm.attributes import flag_modified

from jta import audit
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.models.blueprint import Blueprint
from jta.services.blueprint import EDITABLE, content_of, enter_in_ledger, get_blueprint, ledger_text, void_approvals
from jta.services.blueprint_changes import Change
from jta.services.study_stage import lock_study, move_stage


@dataclass(frozen=True)
class Dates:
    """What the page of dates held."""

    effective_on: date | None
    transition_note: str
    next_study_on: date | None

    def text(self) -> str:
        """Return it in words, for somebody whose changes were not saved."""
        return (
            f"Takes effect: {word(self.effective_on)}\nTransition note: {self.transition_note or 'none'}\n"
            f"Next study: {word(self.next_study_on)}"
        )


def word(day: date | None) -> str:
    """Return a date as the ledger shows it."""
    return day.isoformat() if day else "none"


def set_dates(
    actor: audit.Actor, study_id: int, number: int, *, seen_version: int, dates: Dates, reason: str
) -> list[Change]:
    """Set the effective date, the transition note and the date of the next study.

    The first two are part of what is approved: a change needs a reason, stands in the ledger and voids an
    approval. The next study's date may be moved at any time, after publication too; the audit trail keeps it.

    Raises
    ------
    EditConflictError
        If somebody else changed the blueprint since.
    InvalidInputError
        If a reason is missing, or the next study is due before the blueprint takes effect.
    StateError
        If it is superseded, or a published blueprint's effective date or note would change.
    """
    with transaction():
        study, blueprint = lock_study(study_id), get_blueprint(study_id, number)
        _check(blueprint, seen_version, dates)
        bound = _bound_changes(blueprint, dates)
        moved = dates.next_study_on != blueprint.next_study_on
        if not bound and not moved:
            return []
        if bound and not reason.strip():
            raise InvalidInputError("Say why: the reason stands in the ledger beside each change.", field="reason")
        before = _content(blueprint)
        blueprint.next_study_on = dates.next_study_on
        flag_modified(blueprint, "state")  # the version that others compare must rise
        if bound:
            blueprint.effective_on, blueprint.transition_note = dates.effective_on, dates.transition_note
            enter_in_ledger(actor, blueprint, bound, reason.strip())
            void_approvals(blueprint)
            blueprint.state = "draft"
            if study.stage == "approved":
                move_stage(study, "blueprint", actor, reason="The approved blueprint was changed.")
        db.session.flush()
        audit.record(
            actor, "set dates of blueprint", f"blueprint {number}", study_id=study_id, before=before,
            after=_content(blueprint), note=f"next study {word(dates.next_study_on)}",
        )  # fmt: skip
    return bound + ([Change("", "next study", "", word(dates.next_study_on), None)] if moved else [])


def _check(blueprint: Blueprint, seen_version: int, dates: Dates) -> None:
    if blueprint.state == "superseded":
        raise StateError(f"Blueprint {blueprint.number} is superseded; it can no longer be changed.")
    if blueprint.version != seen_version:
        raise EditConflictError(
            "Your dates were not saved, because the blueprint was changed while you worked on it.",
            theirs=f"{Dates(blueprint.effective_on, blueprint.transition_note, blueprint.next_study_on).text()}\n"
            f"{ledger_text(blueprint)}",
            yours=dates.text(),
        )
    if blueprint.state not in EDITABLE and _bound_changes(blueprint, dates):
        raise StateError("A published blueprint keeps its effective date and its note. Only the next study can move.")
    if dates.next_study_on and dates.effective_on and dates.next_study_on <= dates.effective_on:
        raise InvalidInputError("The next study is due after the blueprint takes effect.", field="next_study_on")


def _bound_changes(blueprint: Blueprint, dates: Dates) -> list[Change]:
    changes = []
    if dates.effective_on != blueprint.effective_on:
        changes.append(Change("", "effective date", word(blueprint.effective_on), word(dates.effective_on), None))
    if dates.transition_note != blueprint.transition_note:
        before, after = blueprint.transition_note or "none", dates.transition_note or "none"
        changes.append(Change("", "transition note", before, after, None))
    return changes


def _content(blueprint: Blueprint) -> dict[str, object]:
    return content_of(blueprint) | {"next_study_on": word(blueprint.next_study_on)}
