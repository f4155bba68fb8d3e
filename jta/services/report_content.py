"""The technical report, the public summary and the candidate's outline: which chapters each has, in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jta.services.item_bank import retained_tasks
from jta.services.report_chapters.source import Source, count, open_source, percent

if TYPE_CHECKING:
    from jta.exports.report_parts import Chapter, Report

Tell = Callable[[str, float], None]


def _quiet(_text: str, _share: float) -> None:
    """Say nothing: nobody waits for this report on a page."""


def technical_report(study_id: int, number: int, tell: Tell = _quiet) -> Report:
    """Return the technical report of a blueprint.

    Raises
    ------
    NotFoundError
        If the study has no blueprint with this number.
    """
    from jta.exports.report_parts import Report
    from jta.services.report_chapters import (
        appendices,
        design,
        fielding,
        groups,
        outcome,
        panel,
        results,
        sample,
        tasks,
    )

    source = open_source(study_id, number)
    makers: list[Callable[[Source], Chapter]] = [
        design.summary,
        design.purpose,
        design.method,
        panel.panel,
        design.task_list,
        design.scales,
        fielding.survey,
        sample.frame,
        sample.cleaning,
        sample.who_answered,
        sample.precision,
        results.agreement,
        tasks.tasks,
        groups.groups,
        fielding.comments,
        tasks.retention,
        panel.linkage,
        outcome.weights,
        outcome.ledger,
        outcome.blueprint,
        panel.change,
        outcome.limits,
        outcome.approval,
        lambda _source: appendices.references(),
        tasks.task_appendix,
        groups.group_appendix,
        panel.decisions_appendix,
        appendices.instrument_appendix,
        appendices.plan_appendix,
    ]
    chapters = []
    for n, make in enumerate(makers):
        chapters.append(make(source))
        tell(f"Writing the chapter “{chapters[-1].title}”", n / len(makers))
    return Report(
        source.study.title,
        "Technical report of the practice analysis",
        source.study.notice or "",
        _facts(source),
        chapters,
        source.run.run_at,
    )


def _facts(source: Source) -> list[tuple[str, str]]:
    return [
        ("Credential", source.study.credential or "not stated"),
        ("Blueprint", f"{source.blueprint.number}, {source.blueprint.state}"),
        ("Respondents analysed", count(source.run.summary["counts"]["respondents"])),
        ("Data set", f"{source.run.dataset.number}, frozen {source.day(source.run.dataset.frozen_at)}"),
        ("SHA-256 of the ratings", source.run.dataset.data_hash),
        ("SHA-256 of the plan", source.run.plan_hash),
    ]


def public_summary(study_id: int, number: int) -> Report:
    """Return two pages for everybody: why, who answered, what came of it and how, what changed, limits, comments.

    Raises
    ------
    NotFoundError
        If the study has no blueprint with this number.
    """
    from jta.exports.report_parts import Report
    from jta.services.report_chapters import public

    source = open_source(study_id, number)
    return Report(
        source.study.title,
        "Summary of the practice analysis",
        source.study.notice or "",
        [("Credential", source.study.credential or "not stated")],
        [make(source) for make in public.CHAPTERS],
        source.run.run_at,
        contents=False,
    )


def candidate_outline(study_id: int, number: int) -> Report:
    """Return the content outline for candidates: domains, subdomains and the retained tasks, with shares and items.

    Raises
    ------
    NotFoundError
        If the study has no blueprint with this number.
    """
    from jta.exports.report_parts import Bullets, Chapter, Missing, Paragraph, Part, Report, Section

    source = open_source(study_id, number)
    tasks = retained_tasks(source.blueprint)
    chapters = []
    for domain in (row for row in source.blueprint.rows if row.parent_code is None):
        inner = [row for row in source.blueprint.rows if row.parent_code == domain.code]
        parts: list[Part] = [Paragraph(f"{percent(domain.weight, 0)} of the exam, {count(domain.items)} items.")]
        for part in inner or [domain]:
            lines = [statement for area, _, statement in tasks if area == part.code]
            listed: Part = Bullets(lines) if lines else Missing("retained tasks of this part.")
            parts.append(Section(f"{part.title} ({count(part.items)} items)", [listed]) if inner else listed)
        chapters.append(Chapter(domain.title, parts))
    return Report(
        source.study.title,
        "Content outline for candidates",
        source.study.notice or "",
        [("Credential", source.study.credential or "not stated"), ("Exam length", f"{source.blueprint.items} items")],
        chapters,
        source.run.run_at,
        contents=False,
    )
