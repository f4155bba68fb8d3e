"""The evidence map: what standards ask for, and what of the study shows it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.common import show_error
from jta.forms.evidence import JustifyForm
from jta.permissions import current_actor
from jta.services import evidence as service
from jta.services.evidence_file import write_evidence_file
from jta.views.attachment import attachment

bp = Blueprint("evidence", __name__, url_prefix="/studies/<int:study_id>/evidence")


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """Show every line of every standard with its state."""
    return render_template("evidence/index.html", map=service.evidence_map(study_id), states=service.STATES)


@bp.route("/<line_code>", methods=["GET", "POST"])
def justify(study_id: int, line_code: str) -> ResponseReturnValue:
    """Show one line, and save why it is met in another way."""
    state = service.get_state(study_id, line_code)
    form = JustifyForm(text=state.note.text if state.note else "", seen=str(state.note.version if state.note else 0))
    if form.validate_on_submit():
        try:
            service.justify(current_actor(), study_id, line_code, form.text.data or "", version=form.seen_version)
        except InvalidInputError as error:
            show_error(form, error)
        else:
            return redirect(url_for("evidence.index", study_id=study_id, _anchor=line_code), 303)
    return render_template("evidence/justify.html", state=state, form=form), 422 if form.is_submitted() else 200


@bp.get("/evidence-map.xlsx")
def export(study_id: int) -> ResponseReturnValue:
    """Hand over the map as a workbook for the accreditor."""
    return attachment(write_evidence_file(study_id), f"study-{study_id}-evidence-map.xlsx")
