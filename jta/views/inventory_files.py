"""Inventory files: upload with preview, apply, templates, export. Their addresses stand in inventory.py."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError, WayOut
from jta.formats import plural
from jta.forms.common import ApplyForm, sent_ids, show_error
from jta.forms.inventory import UploadForm
from jta.permissions import current_actor
from jta.services import inventory_import as service
from jta.services.study_stage import BEFORE_LAUNCH
from jta.views.attachment import attachment


def upload(study_id: int) -> ResponseReturnValue:
    """Take a file and show what it would do."""
    form = UploadForm()
    locked = g.study.stage not in BEFORE_LAUNCH
    if form.validate_on_submit():
        sent = request.files["file"]
        try:
            preview = service.preview_import(current_actor(), study_id, sent.stream.read(), sent.filename or "file")
        except InvalidInputError as error:
            show_error(form, error)
        else:
            bad = preview.refused or preview.problems
            page = render_template(
                "inventory/preview.html", preview=preview, form=form, apply=ApplyForm(token=preview.token)
            )
            return page, 422 if bad else 200
    page = render_template("inventory/upload.html", form=form, locked=locked)
    return page, 422 if form.is_submitted() else 200


def apply_import(study_id: int) -> ResponseReturnValue:
    """Merge what was previewed."""
    try:
        merge = service.apply_import(current_actor(), study_id, request.form.get("token", ""), _choices())
    except EditConflictError as error:
        error.way_out = WayOut("Upload the file again", url_for("inventory.upload", study_id=study_id))
        raise
    except InvalidInputError as error:
        flash(error.message, "error")
        return redirect(url_for("inventory.upload", study_id=study_id), 303)
    retired = f", {len(merge.retiring)} retired" if merge.retiring else ""
    said = f"{plural(len(merge.new), 'new statement')}, {len(merge.changed)} changed{retired}."
    flash(f"The file is imported: {said}", "success")
    return redirect(url_for("inventory.index", study_id=study_id), 303)


def _choices() -> service.Choices:
    return service.Choices(
        frozenset(sent_ids("leave")), frozenset(request.form.getlist("retire")), request.form.get("reason", ""),
        "belongs" in request.form,
    )  # fmt: skip


def template(study_id: int, form: str) -> ResponseReturnValue:  # noqa: ARG001  the address names the study
    """Hand out an empty file with the right columns."""
    return attachment(service.inventory_template(form), f"inventory-template.{form}")


def export(study_id: int, form: str) -> ResponseReturnValue:
    """Hand out the inventory as a file that can be edited and imported again."""
    return attachment(service.export_inventory(study_id, form), f"study-{study_id}-inventory.{form}")


def export_case(study_id: int) -> ResponseReturnValue:
    """Hand out the inventory as a 1EdTech CASE package."""
    return attachment(service.export_inventory(study_id, "case"), f"study-{study_id}-inventory.case.json")
