"""100 points over the content domains: what is stored, and saving them when they add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from jta import clock
from jta.db import db, transaction
from jta.db_once import insert_rows, read_once
from jta.models.response import DomainPoints, DomainPointsChange, Response
from jta.services.page_visits import record_visit
from jta.services.screener import check_way
from jta.services.survey_pages import Stop
from jta.services.visits import Ticket, Visit, get_visit

TOTAL = 100
Points = Mapping[int, tuple[int | None, int]]  # points (None for none) and version by domain id


@dataclass(frozen=True)
class PointsSent:
    """The points of a page as they were sent: they add up, or all are blank."""

    mark: str
    seen: Mapping[int, int]  # version by domain id, as the page was shown with
    given: Mapping[int, int | None]
    shown_at: int | None = None


@dataclass(frozen=True)
class PointsSaved:
    """Whose points were saved; ``stale`` says that others were saved elsewhere, which were kept."""

    visit: Visit
    stale: bool


_POINTS = select(DomainPoints.domain_id, DomainPoints.points, DomainPoints.version, DomainPoints.saved_at).where(
    DomainPoints.response_id == bindparam("response_id")
)


def load_points(response_id: int) -> dict[int, tuple[int | None, int]]:
    """Return the points of a response and their versions by domain id."""
    rows = read_once(_POINTS, {"response_id": response_id})
    return {row.domain_id: (None if row.points is None else round(row.points), row.version) for row in rows}


def save_points(ticket: Ticket, number: int, sent: PointsSent) -> PointsSaved:
    """Save the points of a page, all or none: single ones mean nothing without the others.

    Points that were saved by another tab or device since the page was shown are kept.

    Parameters
    ----------
    ticket : Ticket
        From the cookie.
    number : int
        Number of the page.
    sent : PointsSent
        What was sent; its form has checked that the points add up.

    Raises
    ------
    LinkNeededError, OtherLinkError, SurveyClosedError, ScreenerFirstError, NotFoundError
        As for answers.
    """
    with transaction():
        visit = get_visit(ticket, lock=True)
        visit.check_page(sent.mark)
        visit.check_open()
        stop = visit.survey.stop("page", number)
        check_way(visit, stop, locked=True)
        now = clock.now()
        stale = _write(visit, stop, sent, now)
        record_visit(visit.response_id, stop.key, sent.shown_at, now)
    return PointsSaved(visit, stale)


def _write(visit: Visit, stop: Stop, sent: PointsSent, now: datetime) -> bool:
    """Write what changed; return whether something was saved elsewhere meanwhile, and nothing was written."""
    rows = {row.domain_id: row for row in db.session.connection().execute(_POINTS, {"response_id": visit.response_id})}
    wanted = {domain["id"]: sent.given.get(domain["id"]) for domain in stop.step["domains"]}
    stored = {key: rows[key].points if key in rows else None for key in wanted}
    if all(stored[key] == wanted[key] for key in wanted):
        return False
    if any(sent.seen.get(key, 0) != row.version for key, row in rows.items()):
        return any(value is not None for value in wanted.values())
    if all(value is None for value in wanted.values()) and not rows:
        return False
    _replace(visit.response_id, rows, wanted, now)
    return False


def _replace(response_id: int, rows: Mapping[int, Any], wanted: Mapping[int, int | None], now: datetime) -> None:
    history = [
        {"domain_id": key, "version": row.version, "points": row.points, "saved_at": row.saved_at}
        for key, row in rows.items()
    ]
    if history:
        insert_rows(DomainPointsChange.__table__, history, response_id=response_id, replaced_at=now)
    new = [{"domain_id": key, "points": value} for key, value in wanted.items() if key not in rows]
    if new:
        insert_rows(DomainPoints.__table__, new, response_id=response_id, version=1, saved_at=now)
    old = [
        {
            "response_id": response_id,
            "domain_id": key,
            "points": wanted[key],
            "version": row.version + 1,
            "saved_at": now,
        }
        for key, row in rows.items()
        if key in wanted
    ]
    if old:
        db.session.execute(update(DomainPoints), old)
    db.session.execute(update(Response).where(Response.id == response_id).values(revision=Response.revision + 1))
