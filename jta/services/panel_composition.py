"""The make-up of the panel against its target: how many of each kind were wanted, how many are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.imports.text import fold
from jta.models.panel import Panelist, PanelTarget
from jta.services.panel import list_panelists
from jta.services.study_stage import lock_study

ATTRIBUTES = {
    "district_size": "District size", "region": "Region", "job_title": "Role", "years": "Years in the role",
}  # fmt: skip
YEAR_BANDS = ((0, 5, "Under 5"), (5, 15, "5 to 14"), (15, 1000, "15 or more"))
MOST_ROWS = 60


@dataclass(frozen=True)
class TargetRow:
    """One wish: how many panelists should have this value of an attribute."""

    attribute: str
    value: str
    target: int


@dataclass(frozen=True)
class Standing:
    """One value of an attribute: how many are on the panel, how many were wanted (None: nothing said)."""

    value: str
    count: int
    target: int | None

    @property
    def gap(self) -> int:
        """How many are missing."""
        return max(0, (self.target or 0) - self.count)


@dataclass(frozen=True)
class Composition:
    """The make-up by attribute; ``gaps`` says in words who is missing."""

    n: int
    by_attribute: dict[str, list[Standing]]

    @property
    def gaps(self) -> list[str]:
        """One phrase for each wish that is not met."""
        return [
            f"{standing.gap} more with {label.lower()} “{standing.value}”"
            for label, standings in self.by_attribute.items()
            for standing in standings
            if standing.gap
        ]

    @property
    def has_targets(self) -> bool:
        """Whether the director said what the panel should look like."""
        return any(s.target is not None for rows in self.by_attribute.values() for s in rows)


def years_band(years: int | None) -> str:
    """Return the band a number of years falls in; empty where it is not known.

    >>> years_band(4), years_band(5), years_band(None)
    ('Under 5', '5 to 14', '')
    """
    if years is None:
        return ""
    return next(label for low, high, label in YEAR_BANDS if low <= years < high)


def value_of(panelist: Panelist, attribute: str) -> str:
    """Return a panelist's value of an attribute that targets can name."""
    return years_band(panelist.years) if attribute == "years" else str(getattr(panelist, attribute))


def list_targets(study_id: int) -> list[PanelTarget]:
    """Return the target table in order."""
    found = select(PanelTarget).where(PanelTarget.study_id == study_id).order_by(PanelTarget.position)
    return list(db.session.scalars(found))


def load_composition(study_id: int) -> Composition:
    """Return the make-up of the panel as it is now, without people who left."""
    people, targets = list_panelists(study_id, with_left=False), list_targets(study_id)
    found = {label: _standings(people, targets, name) for name, label in ATTRIBUTES.items()}
    return Composition(len(people), found)


def _standings(people: Sequence[Panelist], targets: Sequence[PanelTarget], attribute: str) -> list[Standing]:
    counts = Counter(fold(value_of(one, attribute)) for one in people)
    spelt = {fold(value_of(one, attribute)): value_of(one, attribute) for one in people}
    wanted = {fold(t.value): t for t in targets if t.attribute == attribute}
    rows = [Standing(t.value, counts[key], t.target) for key, t in wanted.items()]
    order = [label for _, _, label in YEAR_BANDS] if attribute == "years" else []
    rows += [Standing(spelt[key] or "not given", counts[key], None) for key in sorted(spelt) if key not in wanted]
    return sorted(rows, key=lambda row: order.index(row.value) if row.value in order else len(order))


def targets_state(study_id: int) -> str:
    """Return a hash of the target table, so that a page notices a change by somebody else."""
    return audit.digest([[t.attribute, t.value, t.target] for t in list_targets(study_id)])


def save_targets(actor: Actor, study_id: int, rows: Sequence[TargetRow], *, seen: str) -> None:
    """Put a new target table in place of the old one.

    Raises
    ------
    InvalidInputError
        If a row names no known attribute, no value, a number out of range, or comes twice.
    EditConflictError
        If somebody else changed the table since.
    """
    _check_rows(rows)
    with transaction():
        lock_study(study_id)
        stored = list_targets(study_id)
        if targets_state(study_id) != seen:
            raise EditConflictError(
                "Nothing was saved. Compare both tables, then save what should stand.",
                theirs=_as_text([TargetRow(t.attribute, t.value, t.target) for t in stored]), yours=_as_text(rows),
            )  # fmt: skip
        for target in stored:
            db.session.delete(target)
        db.session.flush()
        for position, row in enumerate(rows, start=1):
            db.session.add(PanelTarget(study_id=study_id, position=position, **row.__dict__))
        db.session.flush()
        after = targets_state(study_id)
        audit.record(actor, "set panel targets", f"study {study_id}", study_id=study_id, before=seen, after=after)


def _check_rows(rows: Sequence[TargetRow]) -> None:
    if len(rows) > MOST_ROWS:
        raise InvalidInputError(f"Use {MOST_ROWS} rows or fewer.")
    keys = [(row.attribute, fold(row.value)) for row in rows]
    for number, row in enumerate(rows, start=1):
        if row.attribute not in ATTRIBUTES or not row.value or len(row.value) > 200:
            raise InvalidInputError(f"Row {number}: choose an attribute and write its value.")
        if not 0 <= row.target <= 1000:
            raise InvalidInputError(f"Row {number}: the target is a number from 0 to 1,000.")
        if keys.index(keys[number - 1]) != number - 1:
            raise InvalidInputError(f"Row {number}: “{row.value}” comes twice.")


def _as_text(rows: Sequence[TargetRow]) -> str:
    return "\n".join(f"{ATTRIBUTES[row.attribute]}, {row.value}: {row.target}" for row in rows) or "no targets"
