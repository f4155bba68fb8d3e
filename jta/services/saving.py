"""Saving answers: one rating as it is tapped, a page of ratings, the background page.

The response's row is locked first, so that two tabs or devices of one person take turns. An acknowledged save
is committed; a repeated one (same key, same body) gets the same reply and writes nothing.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, update

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.models.response import Answer, IdempotencyKey, Rating, RatingChange, Response
from jta.services.rating_merge import Chosen, Conflict, Merge, Seen, Write, merge
from jta.services.survey_pages import NOT_RATED, Key, Ratings, Stored, Survey
from jta.services.visits import Ticket, Visit, get_visit, load_answers, load_ratings


@dataclass(frozen=True)
class PageSaved:
    """Whose page was saved, and what only the respondent can decide."""

    visit: Visit
    conflicts: tuple[Conflict, ...]


Shown = Mapping[Key, tuple[int | None, int]]  # anchor id (None for no answer) and version, as a page was shown with


def save_page(ticket: Ticket, mark: str, number: int, *, seen: Shown, chosen: Chosen) -> PageSaved:
    """Save the answers marked on a page of cards.

    Parameters
    ----------
    ticket : Ticket
        From the cookie.
    mark : str
        The page's own mark, see `Visit.page_mark`.
    number : int
        Number of the page.
    seen, chosen : mappings by (task id, scale id)
        What the page was shown with, and the anchors marked on it; blank ones are left out.

    Raises
    ------
    LinkNeededError, OtherLinkError
        If the ticket is void, or the page belongs to another response.
    SurveyClosedError
        If the survey has closed.
    NotFoundError
        If there is no such page.
    InvalidInputError
        If an answer is for a task of another page, or not one of its scale.
    """
    with transaction():
        visit = _open_visit(ticket, mark)
        tasks = {task.id for task in visit.survey.page(number).tasks}
        _check_chosen(visit.survey, chosen, tasks)
        stored = load_ratings(visit.response_id, tasks)
        merged = merge(visit.survey, stored, _as_stored(seen), chosen)
        _write(visit.response_id, merged.writes, clock.now())
    return PageSaved(visit, tuple(merged.conflicts))


def save_rating(ticket: Ticket, mark: str, key: str, *, seen: Shown, chosen: Chosen) -> dict[str, Any]:
    """Save one tapped answer once, however often it arrives; return the reply for the page's script.

    Parameters
    ----------
    ticket, mark, seen, chosen
        As for `save_page`; ``chosen`` holds one rating, ``seen`` those of its card.
    key : str
        Idempotency key, made by the browser for this tap.

    Returns
    -------
    dict
        ``status`` ("saved" or "conflict"), ``at`` (ISO time, UTC), ``card`` (the card's ratings as they stand, in
        the form of `pack`), ``conflicts`` (task, scale, stored anchor or None, chosen anchor).

    Raises
    ------
    EditConflictError
        If the key was used for another answer.
    LinkNeededError, OtherLinkError, SurveyClosedError, InvalidInputError
        As for `save_page`.
    """
    body = audit.digest({"chosen": _plain(chosen), "seen": pack(_as_stored(seen))})
    with transaction():
        visit = _open_visit(ticket, mark)
        _check_chosen(visit.survey, chosen, visit.survey.page_of)
        earlier = db.session.get(IdempotencyKey, (visit.response_id, key))
        if earlier is not None:
            return _same_reply(earlier, body)
        stored = load_ratings(visit.response_id, [task for task, _ in chosen])
        merged = merge(visit.survey, stored, _as_stored(seen), chosen, explicit=True)
        now = clock.now()
        _write(visit.response_id, merged.writes, now)
        reply = _reply(_after(stored, merged, now), merged, now)
        _keep_reply(visit.response_id, key, body, reply, now)
    return reply


def _open_visit(ticket: Ticket, mark: str) -> Visit:
    visit = get_visit(ticket, lock=True)
    visit.check_page(mark)
    visit.check_open()
    return visit


def _as_stored(seen: Shown) -> Seen:
    return {key: Stored(anchor_id, version) for key, (anchor_id, version) in seen.items()}


def _check_chosen(survey: Survey, chosen: Chosen, tasks: Container[int]) -> None:
    for (task_id, scale_id), anchor_id in chosen.items():
        scale = survey.by_scale.get(scale_id)
        if task_id not in tasks or scale is None or anchor_id not in scale.labels:
            raise InvalidInputError("One of the answers is not on this page. Reload the page and choose again.")


def _same_reply(earlier: IdempotencyKey, body: str) -> dict[str, Any]:
    if earlier.body_hash != body:
        raise EditConflictError("This save was used for another answer already. Reload the page and choose again.")
    return dict(earlier.reply)


def _keep_reply(response_id: int, key: str, body: str, reply: dict[str, Any], now: datetime) -> None:
    row = {"response_id": response_id, "key": key, "body_hash": body, "reply": reply, "at": now}
    db.session.execute(insert(IdempotencyKey), [row])


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


def _write(response_id: int, writes: list[Write], now: datetime) -> None:
    """Write ratings in bulk: at most three statements, however many there are."""
    new = [_row(response_id, write, now) for write in writes if write.before == NOT_RATED]
    old = [write for write in writes if write.before != NOT_RATED]
    if new:
        db.session.execute(insert(Rating), new)
    if old:
        db.session.execute(insert(RatingChange), [_history(response_id, write, now) for write in old])
        db.session.execute(update(Rating), [_row(response_id, write, now) for write in old])


def _row(response_id: int, write: Write, now: datetime) -> dict[str, Any]:
    task_id, scale_id = write.key
    return {
        "response_id": response_id, "task_id": task_id, "scale_id": scale_id,
        "anchor_id": write.anchor_id, "version": write.version, "saved_at": now,
    }  # fmt: skip


def _history(response_id: int, write: Write, now: datetime) -> dict[str, Any]:
    before = write.before
    return {
        "response_id": response_id, "task_id": write.key[0], "scale_id": write.key[1], "version": before.version,
        "anchor_id": before.anchor_id, "saved_at": before.saved_at, "replaced_at": now,
    }  # fmt: skip


def save_answers(ticket: Ticket, mark: str, *, seen: Mapping[int, int], chosen: Mapping[int, int]) -> Visit:
    """Save the background page; a question left blank, or left as it was shown, is not changed.

    Parameters
    ----------
    ticket, mark
        As for `save_page`.
    seen, chosen : mapping of question id to choice id
        What the page was shown with, and what is marked on it.

    Raises
    ------
    LinkNeededError, OtherLinkError, SurveyClosedError
        As for `save_page`.
    """
    with transaction():
        visit = _open_visit(ticket, mark)
        stored = load_answers(visit.response_id)
        changed = {q: c for q, c in chosen.items() if c != seen.get(q) and c != stored.get(q)}
        _write_answers(visit.response_id, changed, known=set(stored))
        if visit.background_at is None:
            db.session.get_one(Response, visit.response_id).background_at = clock.now()
    return visit


def _write_answers(response_id: int, changed: Mapping[int, int], known: set[int]) -> None:
    now = clock.now()
    for question_id, choice_id in changed.items():
        if question_id in known:
            key = {"response_id": response_id, "question_id": question_id}
            answer = db.session.get_one(Answer, key)
            answer.choice_id, answer.version, answer.saved_at = choice_id, answer.version + 1, now
        else:
            db.session.add(Answer(response_id=response_id, question_id=question_id, choice_id=choice_id, saved_at=now))
