"""Documents: write the workbook, list what was written, download it again."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue

from jta.models.report import Document
from jta.permissions import current_actor
from jta.services import report as service

bp = Blueprint("report", __name__, url_prefix="/studies/<int:study_id>")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _attachment(document: Document) -> Response:
    reply = make_response(document.content)
    reply.headers["Content-Type"] = XLSX
    reply.headers["Content-Disposition"] = f'attachment; filename="{document.filename}"'
    return reply


@bp.post("/blueprints/<int:number>/workbook")
def workbook(study_id: int, number: int) -> ResponseReturnValue:
    """Write the workbook of a blueprint and hand it over."""
    return _attachment(service.write_workbook(current_actor(), study_id, number))


@bp.get("/documents")
def documents(study_id: int) -> ResponseReturnValue:
    """List the documents of the study."""
    return render_template("report/documents.html", documents=service.list_documents(study_id))


@bp.get("/documents/<int:document_id>")
def download(study_id: int, document_id: int) -> ResponseReturnValue:
    """Hand over a document again, byte for byte."""
    return _attachment(service.get_document(study_id, document_id))
