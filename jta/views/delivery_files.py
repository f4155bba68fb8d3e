"""Files of the roster: upload with preview, apply, template, links. Their addresses stand in delivery.py."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError, WayOut
from jta.formats import plural
from jta.forms.common import ApplyForm, show_error
from jta.forms.delivery import RosterFileForm
from jta.permissions import current_actor
from jta.services import delivery_import as service
from jta.services import monitor_file
from jta.services.delivery import OPEN_STAGES, PersonalLink
from jta.services.monitor import Monitor
from jta.views.attachment import attachment


def upload(study_id: int) -> ResponseReturnValue:
    """Take a file and show what it would do."""
    form = RosterFileForm()
    if form.validate_on_submit():
        sent = request.files["file"]
        try:
            preview = service.preview_roster(current_actor(), study_id, sent.stream.read(), sent.filename or "file")
        except InvalidInputError as error:
            show_error(form, error)
        else:
            bad = preview.refused or preview.problems
            page = render_template("delivery/preview.html", preview=preview, apply=ApplyForm(token=preview.token))
            return page, 422 if bad else 200
    page = render_template("delivery/upload.html", form=form, is_open=g.study.stage in OPEN_STAGES)
    return page, 422 if form.is_submitted() else 200


def apply_import(study_id: int) -> ResponseReturnValue:
    """Merge what was previewed."""
    again = url_for("delivery.upload", study_id=study_id)
    try:
        merge = service.apply_roster(current_actor(), study_id, request.form.get("token", ""))
    except EditConflictError as error:
        error.way_out = WayOut("Upload the file again", again)
        raise
    except InvalidInputError as error:
        flash(error.message, "error")
        return redirect(again, 303)
    said = f"{plural(len(merge.new), 'new person', 'new people')}, {len(merge.changed)} changed."
    flash(f"The file is imported: {said}", "success")
    return redirect(url_for("delivery.roster", study_id=study_id), 303)


def template(study_id: int, form: str) -> ResponseReturnValue:  # noqa: ARG001  the address names the study
    """Hand out an empty file with the right columns."""
    return attachment(service.roster_template(form), f"roster-template.{form}")


def links_file(study_id: int, made: Sequence[PersonalLink]) -> Response:
    """Hand out links that were just made, as CSV; the one time they are shown."""
    return attachment(service.links_csv(made), f"study-{study_id}-links.csv")


def counts_file(study_id: int, form: str, monitor: Monitor) -> Response:
    """Hand out the counts by stratum, as the page of responses shows them."""
    return attachment(monitor_file.counts_file(monitor, form), f"study-{study_id}-responses.{form}")
