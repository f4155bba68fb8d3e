"""The two-way blueprint: content by cognitive level, in whole items, worked out once for page, workbook and report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jta.db import db
from jta.models.blueprint import Blueprint, BlueprintRow, ItemBank
from jta.models.study import Study
from jta.services.blueprint_draft import pretest_items
from jta.services.panel_levels import level_choices
from jta.services.two_way_bank import Counts, counts_of
from jta.services.two_way_tasks import Level, TaskLine, said_by_panel, share_by_level, task_lines

# The usual names of levels in their order, for those that no round of the panel named.
USUAL = (
    "recall", "remember", "knowledge", "understand", "comprehension", "application", "apply", "analysis", "analyze",
    "evaluate", "evaluation", "create", "synthesis",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One row at one level.

    Parameters
    ----------
    quota, items : float, int
        Items of the row times the level's share, unrounded and as whole items.
    fewest, most : int
        Limits of one form.
    panel : float or None
        Share of the row's task weight that the panel puts at this level.
    needed, available, gap : int or None
        Items wanted in the bank, those in it, and those missing; ``None`` where no count says it.
    """

    quota: float
    items: int
    fewest: int
    most: int
    panel: float | None
    needed: int
    available: int | None
    gap: int | None


@dataclass(frozen=True)
class TwoWayRow:
    """A domain or subdomain with its cells, one for each level in their order.

    ``unlevelled`` are available items without a level of the blueprint; they count for the row but for no cell.
    """

    code: str
    title: str
    level: str
    parent: str | None
    weight: float
    items: int
    fewest: int
    most: int
    pretest: int
    cells: tuple[Cell, ...]
    tasks: tuple[TaskLine, ...]
    needed: int
    available: int | None
    unlevelled: int
    gap: int | None

    @property
    def missing(self) -> int:
        """Items that must be written at least: for the row as a whole or for its cells, whichever is more."""
        return max(self.gap or 0, sum(cell.gap or 0 for cell in self.cells))


@dataclass(frozen=True)
class Total:
    """One level over all domains: target and reached share, items, and the bank's figures."""

    quota: float
    items: int
    reached: float
    panel: float | None
    needed: int
    available: int | None
    gap: int | None


@dataclass(frozen=True)
class TwoWay:
    """The whole table. ``levels`` is empty where no target is set; then rows have no cells.

    Parameters
    ----------
    source : str
        Whose targets these are: "plan", "blueprint", or empty where there are none.
    forms : float
        How many forms' worth of items the bank should hold.
    n_placed, n_tasks : int
        Retained tasks that the panel placed at a level, and all of them.
    said : tuple of (str, int, float)
        The panel's levels, whether or not they have a target: name, number of tasks, share of their weight.
    """

    number: int
    items: int
    pretest: int
    levels: tuple[Level, ...]
    source: str
    rows: tuple[TwoWayRow, ...]
    totals: tuple[Total, ...]
    forms: float
    leeway: int
    bank: ItemBank | None
    n_placed: int
    n_tasks: int
    said: tuple[tuple[str, int, float], ...] = field(default=())

    @property
    def domains(self) -> tuple[TwoWayRow, ...]:
        """The rows of the top level."""
        return tuple(row for row in self.rows if row.level == "domain")

    @property
    def counted(self) -> bool:
        """Whether a count of the item bank is there."""
        return bool(self.bank and self.bank.counts)

    @property
    def missing(self) -> int:
        """Items that must be written at least: for each domain its own, or those of its subdomains if they are more."""
        return sum(max(row.missing, sum(part.missing for part in self.inside(row.code))) for row in self.domains)

    @property
    def outside(self) -> bool:
        """Whether the panel named a level that has no target."""
        return bool({label for label, _, _ in self.said} - {level.label for level in self.levels})

    def inside(self, code: str) -> tuple[TwoWayRow, ...]:
        """Return the subdomains of a domain."""
        return tuple(row for row in self.rows if row.parent == code)


def target_shares(blueprint: Blueprint) -> dict[str, float]:
    """Return the target share of each level by its name: the blueprint's own, else those of the analysis plan.

    They sum to 1; the order is that of the names, so that ties fall as in the analysis.
    """
    held = blueprint.levels
    named = {str(code): float(share) for code, share in held} if held is not None else _planned(blueprint)
    total = sum(named.values())
    return {code: named[code] / total for code in sorted(named)} if total else {}


def _planned(blueprint: Blueprint) -> dict[str, float]:
    given: Mapping[str, float] = blueprint.run.plan.get("cognitive_levels") or {}
    return dict(given)


def two_way_table(blueprint: Blueprint) -> TwoWay:
    """Return content by cognitive level: targets, whole items, what the panel says, the bank's gap, limits of a form.

    Domains are split by the target shares, then each domain's subdomains by the items of the domain's cells: rows
    and columns add up on both levels, and every cell is its quota rounded down or up.

    Parameters
    ----------
    blueprint : Blueprint
        With rows and run loaded.
    """
    study = db.session.get_one(Study, blueprint.study_id)
    shares, words = target_shares(blueprint), level_choices(study.id)
    levels = [Level(code, label_of(code, words), shares[code]) for code in in_order(shares, words)]
    bank = db.session.get(ItemBank, study.id)
    tasks = task_lines(blueprint, levels, study.smallest_group)
    work = _Work(
        blueprint, levels, _whole_items(blueprint.rows, shares), counts_of(bank, blueprint.rows, levels), tasks,
        bank.forms if bank else 3.0, pretest_items(blueprint.rows, blueprint.pretest),
    )  # fmt: skip
    rows = tuple(work.row(row) for row in blueprint.rows)
    domains = [row for row in rows if row.level == "domain"]
    lines = [line for found in tasks.values() for line in found]
    return TwoWay(
        number=blueprint.number, items=blueprint.items, pretest=blueprint.pretest, levels=tuple(levels),
        source="" if not levels else ("plan" if blueprint.levels is None else "blueprint"), rows=rows,
        totals=tuple(_total(domains, n, lines, level) for n, level in enumerate(levels)), forms=work.forms,
        leeway=blueprint.leeway, bank=bank, n_placed=sum(line.said is not None for line in lines), n_tasks=len(lines),
        said=said_by_panel(lines, words),
    )  # fmt: skip


