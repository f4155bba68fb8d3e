"""Documents: write the workbook, list what was written, download it again."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.common import show_error
from jta.forms.report import TemplateForm
from jta.jobs import worker_is_running
from jta.permissions import current_actor
from jta.services import documents as kept
from jta.services import report as service
from jta.services import report_files as files
from jta.services.report_dashboard import dashboard
from jta.views.attachment import attachment

bp = Blueprint("report", __name__, url_prefix="/studies/<int:study_id>")


@bp.post("/blueprints/<int:number>/workbook")
def workbook(study_id: int, number: int) -> ResponseReturnValue:
    """Write the workbook of a blueprint and hand it over."""
    document = service.write_workbook(current_actor(), study_id, number)
    return attachment(document.content, document.filename)


@bp.get("/documents")
def documents(study_id: int) -> ResponseReturnValue:
    """Show what can be produced, what was, and whether the study has moved on since."""
    page = dashboard(study_id, g.roles)
    return render_template("report/documents.html", page=page, form=TemplateForm())


@bp.post("/blueprints/<int:number>/reports/<report_name>")
def make_report(study_id: int, number: int, report_name: str) -> ResponseReturnValue:
    """Ask for a report; go to its progress."""
    job_id = files.ask_report(current_actor(), study_id, number, report_name)
    return redirect(url_for("report.job", study_id=study_id, report_job_id=job_id), 303)


@bp.get("/reports/<int:report_job_id>")
def job(study_id: int, report_job_id: int) -> ResponseReturnValue:
    """Show how far a report is, then its files."""
    found = files.get_job(study_id, report_job_id)
    made = [kept.get_document(study_id, key, g.roles) for key in (found.result or {}).get("documents", [])]
    return render_template("report/job.html", job=found, documents=made, working=worker_is_running())


@bp.get("/documents/standard-template.docx")
def template(study_id: int) -> ResponseReturnValue:  # noqa: ARG001  the address names the study
    """Hand over the standard template, to be changed."""
    return attachment(files.standard_template(), "report-template.docx")


@bp.post("/documents/template")
def save_template(study_id: int) -> ResponseReturnValue:
    """Keep a Word template in the customer's style."""
    form = TemplateForm()
    if form.validate_on_submit():
        try:
            files.save_template(current_actor(), study_id, request.files["file"].stream.read())
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash("Reports are written in this template from now on.", "success")
            return redirect(url_for("report.documents", study_id=study_id), 303)
    return render_template("report/documents.html", page=dashboard(study_id, g.roles), form=form), 422


@bp.get("/documents/<int:document_id>")
def download(study_id: int, document_id: int) -> ResponseReturnValue:
    """Hand over a document again, byte for byte."""
    document = kept.get_document(study_id, document_id, g.roles)
    return attachment(document.content, document.filename)
