"""Two versions of a blueprint side by side: weights, items, limits and wording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jta.models.blueprint import Blueprint, BlueprintRow
from jta.services.blueprint_dates import word


@dataclass(frozen=True)
class ComparedRow:
    """One domain or subdomain in both versions; a side is None where that version does not have it."""

    code: str
    level: str
    old: BlueprintRow | None
    new: BlueprintRow | None

    @property
    def points(self) -> float | None:
        """The change of the weight, a share of one; None where one version has no such row."""
        return self.new.weight - self.old.weight if self.old and self.new else None

    @property
    def items(self) -> int | None:
        """The change of the items; None where one version has no such row."""
        return self.new.items - self.old.items if self.old and self.new else None

    @property
    def reworded(self) -> bool:
        """Whether both versions have it under another title."""
        return bool(self.old and self.new and self.old.title != self.new.title)

    @property
    def differs(self) -> bool:
        """Whether anything a reader sees is different."""
        return _seen(self.old) != _seen(self.new)


@dataclass(frozen=True)
class Comparison:
    """Two versions: their rows, and facts that differ as label, before, after."""

    old: Blueprint
    new: Blueprint
    rows: tuple[ComparedRow, ...]
    facts: tuple[tuple[str, str, str], ...]

    @property
    def same(self) -> bool:
        """Whether the versions say the same."""
        return not self.facts and not any(row.differs for row in self.rows)


def _seen(row: BlueprintRow | None) -> tuple[object, ...] | None:
    if row is None:
        return None
    return row.title, row.parent_code, round(row.weight, 9), row.items, row.minimum, row.maximum, row.rationale


def compare(old: Blueprint, new: Blueprint) -> Comparison:
    """Return what differs between two versions; rows in the order of the new one, those it lost at the end."""
    before, after = ({row.code: row for row in one.rows} for one in (old, new))
    codes = [*after, *(code for code in before if code not in after)]
    rows = tuple(_row(code, before.get(code), after.get(code)) for code in codes)
    return Comparison(old, new, rows, tuple(_facts(old, new)))


def _row(code: str, old: BlueprintRow | None, new: BlueprintRow | None) -> ComparedRow:
    held = new or old
    return ComparedRow(code, held.level if held else "domain", old, new)


def _facts(old: Blueprint, new: Blueprint) -> Iterator[tuple[str, str, str]]:
    pairs = (
        ("Exam length (scored items)", str(old.items), str(new.items)),
        ("Pretest items", str(old.pretest), str(new.pretest)),
        ("Task index", str(old.run.summary["method_text"]), str(new.run.summary["method_text"])),
        ("Data set", str(old.run.dataset.number), str(new.run.dataset.number)),
        ("Takes effect", word(old.effective_on), word(new.effective_on)),
        ("Transition note", old.transition_note or "none", new.transition_note or "none"),
        ("Next study", word(old.next_study_on), word(new.next_study_on)),
    )
    return ((label, before, after) for label, before, after in pairs if before != after)
