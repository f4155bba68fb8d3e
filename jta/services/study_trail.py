"""Reading the audit trail page by page, newest first, and saying whether the chain is whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select

from jta import audit
from jta.db import db
from jta.models.audit import AuditEvent, AuditHead

PAGE = 50
# A chain up to this length is checked whenever its page is shown; a longer one when asked for.
CHECKED_UNASKED = 5_000


@dataclass(frozen=True)
class Trail:
    """One page of a chain. ``faults`` is None where the chain was not checked."""

    events: list[AuditEvent]
    total: int
    page: int
    pages: int
    head: str
    faults: list[audit.Fault] | None = field(default=None)


def recent_events(study_id: int, count: int = 5) -> list[AuditEvent]:
    """Return the last acts in a study, newest first."""
    return _newest(audit.study_chain(study_id), count, 0)


def _newest(chain: str, count: int, skipped: int) -> list[AuditEvent]:
    found = select(AuditEvent).where(AuditEvent.chain == chain).order_by(AuditEvent.sequence.desc())
    return list(db.session.scalars(found.limit(count).offset(skipped)))


def load_trail(chain: str, *, page: int = 1, check: bool = False) -> Trail:
    """Return one page of a chain; a page that does not exist gives the nearest one.

    A short chain is always checked, a long one only with ``check``.
    """
    total = db.session.scalar(select(func.count()).where(AuditEvent.chain == chain)) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    head = db.session.get(AuditHead, chain)
    faults = None
    if check or total <= CHECKED_UNASKED:
        faults = audit.check_chain(chain, audit.list_events(chain), head) if total else []
    events = _newest(chain, PAGE, (page - 1) * PAGE)
    return Trail(events, total, page, pages, head.hash if head else "", faults)
