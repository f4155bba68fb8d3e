"""The application's own errors, and the one place that turns an error into a page or JSON."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from flask import Flask, g, jsonify, render_template, request, session
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from jta.language import NOT_OF_THE_STAFF, locale_of_now

log = structlog.get_logger()
Words = str | LazyString


@dataclass(frozen=True)
class WayOut:
    """Where the reader can go from an error page."""

    label: str
    href: str


class JTAError(Exception):
    """Base of all errors that carry a message for the person at the screen."""

    status = 400
    heading: Words = _("This did not work")

    def __init__(self, message: str, *, way_out: WayOut | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.way_out = way_out


class NotFoundError(JTAError):
    """There is no such thing, or this person may not know of it: both look the same."""

    status = 404
    heading = _("We cannot find that page")

    def __init__(self, message: str = "") -> None:
        super().__init__(message or str(_("It may have moved, or your account does not reach it.")))


class SignInRequiredError(JTAError):
    """Somebody who is not signed in asked for a page of the staff."""

    status = 401
    heading = _("Please sign in")


class StateError(JTAError):
    """The study is not in a state that allows this act."""

    status = 409
    heading = _("Not possible at this stage")


class EditConflictError(JTAError):
    """Somebody else changed the same thing first; both texts are kept."""

    status = 409
    heading = _("Somebody else changed this first")

    def __init__(self, message: str, *, theirs: str = "", yours: str = "") -> None:
        super().__init__(message)
        self.theirs = theirs
        self.yours = yours


class SurveyClosedError(JTAError):
    """An answer arrived when the survey was not open."""

    status = 409
    heading = _("This survey is closed")


class InvalidInputError(JTAError):
    """What was sent cannot be taken; ``field`` names where."""

    status = 422
    heading = _("Please check what you entered")

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooManyRequestsError(JTAError):
    """Too many tries in a short time."""

    status = 429
    heading = _("Too many tries")


class ConfigError(RuntimeError):
    """A setting is missing or dangerous; the message names it."""


_WHO = (
    _("Please open your personal link"),
    _("This device does not know who you are. Open the link in your invitation again: what you saved is there."),
)
_PLAIN = {
    400: (_("We could not read that request"), _("Go back, reload the page and try again.")),
    404: (_("We cannot find that page"), _("It may have moved, or your account does not reach it.")),
    405: (_("That does not work here"), _("This address does not take that kind of request.")),
    413: (_("That is too large"), _("The file or form is larger than this site takes.")),
    415: (_("We could not read that request"), _("This site reads forms only.")),
    429: (_("Too many tries"), _("Please wait a minute, then try again.")),
    500: (_("Something went wrong on our side"), _("Nothing you saved is lost. Please try again in a moment.")),
    503: (_("We cannot save right now"), _("Nothing you saved before is lost. Please try again in a moment.")),
}


def _page(status: int, heading: Words, message: Words, error: object = None) -> ResponseReturnValue:
    heading, message = str(heading), str(message)
    way_out = getattr(error, "way_out", None) or _back_to_study()
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        return jsonify(error=heading, message=message, request_id=g.get("request_id")), status
    page = "errors/survey_error.html" if request.path.startswith(NOT_OF_THE_STAFF) else "errors/error.html"
    if page == "errors/survey_error.html":
        _without_account()  # respondents' pages have no links of the staff
    text = render_template(
        page,
        status=status,
        heading=heading,
        message=message,
        way_out=way_out,
        error=error,
        request_id=g.get("request_id"),
        lang=locale_of_now() if page != "errors/error.html" else None,
    )
    return text, status


def _back_to_study() -> WayOut | None:
    study = g.get("study")
    return None if study is None else WayOut("Back to the study", f"/studies/{study.id}")


def _without_account() -> None:
    """Keep the error page from looking up who is signed in: that may be the very thing that failed."""
    if "_login_user" not in g:
        g._login_user = AnonymousUserMixin()


def error_page(error: JTAError) -> ResponseReturnValue:
    """Make a page, or JSON, of an error of our own."""
    return _page(error.status, error.heading, error.message, error)


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    log.info("csrf_refused", reason=error.description)
    if request.path.startswith(("/survey", "/panel")) and not {"response", "panel"} & session.keys():
        return _page(400, *_WHO)  # reloading would not help: the cookie is gone
    return _page(400, _("This page was open too long"), _("Go back, reload the page and send it again."))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect raised by the router
    if request_ctx.url_adapter is None:  # asked for under a foreign host name: no page of ours has an address there
        return "This site does not answer under that name.\n", error.code, {"Content-Type": "text/plain; charset=utf-8"}
    heading, message = _PLAIN.get(error.code, _PLAIN[400])
    body, status = _page(error.code, heading, message)
    kept = [(k, v) for k, v in error.get_headers() if k in {"Allow", "Retry-After"}]
    return body, status, kept


def _database_busy(error: Exception) -> ResponseReturnValue:
    _without_account()
    log.error("database_unavailable", error=type(error).__name__, detail=str(error)[:300])
    heading, message = _PLAIN[503]
    body, status = _page(503, heading, message)
    return body, status, {"Retry-After": "5"}


def _unstorable(error: Exception) -> ResponseReturnValue:
    """Answer a value that the database cannot hold: a character it has no room for, a number beyond its range."""
    _without_account()
    log.warning("unstorable_value", error=type(error).__name__)
    return _page(400, *_PLAIN[400])


def _unexpected(error: Exception) -> ResponseReturnValue:
    _without_account()
    log.exception("unexpected_error", error=type(error).__name__)
    return _page(500, *_PLAIN[500])


def register(app: Flask) -> None:
    """Install the handlers: our own errors, HTTP errors, a database that is away, anything else."""
    from sqlalchemy.exc import DataError, OperationalError

    app.register_error_handler(JTAError, error_page)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(Exception, _unexpected)
