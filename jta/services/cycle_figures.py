"""Figures of one study beside those of another: means, shares performing, weights and items, each with its n."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.imports.text import fold
from jta.models.blueprint import Blueprint
from jta.models.results import AnalysisRun
from jta.models.study import Study
from jta.services.cycle import Crosswalk, load_crosswalk
from jta.services.results import list_runs, unit_weights
from jta.services.results_agreement import EVERYBODY
from jta.services.results_privacy import Reader, reader_of
from jta.services.results_release import newest_shown, require_released
from jta.services.results_tables import Tables

if TYPE_CHECKING:
    from analysis.cycles import ProfileCorrelation

FEW_TASKS = 10  # below that many, a correlation of profiles says little


@dataclass(frozen=True)
class FigureLine:
    """One task in both lists; a mean or share is None where it is not known or hidden."""

    former_code: str
    code: str
    statement: str
    relation: str
    former: Mapping[str, Any]
    present: Mapping[str, Any]

    @property
    def difference(self) -> float | None:
        """Present mean importance less the former one."""
        then, now = _mean(self.former), _mean(self.present)
        return None if then is None or now is None else now - then


@dataclass(frozen=True)
class WeightLine:
    """One domain's weight (a share) and items, then and now."""

    code: str
    title: str
    former: float | None
    former_items: int | None
    present: float | None
    items: int | None


@dataclass(frozen=True)
class Comparison:
    """Two cycles side by side. Only decided links of the relation "same" or "reworded" are compared."""

    crosswalk: Crosswalk
    run: AnalysisRun | None
    lines: list[FigureLine]
    weights: list[WeightLine]
    correlation: ProfileCorrelation | None
    overlap: float | None
    n_undecided: int

    @property
    def performed_by_half(self) -> tuple[int, int]:
        """Tasks that half of the present respondents or more perform, and tasks for which that is known."""
        shares = [line.present["performing"]["share"] for line in self.lines if "performing" in line.present]
        return sum(share >= 0.5 for share in shares), len(shares)


def _mean(figures: Mapping[str, Any]) -> float | None:
    found = figures.get("importance", {}).get("mean")
    return None if found is None else float(found)


def newest_run(study: Study, reader: Reader) -> AnalysisRun | None:
    """Return the newest analysis of a study that this reader may see, or None."""
    roles = ("psychometrician",) if reader.full else ()
    run = newest_shown(list_runs(study.id), roles)
    if run is not None:
        require_released(run.dataset, reader, study.smallest_group)
    return run


def figures_of(study: Study, reader: Reader | None = None) -> dict[str, dict[str, Any]]:
    """Return what the newest analysis of a study says of each task, by its code; what is too small is left out."""
    known = reader or Reader(minimum=study.smallest_group)
    run = newest_run(study, known)
    return {} if run is None else _figures(Tables(run, known))


def _figures(tables: Tables) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    scale = tables.run.summary["choices"].get("importance_scale")
    for row in tables.rows("task_stats", scale=scale):
        if row["mean"] is not None:
            figures = {"mean": row["mean"], "n": int(row["n"]), "low": row["ci_low"], "high": row["ci_high"]}
            found.setdefault(row["task_id"], {})["importance"] = figures
    for row in tables.rows("rwg", scale=scale, group=EVERYBODY):
        if row["rwg_truncated"] is not None and row["task_id"] in found:
            found[row["task_id"]]["agreement"] = {"rwg": row["rwg_truncated"]}
    for row in tables.rows("performing"):
        if row["share_performing"] is not None:
            share = {"share": row["share_performing"], "n": int(row["n_answered"])}
            limits = {"low": row["wilson_low"], "high": row["wilson_high"]}
            found.setdefault(row["task_id"], {})["performing"] = share | limits
    return found


def weights_of(study: Study, run: AnalysisRun | None = None) -> list[dict[str, Any]]:
    """Return a study's weights by content domain: of its newest blueprint, else of its newest analysis."""
    found = select(Blueprint).where(Blueprint.study_id == study.id, Blueprint.state != "superseded")
    blueprint = db.session.scalar(found.order_by(Blueprint.number.desc()).limit(1))
    if blueprint is not None:
        rows = [row for row in blueprint.rows if row.level == "domain"]
        return [{"code": r.code, "title": r.title, "weight": r.weight, "items": r.items} for r in rows]
    run = run or newest_run(study, Reader(minimum=study.smallest_group))
    if run is None:
        return []
    units = [unit for unit in unit_weights(run) if unit["level"] == "domain"]
    return [{"code": u["code"], "title": u["title"], "weight": u["weight"], "items": None} for u in units]


def compare_cycles(study: Study, list_id: int, roles: frozenset[str]) -> Comparison:
    """Return a former list beside the newest analysis of the study, for somebody with these roles."""
    reader = reader_of(roles, study.smallest_group)
    run = newest_run(study, reader)
    return _compare(study, load_crosswalk(study.id, list_id), None if run is None else Tables(run, reader))


def compare_with(study: Study, list_id: int, tables: Tables) -> Comparison:
    """Return a former list beside one analysis of the study, as these tables show it."""
    return _compare(study, load_crosswalk(study.id, list_id), tables)


def _compare(study: Study, crosswalk: Crosswalk, tables: Tables | None) -> Comparison:
    run = tables.run if tables else None
    lines = _lines(crosswalk, _figures(tables) if tables else {})
    weights = _weights(crosswalk.former.weights, weights_of(study, run) if run else [])
    undecided = sum(line.relation in ("same", "reworded") and not line.decided for line in crosswalk.lines)
    return Comparison(crosswalk, run, lines, weights, _correlation(lines), _overlap(weights), undecided)


def _lines(crosswalk: Crosswalk, present: Mapping[str, Mapping[str, Any]]) -> list[FigureLine]:
    return [
        FigureLine(
            line.former.code, link.task.code, link.task.statement, line.relation, line.former.figures,
            present.get(link.task.code, {}),
        )
        for line in crosswalk.lines
        if line.former is not None and line.decided and line.relation in ("same", "reworded")
        for link in line.links
        if link.task is not None
    ]  # fmt: skip


def _weights(former: list[dict[str, Any]], present: list[dict[str, Any]]) -> list[WeightLine]:
    """Pair domains by code, else by name; what only one side has stands alone."""
    left = {fold(row["code"]): row for row in present}
    by_title = {fold(row["title"]): fold(row["code"]) for row in present}
    found = []
    for row in former:
        key = fold(row["code"]) if fold(row["code"]) in left else by_title.get(fold(row["title"]), "")
        now = left.pop(key, None)
        found.append(
            WeightLine(
                row["code"], row["title"], row["weight"], row.get("items"),
                now["weight"] if now else None, now["items"] if now else None,
            )
        )  # fmt: skip
    return found + [WeightLine(r["code"], r["title"], None, None, r["weight"], r["items"]) for r in left.values()]


def _correlation(lines: list[FigureLine]) -> ProfileCorrelation | None:
    import numpy as np

    from analysis.cycles import profile_correlation

    pairs = [(_mean(line.former), _mean(line.present)) for line in lines]
    known = [(then, now) for then, now in pairs if then is not None and now is not None]
    if len(known) < 3:
        return None
    former, present = np.array(known).T
    return profile_correlation(former, present)


def _overlap(weights: list[WeightLine]) -> float | None:
    from analysis.cycles import weight_overlap

    former = {line.code: line.former for line in weights if line.former is not None}
    present = {line.code: line.present for line in weights if line.present is not None}
    if not sum(former.values()) or not sum(present.values()):
        return None
    return weight_overlap(former, present)
