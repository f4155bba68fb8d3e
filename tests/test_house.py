"""The house: accounts, sessions, headers, health."""

from __future__ import annotations

from tests.factories import PASSWORD, make_user, post, signed_in_client


def test_health_is_good_on_a_migrated_database(client):
    reply = client.get("/healthz")
    assert (reply.status_code, reply.json) == (200, {"database": True, "migrations": True, "ok": True})


def test_health_is_bad_when_migrations_lag(app, client):
    from jta.db import db

    with app.app_context():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = 'older'"))
        db.session.commit()
    assert client.get("/healthz").status_code == 503


def test_headers_forbid_foreign_content(client):
    headers = client.get("/account/sign-in").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_signing_in_gives_a_new_session_and_signing_out_kills_copies(app):
    with app.app_context():
        make_user()
    client = app.test_client()
    client.get("/account/sign-in")
    before = client.get_cookie("jta").value
    signed = signed_in_client(app)
    copied = signed.get_cookie("jta").value
    assert copied != before
    thief = app.test_client()
    thief.set_cookie("jta", copied)
    assert thief.get("/account/profile").status_code == 200
    assert post(signed, "/account/sign-out", form_page="/account/profile").status_code == 303
    assert thief.get("/account/profile").status_code == 303


def test_a_wrong_password_tells_nothing(app):
    with app.app_context():
        make_user()
    replies = [
        post(app.test_client(), "/account/sign-in", {"email": e, "password": "wrong"})
        for e in ("dora@example.org", "nobody@example.org")
    ]
    texts = [r.text.replace("nobody@", "dora@") for r in replies]
    assert [r.status_code for r in replies] == [422, 422]
    assert all("not right" in text for text in texts)


def test_the_sixth_try_in_a_minute_is_refused(app):
    with app.app_context():
        make_user()
    client = app.test_client()
    codes = [
        post(client, "/account/sign-in", {"email": "dora@example.org", "password": "no"}).status_code for _ in range(6)
    ]
    assert codes[:5] == [422] * 5
    assert codes[5] == 429


def test_a_switched_off_account_is_out_at_once(app):
    from jta.services import account

    with app.app_context():
        dora = make_user().id
        admin = make_user("ada@example.org", "Ada Admin", administrator=True).id
    client = signed_in_client(app)
    assert client.get("/account/profile").status_code == 200
    with app.app_context():
        from jta.audit import Actor

        account.set_active(Actor("Ada", "administrator", admin), dora, active=False)
    assert client.get("/account/profile").status_code == 303
    assert PASSWORD


def test_a_respondents_place_outlives_a_staff_session_in_the_same_browser(app):
    with app.app_context():
        make_user()
    client = signed_in_client(app)
    with client.session_transaction() as session:
        session["response"] = {"id": 1, "generation": 1}
    assert post(client, "/account/sign-out", form_page="/account/profile").status_code == 303
    with client.session_transaction() as session:
        assert (session["response"], session.permanent) == ({"id": 1, "generation": 1}, True)


def test_a_foreign_host_name_is_refused(client):
    for path in ("/account/sign-in", "/studies", "/s/some-token", "/nowhere"):
        reply = client.get(path, headers={"Host": "evil.example"})
        assert reply.status_code == 400
        assert "evil.example" not in reply.text
