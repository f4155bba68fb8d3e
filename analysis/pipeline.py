"""The whole analysis on one page: from a study and a plan to every table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.canonical import hash_study
from analysis.choices import make_choices
from analysis.empty import empty_performing, empty_statistics
from analysis.frames import TASK
from analysis.further import Further, Progress
from analysis.pipeline_laboratory import laboratory_tables
from analysis.pipeline_weights import weigh
from analysis.pipeline_work import Work
from analysis.plan import AnalysisPlan
from analysis.ratings import RatingMatrix, StudyData
from analysis.result import AnalysisResult, by_level, versions
from analysis.retention import apply_retention, retained, study_criteria
from analysis.tasks import count_answers, count_points, performers_only, share_performing, task_statistics


def run_analysis(
    data: StudyData,
    plan: AnalysisPlan,
    progress: Progress | None = None,
    further: Further | None = None,
    *,
    workers: int = 1,
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
    workers : int
        Threads that share the resamples; no digit depends on them.

    Raises
    ------
    PlanError
        If the plan asks for what the study does not have.
    AllocationError
        If the plan's minima and maxima cannot be met.
    """
    work = Work(data, plan, make_choices(data, plan), progress or (lambda _text: None), further, workers=workers)
    work.progress(f"Analysing {len(data.respondent_ids):,} respondents and {len(data.tasks):,} tasks")
    _describe_tasks(work)
    kept = _decide_retention(work)
    _add_further(work)
    weigh(work, kept)
    _set_side_by_side(work)
    return _result(work, kept)


def _describe_tasks(work: Work) -> None:
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


def _statistics(work: Work, ratings: RatingMatrix, name: str, points: list[float]) -> pd.DataFrame:
    zero = 0.0 if name == work.choices.frequency else None  # whatever the plan counts in the index
    table = task_statistics(ratings, not_performed=zero, confidence=work.plan.confidence)
    work.notes += empty_statistics(table, name)
    table.insert(0, "scale", name)
    return table.assign(**count_answers(ratings, points, not_performed=zero))


def _decide_retention(work: Work) -> np.ndarray[Any, np.dtype[np.bool_]]:
    criteria = study_criteria(work.choices, work.plan, work.data.respondents)
    decisions = apply_retention(criteria, work.data.tasks[TASK].tolist(), work.plan.retention_combine)
    kept = retained(decisions, work.plan.review_tasks)
    decisions.insert(1, "domain_id", work.data.tasks["domain_id"])
    decisions.insert(3, "retained", np.where(kept, "yes", "no"))
    work.tables["retention"] = decisions
    return kept


def _add_further(work: Work) -> None:
    if work.further is None:
        return
    found = work.further.tables(work.data, work.plan, work.progress)
    work.tables.update(found.tables)
    work.documents.update(found.documents)
    work.left_out.update(found.left_out)
    work.bases.update(found.bases)


def _set_side_by_side(work: Work) -> None:
    if work.further is None:
        return
    found, left_out = laboratory_tables(work.data, work.plan, work.choices, work.weighed, work.tables, work.progress)
    work.tables.update(found)
    work.left_out.update(left_out)


def _result(work: Work, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> AnalysisResult:
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


def _chosen(work: Work) -> dict[str, Any]:
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


def _counts(work: Work, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
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
