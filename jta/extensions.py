"""Extension objects, made without logic and bound in create_app."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_security import Security
from flask_wtf import CSRFProtect

csrf = CSRFProtect()
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
