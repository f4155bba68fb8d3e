"""What each choice moves: the blueprint with one option or one exclusion rule changed at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.agreement_counts import Flags, Floats
from analysis.choices import Choices
from analysis.criticality import TaskSums, sum_ratings
from analysis.errors import AnalysisError
from analysis.outcome import Outcome, outcome
from analysis.plan import AnalysisPlan
from analysis.ratings import StudyData
from analysis.retention import apply_retention, study_criteria
from analysis.sensitivity_options import STEPS, shifted, tries
from analysis.weights import units_of

COLUMNS = [
    *("option", "plan_value", "value", "unit", "weight", "weight_change", "items", "items_change"),
    *("items_moved", "tasks_retained", "n_respondents", "note"),
]
SHIFTS = (-0.5, -0.25, 0.25, 0.5)
# Indices that hold whatever non-performers count as in the others.
FITTED = ("kane_log_performers", "kane_log_x_performing", "rasch_")


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
        against the plan. ``items_moved`` is half the sum of absolute changes, missing for another exam
        length. Indices that do not follow from sums are fitted anew for other respondents and scales, which
        costs a fit each. A change that leaves no
        blueprint has empty cells and a note.
    """
    known = _Known(bases, _sums(choices))
    base = _try(data, plan, known)
    variants = [_Variant("plan", "", "", base), *_options(data, plan, choices, known)]
    if persons is not None:
        variants += _exclusions(data, plan, persons)
    domains = units_of(data.tasks, "domain").codes
    table = pd.concat([_rows(variant, base, domains) for variant in variants], ignore_index=True)
    return table[COLUMNS].astype(dict.fromkeys(("items", "items_change", "items_moved"), "Int64"))


@dataclass(frozen=True)
class _Known:
    """What need not be worked out again: indices by method and sums of the same ratings."""

    bases: Mapping[str, Floats]
    sums: TaskSums | None = None


def _sums(choices: Choices) -> TaskSums | None:
    if choices.importance_matrix is None:
        return None
    return sum_ratings(choices.importance_matrix, choices.frequency_matrix, choices.not_performed)


def _try(data: StudyData, plan: AnalysisPlan, known: _Known) -> Outcome:
    try:
        return outcome(data, plan, known.bases, known.sums)
    except AnalysisError as error:
        size = len(units_of(data.tasks, "domain").codes)
        nothing = np.zeros(len(data.tasks), dtype=bool)
        return Outcome(np.full(size, np.nan), None, nothing, len(data.respondent_ids), str(error))


def _options(data: StudyData, plan: AnalysisPlan, choices: Choices, known: _Known) -> Iterator[_Variant]:
    for trial in tries(plan, choices, known.bases):
        used = known
        if trial.refit:
            used = _Known(_refitted(data, trial.plan))
        elif trial.option == "non_performers":
            same = {method: basis for method, basis in known.bases.items() if method.startswith(FITTED)}
            used = _Known(same | _refitted(data, trial.plan))
        yield _Variant(trial.option, trial.plan_value, trial.value, _try(data, trial.plan, used))


def _refitted(data: StudyData, plan: AnalysisPlan) -> dict[str, Floats]:
    from analysis.refit import refitted  # the core of the analysis does without

    try:
        return refitted(data, plan)
    except AnalysisError:
        return {}  # the same error tells its reason when the plan itself is tried


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
        yield _Variant(f"exclude by {name}", "nobody", words, _try(part, plan, _Known(_refitted(part, plan))))


def _rows(variant: _Variant, base: Outcome, domains: tuple[str, ...]) -> pd.DataFrame:
    found = variant.found
    rows: dict[str, Any] = {"option": variant.option, "plan_value": variant.plan_value, "value": variant.value}
    rows |= {"unit": list(domains), "weight": found.weights, "weight_change": found.weights - base.weights}
    change, moved = None, None
    if found.items is not None and base.items is not None:
        change = np.subtract(found.items, base.items).tolist()
        moved = sum(map(abs, change)) // 2 if sum(found.items) == sum(base.items) else None
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
            moved = shifted(plan, place, shift)
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
