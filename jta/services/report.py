"""Documents that leave the house: written from a blueprint, kept byte for byte."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import NotFoundError
from jta.models.report import Document
from jta.services.blueprint import content_hash, get_blueprint
from jta.services.report_book import build_blueprint_book

WORKBOOK = "blueprint workbook"


def write_workbook(actor: audit.Actor, study_id: int, number: int) -> Document:
    """Write the Excel workbook of a blueprint; the same content gives the same bytes and is kept once.

    Raises
    ------
    NotFoundError
        If the study has no blueprint with this number.
    """
    from jta.exports.blueprint_workbook import write_blueprint_workbook

    blueprint = get_blueprint(study_id, number)
    content = write_blueprint_workbook(build_blueprint_book(blueprint))
    file_hash = hashlib.sha256(content).hexdigest()
    with transaction():
        document = _same_file(study_id, file_hash)
        if document is None:
            document = Document(
                study_id=study_id,
                blueprint_id=blueprint.id,
                kind=WORKBOOK,
                filename=f"study-{study_id}-blueprint-{number}-{blueprint.state}.xlsx",
                content=content,
                file_hash=file_hash,
                source_hash=content_hash(blueprint),
                made_by=actor.name,
                made_at=clock.now(),
            )
            db.session.add(document)
            db.session.flush()
        audit.record(
            actor,
            "wrote workbook",
            f"document {document.id}",
            study_id=study_id,
            after=file_hash,
            note=document.filename,
        )
    return document


def _same_file(study_id: int, file_hash: str) -> Document | None:
    found = select(Document).where(Document.study_id == study_id, Document.file_hash == file_hash)
    document: Document | None = db.session.scalar(found)
    return document


def list_documents(study_id: int) -> list[Document]:
    """Return the documents of a study, newest first."""
    found = select(Document).where(Document.study_id == study_id).order_by(Document.id.desc())
    return list(db.session.scalars(found))


def get_document(study_id: int, document_id: int) -> Document:
    """Return a document of a study.

    Raises
    ------
    NotFoundError
        If the study has none with this id.
    """
    document: Any = db.session.get(Document, document_id)
    if document is None or document.study_id != study_id:
        raise NotFoundError
    found: Document = document
    return found
