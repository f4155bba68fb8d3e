"""What a study's item bank holds, row by row and level by level, from the count file that was uploaded last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jta.imports.text import fold
from jta.models.blueprint import BlueprintRow, ItemBank
from jta.services.two_way_tasks import Level


@dataclass(frozen=True)
class Counts:
    """Available items by the code of a row and the level; level "" holds those without a level of the blueprint.

    ``listed`` are the rows that the file speaks of, themselves or by their parts; of others nothing is known.
    """

    found: dict[tuple[str, str], int]
    listed: frozenset[str]
    levelled: frozenset[str]

    def row(self, code: str) -> int | None:
        """Return all items of a row, None where the file does not speak of it."""
        if code not in self.listed:
            return None
        return sum(n for (own, _), n in self.found.items() if own == code)

    def cell(self, code: str, level: str) -> int | None:
        """Return the items of a row at a level, None where the file gives no levels for the row."""
        return self.found.get((code, level), 0) if code in self.levelled else None

    def unlevelled(self, code: str) -> int:
        """Return the items of a row that stand at no level of the blueprint."""
        return self.found.get((code, ""), 0)


def counts_of(bank: ItemBank | None, rows: Sequence[BlueprintRow], levels: Sequence[Level]) -> Counts:
    """Return the counts for the rows of a blueprint; what is counted for a subdomain counts for its domain too."""
    known = {fold(name): level.code for level in levels for name in (level.label, level.code)}
    parents = {row.code: row.parent_code for row in rows}
    found: dict[tuple[str, str], int] = {}
    listed, levelled = set(), set()
    for code, level_text, available in bank.counts if bank else ():
        level = known.get(fold(level_text), "")
        for place in (code, parents.get(code)):
            if place in parents:
                found[place, level] = found.get((place, level), 0) + int(available)
                listed.add(place)
                levelled |= {place} if level else set()
    return Counts(found, frozenset(listed), frozenset(levelled))
