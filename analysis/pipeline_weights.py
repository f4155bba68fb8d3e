"""From task indices to weights, items, intervals and the blueprint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from analysis.bases_kane import kane_log_x_performing
from analysis.blueprint import Retained, build_blueprint
from analysis.bootstrap import Draws, resample
from analysis.bootstrap_strata import ResamplingGroups, groups_note, resampling_groups
from analysis.criticality import INDEX_FUNCTIONS, METHODS, TaskSums, exact_index, further_indices, sum_ratings
from analysis.empty import empty_basis
from analysis.errors import PlanError, shown
from analysis.frames import SUBDOMAIN, TASK
from analysis.outcome import panel_index
from analysis.pipeline_work import Weighed, Work
from analysis.ratings import RatingMatrix
from analysis.tasks import Floats
from analysis.weight_tables import (
    allocation,
    allocation_totals,
    bootstrap_weights,
    domain_weights,
    index_methods,
    task_weight_basis,
)
from analysis.weights import Units, has_every_subdomain, units_of, why_no_weights

WEIGHT_TABLES = ("task_weight_basis", "domain_weights", "allocation", "bootstrap_weights", "blueprint")

NOT_RESAMPLED = (
    "blueprint: the index {index} is not resampled (every resample would need a Rasch model of its own), so its "
    "intervals are empty."
)


def weigh(work: Work, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
    """Add the weights to the work: task indices, weights, items and intervals of all tasks, and the blueprint.

    Parameters
    ----------
    work : Work
        Gets the tables `WEIGHT_TABLES`, what the method laboratory starts from, and a reason for each table left out.
    kept : array of bool, shape (T,)
        Which tasks are retained; the blueprint counts these.
    """
    choices, importance = work.choices, work.choices.importance_matrix
    if importance is None or choices.index is None:
        reason = "The study has no importance scale (the plan can name one), so no weights follow."
        work.left_out.update(dict.fromkeys(WEIGHT_TABLES, reason))
        return
    levels, groups = _levels(work), resampling_groups(work.data, work.plan)
    tabled = _indices(work, importance, groups, 0.0)
    _tables(work, tabled, levels)
    as_planned = choices.not_performed == 0.0 or choices.frequency is None
    used = tabled if as_planned else _indices(work, importance, groups, choices.not_performed)
    if (index := _retained_index(work, used, kept)) is not None:
        work.tables["retention"]["task_index"] = index.basis
        _blueprint(work, levels, index)
    work.notes += groups_note(groups) if work.plan.bootstrap_resamples else []
    work.weighed = Weighed(used.methods, used.resampled, levels)


@dataclass(frozen=True)
class _Indices:
    """Task indices by method (T,), in every resample (resamples, T), and the sums they come from."""

    sums: TaskSums
    methods: dict[str, Floats]
    resampled: dict[str, Floats]


def _indices(work: Work, importance: RatingMatrix, groups: ResamplingGroups, not_performed: float | None) -> _Indices:
    """Return the task indices with non-performers counted as 0 or (None) as missing on the frequency scale."""
    sums = sum_ratings(importance, work.choices.frequency_matrix, not_performed)
    methods = index_methods(sums) | work.bases
    if work.further is not None or work.choices.index not in INDEX_FUNCTIONS:
        methods |= further_indices(sums)
    if not_performed is None and "time_share" in methods:
        from analysis.refit import refitted  # the core of the analysis does without

        methods |= refitted(work.data, replace(work.plan, index="time_share"))
    return _Indices(sums, methods, _resample(work, importance, groups, methods, not_performed))


def _tables(work: Work, found: _Indices, levels: list[Units]) -> None:
    """Make the tables over all tasks, named and defined as in DEFINITIONS.md whatever the plan says."""
    methods = found.methods
    for index in INDEX_FUNCTIONS:
        if (method := METHODS[index]) not in methods:
            work.left_out[f"task_weight_basis: {method}"] = "Needs a frequency scale."
    work.tables["task_weight_basis"] = task_weight_basis(work.data.tasks, methods)
    work.notes += empty_basis(work.tables["task_weight_basis"], methods)
    weights = domain_weights(methods, levels)
    work.tables["domain_weights"] = weights
    work.notes += _unweighted(weights, methods)
    totals = allocation_totals(work.plan.items, work.plan.extra_totals)
    work.tables["allocation"] = allocation(weights, totals)
    _bootstrap_table(work, methods, found.resampled, levels)


def _levels(work: Work) -> list[Units]:
    levels = [units_of(work.data.tasks, "domain")]
    if has_every_subdomain(work.data.tasks):
        return [*levels, units_of(work.data.tasks, "subdomain")]
    if not (work.data.tasks[SUBDOMAIN] != "").any():
        work.left_out["subdomain level"] = "The study has no subdomains."
        return levels
    without = work.data.tasks.loc[work.data.tasks[SUBDOMAIN] == "", TASK].tolist()
    work.left_out["subdomain level"] = f"{len(without)} task(s) stand in no subdomain: {shown(without)}."
    return levels


def _resample(
    work: Work,
    importance: RatingMatrix,
    groups: ResamplingGroups,
    methods: dict[str, Floats],
    not_performed: float | None,
) -> dict[str, Floats]:
    """Return those of the methods' task indices that can be resampled, (resamples, T)."""
    draws = Draws(importance.respondents, groups.labels, work.plan.bootstrap_resamples, work.plan.seed)
    drawn = resample(
        importance,
        work.choices.frequency_matrix,
        draws,
        not_performed=not_performed,
        log_effects="kane_log_performers" in methods and bool(draws.resamples),
        time_shares="time_share" in methods and bool(draws.resamples),
        workers=work.workers,
        progress=work.progress,
    )
    found = index_methods(drawn.sums) | further_indices(drawn.sums)
    if drawn.log_effects is not None and drawn.performing is not None:
        found["kane_log_performers"] = drawn.log_effects
        found["kane_log_x_performing"] = kane_log_x_performing(drawn.log_effects, drawn.performing)
    if drawn.time_shares is not None:
        found["time_share"] = drawn.time_shares
    return {method: basis for method, basis in found.items() if method in methods}


