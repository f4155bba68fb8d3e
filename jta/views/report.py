"""Documents: write the workbook, list what was written, download it again."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, render_template
from flask.typing import ResponseReturnValue

from jta.models.report import Document
from jta.permissions import current_actor
from jta.services import documents as kept
from jta.services import report as service

bp = Blueprint("report", __name__, url_prefix="/studies/<int:study_id>")


def _attachment(document: Document) -> Response:
    reply = make_response(document.content)
    reply.headers["Content-Type"] = document.media_type
    reply.headers["Content-Disposition"] = f'attachment; filename="{document.filename}"'
    return reply


@bp.post("/blueprints/<int:number>/workbook")
def workbook(study_id: int, number: int) -> ResponseReturnValue:
    """Write the workbook of a blueprint and hand it over."""
    return _attachment(service.write_workbook(current_actor(), study_id, number))


@bp.get("/documents")
def documents(study_id: int) -> ResponseReturnValue:
    """List the documents of the study."""
    return render_template("report/documents.html", documents=kept.list_documents(study_id, g.roles))


@bp.get("/documents/<int:document_id>")
def download(study_id: int, document_id: int) -> ResponseReturnValue:
    """Hand over a document again, byte for byte."""
    return _attachment(kept.get_document(study_id, document_id, g.roles))
