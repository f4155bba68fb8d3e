"""Security headers on every reply, with a fresh nonce for the page's own scripts; forms as the only bodies."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request
from werkzeug.exceptions import UnsupportedMediaType

_CSP = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "manifest-src 'self'"
)


def csp_nonce() -> str:
    """Return the nonce of this reply."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _add(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _CSP.format(nonce=csp_nonce()))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _forms_only() -> None:
    # A form that is read from JSON could hold anything but text in its fields.
    if request.endpoint is not None and request.is_json:
        raise UnsupportedMediaType


def bound_forms(app: Flask) -> None:
    """Hold a form without files to the size that its parts may have; must come before anything reads it.

    Werkzeug bounds the parts of a multipart form only: any other form could be as large as an uploaded file.
    """
    longest = app.config["MAX_FORM_MEMORY_SIZE"]

    def bound() -> None:
        if request.method == "POST" and request.mimetype != "multipart/form-data":
            request.max_content_length = longest

    app.before_request(bound)


def register(app: Flask) -> None:
    """Add the headers to every reply; refuse bodies of JSON."""
    app.before_request(_forms_only)
    app.after_request(_add)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
