"""Ratings collected elsewhere: file, columns, values, preview, import."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.formats import plural
from jta.forms.collect import UNKNOWN, CollectFileForm, sent_roles, sent_values
from jta.forms.common import sent_id, show_error
from jta.jobs import worker_is_running
from jta.permissions import current_actor
from jta.services import collect as service
from jta.services import collect_apply, collect_jobs, collect_mappings

bp = Blueprint("collect", __name__, url_prefix="/studies/<int:study_id>/collected")


def _to(step: str, study_id: int) -> ResponseReturnValue:
    return redirect(url_for(f"collect.{step}", study_id=study_id), 303)


@bp.route("", methods=["GET", "POST"])
def index(study_id: int) -> ResponseReturnValue:
    """Take a file; list those that came in."""
    form = CollectFileForm()
    if form.validate_on_submit():
        sent = request.files["file"]
        try:
            service.upload_file(current_actor(), study_id, sent.stream.read(), sent.filename or "file")
        except InvalidInputError as error:
            show_error(form, error)
        else:
            return _to("columns", study_id)
    page = render_template(
        "collect/index.html", form=form, at_work=service.file_at_work(study_id), files=service.list_files(study_id),
        closed_because=service.why_closed(g.study),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@bp.route("/columns", methods=["GET", "POST"])
def columns(study_id: int) -> ResponseReturnValue:
    """Say what each column of the file is."""
    if service.file_at_work(study_id) is None:
        return _to("index", study_id)
    work, error = service.load_work(study_id), ""
    if request.method == "POST":
        roles, tasks, layout = sent_roles(request.form)
        try:
            service.set_columns(
                current_actor(), study_id, roles=roles, tasks=tasks, layout=layout, version=sent_id("version")
            )
            return _to("values", study_id)
        except InvalidInputError as refusal:
            error = refusal.message
            work = service.with_roles(work, roles, tasks, layout)
    page = render_template(
        "collect/columns.html", work=work, error=error, role_words=service.role_words,
        mappings=collect_mappings.list_mappings(study_id),
    )  # fmt: skip
    return page, 422 if error else 200


@bp.route("/values", methods=["GET", "POST"])
def values(study_id: int) -> ResponseReturnValue:
    """Say what each value means, then read the file through."""
    if service.file_at_work(study_id) is None:
        return _to("index", study_id)
    work = service.load_work(study_id)
    groups = service.value_groups(work)
    if request.method == "POST":
        sent = sent_values(request.form, groups)
        version = service.set_values(current_actor(), study_id, sent, version=sent_id("version"))
        collect_apply.read_through(current_actor(), study_id, version=version)
        return _to("preview", study_id)
    crowded = service.crowded_columns(work)
    return render_template("collect/values.html", work=work, groups=groups, crowded=crowded, unknown=UNKNOWN)


@bp.get("/preview")
def preview(study_id: int) -> ResponseReturnValue:
    """Show what importing the file would do, and how far it is where that takes long."""
    file = service.file_at_work(study_id)
    if file is None or file.preview is None:
        return _to("values" if file else "index", study_id)
    return render_template(
        "collect/preview.html", work=service.load_work(study_id), preview=file.preview,
        job=collect_jobs.last_job(study_id, file.id), working=worker_is_running(),
    )  # fmt: skip


@bp.post("/apply")
def apply(study_id: int) -> ResponseReturnValue:
    """Take the file in."""
    counts = collect_jobs.import_file(current_actor(), study_id, version=sent_id("version"))
    if counts is None:
        return _to("preview", study_id)
    new, changed = counts["new respondents"], counts["changed respondents"]
    flash(f"The file is imported: {plural(new, 'new respondent')}, {changed:,} changed.", "success")
    return redirect(url_for("delivery.monitor", study_id=study_id), 303)


@bp.post("/discard")
def discard(study_id: int) -> ResponseReturnValue:
    """Forget the file at work."""
    service.discard_file(current_actor(), study_id)
    flash("The file is discarded. Nothing of it was in the study.", "success")
    return _to("index", study_id)


@bp.post("/again")
def again(study_id: int) -> ResponseReturnValue:
    """Read the file with another number of header rows."""
    service.read_again(current_actor(), study_id, sent_id("header_rows"), version=sent_id("version"))
    flash("The file was read again. Check what each column is.", "info")
    return _to("columns", study_id)


@bp.post("/mappings")
def save_mapping(study_id: int) -> ResponseReturnValue:
    """Keep the mapping for the next file."""
    try:
        saved = collect_mappings.save_mapping(current_actor(), study_id, request.form.get("name", ""))
    except InvalidInputError as error:
        flash(error.message, "error")
    else:
        flash(f"The mapping is saved as {saved.name}. You can choose it for the next file.", "success")
    return _to("preview", study_id)


@bp.post("/mappings/use")
def use_mapping(study_id: int) -> ResponseReturnValue:
    """Use a saved mapping for the file at work."""
    chosen, version = sent_id("mapping"), sent_id("version")
    try:
        found, whole = collect_mappings.use_mapping(current_actor(), study_id, chosen, version=version)
    except InvalidInputError as error:
        flash(error.message, "error")
    else:
        flash(f"{found} of {whole} columns of the mapping are in this file.", "success" if found == whole else "info")
    return _to("columns", study_id)
