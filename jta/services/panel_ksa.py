"""The KSA blueprint: the survey's task weights carried through the panel's linkage to KSAs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.models.inventory import Knowledge
from jta.models.results import AnalysisRun
from jta.services.panel_linkage import Linkage, latest_linkage, linkage_frame, load_linkage
from jta.services.results import list_runs, load_result, unit_weights

if TYPE_CHECKING:
    import pandas as pd

KIND_WORDS = {"knowledge": "Knowledge", "skill": "Skills", "ability": "Abilities", "value": "Values"}


@dataclass(frozen=True)
class KsaLine:
    """One KSA: its weight as a share (None where it has none), how many tasks need it, its place."""

    code: str
    statement: str
    kind: str
    group: str
    weight: float | None
    n_tasks: int
    note: str


@dataclass(frozen=True)
class GroupLine:
    """The weight of a group of KSAs: a content domain, or a kind where KSAs run through all domains."""

    title: str
    n_ksas: int
    weight: float


@dataclass(frozen=True)
class KsaBlueprint:
    """KSA weights beside the task blueprint; ``orphan_tasks`` are retained tasks without a link."""

    run: AnalysisRun
    linkage: Linkage
    lines: list[KsaLine]
    groups: list[GroupLine]
    domains: list[dict[str, Any]]
    orphan_tasks: list[str]
    orphan_ksas: list[str]
    lost_weight: float
    n_tasks: int


def why_no_ksa_blueprint(study_id: int) -> str | None:
    """Say what is still missing for KSA weights; None where nothing is."""
    if latest_linkage(study_id) is None:
        return "The panel has not linked tasks and KSAs yet. Make a linkage round and close it."
    if not list_runs(study_id):
        return "The survey has not been analysed yet. Task weights come from the analysis."
    return None


def load_ksa_blueprint(study_id: int, run: AnalysisRun | None = None) -> KsaBlueprint | None:
    """Return KSA weights from a run (the newest by default) and the newest closed linkage round, None without both."""
    from analysis.linkage_tables import ksa_weight_tables

    one = latest_linkage(study_id)
    run = run or next(iter(list_runs(study_id)), None)
    if one is None or run is None:
        return None
    weights = task_weights(run)
    if weights is None:
        return None
    linkage = load_linkage(one)
    found = ksa_weight_tables(weights, linkage_frame(linkage), ksas=[ksa.code for ksa in linkage.ksas])
    lines = _lines(study_id, linkage, found.weights)
    domains = [row for row in unit_weights(run) if row["level"] == "domain"]
    return KsaBlueprint(
        run, linkage, lines, _groups(lines), domains, list(found.orphan_tasks),
        [ksa.code for ksa in linkage.orphan_ksas], found.lost_weight, len(weights),
    )  # fmt: skip


def task_weights(run: AnalysisRun) -> pd.Series | None:
    """Return the weight of each retained task by code as the run's blueprint counts it; None without an index.

    Where the plan averages tasks within a domain, a task of a long domain counts less.
    """
    from analysis.criticality import METHODS

    result = load_result(run)
    method = METHODS.get(result.choices["index"] or "")
    if method is None or "task_weight_basis" not in result.tables or "retention" not in result.tables:
        return None
    index = result.tables["task_weight_basis"].set_index("task_id")[method]
    retention = result.tables["retention"].set_index("task_id")
    kept = index[[task for task in index.index if retention["retained"].get(task) == "yes"]].fillna(0.0)
    if result.plan.within == "mean":
        domain = result.tables["task_weight_basis"].set_index("task_id")["domain_id"].loc[kept.index]
        kept = kept / domain.map(domain.value_counts())
    weights: pd.Series = kept
    return weights


def _lines(study_id: int, linkage: Linkage, table: pd.DataFrame) -> list[KsaLine]:
    stored = {ksa.code: ksa for ksa in db.session.scalars(select(Knowledge).where(Knowledge.study_id == study_id))}
    weights = table.set_index("ksa_id").to_dict("index")
    lines = []
    for item in linkage.ksas:
        row, ksa = weights[item.code], stored.get(item.code)
        weight = float(row["weight"])
        domain = ksa.domain.title if ksa is not None and ksa.domain is not None else ""
        kind = ksa.kind if ksa is not None else item.area
        lines.append(
            KsaLine(
                item.code, item.wording, kind, domain or KIND_WORDS.get(kind, kind),
                None if math.isnan(weight) else weight, int(row["n_tasks"]), str(row["note"]),
            )
        )  # fmt: skip
    return lines


def _groups(lines: list[KsaLine]) -> list[GroupLine]:
    titles = list(dict.fromkeys(line.group for line in lines))
    return [
        GroupLine(title, len(own), sum(line.weight or 0.0 for line in own))
        for title in titles
        for own in [[line for line in lines if line.group == title]]
    ]


def ksa_csv(blueprint: KsaBlueprint) -> bytes:
    """Return the KSA weights as CSV."""
    from jta.exports.csv_text import write_csv

    headers = ("ksa_code", "statement", "kind", "group", "weight", "n_tasks", "note")
    rows = [(x.code, x.statement, x.kind, x.group, x.weight, x.n_tasks, x.note) for x in blueprint.lines]
    return write_csv(headers, rows)
