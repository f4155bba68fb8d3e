"""The blueprint: weights and whole items of the retained tasks, domains first, then within each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.allocation import Allocation, Tie
from analysis.allocation_divisor import apportion
from analysis.bootstrap import percentile_interval
from analysis.errors import PlanError, shown
from analysis.plan import AnalysisPlan
from analysis.tasks import Floats
from analysis.weights import Units, names_of, shares, unit_sums

COLUMNS = [
    *("level", "unit", "name", "parent", "n_tasks", "n_retained", "raw_sum", "weight", "ci_low", "ci_high"),
    *("quota", "items", "minimum", "maximum", "note"),
]
NOTES = {
    "minimum": "at its minimum",
    "maximum": "at its maximum",
    "rest": "shares what units at a minimum or maximum left",
}


@dataclass(frozen=True)
class Retained:
    """The index of the tasks and which of them the blueprint is made of.

    Parameters
    ----------
    basis : ndarray of shape (T,)
        Task index; NaN counts 0.
    resampled : ndarray of shape (B, T)
        The same in each resample; B may be 0.
    exact : list of Fraction
        The index as exact fractions, to tell true ties.
    kept : ndarray of shape (T,), bool
    """

    basis: Floats
    resampled: Floats
    exact: list[Fraction]
    kept: npt.NDArray[np.bool_]


def build_blueprint(
    tasks: pd.DataFrame, levels: Sequence[Units], index: Retained, plan: AnalysisPlan
) -> tuple[pd.DataFrame, list[str]]:
    """Return the blueprint and what is to be said about it.

    A domain's weight is its share of the index of all retained tasks; items go to domains first, with
    the plan's minima and maxima, then each domain's whole items to its subdomains. A subdomain's weight
    is its domain's weight times its share within the domain. A domain without a retained task gets no
    items. Intervals resample respondents; which tasks are retained stays fixed.

    Returns
    -------
    DataFrame
        `COLUMNS`, a row for each domain, then for each subdomain. ``quota`` is the unrounded number of
        items: of the exam for a domain, of its domain's items for a subdomain.
    list of str
        Ties met and minima not applied.

    Raises
    ------
    PlanError
        If the plan bounds a domain that the study lacks.
    AllocationError
        If the bounds cannot be met.
    """
    domains = levels[0]
    low, high = _domain_bounds(domains, plan)
    empty = domains.n_tasks(index.kept) == 0
    said = [
        f"Domain {domains.codes[d]!r} has no retained task: it gets no items, its minimum is not applied."
        for d in np.flatnonzero(empty)
        if low[d]
    ]
    low = [0 if none else bound for none, bound in zip(empty, low, strict=True)]
    most = [0 if none else bound for none, bound in zip(empty, high, strict=True)]
    part = apportion(plan.apportionment, _exact_sums(domains, index, plan), plan.items, minimum=low, maximum=most)
    said += [_tie_in_words(tie, domains.codes, plan.apportionment) for tie in part.ties]
    table = _frame(tasks, domains, index, plan).assign(quota=part.quotas, items=part.items)
    table = table.assign(
        minimum=low,
        maximum=pd.array(high, dtype="Int64"),
        note=["" if none else NOTES.get(note or "", "") for none, note in zip(empty, part.notes, strict=True)],
    )
    parts = [table]
    for units in levels[1:]:
        parts.append(_subdomains(tasks, units, index, plan, (table, domains)))
        said += parts[-1].attrs["ties"]
    whole = pd.concat([part.reindex(columns=COLUMNS) for part in parts], ignore_index=True)
    return whole.astype({name: "Int64" for name in ("items", "minimum", "maximum")}), said


def _domain_bounds(domains: Units, plan: AnalysisPlan) -> tuple[list[int], list[int | None]]:
    lowest, highest = dict(plan.domain_minimum), dict(plan.domain_maximum)
    if unknown := sorted({*lowest, *highest} - set(domains.codes)):
        raise PlanError(f"The plan bounds the domain(s) {shown(unknown)}, which the study does not have.")
    low = [max(plan.minimum_items, lowest.get(code, 0)) for code in domains.codes]
    return low, [highest.get(code) for code in domains.codes]


def _exact_sums(units: Units, index: Retained, plan: AnalysisPlan) -> list[Fraction]:
    sums = [Fraction(0)] * len(units.codes)
    for unit, number, kept in zip(units.members, index.exact, index.kept, strict=True):
        sums[unit] += number if kept else 0
    if plan.within == "sum":
        return sums
    return [total / max(1, int(n)) for total, n in zip(sums, units.n_tasks(index.kept), strict=True)]


def _frame(tasks: pd.DataFrame, units: Units, index: Retained, plan: AnalysisPlan) -> pd.DataFrame:
    sums = unit_sums(index.basis, units, plan.within, index.kept)
    replicates = shares(unit_sums(index.resampled, units, plan.within, index.kept))
    low, high = percentile_interval(replicates, plan.confidence)
    return pd.DataFrame(
        {
            "level": units.level,
            "unit": list(units.codes),
            "name": names_of(tasks, units.level, units.codes),
            "parent": "",
            "n_tasks": units.n_tasks(),
            "n_retained": units.n_tasks(index.kept),
            "raw_sum": sums,
            "weight": shares(sums),
            "ci_low": low,
            "ci_high": high,
        }
    )


def _subdomains(
    tasks: pd.DataFrame, units: Units, index: Retained, plan: AnalysisPlan, above: tuple[pd.DataFrame, Units]
) -> pd.DataFrame:
    """Return the rows of the subdomains; the ties met stand in ``attrs``."""
    table, domains = above
    parents = np.array([domains.members[np.flatnonzero(units.members == u)[0]] for u in range(len(units.codes))])
    rows = _frame(tasks, units, index, plan)
    rows["parent"] = [domains.codes[parent] for parent in parents]
    nest = (domains, units, parents)
    rows["weight"] = _nested_shares(index.basis[None, :], nest, plan, index.kept)[0]
    replicates = _nested_shares(index.resampled, nest, plan, index.kept)
    rows["ci_low"], rows["ci_high"] = percentile_interval(replicates, plan.confidence)
    exact = _exact_sums(units, index, plan)
    ties: list[str] = []
    placed: dict[int, tuple[float | None, int | None]] = {}
    for domain, items in enumerate(table["items"]):
        inside = np.flatnonzero(parents == domain).tolist()
        part = _within(domains.codes[domain], ([exact[u] for u in inside], int(items)), plan.apportionment, ties)
        placed |= dict(zip(inside, zip(part.quotas, part.items, strict=True), strict=True))
        ties += [_tie_in_words(tie, [units.codes[u] for u in inside], plan.apportionment) for tie in part.ties]
    rows["quota"] = [placed[unit][0] for unit in range(len(rows))]
    rows["items"] = pd.array([placed[unit][1] for unit in range(len(rows))], dtype="Int64")
    rows["note"] = ""
    rows.attrs["ties"] = ties
    return rows


def _within(domain: str, share: tuple[list[Fraction], int], rule: str, said: list[str]) -> Allocation:
    """Allocate a domain's items within it; a domain without weight has none to place by."""
    weights, items = share
    if any(weights):
        return apportion(rule, weights, items)
    if items:
        said.append(f"The {items} items of domain {domain!r} stand by a minimum: no weight tells where within it.")
    nothing: tuple[Any, ...] = (None if items else 0,) * len(weights)
    return Allocation(nothing, nothing, (None,) * len(weights), ())


