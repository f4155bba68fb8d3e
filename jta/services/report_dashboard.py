"""The page of documents: what can be produced from the newest blueprint, what was, and what the study has outgrown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from jta.models.blueprint import Blueprint
from jta.models.report import Document
from jta.services.blueprint import content_hash, list_blueprints
from jta.services.documents import list_documents, newest_document
from jta.services.report import WORKBOOK
from jta.services.report_files import REPORTS, TEMPLATE, ReportKind


@dataclass(frozen=True)
class Line:
    """One document, and whether what it was made from has changed since."""

    document: Document
    is_stale: bool


@dataclass(frozen=True)
class Dashboard:
    """``blueprint`` is the newest one, None before there is any; ``lines`` are newest first."""

    blueprint: Blueprint | None
    reports: tuple[ReportKind, ...]
    lines: tuple[Line, ...]
    template: Document | None

    def newest(self, title: str) -> Line | None:
        """Return the newest document whose kind begins so."""
        return next((line for line in self.lines if line.document.kind.startswith(title)), None)

    @property
    def workbook(self) -> Line | None:
        """The newest workbook."""
        return self.newest(WORKBOOK)


def dashboard(study_id: int, roles: Collection[str]) -> Dashboard:
    """Return what the page of documents shows to somebody with these roles."""
    blueprints = list_blueprints(study_id)
    now = {blueprint.id: content_hash(blueprint) for blueprint in blueprints}
    newest = blueprints[0] if blueprints else None
    lines = tuple(Line(document, _is_stale(document, newest, now)) for document in list_documents(study_id, roles))
    return Dashboard(newest, tuple(REPORTS.values()), lines, newest_document(study_id, TEMPLATE))


def _is_stale(document: Document, newest: Blueprint | None, now: dict[int, str]) -> bool:
    if document.blueprint_id is None or newest is None:
        return False
    return document.blueprint_id != newest.id or now.get(document.blueprint_id) != document.source_hash
