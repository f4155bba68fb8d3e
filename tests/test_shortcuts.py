"""What every request does is done by shortcuts; each says what the long way says."""

from __future__ import annotations

import json
import time

import pytest
import structlog
from flask import Response, request, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner
from werkzeug.exceptions import BadRequest

from jta import logs
from jta.extensions import csrf

LONG_WAY = SecureCookieSessionInterface()


def cookie(app, content: dict[str, object]) -> str:
    """Return what Flask itself would set as a cookie."""
    return str(LONG_WAY.get_signing_serializer(app).dumps(content))


def read(app, value: str) -> list[dict[str, object]]:
    """Read a cookie twice by ours and once by Flask's own reader."""
    with app.test_request_context(headers={"Cookie": f"jta={value}"}):
        readers = (app.session_interface, app.session_interface, LONG_WAY)
        return [dict(reader.open_session(app, request)) for reader in readers]


def test_a_cookie_seen_before_says_what_it_said(sqlite_app):
    content = {"response": {"id": 3, "generation": 1}, "_permanent": True, "pair": (1, 2)}
    value = cookie(sqlite_app, content)
    assert read(sqlite_app, value) == [content] * 3
    assert read(sqlite_app, value[:-1] + ("A" if value[-1] != "A" else "B")) == [{}] * 3
    assert read(sqlite_app, value.replace(".", "", 1)) == [{}] * 3


def test_what_one_request_does_to_its_session_is_not_in_the_next_ones_cookie(sqlite_app):
    value = cookie(sqlite_app, {"response": {"id": 3, "generation": 1}})
    with sqlite_app.test_request_context(headers={"Cookie": f"jta={value}"}):
        session["response"]["id"] = 4
    assert [found["response"]["id"] for found in read(sqlite_app, value)] == [3, 3, 3]


def test_a_cookie_seen_before_grows_too_old_and_dies_with_the_key(sqlite_app, monkeypatch):
    days = sqlite_app.permanent_session_lifetime.total_seconds()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: int(time.time() - days + 3600))
    value = cookie(sqlite_app, {"response": 3})
    monkeypatch.undo()
    assert read(sqlite_app, value) == [{"response": 3}] * 3
    sqlite_app.config["PERMANENT_SESSION_LIFETIME"] = days - 7200
    assert read(sqlite_app, value) == [{}] * 3
    sqlite_app.config["PERMANENT_SESSION_LIFETIME"] = days
    sqlite_app.secret_key = "another-secret-key-0123456789-abcdefghijklm"
    assert read(sqlite_app, value) == [{}] * 3


def test_the_token_of_a_page_is_that_of_its_session_only(sqlite_app):
    def send(token: str, own: str) -> str:
        with sqlite_app.test_request_context("/survey/submit", method="POST", data={"csrf_token": token}):
            session["csrf_token"] = own
            try:
                csrf.protect()
            except BadRequest as error:
                return str(error.description)
            return "taken"

    tokens = {}
    for own in ("a" * 40, "b" * 40):
        with sqlite_app.test_request_context():
            session["csrf_token"] = own
            tokens[own] = csrf.token()
            assert csrf.token() == tokens[own]
    for known in (True, False):
        assert send(tokens["a" * 40], "a" * 40) == "taken", known
        assert send(tokens["a" * 40], "b" * 40) == "The CSRF tokens do not match.", known
        assert send("", "a" * 40) == "The CSRF token is missing.", known
        assert send(tokens["a" * 40] + "x", "a" * 40) == "The CSRF token is invalid.", known
        sqlite_app.extensions["jta_tokens"].clear()


@pytest.mark.parametrize("path", ["/survey/thanks", "/nowhere"])
def test_the_line_of_a_request_is_what_the_log_would_write(sqlite_app, capsys, path):
    try:
        logs.configure("INFO")
        with sqlite_app.test_request_context(path):
            sqlite_app.preprocess_request()
            logs._write(Response(status=303))
            structlog.get_logger().info(
                "request", method="GET", rule=str(request.url_rule or "(none)"), status=303, milliseconds=0.1
            )
    finally:
        logs.configure("ERROR")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"request"' in line]
    ours, theirs = ({k: v if k not in {"milliseconds", "timestamp"} else type(v) for k, v in x.items()} for x in lines)
    assert list(ours.items()) == list(theirs.items())
    assert len(lines[0]["timestamp"]) == len(lines[1]["timestamp"])
