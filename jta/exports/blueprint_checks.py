"""The checks of the Blueprint sheet: formulas that say in words whether the blueprint holds together.

Each check is one formula with the answer it has now, worked out here in the same order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from jta.exports.book import DOMAIN, BlueprintLine
from jta.exports.sheet import Desk, Formula, Grid, Value
from jta.exports.working import TOLERANCE, Working

HOLDS = "✓ holds"
WEIGHT_TOLERANCE = "0.000001"


@dataclass(frozen=True)
class Check:
    """One check of the whole form: its words, the number it looks at, its answer."""

    words: str
    value: Value
    style: str
    result: Formula


@dataclass(frozen=True)
class _Fault:
    """What can be wrong with a line: the formula's condition, the words, whether it is so now."""

    condition: str
    words: str
    now: bool


def line_check(desk: Desk, row: int) -> Value:
    """Return the check of one line: the first fault found, or that it holds."""
    grid, work = desk.grids["Blueprint"], desk.lines[row]
    faults = _limit_faults(grid, work.line, row)
    if work.children:
        faults += _family_faults(desk, grid, work, row)
    if not work.live:
        faults += _stale_faults(desk, work, row)
    formula, answer = f'"{HOLDS}"', HOLDS
    for fault in reversed(faults):
        formula = f'IF({fault.condition},"✗ {fault.words}",{formula})'
        answer = f"✗ {fault.words}" if fault.now else answer
    return Formula("=" + formula, answer)


def _limit_faults(grid: Grid, line: BlueprintLine, row: int) -> list[_Fault]:
    items, low, high = (grid.at(key, row) for key in ("items", "minimum", "maximum"))
    minimum, maximum = line.minimum, line.maximum
    crossed = minimum is not None and maximum is not None and minimum > maximum
    return [
        _Fault(f"AND(ISNUMBER({low}),ISNUMBER({high}),{low}>{high})", "min above max", crossed),
        _Fault(f"AND(ISNUMBER({low}),{items}<{low})", "below min", minimum is not None and line.items < minimum),
        _Fault(f"AND(ISNUMBER({high}),{items}>{high})", "above max", maximum is not None and line.items > maximum),
    ]


def _family_faults(desk: Desk, grid: Grid, work: Working, row: int) -> list[_Fault]:
    """Return what can be wrong between a domain and its subdomains."""
    first, last = work.children[0], work.children[-1]
    children = [desk.lines[i].line for i in work.children]
    own, weights = grid.at("approved", row), grid.span("approved", first, last)
    approved = [line.approved_weight for line in children if line.approved_weight is not None]
    mine = work.line.approved_weight
    apart = mine is not None and len(approved) == len(children) and abs(sum(approved) - mine) > 1e-6
    all_given = f"ISNUMBER({own}),COUNT({weights})={len(children)}"
    return [
        _Fault(
            f"SUM({grid.span('items', first, last)})<>{grid.at('items', row)}",
            "items of subdomains differ",
            sum(line.items for line in children) != work.line.items,
        ),
        _Fault(
            f"AND({all_given},ABS(SUM({weights})-{own})>{WEIGHT_TOLERANCE})",
            "weights of subdomains differ",
            apart,
        ),
    ]


def _stale_faults(desk: Desk, work: Working, row: int) -> list[_Fault]:
    """Return the fault of items that no longer follow from changed weights.

    Only where the analysis' unrounded items are the plain share of the weight can a formula tell.
    """
    if not math.isclose(work.share.quota, work.line.quota, rel_tol=0, abs_tol=TOLERANCE):
        return []
    grid, quota = desk.grids["Blueprint"], desk.grids["Calculation"].far("quota", work.step)
    return [_Fault(f"ABS({quota}-{grid.at('quota', row)})>0.000001", "weights changed, items not", False)]


def form_checks(desk: Desk) -> tuple[Check, ...]:
    """Return the checks of the whole form, in the order shown."""
    return (_weights_check(desk), _items_check(desk), _lines_check(desk), _room_check(desk))


def _weights_check(desk: Desk) -> Check:
    calculation = desk.grids["Calculation"]
    total = f'SUMIF({calculation.far_span("level")},"Domain",{calculation.far_span("used")})'
    now = sum(w.used_weight for w in desk.lines if w.line.level == DOMAIN)
    return Check(
        "Weights of the domains in use sum to 100\N{NO-BREAK SPACE}%",
        Formula("=" + total, now),
        "percent",
        _verdict(f"ABS({total}-1)<={WEIGHT_TOLERANCE}", "they do not", abs(now - 1) <= 1e-6),
    )


def _items_check(desk: Desk) -> Check:
    grid = desk.grids["Blueprint"]
    total = f'SUMIF({grid.span("level")},"Domain",{grid.span("items")})'
    now = sum(w.line.items for w in desk.lines if w.line.level == DOMAIN)
    return Check(
        "Items of the domains sum to the form length",
        Formula("=" + total, now),
        "whole",
        _verdict(f"{total}=Form_length", "they do not", now == desk.book.items),
    )


def _lines_check(desk: Desk) -> Check:
    span = desk.grids["Blueprint"].span("check")
    failing = f'SUMPRODUCT(--(LEFT({span},1)="✗"))'
    now = sum(str(_answer(line_check(desk, i))).startswith("✗") for i in range(len(desk.lines)))
    return Check(
        "Every line holds: min ≤ items ≤ max, subdomains add up",
        Formula("=" + failing, now),
        "whole",
        _verdict(f"{failing}=0", "see column Check", now == 0),
    )


def _room_check(desk: Desk) -> Check:
    """Return the check that the limits of the domains can be met at all."""
    grid, book = desk.grids["Blueprint"], desk.book
    domains = [w.line for w in desk.lines if w.line.level == DOMAIN]
    levels, low, high = grid.span("level"), grid.span("minimum"), grid.span("maximum")
    minima = f'SUMIF({levels},"Domain",{low})'
    open_ended = f'SUMPRODUCT(--({levels}="Domain"),--ISNUMBER({high}))<{len(domains)}'
    lowest = sum(line.minimum or 0 for line in domains)
    highest = [line.maximum for line in domains if line.maximum is not None]
    fits = lowest <= book.items and (len(highest) < len(domains) or sum(highest) >= book.items)
    return Check(
        "Min and max items of the domains leave room for the form",
        Formula("=" + minima, lowest),
        "whole",
        _verdict(
            f'AND({minima}<=Form_length,OR({open_ended},SUMIF({levels},"Domain",{high})>=Form_length))',
            "they do not",
            fits,
        ),
    )


def _verdict(condition: str, fault: str, holds: bool) -> Formula:
    return Formula(f'=IF({condition},"{HOLDS}","✗ {fault}")', HOLDS if holds else f"✗ {fault}")


def _answer(value: Value) -> object:
    return value.cached if isinstance(value, Formula) else value


def count_failing(desk: Desk) -> int:
    """Return how many checks of the form fail now."""
    return sum(str(check.result.cached).startswith("✗") for check in form_checks(desk))


def headline(desk: Desk) -> Formula:
    """Return the one sentence above the table that sums up all checks."""
    failing = count_failing(desk)
    good = f"✓ All {len(form_checks(desk))} checks hold"
    bad = "✗ Checks that fail, see below the table: "
    return Formula(f'=IF(Checks_failed=0,"{good}","{bad}"&Checks_failed)', good if failing == 0 else f"{bad}{failing}")
