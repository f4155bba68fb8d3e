"""What the page of a blueprint shows, worked out once for the page and the workbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from jta.audit import Actor
from jta.models.blueprint import Adjustment, Approval, Blueprint, BlueprintRow
from jta.services.blueprint import EDITABLE, SHARED_OUT, content_hash
from jta.services.blueprint_approval import editors, may_decide, standing_approval
from jta.services.blueprint_items import ItemResult, allocate_rows


@dataclass(frozen=True)
class PageRow:
    """One row with its unrounded items, and whether its interval overlaps its neighbour's."""

    row: BlueprintRow
    result: ItemResult
    same_as: tuple[str, ...]

    @property
    def limited(self) -> bool:
        """Whether fewest or most items are set."""
        return self.row.minimum is not None or self.row.maximum is not None


@dataclass(frozen=True)
class LedgerGroup:
    """Changes saved together: those that were typed, and the weights that moved along with them."""

    at: datetime
    by_name: str
    reason: str
    vote: str
    changes: tuple[Adjustment, ...]
    moved: tuple[Adjustment, ...]


@dataclass(frozen=True)
class BlueprintPage:
    """A blueprint with everything a reader needs to judge it."""

    blueprint: Blueprint
    rows: tuple[PageRow, ...]
    content_hash: str
    approval: Approval | None
    last_decision: Approval | None
    editors: frozenset[int]
    may_decide: bool
    may_edit: bool
    ledger: tuple[LedgerGroup, ...]

    @property
    def domains(self) -> tuple[PageRow, ...]:
        """The rows of the top level."""
        return tuple(row for row in self.rows if row.row.level == "domain")

    @property
    def ties(self) -> tuple[str, ...]:
        """Codes whose last item was decided by the tie rule."""
        return tuple(row.row.code for row in self.rows if row.result.tied)

    @property
    def widest(self) -> float:
        """The largest weight or upper limit shown, for a common scale of the pictures."""
        return max(max(r.row.weight, r.row.empirical_weight, r.row.high or 0.0) for r in self.rows)


def blueprint_page(blueprint: Blueprint, actor: Actor) -> BlueprintPage:
    """Return what the page of a blueprint shows to this person."""
    results = allocate_rows(blueprint.rows, blueprint.items)
    return BlueprintPage(
        blueprint=blueprint,
        rows=tuple(PageRow(row, results[row.code], _overlapping(row, blueprint.rows)) for row in blueprint.rows),
        content_hash=content_hash(blueprint),
        approval=standing_approval(blueprint),
        last_decision=blueprint.approvals[-1] if blueprint.approvals else None,
        editors=frozenset(editors(blueprint)),
        may_decide=may_decide(blueprint, actor.user_id),
        may_edit=blueprint.state in EDITABLE,
        ledger=tuple(_ledger(blueprint.adjustments)),
    )


def _ledger(adjustments: Sequence[Adjustment]) -> Iterator[LedgerGroup]:
    for (at, by_name), together in groupby(adjustments, key=lambda a: (a.at, a.by_name)):
        entries = list(together)
        moved = tuple(a for a in entries if a.reason.endswith(SHARED_OUT))
        typed = tuple(a for a in entries if not a.reason.endswith(SHARED_OUT))
        reason = (typed or moved)[0].reason.removesuffix(SHARED_OUT)
        yield LedgerGroup(at, by_name, reason, (typed or moved)[0].vote, typed, moved)


def _overlapping(row: BlueprintRow, rows: list[BlueprintRow]) -> tuple[str, ...]:
    """Return the codes of the same level whose intervals overlap this one: the data cannot tell them apart."""
    if row.low is None or row.high is None:
        return ()
    peers = (r for r in rows if r.level == row.level and r.parent_code == row.parent_code and r.code != row.code)
    return tuple(
        r.code for r in peers if r.low is not None and r.high is not None and r.low <= row.high and row.low <= r.high
    )
