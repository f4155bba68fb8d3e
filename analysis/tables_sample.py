"""Tables of representativeness, raking, weighted means and weighted domain weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from analysis.agreement_counts import Floats, Ints
from analysis.bases import WeightedMeans, weighted_bases, weighted_task_means
from analysis.bases_kane import kane_log_of_parts
from analysis.plan import AnalysisPlan
from analysis.sample import representativeness
from analysis.subgroups_tests import holm
from analysis.tables_study import ScaleView, StudyView, log_product_parts
from analysis.weighting import Margin, Raking, collapse_small_levels, rake, weight_summary
from analysis.weighting_means import margin_dummies, weighted_means
from analysis.weights import has_every_subdomain, unit_weights, units_of

RAKED = ("rake_weights", "weighted_means", "domain_weights_raked")
_TASKS = 16  # columns turned into floats at a time
MEANS = {
    "n": "n", "weighted_mean": "mean", "se_fixed_weights": "se_fixed_weights",
    "se_fixed_weights_fpc": "se_fixed_weights_fpc", "se_raked": "se_raked", "se_raked_fpc": "se_raked_fpc",
}  # fmt: skip


def representativeness_tables(view: StudyView) -> dict[str, pd.DataFrame]:
    """Tables ``representativeness`` and ``representativeness_cells``.

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    dict of DataFrame
        Empty, with reasons left out, without a population table. ``n_unknown`` counts respondents
        whose level is missing or not in the population table.
    """
    if not view.margins:
        reason = "The study has no population table with a variable that respondents have."
        view.left_out.update(dict.fromkeys(("representativeness", "representativeness_cells"), reason))
        return {}
    rows, cells = [], []
    for known in view.margins:
        margin, shares = known.margin, known.shares
        observed = margin.sample_counts()
        found = representativeness(observed.astype(float), shares)
        unknown = int((margin.level_of < 0).sum())
        numbers = {name: getattr(found, name) for name in ("n", "chi2", "df", "p", "cohens_w")}
        rows.append({"variable": margin.name, **numbers, "n_unknown": unknown, "note": found.reason})
        columns = {"level": known.levels, "population_share": shares, "observed": observed}
        columns |= {"expected": found.expected, "std_residual": found.std_residual}
        cells.append(pd.DataFrame({"variable": margin.name, **columns}))
    table = pd.DataFrame(rows)
    table.insert(6, "p_holm", holm(table["p"].to_numpy(dtype=float)))
    return {"representativeness": table, "representativeness_cells": pd.concat(cells, ignore_index=True)}


def _collapsed(view: StudyView, minimum: int) -> tuple[list[Margin], dict[str, list[str]]]:
    """Return the margins with small levels merged, and the merged levels of each variable."""
    found = [(known, *collapse_small_levels(known.margin, known.levels, minimum)) for known in view.margins]
    merged = {known.margin.name: [label for label in labels if label not in known.levels] for known, _, labels in found}
    return [margin for _, margin, _ in found], {name: labels for name, labels in merged.items() if labels}


def _rake(view: StudyView, plan: AnalysisPlan, margins: list[Margin]) -> Raking | None:
    n = len(view.respondent_ids)
    trim = None if plan.trim_low is None or plan.trim_high is None else (plan.trim_low, plan.trim_high)
    if plan.raking == "off":
        reason = "The plan asks for no raking."
    elif not margins:
        reason = "The study has no population table with a variable that respondents have."
    elif any(np.isnan(margin.counts).any() for margin in margins):
        reason = "The population table lacks a count."
    else:
        raking = rake(margins, n, trim)
        if not raking.reason:
            return raking
        reason = f"No weights: {raking.reason}."
    view.left_out.update(dict.fromkeys((*RAKED, "rake_summary"), reason))
    return None


def raking_tables(view: StudyView, plan: AnalysisPlan) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, Any]]]:
    """Tables ``rake_weights``, ``weighted_means``, ``domain_weights_raked``; document ``rake_summary``.

    Parameters
    ----------
    view : StudyView
    plan : AnalysisPlan
        Whether to rake, and the limits of trimming.

    Returns
    -------
    (dict of DataFrame, dict of dict)
        Nothing, with the reason left out, where the population cannot be matched.
    """
    margins, merged = _collapsed(view, plan.raking_minimum)
    raking = _rake(view, plan, margins)
    if raking is None:
        return {}, {}
    w = raking.weights
    weights = {"respondent_id": view.respondent_ids, "weight_population": w, "weight_mean1": w / w.mean()}
    tables = {"rake_weights": pd.DataFrame(weights)}
    basis, total = margin_dummies(margins, len(w)), float(margins[0].counts.sum())
    means = [_means(view, scale, w, basis, total) for scale in view.scales.values()]
    tables["weighted_means"] = pd.concat(means, ignore_index=True)
    return tables | _domain_weights(view, w / w.mean()), {
        "rake_summary": _summary(raking, margins, total) | {"merged_levels": merged}
    }


def _summary(raking: Raking, margins: Sequence[Margin], total: float) -> dict[str, Any]:
    found = weight_summary(raking.weights)
    return {
        "variables": [margin.name for margin in margins],
        "population_N": total,
        "n": found.n,
        "sum_weights_population": found.sum_weights,
        "min_mean1": found.min_mean1,
        "max_mean1": found.max_mean1,
        "sd_mean1": None if np.isnan(found.sd_mean1) else found.sd_mean1,
        "kish_deff": found.kish_deff,
        "kish_n_eff": found.kish_n_eff,
        "max_margin_relative_error": raking.max_error,
        "cycles": raking.cycles,
        "trimmed": raking.trimmed,
    }


def _blocks(view: StudyView) -> list[Ints]:
    """Positions of the tasks, some at a time."""
    n = len(view.task_ids)
    return [np.arange(s, min(s + _TASKS, n), dtype=np.int64) for s in range(0, n, _TASKS)]


def _means(view: StudyView, scale: ScaleView, w: Floats, basis: Floats, total: float) -> pd.DataFrame:
    parts = []
    for tasks in _blocks(view):
        found = weighted_means(scale.numbers(None, tasks), w, basis, total)
        parts.append(pd.DataFrame({name: getattr(found, attribute) for name, attribute in MEANS.items()}))
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "scale", scale.code)
    table.insert(1, "task_id", view.task_ids)
    return table


def _domain_weights(view: StudyView, w: Floats) -> dict[str, pd.DataFrame]:
    if view.choices.importance is None or view.frequency is None:
        view.left_out["domain_weights_raked"] = "Needs an importance and a frequency scale."
        return {}
    importance, frequency = view.scales[view.choices.importance], view.frequency
    effects = kane_log_of_parts(log_product_parts(importance, frequency), len(view.task_ids), w)
    means = [
        weighted_task_means(importance.numbers(None, tasks), frequency.numbers(None, tasks), w)
        for tasks in _blocks(view)
    ]
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in means]) for f in fields(WeightedMeans)}
    bases = weighted_bases(WeightedMeans(**joined), effects)
    levels = ["domain", "subdomain"] if has_every_subdomain(view.data.tasks) else ["domain"]
    parts = [
        unit_weights(basis, units_of(view.data.tasks, level)).assign(method=method)
        for level in levels
        for method, basis in bases.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return {"domain_weights_raked": table[["level", "method", "unit", "n_tasks", "weight"]]}
