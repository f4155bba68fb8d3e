"""Saving ratings: one as it is tapped, or a page of them; of task statements or of knowledge and skill statements.

The response's row is locked first, so that two tabs or devices of one person take turns. An acknowledged save
is committed; a repeated one (same key, same body) gets the same reply and writes nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import Table, bindparam, update

from jta import audit, clock
from jta.db import db, transaction
from jta.db_once import insert_rows
from jta.errors import EditConflictError, InvalidInputError
from jta.models.response import IdempotencyKey, Response
from jta.services.page_visits import record_visit
from jta.services.rating_merge import Chosen, Conflict, Merge, Write, merge
from jta.services.saving_once import Basis, page_visit, save_first_answers, tap_reply
from jta.services.screener import check_way, required_before
from jta.services.survey_pages import NOT_RATED, TASKS, Key, Ratings, Stop, Stored, Survey
from jta.services.visits import DECKS, Deck, Ticket, Visit, get_visit, known_visit, load_ratings

_KEY = cast(Table, IdempotencyKey.__table__)
_RAISE_REVISION = (
    update(Response).where(Response.id == bindparam("id_")).values(revision=Response.revision + 1)
).execution_options(synchronize_session=False)


@dataclass(frozen=True)
class PageSaved:
    """Whose page was saved, and what only the respondent can decide."""

    visit: Visit
    conflicts: tuple[Conflict, ...]


Shown = Mapping[Key, tuple[int | None, int]]  # anchor id (None for no answer) and version, as a page was shown with


@dataclass(frozen=True)
class Sent:
    """A page of cards as it was sent: its own mark, what it was shown with and when, the anchors marked on it.

    ``mark`` is that of `Visit.page_mark`; blank answers are left out of ``chosen``; ``deck`` says what is rated.
    """

    mark: str
    seen: Shown
    chosen: Chosen
    deck: str = TASKS
    shown_at: int | None = None


def save_page(ticket: Ticket, number: int, sent: Sent) -> PageSaved:
    """Save the answers marked on a page of cards.

    Parameters
    ----------
    ticket : Ticket
        From the cookie.
    number : int
        Number of the page.
    sent : Sent
        The page.

    Raises
    ------
    LinkNeededError, OtherLinkError
        If the ticket is void, or the page belongs to another response.
    SurveyClosedError, ScreenerFirstError
        If the survey has closed, or a screener comes first.
    NotFoundError
        If there is no such page.
    InvalidInputError
        If an answer is for a task of another page, or not one of its scale.
    """
    if visit := _saved_at_once(ticket, number, sent):
        return PageSaved(visit, ())
    with transaction():
        visit = _open_visit(ticket, sent.mark)
        tasks, stop = _tasks_of(visit, number, sent)
        check_way(visit, stop, locked=True)
        stored = load_ratings(visit.response_id, tasks, sent.deck)
        merged = merge(visit.cards(sent.deck), stored, _as_stored(sent.seen), sent.chosen)
        now = clock.now()
        _write(visit.response_id, merged.writes, now, sent.deck)
        record_visit(visit.response_id, stop.key, sent.shown_at, now)
    return PageSaved(visit, tuple(merged.conflicts))


def _saved_at_once(ticket: Ticket, number: int, sent: Sent) -> Visit | None:
    """Save a page of first answers; None if there is more to it, and nothing was written."""
    visit = _mostly_known(ticket, sent.mark)
    tasks, stop = _tasks_of(visit, number, sent)
    stored, merged = _merged_as_shown(visit, tasks, sent)
    now = clock.now()
    beside = page_visit(stop.key, sent.shown_at, now)
    if not _are_first(merged):
        return None
    basis = Basis(sent.deck, tasks, pack(stored), tuple(required_before(visit.survey, stop)))
    return visit if save_first_answers(visit, basis, merged.writes, beside, now) else None


def _tap_at_once(ticket: Ticket, key: str, body: str, sent: Sent) -> dict[str, Any] | None:
    """Save a tap that is a first answer, and return the reply; None if there is more to it."""
    visit = _mostly_known(ticket, sent.mark)
    tasks = {task for task, _ in sent.chosen}
    cards = visit.cards(sent.deck)
    _check_chosen(cards, sent.chosen, cards.page_of)
    stored, merged = _merged_as_shown(visit, tasks, sent, explicit=True)
    if not _are_first(merged):
        return None
    now = clock.now()
    reply = _reply(_after(stored, merged, now), merged, now)
    beside = tap_reply(key, body, reply)
    basis = Basis(sent.deck, tasks, pack(stored), tuple(required_before(visit.survey, _first_stop(cards, tasks))))
    return reply if save_first_answers(visit, basis, merged.writes, beside, now) else None


def _first_stop(cards: Survey, tasks: Iterable[int]) -> Stop:
    return cards.stop(cards.deck, min(cards.page_of[task] for task in tasks))


def _mostly_known(ticket: Ticket, mark: str) -> Visit:
    """Return a response that may have been read a while ago; whoever builds on it must check what can change."""
    visit = known_visit(ticket, mark) or get_visit(ticket)
    visit.check_page(mark)
    return visit


def _merged_as_shown(
    visit: Visit, tasks: Container[int], sent: Sent, *, explicit: bool = False
) -> tuple[dict[Key, Stored], Merge]:
    """Merge as if nothing had been saved since the page was shown."""
    stored = {key: value for key, value in _as_stored(sent.seen).items() if key[0] in tasks}
    return stored, merge(visit.cards(sent.deck), stored, stored, sent.chosen, explicit=explicit)


def _are_first(merged: Merge) -> bool:
    return not merged.conflicts and all(write.before == NOT_RATED for write in merged.writes)


def _tasks_of(visit: Visit, number: int, sent: Sent) -> tuple[set[int], Stop]:
    cards = visit.cards(sent.deck)
    tasks = {task.id for task in cards.page(number).tasks}
    _check_chosen(cards, sent.chosen, tasks)
    return tasks, visit.survey.stop(sent.deck, number)


def save_rating(ticket: Ticket, key: str, sent: Sent) -> dict[str, Any]:
    """Save one tapped answer once, however often it arrives; return the reply for the page's script.

    Parameters
    ----------
    ticket : Ticket
        As for `save_page`.
    key : str
        Idempotency key, made by the browser for this tap.
    sent : Sent
        ``chosen`` holds one rating, ``seen`` those of its card.

    Returns
    -------
    dict
        ``status`` ("saved" or "conflict"), ``at`` (ISO time, UTC), ``card`` (the card's ratings as they stand, in
        the form of `pack`), ``conflicts`` (task, scale, stored anchor or None, chosen anchor).

    Raises
    ------
    EditConflictError
        If the key was used for another answer.
    LinkNeededError, OtherLinkError, SurveyClosedError, ScreenerFirstError, InvalidInputError
        As for `save_page`.
    """
    body = audit.digest({"chosen": _plain(sent.chosen), "seen": pack(_as_stored(sent.seen)), "deck": sent.deck})
    if reply := _tap_at_once(ticket, key, body, sent):
        return reply
    with transaction():
        visit = _open_visit(ticket, sent.mark)
        cards = visit.cards(sent.deck)
        _check_chosen(cards, sent.chosen, cards.page_of)
        check_way(visit, _first_stop(cards, (task for task, _ in sent.chosen)), locked=True)
        earlier = db.session.get(IdempotencyKey, (visit.response_id, key))
        if earlier is not None:
            return _same_reply(earlier, body)
        stored = load_ratings(visit.response_id, [task for task, _ in sent.chosen], sent.deck)
        merged = merge(cards, stored, _as_stored(sent.seen), sent.chosen, explicit=True)
        now = clock.now()
        _write(visit.response_id, merged.writes, now, sent.deck)
        reply = _reply(_after(stored, merged, now), merged, now)
        _keep_reply(visit.response_id, key, body, reply, now)
    return reply


def _open_visit(ticket: Ticket, mark: str) -> Visit:
    visit = get_visit(ticket, lock=True)
    visit.check_page(mark)
    visit.check_open()
    return visit


def _as_stored(seen: Shown) -> dict[Key, Stored]:
    return {key: Stored(anchor_id, version) for key, (anchor_id, version) in seen.items()}


def _check_chosen(survey: Survey, chosen: Chosen, tasks: Container[int]) -> None:
    for (task_id, scale_id), anchor_id in chosen.items():
        scale = survey.by_scale.get(scale_id)
        if task_id not in tasks or scale is None or anchor_id not in scale.labels:
            raise InvalidInputError(_("One of the answers is not on this page. Reload the page and choose again."))


def _same_reply(earlier: IdempotencyKey, body: str) -> dict[str, Any]:
    if earlier.body_hash != body:
        raise EditConflictError(_("This save was used for another answer already. Reload the page and choose again."))
    return dict(earlier.reply)


def _keep_reply(response_id: int, key: str, body: str, reply: dict[str, Any], now: datetime) -> None:
    row = {"response_id": response_id, "key": key, "body_hash": body, "reply": reply, "at": now}
    insert_rows(_KEY, [row])


def _reply(card: Ratings, merged: Merge, now: datetime) -> dict[str, Any]:
    return {
        "status": "conflict" if merged.conflicts else "saved",
        "at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "card": pack(card),
        "conflicts": [
            {"task": c.key[0], "scale": c.key[1], "stored": c.stored, "chosen": c.chosen} for c in merged.conflicts
        ],
    }


def _plain(chosen: Chosen) -> list[list[int]]:
    return sorted([*key, anchor] for key, anchor in chosen.items())


def pack(ratings: Ratings) -> str:
    """Write ratings as one short text, ``task.scale.version.anchor`` each, 0 for no anchor."""
    return " ".join(f"{t}.{s}.{r.version}.{r.anchor_id or 0}" for (t, s), r in sorted(ratings.items()))


def _after(stored: Ratings, merged: Merge, now: datetime) -> dict[Key, Stored]:
    return {**stored, **{write.key: Stored(write.anchor_id, write.version, now) for write in merged.writes}}


def _write(response_id: int, writes: list[Write], now: datetime, name: str) -> None:
    """Write ratings in bulk: at most four statements, however many there are."""
    deck = DECKS[name]
    new = [_row(deck, write) for write in writes if write.before == NOT_RATED]
    old = [write for write in writes if write.before != NOT_RATED]
    if new:
        insert_rows(deck.rating.__table__, new, response_id=response_id, version=1, saved_at=now)
    if old:
        history = [_history(deck, write) for write in old]
        insert_rows(deck.change.__table__, history, response_id=response_id, replaced_at=now)
        rows = [{**_row(deck, w), "response_id": response_id, "version": w.version, "saved_at": now} for w in old]
        db.session.execute(update(deck.rating), rows)
    if writes:
        db.session.execute(_RAISE_REVISION, {"id_": response_id})


def _row(deck: Deck, write: Write) -> dict[str, Any]:
    return {deck.item: write.key[0], "scale_id": write.key[1], "anchor_id": write.anchor_id}


def _history(deck: Deck, write: Write) -> dict[str, Any]:
    (item_id, scale_id), before = write.key, write.before
    return {
        deck.item: item_id, "scale_id": scale_id, "version": before.version, "anchor_id": before.anchor_id,
        "saved_at": before.saved_at,
    }  # fmt: skip
