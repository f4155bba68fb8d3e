"""Single statements that need no transaction around them: for the pages that respondents ask for all the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import ARRAY, Engine, Executable, Insert, Row, Table, bindparam, func, insert, select

from jta.db import db, without_write_lock


def read_once(statement: Executable, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Return the rows of one reading statement, outside the session and outside any transaction of it.

    For pages that are asked for often: a single statement sees one moment of the database by itself, so nothing
    needs to be begun and ended around it.
    """
    with without_write_lock(), _single_engine().connect() as connection:
        return connection.execute(statement, values).all()


def can_write_once() -> bool:
    """Say whether this database takes one statement that changes several tables (`write_once`)."""
    return db.engine.dialect.name == "postgresql"


def write_once(statement: Executable, values: Mapping[str, Any]) -> Row[Any]:
    """Run one writing statement that is a transaction of its own, and return its one row.

    For saves that are asked for often: the database begins, writes and commits in one trip.
    """
    with _single_engine().connect() as connection:
        return connection.execute(statement, values).one()


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


def _single_engine() -> Engine:
    if db.engine.dialect.name == "sqlite":  # where beginning costs nothing, and the driver's settings must stay
        return db.engine
    kept: dict[str, Engine] = current_app.extensions.setdefault("jta_single", {})
    if "engine" not in kept:
        kept["engine"] = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    return kept["engine"]
