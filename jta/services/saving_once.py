"""Saving first answers in one trip to the database.

Nearly every save holds answers nobody gave before. Such a save needs nothing to be read: the page says what it was
shown with, and the save is done only if that is still what is stored. PostgreSQL takes it as one statement, SQLite as
three short ones in a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Double,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)  # fmt: skip
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, aliased

from jta.db import UtcTime
from jta.db_once import can_write_once, write_if, write_once
from jta.models.delivery import Person
from jta.models.response import IdempotencyKey, PageVisit, Response
from jta.models.survey import Instrument
from jta.services.page_visits import upsert, visit_values
from jta.services.rating_merge import Write
from jta.services.screener import count_answered
from jta.services.visits import DECKS, Visit, packed

_OWN = bindparam("own", type_=Integer)
_NOW = bindparam("now", type_=UtcTime)
_REPLY = [bindparam("key", type_=Text), bindparam("body_hash", type_=Text), bindparam("reply", type_=JSON)]
_REPLY_COLUMNS = ["key", "body_hash", "reply"]
_VISIT = [
    bindparam("step", type_=Text), bindparam("first_at", type_=UtcTime), bindparam("last_at", type_=UtcTime),
    bindparam("seconds", type_=Double),
]  # fmt: skip
_CHOSEN = ("items", "scales", "anchors")
_LISTS = ("tasks", "first")
Among = Callable[[Any, str], ColumnElement[bool]]  # whether a column's value is in a list that is bound under a name


@dataclass(frozen=True)
class Beside:
    """What is stored together with the ratings of a save: the visit of its page, or the reply to a tap."""

    is_visit: bool
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Basis:
    """What a save builds on: the deck, the ids on the page, what they were shown with (in the form of `pack`).

    ``first`` are the questions of a screener that must be answered before.
    """

    deck: str
    tasks: Collection[int]
    seen: str
    first: tuple[int, ...] = ()


def page_visit(step: str, shown_at: int | None, now: datetime) -> Beside:
    """Return what keeps that a page was sent."""
    return Beside(is_visit=True, values=visit_values(step, shown_at, now))


def tap_reply(key: str, body_hash: str, reply: Mapping[str, Any]) -> Beside:
    """Return what keeps the reply to a tap under its key."""
    return Beside(is_visit=False, values={"key": key, "body_hash": body_hash, "reply": reply})


def save_first_answers(visit: Visit, basis: Basis, writes: Sequence[Write], beside: Beside, now: datetime) -> bool:
    """Write ratings that do not exist yet, with what belongs to them; say whether that was done.

    Nothing is written unless what was shown is what is stored, the screener is passed, the survey is open, the person
    takes part and the link is valid. ``visit`` may have been read a while ago.
    """
    values = {
        "own": visit.response_id, "code": visit.code, "who": visit.person_id, "generation": visit.generation,
        "seen": basis.seen, "now": now, "tasks": basis.tasks,
    }  # fmt: skip
    if basis.first:
        values |= {"first": basis.first, "n_first": len(basis.first)}
    rows = [dict(zip(_CHOSEN, (*write.key, write.anchor_id), strict=True)) for write in writes]
    way = _at_once if can_write_once() else _together
    try:
        return way(basis.deck, values, rows, beside)
    except IntegrityError:  # somebody else was quicker; the slower way knows what to do
        return False


def _at_once(deck: str, values: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], beside: Beside) -> bool:
    lists = {name: list(values[name]) for name in _LISTS if name in values}
    lists |= {name: [row[name] for row in rows] for name in _CHOSEN}
    statement = _statement(deck, beside.is_visit, "first" in values)
    return bool(write_once(statement, {**values, **lists, **beside.values}).done == 1)


@cache
def _statement(deck: str, is_visit: bool, behind_screener: bool) -> Select[Any]:
    def among(column: Any, name: str) -> ColumnElement[bool]:
        return cast(ColumnElement[bool], column == func.any(bindparam(name, type_=ARRAY(Integer))))

    own = _raised(deck, among, behind_screener).returning(Response.id)
    held = own.cte("own")
    chosen = [func.unnest(bindparam(name, type_=ARRAY(Integer))) for name in _CHOSEN]
    new = _ratings(deck, select(held.c.id, *chosen, literal_column("1"), _NOW)).returning(_item(deck)).cte("new")
    kept = _kept_visit(held) if is_visit else _kept_reply(held)
    return select(func.count().label("done")).select_from(held).add_cte(new, kept.cte("kept"))


def _kept_visit(own: Any) -> Any:
    return upsert("postgresql", select(own.c.id, *_VISIT)).returning(PageVisit.step)


def _kept_reply(own: Any) -> Any:
    columns = ["response_id", *_REPLY_COLUMNS, "at"]
    made = insert(IdempotencyKey).from_select(columns, select(own.c.id, *_REPLY, _NOW), include_defaults=False)
    return made.returning(IdempotencyKey.key)


def _item(deck: str) -> InstrumentedAttribute[int]:
    return DECKS[deck].id_of(DECKS[deck].rating)


def _ratings(deck: str, source: Select[Any]) -> Insert:
    names = ["response_id", DECKS[deck].item, "scale_id", "anchor_id", "version", "saved_at"]
    return insert(DECKS[deck].rating).from_select(names, source, include_defaults=False)


def _raised(deck: str, among: Among, behind_screener: bool) -> Update:
    """Raise the count of saves of a response, if it can be answered and holds of some tasks what was shown."""
    # Whoever saves for this response raises its count. A save that had to wait for another one meets the raised count
    # but still sees the ratings from before; it must not be done, and is not, because it sees the old count too.
    before = aliased(Response)
    same = Response.revision == select(before.revision).where(before.id == _OWN).scalar_subquery()
    stored = packed(deck, DECKS[deck].rating.response_id == _OWN, among(_item(deck), "tasks"))
    reachable = exists().where(
        Person.id == Response.person_id, Person.link_generation == bindparam("generation", type_=Integer)
    )
    is_open = exists().where(Instrument.id == Response.instrument_id, Instrument.closed_at.is_(None))
    answered = count_answered(lambda question: among(question, "first")) == bindparam("n_first", type_=Integer)
    return (
        update(Response)
        .where(
            Response.id == _OWN, Response.code == bindparam("code"), Response.person_id == bindparam("who"), same,
            Response.screened_out_at.is_(None), reachable, is_open,
            func.coalesce(stored, "") == bindparam("seen", type_=Text), *([answered] if behind_screener else []),
        )
        .values(revision=Response.revision + 1)
    )  # fmt: skip


def _together(deck: str, values: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], beside: Beside) -> bool:
    first, ratings, visit, reply = _statements(deck, "first" in values)
    own, now = values["own"], values["now"]
    then: list[tuple[Any, Sequence[Mapping[str, Any]]]] = []
    if rows:
        then.append((ratings, [{"own": own, "now": now, **row} for row in rows]))
    if beside.is_visit:
        then.append((visit, [{"response_id": own, **beside.values}]))
    else:
        then.append((reply, [{"own": own, "now": now, **beside.values}]))
    lists = {name: json.dumps(list(values[name])) for name in _LISTS if name in values}
    return write_if(first, {**values, **lists}, then)


@cache
def _statements(deck: str, behind_screener: bool) -> tuple[Any, ...]:
    def among(column: Any, name: str) -> ColumnElement[bool]:
        listed = func.json_each(bindparam(name, type_=Text)).table_valued("value").c.value
        return cast(ColumnElement[bool], column.in_(select(listed)))

    chosen: list[Any] = [bindparam(name, type_=Integer) for name in _CHOSEN]
    columns = ["response_id", *_REPLY_COLUMNS, "at"]
    row: Select[Any] = select(_OWN, *chosen, literal_column("1"), _NOW)
    return (
        _raised(deck, among, behind_screener),
        _ratings(deck, row),
        upsert("sqlite"),
        insert(IdempotencyKey).from_select(columns, select(_OWN, *_REPLY, _NOW), include_defaults=False),
    )
