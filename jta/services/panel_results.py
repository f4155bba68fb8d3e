"""What the panel said in a round, item by item: counts with n, consensus, content validity, stability."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from jta.db import db
from jta.models.panel import Panelist, Participation, Proposal, Round, RoundAnswer, RoundItem
from jta.services.panel_answers import is_live, load_items
from jta.services.panel_kinds import CONSENSUS, KINDS, SHOWN_FROM, STABLE, RoundKind


@dataclass(frozen=True)
class Line:
    """One item with what the panel said of it. ``figures`` holds statistics by name, None where undefined.

    ``counts`` is by choice; ``hidden`` says that fewer answered than are shown to the panel.
    """

    item: RoundItem
    live: bool
    n: int
    counts: dict[str, int]
    figures: dict[str, float | None] = field(default_factory=dict)
    comments: tuple[str, ...] = ()
    wordings: tuple[str, ...] = ()
    top: str = ""
    agreed: bool = False
    hidden: bool = False

    def share(self, code: str) -> float | None:
        """Return the share of those who answered that chose this."""
        return self.counts.get(code, 0) / self.n if self.n else None


@dataclass
class RoundResults:
    """A round's results; ``overall`` holds figures of the whole round by name."""

    round: Round
    lines: list[Line]
    n_panel: int
    n_finished: int
    overall: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> RoundKind:
        """What kind of round it is."""
        return KINDS[self.round.kind]

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The choices of the round, in order."""
        return list(self.round.settings.get("choices", ()))

    @property
    def n_agreed(self) -> int:
        """How many live items reached agreement."""
        return sum(line.agreed for line in self.lines if line.live)

    @property
    def n_live(self) -> int:
        """How many items still stand."""
        return sum(line.live for line in self.lines)


def load_results(one: Round, *, for_panel: bool = False) -> RoundResults:
    """Return the results of a round; for the panel itself, items with few answers are hidden."""
    lines_of = {"weights": _point_lines, "linkage": _link_lines, "writing": _proposal_lines}.get(
        one.kind, _choice_lines
    )
    results = RoundResults(one, [], count_panel(one), _count(one, finished=True))
    lines_of(results)
    if for_panel:
        results.lines = [_shielded(line) for line in results.lines]
    return results


def count_panel(one: Round) -> int:
    """Return how many panelists could take part: those there now, and those who took part and left."""
    took = select(Participation.panelist_id).where(Participation.round_id == one.id)
    there = Panelist.left_at.is_(None) | Panelist.id.in_(took)
    return db.session.scalar(select(func.count(Panelist.id)).where(Panelist.study_id == one.study_id, there)) or 0


def _count(one: Round, *, finished: bool) -> int:
    found = select(func.count()).select_from(Participation).where(Participation.round_id == one.id)
    if finished:
        found = found.where(Participation.finished_at.is_not(None))
    return db.session.scalar(found) or 0


def _shielded(line: Line) -> Line:
    if line.n >= SHOWN_FROM:
        return line
    return Line(line.item, line.live, line.n, {}, hidden=True)


def load_round_answers(round_id: int) -> list[RoundAnswer]:
    """Return every answer of a round that says something, in a fixed order."""
    found = (
        select(RoundAnswer)
        .join(RoundItem, RoundItem.id == RoundAnswer.item_id)
        .where(RoundItem.round_id == round_id)
        .order_by(RoundItem.position, RoundAnswer.panelist_id, RoundAnswer.other_id)
    )
    return list(db.session.scalars(found))


def matrix(one: Round, items: Sequence[RoundItem], panelists: Sequence[int] | None = None) -> tuple[Any, list[int]]:
    """Return the values of the choices as an array (panelists, items) with the panelists' ids; NaN = no answer."""
    import numpy as np

    values = {choice["code"]: float(choice["value"]) for choice in one.settings.get("choices", ())}
    answers = [answer for answer in load_round_answers(one.id) if answer.value and answer.other_id is None]
    people = list(panelists) if panelists is not None else sorted({answer.panelist_id for answer in answers})
    row, column = {p: i for i, p in enumerate(people)}, {item.id: j for j, item in enumerate(items)}
    X = np.full((len(people), len(items)), np.nan)
    for answer in answers:
        if answer.panelist_id in row and answer.item_id in column:
            number = values[answer.value] if values else float(answer.value)
            X[row[answer.panelist_id], column[answer.item_id]] = number
    return X, people


def _choice_lines(results: RoundResults) -> None:
    one, items = results.round, load_items(results.round.id)
    by_item: dict[int, list[RoundAnswer]] = {}
    for answer in load_round_answers(one.id):
        by_item.setdefault(answer.item_id, []).append(answer)
    figures, results.overall = _choice_figures(one, items)
    for item, own in zip(items, figures, strict=True):
        answers = by_item.get(item.id, [])
        counts = Counter(answer.value for answer in answers if answer.value)
        top = _top(counts)
        results.lines.append(
            Line(
                item, is_live(item), counts.total(), dict(counts), own, _texts(answers, "comment"),
                _texts(answers, "wording"), top, bool(top) and (own["agreement"] or 0) >= CONSENSUS,
            )
        )  # fmt: skip


def _top(counts: Counter[str]) -> str:
    """Return the choice most of them made; empty where two are equal."""
    first = counts.most_common(2)
    if not first or (len(first) == 2 and first[0][1] == first[1][1]):
        return ""
    return first[0][0]


def _texts(answers: Sequence[RoundAnswer], name: str) -> tuple[str, ...]:
    # Sorted by text: the order of writing could tell who wrote it.
    return tuple(sorted(text for answer in answers if (text := getattr(answer, name))))