def _bootstrap_table(work: Work, methods: dict[str, Floats], resampled: dict[str, Floats], levels: list[Units]) -> None:
    if not work.plan.bootstrap_resamples:
        work.left_out["bootstrap_weights"] = "The plan asks for no resamples."
        return
    work.tables["bootstrap_weights"] = bootstrap_weights(methods, resampled, levels, confidence=work.plan.confidence)


def _unweighted(weights: pd.DataFrame, methods: dict[str, Floats]) -> list[str]:
    """Say which methods give no weights, why, and of which level where it is not all of them."""
    said = []
    levels = weights["level"].unique().tolist()
    for method, basis in methods.items():
        rows = weights[weights["method"] == method]
        without = rows.loc[rows["weight"].isna(), "level"].unique().tolist()
        if without:
            of = "" if without == levels else f" of the {' and '.join(without)}s"
            reason = why_no_weights(basis)
            said.append(f"No weights{of} by {method}: {reason}; its weights, items and intervals are empty.")
    return said


def _retained_index(work: Work, found: _Indices, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> Retained | None:
    """Return the plan's index of the retained tasks; ``None``, with the reason left out, where there is none."""
    index = str(work.choices.index)
    method = METHODS[index]
    if method not in found.methods:
        if work.further is None or (index.endswith("_cml") and work.plan.conditional_rasch == "off"):
            raise PlanError(
                f"The index {index!r} needs all statistics and, for 'cml', conditional_rasch; there is no {method}."
            )
        reason = work.left_out.get("statistics") or work.left_out.get("rasch_tasks: cml_all_data", "")
        work.left_out["blueprint"] = f"The index {index} could not be computed. {reason}".strip()
        return None
    if method not in found.resampled and work.plan.bootstrap_resamples:
        work.notes.append(NOT_RESAMPLED.format(index=index))
    basis = found.methods[method]
    exact = exact_index(found.sums, index)
    if len(exact) != len(basis):
        exact = [Fraction(float(x)) if np.isfinite(x) else Fraction(0) for x in basis]
    retained_index = Retained(basis, found.resampled.get(method, np.empty((0, len(basis)))), exact, kept)
    return panel_index(retained_index, units_of(work.data.tasks, "domain"), work.plan)


def _blueprint(work: Work, levels: list[Units], index: Retained) -> None:
    if not index.kept.any():
        work.left_out["blueprint"] = "The retention rule keeps no task."
    elif reason := why_no_weights(index.basis, index.kept):
        work.left_out["blueprint"] = f"No weights follow from the retained tasks: {reason}."
    else:
        table, said = build_blueprint(work.data.tasks, levels, index, work.plan)
        work.tables["blueprint"] = table
        work.notes += said
