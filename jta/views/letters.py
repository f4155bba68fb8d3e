"""Letters on paper with a QR code."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.common import sent_id
from jta.forms.mail_pages import LettersForm
from jta.permissions import current_actor
from jta.services import paper_letters as service
from jta.services.delivery import OPEN_STAGES
from jta.views.attachment import attachment

bp = Blueprint("letters", __name__, url_prefix="/studies/<int:study_id>/messages/letters")


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """Say how many letters there would be, and offer them in files."""
    who = request.args.get("who", "no mail")
    count, batches = service.count_letters(study_id, who)
    form = LettersForm(data={"who": who, "paper": request.args.get("paper", "us-letter")})
    return render_template(
        "letters/index.html", form=form, who=who, count=count, batches=batches, is_open=g.study.stage in OPEN_STAGES
    )


@bp.post("")
def make(study_id: int) -> ResponseReturnValue:
    """Hand out one file of letters."""
    who, paper = request.form.get("who", ""), request.form.get("paper", "")
    try:
        content = service.make_letters(current_actor(), study_id, who, sent_id("number"), paper)
    except InvalidInputError as error:
        flash(error.message, "error")
        return redirect(url_for("letters.index", study_id=study_id, who=who, paper=paper), 303)
    return attachment(content, f"study-{study_id}-letters-{sent_id('number')}.pdf")
