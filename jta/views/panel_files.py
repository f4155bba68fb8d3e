"""Files of the panel: roster upload with preview, template, results as CSV. Their addresses stand in panel.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError, WayOut
from jta.formats import plural
from jta.forms.common import show_error
from jta.forms.panel import PanelFileForm
from jta.permissions import current_actor
from jta.services import panel_import as service
from jta.services.panel_files import results_csv
from jta.services.panel_results import load_results
from jta.services.panel_rounds import get_round
from jta.views.attachment import attachment


def upload(study_id: int) -> ResponseReturnValue:
    """Take a file and show what it would do."""
    form = PanelFileForm()
    if form.validate_on_submit():
        sent = request.files["file"]
        try:
            preview = service.preview_panel(current_actor(), study_id, sent.stream.read(), sent.filename or "file")
        except InvalidInputError as error:
            show_error(form, error)
        else:
            bad = preview.refused or preview.problems
            return render_template("panel/preview.html", preview=preview), 422 if bad else 200
    return render_template("panel/upload.html", form=form), 422 if form.is_submitted() else 200


def apply_import(study_id: int) -> ResponseReturnValue:
    """Merge what was previewed."""
    again = url_for("panel.upload", study_id=study_id)
    try:
        merge = service.apply_panel(current_actor(), study_id, request.form.get("token", ""))
    except EditConflictError as error:
        error.way_out = WayOut("Upload the file again", again)
        raise
    except InvalidInputError as error:
        flash(error.message, "error")
        return redirect(again, 303)
    said = f"{plural(len(merge.new), 'new panelist')}, {len(merge.changed)} changed."
    flash(f"The file is imported: {said}", "success")
    return redirect(url_for("panel.people", study_id=study_id), 303)


def template(study_id: int, form: str) -> ResponseReturnValue:  # noqa: ARG001  the address names the study
    """Hand out an empty file with the right columns."""
    return attachment(service.panel_template(form), f"panel-template.{form}")


def results_file(study_id: int, round_id: int) -> ResponseReturnValue:
    """Hand out the results of a round as CSV, one line for each item."""
    one = get_round(study_id, round_id)
    return attachment(results_csv(load_results(one)), f"study-{study_id}-panel-round-{one.number}.csv")
