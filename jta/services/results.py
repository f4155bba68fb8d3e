"""Runs of the analysis: made from a frozen data set and the study's plan, stored whole."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import NotFoundError, StateError
from jta.models.results import AnalysisRun
from jta.services.review import get_dataset
from jta.services.study_stage import is_before, lock_study, move_stage

if TYPE_CHECKING:
    import pandas as pd

    from analysis.result import AnalysisResult


def analyze_dataset(actor: audit.Actor, study_id: int, number: int) -> AnalysisRun:
    """Run the whole analysis on a frozen data set under the study's plan and store its result.

    Raises
    ------
    NotFoundError
        If there is no such data set.
    StateError
        If the study's plan does not fit its scales.
    """
    dataset = get_dataset(study_id, number)
    plan = study_plan(study_id)
    result = _compute(dataset.content, plan)
    tables = _packed(result)
    with transaction():
        study = lock_study(study_id)
        run = AnalysisRun(
            study_id=study_id,
            dataset_id=dataset.id,
            plan=result.plan.to_dict(),
            plan_hash=result.plan_hash,
            summary=_summary(result),
            tables=tables,
            result_hash=hashlib.sha256(tables).hexdigest(),
            run_by=actor.name,
            run_at=clock.now(),
        )
        db.session.add(run)
        db.session.flush()
        if is_before(study.stage, "analysis"):
            move_stage(study, "analysis", actor)
        audit.record(
            actor,
            "ran analysis",
            f"run {run.id}",
            study_id=study_id,
            before=dataset.data_hash,
            after=run.result_hash,
            note=f"data set {number}",
        )
    return run


def study_plan(study_id: int) -> Any:
    """Return the study's saved analysis plan, or the default one at the study's exam length."""
    from analysis.plan import AnalysisPlan
    from jta.models.study import Study

    study = db.session.get(Study, study_id)
    if study is None:
        raise NotFoundError
    return AnalysisPlan.from_json(study.plan or {"items": study.exam_items})


def _compute(content: bytes, plan: Any) -> AnalysisResult:
    from analysis.errors import AnalysisError
    from analysis.parquet import from_parquet
    from analysis.pipeline import run_analysis

    try:
        return run_analysis(from_parquet(content), plan)
    except AnalysisError as error:
        raise StateError(f"The analysis cannot run with this plan: {error}") from error


def _packed(result: AnalysisResult) -> bytes:
    from jta.exports.table_pack import pack_tables

    return pack_tables(result.tables)


def list_runs(study_id: int) -> list[AnalysisRun]:
    """Return the runs of a study, newest first."""
    found = select(AnalysisRun).where(AnalysisRun.study_id == study_id).order_by(AnalysisRun.id.desc())
    return list(db.session.scalars(found.options(selectinload(AnalysisRun.dataset))))


def get_run(study_id: int, run_id: int) -> AnalysisRun:
    """Return one run.

    Raises
    ------
    NotFoundError
        If the study has none with this id.
    """
    run = db.session.get(AnalysisRun, run_id)
    if run is None or run.study_id != study_id:
        raise NotFoundError
    return run


def read_table(run: AnalysisRun, name: str) -> pd.DataFrame:
    """Return a table of a run as text and numbers; undefined cells are NaN.

    Raises
    ------
    NotFoundError
        If the run holds no such table.
    """
    from jta.exports.table_pack import unpack_table

    table = unpack_table(run.tables, name)
    if table is None:
        raise NotFoundError
    return table


def load_result(run: AnalysisRun) -> AnalysisResult:
    """Return a stored run as the analysis returned it."""
    from analysis.plan import AnalysisPlan
    from analysis.result import AnalysisResult

    summary = run.summary
    return AnalysisResult(
        tables={name: read_table(run, name) for name in summary["tables"]},
        left_out=summary["left_out"],
        notes=tuple(summary["notes"]),
        choices=summary["choices"],
        assumptions=tuple(summary["assumptions"]),
        counts=summary["counts"],
        weights=summary["weights"],
        items=summary["items"],
        data_hash=summary["data_hash"],
        study_hash=summary["study_hash"],
        plan=AnalysisPlan.from_json(run.plan),
        plan_hash=run.plan_hash,
        versions=summary["versions"],
    )


def table_bytes(run: AnalysisRun, name: str) -> bytes:
    """Return a table of a run as the CSV file that it is stored as."""
    from jta.exports.table_pack import unpack_file

    content = unpack_file(run.tables, name)
    if content is None:
        raise NotFoundError
    return content


def unit_weights(run: AnalysisRun) -> list[dict[str, Any]]:
    """Return domains, each followed by its subdomains, with weights of the retained tasks (shares of the exam)."""
    return list(run.summary["units"])


# Column of the table task_weight_basis that holds an index.
METHOD_OF = {
    "importance": "sum_importance",
    "product_of_means": "sum_importance_x_frequency",
    "mean_of_products": "mean_of_products",
}
INDEX_WORDS = {
    "importance": "mean importance among those who perform the task",
    "product_of_means": "mean importance among performers times mean frequency, non-performers counted as 0",
    "mean_of_products": "mean of each respondent's importance times frequency, non-performers counted as 0",
}


def _summary(result: AnalysisResult) -> dict[str, Any]:
    index = result.choices["index"]
    return result.summary() | {
        "method": index or "none",
        "method_text": INDEX_WORDS.get(index, "no index: the study has no importance scale"),
        "units": _units(result.tables.get("blueprint")),
    }


def _units(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    if table is None:
        return []
    records: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    rows = [
        {
            "level": r["level"],
            "code": r["unit"],
            "title": r["name"],
            "parent": r["parent"] or None,
            "n_tasks": int(r["n_retained"]),
            "weight": float(r["weight"]),
            "low": _number(r["ci_low"]),
            "high": _number(r["ci_high"]),
        }
        for r in records
    ]
    domains = [row for row in rows if row["level"] == "domain"]
    return [row for d in domains for row in (d, *(r for r in rows if r["parent"] == d["code"]))]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
