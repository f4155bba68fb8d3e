"""What a blueprint would become with what is on the page, worked out as it would be saved, and not saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jta.errors import InvalidInputError
from jta.models.blueprint import Blueprint, BlueprintRow
from jta.services.blueprint_changes import RowInput, find_changes
from jta.services.blueprint_items import ItemResult, allocate_rows

FAR = 0.05  # five points from the survey: the panel should say why


@dataclass(frozen=True)
class DraftLine:
    """One row as it is and as it would be; ``pretest`` items are not scored."""

    row: BlueprintRow
    weight: float
    minimum: int | None
    maximum: int | None
    result: ItemResult
    pretest: int
    moved: bool

    @property
    def more(self) -> int:
        """Items gained or lost."""
        return self.result.items - self.row.items

    @property
    def outside(self) -> bool:
        """Whether the weight lies outside the interval of the empirical weight."""
        low, high = self.row.low, self.row.high
        return low is not None and high is not None and not low <= self.weight <= high

    @property
    def far(self) -> bool:
        """Whether the weight is more than five points from the empirical one."""
        return abs(self.weight - self.row.empirical_weight) > FAR


@dataclass(frozen=True)
class Draft:
    """A blueprint as it would be saved; ``problem`` says why it cannot be, and then there are no lines."""

    lines: tuple[DraftLine, ...]
    items: int
    pretest: int
    changes: int
    problem: str = ""

    @property
    def domains(self) -> tuple[DraftLine, ...]:
        """The lines of the top level."""
        return tuple(line for line in self.lines if line.row.level == "domain")

    @property
    def ties(self) -> tuple[str, ...]:
        """Codes whose last item was decided by the tie rule."""
        return tuple(line.row.code for line in self.lines if line.result.tied)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed but should be explained."""
        return tuple(_warnings(self.lines))


def draft_of(
    blueprint: Blueprint, rows: Sequence[RowInput], items: int, *, share_rest: bool, pretest: int = 0
) -> Draft:
    """Return the blueprint as it would be with these rows. Nothing is written.

    Weights, items and ties come from the functions that save them, so that the preview cannot differ.
    """
    try:
        changes = find_changes(blueprint, rows, items, share_rest=share_rest, pretest=pretest)
        drafted = _drafted(blueprint, {(c.code, c.field): c.value for c in changes})
        results = allocate_rows(drafted, items)
        unscored = pretest_items(drafted, pretest)
    except InvalidInputError as error:
        return Draft((), items, pretest, 0, error.message)
    lines = tuple(
        DraftLine(
            row, new.weight, new.minimum, new.maximum, results[row.code], unscored[row.code],
            moved=(row.weight, row.minimum, row.maximum) != (new.weight, new.minimum, new.maximum),
        )
        for row, new in zip(blueprint.rows, drafted, strict=True)
    )  # fmt: skip
    return Draft(lines, items, pretest, len(changes))


def _drafted(blueprint: Blueprint, changed: dict[tuple[str, str], object]) -> list[BlueprintRow]:
    """Return copies of the rows with the changes; they belong to no blueprint and no session."""
    return [
        BlueprintRow(
            code=row.code, level=row.level, parent_code=row.parent_code,
            **{name: changed.get((row.code, name), getattr(row, name)) for name in ("weight", "minimum", "maximum")},
        )
        for row in blueprint.rows
    ]  # fmt: skip


def pretest_items(rows: Sequence[BlueprintRow], pretest: int) -> dict[str, int]:
    """Return the pretest items of each row, shared out by weight; the limits are those of scored items."""
    free = [
        BlueprintRow(code=row.code, level=row.level, parent_code=row.parent_code, weight=row.weight) for row in rows
    ]
    return {code: result.items for code, result in allocate_rows(free, pretest).items()}


def _warnings(lines: Sequence[DraftLine]) -> Iterator[str]:
    for line in lines:
        if line.far:
            yield f"{line.row.code}: more than five points from the survey's weight. The reason should say why."
        elif line.moved and line.outside:
            yield f"{line.row.code}: outside the 95 % interval of the survey's weight. The reason should say why."
        if line.row.level == "domain" and not line.result.items:
            yield f"{line.row.code}: no item at all."
