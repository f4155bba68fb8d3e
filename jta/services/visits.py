"""Reaching a response: the ticket in a respondent's cookie, what it leads to, and the answers stored there.

Nobody signs in. Pressing Start puts a ticket (response id and link generation) into the cookie, and every later
page is reached by that ticket only. A replaced link or a withdrawal makes it void.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, String, bindparam, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from jta.db import db
from jta.db_once import read_once
from jta.errors import JTAError, SurveyClosedError
from jta.models.delivery import Person
from jta.models.response import KsaRating, KsaRatingChange, PageVisit, Rating, RatingChange, Response
from jta.models.survey import Instrument
from jta.services.survey_pages import KSA, TASKS, Key, Ratings, Stored, Survey, get_survey


def closed_words() -> str:
    """Say that the survey has closed."""
    return str(_("The survey has closed. Everything you saved before that is kept."))


_KNOWN = "jta_visits"  # the store hangs on the application: two applications in one process may use two databases
_MOST = 2_000

# Statements of every page and every tap, built once.
_RESPONSE: BindParameter[int] = bindparam("response_id")
_other = aliased(Instrument)
# Wording that was put right after launch makes a newer version of the same pages: that is what everybody sees.
_newest = (
    select(func.max(_other.id))
    .where(_other.study_id == Instrument.study_id, _other.kind == Instrument.kind)
    .correlate(Instrument)
    .scalar_subquery()
)
_VISIT: Any = (  # a Select of many columns
    select(
        Response.id, Response.study_id, Response.person_id, Response.code, Response.receipt, Response.started_at,
        Response.background_at, Response.submitted_at, Response.instrument_id,
        Response.revision, Response.screened_out_at, Response.language, Response.form_code, Response.seed,
        Person.link_generation, Instrument.closed_at, _newest.label("newest_id"),
    )
    .join(Person, Person.id == Response.person_id)
    .join(Instrument, Instrument.id == Response.instrument_id)
    .where(Response.id == _RESPONSE)
)  # fmt: skip


@dataclass(frozen=True)
class Deck:
    """Where the ratings of one deck of cards are kept: task statements, or knowledge and skill statements."""

    rating: Any  # the model, with the id of what is rated under the name ``item``
    change: Any
    item: str

    def id_of(self, model: Any) -> InstrumentedAttribute[int]:
        """Return the column that names what is rated."""
        column: InstrumentedAttribute[int] = getattr(model, self.item)
        return column


DECKS = {TASKS: Deck(Rating, RatingChange, "task_id"), KSA: Deck(KsaRating, KsaRatingChange, "knowledge_id")}


def packed(deck: str, *conditions: ColumnElement[bool]) -> ScalarSelect[str]:
    """Return some ratings as one text in the form of `pack`, NULL for none: fewer rows to carry."""
    model, item = DECKS[deck].rating, DECKS[deck].id_of(DECKS[deck].rating)
    task, scale, version, anchor = (
        cast(column, String) for column in (item, model.scale_id, model.version, func.coalesce(model.anchor_id, 0))
    )
    one = (task + "." + scale + "." + version + "." + anchor).label("one")
    rows = select(one).where(*conditions).order_by(item, model.scale_id).subquery()
    return select(func.aggregate_strings(rows.c.one, " ")).scalar_subquery()


def _with_ratings(deck: str) -> Select[Any]:
    model = DECKS[deck].rating
    found: Select[Any] = _VISIT.add_columns(
        packed(deck, model.response_id == _RESPONSE).label("ratings"),
        select(func.max(model.saved_at)).where(model.response_id == _RESPONSE).scalar_subquery().label("saved_at"),
    )
    return found


_VISIT_AND_RATINGS = {name: _with_ratings(name) for name in DECKS}
_VISITED = select(PageVisit.step).where(PageVisit.response_id == _RESPONSE)
_LOCKED_VISIT = _VISIT.with_for_update(of=Response)


class LinkNeededError(JTAError):
    """The cookie names no response that may be reached: none, a replaced link, or a withdrawal."""

    status = 404
    heading = lazy("Please open your personal link")

    def __init__(self) -> None:
        super().__init__(
            _("This device does not know who you are. Open the link in your invitation again: what you saved is there.")
        )


class OtherLinkError(JTAError):
    """A page that was opened with one link was sent after another link was opened in the same browser."""

    status = 409
    heading = lazy("This page belongs to another link")

    def __init__(self) -> None:
        super().__init__(
            _(
                "Another personal link was opened in this browser since. Nothing on this page was saved. "
                "Open your own link again and go on from there."
            )
        )


class ScreenedOutError(JTAError):
    """Somebody whom the screener found not to be among those asked wants to go on."""

    status = 409
    heading = lazy("Thank you for your interest")

    def __init__(self) -> None:
        super().__init__(_("Your answers say that this survey is not meant for you, so nothing more was saved."))


@dataclass(frozen=True)
class Ticket:
    """What the cookie of a respondent holds."""

    response_id: int
    generation: int


@dataclass(frozen=True)
class Visit:
    """A response reached by a valid ticket, with its instrument. Plain values: nothing is read later."""

    response_id: int
    study_id: int
    person_id: int
    generation: int
    code: str
    receipt: str
    started_at: datetime
    background_at: datetime | None
    submitted_at: datetime | None
    revision: int
    is_open: bool
    screened_out_at: datetime | None
    survey: Survey

    @property
    def ticket(self) -> Ticket:
        """What leads to this response."""
        return Ticket(self.response_id, self.generation)

    @property
    def page_mark(self) -> str:
        """What ties a page to this response without naming it."""
        return hashlib.sha256(f"page of {self.code} {self.receipt}".encode()).hexdigest()[:16]

    def cards(self, deck: str) -> Survey:
        """Return the survey with the cards of a deck."""
        return self.survey.ksa if deck == KSA else self.survey

    def check_page(self, mark: str) -> None:
        """Refuse a page that was shown to somebody else.

        Raises
        ------
        OtherLinkError
            If the page belongs to another response.
        """
        if not secrets.compare_digest(mark.encode(), self.page_mark.encode()):
            raise OtherLinkError

    def check_open(self, *, at_screener: bool = False) -> None:
        """Refuse a change after the survey closed, or after the screener ended it for this person.

        Parameters
        ----------
        at_screener : bool
            Whether the page is the screener, where a slip may be put right.

        Raises
        ------
        SurveyClosedError
            If the survey has closed.
        ScreenedOutError
            If the person is not among those asked.
        """
        if not self.is_open:
            raise SurveyClosedError(closed_words())
        if self.screened_out_at is not None and not at_screener:
            raise ScreenedOutError


def get_visit(ticket: Ticket, *, lock: bool = False) -> Visit:
    """Return the response a ticket leads to; with ``lock``, hold its row until the transaction ends.

    Raises
    ------
    LinkNeededError
        If the ticket is void: its link was replaced or its answers were withdrawn.
    """
    values = {"response_id": ticket.response_id}
    rows = db.session.connection().execute(_LOCKED_VISIT, values).all() if lock else read_once(_VISIT, values)
    return _visit(_reached(rows, ticket))


@dataclass(frozen=True)
class Reading:
    """A response with all its ratings, as one moment of the database held them; ``saved_at`` is the last save."""

    visit: Visit
    ratings: Ratings
    saved_at: datetime | None


def read_visit(ticket: Ticket, deck: str = TASKS) -> Reading:
    """Return the response a ticket leads to with its ratings, in one trip to the database.

    Raises
    ------
    LinkNeededError
        As for `get_visit`.
    """
    row = _reached(read_once(_VISIT_AND_RATINGS[deck], {"response_id": ticket.response_id}), ticket)
    return Reading(_visit(row), unpack(row.ratings or ""), row.saved_at)


def unpack(text: str) -> dict[Key, Stored]:
    """Read ratings from the text that `pack` writes."""
    found = {}
    for part in text.split():
        task, scale, version, anchor = part.split(".")
        found[int(task), int(scale)] = Stored(int(anchor) or None, int(version))
    return found


def _reached(rows: Sequence[Any], ticket: Ticket) -> Any:
    if not rows or rows[0].link_generation != ticket.generation:
        raise LinkNeededError
    return rows[0]


def _visit(row: Any) -> Visit:
    visit = Visit(
        response_id=row.id, study_id=row.study_id, person_id=row.person_id, generation=row.link_generation,
        code=row.code, receipt=row.receipt, started_at=row.started_at, background_at=row.background_at,
        submitted_at=row.submitted_at, revision=row.revision, is_open=row.closed_at is None,
        screened_out_at=row.screened_out_at,
        survey=get_survey(row.newest_id, row.language, row.form_code, row.seed),
    )  # fmt: skip
    known: dict[int, Visit] = current_app.extensions.setdefault(_KNOWN, {})
    if len(known) >= _MOST:
        known.clear()
    known[visit.response_id] = visit
    return visit


def known_visit(ticket: Ticket, mark: str) -> Visit | None:
    """Return a response as this process read it last, if it did and this page belongs to it.

    Who somebody is and what they are asked stays; what may have changed since (an end, a withdrawal, a new link,
    ratings) is for the statement to check that builds on it.
    """
    known: dict[int, Visit] = current_app.extensions.get(_KNOWN, {})
    visit = known.get(ticket.response_id)
    return visit if visit is not None and visit.ticket == ticket and visit.page_mark == mark else None


def load_ratings(response_id: int, tasks: Collection[int] | None = None, deck: str = TASKS) -> dict[Key, Stored]:
    """Return the ratings of a response by task and scale, those taken back included (anchor None).

    ``tasks`` limits them to these task ids, or ids of statements where ``deck`` names those cards.
    """
    values: dict[str, Any] = {"response_id": response_id}
    if tasks is not None:
        values["tasks"] = list(tasks)
    rows = db.session.connection().execute(_ratings(deck, some=tasks is not None), values)
    return {(row[0], row[1]): Stored(row[2], row[3], row[4]) for row in rows}


@cache
def _ratings(deck: str, *, some: bool) -> Select[Any]:
    model, item = DECKS[deck].rating, DECKS[deck].id_of(DECKS[deck].rating)
    found = select(item, model.scale_id, model.anchor_id, model.version, model.saved_at)
    found = found.where(model.response_id == _RESPONSE)
    return found.where(item.in_(bindparam("tasks", expanding=True))) if some else found


def list_visited(response_id: int) -> set[str]:
    """Return the keys of the pages that this respondent has sent, see `Stop.key`."""
    return {row[0] for row in read_once(_VISITED, {"response_id": response_id})}
