"""The tables of weights and items over all tasks, named and defined as in DEFINITIONS.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.allocation import allocate_items, largest_remainder
from analysis.bootstrap import percentile_interval, usable
from analysis.criticality import INDEX_FUNCTIONS, METHODS, TaskSums
from analysis.frames import DOMAIN, SUBDOMAIN, TASK
from analysis.tasks import Floats
from analysis.weights import Units, shares, unit_sums, unit_weights

STANDARD_TOTALS = (100, 125, 150)
# The tables fix this minimum; the plan's own minima act on the blueprint.
TABLE_MINIMUM = 5


def index_methods(sums: TaskSums) -> dict[str, Floats]:
    """Return each index that the sums allow under its name in the tables, shape (..., T)."""
    names = INDEX_FUNCTIONS if sums.product is not None else ["importance"]
    return {METHODS[name]: INDEX_FUNCTIONS[name](sums) for name in names}


def task_weight_basis(tasks: pd.DataFrame, methods: Mapping[str, Floats]) -> pd.DataFrame:
    """Return the index of each task by each method; NaN, which counts 0 in weights, without ratings."""
    return tasks.loc[:, [TASK, DOMAIN, SUBDOMAIN]].assign(**methods)


def domain_weights(methods: Mapping[str, Floats], levels: Sequence[Units]) -> pd.DataFrame:
    """Return the weight of each domain and subdomain by each method: the sum over its tasks, whatever the plan says.

    Returns
    -------
    DataFrame
        ``level, method, unit, n_tasks, raw_sum, weight``; weights of one level and method sum to 1.
    """
    parts = [unit_weights(basis, units).assign(method=method) for units in levels for method, basis in methods.items()]
    columns = ["level", "method", "unit", "n_tasks", "raw_sum", "weight"]
    return pd.concat(parts, ignore_index=True)[columns]


def allocation_totals(items: int, extra: Iterable[int] = ()) -> list[int]:
    """Return the exam lengths to allocate, in ascending order: 100, 125, 150 and those of the plan."""
    return sorted({*STANDARD_TOTALS, items, *extra})


def allocation(weights: pd.DataFrame, totals: Sequence[int]) -> pd.DataFrame:
    """Return the items of each unit for each method and total.

    Parameters
    ----------
    weights : DataFrame
        As `domain_weights` returns it.

    Returns
    -------
    DataFrame
        ``level, method, total, unit, quota`` (unrounded), ``items_lr`` (largest remainder) and
        ``items_lr_min5`` (no unit below 5; missing where the total is too small). Ties go to the
        earlier unit. All three are missing where there are no weights.
    """
    rows: list[dict[str, Any]] = []
    for (level, method), group in weights.groupby(["level", "method"], sort=False):
        for total in totals:
            allocated = _allocate(group["weight"].tolist(), total)
            for unit, quota, items, items_min in zip(group["unit"], *allocated, strict=True):
                row = {"level": level, "method": method, "total": total, "unit": unit}
                rows.append({**row, "quota": quota, "items_lr": items, "items_lr_min5": items_min})
    columns = ["level", "method", "total", "unit", "quota", "items_lr", "items_lr_min5"]
    return pd.DataFrame(rows, columns=columns).astype({"items_lr": "Int64", "items_lr_min5": "Int64"})


def _allocate(weights: list[float], total: int) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    nothing = [None] * len(weights)
    if any(np.isnan(weights)):
        return nothing, nothing, nothing
    plain = largest_remainder(weights, total)
    if TABLE_MINIMUM * len(weights) > total:
        return plain.quotas, plain.items, nothing
    raised = allocate_items(weights, total, minimum=[TABLE_MINIMUM] * len(weights))
    return plain.quotas, plain.items, raised.items


def bootstrap_weights(
    methods: Mapping[str, Floats],
    resampled: Mapping[str, Floats],
    levels: Sequence[Units],
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the bootstrap interval of each unit's weight by each method.

    Parameters
    ----------
    methods : mapping of ndarray of shape (T,)
    resampled : mapping of ndarray of shape (B, T)
        The same methods over the resamples.

    Returns
    -------
    DataFrame
        ``level, method, unit, estimate, boot_mean, boot_se, perc_low, perc_high, R`` (resamples in
        which the weights are defined); limits missing with fewer than two, and where there is no estimate.
    """
    parts = []
    for units in levels:
        for method, basis in resampled.items():
            estimate = shares(unit_sums(methods[method], units))
            replicates = shares(unit_sums(basis, units))
            if np.isnan(estimate).any():
                # The few resamples that happen to give weights say nothing of a weight that is not there.
                replicates = np.full_like(replicates, np.nan)
            row = {"level": units.level, "method": method, "unit": list(units.codes), "estimate": estimate}
            parts.append(pd.DataFrame({**row, **interval_columns(replicates, confidence)}))
    columns = ["level", "method", "unit", "estimate", "boot_mean", "boot_se", "perc_low", "perc_high", "R"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def interval_columns(replicates: Floats, confidence: float) -> dict[str, Any]:
    """Return mean, SE and percentile limits of resampled weights, shape (B, units)."""
    kept = usable(replicates)
    low, high = percentile_interval(replicates, confidence)
    enough = len(kept) >= 2
    nothing = np.full(replicates.shape[1], np.nan)
    return {
        "boot_mean": kept.mean(axis=0) if enough else nothing,
        "boot_se": kept.std(axis=0, ddof=1) if enough else nothing,
        "perc_low": low,
        "perc_high": high,
        "R": len(kept),
    }
