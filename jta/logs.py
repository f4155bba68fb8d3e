"""Structured logs: one JSON line for each request, with its id; links and addresses are never in it."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request


def configure(level: str) -> None:
    """Write JSON lines to standard error from this level up."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
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


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if request.endpoint != "static":
        structlog.get_logger().info(
            "request",
            method=request.method,
            # The rule, not the path: a path may hold a respondent's link.
            rule=str(request.url_rule) if request.url_rule else "(none)",
            status=response.status_code,
            milliseconds=round(1000 * (time.perf_counter() - g.get("began", time.perf_counter())), 1),
        )
    return response


def register(app: Flask) -> None:
    """Log every request."""
    app.before_request(_begin)
    app.after_request(_end)
