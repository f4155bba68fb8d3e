"""Reaching a response: the ticket in a respondent's cookie, what it leads to, and the answers stored there.

Nobody signs in. Pressing Start puts a ticket (response id and link generation) into the cookie, and every later
page is reached by that ticket only. A replaced link or a withdrawal makes it void.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, select

from jta.db import db
from jta.errors import JTAError, SurveyClosedError
from jta.models.delivery import Person
from jta.models.response import Answer, Rating, Response
from jta.models.survey import Instrument
from jta.services.survey_pages import Key, Stored, Survey, get_survey

CLOSED = "The survey has closed. Everything you saved before that is kept."

# Statements of every page and every tap, built once.
_RESPONSE: BindParameter[int] = bindparam("response_id")
_VISIT = (
    select(
        Response.id, Response.study_id, Response.person_id, Response.code, Response.receipt, Response.started_at,
        Response.background_at, Response.submitted_at, Response.instrument_id,
        Person.link_generation, Instrument.closed_at,
    )
    .join(Person, Person.id == Response.person_id)
    .join(Instrument, Instrument.id == Response.instrument_id)
    .where(Response.id == _RESPONSE)
)  # fmt: skip
_LOCKED_VISIT = _VISIT.with_for_update(of=Response)
_RATINGS = select(Rating.task_id, Rating.scale_id, Rating.anchor_id, Rating.version, Rating.saved_at).where(
    Rating.response_id == _RESPONSE
)
_RATINGS_OF_TASKS = _RATINGS.where(Rating.task_id.in_(bindparam("tasks", expanding=True)))
_ANSWERS = select(Answer.question_id, Answer.choice_id).where(Answer.response_id == _RESPONSE)


class LinkNeededError(JTAError):
    """The cookie names no response that may be reached: none, a replaced link, or a withdrawal."""

    status = 404
    heading = "Please open your personal link"

    def __init__(self) -> None:
        super().__init__(
            "This device does not know who you are. Open the link in your invitation again: what you saved is there."
        )


class OtherLinkError(JTAError):
    """A page that was opened with one link was sent after another link was opened in the same browser."""

    status = 409
    heading = "This page belongs to another link"

    def __init__(self) -> None:
        super().__init__(
            "Another personal link was opened in this browser since. Nothing on this page was saved. "
            "Open your own link again and go on from there."
        )


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
    code: str
    receipt: str
    started_at: datetime
    background_at: datetime | None
    submitted_at: datetime | None
    is_open: bool
    survey: Survey

    @property
    def page_mark(self) -> str:
        """What ties a page to this response without naming it."""
        return hashlib.sha256(f"page of {self.code} {self.receipt}".encode()).hexdigest()[:16]

    def check_page(self, mark: str) -> None:
        """Refuse a page that was shown to somebody else.

        Raises
        ------
        OtherLinkError
            If the page belongs to another response.
        """
        if not secrets.compare_digest(mark.encode(), self.page_mark.encode()):
            raise OtherLinkError

    def check_open(self) -> None:
        """Refuse a change after the survey closed.

        Raises
        ------
        SurveyClosedError
            If it did.
        """
        if not self.is_open:
            raise SurveyClosedError(CLOSED)


def get_visit(ticket: Ticket, *, lock: bool = False) -> Visit:
    """Return the response a ticket leads to; with ``lock``, hold its row until the transaction ends.

    Raises
    ------
    LinkNeededError
        If the ticket is void: its link was replaced or its answers were withdrawn.
    """
    statement = _LOCKED_VISIT if lock else _VISIT
    row = db.session.execute(statement, {"response_id": ticket.response_id}).one_or_none()
    if row is None or row.link_generation != ticket.generation:
        raise LinkNeededError
    return _visit(row)


def _visit(row: Any) -> Visit:
    return Visit(
        response_id=row.id, study_id=row.study_id, person_id=row.person_id, code=row.code, receipt=row.receipt,
        started_at=row.started_at, background_at=row.background_at, submitted_at=row.submitted_at,
        is_open=row.closed_at is None, survey=get_survey(row.instrument_id),
    )  # fmt: skip


def load_ratings(response_id: int, tasks: Collection[int] | None = None) -> dict[Key, Stored]:
    """Return the ratings of a response by task and scale, those taken back included (anchor None).

    ``tasks`` limits them to these task ids.
    """
    values: dict[str, Any] = {"response_id": response_id}
    if tasks is not None:
        values["tasks"] = list(tasks)
    rows = db.session.execute(_RATINGS if tasks is None else _RATINGS_OF_TASKS, values)
    return {(row[0], row[1]): Stored(row[2], row[3], row[4]) for row in rows}


def load_answers(response_id: int) -> dict[int, int]:
    """Return the choice made on each background question, by question id."""
    rows = db.session.execute(_ANSWERS, {"response_id": response_id})
    return {row[0]: row[1] for row in rows if row[1] is not None}