def in_order(shares: Mapping[str, float], words: Mapping[str, str]) -> list[str]:
    """Return the levels from the lowest: the panel's order, then the usual one, then by name."""
    known = [code.casefold() for code in words] + [label.casefold() for label in words.values()] + list(USUAL)
    place = {name: n for n, name in reversed(list(enumerate(known)))}
    return sorted(shares, key=lambda code: (place.get(code.casefold(), len(known)), code))


def label_of(code: str, words: Mapping[str, str]) -> str:
    """Return a level's name as pages show it: the panel's, else its code with a capital."""
    return words.get(code, code[:1].upper() + code[1:])


Split = dict[str, dict[str, tuple[float, int]]]  # quota and items by row and level


def _whole_items(rows: Sequence[BlueprintRow], shares: Mapping[str, float]) -> Split:
    """Return quota and whole items of every cell, domains first, then each domain's subdomains within its cells."""
    if not shares:
        return {row.code: {} for row in rows}
    domains = [row for row in rows if row.level == "domain"]
    found = _split(domains, shares)
    for domain in domains:
        inside = [row for row in rows if row.parent_code == domain.code]
        found |= _split(inside, {code: found[domain.code][code][1] for code in shares})
    return found


def _split(rows: Sequence[BlueprintRow], shares: Mapping[str, float]) -> Split:
    from analysis.allocation_divisor import controlled_rounding

    if not sum(row.items for row in rows):
        return {row.code: dict.fromkeys(shares, (0.0, 0)) for row in rows}
    quotas, items = controlled_rounding([row.items for row in rows], list(shares.values()))
    return {
        row.code: {code: (float(quotas[i, j]), int(items[i, j])) for j, code in enumerate(shares)}
        for i, row in enumerate(rows)
    }


@dataclass(frozen=True)
class _Work:
    """What the rows are made of."""

    blueprint: Blueprint
    levels: Sequence[Level]
    split: Split
    counts: Counts
    tasks: Mapping[str, tuple[TaskLine, ...]]
    forms: float
    pretest: Mapping[str, int]

    def row(self, row: BlueprintRow) -> TwoWayRow:
        """Return a row of the blueprint with its cells, its tasks and the item bank's figures."""
        available, needed = self.counts.row(row.code), self.needed(row.items)
        inside = [r.code for r in self.blueprint.rows if r.parent_code == row.code]
        lines = [line for code in (row.code, *inside) for line in self.tasks.get(code, ())]
        said = share_by_level(lines)
        return TwoWayRow(
            code=row.code, title=row.title, level=row.level, parent=row.parent_code, weight=row.weight,
            items=row.items, fewest=_first(row.minimum, row.items), most=_first(row.maximum, row.items),
            pretest=self.pretest[row.code], cells=tuple(self.cell(row, level, said) for level in self.levels),
            tasks=self.tasks.get(row.code, ()), needed=needed, available=available,
            unlevelled=self.counts.unlevelled(row.code), gap=_gap(needed, available),
        )  # fmt: skip

    def cell(self, row: BlueprintRow, level: Level, said: Mapping[str, float]) -> Cell:
        """Return a row at one level; ``said`` is the panel's share of the row's task weight by level."""
        quota, items = self.split[row.code][level.code]
        needed, available = self.needed(items), self.counts.cell(row.code, level.code)
        return Cell(
            quota=quota, items=items, fewest=max(0, items - self.blueprint.leeway),
            most=items + self.blueprint.leeway, panel=said.get(level.code, 0.0) if said else None, needed=needed,
            available=available, gap=_gap(needed, available),
        )  # fmt: skip

    def needed(self, items: int) -> int:
        """Items that the bank should hold; a part of an item is a whole one."""
        return math.ceil(round(items * self.forms, 6))


def _first(limit: int | None, items: int) -> int:
    return items if limit is None else limit


def _gap(needed: int, available: int | None) -> int | None:
    return None if available is None else max(0, needed - available)


def _total(domains: Sequence[TwoWayRow], n: int, lines: Sequence[TaskLine], level: Level) -> Total:
    cells = [row.cells[n] for row in domains]
    items, whole = sum(cell.items for cell in cells), sum(row.items for row in domains)
    there = [cell.available for cell in cells if cell.available is not None]
    said = share_by_level(lines)
    return Total(
        quota=sum(cell.quota for cell in cells), items=items, reached=items / whole if whole else 0.0,
        panel=said.get(level.code, 0.0) if said else None, needed=sum(cell.needed for cell in cells),
        available=sum(there) if there else None, gap=sum(cell.gap or 0 for cell in cells) if there else None,
    )  # fmt: skip
