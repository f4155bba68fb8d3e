"""What each choice moves: the blueprint with one option or one exclusion rule changed at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.agreement_counts import Flags, Floats
from analysis.choices import Choices
from analysis.criticality import METHODS
from analysis.errors import AnalysisError
from analysis.outcome import Outcome, outcome
from analysis.plan import INDICES, AnalysisPlan
from analysis.ratings import StudyData
from analysis.retention import apply_retention, study_criteria
from analysis.weights import units_of

COLUMNS = [
    *("option", "plan_value", "value", "unit", "weight", "weight_change", "items", "items_change"),
    *("items_moved", "tasks_retained", "n_respondents", "note"),
]
SHIFTS = (-0.5, -0.25, 0.25, 0.5)
STEPS = {"mean": 1.0, "lower_bound": 1.0, "performing": 0.2, "at_or_above": 0.2}
SWITCHES = {
    "within": ("sum", "mean"),
    "non_performers": ("zero", "missing"),
    "review_tasks": ("keep", "drop"),
    "apportionment": ("largest_remainder", "sainte_lague"),
    "weights_from": ("survey", "panel", "blend"),
}


@dataclass(frozen=True)
class _Variant:
    option: str
    plan_value: str
    value: str
    found: Outcome


def sensitivity(
    data: StudyData,
    plan: AnalysisPlan,
    choices: Choices,
    bases: Mapping[str, Floats],
    persons: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return weights and items of the domains with each option, and each exclusion rule, changed alone.

    Parameters
    ----------
    bases : mapping of ndarray of shape (T,)
        Task indices by method.
    persons : DataFrame of R rows, optional
        The table ``person_quality``; without it no exclusion rule is tried.

    Returns
    -------
    DataFrame
        `COLUMNS`, a row for each change and domain; the first rows are the plan itself. Changes are
        against the plan. ``items_moved`` is half the sum of absolute changes. A change that leaves no
        blueprint has empty cells and a note.
    """
    base = _try(data, plan, bases)
    variants = [_Variant("plan", "", "", base), *_options(data, plan, choices, bases)]
    if persons is not None:
        variants += _exclusions(data, plan, persons)
    domains = units_of(data.tasks, "domain").codes
    table = pd.concat([_rows(variant, base, domains) for variant in variants], ignore_index=True)
    return table[COLUMNS].astype(dict.fromkeys(("items", "items_change", "items_moved"), "Int64"))


def _try(data: StudyData, plan: AnalysisPlan, bases: Mapping[str, Floats]) -> Outcome:
    try:
        return outcome(data, plan, bases)
    except AnalysisError as error:
        size = len(units_of(data.tasks, "domain").codes)
        nothing = np.zeros(len(data.tasks), dtype=bool)
        return Outcome(np.full(size, np.nan), None, nothing, len(data.respondent_ids), str(error))


def _options(data: StudyData, plan: AnalysisPlan, choices: Choices, bases: Mapping[str, Floats]) -> Iterator[_Variant]:
    others = [index for index in INDICES if index != choices.index and METHODS[index] in bases]
    for index in others:
        yield _Variant("index", str(choices.index), index, _try(data, replace(plan, index=index), bases))
    for name, values in SWITCHES.items():
        now = getattr(plan, name)
        for value in values:
            if value != now and _matters(name, plan):
                changed: Any = {name: value}
                # Indices of other options' data do not hold with non-performers counted otherwise.
                kept = {} if name == "non_performers" else bases
                yield _Variant(name, str(now), value, _try(data, replace(plan, **changed), kept))
    yield from _cuts(data, plan, bases)


def _matters(name: str, plan: AnalysisPlan) -> bool:
    """Whether an option can move anything under a plan."""
    return bool({"weights_from": plan.panel_weights, "review_tasks": plan.retention}.get(name, True))


def _cuts(data: StudyData, plan: AnalysisPlan, bases: Mapping[str, Floats]) -> Iterator[_Variant]:
    for place, cut in enumerate(plan.retention):
        for shift in (-0.25, 0.25):
            moved = _shifted(plan, place, shift)
            name = f"retention {place + 1}: {cut.measure}"
            yield _Variant(name, f"{cut.cut:g}", f"{moved.retention[place].cut:g}", _try(data, moved, bases))
    if plan.retention:
        yield _Variant("retention", "the plan's rule", "no rule", _try(data, replace(plan, retention=()), bases))


def _shifted(plan: AnalysisPlan, place: int, shift: float) -> AnalysisPlan:
    """Move one cut, and its review limit, by a shift; shares by a fifth of it, within 0 to 1."""
    cut = plan.retention[place]
    by = shift * STEPS[cut.measure]
    value, review = cut.cut + by, None if cut.review is None else cut.review + by
    if cut.measure in ("performing", "at_or_above"):
        value = min(max(value, 0.0), 1.0)
        review = None if review is None else min(max(review, 0.0), value)
    cuts = list(plan.retention)
    cuts[place] = replace(cut, cut=value, review=review)
    return replace(plan, retention=tuple(cuts))


