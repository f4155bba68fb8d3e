"""Single statements that need no transaction around them: for the pages that respondents ask for all the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import ARRAY, Engine, Executable, Insert, Table, bindparam, create_engine, event, func, insert, select

from jta.db import db, watch_engine
from jta.db_ready import run, run_together


def read_once(statement: Executable, values: Mapping[str, Any]) -> Sequence[Any]:
    """Return the rows of one reading statement, outside the session and outside any transaction of it.

    For pages that are asked for often: a single statement sees one moment of the database by itself, so nothing
    needs to be begun and ended around it.
    """
    return run(_quick_engine(), statement, values)


def can_write_once() -> bool:
    """Say whether this database takes one statement that changes several tables (`write_once`)."""
    return _quick_engine().dialect.name == "postgresql"


def write_once(statement: Executable, values: Mapping[str, Any]) -> Any:
    """Run one writing statement that is a transaction of its own, and return its one row.

    For saves that are asked for often: the database begins, writes and commits in one trip.
    """
    (row,) = run(_quick_engine(), statement, values)
    return row


def write_if(
    first: Executable, values: Mapping[str, Any], then: Sequence[tuple[Executable, Sequence[Mapping[str, Any]]]]
) -> bool:
    """Where `write_once` cannot be had: write the rest only if the first one changes a row; say whether it did.

    It is not tried, and False, while this request's own session holds SQLite's write lock.
    """
    if db.session.registry.has() and db.session().in_transaction():
        return False
    return run_together(_quick_engine(), first, values, then)


def insert_rows(table: Table, rows: Sequence[Mapping[str, Any]], **same: Any) -> None:
    """Insert rows by one statement, inside the transaction that is open.

    All rows name the same columns; ``same`` are columns that have one value in all of them.
    """
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":  # the driver itself loops over the rows
        connection.execute(insert(table), [{**row, **same} for row in rows])
        return
    names = tuple(rows[0])
    values = {name: [row[name] for row in rows] for name in names}
    connection.execute(_insert_of_lists(table, names, tuple(same)), values | same)


@cache
def _insert_of_lists(table: Table, names: tuple[str, ...], same: tuple[str, ...]) -> Insert:
    lists = [func.unnest(bindparam(name, type_=ARRAY(table.c[name].type))) for name in names]
    values = [bindparam(name, type_=table.c[name].type) for name in same]
    return insert(table).from_select([*names, *same], select(*lists, *values), include_defaults=False)


def _quick_engine() -> Engine:
    """Return the engine whose connections hold no transaction; on SQLite, where that costs nothing, the usual one."""
    kept: dict[str, Engine] = current_app.extensions.setdefault("jta_quick", {})
    if "engine" not in kept:
        kept["engine"] = db.engine if db.engine.dialect.name == "sqlite" else _without_transactions(db.engine)
    return kept["engine"]


def _without_transactions(usual: Engine) -> Engine:
    # Switching a connection of the usual pool to and fro would cost more than the statements do.
    engine = create_engine(usual.url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, hide_parameters=True)
    watch_engine(engine)
    event.listen(usual, "engine_disposed", lambda _usual: engine.dispose())
    return engine
