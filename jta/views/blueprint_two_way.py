"""Content by cognitive level: look, set targets, count the item bank, hand out files. Addresses: blueprint.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError, WayOut
from jta.forms.common import show_error
from jta.forms.study import seen_version
from jta.forms.two_way import CountFileForm, FormsForm, forms_form, targets_form
from jta.permissions import current_actor
from jta.services import two_way_files as files
from jta.services import two_way_import as bank
from jta.services.blueprint import get_blueprint, require_editable
from jta.services.blueprint_page import blueprint_page
from jta.services.two_way import two_way_table
from jta.services.two_way_targets import set_targets
from jta.views.attachment import attachment


def _to(study_id: int, number: int) -> ResponseReturnValue:
    return redirect(url_for("blueprint.two_way", study_id=study_id, number=number), 303)


def two_way(study_id: int, number: int) -> ResponseReturnValue:
    """Show content by cognitive level, with the bank's gap, the limits of a form and the tasks."""
    return _page(study_id, number, None, 200)


def _page(study_id: int, number: int, form: FormsForm | None, status: int) -> ResponseReturnValue:
    blueprint = get_blueprint(study_id, number)
    table = two_way_table(blueprint)
    page = blueprint_page(blueprint, current_actor())
    return render_template("blueprint/two_way.html", page=page, table=table, form=form or forms_form(table)), status


def targets(study_id: int, number: int) -> ResponseReturnValue:
    """Set the target shares of the cognitive levels, with a reason."""
    blueprint = get_blueprint(study_id, number)
    require_editable(blueprint)
    form = targets_form(blueprint)
    if form.validate_on_submit():
        try:
            changes = set_targets(
                current_actor(), study_id, number, seen_version=seen_version(form), targets=form.targets(),
                reason=form.reason.data or "", vote=form.vote.data or "",
            )  # fmt: skip
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash("The targets are in the ledger, with their reason." if changes else "Nothing was changed.", "success")
            return _to(study_id, number)
    page = render_template("blueprint/two_way_targets.html", form=form, blueprint=blueprint)
    return page, 422 if form.is_submitted() else 200


def set_forms(study_id: int, number: int) -> ResponseReturnValue:
    """Set how many forms' worth of items is wanted."""
    form = FormsForm()
    if not form.validate_on_submit():
        return _page(study_id, number, form, 422)
    wanted = bank.set_forms(
        current_actor(), study_id, seen_version=seen_version(form), forms=float(form.forms.data or 0)
    )  # fmt: skip
    flash(f"The bank should hold {wanted.forms:g} forms' worth of items.", "success")
    return _to(study_id, number)


def upload_counts(study_id: int, number: int) -> ResponseReturnValue:
    """Take a count file and show what it holds."""
    blueprint, form = get_blueprint(study_id, number), CountFileForm()
    if form.validate_on_submit():
        sent = request.files["file"]
        try:
            found = bank.preview_counts(
                current_actor(), study_id, number, sent.stream.read(), sent.filename or "file"
            )  # fmt: skip
        except InvalidInputError as error:
            show_error(form, error)
        else:
            page = render_template("blueprint/counts_preview.html", preview=found, blueprint=blueprint)
            return page, 200 if found.token else 422
    page = render_template("blueprint/counts.html", form=form, blueprint=blueprint)
    return page, 422 if form.is_submitted() else 200


def take_counts(study_id: int, number: int) -> ResponseReturnValue:
    """Take the counts that were previewed."""
    again = url_for("blueprint.upload_counts", study_id=study_id, number=number)
    try:
        taken = bank.apply_counts(current_actor(), study_id, request.form.get("token", ""))
    except EditConflictError as error:
        error.way_out = WayOut("Upload the file again", again)
        raise
    except InvalidInputError as error:
        flash(error.message, "error")
        return redirect(again, 303)
    flash(f"The counts of {taken.filename} are taken.", "success")
    return _to(study_id, number)


def counts_template(study_id: int, number: int, form: str) -> ResponseReturnValue:  # noqa: ARG001  the address names them
    """Hand out an empty count file."""
    return attachment(bank.counts_template(form), f"item-bank-counts.{form}")


def limits_file(study_id: int, number: int) -> ResponseReturnValue:
    """Hand out the limits of one form as CSV."""
    table = two_way_table(get_blueprint(study_id, number))
    return attachment(files.limits_file(table), f"study-{study_id}-blueprint-{number}-form-limits.csv")


def gap_file(study_id: int, number: int) -> ResponseReturnValue:
    """Hand out the gap of the item bank as CSV."""
    table = two_way_table(get_blueprint(study_id, number))
    return attachment(files.gap_file(table), f"study-{study_id}-blueprint-{number}-item-bank-gap.csv")
