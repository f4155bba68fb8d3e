"""Signing in and one's own account."""

from __future__ import annotations

import pytest

from tests.factories import PASSWORD, make_user, post, signed_in_client

NEW = "another long sentence for me"


@pytest.fixture
def dora(sqlite_app):
    with sqlite_app.app_context():
        make_user()
    return signed_in_client(sqlite_app)


def test_signing_in_leads_to_the_page_that_was_asked_for(sqlite_app):
    with sqlite_app.app_context():
        make_user()
    client = sqlite_app.test_client()
    asked = client.get("/account/profile")
    assert asked.location == "/account/sign-in?next=/account/profile"
    reply = post(client, asked.location, {"email": "DORA@example.org ", "password": PASSWORD})
    assert (reply.status_code, reply.location) == (303, "/account/profile")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_away(sqlite_app, target):
    with sqlite_app.app_context():
        make_user()
    url = f"/account/sign-in?next={target}"
    reply = post(sqlite_app.test_client(), url, {"email": "dora@example.org", "password": PASSWORD})
    assert reply.location == "/studies"


def test_an_empty_sign_in_form_says_what_is_missing(sqlite_app):
    reply = post(sqlite_app.test_client(), "/account/sign-in")
    assert reply.status_code == 422
    assert "Enter your e-mail address." in reply.text
    assert "Enter your password." in reply.text


def test_a_password_is_changed_and_never_shown(dora):
    wrong = post(dora, "/account/profile", {"old": "not mine", "password": NEW})
    assert (wrong.status_code, "not your present password" in wrong.text) == (422, True)
    assert NEW not in wrong.text
    short = post(dora, "/account/profile", {"old": PASSWORD, "password": "short"})
    assert (short.status_code, "15 characters or more" in short.text) == (422, True)
    done = post(dora, "/account/profile", {"old": PASSWORD, "password": NEW})
    assert done.status_code == 303
    assert "Your password is changed" in dora.get("/account/profile").text


def test_a_first_password_must_be_changed_before_anything_else(sqlite_app):
    from jta.audit import SYSTEM
    from jta.services.account import create_user

    with sqlite_app.app_context():
        create_user(SYSTEM, email="dora@example.org", name="Dora", password=PASSWORD)
    dora = signed_in_client(sqlite_app)
    assert dora.get("/studies").location == "/account/profile"
    assert "Choose a password of your own" in dora.get("/account/profile").text
    same = post(dora, "/account/profile", {"old": PASSWORD, "password": PASSWORD})
    assert (same.status_code, "Choose another one" in same.text) == (422, True)
    assert dora.get("/studies").location == "/account/profile"
    assert post(dora, "/account/profile", {"old": PASSWORD, "password": NEW}).location == "/studies"
    assert dora.get("/studies").status_code == 200
