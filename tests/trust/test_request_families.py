"""Families of bad requests: tricks with tokens, many parts, bodies that stop, odd methods and types, double decoding.

The others have tests of their own: `next` in tests/views/test_account_pages.py, Host in test_hostile_requests.py, form
tokens in tests/test_routes.py, stale versions and replayed keys in tests/services/test_response_saving.py and
test_saving_parallel.py.
"""

from __future__ import annotations

import io
import re
from itertools import count
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from jta import clock
from jta.db import db
from jta.models.sending import DeliverySettings, Registration
from jta.services import links
from tests.services.full_survey import FullStudy, make_full_study
from tests.services.panel_study import make_panel_study
from tests.services.respondent import Respondent, forms_of, snapshot

_addresses = count(1)


@pytest.fixture
def full(sqlite_app) -> FullStudy:
    with sqlite_app.app_context():
        return make_full_study()


def ask(app: Flask, method: str, path: str, **more: object) -> TestResponse:
    """Send one request, each from an address of its own: limits of tries are tested elsewhere."""
    number = next(_addresses)
    reply = app.test_client().open(
        path, method=method, environ_overrides={"REMOTE_ADDR": f"10.1.{number // 250}.{number % 250}"}, **more
    )
    assert reply.status_code < 500, (method, path)
    assert "Traceback" not in reply.text
    return reply


def same_for_all(text: str) -> str:
    """A page without what differs from reply to reply."""
    return re.sub(r'nonce="[^"]+"|<code>[^<]+</code>|value="[^"]+"', "", text)


def tricks(token: str, other: str) -> list[str]:
    """Addresses that look like a token and are none."""
    return [
        token.swapcase(), token[:-1], token + "=", token + token[-1], token * 2, f"{token}.", f"{token}%20",
        f"%20{token}", f"{token}%00", f"{token}%0a", f"{token}%E2%80%8B", f"{token}%2F", f"{token};a=1",
        f"..%2F{token}", other[::-1],
        quote(token.translate({ord(c): ord(c) + 0xFEE0 for c in token if c.isalnum()})),  # full-width letters
        f"%25{ord(token[0]):x}{token[1:]}", "A" * 43, "A" * 8000, "null", "0", "%FF%FE", "' OR 1=1 --", "{{7*7}}", "*",
    ]  # fmt: skip


def test_no_trick_with_a_token_opens_anything(sqlite_app, full):
    with sqlite_app.app_context():
        panel = make_panel_study(1, email="panel@example.org")
        row = Registration(
            study_id=full.made.study_id, name="Ann", email="a@example.org", organization="",
            address_mark="0", asked_at=clock.now(),
        )  # fmt: skip
        db.session.add_all([DeliverySettings(study_id=full.made.study_id, open_code="open-code-of-this-study"), row])
        db.session.commit()
        stop, confirm = links.row_token("stop", full.made.people[0]), links.row_token("confirm", row.id)
        foreign = links.row_token("stop", 10**6), links.row_token("confirm", 10**6)
    personal = full.made.tokens[0], full.made.tokens[1]
    panelist = panel.urls[0].rsplit("/", 1)[1]
    before = snapshot(sqlite_app)
    for path, token, others in (
        ("/s/", personal[0], (stop, confirm, panelist)), ("/p/", panelist, (personal[0], stop)),
        ("/stop/", stop, (confirm, personal[0], foreign[0])), ("/join/confirm/", confirm, (stop, panelist, foreign[1])),
        ("/join/", "open-code-of-this-study", (confirm, personal[1])),
    ):  # fmt: skip
        pages = set()
        assert ask(sqlite_app, "GET", path + token).status_code == 200
        for wrong in [*tricks(token, personal[1]), *others]:
            reply = ask(sqlite_app, "GET", path + wrong)
            assert reply.status_code in {404, 308}, (path, wrong)
            if "/" not in wrong and "%2F" not in wrong:
                pages.add(same_for_all(reply.text))
            assert ask(sqlite_app, "POST", path + wrong).status_code in {400, 404}, (path, wrong)
        assert len(pages) == 1, path  # unknown, cut, foreign: nobody can tell which
    assert snapshot(sqlite_app) == before


