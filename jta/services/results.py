"""Runs of the analysis: made from a frozen data set and the study's plan, stored whole."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import NotFoundError, StateError
from jta.models.results import AnalysisRun
from jta.services.plan_words import INDEX_WORDS
from jta.services.review import get_dataset
from jta.services.study_stage import is_before, lock_study, move_stage

if TYPE_CHECKING:
    import pandas as pd

    from analysis.result import AnalysisResult


def analyze_dataset(
    actor: audit.Actor, study_id: int, number: int, progress: Callable[[str], None] | None = None
) -> AnalysisRun:
    """Run the whole analysis on a frozen data set under the study's plan and store its result.

    The database is free while the numbers are worked out: what is read is read before, and the result is
    stored in one short transaction after.

    Parameters
    ----------
    progress : callable, optional
        Called with one sentence at each step.

    Raises
    ------
    NotFoundError
        If there is no such data set.
    StateError
        If the study's plan does not fit its scales.
    """
    dataset = get_dataset(study_id, number)
    content, plan = dataset.content, study_plan(study_id)
    db.session.rollback()  # nothing was written; SQLite would hold its write lock until the end of the analysis
    result = _compute(content, plan, progress)
    return _store(actor, (study_id, number), result)


def _store(actor: audit.Actor, where: tuple[int, int], result: AnalysisResult) -> AnalysisRun:
    from jta.exports.table_pack import pack_tables

    tables = pack_tables(result.tables)
    study_id, number = where
    with transaction():
        study, dataset = lock_study(study_id), get_dataset(study_id, number)
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


def _compute(content: bytes, plan: Any, progress: Callable[[str], None] | None) -> AnalysisResult:
    from analysis.errors import AnalysisError
    from analysis.further import all_statistics
    from analysis.parquet import from_parquet
    from analysis.pipeline import run_analysis

    try:
        return run_analysis(from_parquet(content), plan, progress, all_statistics())
    except AnalysisError as error:
        raise StateError(f"The analysis cannot run with this plan: {error}") from error


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
    run = db.session.get(AnalysisRun, run_id, options=[joinedload(AnalysisRun.dataset)])
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
        documents=summary.get("document_values", {}),
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


_PERFORMERS = {"zero": "non-performers counted as 0", "missing": "non-performers left out"}


def _summary(result: AnalysisResult) -> dict[str, Any]:
    index = result.choices["index"]
    return result.summary() | {
        "method": index or "none",
        "method_text": _index_words(result),
        "units": _units(result.tables.get("blueprint")),
        "document_values": result.documents,
    }


def _index_words(result: AnalysisResult) -> str:
    """Return the index behind the blueprint as a sentence of a report goes on with it."""
    index: str | None = result.choices["index"]
    told = result.choices.get("frequency_scale") is not None
    if index is None:
        return "no index: the study has no importance scale"
    if index == "importance":
        return "mean importance among those who perform the task" if told else "mean importance"
    zeros = _PERFORMERS[result.plan.non_performers]
    words = {
        "product_of_means": f"mean importance among performers times mean frequency, {zeros}",
        "mean_of_products": f"mean of each respondent's importance times frequency, {zeros}",
    }
    name = INDEX_WORDS.get(index, index.replace("_", " "))
    return words.get(index, name[:1].lower() + name[1:])


def method_of(index: str | None) -> str:
    """Return the method that an index of a plan is called in the tables of weights, empty where it is none."""
    from analysis.criticality import METHODS

    return METHODS.get(index or "", "")


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
