"""Documents that leave the house: written from a blueprint, kept byte for byte."""

from __future__ import annotations

from jta import audit
from jta.db import transaction
from jta.models.report import Document
from jta.services.blueprint import content_hash, get_blueprint
from jta.services.documents import Made, keep_document
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
    made = Made(
        WORKBOOK, f"study-{study_id}-blueprint-{number}-{blueprint.state}.xlsx", content, content_hash(blueprint),
        blueprint_id=blueprint.id, dataset_id=blueprint.run.dataset_id, plan_hash=blueprint.run.plan_hash,
    )  # fmt: skip
    with transaction():
        return keep_document(actor, study_id, made, "wrote workbook")
