"""Two versions of a blueprint side by side: weights, items, limits, and the wording of rows and task statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jta.models.blueprint import Blueprint, BlueprintRow
from jta.services.blueprint_changes import shown_percent
from jta.services.blueprint_dates import word
from jta.services.data_tasks import retained_wordings
from jta.services.two_way import target_shares


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
class ComparedTask:
    """A retained task that differs: its wording in each version, empty where that version does not rest on it."""

    code: str
    old: str
    new: str


@dataclass(frozen=True)
class Comparison:
    """Two versions: their rows, tasks that differ, and facts that differ as label, before, after."""

    old: Blueprint
    new: Blueprint
    rows: tuple[ComparedRow, ...]
    tasks: tuple[ComparedTask, ...]
    facts: tuple[tuple[str, str, str], ...]

    @property
    def same(self) -> bool:
        """Whether the versions say the same."""
        return not self.facts and not self.tasks and not any(row.differs for row in self.rows)


def _seen(row: BlueprintRow | None) -> tuple[object, ...] | None:
    if row is None:
        return None
    return row.title, row.parent_code, round(row.weight, 9), row.items, row.minimum, row.maximum, row.rationale


def compare(old: Blueprint, new: Blueprint) -> Comparison:
    """Return what differs between two versions; rows in the order of the new one, those it lost at the end."""
    before, after = ({row.code: row for row in one.rows} for one in (old, new))
    codes = [*after, *(code for code in before if code not in after)]
    rows = tuple(_row(code, before.get(code), after.get(code)) for code in codes)
    return Comparison(old, new, rows, tuple(_tasks(old, new)), tuple(_facts(old, new)))


def _tasks(old: Blueprint, new: Blueprint) -> Iterator[ComparedTask]:
    """Yield the retained tasks that differ, in the words that respondents rated; dropped ones at the end."""
    before, after = retained_wordings(old), retained_wordings(new)
    for code in [*after, *(code for code in before if code not in after)]:
        if before.get(code) != after.get(code):
            yield ComparedTask(code, before.get(code, ""), after.get(code, ""))


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
    every = (*pairs, *_levels(old, new))
    return ((label, before, after) for label, before, after in every if before != after)


def _levels(old: Blueprint, new: Blueprint) -> Iterator[tuple[str, str, str]]:
    before, after = target_shares(old), target_shares(new)
    for name in [*after, *(name for name in before if name not in after)]:
        yield f"Target share of {name}", _percent(before.get(name)), _percent(after.get(name))
    yield "Leeway of a cell", str(old.leeway), str(new.leeway)


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{shown_percent(share)} %"
