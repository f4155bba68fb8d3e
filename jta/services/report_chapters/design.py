"""Chapters about what the study is: summary, purpose, method, task list, scales, survey, panel."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select

from jta.db import db
from jta.exports.figures import Dot, bar_figure, dot_figure
from jta.exports.report_parts import Chapter, Facts, Missing, Paragraph, Part, Section, Table
from jta.models.inventory import Domain, StatementVersion, Task
from jta.services.report_chapters.source import NOTHING, Source, count, percent, percent_interval
from jta.services.report_sheets import reference_lines
from jta.services.study_plan import list_departures


def summary(source: Source) -> Chapter:
    """What was done and what came of it, on one page."""
    counts = source.run.summary["counts"]
    words = (
        f"{count(counts['respondents'])} practitioners rated {count(counts['tasks'])} task statements. "
        f"{_retained(source)} Their ratings, joined as {source.run.summary['method_text']}, give each content domain "
        f"its weight. The exam has {count(source.blueprint.items)} items."
    )
    rows = [
        (
            f"{row.code} {row.title}",
            percent(row.empirical_weight),
            percent_interval(row.low, row.high),
            percent(row.weight),
            count(row.items),
        )
        for row in source.domains
    ]
    table = Table(
        "Weights and items of the content domains",
        ("Content domain", "From the survey", "95 % interval", "Blueprint", "Items"),
        rows,
        (5, 2, 3, 2, 1),
        frozenset({1, 2, 3, 4}),
        "The interval says how far a weight could move by the chance of who answered; it does not cover who did "
        "not answer.",
    )
    return Chapter("Summary", [Paragraph(words), table, *_summary_figures(source)])


def _retained(source: Source) -> str:
    kept = count(source.run.summary["counts"]["tasks_retained"])
    if not source.run.plan.get("retention"):
        return f"The plan has no rule for dropping tasks, so {kept} count."
    return f"{kept} were retained by the rule that the analysis plan states."


def _summary_figures(source: Source) -> list[Part]:
    leaves = [row for row in source.blueprint.rows if row.parent_code is not None] or source.domains
    dots = [Dot(f"{row.code} {row.title}", row.empirical_weight, row.low, row.high) for row in leaves]
    heaviest = max(leaves, key=lambda row: row.empirical_weight)
    items = [(f"{row.code} {row.title}", float(row.items)) for row in leaves]
    return [
        dot_figure(
            "Weights with their 95 % intervals",
            f"Dots with bars for {len(leaves)} parts of the exam; the heaviest is {heaviest.title} with "
            f"{percent(heaviest.empirical_weight)}. All values stand in the chapter on weights.",
            dots,
            "Share of the exam",
            percent=True,
        ),
        bar_figure(
            "Items of the exam",
            f"Bars of the number of items of {len(leaves)} parts; they sum to {source.blueprint.items}.",
            items,
            "Items",
        ),
    ]


def purpose(source: Source) -> Chapter:
    """Purpose and use, credential, who is meant."""
    study = source.study
    parts: list[Part] = [
        Facts([("Study", study.title), ("Credential", study.credential or "not stated")]),
        Section("Purpose", [Paragraph(study.purpose) if study.purpose else Missing("the purpose of the credential.")]),
        Section(
            "Who is meant",
            [
                Paragraph(study.population)
                if study.population
                else Missing("a description of the population and target candidate.")
            ],
        ),
        Section(
            "Use of the results",
            [
                Paragraph(
                    "The results say how much of an exam each content domain should be. They describe work as "
                    "practitioners report it. "
                    "They do not set a passing score, and they say nothing about single people."
                )
            ],
        ),
    ]
    return Chapter("Purpose and use", parts)


def method(source: Source) -> Chapter:
    """Method and reasons, with the stages and their dates."""
    stages = [
        (source.day(change.at), change.from_stage.capitalize(), change.to_stage.capitalize(), change.reason or "–")
        for change in source.study.stage_changes
    ]
    text = (
        "A practice analysis asks people who do the work which tasks they perform, how often, and how important "
        "each task is. "
        "Tasks are rated by many practitioners rather than by a small group, so that the weights rest on the "
        "profession and "
        "their precision can be stated."
    )
    table = Table("Stages of the study", ("Date", "From", "To", "Reason"), stages, (2, 2, 2, 5))
    dated = table if stages else Missing("the dates of the stages.")
    return Chapter("Method", [Paragraph(text), Paragraph(_plan_words(source)), dated])


def _plan_words(source: Source) -> str:
    """Say when the plan was saved, against when the survey opened: only what the record shows."""
    saved, first = source.study.plan_saved_at, source.first_launch
    if saved is None or first is None:
        return "The record does not show that an analysis plan was saved before the survey opened."
    departures = len(list_departures(source.study.id))
    if saved <= first or departures:
        return (
            f"The analysis plan, with the rules for dropping tasks, was saved before the survey opened on "
            f"{source.day(first)}. "
            f"{count(departures)} later changes of it are listed as departures in the appendix."
        )
    return f"The analysis plan was saved on {source.day(saved)}, after the survey opened on {source.day(first)}."


def task_list(source: Source) -> Chapter:
    """How the task list came to be."""
    found = select(Task, Domain).join(Domain, Domain.id == Task.domain_id).where(Task.study_id == source.study.id)
    rows = [(task, domain.parent or domain) for task, domain in db.session.execute(found)]
    live = Counter(top.title for task, top in rows if task.retired_at is None)
    retired = [task for task, _ in rows if task.retired_at is not None]
    reworded = db.session.scalar(
        select(func.count(StatementVersion.id))
        .join(Task, Task.id == StatementVersion.task_id)
        .where(Task.study_id == source.study.id, StatementVersion.number > 1)
    )
    sources = Counter(task.source for task, _ in rows if task.source)
    parts: list[Part] = [
        Paragraph(
            f"The survey held {count(len(source.tasks))} task statements. {count(reworded)} changes of wording and "
            f"{count(len(retired))} retired statements are on record, each with who, when and why. Appendix A "
            f"lists every statement."
        ),
        Table(
            "Task statements by content domain",
            ("Content domain", "Task statements"),
            [(title, count(n)) for title, n in live.items()],
            (5, 2),
            frozenset({1}),
        ),
        *_sources(source, sources),
    ]
    if retired:
        lines = [(task.code, task.statement, task.retired_reason) for task in retired]
        parts.append(Table("Retired statements", ("Code", "Task statement", "Reason"), lines, (1, 5, 3)))
    return Chapter("The task list", parts)


def _sources(source: Source, named: Counter[str]) -> list[Part]:
    """Where the statements come from: the references they cite, and what was noted beside them."""
    found: list[Part] = []
    references = reference_lines(source.study.id)
    if references:
        cited = [(f"{r.code} {r.citation}", r.edition or NOTHING, count(len(r.statements))) for r in references]
        titles = ("Source", "Edition", "Statements")
        found.append(Table("Sources that statements cite", titles, cited, (7, 1.5, 1.5), frozenset({2})))
    if named:
        rows = [(name, count(n)) for name, n in named.most_common()]
        found.append(Table("Sources of the statements", ("Source", "Task statements"), rows, (6, 2), frozenset({1})))
    return found or [Missing("where each statement was taken from.")]


def scales(source: Source) -> Chapter:
    """Rating scales with their anchors."""
    parts: list[Part] = []
    for scale in source.content.get("scales", []):
        anchors = [
            ("no number: does not perform the task" if a["not_performed"] else f"{a['value']:g}", a["label"])
            for a in scale["anchors"]
        ]
        parts.append(
            Section(
                scale["title"],
                [
                    Paragraph(f"Asked: “{scale['prompt']}”"),
                    Table(f"Anchors of {scale['title']}", ("Number", "Words shown"), anchors, (2, 5)),
                ],
            )
        )
    return Chapter("Rating scales", parts or [Missing("a launched survey with its rating scales.")])
