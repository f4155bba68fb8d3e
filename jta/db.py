"""The database: declarative base, typed UTC times, the only commit, SQLite's safe settings."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData, Text, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy passes it
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all models: every constraint has a name, every text is Text, every time is UTC."""

    registry = registry(metadata=MetaData(naming_convention=NAMING), type_annotation_map={datetime: UtcTime, str: Text})


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what the block did, or undo all of it. A writer never calls a writer."""
    if db.session.info.get("writing"):
        raise RuntimeError("a writing service was called inside another one")
    db.session.info["writing"] = True
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        db.session.info["writing"] = False


_reading: ContextVar[bool] = ContextVar("reading", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Read outside a request without SQLite's write lock; nothing may be changed inside the block."""
    db.session.rollback()
    token = _reading.set(True)
    try:
        yield
    finally:
        db.session.rollback()
        _reading.reset(token)


def release() -> None:
    """End the reading that is open, so that long work on what was read holds no lock of the database.

    Objects read before are read anew where they are used again.
    """
    if db.session.info.get("writing"):
        raise RuntimeError("a writing service cannot let go of its transaction")
    db.session.rollback()


# SQLite 3.7.0 to 3.51.2 can lose committed data in WAL mode (a race while the log is reset);
# fixed in 3.51.3 and in the back-ports 3.50.7 and 3.44.6.
def wal_is_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Say whether this SQLite holds the fix of the WAL-reset race."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.execute(f"PRAGMA journal_mode = {'WAL' if wal_is_safe() else 'DELETE'}")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A request that may write takes the write lock at once: upgrading a read lock later is how
    # two requests come to block each other for good.
    safe = _reading.get() or (has_request_context() and request.method in {"GET", "HEAD", "OPTIONS"})
    connection.exec_driver_sql("BEGIN" if safe else "BEGIN IMMEDIATE")


def _make_folder(_dialect: Any, _record: Any, arguments: list[Any], _named: dict[str, Any]) -> None:
    Path(arguments[0]).parent.mkdir(parents=True, exist_ok=True)


_IDLE = 2.0  # seconds after which a connection is tried before it is used


def _seen(_connection: Any, record: Any, *_more: Any) -> None:
    record.info["seen"] = time.monotonic()


def _try_idle(connection: Any, record: Any, _proxy: Any) -> None:
    # A server that was restarted leaves dead connections behind. Trying each one before every request would cost
    # more than many a request; one that worked a moment ago is taken to work still.
    if time.monotonic() - record.info.get("seen", 0.0) < _IDLE:
        return
    try:
        connection.execute("")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error


def watch_engine(engine: Engine) -> None:
    """Give a SQLite engine its settings; try connections to a server that were idle."""
    if engine.dialect.name != "sqlite":
        for moment in ("connect", "checkin"):
            event.listen(engine, moment, _seen)
        event.listen(engine, "checkout", _try_idle)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _make_folder)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
