"""Structured logs: one JSON line for each request, with its id; links and addresses are never in it."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog
from flask import Flask, Response, g, has_app_context, request

_requests = {"wanted": True}  # whether the level lets their lines through


def configure(level: str) -> None:
    """Write JSON lines to standard error from this level up."""
    _requests["wanted"] = logging.getLevelNamesMapping()[level] <= logging.INFO
    structlog.configure(
        processors=[
            _with_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_values,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut what PostgreSQL quotes of a row it refused: it may hold names and addresses."""
    for field in ("exception", "detail"):
        if field in event:
            event[field] = re.sub(r"DETAIL:.*", "DETAIL: (left out)", str(event[field]))
    return event


def _with_request_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if has_app_context() and "request_id" in g:
        event["request_id"] = g.request_id
    return event


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    return response


def _write(response: Response) -> Response:
    """Write the line of a request: as structlog would, at a fifth of its price."""
    if _requests["wanted"] and request.endpoint != "static":
        line = {
            "method": request.method,
            # The rule, not the path: a path may hold a respondent's link.
            "rule": str(request.url_rule) if request.url_rule else "(none)",
            "status": response.status_code,
            "milliseconds": round(1000 * (time.perf_counter() - g.get("began", time.perf_counter())), 1),
            "event": "request", "request_id": g.get("request_id", ""), "level": "info",
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        }  # fmt: skip
        sys.stderr.write(json.dumps(line) + "\n")
    return response


def register(app: Flask) -> None:
    """Give every request an id, and log it."""
    app.before_request(_begin)
    app.after_request(_write)
    app.after_request(_end)
