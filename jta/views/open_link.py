"""The open link of a study, as its director sees it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.permissions import current_actor
from jta.services import registration as service
from jta.services.sending_page import mail_state

bp = Blueprint("open_link", __name__, url_prefix="/studies/<int:study_id>/messages/open-link")


@bp.route("", methods=["GET", "POST"])
def settings(study_id: int) -> ResponseReturnValue:
    """Show the open link; make one, or take it away."""
    if request.method == "POST":
        on = request.form.get("do") != "remove"
        service.switch_open_link(current_actor(), study_id, on=on)
        flash("This is the open link now." if on else "The open link is removed.", "success")
        return redirect(url_for("open_link.settings", study_id=study_id), 303)
    return render_template("open_link/settings.html", link=service.open_link(study_id), mail=mail_state())
