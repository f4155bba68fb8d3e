"""The cognitive level of each task as the panel sees it: decided, or chosen by most in the newest round."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from jta.db import db
from jta.models.inventory import Task
from jta.models.panel import Round
from jta.services.panel_decisions import decided_values
from jta.services.panel_results import load_results


@dataclass(frozen=True)
class PanelLevel:
    """What the panel said of one task.

    ``code`` is empty where two levels were chosen equally often; ``n`` panelists answered in the newest round, of
    whom ``share`` chose this level.
    """

    code: str
    label: str
    decided: bool = False
    n: int = 0
    share: float | None = None


def level_choices(study_id: int) -> dict[str, str]:
    """Return the levels that rounds offered, in words by code; those of the newest round first, in its order."""
    words: dict[str, str] = {}
    for one in reversed(_rounds(study_id)):
        words |= {c["code"]: c["label"].split(":")[0] for c in one.settings["choices"] if c["code"] not in words}
    return words


def panel_levels(study_id: int) -> dict[str, PanelLevel]:
    """Return the level of each task by its code; tasks that no closed round asked about are not in it."""
    words = level_choices(study_id)
    codes = _task_codes(study_id)
    found: dict[str, PanelLevel] = {}
    for one in _rounds(study_id):
        if one.closed_at is None:
            continue
        for line in load_results(one).lines:
            if line.n and line.item.task_id in codes:
                label = words.get(line.top, "two levels equally often")
                share = line.share(line.top) if line.top else None
                found[codes[line.item.task_id]] = PanelLevel(line.top, label, n=line.n, share=share)
    for task_id, code in decided_values(study_id, "level").items():
        if task_id in codes:
            before = found.get(codes[task_id], PanelLevel("", ""))
            share = before.share if before.code == code else None
            found[codes[task_id]] = PanelLevel(code, words.get(code, code), decided=True, n=before.n, share=share)
    return found


def _rounds(study_id: int) -> list[Round]:
    rounds = select(Round).where(Round.study_id == study_id, Round.kind == "level").order_by(Round.number)
    return list(db.session.scalars(rounds))


def _task_codes(study_id: int) -> dict[int, str]:
    return {i: code for i, code in db.session.execute(select(Task.id, Task.code).where(Task.study_id == study_id))}
