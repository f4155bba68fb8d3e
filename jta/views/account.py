"""Sign in, sign out, one's own profile."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded

from jta import sessions
from jta.demo.notes import read_demo
from jta.errors import InvalidInputError
from jta.extensions import limiter
from jta.forms.account import PasswordForm, SignInForm
from jta.forms.common import safe_next, show_error
from jta.services import account as service
from jta.sessions import current_user

bp = Blueprint("account", __name__, url_prefix="/account")


def _account_tried() -> str:
    return "account:" + service.normal_email(request.form.get("email", ""))


@bp.errorhandler(RateLimitExceeded)
def too_many(_error: RateLimitExceeded) -> ResponseReturnValue:
    """Ask for a pause, on the sign-in page itself."""
    form = SignInForm()
    form.form_errors.append("Too many tries. Please wait a minute, then try again.")
    return _sign_in_page(form, 429)


def _sign_in_page(form: SignInForm, status: int) -> ResponseReturnValue:
    local = current_app.config["SETTINGS"].is_loopback
    demo = read_demo(Path(current_app.instance_path)) if local else None
    return render_template("account/sign_in.html", form=form, demo=demo), status


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("5 per minute", methods=["POST"], key_func=_account_tried)
@limiter.limit("20 per minute", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form and start a session."""
    form = SignInForm()
    if form.validate_on_submit():
        user = service.sign_in(form.email.data, form.password.data)
        if user is not None:
            sessions.begin(user)
            return redirect(safe_next(url_for("study.index")), 303)
        form.form_errors.append("The address or the password is not right. Check both and try again.")
    return _sign_in_page(form, 422 if form.is_submitted() else 200)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session, and every copy of it."""
    service.sign_out(current_user._get_current_object())
    sessions.end()
    flash("You are signed out.", "success")
    return redirect(url_for("account.sign_in"), 303)


@bp.route("/profile", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    """Show one's account and change the password."""
    form = PasswordForm()
    user = current_user._get_current_object()
    first = user.must_change_password  # then it stands in the way, and work goes on elsewhere
    if form.validate_on_submit():
        try:
            service.change_password(user, old=form.old.data, new=form.password.data)
        except InvalidInputError as error:
            show_error(form, error)
        else:
            sessions.begin(user)
            flash("Your password is changed. Other devices are signed out.", "success")
            return redirect(url_for("study.index" if first else "account.profile"), 303)
    return render_template("account/profile.html", form=form), 422 if form.is_submitted() else 200
