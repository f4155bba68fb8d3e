"""The method laboratory: weights and items by every method side by side, and how sure the items are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.allocation_divisor import allocate_many, controlled_rounding
from analysis.bootstrap import usable
from analysis.criticality import METHODS
from analysis.plan import AnalysisPlan
from analysis.tasks import Floats
from analysis.weights import Units, shares, unit_sums

COMPARISON = [
    *("level", "method", "unit", "weight", "rank", "items", "chosen"),
    *("weight_change", "rank_change", "items_change", "note"),
]
ITEMS = ["level", "method", "unit", "total", "estimate", "boot_mean", "perc_low", "perc_high", "share_same", "R"]


def panel_shares(plan: AnalysisPlan, domains: Units) -> Floats | None:
    """Return the panel's weight of each domain, summing to 1, or ``None`` where the plan gives none."""
    points = dict(plan.panel_weights)
    found = np.array([points.get(code, 0.0) for code in domains.codes])
    return found / found.sum() if found.sum() > 0 else None


def method_comparison(
    methods: Mapping[str, Floats], levels: Sequence[Units], plan: AnalysisPlan, index: str
) -> pd.DataFrame:
    """Return weights, ranks and items of every unit by every method, beside the chosen method.

    Parameters
    ----------
    methods : mapping of ndarray of shape (T,)
        Task index by method, all tasks.
    index : str
        The plan's task index; its method is the chosen one.

    Returns
    -------
    DataFrame
        `COMPARISON`; changes are against the chosen method. Where the plan gives the panel's points,
        domains have the methods ``panel`` and ``blend`` too. Ranks: 1 = largest, ties the earlier.
    """
    parts = []
    for units in levels:
        weights = {name: shares(unit_sums(basis, units, plan.within)) for name, basis in methods.items()}
        chosen = METHODS[index]
        panel = panel_shares(plan, units) if units.level == "domain" else None
        if panel is not None:
            weights |= {"panel": panel, "blend": plan.survey_share * weights[chosen] + (1 - plan.survey_share) * panel}
            chosen = {"survey": chosen}.get(plan.weights_from, plan.weights_from)
        base = _placed(weights[chosen], plan)
        for name, weight in weights.items():
            parts.append(_compared(units, name, _placed(weight, plan), base).assign(chosen=_yes(name == chosen)))
    table = pd.concat(parts, ignore_index=True)[COMPARISON] if parts else pd.DataFrame(columns=COMPARISON)
    return table.astype(dict.fromkeys(("rank", "items", "rank_change", "items_change"), "Int64"))


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def _placed(weight: Floats, plan: AnalysisPlan) -> pd.DataFrame:
    """Weight, rank and items of one method; all missing where there are no weights."""
    if np.isnan(weight).any():
        nothing = pd.array([None] * len(weight), dtype="Int64")
        return pd.DataFrame({"weight": weight, "rank": nothing, "items": nothing})
    rank = np.empty(len(weight), dtype=np.int64)
    rank[np.argsort(-np.round(weight, 12), kind="stable")] = np.arange(1, len(weight) + 1)
    items = allocate_many(plan.apportionment, weight[None, :], plan.items)[0]
    return pd.DataFrame({"weight": weight, "rank": pd.array(rank), "items": pd.array(items)})


def _compared(units: Units, method: str, found: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    note = "the index gives no weights here" if found["weight"].isna().any() else ""
    columns: dict[str, Any] = {"level": units.level, "method": method, "unit": list(units.codes), "note": note}
    changes = {f"{name}_change": found[name] - base[name] for name in ("weight", "rank", "items")}
    return found.assign(**columns, **changes)


def bootstrap_items(
    methods: Mapping[str, Floats], resampled: Mapping[str, Floats], levels: Sequence[Units], plan: AnalysisPlan
) -> pd.DataFrame:
    """Return how far the whole items of each unit would move with other respondents.

    Parameters
    ----------
    methods : mapping of ndarray of shape (T,)
    resampled : mapping of ndarray of shape (B, T)

    Returns
    -------
    DataFrame
        `ITEMS`. Each resample is apportioned by the plan's rule, without minima and maxima; limits are
        the percentiles of the whole items (rounded outward to whole items); ``share_same`` is the share
        of resamples with the items of the estimate.
    """
    parts = []
    tail = (1 - plan.confidence) / 2
    for units in levels:
        for name, basis in resampled.items():
            row: dict[str, Any] = {"level": units.level, "method": name, "unit": list(units.codes), "total": plan.items}
            weight = shares(unit_sums(methods[name], units, plan.within))
            drawn = usable(shares(unit_sums(basis, units, plan.within)))
            if np.isnan(weight).any() or len(drawn) < 2:
                parts.append(pd.DataFrame({**row, "R": len(drawn)}).reindex(columns=ITEMS))
                continue
            estimate = allocate_many(plan.apportionment, weight[None, :], plan.items)[0]
            items = allocate_many(plan.apportionment, drawn, plan.items)
            low, high = np.quantile(items, [tail, 1 - tail], axis=0, method="weibull")
            row |= {"estimate": estimate, "boot_mean": items.mean(axis=0), "R": len(drawn)}
            row |= {"perc_low": np.floor(low), "perc_high": np.ceil(high)}
            parts.append(pd.DataFrame({**row, "share_same": (items == estimate).mean(axis=0)}))
    table = pd.concat(parts, ignore_index=True)[ITEMS] if parts else pd.DataFrame(columns=ITEMS)
    return table.astype({"estimate": "Int64", "perc_low": "Int64", "perc_high": "Int64"})


def two_way_blueprint(blueprint: pd.DataFrame, plan: AnalysisPlan) -> pd.DataFrame:
    """Return the items of each domain and cognitive level; rows and columns add up.

    Parameters
    ----------
    blueprint : DataFrame
        From `analysis.blueprint.build_blueprint`.
    """
    domains = blueprint[(blueprint["level"] == "domain") & blueprint["items"].notna()]
    codes, parts = zip(*plan.cognitive_levels, strict=True)
    quotas, items = controlled_rounding(domains["items"].astype(int).tolist(), parts)
    units = domains["unit"].tolist()
    return pd.DataFrame(
        {
            "unit": np.repeat(np.array(units, dtype=object), len(codes)),
            "cognitive_level": list(codes) * len(units),
            "quota": quotas.ravel(),
            "items": items.ravel(),
        }
    )
