"""Saving a page of first answers in one trip to the database, where it can do that.

Nearly every page that is saved holds answers nobody gave before. Such a page needs no lock to be held while it is
thought about: one statement writes it if, and only if, nothing happened to the response since it was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Double,
    Integer,
    Select,
    Text,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)  # fmt: skip
from sqlalchemy.exc import IntegrityError

from jta import clock
from jta.db import UtcTime
from jta.db_once import write_once
from jta.models.delivery import Person
from jta.models.response import PageVisit, Response
from jta.models.survey import Instrument
from jta.services.page_visits import upsert, visit_values
from jta.services.rating_merge import Write
from jta.services.visits import DECKS, Visit


def save_first_answers(visit: Visit, deck: str, writes: Sequence[Write], step: str, shown_at: int | None) -> bool:
    """Write ratings that did not exist when ``visit`` was read, and the visit of their page; say whether that was done.

    Nothing is written if the survey closed since, the person withdrew, the link was replaced, or anything was saved
    for this response by another tab or device.
    """
    now = clock.now()
    values = {
        "own": visit.response_id, "read": visit.revision, "who": visit.person_id, "now": now,
        "items": [write.key[0] for write in writes], "scales": [write.key[1] for write in writes],
        "anchors": [write.anchor_id for write in writes], **visit_values(step, shown_at, now),
    }  # fmt: skip
    try:
        written: int = write_once(_statement(deck), values).written
    except IntegrityError:  # somebody else was quicker; the slower way knows what to do
        return False
    return written == len(writes)


@cache
def _statement(name: str) -> Select[Any]:
    deck = DECKS[name]
    # The count of saves is raised first: that holds the response, and fails where it has moved on.
    own = (
        update(Response)
        .where(
            Response.id == bindparam("own"), Response.revision == bindparam("read"),
            Response.person_id == bindparam("who"), Person.id == Response.person_id,
            Instrument.id == Response.instrument_id, Instrument.closed_at.is_(None),
        )
        .values(revision=Response.revision + 1)
        .returning(Response.id)
        .cte("own")
    )  # fmt: skip
    lists = [func.unnest(bindparam(name, type_=ARRAY(Integer))) for name in ("items", "scales", "anchors")]
    row = select(own.c.id, *lists, literal_column("1"), bindparam("now", type_=UtcTime))
    names = ["response_id", deck.item, "scale_id", "anchor_id", "version", "saved_at"]
    rating = insert(deck.rating).from_select(names, row, include_defaults=False)
    new = rating.returning(deck.id_of(deck.rating)).cte("new")
    visited = select(
        own.c.id, bindparam("step", type_=Text), bindparam("first_at", type_=UtcTime),
        bindparam("last_at", type_=UtcTime), bindparam("seconds", type_=Double),
    )  # fmt: skip
    kept = upsert("postgresql", visited).returning(PageVisit.step).cte("kept")
    return select(func.count().label("written")).select_from(new).add_cte(kept)
