"""The audit trail: one hash-chained row for every act, written in the act's own transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from jta import clock
from jta.db import db
from jta.models.audit import AuditEvent, AuditHead

INSTALLATION = "installation"
FIRST = "0" * 64
_HASHED = (
    "chain",
    "sequence",
    "at",
    "actor",
    "role",
    "action",
    "object",
    "before_hash",
    "after_hash",
    "note",
    "previous",
)
_EVENTS, _HEADS = cast(Table, AuditEvent.__table__), cast(Table, AuditHead.__table__)
_LOCK = select(_HEADS.c.sequence, _HEADS.c.hash).where(_HEADS.c.chain == bindparam("of")).with_for_update()
_MOVE = update(_HEADS).where(_HEADS.c.chain == bindparam("of"))


@dataclass(frozen=True)
class Actor:
    """Who acts, in words that stay true when the account is gone."""

    name: str
    role: str
    user_id: int | None = None

    def __str__(self) -> str:
        return f"{self.name} (account {self.user_id})" if self.user_id else self.name


SYSTEM = Actor("command line", "operator")


def digest(value: Any) -> str:
    """Return the SHA-256 of a plain value as canonical JSON, or an empty text for None."""
    if value is None:
        return ""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def study_chain(study_id: int) -> str:
    """Name of a study's chain."""
    return f"study {study_id}"


def record(
    actor: Actor, action: str, obj: str, *, study_id: int | None = None,
    before: Any = None, after: Any = None, note: str = "",
) -> None:  # fmt: skip
    """Append one act to its chain, inside the transaction that is open.

    ``before`` and ``after`` are stored as hashes only: the trail never holds an answer, a token or a password.
    """
    chain = INSTALLATION if study_id is None else study_chain(study_id)
    db.session.flush()  # what is wrong with the act itself shows before others have to wait for its place in the chain
    connection = db.session.connection()
    head = _locked_head(connection, chain)
    fields = {
        "chain": chain,
        "sequence": head.sequence + 1,
        "at": clock.now().astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": str(actor),
        "role": actor.role,
        "action": action,
        "object": obj,
        "before_hash": digest(before),
        "after_hash": digest(after),
        "note": note,
        "previous": head.hash,
    }
    link = digest(fields)
    connection.execute(insert(_EVENTS), {**fields, "hash": link})
    connection.execute(_MOVE, {"of": chain, "sequence": head.sequence + 1, "hash": link})


def _locked_head(connection: Connection, chain: str) -> Row[Any]:
    head = connection.execute(_LOCK, {"of": chain}).first()
    if head is None:
        # Two who begin a chain at the same moment: one makes its head, the other waits here and then goes on from it.
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        first = make(_HEADS).values(chain=chain, sequence=0, hash=FIRST).on_conflict_do_nothing()
        connection.execute(first)
        head = connection.execute(_LOCK, {"of": chain}).one()
    return head


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a chain."""

    chain: str
    sequence: int
    reason: str


def check_chain(chain: str, rows: Iterable[AuditEvent], head: AuditHead | None) -> list[Fault]:
    """Return what is wrong with a chain whose rows are given in sequence."""
    faults, previous, expected = [], FIRST, 1
    for row in rows:
        if row.sequence != expected:
            faults.append(Fault(chain, row.sequence, f"expected sequence {expected}"))
        if row.previous != previous:
            faults.append(Fault(chain, row.sequence, "does not follow the row before it"))
        if row.hash != digest({name: getattr(row, name) for name in _HASHED}):
            faults.append(Fault(chain, row.sequence, "its content was changed"))
        previous, expected = row.hash, row.sequence + 1
    if head is None or (head.sequence, head.hash) != (expected - 1, previous):
        faults.append(Fault(chain, expected - 1, "the end of the chain was changed or cut"))
    return faults


def verify() -> tuple[dict[str, AuditHead], list[Fault]]:
    """Check every chain; return the heads by chain and all faults."""
    heads = {head.chain: head for head in db.session.scalars(select(AuditHead))}
    chains = set(db.session.scalars(select(AuditEvent.chain).distinct())) | set(heads)
    faults: list[Fault] = []
    for chain in sorted(chains):
        faults += check_chain(chain, list_events(chain), heads.get(chain))
    return heads, faults


def list_events(chain: str) -> list[AuditEvent]:
    """Return a chain's rows in sequence."""
    found = select(AuditEvent).where(AuditEvent.chain == chain).order_by(AuditEvent.sequence)
    return list(db.session.scalars(found))
