"""Runs of the analysis: made from a frozen data set and the study's plan, stored whole."""

from __future__ import annotations

import hashlib
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
            study_id=study_id, dataset_id=dataset.id, plan=result.plan.to_dict(), plan_hash=result.plan_hash,
            summary=result.summary(), tables=tables, result_hash=hashlib.sha256(tables).hexdigest(),
            run_by=actor.name, run_at=clock.now(),
        )  # fmt: skip
        db.session.add(run)
        db.session.flush()
        if is_before(study.stage, "analysis"):
            move_stage(study, "analysis", actor)
        audit.record(
            actor, "ran analysis", f"run {run.id}", study_id=study_id,
            before=dataset.data_hash, after=run.result_hash, note=f"data set {number}",
        )  # fmt: skip
    return run


def study_plan(study_id: int) -> Any:
    """Return the study's saved analysis plan; the exam length is the study's own."""
    from analysis.plan import AnalysisPlan
    from jta.models.study import Study

    study = db.session.get(Study, study_id)
    if study is None:
        raise NotFoundError
    return AnalysisPlan.from_json({**(study.plan or {}), "items": study.exam_items})


def _compute(content: bytes, plan: Any) -> AnalysisResult:
    from analysis.errors import AnalysisError
    from analysis.parquet import from_parquet
    from analysis.pipeline import run_analysis

    try:
        return run_analysis(from_parquet(content), plan)
    except AnalysisError as error:
        raise StateError(f"The analysis cannot run with this plan: {error}") from error


def _packed(result: AnalysisResult) -> bytes:
    from jta.exports.tables import pack_tables

    return pack_tables(result)


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
    from jta.exports.tables import unpack_table

    table = unpack_table(run.tables, name)
    if table is None:
        raise NotFoundError
    return table


def table_bytes(run: AnalysisRun, name: str) -> bytes:
    """Return a table of a run as the CSV file that it is stored as."""
    from jta.exports.tables import unpack_file

    content = unpack_file(run.tables, f"{name}.csv")
    if content is None:
        raise NotFoundError
    return content


def unit_weights(run: AnalysisRun) -> list[dict[str, Any]]:
    """Return domains, each followed by its subdomains, with weights of the retained tasks."""
    return list(run.summary["weights"].get("units", []))
