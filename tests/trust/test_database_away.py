"""When the database is away, pages say so in plain words and nothing else breaks."""

from __future__ import annotations

import pytest

from jta import create_app
from tests.conftest import make_settings


@pytest.fixture
def stranded(tmp_path):
    app = create_app(make_settings("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2"), instance=tmp_path)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = "0" * 64, True
    return client


def test_health_says_so(stranded):
    reply = stranded.application.test_client().get("/healthz")
    assert (reply.status_code, reply.json["database"]) == (503, False)


@pytest.mark.parametrize("path", ["/studies", "/studies/1", "/account/profile", "/s/some-token"])
def test_pages_are_a_pause_not_a_crash(stranded, path):
    reply = stranded.get(path)
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "5"
    assert "We cannot save right now" in reply.text
    assert "Traceback" not in reply.text
    assert "psycopg" not in reply.text


def test_a_respondent_without_a_link_is_told_so_all_the_same(stranded):
    reply = stranded.get("/survey/review")
    assert reply.status_code < 500
    assert "Open the link in your invitation again" in reply.text
