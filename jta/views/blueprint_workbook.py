"""An edited workbook comes back: upload, see the differences, take the chosen ones. Addresses: blueprint.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.blueprint_workbook import TakeBackForm, WorkbookForm
from jta.forms.common import show_error
from jta.permissions import current_actor
from jta.services import blueprint_readback as service
from jta.services.blueprint import get_blueprint, require_editable


def read_back(study_id: int, number: int) -> ResponseReturnValue:
    """Take an edited workbook and show which cells differ."""
    blueprint, form = get_blueprint(study_id, number), WorkbookForm()
    require_editable(blueprint)
    if form.validate_on_submit():
        try:
            found = service.read_back(current_actor(), study_id, number, request.files["file"].stream.read())
        except InvalidInputError as error:
            show_error(form, error)
        else:
            take = TakeBackForm(formdata=None, token=found.token, cells=[change.key for change in found.changes])
            take.offer(found.changes)
            return render_template("blueprint/take_back.html", found=found, form=take, blueprint=blueprint)
    page = render_template("blueprint/read_back.html", form=form, blueprint=blueprint)
    return page, 422 if form.is_submitted() else 200


def take_back(study_id: int, number: int) -> ResponseReturnValue:
    """Enter the chosen cells into the ledger."""
    form = TakeBackForm()
    try:
        found = service.preview_again(current_actor(), study_id, number, form.token.data or "")
        form.offer(found.changes)
        if form.validate():
            changes = service.take_back(
                current_actor(), study_id, number, token=form.token.data or "", chosen=form.cells.data or [],
                reason=form.reason.data or "", share_rest=form.share_rest.data,
            )  # fmt: skip
            flash(
                f"Taken over with its reason: {len(changes)} lines of the ledger."
                if changes
                else "Nothing was changed."
            )
            return redirect(url_for("blueprint.show", study_id=study_id, number=number), 303)
    except InvalidInputError as error:
        if error.field == "file":
            flash(error.message, "error")
            return redirect(url_for("blueprint.read_back", study_id=study_id, number=number), 303)
        show_error(form, error)
    blueprint = get_blueprint(study_id, number)
    return render_template("blueprint/take_back.html", found=found, form=form, blueprint=blueprint), 422
