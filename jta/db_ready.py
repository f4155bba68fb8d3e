"""Statements that are made ready once and then only run: for what respondents ask for all the time.

SQLAlchemy compiles a statement once too, but looks up its cache and builds a context and a result around every use,
which costs more than the database does. Here are kept: the text, what turns values on the way in, what turns them on
the way out. A statement with a list of any length in it (``IN``) cannot be made ready.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from blinker import Signal
from sqlalchemy import Dialect, Engine, Executable, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
Turn = Callable[[Any], Any]
statement_sent = Signal("The text of every statement that is run here; for whoever counts them.")


class Ready:
    """A statement as the driver of one kind of database takes it."""

    def __init__(self, statement: Executable, dialect: Dialect, values: Values) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # not of the public type
        state = compiled.construct_expanded_state(dict(values))
        self.text = state.statement
        self._order = state.positiontup
        turns = {name: _in(bind.type, dialect) for name, bind in compiled.binds.items()}
        self._turns = {name: turn for name, turn in turns.items() if turn is not None and name in values}
        fixed = {name: value for name, value in state.parameters.items() if name not in values}
        self._fixed = {name: turns[name](value) if turns.get(name) else value for name, value in fixed.items()}
        self._dialect = dialect
        self._columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        self._row = namedtuple("Row", [column.key for column in self._columns])  # type: ignore[misc]  # names known at run time
        self._readers: list[tuple[int, Turn]] | None = None

    def bind(self, values: Values) -> Any:
        """Return the values as the driver takes them."""
        bound = {**self._fixed, **values}
        for name, turn in self._turns.items():
            bound[name] = turn(bound[name])
        return [bound[name] for name in self._order] if self._order is not None else bound

    def read(self, cursor: Any) -> list[Any]:
        """Return the rows of a cursor with named and typed values."""
        if self._readers is None:
            found = [
                (place, _out(column.type, self._dialect, said[1]))
                for place, (column, said) in enumerate(zip(self._columns, cursor.description, strict=True))
            ]
            self._readers = [(place, turn) for place, turn in found if turn is not None]
        return [self._read(row, self._readers) for row in cursor.fetchall()]

    def _read(self, row: Any, readers: list[tuple[int, Turn]]) -> Any:
        if readers:
            row = list(row)
            for place, turn in readers:
                row[place] = turn(row[place])
        return self._row._make(row)


def _in(kind: TypeEngine[Any], dialect: Dialect) -> Turn | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _out(kind: TypeEngine[Any], dialect: Dialect, said: Any) -> Turn | None:
    return kind.dialect_impl(dialect).result_processor(dialect, said)


_READY: dict[tuple[Executable, str], Ready] = {}


def _ready(statement: Executable, dialect: Dialect, values: Values) -> Ready:
    key = (statement, dialect.name)
    found = _READY.get(key)
    if found is None:
        found = _READY[key] = Ready(statement, dialect, values)
    return found


@contextmanager
def _cursor(engine: Engine) -> Iterator[Any]:
    """Lend a cursor outside any transaction; an error of the driver becomes the one that SQLAlchemy would raise."""
    driver, connection = engine.dialect.loaded_dbapi, None
    try:
        connection = engine.raw_connection()
        yield connection.cursor()
    except driver.Error as error:
        lost = connection is not None and engine.dialect.is_disconnect(error, connection.dbapi_connection, None)
        if lost:
            connection.invalidate(error)
            engine.dispose()  # a server that was restarted has ended the others too
        raise DBAPIError.instance(
            None, None, error, driver.Error, hide_parameters=True, connection_invalidated=lost, dialect=engine.dialect
        ) from error
    finally:
        if connection is not None:
            connection.close()


def run(engine: Engine, statement: Executable, values: Values) -> list[Any]:
    """Run one statement and return its rows."""
    with _cursor(engine) as cursor:
        ready = _ready(statement, engine.dialect, values)
        statement_sent.send(ready.text)
        cursor.execute(ready.text, ready.bind(values))
        return ready.read(cursor)


def run_together(
    engine: Engine, first: Executable, values: Values, then: Sequence[tuple[Executable, Sequence[Values]]]
) -> bool:
    """Run statements in one transaction of SQLite, if the first one changes a row; say whether it did."""
    with _cursor(engine) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        done = _run_all(cursor, engine.dialect, first, values, then)
        cursor.execute("COMMIT" if done else "ROLLBACK")  # after an error the pool rolls back
        return done


def _run_all(cursor: Any, dialect: Dialect, first: Executable, values: Values, then: Any) -> bool:
    ready = _ready(first, dialect, values)
    statement_sent.send(ready.text)
    cursor.execute(ready.text, ready.bind(values))
    if cursor.rowcount != 1:
        return False
    for statement, rows in then:
        ready = _ready(statement, dialect, rows[0])
        statement_sent.send(ready.text)
        cursor.executemany(ready.text, [ready.bind(row) for row in rows])
    return True
