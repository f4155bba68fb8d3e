"""Requests that no honest page sends, and honest ones that a careless guard would refuse."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DataError

from jta import create_app, logs
from jta.audit import SYSTEM
from jta.db import db
from jta.models.account import User
from jta.models.survey import Anchor
from jta.services.delivery_import import preview_roster
from tests.conftest import make_settings
from tests.factories import csrf_from, make_user, signed_in_client
from tests.services.study_factory import make_study
from tests.views.survey_tools import client_of, staffed_study

SITE = "https://survey.example.org"
TLS = {"base_url": SITE, "headers": {"X-Forwarded-Proto": "https"}}


@pytest.fixture
def tls_client(sqlite_url, tmp_path) -> FlaskClient:
    """A browser at an installation behind a proxy with TLS."""
    settings = make_settings(sqlite_url, base_url=SITE, trusted_proxies=1)
    return create_app(settings, instance=tmp_path).test_client()


def send_sign_in(client: FlaskClient, token: str) -> int:
    form = {"csrf_token": token, "email": "nobody@example.org", "password": "wrong password for all"}
    return client.post("/account/sign-in", data=form, **TLS).status_code


def test_a_form_arrives_over_tls_without_a_referer(tls_client):
    page = tls_client.get("/account/sign-in", **TLS)
    assert page.headers["Referrer-Policy"] == "no-referrer"  # browsers obey: no form carries a Referer
    assert page.headers["Set-Cookie"].startswith("__Host-jta=")
    assert send_sign_in(tls_client, csrf_from(page.text)) == 422
    assert send_sign_in(tls_client, "forged") == 400


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:8000@evil.example", "a b"])
def test_another_host_name_is_refused_in_words(sqlite_app, host):
    for path in ("/account/sign-in", "/s/token", "/nowhere", "/healthz"):
        reply = sqlite_app.test_client().get(path, headers={"Host": host})
        assert (reply.status_code, reply.mimetype) == (400, "text/plain"), path
        assert host not in reply.text


def test_a_body_of_json_is_no_form_and_cannot_break_a_page(sqlite_app):
    with sqlite_app.app_context():
        make_user()
    client = signed_in_client(sqlite_app)
    token = csrf_from(client.get("/account/profile").text)
    for body in (b'{"a":' * 5000, b"[1]", b'{"old": 5, "password": []}'):
        for path in ("/account/profile", "/survey/save", "/nowhere"):
            refused = client.post(path, data=body, content_type="application/json")
            sent = client.post(path, data=body, content_type="application/json", headers={"X-CSRFToken": token})
            assert refused.status_code in {400, 404}
            assert sent.status_code == (404 if path == "/nowhere" else 415)


def test_a_token_in_a_header_or_an_address_signs_nobody_in(sqlite_app):
    with sqlite_app.test_request_context():
        token = make_user().get_auth_token()
    client = sqlite_app.test_client()
    assert client.get("/account/profile", headers={"Authentication-Token": token}).status_code == 303
    assert client.get(f"/account/profile?auth_token={token}").status_code == 303


def test_a_number_beyond_every_id_is_no_address(app):
    made = staffed_study(app, n_tasks=1, n_people=1)
    client, words = client_of(app), {"form": "csv", "name": "tasks", "token": "x", "reason": "bounced"}
    words |= {"filename": "x"}
    for number in (2**31, 2**63, 10**30):
        for rule in app.url_map.iter_rules():
            numbers = rule.arguments - {"study_id", *words}
            if not numbers or "GET" not in rule.methods:
                continue
            values = {name: number for name in numbers} | {"study_id": made.study_id}
            path = app.url_map.bind("127.0.0.1").build(rule.endpoint, {**words, **values}, "GET").split("?")[0]
            assert client.get(path).status_code == 404, path


def test_an_analysis_with_an_impossible_number_is_not_found(app):
    made = staffed_study(app, n_tasks=1, n_people=0)
    client = client_of(app)
    token = csrf_from(client.get("/account/profile").text)
    for number in ("9" * 9, "9" * 30, "-1", "one", ""):
        reply = client.post(f"/studies/{made.study_id}/blueprints", data={"csrf_token": token, "run_id": number})
        assert reply.status_code == 404, number


def test_characters_no_column_holds_are_no_error_of_ours(app):
    made = staffed_study(app, n_tasks=1, n_people=1)
    visitor = app.test_client()
    form = {"csrf_token": csrf_from(visitor.get("/account/sign-in").text), "password": "a password of length"}
    assert visitor.post("/account/sign-in", data=form | {"email": "a\0b@example.org"}).status_code == 422
    assert client_of(app).get(f"/studies/{made.study_id}/roster?q=%00a").status_code == 200


def test_a_value_the_database_refuses_is_the_senders_fault(sqlite_app):
    def refused() -> str:
        raise DataError("INSERT", {"name": "Planted Name"}, ValueError("out of range"))

    sqlite_app.view_functions["help.index"] = refused
    reply = sqlite_app.test_client().get("/help")
    assert reply.status_code == 400
    assert "We could not read that request" in reply.text


def test_reading_with_a_body_changes_nothing(app):
    made = staffed_study(app, n_tasks=1, n_people=0)
    with app.app_context():
        make_user("ada@example.org", "Ada", administrator=True)
        other = make_user("other@example.org", "Other").id
        anchors = db.session.query(Anchor).count()
    form = "application/x-www-form-urlencoded"
    signed_in_client(app, "ada@example.org").get(f"/admin/accounts/{other}", data="act=off", content_type=form)
    path = f"/studies/{made.study_id}/survey/scales/{made.importance_id}"
    client_of(app).get(path, data="act=remove&version=1", content_type=form)
    with app.app_context():
        assert db.session.get_one(User, other).active
        assert db.session.query(Anchor).count() == anchors


def test_a_failing_statement_is_logged_without_its_values(capsys, app):
    name = " ".join(["Planted", "Name"])  # a traceback shows lines of code, and may

    def twice() -> str:
        for _ in range(2):
            db.session.execute(text("INSERT INTO role (name) VALUES (:name)"), {"name": name})
        return ""

    app.view_functions["help.index"] = twice
    logs.configure("ERROR")  # to this test's own standard error
    assert app.test_client().get("/help").status_code == 500
    said = capsys.readouterr().err
    assert "unexpected_error" in said
    assert "IntegrityError" in said
    assert name not in said


@pytest.mark.parametrize("column", ["person_code", "name", "organization"])
def test_a_file_brings_no_longer_text_than_the_form_takes(app_context, column):
    made = make_study(n_tasks=1, n_people=0)
    row = {"person_code": "C1", "name": "Ann", "email": "ann@example.org", "organization": "Falls"}
    data = ",".join(row) + "\n" + ",".join((row | {column: "x" * 201}).values()) + "\n"
    preview = preview_roster(SYSTEM, made.study_id, data.encode(), "roster.csv")
    assert [(problem.row, problem.column) for problem in preview.problems] == [(2, column)]
    assert preview.token == ""
