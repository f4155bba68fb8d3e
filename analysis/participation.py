"""Who took part, and how many more responses would settle the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.agreement_counts import Flags
from analysis.plan import AnalysisPlan
from analysis.precision import responses_still_needed
from analysis.tables_study import StudyView

PARTICIPATION = ["variable", "level", "n", "n_rated", "share", "population", "population_share", "response_share"]


def population_size(data_population: pd.DataFrame | None) -> float | None:
    """Return N, the sum of the counts of the first variable of the population table, or ``None``."""
    if data_population is None or data_population.empty:
        return None
    first = data_population[data_population["variable"] == data_population["variable"].iloc[0]]
    total = float(pd.to_numeric(first["count"], errors="coerce").sum(skipna=False))
    return total if np.isfinite(total) and total > 0 else None


def respondents_rated(view: StudyView) -> Flags:
    """Return who gave at least one rating, shape (R,)."""
    rated: Flags = np.zeros(len(view.respondent_ids), dtype=bool)
    for scale in view.scales.values():
        rated |= scale.codes.any(axis=1)
    return rated


def participation(view: StudyView) -> pd.DataFrame:
    """Return respondents by group beside the population.

    Returns
    -------
    DataFrame
        `PARTICIPATION`; the first row is everybody (``variable`` "all"). ``share`` is of the
        respondents whose level is known, ``response_share`` n_rated / population.
    """
    rated = respondents_rated(view)
    known = {margin.margin.name: margin for margin in view.margins}
    rows = [
        _row(("all", "everybody"), (len(rated), int(rated.sum())), len(rated), population_size(view.data.population))
    ]
    for grouping in view.groupings:
        margin = known.get(grouping.name)
        counts: dict[str, float] = {}
        if margin is not None:
            counts = dict(zip(margin.levels, margin.margin.counts.tolist(), strict=True))
        total = sum(counts.values())
        answered = int((grouping.level_of >= 0).sum())
        for place, level in enumerate(grouping.levels):
            here = grouping.level_of == place
            size = (int(here.sum()), int((here & rated).sum()))
            row = _row((grouping.name, level), size, answered, counts.get(level))
            rows.append(row | {"population_share": counts[level] / total if level in counts and total else np.nan})
    return pd.DataFrame(rows)[PARTICIPATION]


def _row(place: tuple[str, str], size: tuple[int, int], whole: int, population: float | None) -> dict[str, Any]:
    n, rated = size
    return {
        "variable": place[0],
        "level": place[1],
        "n": n,
        "n_rated": rated,
        "share": n / whole if whole else np.nan,
        "population": np.nan if population is None else population,
        "population_share": np.nan,
        "response_share": rated / population if population else np.nan,
    }


def precision_forecast(blueprint: pd.DataFrame, view: StudyView, plan: AnalysisPlan) -> pd.DataFrame:
    """Return how many more responses would narrow each weight's interval to the width the plan wants.

    The half width shrinks by sqrt(1/n - 1/N) where the population is known, else by sqrt(1/n); later
    respondents are supposed to answer as the earlier ones.

    Parameters
    ----------
    blueprint : DataFrame
        From `analysis.blueprint.build_blueprint`, with intervals.

    Returns
    -------
    DataFrame
        ``level, unit, weight, half_width, items_half_width, wanted, n, population, still_needed, note``.
    """
    n, size = int(respondents_rated(view).sum()), population_size(view.data.population)
    rows = []
    for row in blueprint.to_dict("records"):
        half = (row["ci_high"] - row["ci_low"]) / 2
        found: dict[str, Any] = {"level": row["level"], "unit": row["unit"], "weight": row["weight"]}
        found |= {"half_width": half, "items_half_width": half * plan.items, "wanted": plan.precision_wanted, "n": n}
        found |= {"population": np.nan if size is None else size, "still_needed": None, "note": ""}
        if np.isnan(half):
            found["note"] = "no interval to go by"
        else:
            needed = responses_still_needed(n, half, plan.precision_wanted, size) if n else None
            found["still_needed"] = needed
            found["note"] = "" if needed is not None else "everybody answered, or more than the population holds"
        rows.append(found)
    return pd.DataFrame(rows).astype({"still_needed": "Int64"})
