"""Accounts of the installation and its trail."""

from __future__ import annotations

import pytest

from tests.factories import PASSWORD, make_user, post, sign_in, signed_in_client

USER = {"name": "Petra Approver", "email": "petra@example.org", "password": "a first password for petra"}


@pytest.fixture
def ada(sqlite_app):
    with sqlite_app.app_context():
        make_user("ada@example.org", "Ada Admin", administrator=True)
        make_user("dora@example.org", "Dora <b>Director</b>")
    return signed_in_client(sqlite_app, "ada@example.org")


def test_accounts_are_listed_with_names_as_text(ada):
    page = ada.get("/admin/accounts").text
    assert "2 accounts" in page
    assert "Dora &lt;b&gt;Director&lt;/b&gt;" in page


def test_an_account_is_created_and_refused_twice(ada):
    assert post(ada, "/admin/accounts/new", USER).status_code == 303
    assert "Petra Approver is ready" in ada.get("/admin/accounts").text
    twice = post(ada, "/admin/accounts/new", USER)
    assert (twice.status_code, "exists already" in twice.text) == (422, True)
    assert USER["password"] not in twice.text
    empty = post(ada, "/admin/accounts/new")
    assert (empty.status_code, "Enter the person&#39;s name." in empty.text) == (422, True)


def test_an_account_is_switched_off_and_on(ada):
    assert "Switch off this account" in ada.get("/admin/accounts/2").text
    assert post(ada, "/admin/accounts/2", {"act": "off"}).status_code == 303
    page = ada.get("/admin/accounts/2").text
    assert "This person cannot sign in." in page
    assert "Switched off" in ada.get("/admin/accounts").text
    assert post(ada, "/admin/accounts/2", {"act": "on"}).status_code == 303


def test_a_first_password_is_reset(ada, sqlite_app):
    short = post(ada, "/admin/accounts/2", {"password": "short"})
    assert (short.status_code, "15 characters or more" in short.text) == (422, True)
    assert post(ada, "/admin/accounts/2", {"password": "another first password"}).status_code == 303
    client = sign_in(sqlite_app.test_client(), password="another first password")
    assert client.get("/studies").location == "/account/profile"


def test_ones_own_account_has_no_switch(ada):
    page = ada.get("/admin/accounts/1").text
    assert "This is your own account." in page
    assert "Switch off" not in page
    assert post(ada, "/admin/accounts/1", {"act": "off"}, form_page="/admin/accounts/new").status_code == 422


def test_the_trail_shows_acts_newest_first(ada):
    page = ada.get("/admin/audit").text
    assert page.index("Signed in") < page.index("Created account")
    assert PASSWORD not in page


def test_a_director_finds_no_page_of_the_installation(sqlite_app):
    with sqlite_app.app_context():
        make_user()
    dora = signed_in_client(sqlite_app)
    for page in ("/admin/accounts", "/admin/accounts/new", "/admin/accounts/1", "/admin/audit"):
        assert dora.get(page).status_code == 404
    assert "This installation" not in dora.get("/studies").text
