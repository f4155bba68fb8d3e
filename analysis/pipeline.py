"""The whole analysis on one page: from a study and a plan to every table."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from analysis.blueprint import Retained, build_blueprint
from analysis.bootstrap import resample_sums
from analysis.canonical import hash_study
from analysis.choices import Choices, make_choices
from analysis.criticality import INDEX_FUNCTIONS, METHODS, TaskSums, exact_index, further_indices, sum_ratings
from analysis.empty import empty_basis, empty_performing, empty_statistics
from analysis.errors import PlanError
from analysis.frames import TASK
from analysis.further import Further, Progress
from analysis.outcome import panel_index
from analysis.pipeline_laboratory import Weighed, laboratory_tables
from analysis.plan import AnalysisPlan
from analysis.ratings import RatingMatrix, StudyData
from analysis.result import AnalysisResult, by_level, versions
from analysis.retention import apply_retention, retained, study_criteria
from analysis.tasks import Floats, count_answers, count_points, performers_only, share_performing, task_statistics
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


@dataclass
class _Work:
    """The tables as they grow, and what is to be said about them."""

    data: StudyData
    plan: AnalysisPlan
    choices: Choices
    progress: Progress
    further: Further | None
    bases: dict[str, Floats] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    weighed: Weighed | None = None


def run_analysis(
    data: StudyData, plan: AnalysisPlan, progress: Progress | None = None, further: Further | None = None
) -> AnalysisResult:
    """Return every table of a study under an analysis plan.

    The same study and plan give the same result to the last digit.

    Parameters
    ----------
    data : StudyData
    plan : AnalysisPlan
    progress : callable, optional
        Called with one sentence at each step.
    further : Further, optional
        Statistics beside the core; their task indices get weights, items and intervals too.

    Raises
    ------
    PlanError
        If the plan asks for what the study does not have.
    AllocationError
        If the plan's minima and maxima cannot be met.
    """
    work = _Work(data, plan, make_choices(data, plan), progress or (lambda _text: None), further)
    work.progress(f"Analysing {len(data.respondent_ids):,} respondents and {len(data.tasks):,} tasks")
    _describe_tasks(work)
    kept = _decide_retention(work)
    _add_further(work)
    _weigh(work, kept)
    _set_side_by_side(work)
    return _result(work, kept)


def _describe_tasks(work: _Work) -> None:
    choices, scales = work.choices, work.data.scales
    points = count_points(scales.values())
    parts = [_statistics(work, choices.matrices[code], code, points) for code in scales]
    if choices.frequency is not None:
        performers = f"{choices.frequency}_performers"
        parts.append(_statistics(work, performers_only(choices.matrices[choices.frequency]), performers, points))
    if parts:
        work.tables["task_stats"] = pd.concat(parts, ignore_index=True)
    else:
        work.left_out["task_stats"] = "The study has no rating scale."
    if choices.performing is None:
        work.left_out["performing"] = "No scale of the study tells who performs a task."
        return
    work.tables["performing"] = share_performing(choices.matrices[choices.performing], work.plan.confidence)
    work.notes += empty_performing(work.tables["performing"])


def _statistics(work: _Work, ratings: RatingMatrix, name: str, points: list[float]) -> pd.DataFrame:
    zero = work.choices.not_performed if name == work.choices.frequency else None
    table = task_statistics(ratings, not_performed=zero, confidence=work.plan.confidence)
    work.notes += empty_statistics(table, name)
    table.insert(0, "scale", name)
    return table.assign(**count_answers(ratings, points, not_performed=zero))


def _decide_retention(work: _Work) -> np.ndarray[Any, np.dtype[np.bool_]]:
    criteria = study_criteria(work.choices, work.plan, work.data.respondents)
    decisions = apply_retention(criteria, work.data.tasks[TASK].tolist(), work.plan.retention_combine)
    kept = retained(decisions, work.plan.review_tasks)
    decisions.insert(1, "domain_id", work.data.tasks["domain_id"])
    decisions.insert(3, "retained", np.where(kept, "yes", "no"))
    work.tables["retention"] = decisions
    return kept


def _add_further(work: _Work) -> None:
    if work.further is None:
        return
    found = work.further.tables(work.data, work.plan, work.progress)
    work.tables.update(found.tables)
    work.documents.update(found.documents)
    work.left_out.update(found.left_out)
    work.bases.update(found.bases)


def _weigh(work: _Work, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
    choices, importance = work.choices, work.choices.importance_matrix
    if importance is None or choices.index is None:
        reason = "The study has no importance scale (the plan can name one), so no weights follow."
        work.left_out.update(dict.fromkeys(WEIGHT_TABLES, reason))
        return
    sums = sum_ratings(importance, choices.frequency_matrix, choices.not_performed)
    methods = index_methods(sums) | work.bases
    if work.further is not None or choices.index not in INDEX_FUNCTIONS:
        methods |= further_indices(sums)
    for index in INDEX_FUNCTIONS:
        if (method := METHODS[index]) not in methods:
            work.left_out[f"task_weight_basis: {method}"] = f"The index {index} needs a frequency scale."
    levels = _levels(work)
    work.tables["task_weight_basis"] = task_weight_basis(work.data.tasks, methods)
    work.notes += empty_basis(work.tables["task_weight_basis"], methods)
    weights = domain_weights(methods, levels)
    work.tables["domain_weights"] = weights
    work.notes += _unweighted(weights, methods)
    totals = allocation_totals(work.plan.items, work.plan.extra_totals)
    work.tables["allocation"] = allocation(weights, totals)
    drawn = _resample(work, importance)
    resampled = index_methods(drawn)
    if work.further is not None or choices.index not in INDEX_FUNCTIONS:
        resampled |= further_indices(drawn)
    if work.further is not None and work.plan.bootstrap_resamples:
        more = work.further.resampled(work.data, work.plan, work.progress)
        resampled |= {method: basis for method, basis in more.items() if method in methods}
    _bootstrap_table(work, methods, resampled, levels)
    _blueprint(work, levels, _retained_index(work, sums, (methods, resampled), kept))
    work.weighed = Weighed(methods, resampled, levels)


def _set_side_by_side(work: _Work) -> None:
    if work.further is None:
        return
    found, left_out = laboratory_tables(work.data, work.plan, work.choices, work.weighed, work.tables, work.progress)
    work.tables.update(found)
    work.left_out.update(left_out)


def _levels(work: _Work) -> list[Units]:
    levels = [units_of(work.data.tasks, "domain")]
    if has_every_subdomain(work.data.tasks):
        return [*levels, units_of(work.data.tasks, "subdomain")]
    work.left_out["subdomain level"] = "Not every task stands in a subdomain."
    return levels


def _resample(work: _Work, importance: RatingMatrix) -> TaskSums:
    return resample_sums(
        importance,
        work.choices.frequency_matrix,
        strata=work.data.form_of,
        resamples=work.plan.bootstrap_resamples,
        seed=work.plan.seed,
        not_performed=work.choices.not_performed,
        progress=work.progress,
    )


def _bootstrap_table(
    work: _Work, methods: dict[str, Floats], resampled: dict[str, Floats], levels: list[Units]
) -> None:
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


def _retained_index(
    work: _Work,
    sums: TaskSums,
    found: tuple[dict[str, Floats], dict[str, Floats]],
    kept: np.ndarray[Any, np.dtype[np.bool_]],
) -> Retained:
    methods, resampled = found
    index = str(work.choices.index)
    method = METHODS[index]
    if method not in methods:
        raise PlanError(
            f"The index {index!r} needs all statistics and, for 'cml', conditional_rasch; there is no {method}."
        )
    if method not in resampled:
        work.notes.append(f"blueprint: the index {index} is not resampled, so its intervals are empty.")
    basis = methods[method]
    exact = exact_index(sums, index)
    if len(exact) != len(basis):
        exact = [Fraction(float(x)) if np.isfinite(x) else Fraction(0) for x in basis]
    retained_index = Retained(basis, resampled.get(method, np.empty((0, len(basis)))), exact, kept)
    return panel_index(retained_index, _levels(work)[0], work.plan)


def _blueprint(work: _Work, levels: list[Units], index: Retained) -> None:
    if not index.kept.any():
        work.left_out["blueprint"] = "The retention rule keeps no task."
    elif reason := why_no_weights(index.basis, index.kept):
        work.left_out["blueprint"] = f"No weights follow from the retained tasks: {reason}."
    else:
        table, said = build_blueprint(work.data.tasks, levels, index, work.plan)
        work.tables["blueprint"] = table
        work.notes += said


def _result(work: _Work, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> AnalysisResult:
    blueprint = work.tables.get("blueprint")
    return AnalysisResult(
        tables=work.tables,
        left_out=work.left_out,
        notes=tuple(work.notes),
        choices=_chosen(work),
        assumptions=work.choices.sentences,
        counts=_counts(work, kept),
        weights=by_level(blueprint, "weight", float),
        items=by_level(blueprint, "items", int),
        data_hash=work.data.data_hash,
        study_hash=hash_study(work.data),
        plan=work.plan,
        plan_hash=work.plan.plan_hash,
        versions=versions(),
        documents=work.documents,
    )


def _chosen(work: _Work) -> dict[str, Any]:
    choices = work.choices
    return {
        "importance_scale": choices.importance,
        "frequency_scale": choices.frequency,
        "index": choices.index,
        "within": work.plan.within,
        "non_performers": work.plan.non_performers,
        "blueprint_uses": "retained tasks",
        "tables_use": "all tasks",
    }


def _counts(work: _Work, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
    data = work.data
    rated = np.zeros(len(data.respondent_ids), dtype=bool)
    for matrix in data.matrices.values():
        rated |= matrix.codes.any(axis=1)
    decisions = work.tables["retention"]["decision"].value_counts()
    return {
        "respondents": len(data.respondent_ids),
        "respondents_with_ratings": int(rated.sum()),
        "tasks": len(data.tasks),
        "tasks_retained": int(kept.sum()),
        "tasks_by_decision": {name: int(decisions.get(name, 0)) for name in ("keep", "review", "drop")},
        "domains": data.tasks["domain_id"].nunique(),
        "forms": 0 if data.form_of is None else len(set(data.form_of)),
        "ratings": {code: int(np.count_nonzero(m.codes)) for code, m in data.matrices.items()},
        "ratings_used": {code: int(np.count_nonzero(m.codes)) for code, m in work.choices.matrices.items()},
    }
