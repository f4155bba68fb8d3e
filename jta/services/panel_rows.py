"""One decision as its page shows it: what the panel said, what is suggested, what stood before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from jta.db import db
from jta.models.inventory import Task
from jta.models.panel import Round, RoundDecision, RoundItem
from jta.services.panel_decisions import Row, load_decisions
from jta.services.panel_linkage import Linkage


@dataclass(frozen=True)
class DecisionPage:
    """A row of the decision list with the form's first values and the KSAs to tick in a linkage round."""

    row: Row
    suggested: dict[str, Any]
    ksas: list[RoundItem]
    linkage: Linkage | None
    earlier: list[RoundDecision]


def decision_page(one: Round, subject: str) -> DecisionPage:
    """Return what the page of one decision shows.

    Raises
    ------
    NotFoundError
        If the round has no such item or proposal.
    """
    decisions = load_decisions(one)
    row = decisions.find(subject)
    linkage = decisions.results.overall.get("linkage")
    task = row.item.task
    outcome, result = row.suggestion or ("", {})
    stands = row.standing
    suggested: dict[str, Any] = {
        "outcome": stands.outcome if stands else outcome,
        "wording": _wording(row),
        "value": (stands.result if stands else result).get("value", row.line.top if row.line else ""),
        "links": (stands.result if stands else result).get("links", []),
        "reason": "" if stands else _reason(row),
        "seen": stands.id if stands else 0,
        "task_version": task.version if task else 0,
    }
    return DecisionPage(row, suggested, linkage.ksas if linkage else [], linkage, _earlier(row))


def _wording(row: Row) -> str:
    if row.proposal:
        return row.proposal.statement
    if row.line and len(row.line.wordings) == 1:
        return row.line.wordings[0]
    return row.item.task.statement if row.item.task else row.item.wording


def _reason(row: Row) -> str:
    if row.line is None or not row.line.n or not row.line.top:
        return ""
    return f"{row.line.counts[row.line.top]} of {row.line.n} panelists."


def _earlier(row: Row) -> list[RoundDecision]:
    same = RoundDecision.proposal_id == row.proposal.id if row.proposal else RoundDecision.item_id == row.item.id
    found = select(RoundDecision).where(same, RoundDecision.superseded_at.is_not(None))
    return list(db.session.scalars(found.order_by(RoundDecision.id)))


def proposal_tasks(one: Round) -> dict[int, str]:
    """Return the code of the task that a proposal became, by task id; empty for other kinds of rounds."""
    if one.kind != "writing":
        return {}
    found = select(Task.id, Task.code).where(Task.study_id == one.study_id)
    return {task_id: code for task_id, code in db.session.execute(found)}
