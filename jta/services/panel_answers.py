"""Saving a panelist's answers in a round: each with its own version, earlier ones kept, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError, StateError
from jta.models.account import User
from jta.models.panel import Participation, Round, RoundAnswer, RoundAnswerChange, RoundItem
from jta.services.panel_kinds import TOTAL_POINTS
from jta.services.panel_visits import PanelTicket, PanelVisit, get_visit, visible_round

LONGEST = 4000


@dataclass(frozen=True)
class Typed:
    """What a panelist entered for one item: the choice, a wording of their own, a comment."""

    value: str = ""
    wording: str = ""
    comment: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was entered."""
        return not (self.value or self.wording or self.comment)


@dataclass(frozen=True)
class Clash:
    """An answer that was changed on another page or device since this one was opened."""

    key: str
    stored: Typed
    typed: Typed


@dataclass
class SavedAnswers:
    """What saving did: the version of each answer now, what clashed, when.

    ``retired`` are codes of tasks and KSAs retired since the page was shown: what was entered for them is not kept.
    """

    at: datetime
    versions: dict[str, int] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    retired: set[str] = field(default_factory=set)

    @property
    def words(self) -> str:
        """What to tell the panelist of retired statements; empty where there is none."""
        if not self.retired:
            return ""
        said: str = _(
            "%(codes)s: retired while you answered, so there is nothing to answer any more. All else is saved.",
            codes=", ".join(sorted(self.retired)),
        )
        return said


@dataclass(frozen=True)
class Sheet:
    """A page as sent: whose it was, what was typed by key, which versions it had seen.

    A key is the item's id, in a linkage round ``task item-KSA item``.
    """

    mark: str
    typed: Mapping[str, Typed]
    seen: Mapping[str, int]


def typed_of(answer: RoundAnswer) -> Typed:
    """Return what is stored as typed text."""
    return Typed(answer.value, answer.wording, answer.comment)


def key_of(answer: RoundAnswer) -> str:
    """Return the key of a stored answer."""
    return str(answer.item_id) if answer.other_id is None else f"{answer.item_id}-{answer.other_id}"


def is_live(item: RoundItem) -> bool:
    """Say whether an item still stands: its task or KSA was not retired since the round opened."""
    statement = item.task or item.knowledge
    return statement is None or statement.retired_at is None


def load_items(round_id: int) -> list[RoundItem]:
    """Return the items of a round in order, with their tasks and KSAs, in one query."""
    found = select(RoundItem).where(RoundItem.round_id == round_id).order_by(RoundItem.position)
    return list(db.session.scalars(found.options(joinedload(RoundItem.task), joinedload(RoundItem.knowledge))))


def load_answers(round_id: int, panelist_id: int) -> dict[str, RoundAnswer]:
    """Return a panelist's answers in a round by key."""
    found = (
        select(RoundAnswer)
        .join(RoundItem, RoundItem.id == RoundAnswer.item_id)
        .where(RoundItem.round_id == round_id, RoundAnswer.panelist_id == panelist_id)
    )
    return {key_of(answer): answer for answer in db.session.scalars(found)}


def save_answers(ticket: PanelTicket, user: User | None, round_id: int, sheet: Sheet) -> SavedAnswers:
    """Save what a page says: each answer on its own, so that one clash keeps nothing else from being saved.

    Sending the same page again changes nothing. Answers to statements retired meanwhile are left out, and named.

    Raises
    ------
    PanelLinkNeededError, OtherLinkError
        If the ticket is void, or the page belongs to somebody else.
    StateError
        If the round is not open, or statements are unsigned.
    InvalidInputError
        If a choice is none of the round's, or a text is too long; nothing is saved then.
    """
    with transaction():
        visit = get_visit(ticket, user, lock=True)
        visit.check_page(sheet.mark)
        one = open_for(visit, round_id)
        items = {item.id: item for item in load_items(one.id)}
        known = _live_keys(one, items.values())
        stored = load_answers(one.id, visit.panelist.id)
        saved = SavedAnswers(clock.now())
        begin(visit, one, saved.at)
        for key, typed in sheet.typed.items():
            if key in known:
                _check(one, typed)
                _save(visit, key, typed, stored.get(key), sheet.seen.get(key, 0), saved)
            elif not typed.is_empty and (key not in stored or typed_of(stored[key]) != typed):
                saved.retired |= _retired_codes(key, items)
        db.session.flush()
    return saved


