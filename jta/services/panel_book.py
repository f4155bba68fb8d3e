"""What the panel said, as the blueprint workbook shows it: cognitive levels, KSA codes, linkage, KSA weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.models.inventory import Task
from jta.models.panel import Round
from jta.models.results import AnalysisRun
from jta.services.panel_decisions import decided_values
from jta.services.panel_ksa import load_ksa_blueprint
from jta.services.panel_linkage import Linkage, latest_linkage, load_linkage

if TYPE_CHECKING:
    from jta.exports.book import DetailLine, LinkLine


def level_labels(study_id: int) -> dict[str, str]:
    """Return the cognitive level that was decided for each task, in words, by task code."""
    decided = decided_values(study_id, "level")
    if not decided:
        return {}
    words: dict[str, str] = {}
    rounds = select(Round).where(Round.study_id == study_id, Round.kind == "level").order_by(Round.number)
    for one in db.session.scalars(rounds):
        words |= {choice["code"]: choice["label"].split(":")[0] for choice in one.settings["choices"]}
    found = db.session.execute(select(Task.id, Task.code).where(Task.id.in_(decided)))
    return {code: words.get(decided[task_id], decided[task_id]) for task_id, code in found}


def with_panel(study_id: int, details: tuple[DetailLine, ...]) -> tuple[DetailLine, ...]:
    """Return the lines of the Detail sheet with the cognitive level and the KSA codes of each task."""
    levels, one = level_labels(study_id), latest_linkage(study_id)
    links: dict[str, tuple[str, ...]] = {}
    if one is not None:
        linkage = load_linkage(one)
        links = {task.code: tuple(ksa.code for ksa in linkage.links_of(task)) for task in linkage.tasks}
    return tuple(
        replace(line, cognitive_level=levels.get(line.task_code), ksa_codes=links.get(line.task_code, ()))
        for line in details
    )


def ksa_sheets(study_id: int, run: AnalysisRun) -> dict[str, Any]:
    """Return the content of the KSA sheets; empty where the panel has not linked."""
    from jta.exports.book import KsaWeightLine

    blueprint = load_ksa_blueprint(study_id, run)
    if blueprint is None:
        return {}
    ksas = tuple(
        KsaWeightLine(x.code, x.statement, x.kind, x.group, x.n_tasks, x.weight, x.note) for x in blueprint.lines
    )
    return {"ksas": ksas, "links": tuple(_links(blueprint.linkage))}


def _links(linkage: Linkage) -> list[LinkLine]:
    from jta.exports.book import LinkLine

    lines = []
    for task in linkage.tasks:
        for ksa in linkage.links_of(task):
            cell = linkage.cell(task, ksa)
            note = "decided by the director against the rule" if cell.decided else ""
            lines.append(LinkLine(task.code, task.wording, ksa.code, ksa.wording, cell.n, cell.mean, cell.share, note))
    lines += [LinkLine(task.code, task.wording, note="task without a link") for task in linkage.orphan_tasks]
    return lines + [
        LinkLine(ksa_code=ksa.code, ksa=ksa.wording, note="KSA without a link") for ksa in linkage.orphan_ksas
    ]