def exclusion_rules(persons: pd.DataFrame, plan: AnalysisPlan) -> dict[str, tuple[str, Flags]]:
    """Return who each screening rule of a plan catches, with its cut in words; NaN is not caught.

    Parameters
    ----------
    persons : DataFrame of R rows
        The table ``person_quality``.
    """
    n = persons["n_importance"].to_numpy(dtype=float)
    asked = np.maximum(persons["n_importance_asked"].to_numpy(dtype=float), 1)
    run = persons["longstring_importance"].to_numpy(dtype=float) / np.maximum(n, 1)
    caught = {
        "screen_completion": (n / asked < plan.screen_completion, f"below {plan.screen_completion:g} of tasks rated"),
        "screen_seconds": (persons["seconds_per_rating"] < plan.screen_seconds, f"below {plan.screen_seconds:g} s"),
        "screen_run": ((run >= plan.screen_run) & (n >= 10), f"run of {plan.screen_run:g} of the ratings or more"),
        "screen_sd": (persons["irv_importance"] < plan.screen_sd, f"SD below {plan.screen_sd:g}"),
        "screen_person_total": (
            persons["person_total_r"] < plan.screen_person_total,
            f"r below {plan.screen_person_total:g}",
        ),
    }
    found = {name: (words, np.asarray(flags, dtype=bool)) for name, (flags, words) in caught.items()}
    together = np.sum([flags for _, flags in found.values()], axis=0) >= 2
    return found | {"screening": ("two or more flags", together)}


def _exclusions(data: StudyData, plan: AnalysisPlan, persons: pd.DataFrame) -> Iterator[_Variant]:
    for name, (words, flags) in exclusion_rules(persons, plan).items():
        rows = np.flatnonzero(~flags)
        part = replace(
            data,
            matrices={code: matrix.take(rows) for code, matrix in data.matrices.items()},
            respondents=None if data.respondents is None else data.respondents.iloc[rows].reset_index(drop=True),
        )
        yield _Variant(f"exclude by {name}", "nobody", words, _try(part, plan, {}))


def _rows(variant: _Variant, base: Outcome, domains: tuple[str, ...]) -> pd.DataFrame:
    found = variant.found
    rows: dict[str, Any] = {"option": variant.option, "plan_value": variant.plan_value, "value": variant.value}
    rows |= {"unit": list(domains), "weight": found.weights, "weight_change": found.weights - base.weights}
    change, moved = None, None
    if found.items is not None and base.items is not None:
        change = np.subtract(found.items, base.items).tolist()
        moved = sum(map(abs, change)) // 2
    nothing = [None] * len(domains)
    rows |= {
        "items": pd.array(nothing if found.items is None else list(found.items), dtype="Int64"),
        "items_change": pd.array(change or nothing, dtype="Int64"),
        "items_moved": pd.array([moved] * len(domains), dtype="Int64"),
    }
    rows |= {"tasks_retained": int(found.kept.sum()), "n_respondents": found.n, "note": found.reason}
    return pd.DataFrame(rows)


def retention_sensitivity(data: StudyData, plan: AnalysisPlan, choices: Choices) -> pd.DataFrame:
    """Return how many tasks change class when a cut of the retention rule moves.

    Means move by a quarter and a half of a scale point, shares by 5 and 10 points in a hundred; a review
    limit moves with its cut.

    Returns
    -------
    DataFrame
        ``cut_number, measure, shift, cut, keep, review, drop, changed, tasks`` (those that change).
    """
    names = data.task_ids.tolist()

    def decide(changed: AnalysisPlan) -> pd.DataFrame:
        return apply_retention(study_criteria(choices, changed, data.respondents), names, plan.retention_combine)

    base = decide(plan)["decision"]
    rows = []
    for place, cut in enumerate(plan.retention):
        for shift in (*SHIFTS[:2], 0.0, *SHIFTS[2:]):
            moved = _shifted(plan, place, shift)
            decisions = decide(moved)["decision"]
            different = [name for name, a, b in zip(names, base, decisions, strict=True) if a != b]
            counts = {word: int((decisions == word).sum()) for word in ("keep", "review", "drop")}
            place_of = {"cut_number": place + 1, "measure": cut.measure, "shift": shift * STEPS[cut.measure]}
            rows.append(
                {
                    **place_of,
                    "cut": moved.retention[place].cut,
                    **counts,
                    "changed": len(different),
                    "tasks": " ".join(different),
                }
            )
    return pd.DataFrame(rows)
