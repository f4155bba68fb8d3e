"""Pages that links of messages lead to: stop further messages, register, confirm. A GET never changes anything."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.extensions import csrf, limiter
from jta.forms.common import show_error
from jta.forms.mail_pages import JoinForm
from jta.language import locale_of_now, spoken_by
from jta.services import opt_out, registration

bp = Blueprint("mail", __name__)


def _is_miss(reply: Response) -> bool:
    return reply.status_code == 404


_few_misses = limiter.shared_limit("20 per minute", scope="links of messages", deduct_when=_is_miss)
# A whole conference may come from one address. Each mailbox has a limit of its own, see jta.services.registration.
_few_posts = limiter.limit("200 per hour", methods=["POST"])


def _page(template: str, shown: registration.JoinPage | opt_out.StopPage, **context: Any) -> str:
    """Render a page in the reader's language; the director's words are marked with theirs."""
    return render_template(f"mail/{template}.html", page=shown, **spoken_by(shown.language), **context)


# A mail program's own button posts here without a session (RFC 8058): the token is the authority, so no form token.
@bp.route("/stop/<token>", methods=["GET", "POST"])
@csrf.exempt
@_few_misses
def stop(token: str) -> ResponseReturnValue:
    """Ask with a button, then stop all further messages to this person."""
    if request.method == "POST":
        opt_out.opt_out(token)
    return _page("stop", opt_out.load_stop_page(token), token=token)


@bp.post("/stop/<token>/resume")
@_few_misses
def resume(token: str) -> ResponseReturnValue:
    """Write to a panelist again, who asks for it by the same link."""
    opt_out.resume_panel(token)
    return _page("stop", opt_out.load_stop_page(token), token=token, resumed=True)


@bp.route("/join/<code>", methods=["GET", "POST"])
@_few_misses
@_few_posts
def join(code: str) -> ResponseReturnValue:
    """Take name and address behind the open link; say the same whatever the address is."""
    page = registration.load_join_page(code)
    form = JoinForm(strata=page.strata)
    if form.validate_on_submit():
        try:
            registration.register(code, form.wish(), locale_of_now())
        except InvalidInputError as error:
            show_error(form, error)
        else:
            return _page("joined", page, address=form.email.data)
    return _page("join", page, form=form), 422 if form.is_submitted() else 200


@bp.route("/join/confirm/<token>", methods=["GET", "POST"])
@_few_misses
def confirm(token: str) -> ResponseReturnValue:
    """Ask with a button, then put the person on the roster and go to the survey."""
    if request.method == "POST":
        return redirect(registration.confirm(token, locale_of_now()), 303)
    return _page("confirm", registration.load_confirm_page(token), token=token)
