"""Documents that leave the house: each is kept once, byte for byte, with what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import undefer

from jta import audit, clock
from jta.db import db
from jta.errors import NotFoundError
from jta.models.report import Document

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "zip": "application/zip",
    "svg": "image/svg+xml",
    "parquet": "application/vnd.apache.parquet",
}
READS_ANSWERS = "psychometrician"


@dataclass(frozen=True)
class Made:
    """A file that was just made.

    Parameters
    ----------
    kind : str
        What it is, in words.
    filename : str
        Its ending says the media type.
    source_hash : str
        Hash of what it was made from.
    restricted : bool
        Whether it holds answers of single people.
    """

    kind: str
    filename: str
    content: bytes
    source_hash: str
    blueprint_id: int | None = None
    dataset_id: int | None = None
    plan_hash: str = ""
    restricted: bool = False


def keep_document(actor: audit.Actor, study_id: int, made: Made, action: str) -> Document:
    """Store a file inside the transaction that is open, once, and record the act; return the stored one."""
    file_hash = hashlib.sha256(made.content).hexdigest()
    document = db.session.scalar(
        select(Document).where(
            Document.study_id == study_id, Document.file_hash == file_hash, Document.filename == made.filename
        )
    )
    if document is None:
        document = Document(
            study_id=study_id, blueprint_id=made.blueprint_id, dataset_id=made.dataset_id, plan_hash=made.plan_hash,
            kind=made.kind, filename=made.filename, media_type=MEDIA_TYPES[made.filename.rsplit(".", 1)[-1]],
            restricted=made.restricted, content=made.content, file_hash=file_hash, source_hash=made.source_hash,
            made_by=actor.name, made_at=clock.now(),
        )  # fmt: skip
        db.session.add(document)
        db.session.flush()
    audit.record(
        actor, action, f"document {document.id}", study_id=study_id, after=file_hash, note=made.filename
    )  # fmt: skip
    return document


def list_documents(study_id: int, roles: Collection[str]) -> list[Document]:
    """Return the documents of a study that these roles may have, newest first."""
    found = select(Document).where(Document.study_id == study_id).order_by(Document.id.desc())
    if READS_ANSWERS not in roles:
        found = found.where(Document.restricted.is_(False))
    return list(db.session.scalars(found))


def made_from(study_id: int, source_hash: str, blueprint_id: int | None = None) -> bool:
    """Say whether a document of the study (of one blueprint, where it is named) was made from this content."""
    found = select(Document.id).where(Document.study_id == study_id, Document.source_hash == source_hash)
    if blueprint_id is not None:
        found = found.where(Document.blueprint_id == blueprint_id)
    return bool(source_hash) and db.session.scalar(found.limit(1)) is not None


def newest_document(study_id: int, kind: str) -> Document | None:
    """Return the newest document of a kind with its content, or None."""
    found = select(Document).where(Document.study_id == study_id, Document.kind == kind).order_by(Document.id.desc())
    return db.session.scalar(found.limit(1).options(undefer(Document.content)))


def get_document(study_id: int, document_id: int, roles: Collection[str]) -> Document:
    """Return a document of a study with its content.

    Raises
    ------
    NotFoundError
        If the study has none with this id, or these roles may not have it.
    """
    document = db.session.get(Document, document_id, options=[undefer(Document.content)])
    if document is None or document.study_id != study_id or (document.restricted and READS_ANSWERS not in roles):
        raise NotFoundError
    return document