def _choice_figures(one: Round, items: Sequence[RoundItem]) -> tuple[list[dict[str, float | None]], dict[str, Any]]:
    import numpy as np

    from analysis.consensus import consensus, pairwise_kappa

    X, people = matrix(one, items)
    values = np.array([float(choice["value"]) for choice in one.settings["choices"]])
    found = consensus(X, values)
    columns: dict[str, Any] = {
        name: getattr(found, name) for name in ("mean", "median", "lower", "upper", "iqr", "agreement")
    }
    overall: dict[str, Any] = {"n_people": len(people)}
    if one.kind == "level":
        kappa, pairs = pairwise_kappa(X, values)
        overall |= {"kappa": _plain(kappa), "n_pairs": pairs}
    _add_index(one, X, columns, overall)
    _add_stability(one, items, columns, overall)
    rows = [{name: _plain(column[i]) for name, column in columns.items()} for i in range(len(items))]
    return rows, overall


def _add_index(one: Round, X: Any, columns: dict[str, Any], overall: dict[str, Any]) -> None:
    import numpy as np

    from analysis.panel import content_validity_index, content_validity_ratio, essential_needed

    if one.settings.get("index") == "cvr":
        n = (~np.isnan(X)).sum(axis=0)
        columns["cvr"] = content_validity_ratio((X == 3).sum(axis=0), n)
        columns["essential"] = (X == 3).sum(axis=0)
        columns["needed"] = np.array([(essential_needed(int(m)) if m else None) or np.nan for m in n], float)
    if one.settings.get("index") == "cvi":
        index = content_validity_index(X)
        columns["cvi"] = index.item
        overall |= {"cvi_average": _plain(index.scale_average), "cvi_universal": _plain(index.scale_universal)}


def _add_stability(one: Round, items: Sequence[RoundItem], columns: dict[str, Any], overall: dict[str, Any]) -> None:
    from analysis.consensus import stability

    former = db.session.get(Round, one.former_id) if one.former_id else None
    if former is None:
        return
    earlier = {item.task_id: item for item in load_items(former.id)}
    both = [(i, earlier[item.task_id]) for i, item in enumerate(items) if item.task_id in earlier]
    if not both:
        return
    after, people = matrix(one, [items[i] for i, _ in both])
    before, _ = matrix(former, [item for _, item in both], people)
    found = stability(before, after)
    for name in ("n", "same", "median_change"):
        column = [math.nan] * len(items)
        for (i, _), value in zip(both, getattr(found, name), strict=True):
            column[i] = float(value)
        columns[f"stable_{name}"] = column
    pairs = int(found.n.sum())
    same = sum(n * share for n, share in zip(found.n, found.same, strict=True) if n)
    overall |= {"same": float(same) / pairs if pairs else None, "n_twice": pairs, "former": former.number}


def _plain(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _point_lines(results: RoundResults) -> None:
    from analysis.consensus import point_shares

    items = load_items(results.round.id)
    X, people = matrix(results.round, items)
    whole = X[abs(X.sum(axis=1) - 100) < 1e-9]  # NaN sums are never near: a sheet with a gap is left out
    found = point_shares(whole)
    answers = load_round_answers(results.round.id)
    results.overall = {"n_people": found.n, "n_incomplete": len(people) - found.n}
    for i, item in enumerate(items):
        columns = {name: getattr(found, name)[i] for name in ("mean", "median", "trimmed", "sd", "lower", "upper")}
        own = [answer for answer in answers if answer.item_id == item.id]
        figures = {name: _plain(value) for name, value in columns.items()}
        results.lines.append(Line(item, True, found.n, {}, figures, _texts(own, "comment")))


def _link_lines(results: RoundResults) -> None:
    from jta.services.panel_linkage import load_linkage

    linkage = load_linkage(results.round)
    results.overall = {"linkage": linkage, "n_people": linkage.n_people}
    for item in linkage.tasks:
        cells = linkage.cells_of(item)
        counts = {"kept": sum(cell.kept for cell in cells), "judged": sum(cell.n > 0 for cell in cells)}
        n = max((cell.n for cell in cells), default=0)
        results.lines.append(Line(item, is_live(item), n, counts))


def _proposal_lines(results: RoundResults) -> None:
    for item in load_items(results.round.id):
        found = list_proposals(item.id)
        people = len({proposal.panelist_id for proposal in found})
        results.lines.append(Line(item, True, people, {"proposals": len(found)}))
    results.overall = {"n_people": _count(results.round, finished=False)}


def list_proposals(item_id: int) -> list[Proposal]:
    """Return what was proposed for a part of the job and not withdrawn, sorted by its words."""
    found = select(Proposal).where(Proposal.item_id == item_id, Proposal.withdrawn_at.is_(None))
    return list(db.session.scalars(found.order_by(func.lower(Proposal.statement), Proposal.id)))


def stopping_rule(results: RoundResults) -> str:
    """Say in words whether another round of rating is worth it."""
    same, n = results.overall.get("same"), results.n_live
    agreed = f"{results.n_agreed} of {n} tasks have {CONSENSUS:.0%} or more of the panel in one category"
    if results.n_agreed == n and n:
        return f"Stop: {agreed}."
    if same is not None and same >= STABLE:
        return (
            f"Stop: {same:.0%} of the ratings did not change since the round before ({STABLE:.0%} is enough); {agreed}."
        )
    if same is None:
        return f"{agreed}. A second round shows the panel these figures and asks again."
    return f"Go on: {agreed}, and {1 - same:.0%} of the ratings still changed."