def open_for(visit: PanelVisit, round_id: int) -> Round:
    """Return a round that this panelist may answer now.

    Raises
    ------
    StateError
        If it is not open, or statements are unsigned.
    """
    one = visible_round(visit, round_id)
    if one.state != "open":
        raise StateError(_("This round is closed. What you saved before that is kept."))
    if visit.unsigned:
        raise StateError(_("Please sign the statements on your page of the panel first."))
    return one


def _retired_codes(key: str, items: Mapping[int, RoundItem]) -> set[str]:
    named = [items.get(int(part)) for part in key.split("-") if part.isdecimal()]
    return {item.code for item in named if item is not None and not is_live(item)}


def _live_keys(one: Round, every: Iterable[RoundItem]) -> set[str]:
    items = [item for item in every if is_live(item)]
    if one.kind != "linkage":
        return {str(item.id) for item in items}
    tasks = [item.id for item in items if item.kind == "task"]
    ksas = [item.id for item in items if item.kind == "knowledge"]
    return {f"{task}-{ksa}" for task in tasks for ksa in ksas}


def _check(one: Round, typed: Typed) -> None:
    if len(typed.wording) > LONGEST or len(typed.comment) > LONGEST:
        raise InvalidInputError(_("Use %(longest)s characters or fewer for a text.", longest=f"{LONGEST:,}"))
    if not typed.value:
        return
    if one.kind == "weights":
        points = int(typed.value) if typed.value.isascii() and typed.value.isdigit() and len(typed.value) < 4 else -1
        if not 0 <= points <= TOTAL_POINTS:
            raise InvalidInputError(_("Points are whole numbers from 0 to %(total)s.", total=TOTAL_POINTS))
    elif typed.value not in {choice["code"] for choice in one.settings.get("choices", ())}:
        raise InvalidInputError(_("Choose one of the answers shown."))


def _save(
    visit: PanelVisit, key: str, typed: Typed, answer: RoundAnswer | None, seen: int, saved: SavedAnswers
) -> None:
    if answer is None:
        if typed.is_empty:
            return
        item_id, _, other_id = key.partition("-")
        answer = RoundAnswer(
            panelist_id=visit.panelist.id, item_id=int(item_id), other_id=int(other_id) if other_id else None,
            version=1, saved_at=saved.at, **typed.__dict__,
        )  # fmt: skip
        db.session.add(answer)
    elif typed_of(answer) != typed:
        if answer.version != seen:
            saved.clashes.append(Clash(key, typed_of(answer), typed))
            return
        _replace(answer, typed, saved.at)
    saved.versions[key] = answer.version


def _replace(answer: RoundAnswer, typed: Typed, now: datetime) -> None:
    db.session.add(
        RoundAnswerChange(
            answer_id=answer.id, version=answer.version, saved_at=answer.saved_at, replaced_at=now,
            **typed_of(answer).__dict__,
        )
    )  # fmt: skip
    answer.value, answer.wording, answer.comment = typed.value, typed.wording, typed.comment
    answer.version += 1
    answer.saved_at = now


def begin(visit: PanelVisit, one: Round, now: datetime) -> Participation:
    """Note that a panelist has begun a round, inside the transaction that is open."""
    part = db.session.get(Participation, (one.id, visit.panelist.id))
    if part is None:
        part = Participation(round_id=one.id, panelist_id=visit.panelist.id, started_at=now)
        db.session.add(part)
        db.session.flush()
    return part


def finish_round(ticket: PanelTicket, user: User | None, round_id: int, mark: str) -> Round:
    """Note that a panelist is done with a round. Again is harmless; answers can be changed until it closes.

    Raises
    ------
    StateError
        If the round is not open, or the points of holistic weights do not sum to 100.
    """
    with transaction():
        visit = get_visit(ticket, user, lock=True)
        visit.check_page(mark)
        one = open_for(visit, round_id)
        if one.kind == "weights":
            _check_points(load_answers(one.id, visit.panelist.id).values())
        part = begin(visit, one, clock.now())
        if part.finished_at is None:
            part.finished_at = max(clock.now(), part.started_at)
            # The trail names the row: who said what must not be guessed from it.
            actor = Actor(f"panelist {visit.panelist.id}", "panelist")
            audit.record(actor, "finished panel round", f"round {one.number}", study_id=one.study_id)
    return one


def _check_points(answers: Iterable[RoundAnswer]) -> None:
    total = total_points(answers)
    if total != TOTAL_POINTS:
        raise StateError(
            _(
                "Your points sum to %(sum)s, not to %(total)s. Change them, then send them again.",
                sum=total, total=TOTAL_POINTS,
            )
        )  # fmt: skip


def total_points(answers: Iterable[RoundAnswer]) -> int:
    """Return the sum of the points in these answers."""
    return sum(int(answer.value) for answer in answers if answer.value)
