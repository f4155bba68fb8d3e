"""Sessions of the staff: idle time, longest length, and who is signed in. Respondents have no time limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import flask_security
from flask import Flask, Request, current_app, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import current_user
from itsdangerous import BadSignature

from jta import clock
from jta.models.account import User

LONGEST = timedelta(hours=12)
_MOST = 2_000  # cookies known in a process


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
    """Flask's own signed cookies; one that was checked a moment ago is known by its whole text."""

    def __init__(self) -> None:
        self._signers: dict[str, Any] = {}
        self._checked: dict[tuple[str, str], tuple[str, datetime]] = {}

    def get_signing_serializer(self, app: Flask) -> Any:
        """Return what signs and reads the cookies of an application: made once, not anew for every request."""
        key = str(app.secret_key)
        if key not in self._signers:
            self._signers[key] = super().get_signing_serializer(app)
        return self._signers[key]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session that a cookie holds; an empty one if the cookie is not ours, or too old."""
        text = request.cookies.get(self.get_cookie_name(app))
        if not text:
            return self.session_class()
        longest = app.permanent_session_lifetime
        found = self._checked.get((str(app.secret_key), text))
        if found is not None and datetime.now(UTC) - found[1] < longest:
            return self.session_class(self.serializer.loads(found[0]))
        try:
            data, signed_at = self.get_signing_serializer(app).loads(text, longest.total_seconds(), True)
        except BadSignature:
            return self.session_class()
        if len(self._checked) >= _MOST:
            self._checked.clear()
        self._checked[str(app.secret_key), text] = self.serializer.dumps(data), signed_at
        return self.session_class(data)


def register(app: Flask) -> None:
    """Check the age of the staff's session before each request."""
    app.session_interface = _CookieSessions()
    app.before_request(_expire)


__all__ = ["begin", "current_user", "end", "register"]
