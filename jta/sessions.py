"""Sessions of the staff: idle time, longest length, and who is signed in. Respondents have no time limit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import flask_security
from flask import Flask, current_app, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import current_user

from jta import clock
from jta.models.account import User

LONGEST = timedelta(hours=12)


def begin(user: User) -> None:
    """Start a new session for an account whose password was just checked."""
    _clear()  # a session made before sign-in must not live on
    flask_security.login_user(user)
    session.permanent = True
    session["signed_in_at"] = session["seen_at"] = clock.now().timestamp()


def end() -> None:
    """Forget who is signed in; a respondent's answers in the same browser stay reachable."""
    flask_security.logout_user()
    _clear()


def _clear() -> None:
    """Empty the session but for the tickets that personal links gave, which have no time limit."""
    kept = {name: session[name] for name in ("response", "panel") if name in session}
    session.clear()
    if kept.get("panel", {}).get("by") == "account":
        del kept["panel"]  # it came with the account and goes with it
    if kept:
        session.update(kept)
        session.permanent = True


def _expire() -> None:
    if "signed_in_at" not in session:
        return
    now = clock.now()
    idle = timedelta(minutes=current_app.config["SETTINGS"].session_idle_minutes)
    seen, began = _moment("seen_at"), _moment("signed_in_at")
    if now - seen > idle or now - began > LONGEST:
        end()
    elif now - seen > timedelta(seconds=60):
        session["seen_at"] = now.timestamp()


def _moment(key: str) -> datetime:
    return datetime.fromtimestamp(session[key], tz=clock.now().tzinfo)


class _CookieSessions(SecureCookieSessionInterface):
    """Flask's own signed cookies; what signs them is made once, not anew for every request."""

    def __init__(self) -> None:
        self._signers: dict[str, Any] = {}

    def get_signing_serializer(self, app: Flask) -> Any:
        """Return what signs and reads the cookies of an application."""
        key = str(app.secret_key)
        if key not in self._signers:
            self._signers[key] = super().get_signing_serializer(app)
        return self._signers[key]


def register(app: Flask) -> None:
    """Check the age of the staff's session before each request."""
    app.session_interface = _CookieSessions()
    app.before_request(_expire)


__all__ = ["begin", "current_user", "end", "register"]
