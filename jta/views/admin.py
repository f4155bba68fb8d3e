"""Accounts of the installation and its audit trail, for the administrator."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta import audit
from jta.errors import InvalidInputError
from jta.forms.account import ResetForm, UserForm
from jta.forms.common import show_error
from jta.permissions import current_actor
from jta.services import account as service
from jta.services.study_trail import load_trail

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/accounts")
def users() -> ResponseReturnValue:
    """List all accounts."""
    return render_template("admin/users.html", users=service.list_users())


@bp.route("/accounts/new", methods=["GET", "POST"])
def create_user() -> ResponseReturnValue:
    """Create an account."""
    form = UserForm()
    if form.validate_on_submit():
        try:
            user = service.create_user(
                current_actor(),
                email=form.email.data,
                name=form.name.data,
                password=form.password.data,
                administrator=form.administrator.data,
            )
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(f"The account of {user.name} is ready. Hand over the first password in person.", "success")
            return redirect(url_for("admin.users"), 303)
    return render_template("admin/create_user.html", form=form), 422 if form.is_submitted() else 200


@bp.route("/accounts/<int:user_id>", methods=["GET", "POST"])
def user(user_id: int) -> ResponseReturnValue:
    """Show an account; switch it on or off, or give it a new first password."""
    form = ResetForm()
    shown = service.get_user(user_id)
    try:
        if request.method == "POST" and request.form.get("act") in {"on", "off"}:
            service.set_active(current_actor(), user_id, active=request.form["act"] == "on")
            flash("Saved.", "success")
            return redirect(url_for("admin.user", user_id=user_id), 303)
        if form.validate_on_submit():
            service.reset_password(current_actor(), user_id, password=form.password.data)
            flash("The new first password is set. Hand it over in person.", "success")
            return redirect(url_for("admin.user", user_id=user_id), 303)
    except InvalidInputError as error:
        show_error(form, error)
    return render_template("admin/user.html", shown=shown, form=form), 422 if form.is_submitted() else 200


@bp.get("/audit")
def audit_trail() -> ResponseReturnValue:
    """Show the audit trail of the installation."""
    page = request.args.get("page", 1, type=int)
    trail = load_trail(audit.INSTALLATION, page=page, check="check" in request.args)
    return render_template("admin/audit.html", trail=trail)