def begun(app: Flask, full: FullStudy) -> Respondent:
    person = Respondent(app, full.made.tokens[0]).start()
    person.send({f"q-{full.questions['role']}": full.choices["role"]["yes"]})
    person.get("/survey/rate/1")
    return person


def test_a_thousand_and_one_parts_are_an_honest_page_and_ten_thousand_are_not(sqlite_app, full):
    person = begun(sqlite_app, full)
    form = forms_of(person.text)[0]
    answers = {name: values[-1] for name, values in form.radios.items()}
    many = {f"extra-{number}": "1" for number in range(1001)}
    for kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        reply = person.client.post(form.action, data={**form.sends, **answers, **many}, content_type=kind)
        assert reply.status_code == 303, kind
    before = snapshot(sqlite_app)
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    body, kind = io.BytesIO(part * 10_000 + b"--x--\r\n"), "multipart/form-data; boundary=x"
    reply = person.client.post(form.action, input_stream=body, content_type=kind, content_length=len(body.getvalue()))
    assert (reply.status_code, "That is too large" in reply.text) == (413, True)
    reply = person.client.post(form.action, data={**form.sends, "extra": "x" * 3_000_000})
    assert (reply.status_code, "That is too large" in reply.text) == (413, True)
    assert snapshot(sqlite_app) == before


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_that_stops_on_the_way_saves_nothing(sqlite_app, full, kind):
    person = begun(sqlite_app, full)
    form = forms_of(person.text)[0]
    sent = {**form.sends, **{name: values[-1] for name, values in form.radios.items()}}
    whole = "&".join(f"{name}={quote(value)}" for name, value in sent.items()).encode()
    before, promised = snapshot(sqlite_app), {"CONTENT_LENGTH": str(len(whole) + 1)}
    for path in (form.action, "/survey/save", "/survey/submit"):
        reply = person.client.post(path, input_stream=io.BytesIO(whole), content_type=kind, environ_overrides=promised)
        assert reply.status_code in {400, 422}, path
    assert snapshot(sqlite_app) == before


@pytest.mark.parametrize("path", ["/survey", "/survey/rate/1", "/survey/save", "/survey/submit", "/survey/withdraw"])
def test_odd_methods_and_types_change_nothing(sqlite_app, full, path):
    person = begun(sqlite_app, full)
    hidden = person.hidden()
    before = snapshot(sqlite_app)
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "QUERY", "get", "POST\u00e9"):
        reply = person.client.open(path, method=method)
        assert reply.status_code in {400, 405} or method == "get", method
        if reply.status_code == 405 and path != "/survey":
            assert "POST" in reply.headers["Allow"]
    body = "&".join(f"{name}={quote(value)}" for name, value in hidden.items())
    for kind in (
        "text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=", "application/json",
        "application/x-www-form-urlencoded-not", "application/octet-stream", "x" * 5000, "",
    ):  # fmt: skip
        reply = person.client.post(path, input_stream=io.BytesIO(body.encode()), content_type=kind)
        assert 400 <= reply.status_code < 500, (path, kind)
    assert snapshot(sqlite_app) == before


def test_an_address_is_decoded_once(sqlite_app, full):
    token = full.made.tokens[0]
    twice = "".join(f"%25{ord(letter):02x}" for letter in token)
    before = snapshot(sqlite_app)
    for path in (
        f"/s/{twice}", "/survey%252Frate%252F1", "/survey/rate/%2531", "/static/..%252f..%252fapp.py",
        "/static/%252e%252e/%252e%252e/app.py", "/join/%252e%252e/studies", "/%2573tudies",
    ):  # fmt: skip
        assert ask(sqlite_app, "GET", path).status_code == 404, path
    page = ask(sqlite_app, "GET", f"/s/{token}?lang=%2565%2573").text
    assert '<html lang="en"' in page
    once = "".join(f"%{ord(letter):02x}" for letter in token)
    assert ask(sqlite_app, "GET", f"/s/{once}").status_code == 200  # decoded once it is the link itself
    assert snapshot(sqlite_app) == before
