"""Data out: ratings for other programs, the blueprint for an item bank, the whole study as one file; a study in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError, NotFoundError
from jta.forms.common import show_error
from jta.forms.data_out import BringInForm
from jta.jobs import worker_is_running
from jta.permissions import current_actor
from jta.services import data_files as service
from jta.services.archive import import_study
from jta.services.blueprint import list_blueprints
from jta.services.data_release import release_background
from jta.services.item_bank import write_case_file, write_item_bank_file
from jta.services.review import list_datasets
from jta.services.study import choose_director, may_create
from jta.sessions import current_user
from jta.views import comments as reviewed

bp = Blueprint("data_out", __name__)
_COMMENTS = "/studies/<int:study_id>/data-sets/<int:number>/comments"
bp.add_url_rule(_COMMENTS, view_func=reviewed.comments, methods=["GET", "POST"])
bp.add_url_rule(f"{_COMMENTS}/file", view_func=reviewed.make_comments, methods=["POST"])


@bp.get("/studies/<int:study_id>/data-out")
def index(study_id: int) -> ResponseReturnValue:
    """Say what can leave, and what was made coarse before it does."""
    datasets = list_datasets(study_id)
    chosen = next((d for d in datasets if d.number == request.args.get("data_set", type=int)), None)
    chosen = chosen or (datasets[0] if datasets else None)
    return render_template(
        "data_out/index.html", datasets=datasets, chosen=chosen, formats=service.FORMATS,
        release=release_background(chosen) if chosen else None, blueprints=list_blueprints(study_id),
    )  # fmt: skip


@bp.post("/studies/<int:study_id>/data-sets/<int:number>/ratings/<data_form>")
def make_ratings(study_id: int, number: int, data_form: str) -> ResponseReturnValue:
    """Ask for the ratings in one form; go to its progress."""
    job_id = service.ask_file(current_actor(), study_id, number, data_form)
    return redirect(url_for("data_out.job", study_id=study_id, data_job_id=job_id), 303)


@bp.post("/studies/<int:study_id>/archive")
def make_archive(study_id: int) -> ResponseReturnValue:
    """Ask for the whole study as one file; go to its progress."""
    job_id = service.ask_archive(current_actor(), study_id)
    return redirect(url_for("data_out.job", study_id=study_id, data_job_id=job_id), 303)


@bp.get("/studies/<int:study_id>/data-out/jobs/<int:data_job_id>")
def job(study_id: int, data_job_id: int) -> ResponseReturnValue:
    """Show how far a file is, then where it lies."""
    found = service.get_job(study_id, data_job_id)
    return render_template("data_out/job.html", job=found, working=worker_is_running())


@bp.post("/studies/<int:study_id>/blueprints/<int:number>/item-bank")
def make_item_bank(study_id: int, number: int) -> ResponseReturnValue:
    """Write the blueprint for an item bank and hand it over."""
    document = write_item_bank_file(current_actor(), study_id, number)
    return redirect(url_for("report.download", study_id=study_id, document_id=document.id), 303)


@bp.post("/studies/<int:study_id>/blueprints/<int:number>/case")
def make_case(study_id: int, number: int) -> ResponseReturnValue:
    """Write the blueprint as a CASE package and hand it over."""
    document = write_case_file(current_actor(), study_id, number)
    return redirect(url_for("report.download", study_id=study_id, document_id=document.id), 303)


@bp.route("/studies/bring-in", methods=["GET", "POST"])
def bring_in() -> ResponseReturnValue:
    """Make a study of an archive."""
    user = current_user._get_current_object()
    if not may_create(user):
        raise NotFoundError
    form = BringInForm(names_director=user.is_administrator)
    if form.validate_on_submit():
        try:
            director = choose_director(user, form.director_email.data if user.is_administrator else None)
            study = import_study(current_actor(), director, request.files["file"].stream.read())
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(f"The study “{study.title}” was brought in. Its files are those that its archive lists.", "success")
            return _after(study.id, is_director=director is user)
    return render_template("data_out/bring_in.html", form=form), 422 if form.is_submitted() else 200


def _after(study_id: int, *, is_director: bool) -> ResponseReturnValue:
    target = url_for("study.overview", study_id=study_id) if is_director else url_for("study.index")
    return redirect(target, 303)
