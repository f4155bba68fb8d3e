"""How long the pages of a survey are worked on: kept when a page is sent, never when it is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from jta.db import UtcTime, db
from jta.models.response import PageVisit

LONGEST = timedelta(hours=1)  # a page left open over lunch was not worked on all that time
_NAMES = ("response_id", "step", "first_at", "last_at", "seconds")


def visit_values(step: str, shown_at: int | None, now: datetime) -> dict[str, Any]:
    """Return what is kept of a page that was shown at ``shown_at`` (seconds since 1970) and is sent now."""
    first = now
    if shown_at is not None and 0 <= now.timestamp() - shown_at < 400 * 24 * 3600:
        first = datetime.fromtimestamp(shown_at, UTC)
    seconds = min(now - first, LONGEST).total_seconds()
    return {"step": step, "first_at": first, "last_at": now, "seconds": seconds}


def record_visit(response_id: int, step: str, shown_at: int | None, now: datetime) -> None:
    """Keep that a page was sent, inside the transaction that is open; times of the same page add up."""
    connection = db.session.connection()
    values = {"response_id": response_id, **visit_values(step, shown_at, now)}
    connection.execute(upsert(connection.dialect.name), values)


@cache
def upsert(dialect: str, source: Select[Any] | None = None) -> Any:
    """Return the statement that keeps a visit, of bound values or of the one row of ``source``."""
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(PageVisit)
    if source is None:
        statement = statement.values({name: bindparam(name, type_=_type(name)) for name in _NAMES})
    else:
        statement = statement.from_select(list(_NAMES), source, include_defaults=False)
    return statement.on_conflict_do_update(
        index_elements=["response_id", "step"],
        set_={"last_at": statement.excluded.last_at, "seconds": PageVisit.seconds + statement.excluded.seconds},
    )


def _type(name: str) -> Any:
    return UtcTime() if name.endswith("_at") else None
