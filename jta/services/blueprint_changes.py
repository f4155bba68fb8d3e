"""What a page's input changes in a blueprint: compared with what the page showed, never with rounded figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from jta.errors import InvalidInputError
from jta.models.blueprint import Blueprint, BlueprintRow

SHOWN = 2  # decimals of a weight in percent on the page


@dataclass(frozen=True)
class RowInput:
    """What a page held for one row; the weight is in percent of the exam, as typed. ``locked`` None: as it was."""

    code: str
    weight: Decimal
    minimum: int | None
    maximum: int | None
    rationale: str = ""
    locked: bool | None = None


@dataclass(frozen=True)
class Change:
    """One field of one row (or the exam length, code "") from one value to another.

    ``value`` is what is stored; ``before`` and ``after`` are words for the ledger. ``derived`` marks a weight
    that moved because another one was changed.
    """

    code: str
    field: str
    before: str
    after: str
    value: float | int | str | None
    derived: bool = False


def shown_percent(weight: float) -> Decimal:
    """Return a weight (share of one) as the percentage a page shows."""
    return round(Decimal(repr(weight)) * 100, SHOWN)


def find_changes(
    blueprint: Blueprint, rows: Sequence[RowInput], items: int, *, share_rest: bool, pretest: int | None = None
) -> list[Change]:
    """Return every change, weights that move along included.

    Raises
    ------
    InvalidInputError
        If a row is unknown or missing, a value out of range, or the weights do not sum to 100 %.
    """
    typed = {row.code: row for row in rows}
    if set(typed) != {row.code for row in blueprint.rows}:
        raise InvalidInputError("The rows of the page are not those of the blueprint. Reload the page.")
    changes = [] if items == blueprint.items else [
        Change("", "items", str(blueprint.items), str(items), items)
    ]  # fmt: skip
    if pretest is not None and pretest != blueprint.pretest:
        changes.append(Change("", "pretest", str(blueprint.pretest), str(pretest), pretest))
    changes += _weight_changes(blueprint, typed, share_rest=share_rest)
    for row in blueprint.rows:
        changes += _limit_changes(row, typed[row.code])
    return changes


def _limit_changes(row: BlueprintRow, typed: RowInput) -> list[Change]:
    found = []
    for field in ("minimum", "maximum", "rationale"):
        before, after = getattr(row, field), getattr(typed, field)
        if before != after:
            found.append(Change(row.code, field, _word(before), _word(after), after))
    if typed.locked is not None and typed.locked != row.locked:
        found.append(Change(row.code, "locked", _yes(row.locked), _yes(typed.locked), typed.locked))
    return found


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _stays(row: BlueprintRow, typed: RowInput) -> bool:
    """Say whether the row is locked once the page is saved."""
    return row.locked if typed.locked is None else typed.locked


def _word(value: object) -> str:
    return "none" if value in {None, ""} else str(value)


def _weight_changes(blueprint: Blueprint, typed: dict[str, RowInput], *, share_rest: bool) -> list[Change]:
    domains = [row for row in blueprint.rows if row.level == "domain"]
    new = _balance(domains, typed, 1.0, "The domains", share_rest=share_rest)
    for domain in domains:
        parts = [row for row in blueprint.rows if row.parent_code == domain.code]
        if parts:
            new |= _balance(parts, typed, new[domain.code], f"The subdomains of {domain.code}", share_rest=share_rest)
    return [
        _weight_change(row, new[row.code], typed[row.code]) for row in blueprint.rows if new[row.code] != row.weight
    ]


def _weight_change(row: BlueprintRow, weight: float, typed: RowInput) -> Change:
    return Change(
        row.code,
        "weight",
        f"{shown_percent(row.weight)} %",
        f"{shown_percent(weight)} %",
        weight,
        derived=not _was_typed(row, typed),
    )


def _was_typed(row: BlueprintRow, typed: RowInput) -> bool:
    return typed.weight != shown_percent(row.weight)


def _balance(
    rows: Sequence[BlueprintRow], typed: dict[str, RowInput], total: float, who: str, *, share_rest: bool
) -> dict[str, float]:
    """Return the new weights of rows that must sum to a total."""
    given = {row.code: float(typed[row.code].weight) / 100 for row in rows if _was_typed(row, typed[row.code])}
    present = sum(row.weight for row in rows)
    if held_fast := [code for code in given if _is_held(code, rows, typed)]:
        raise InvalidInputError(f"{held_fast[0]} is locked. Unlock it before you change its weight.")
    if not given and abs(present - total) < 1e-12:
        return {row.code: row.weight for row in rows}
    kept = {row.code: row.weight for row in rows if row.code not in given and _stays(row, typed[row.code])}
    rest = [row for row in rows if row.code not in given and row.code not in kept]
    left = total - sum(given.values()) - sum(kept.values())
    if not rest or (given and not share_rest):
        return _as_typed(rows, given, total, who)
    if left < -1e-9:
        raise InvalidInputError(f"{who}: the weights you typed and locked come to more than {100 * total:.2f} %.")
    held = sum(row.weight for row in rest)
    scale = max(left, 0.0) / held if held else 0.0
    if not held and left > 1e-9:
        raise InvalidInputError(f"{who}: nothing is left to take up {100 * left:.2f} %. Type the weights yourself.")
    return given | kept | {row.code: row.weight * scale for row in rest}


def _is_held(code: str, rows: Sequence[BlueprintRow], typed: dict[str, RowInput]) -> bool:
    return any(row.code == code and row.locked and _stays(row, typed[code]) for row in rows)


def _as_typed(rows: Sequence[BlueprintRow], given: dict[str, float], total: float, who: str) -> dict[str, float]:
    weights = {row.code: given.get(row.code, row.weight) for row in rows}
    came_to = sum(weights.values())
    # Each typed percentage is off by at most half a hundredth: that much is rounding, more is a wrong sum.
    if abs(came_to - total) > 0.00005 * len(rows) + 1e-9 or came_to <= 0:
        raise InvalidInputError(
            f"{who} come to {100 * came_to:.2f} %, not {100 * total:.2f} %. "
            "Correct the weights, or let the other rows share the difference."
        )
    return {code: weight * total / came_to for code, weight in weights.items()}


def apply_changes(blueprint: Blueprint, changes: Sequence[Change]) -> None:
    """Set the changed values."""
    rows = {row.code: row for row in blueprint.rows}
    for change in changes:
        if change.field == "items":
            blueprint.items = int(change.value or 0)
        elif change.field == "pretest":
            blueprint.pretest = int(change.value or 0)
        else:
            setattr(rows[change.code], change.field, change.value)
