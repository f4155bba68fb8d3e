"""Plain builders of what tests need: accounts, a small study, a signed-in client."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from jta.audit import SYSTEM
from jta.models.account import User

PASSWORD = "correct horse battery staple"


def make_user(email: str = "dora@example.org", name: str = "Dora Director", *, administrator: bool = False) -> User:
    """Create an account inside an app context."""
    from jta.services.account import create_user

    return create_user(
        SYSTEM, email=email, name=name, password=PASSWORD, administrator=administrator, must_change=False
    )


def csrf_from(html: str) -> str:
    """Return the CSRF token of a page's first form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    if found is None:
        raise AssertionError("the page has no CSRF token")
    return found.group(1)


def sign_in(client: FlaskClient, email: str = "dora@example.org", password: str = PASSWORD) -> FlaskClient:
    """Sign a client in through the real page."""
    token = csrf_from(client.get("/account/sign-in").text)
    reply = client.post("/account/sign-in", data={"email": email, "password": password, "csrf_token": token})
    if reply.status_code != 303:
        raise AssertionError(f"sign-in failed: {reply.status_code}")
    return client


def post(
    client: FlaskClient,
    url: str,
    data: dict[str, object] | None = None,
    *,
    form_page: str | None = None,
    **options: object,
):
    """Post a form with the CSRF token of the page that shows it."""
    token = csrf_from(client.get(form_page or url).text)
    return client.post(url, data={**(data or {}), "csrf_token": token}, **options)


def signed_in_client(app: Flask, email: str = "dora@example.org") -> FlaskClient:
    """Return a client of this account."""
    return sign_in(app.test_client(), email)
