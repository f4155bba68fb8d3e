"""What the panel said in the round before, as a panelist sees it while rating again: counts, never who."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from jta.db import db
from jta.models.panel import Round, RoundAnswer, RoundItem
from jta.services.panel_answers import load_items
from jta.services.panel_kinds import SHOWN_FROM


@dataclass(frozen=True)
class Feedback:
    """The round before for one item. ``counts`` is empty where fewer answered than are shown.

    ``middle`` is the lower quartile, median and upper quartile of points, in a round of weights.
    """

    n: int
    own: str
    counts: dict[str, int]
    comments: tuple[str, ...] = ()
    middle: tuple[float, float, float] | None = None


def load_feedback(one: Round, panelist_id: int) -> dict[int, Feedback]:
    """Return what the round before said, by item of this round; empty where there is none."""
    if one.former_id is None:
        return {}
    found = (
        select(RoundItem.task_id, RoundItem.domain_id, RoundAnswer)
        .join(RoundAnswer, RoundAnswer.item_id == RoundItem.id)
        .where(RoundItem.round_id == one.former_id, RoundAnswer.value != "")
        .order_by(RoundAnswer.id)
    )
    answers: dict[tuple[int | None, int | None], list[RoundAnswer]] = {}
    for task_id, domain_id, answer in db.session.execute(found):
        answers.setdefault((task_id, domain_id), []).append(answer)
    return {
        item.id: _feedback(one, answers[item.task_id, item.domain_id], panelist_id)
        for item in load_items(one.id)
        if (item.task_id, item.domain_id) in answers
    }


def _feedback(one: Round, answers: list[RoundAnswer], panelist_id: int) -> Feedback:
    own = next((answer.value for answer in answers if answer.panelist_id == panelist_id), "")
    n = len(answers)
    if n < SHOWN_FROM:
        return Feedback(n, own, {})
    # Sorted by text: the order of writing could tell who wrote it.
    comments = tuple(
        sorted(answer.comment for answer in answers if answer.comment and answer.panelist_id != panelist_id)
    )
    if one.kind == "weights":
        return Feedback(n, own, {}, comments, _middle(answers))
    return Feedback(n, own, dict(Counter(answer.value for answer in answers)), comments)


def _middle(answers: list[RoundAnswer]) -> tuple[float, float, float]:
    import numpy as np

    lower, median, upper = np.quantile([float(answer.value) for answer in answers], [0.25, 0.5, 0.75])
    return float(lower), float(median), float(upper)
