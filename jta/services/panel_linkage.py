"""The linkage of tasks and KSAs: what the panel said of each pair, which links count, who has none."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.models.panel import Round, RoundAnswer, RoundDecision, RoundItem
from jta.services.panel_answers import is_live, load_items
from jta.services.panel_kinds import LINK_SHARE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LinkCell:
    """One pair: how many judged it, mean rating and share linking (None where nobody did), whether it counts.

    ``decided`` says that the director decided otherwise than the rule.
    """

    n: int
    mean: float | None
    share: float | None
    kept: bool
    decided: bool = False


@dataclass
class Linkage:
    """The matrix of a linkage round; ``tasks`` and ``ksas`` are its items in order, retired ones left out."""

    round: Round
    tasks: list[RoundItem]
    ksas: list[RoundItem]
    n_people: int
    cells: dict[tuple[int, int], LinkCell] = field(default_factory=dict)

    def cell(self, task: RoundItem, ksa: RoundItem) -> LinkCell:
        """Return one pair."""
        return self.cells[task.id, ksa.id]

    def cells_of(self, task: RoundItem) -> list[LinkCell]:
        """Return the pairs of a task."""
        return [self.cells[task.id, ksa.id] for ksa in self.ksas]

    def links_of(self, task: RoundItem) -> list[RoundItem]:
        """Return the KSAs a task is linked to."""
        return [ksa for ksa in self.ksas if self.cells[task.id, ksa.id].kept]

    @property
    def orphan_tasks(self) -> list[RoundItem]:
        """Tasks without any link that counts."""
        return [task for task in self.tasks if not self.links_of(task)]

    @property
    def orphan_ksas(self) -> list[RoundItem]:
        """KSAs that no task is linked to."""
        return [ksa for ksa in self.ksas if not any(self.cells[task.id, ksa.id].kept for task in self.tasks)]

    @property
    def n_links(self) -> int:
        """How many links count."""
        return sum(cell.kept for cell in self.cells.values())


def latest_linkage(study_id: int) -> Round | None:
    """Return the newest linkage round that was closed, None where there is none."""
    found = select(Round).where(Round.study_id == study_id, Round.kind == "linkage")
    rounds: list[Round] = list(db.session.scalars(found.order_by(Round.number.desc())))
    return next((one for one in rounds if one.state in ("closed", "decided")), None)


def load_linkage(one: Round) -> Linkage:
    """Return the matrix of a linkage round: the panel's ratings under its rule, decisions of the director on top."""
    from analysis.linkage import kept_links, mean_linkage, share_linking

    items = [item for item in load_items(one.id) if is_live(item)]
    tasks = [item for item in items if item.kind == "task"]
    ksas = [item for item in items if item.kind == "knowledge"]
    X, n_people = _cube(one, tasks, ksas)
    mean, n = mean_linkage(X)
    share, kept = share_linking(X), kept_links(X, float(one.settings.get("link_share", LINK_SHARE)))
    decided = _decided_links(one)
    linkage = Linkage(one, tasks, ksas, n_people)
    for t, task in enumerate(tasks):
        chosen = decided.get(task.id)
        for k, ksa in enumerate(ksas):
            by_rule = bool(kept[t, k] and n[t, k])
            counts = by_rule if chosen is None else ksa.code in chosen
            linkage.cells[task.id, ksa.id] = LinkCell(
                int(n[t, k]), _plain(mean[t, k]), _plain(share[t, k]), counts, counts != by_rule
            )
    return linkage


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _answers(one: Round) -> list[Any]:
    """Return panelist, task, KSA and value of every link: plain rows, for a panel makes tens of thousands."""
    found = (
        select(RoundAnswer.panelist_id, RoundAnswer.item_id, RoundAnswer.other_id, RoundAnswer.value)
        .join(RoundItem, RoundItem.id == RoundAnswer.item_id)
        .where(RoundItem.round_id == one.id, RoundAnswer.value != "", RoundAnswer.other_id.is_not(None))
        .order_by(RoundAnswer.panelist_id, RoundAnswer.item_id, RoundAnswer.other_id)
    )
    return list(db.session.execute(found))


def _cube(one: Round, tasks: list[RoundItem], ksas: list[RoundItem]) -> tuple[Any, int]:
    import numpy as np

    answers = _answers(one)
    people = {p: i for i, p in enumerate(sorted({answer.panelist_id for answer in answers}))}
    row, column = {t.id: i for i, t in enumerate(tasks)}, {k.id: j for j, k in enumerate(ksas)}
    X = np.full((len(people), len(tasks), len(ksas)), np.nan)
    for answer in answers:
        if answer.item_id in row and answer.other_id in column:
            X[people[answer.panelist_id], row[answer.item_id], column[answer.other_id]] = float(answer.value)
    return X, len(people)


def _decided_links(one: Round) -> dict[int, set[str]]:
    found = select(RoundDecision).where(
        RoundDecision.round_id == one.id, RoundDecision.superseded_at.is_(None), RoundDecision.outcome == "links"
    )
    return {d.item_id: set(d.result["links"]) for d in db.session.scalars(found) if d.item_id is not None}


def linkage_frame(linkage: Linkage) -> pd.DataFrame:
    """Return the links that count as single ratings for `analysis.linkage_tables`: one judge, the panel's mean.

    A link the director added where nobody on the panel made it counts 1, the middle of the scale.
    """
    import pandas as pd

    rows = [
        ("panel", task.code, ksa.code, (cell.mean or 1.0) if cell.kept else 0.0)
        for task in linkage.tasks
        for ksa in linkage.ksas
        for cell in [linkage.cell(task, ksa)]
    ]
    return pd.DataFrame(rows, columns=["panelist", "task_id", "ksa_id", "value"])
