"""The public summary, chapter by chapter: two pages for everybody, with no percentage of people in them."""

from __future__ import annotations

from jta.exports.figures import bar_figure
from jta.exports.report_parts import Bullets, Chapter, Missing, Paragraph, Part, Table
from jta.services.blueprint_approval import standing_approval
from jta.services.cycle import list_former, load_crosswalk
from jta.services.dispositions import SUBMITTED, count_by_stratum, total
from jta.services.report_chapters.source import Source, count, hidden_note, percent
from jta.services.report_sheets import former_weights


def why(source: Source) -> Chapter:
    """Why the study was made."""
    said = source.study.purpose or "The exam should ask for what the work asks for."
    return Chapter("Why this study was made", [Paragraph(said)])


def who(source: Source) -> Chapter:
    """Who was asked, and who took part."""
    counts, study = source.run.summary["counts"], source.study
    asked = total(count_by_stratum(study.id))
    said = [f"{count(counts['respondents'])} people who do the work rated {count(counts['tasks'])} task statements."]
    if asked[SUBMITTED] >= study.smallest_group:
        said.append(f"{count(asked.people)} people were invited; {count(asked[SUBMITTED])} of them sent in answers.")
    if source.instrument is not None and source.instrument.closed_at is not None:
        opened, closed = source.day(source.instrument.launched_at), source.day(source.instrument.closed_at)
        said.append(f"The survey was open from {opened} to {closed}.")
    texts = [" ".join(said), study.population]
    return Chapter("Who took part", [*(Paragraph(text) for text in texts if text), *_strata(source)])


def _strata(source: Source) -> list[Part]:
    rows = {row["level"]: row for row in source.tables.rows("participation", variable="stratum")}
    if len(rows) < 2:
        return []
    lines = [
        (source.words.group("stratum", level) or "(none)", count(rows[level]["n"]))
        for level in source.words.in_order("stratum", rows)
    ]
    note = hidden_note(rows.values(), source.study.smallest_group)
    return [Table("Respondents by group", ("Group", "Respondents"), lines, (5, 1), frozenset({1}), note)]


def result(source: Source) -> Chapter:
    """Shares and items of the content domains."""
    rows = [(row.title, percent(row.weight, 0), count(row.items)) for row in source.domains]
    titles = ("Content domain", "Share", "Items")
    table = Table(
        f"The exam of {source.blueprint.items} items", titles, rows, (5, 1, 1), frozenset({1, 2})
    )  # fmt: skip
    figure = bar_figure(
        "Items of each content domain",
        "Bars of the items: " + "; ".join(f"{row.title} {count(row.items)}" for row in source.domains) + ".",
        [(row.title, float(row.items)) for row in source.domains],
        "Items",
    )
    return Chapter("What came of it", [table, figure])


def how(source: Source) -> Chapter:
    """How the shares were found, in words."""
    kept, asked = (count(source.run.summary["counts"][name]) for name in ("tasks_retained", "tasks"))
    said = [
        f"Each task counts by its {source.run.summary['method_text']}.",
        f"{kept} of {asked} tasks met the rule of the analysis plan."
        if source.run.plan.get("retention")
        else f"{kept} tasks count.",
        f"A domain's share is the {source.run.plan.get('within', 'sum')} of its tasks, as a share over all domains.",
    ]
    if source.blueprint.adjustments:
        said.append("Shares were changed after the survey; each change has a written reason.")
    approved = standing_approval(source.blueprint) is not None
    said.append(
        "A second person approved the shares." if approved else "The shares are a draft: nobody approved them yet."
    )
    return Chapter("How the shares were found", [Bullets(said)])


def changed(source: Source) -> Chapter:
    """What is new against the exam and the list before."""
    former = former_weights(source.blueprint)
    known = [row for row in source.domains if row.code in former]
    parts: list[Part] = []
    if known:
        rows = [(row.title, percent(former[row.code], 0), percent(row.weight, 0)) for row in known]
        titles = ("Content domain", "Before", "Now")
        parts.append(Table("Shares before and now", titles, rows, (5, 1, 1), frozenset({1, 2})))
    for one in list_former(source.study.id):
        relations = load_crosswalk(source.study.id, one.id).counts
        said = ", ".join(f"{count(n)} {relation}" for relation, n in relations.items() if n)
        parts.append(Paragraph(f"Statements against “{one.title}”: {said}."))
    return Chapter("What changed", parts or [Missing("a former exam or list to compare with.")])


def limits(_source: Source) -> Chapter:
    """What the results do not say."""
    return Chapter("What this does not say", [Bullets([
        "Taking part was a choice. Those who did not answer may see the work otherwise.",
        "People rated tasks by memory. Work that no statement names has no share.",
        "The shares set no passing score, and say nothing about single people.",
    ])])  # fmt: skip


def comment(source: Source) -> Chapter:
    """When it holds, when it is looked at again, and where comments go."""
    blueprint, study = source.blueprint, source.study
    said = []
    if blueprint.effective_on is not None:
        said.append(f"The exam follows these shares from {blueprint.effective_on} on. {blueprint.transition_note}")
    if blueprint.next_study_on is not None:
        said.append(f"The next study is due by {blueprint.next_study_on}.")
    if study.contact:
        said.append(f"Questions and comments go to {study.contact}.")
    missing = [] if study.contact else [Missing("where comments go.")]
    return Chapter("When it holds, and how to comment", [*map(Paragraph, said), *missing])


CHAPTERS = (why, who, result, how, changed, limits, comment)
