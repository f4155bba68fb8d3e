"""Whole items of a blueprint, top down: domains share the exam, subdomains share their domain's items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jta.errors import InvalidInputError
from jta.models.blueprint import BlueprintRow


@dataclass(frozen=True)
class ItemResult:
    """Items of one row; ``quota`` is unrounded, ``note`` says why the items are not plain largest remainder."""

    items: int
    quota: float
    note: str | None
    tied: bool


def allocate_rows(rows: Sequence[BlueprintRow], items: int) -> dict[str, ItemResult]:
    """Return the items of every row by code.

    Domains are apportioned to the exam length by largest remainder within their minima and maxima; then the
    subdomains of each domain to the domain's items, so that domains stay exact.

    Parameters
    ----------
    rows : sequence of BlueprintRow
        Weights are shares of the whole exam, unrounded.
    items : int
        Exam length.

    Raises
    ------
    InvalidInputError
        If minima and maxima cannot all be met; the message names where.
    """
    domains = [row for row in rows if row.level == "domain"]
    result = _allocate(domains, items, "the exam")
    for domain in domains:
        parts = [row for row in rows if row.parent_code == domain.code]
        if parts:
            result |= _allocate(parts, result[domain.code].items, f"domain {domain.code}")
    return result


def _allocate(rows: Sequence[BlueprintRow], items: int, where: str) -> dict[str, ItemResult]:
    from analysis.allocation import allocate_items
    from analysis.errors import AllocationError

    for row in rows:
        if row.minimum is not None and row.maximum is not None and row.minimum > row.maximum:
            raise InvalidInputError(
                f"{row.code}: the fewest items ({row.minimum}) are more than the most ({row.maximum})."
            )
    try:
        outcome = allocate_items(
            [row.weight for row in rows],
            items,
            minimum=[row.minimum or 0 for row in rows],
            maximum=[row.maximum for row in rows],
        )
    except AllocationError as error:
        raise InvalidInputError(f"Items of {where}: {error}") from error
    tied = {unit for tie in outcome.ties for unit in tie.units}
    return {
        row.code: ItemResult(outcome.items[n], outcome.quotas[n], outcome.notes[n], n in tied)
        for n, row in enumerate(rows)
    }