def _nested_shares(
    basis: Floats,
    nest: tuple[Units, Units, npt.NDArray[np.intp]],
    plan: AnalysisPlan,
    kept: npt.NDArray[np.bool_],
) -> Floats:
    """Return each subdomain's weight: its domain's weight times its share within, shape (B, subdomains)."""
    domains, units, parents = nest
    inner = unit_sums(basis, units, plan.within, kept)
    membership = (parents[:, None] == np.arange(len(domains.codes))).astype(np.float64)
    whole = (inner @ membership)[:, parents]
    within = np.divide(inner, whole, out=np.zeros_like(inner), where=whole > 0)
    weights: Floats = shares(unit_sums(basis, domains, plan.within, kept))[:, parents] * within
    return weights


def _tie_in_words(tie: Tie, codes: Sequence[str], rule: str) -> str:
    tied, won = [codes[unit] for unit in tie.units], [codes[unit] for unit in tie.winners]
    kind = "exactly equal" if tie.exact else "equal to nine decimals"
    what = "remainders" if rule == "largest_remainder" else "quotients"
    return (
        f"Tie: {shown(tied, limit=20)} have {kind} {what} ({tie.remainder:g}) for {len(won)} item(s); "
        f"by the stated rule the earlier, {shown(won, limit=20)}, got them."
    )
