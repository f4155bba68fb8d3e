"""The panel at a glance: how many there are, what they signed, how far each round is, and the one next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from jta.db import db
from jta.models.panel import Panelist, Participation, Proposal, Round, RoundAnswer, RoundItem
from jta.services.panel import list_panelists
from jta.services.panel_answers import is_live, load_items
from jta.services.panel_composition import Composition, load_composition
from jta.services.panel_decisions import load_decisions
from jta.services.panel_results import count_panel
from jta.services.panel_rounds import count_finished, list_rounds
from jta.services.panel_statements import StatementText, list_texts
from jta.services.study import get_study
from jta.services.study_stage import BEFORE_LAUNCH


@dataclass(frozen=True)
class RoundLine:
    """A round with how many of the panel have sent it in, and how much is still to be decided."""

    round: Round
    n_finished: int
    n_panel: int
    n_open: int | None = None


@dataclass(frozen=True)
class PanelStep:
    """The one next thing to do; ``values`` complete the address of ``endpoint``."""

    title: str
    text: str
    label: str
    endpoint: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class PanelOverview:
    """Everything the panel's first page shows; no names."""

    n_people: int
    n_linked: int
    n_signed: int
    composition: Composition
    rounds: list[RoundLine]
    step: PanelStep


def load_overview(study_id: int) -> PanelOverview:
    """Return the panel at a glance."""
    people, texts = list_panelists(study_id, with_left=False), list_texts(study_id)
    lines = [_line(one) for one in list_rounds(study_id)]
    linked = sum(one.token_hash is not None for one in people)
    signed = sum(has_signed(one, texts) for one in people)
    launched = get_study(study_id).stage not in BEFORE_LAUNCH
    step = _step(len(people), linked, lines, launched=launched)
    return PanelOverview(len(people), linked, signed, load_composition(study_id), lines, step)


def has_signed(panelist: Panelist, texts: Sequence[StatementText]) -> bool:
    """Say whether somebody has signed every statement in its present text."""
    signed = {(one.kind, one.text_hash) for one in panelist.signatures}
    return all((text.kind, text.text_hash) in signed for text in texts)


def _line(one: Round) -> RoundLine:
    undecided = len(load_decisions(one).open_rows) if one.state == "closed" else None
    return RoundLine(one, count_finished(one.id), count_panel(one), undecided)


def _step(n_people: int, n_linked: int, lines: Sequence[RoundLine], *, launched: bool) -> PanelStep:
    if not n_people:
        return PanelStep(
            "Put the panel together",
            "List 8 to 15 experts in an Excel or CSV file, or add them one by one. Say first what make-up you aim for.",
            "Import a file", "panel.upload", {},
        )  # fmt: skip
    if n_linked < n_people:
        return PanelStep(
            "Make the personal links",
            f"{n_people - n_linked} of {n_people} panelists have no link yet. It is how they come in.",
            "Make links", "panel.links", {},
        )  # fmt: skip
    waiting = next((line for line in lines if line.round.state != "decided"), None)
    if waiting is not None:
        return _round_step(waiting)
    if lines and launched:
        return PanelStep(
            "The panel’s work is on record",
            "Every round is decided. The log shows each decision with vote, reason, person and date.",
            "Read the decision log", "meeting.log", {},
        )  # fmt: skip
    return PanelStep(
        "Make a round" if not lines else "Make the next round",
        "Rounds are how the panel works: write, review, rate, link, weigh. Each has its own instructions and date.",
        "Choose a kind of round", "panel.choose_round", {},
    )  # fmt: skip


def _round_step(line: RoundLine) -> PanelStep:
    where, title = {"round_id": line.round.id}, line.round.title
    if line.round.state == "draft":
        return PanelStep(
            f"Open “{title}”", "Nobody sees it yet. Read it as a panelist would, then open it.",
            "Go to the round", "panel.round_page", where,
        )  # fmt: skip
    if line.round.state == "open":
        text = f"{line.n_finished} of {line.n_panel} panelists have sent it in. Close it when enough have."
        return PanelStep(f"Follow “{title}”", text, "Go to the round", "panel.round_page", where)
    text = f"{line.n_open} still to decide. Each decision keeps the vote, your reason, your name and the date."
    if not line.n_open:
        text = "Everything is decided. Say so, and the round is done."
    return PanelStep(f"Decide on “{title}”", text, "Go to the decisions", "panel.decisions", where)


@dataclass(frozen=True)
class PersonProgress:
    """How far one panelist is in a round; ``done`` of ``total`` answers (no total for task writing)."""

    panelist: Panelist
    status: str
    done: int
    total: int | None
    finished_at: datetime | None
    signed: bool


def load_progress(one: Round) -> list[PersonProgress]:
    """Return how far each panelist is: the names with counts, never an answer."""
    parts = {
        part.panelist_id: part
        for part in db.session.scalars(select(Participation).where(Participation.round_id == one.id))
    }
    done, total, texts = _done(one), _total(one), list_texts(one.study_id)
    return [
        PersonProgress(
            person, _status(parts.get(person.id)), done.get(person.id, 0), total,
            parts[person.id].finished_at if person.id in parts else None, has_signed(person, texts),
        )
        for person in list_panelists(one.study_id)
        if person.left_at is None or person.id in parts
    ]  # fmt: skip


def _status(part: Participation | None) -> str:
    if part is None:
        return "not begun"
    return "sent in" if part.finished_at else "begun"


def _done(one: Round) -> dict[int, int]:
    if one.kind == "writing":
        made = select(Proposal.panelist_id, func.count()).join(RoundItem, RoundItem.id == Proposal.item_id)
        found = made.where(RoundItem.round_id == one.id, Proposal.withdrawn_at.is_(None)).group_by(Proposal.panelist_id)
    else:
        live = [item.id for item in load_items(one.id) if is_live(item)]
        answered = select(RoundAnswer.panelist_id, func.count()).where(RoundAnswer.item_id.in_(live))
        found = answered.where(RoundAnswer.value != "").group_by(RoundAnswer.panelist_id)
    return {panelist_id: count for panelist_id, count in db.session.execute(found)}


def _total(one: Round) -> int | None:
    if one.kind == "writing":
        return None
    items = [item for item in load_items(one.id) if is_live(item)]
    ksas = sum(item.kind == "knowledge" for item in items)
    return (len(items) - ksas) * (ksas if one.kind == "linkage" else 1)
