"""Reports as files: asked for on a page, written beside it, kept as documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jta import audit, jobs
from jta.db import db, transaction
from jta.errors import InvalidInputError, NotFoundError
from jta.models.jobs import Job
from jta.models.report import Document
from jta.services.blueprint import content_hash, get_blueprint
from jta.services.documents import Made, keep_document, newest_document
from jta.services.study_stage import lock_study

if TYPE_CHECKING:
    from jta.exports.report_parts import Report

KIND = "report"
TEMPLATE = "Report template"
LARGEST_TEMPLATE = 5 * 1024 * 1024


@dataclass(frozen=True)
class ReportKind:
    """One of the reports: what it is called, what it is for, the formats it comes in."""

    name: str
    title: str
    about: str
    formats: tuple[str, ...]


REPORTS = {
    kind.name: kind
    for kind in (
        ReportKind(
            "technical-report", "Technical report",
            "All that an accreditor asks about: sample, precision, agreement, tasks, weights, changes, approval.",
            ("docx", "pdf"),
        ),
        ReportKind("public-summary", "Public summary", "Two pages for everybody.", ("docx", "pdf", "html")),
        ReportKind(
            "candidate-outline", "Content outline for candidates", "What the exam asks for, with shares and items.",
            ("docx", "pdf", "html"),
        ),
    )
}  # fmt: skip


def ask_report(actor: audit.Actor, study_id: int, number: int, name: str) -> int:
    """Record that a report of a blueprint is wanted and return the job's id; one that is at work already is joined.

    Raises
    ------
    NotFoundError
        If there is no such report or blueprint.
    """
    if name not in REPORTS:
        raise NotFoundError
    with transaction():
        lock_study(study_id)
        get_blueprint(study_id, number)
        args = {"number": number, "report": name}
        present = jobs.find_at_work(KIND, study_id, args)
        return present.id if present is not None else jobs.enqueue(KIND, study_id, args, actor).id


def get_job(study_id: int, job_id: int) -> Job:
    """Return one report that was asked for.

    Raises
    ------
    NotFoundError
        If the study has none with this id.
    """
    return jobs.get_job(study_id, job_id, KIND)


@jobs.handler(KIND)
def _write(work: jobs.Work) -> dict[str, Any]:
    documents = write_report(work.actor, work.study_id or 0, work.args["number"], work.args["report"], work.tell)
    return {"documents": [document.id for document in documents]}


def write_report(
    actor: audit.Actor, study_id: int, number: int, name: str, tell: Callable[[str, float], None] = lambda *_: None
) -> list[Document]:
    """Write a report in each of its formats and keep the files; the same content gives the same files.

    Raises
    ------
    NotFoundError
        If there is no such report or blueprint.
    """
    kind = REPORTS.get(name)
    if kind is None:
        raise NotFoundError
    blueprint = get_blueprint(study_id, number)
    source, run = content_hash(blueprint), blueprint.run
    about = Made("", "", b"", source, blueprint.id, run.dataset_id, run.plan_hash)
    report = _content(name, study_id, number, tell)
    template = newest_document(study_id, TEMPLATE)
    pattern = None if template is None else template.content
    db.session.rollback()  # nothing was written; the database is free while the files are made
    made = []
    for n, form in enumerate(kind.formats):
        tell(f"Writing {form.upper()}", 0.6 + 0.3 * n / len(kind.formats))
        content = _written(report, form, pattern)
        filename = f"study-{study_id}-blueprint-{number}-{name}.{form}"
        made.append(replace(about, kind=f"{kind.title} ({form.upper()})", filename=filename, content=content))
    tell("Storing the files", 0.95)
    with transaction():
        return [keep_document(actor, study_id, one, "wrote report") for one in made]


def _content(name: str, study_id: int, number: int, tell: Callable[[str, float], None]) -> Report:
    from jta.services import report_content

    if name == "technical-report":
        return report_content.technical_report(study_id, number, lambda text, share: tell(text, share * 0.6))
    maker = {"public-summary": report_content.public_summary, "candidate-outline": report_content.candidate_outline}
    return maker[name](study_id, number)


def _written(report: Report, form: str, template: bytes | None) -> bytes:
    if form == "docx":
        from jta.exports.report_word import write_report_word

        return write_report_word(report, template)
    if form == "pdf":
        from jta.exports.report_pdf import write_report_pdf

        return write_report_pdf(report)
    from jta.exports.report_html import write_report_html

    return write_report_html(report)


def standard_template() -> bytes:
    """Return the Word template that comes with the program."""
    from jta.exports.report_word import TEMPLATE as STANDARD

    return STANDARD.read_bytes()


def save_template(actor: audit.Actor, study_id: int, content: bytes) -> Document:
    """Keep a Word template in the customer's style; reports from now on are written in it.

    Raises
    ------
    InvalidInputError
        If it is no Word file, is too large, or lacks a field or style that reports need.
    """
    from jta.exports.report_word import TemplateError, check_template

    if not content or len(content) > LARGEST_TEMPLATE:
        raise InvalidInputError("Choose a Word file (.docx) of at most 5 MB.", field="file")
    try:
        check_template(content)
    except TemplateError as error:
        raise InvalidInputError(str(error), field="file") from error
    made = Made(TEMPLATE, f"study-{study_id}-report-template.docx", content, "")
    with transaction():
        lock_study(study_id)
        return keep_document(actor, study_id, made, "saved report template")
