"""Alembic's entry: runs the migrations over the application's own engine."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

config = context.config
database = current_app.extensions["migrate"].db


def _skip_empty(_context: object, _revision: object, directives: list) -> None:
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def _watch_keys(connection: Connection, *, on: bool) -> None:
    # SQLite changes a table by making a new one and dropping the old. With foreign keys watched, dropping would
    # delete every row that refers to it. The switch has no effect inside a transaction, so it goes past SQLAlchemy.
    if connection.dialect.name == "sqlite":
        connection.connection.dbapi_connection.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")


def _check_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration left rows that refer to nothing: {broken[:5]}")


def run() -> None:
    """Run the migrations in one transaction."""
    options = dict(current_app.extensions["migrate"].configure_args)
    options.setdefault("process_revision_directives", _skip_empty)
    with database.engine.connect() as connection:
        _watch_keys(connection, on=False)
        context.configure(connection=connection, target_metadata=database.metadata, **options)
        with context.begin_transaction():
            context.run_migrations()
            _check_keys(connection)
        connection.commit()
        _watch_keys(connection, on=True)


if context.is_offline_mode():
    raise SystemExit("Migrations need a database; offline mode is not supported.")
run()
