"""Setting the target shares of the cognitive levels and the leeway of a form's cells, each change in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm.attributes import flag_modified

from jta import audit
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.formats import plural
from jta.imports.text import fold
from jta.models.blueprint import Blueprint
from jta.services.blueprint import (
    content_of,
    enter_in_ledger,
    get_blueprint,
    ledger_text,
    require_editable,
    void_approvals,
)
from jta.services.blueprint_changes import Change, shown_percent
from jta.services.panel_levels import level_choices
from jta.services.study_stage import lock_study, move_stage
from jta.services.two_way import in_order, label_of, target_shares

MOST, LONGEST, WIDEST = 8, 60, 20


@dataclass(frozen=True)
class Targets:
    """What the page held: each level's name and its share in percent, and the leeway in items."""

    levels: tuple[tuple[str, Decimal], ...]
    leeway: int

    def text(self) -> str:
        """Return it in words, for somebody whose changes were not saved."""
        return "\n".join([*(f"{name}: {share} %" for name, share in self.levels), f"Leeway of a cell: {self.leeway}"])


def shown_targets(blueprint: Blueprint) -> Targets:
    """Return the targets as the page shows them, from the lowest level; without any, the panel's levels without one."""
    shares, words = target_shares(blueprint), level_choices(blueprint.study_id)
    levels = tuple((label_of(code, words), shown_percent(shares[code])) for code in in_order(shares, words))
    return Targets(levels, blueprint.leeway)


def suggested_names(blueprint: Blueprint) -> tuple[str, ...]:
    """Return names of levels to begin with: those that the panel was asked for, else the usual three."""
    return tuple(level_choices(blueprint.study_id).values()) or ("Recall", "Application", "Analysis")


def _named(blueprint: Blueprint, targets: Targets) -> Targets:
    """Return the targets under the codes of levels that are known, by whichever name they were typed."""
    words = level_choices(blueprint.study_id)
    known = {fold(name): code for code, label in words.items() for name in (code, label)}
    known |= {fold(name): code for code in target_shares(blueprint) for name in (code, label_of(code, words))}
    return Targets(
        tuple((known.get(fold(name), name.strip()), share) for name, share in targets.levels), targets.leeway
    )


def set_targets(
    actor: audit.Actor, study_id: int, number: int, *, seen_version: int, targets: Targets, reason: str, vote: str = ""
) -> list[Change]:
    """Set target shares and leeway; every change is a line of the ledger and voids an approval.

    Raises
    ------
    EditConflictError
        If somebody else changed the blueprint since.
    InvalidInputError
        If the shares do not come to 100 %, a name is missing, long or there twice, or no reason is given.
    StateError
        If the blueprint is published or superseded.
    """
    with transaction():
        study, blueprint = lock_study(study_id), get_blueprint(study_id, number)
        require_editable(blueprint)
        if blueprint.version != seen_version:
            raise EditConflictError(
                "Your targets were not saved, because the blueprint was changed while you worked on it.",
                theirs=f"{shown_targets(blueprint).text()}\n{ledger_text(blueprint)}",
                yours=f"{targets.text()}\nReason: {reason}",
            )
        targets = _named(blueprint, targets)
        _check(targets)
        changes = _changes(blueprint, targets)
        if not changes:
            return []
        if not reason.strip():
            raise InvalidInputError("Say why: the reason stands in the ledger beside each change.", field="reason")
        before = content_of(blueprint)
        _apply(blueprint, targets)
        enter_in_ledger(actor, blueprint, changes, reason.strip(), vote.strip())
        void_approvals(blueprint)
        blueprint.state = "draft"
        flag_modified(blueprint, "state")  # the version that others compare must rise
        if study.stage == "approved":
            move_stage(study, "blueprint", actor, reason="The approved blueprint was changed.")
        db.session.flush()
        audit.record(
            actor, "set targets of cognitive levels", f"blueprint {number}", study_id=study_id, before=before,
            after=content_of(blueprint), note=f"{len(changes)} changes",
        )  # fmt: skip
    return changes


def _check(targets: Targets) -> None:
    names = [fold(name) for name, _ in targets.levels]
    if not all(names) or any(len(name) > LONGEST for name, _ in targets.levels):
        raise InvalidInputError(f"Give each level a name of at most {LONGEST} characters.")
    if len(set(names)) < len(names):
        raise InvalidInputError("Two levels have the same name. Give each its own.")
    if len(names) > MOST:
        raise InvalidInputError(f"Use {MOST} levels or fewer.")
    if any(not 0 < share <= 100 for _, share in targets.levels):
        raise InvalidInputError("Each level needs a share above 0 and up to 100 %.")
    total = sum((share for _, share in targets.levels), Decimal(0))
    # Each typed percentage is off by at most half a hundredth: that much is rounding, more is a wrong sum.
    if names and abs(total - 100) > Decimal("0.005") * len(names):
        raise InvalidInputError(f"The shares come to {total:.2f} %, not 100 %. Correct them.")
    if not 0 <= targets.leeway <= WIDEST:
        raise InvalidInputError(f"The leeway is a whole number from 0 to {WIDEST}.", field="leeway")


def _changes(blueprint: Blueprint, targets: Targets) -> list[Change]:
    before = {code: f"{shown_percent(share)} %" for code, share in target_shares(blueprint).items()}
    after = {name: f"{round(share, 2):.2f} %" for name, share in targets.levels}
    names = [*after, *(name for name in before if name not in after)]
    changes = [
        Change("", f"target share of {name}", before.get(name, "none"), after.get(name, "none"), None)
        for name in names
        if before.get(name) != after.get(name)
    ]
    if targets.leeway != blueprint.leeway:
        was, now = plural(blueprint.leeway, "item"), plural(targets.leeway, "item")
        changes.append(Change("", "leeway of a cell", was, now, targets.leeway))
    return changes


def _apply(blueprint: Blueprint, targets: Targets) -> None:
    shares = target_shares(blueprint)
    shown = {code: shown_percent(share) for code, share in shares.items()}
    if _typed(targets.levels) != shown:
        # A share that was not touched keeps every digit, as weights do.
        blueprint.levels = [
            [name, shares[name] if shown.get(name) == share else float(share) / 100] for name, share in targets.levels
        ]
    blueprint.leeway = targets.leeway


def _typed(levels: Sequence[tuple[str, Decimal]]) -> dict[str, Decimal]:
    return {name: round(share, 2) for name, share in levels}
