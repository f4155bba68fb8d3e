"""Who may open what, by the rights table. What is not in it is refused.

A refusal looks like a page that does not exist. Whoever is not signed in is asked to sign in, whether or not
the page exists.
"""

from __future__ import annotations

from flask import Flask, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from jta.audit import Actor
from jta.errors import NotFoundError, SignInRequiredError
from jta.models.account import User
from jta.models.study import MARKET, Study
from jta.rights import (
    ABOUT_RATINGS,
    ADMINISTRATOR,
    ANY_DIRECTOR,
    ANYONE,
    DIRECTOR,
    RULES,
    SAFE_METHODS,
    STAFF,
    STUDY,
)

_BEFORE_OWN_PASSWORD = {"account.profile", "account.sign_out"}


def user_roles(user: User, study_id: int | None) -> frozenset[str]:
    """Return every role an active account holds, in this study where one is named."""
    roles = {STAFF}
    if user.is_administrator:
        roles.add(ADMINISTRATOR)
    if any(m.role == DIRECTOR for m in user.memberships):
        roles.add(ANY_DIRECTOR)
    roles |= {m.role for m in user.memberships if m.study_id == study_id}
    return frozenset(roles)


def allows(endpoint: str, roles: frozenset[str], method: str = "GET") -> bool:
    """Say whether somebody with these roles may use an endpoint; pages use it to show only links that work."""
    rule = RULES.get(endpoint)
    return rule is not None and bool((roles | {ANYONE}) & rule.roles(method))


def current_actor() -> Actor:
    """Return who is acting now, with the role that counts in this study."""
    roles: frozenset[str] = g.get("roles", frozenset())
    order = (*STUDY, ADMINISTRATOR, ANY_DIRECTOR, STAFF)
    role = next((r for r in order if r in roles), STAFF)
    return Actor(current_user.name, role, current_user.id)


def guard() -> ResponseReturnValue | None:
    """Let a request through only if its rule says so."""
    if request.endpoint is None:
        return None  # no such address: the router's own 404 or 405 follows
    rule = RULES.get(request.endpoint)
    if rule is None:
        raise NotFoundError
    allowed = rule.roles(request.method)
    if ANYONE in allowed:
        return None
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    if current_user.must_change_password and request.endpoint not in _BEFORE_OWN_PASSWORD:
        return redirect(url_for("account.profile"), 303)
    study_id = (request.view_args or {}).get("study_id")
    g.roles = user_roles(current_user, study_id)
    if not g.roles & allowed:
        raise NotFoundError
    g.study = _study(study_id)
    if g.study is not None and g.study.kind == MARKET and request.endpoint.split(".")[0] in ABOUT_RATINGS:
        raise NotFoundError
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.method in SAFE_METHODS:
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")), 303)
    raise SignInRequiredError(
        "You were signed out. Sign in again in another tab, then come back and send this page once more."
    )


def _study(study_id: int | None) -> Study | None:
    from jta.db import db

    if study_id is None:
        return None
    study = db.session.get(Study, study_id)
    if study is None:
        raise NotFoundError
    return study


def register(app: Flask) -> None:
    """Guard every request, and give templates `allows`."""
    app.before_request(guard)
    app.jinja_env.globals["allows"] = lambda endpoint, method="GET": allows(
        endpoint, g.get("roles", frozenset()), method
    )
