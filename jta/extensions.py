"""Extension objects, made without logic and bound in create_app."""

from __future__ import annotations

import hmac

from flask import Flask, current_app, g, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_security import Security
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf

_TOKENS, _MOST = "jta_tokens", 2_000


class PageTokens(CSRFProtect):
    """Tokens against forged requests; those of respondents' pages are signed once for each session.

    They have no time limit, so signing one anew for every page says nothing new. A token that this process does not
    know is checked the long way.
    """

    def token(self) -> str:
        """Return the token for a page of this session."""
        made = self._made()
        found = made.get(session.get("csrf_token", ""))
        if found is None:
            found = generate_csrf()
            if len(made) >= _MOST:
                made.clear()
            made[session["csrf_token"]] = found
        return found

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuse a request that changes something and carries no token of its session."""
        if request.method == "POST":
            made = self._made().get(session.get("csrf_token", ""))
            if made is not None and hmac.compare_digest(made.encode(), request.form.get("csrf_token", "").encode()):
                g.csrf_valid = True
                return
        super().protect(apply_exemptions)

    def _made(self) -> dict[str, str]:
        # The store hangs on the application: another one may sign with another key.
        made: dict[str, str] = current_app.extensions.setdefault(_TOKENS, {})
        return made


csrf = PageTokens()
limiter = Limiter(key_func=get_remote_address)
migrate = Migrate(render_as_batch=True, compare_type=True)
security = Security()


def lighten(app: Flask) -> None:
    """Take off what two extensions do before every request, and no page of ours needs.

    Limits stand on single pages, whose decorator checks them by itself; rights are those of `jta.permissions`.
    """
    hooks = app.before_request_funcs[None]
    hooks.remove(limiter._check_request_limit)
    hooks.remove(app.extensions["security"].principal._on_before_request)
    app.ensure_sync = lambda function: function  # type: ignore[method-assign]  # none of ours is a coroutine
