"""Whether the site can do its work: for load balancers and people who operate it."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from jta.extensions import limiter
from jta.services import health as service

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@limiter.exempt
def healthz() -> ResponseReturnValue:
    """Answer 200 if the database is reachable and its migrations are current, 503 if not."""
    state = service.check_health()
    return jsonify(state.as_dict()), 200 if state.ok else 503
