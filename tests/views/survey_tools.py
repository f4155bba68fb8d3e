"""What the tests of survey and roster pages share: people of the staff in a small study, counted queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

from analysis.plan import AnalysisPlan
from jta import clock
from jta.db import db
from jta.models.account import Membership
from jta.models.study import Study
from tests.factories import make_user, signed_in_client
from tests.services.study_factory import MadeStudy, make_study

ROLES = ("director", "psychometrician", "auditor", "approver", "panelist")


def staffed_study(app: Flask, **changes: object) -> MadeStudy:
    """Store a study with a plan and one account of each role, named role@example.org."""
    with app.app_context():
        made = make_study(**{"launched": False, **changes})  # type: ignore[arg-type]  # plain keywords
        db.session.get_one(Study, made.study_id).plan = AnalysisPlan().to_dict()
        db.session.commit()
        for role in ROLES:
            user = make_user(f"{role}@example.org", f"The {role}")
            db.session.add(Membership(user_id=user.id, study_id=made.study_id, role=role, granted_at=clock.now()))
        db.session.commit()
        return made


def client_of(app: Flask, role: str = "director") -> FlaskClient:
    """Return a browser in which the account with this role is signed in."""
    return signed_in_client(app, f"{role}@example.org")


@contextmanager
def counted_queries(app: Flask) -> Iterator[list[str]]:
    """Collect every statement the application sends to its database."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def queries_of(app: Flask, client: FlaskClient, url: str) -> int:
    """Return how many statements one page takes."""
    with counted_queries(app) as statements:
        assert client.get(url).status_code == 200
    return len(statements)


def contents(app: Flask) -> dict[str, int]:
    """Return the number of rows of every table."""
    with app.app_context():
        return {
            name: db.session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in db.metadata.tables
        }
