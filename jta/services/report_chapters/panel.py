"""Chapters about the experts: panel, rounds, meetings, links of tasks to KSAs, former list, decision log."""

from __future__ import annotations

from sqlalchemy import select

from jta.db import db
from jta.exports.report_parts import Bullets, Chapter, Missing, Paragraph, Part, Section, Table
from jta.models.meeting import Meeting
from jta.models.panel import Round, RoundDecision
from jta.services.cycle import list_former, load_crosswalk
from jta.services.cycle_figures import compare_with
from jta.services.cycle_transport import LABELS, judge_transport
from jta.services.panel import list_panelists
from jta.services.panel_composition import load_composition
from jta.services.panel_ksa import load_ksa_blueprint, why_no_ksa_blueprint
from jta.services.panel_rounds import count_finished, kind_of, list_rounds
from jta.services.panel_themes import decision_log
from jta.services.report_chapters.source import NOTHING, Source, count, people_share, percent


def panel(source: Source) -> Chapter:
    """Who the experts are, against the target, and what they did."""
    people = list_panelists(source.study.id)
    if not people:
        return Chapter("The panel", [Missing("a panel of experts.")])
    rows = [
        (p.name, p.job_title or NOTHING, p.qualifications or NOTHING, p.region or NOTHING, p.district_size or NOTHING,
         count(p.years))
        for p in people
    ]  # fmt: skip
    titles = ("Name", "Position", "Qualifications", "Region", "District size", "Years")
    return Chapter("The panel", [
        Table(f"The {len(people)} experts", titles, rows, (2.4, 2.2, 4, 1.4, 1.8, 0.8), frozenset({5})),
        _composition(source), _rounds(source), _changes(source), _meetings(source),
    ])  # fmt: skip


def _composition(source: Source) -> Section:
    found = load_composition(source.study.id)
    rows = [
        (label, standing.value, count(standing.count), count(standing.target))
        for label, standings in found.by_attribute.items()
        for standing in standings
    ]
    titles = ("Trait", "Value", "On the panel", "Wanted")
    table = Table("Make-up of the panel", titles, rows, (3, 4, 2, 2), frozenset({2, 3}))
    parts: list[Part] = [table if rows else Missing("a target make-up of the panel.")]
    if found.gaps:
        parts.append(Bullets([f"Missing against the target: {gap}." for gap in found.gaps]))
    return Section("Make-up", parts)


def _rounds(source: Source) -> Section:
    rows = [
        (count(one.number), kind_of(one).label, one.title, source.day(one.opened_at), source.day(one.closed_at),
         count(count_finished(one.id)), one.state)
        for one in list_rounds(source.study.id)
    ]  # fmt: skip
    titles = ("No", "Kind", "Title", "Opened", "Closed", "Finished by", "State")
    table = Table("Rounds of the panel", titles, rows, (0.6, 2.4, 3, 1.6, 1.6, 1.2, 1.2), frozenset({0, 5}))
    return Section("Rounds", [table if rows else Missing("rounds of the panel.")])


def _changes(source: Source) -> Section:
    """Each task statement that the panel reworded or retired, with the words before and after and the reason."""
    found = (
        select(RoundDecision)
        .join(Round, Round.id == RoundDecision.round_id)
        .where(Round.study_id == source.study.id, RoundDecision.superseded_at.is_(None))
        .where(RoundDecision.outcome.in_(("reword", "retire")), RoundDecision.item_id.is_not(None))
    )
    rows = [
        (one.item.code, one.item.wording, one.wording or "retired", one.reason)
        for one in db.session.scalars(found.order_by(Round.number, RoundDecision.id))
        if one.item is not None
    ]
    if not rows:
        return Section("What the panel changed", [Paragraph("No task statement was reworded or retired by the panel.")])
    table = Table("Statements the panel changed", ("Code", "Before", "After", "Reason"), rows, (1, 4, 4, 3))
    return Section("What the panel changed", [table])


def _meetings(source: Source) -> Section:
    found = db.session.scalars(select(Meeting).where(Meeting.study_id == source.study.id).order_by(Meeting.number))
    rows = [
        (str(m.held_on or NOTHING), m.kind, m.title, m.moderator or NOTHING, count(len(m.participants)))
        for m in found
    ]  # fmt: skip
    titles = ("Date", "Kind", "Title", "Moderator", "Participants")
    table = Table("Focus groups and meetings", titles, rows, (1.6, 1.6, 4, 2, 1.2), frozenset({4}))
    return Section("Focus groups and meetings", [table if rows else Missing("focus groups and meetings.")])


def linkage(source: Source) -> Chapter:
    """Tasks carried to knowledge and skills."""
    found = load_ksa_blueprint(source.study.id, source.run)
    if found is None:
        why = why_no_ksa_blueprint(source.study.id) or "There is no linkage round."
        return Chapter("Links to knowledge and skills", [Missing(f"links of tasks to KSAs. {why}")])
    groups = [(group.title, count(group.n_ksas), percent(group.weight)) for group in found.groups]
    lines = [(line.code, line.statement, line.group, count(line.n_tasks), percent(line.weight)) for line in found.lines]
    return Chapter("Links to knowledge and skills", [
        Paragraph(
            "The weight of each retained task is carried to the KSAs that the panel linked to it, in proportion to its "
            "ratings (Wang, Schnipke and Witt, 2005)."
        ),
        Table("Groups of KSAs", ("Group", "KSAs", "Weight"), groups, (6, 1, 1.5), frozenset({1, 2})),
        Table("KSAs", ("Code", "Statement", "Group", "Tasks", "Weight"), lines, (1.2, 6, 3, 1, 1.3), frozenset({3, 4})),
        Bullets([
            f"Retained tasks without a link: {', '.join(found.orphan_tasks) or 'none'}.",
            f"KSAs without a link: {', '.join(found.orphan_ksas) or 'none'}.",
        ]),
    ])  # fmt: skip


def change(source: Source) -> Chapter:
    """What became of the former list."""
    lists = list_former(source.study.id)
    if not lists:
        return Chapter("Change from the last study", [Missing("a former list to compare with.")])
    parts: list[Part] = []
    for former in lists:
        walk = load_crosswalk(source.study.id, former.id)
        rows = [(relation, count(n)) for relation, n in walk.counts.items()]
        inner: list[Part] = [
            Table(f"What became of “{former.title}”", ("Relation", "Statements"), rows, (4, 2), frozenset({1}))
        ]
        if walk.n_open:
            inner.append(Paragraph(f"{count(walk.n_open)} relations were proposed by likeness and not decided."))
        inner += _held(source, former.id)
        parts.append(Section(former.title, inner))
    return Chapter("Change from the last study", parts)


def _held(source: Source, list_id: int) -> list[Part]:
    """Which tasks of a confirmed list transport to the people who were asked."""
    found = judge_transport(source.study.id, compare_with(source.study, list_id, source.tables))
    if found is None:
        return []
    titles = ("Code", "Task statement", "Performed by", "Difference in importance", "Judgement")
    rows = [
        (one.line.code, one.line.statement, people_share(one.line.present.get("performing", {}).get("share")),
         f"{one.gap.value:+.2f} points" if one.gap else NOTHING, LABELS[one.verdict])
        for one in found.not_held
    ]  # fmt: skip
    sums = [f"{LABELS[name]}: {number} of {len(found.lines)} tasks." for name, number in found.counts.items()]
    said = (
        f"A task transports if {percent(found.rule.performing)} or more of the respondents perform it, and its mean "
        f"importance differs from that of the former list by no more than {found.rule.tolerance} points, judged by "
        "whole 95 % intervals (the logic of an equivalence test: Schuirmann, 1987)."
    )
    table = Table("Tasks that do not transport, or of which it stays open", titles, rows, (1, 5, 1.4, 1.8, 1.6))
    return [Paragraph(said), Bullets(sums), *([table] if rows else [])]


def decisions_appendix(source: Source) -> Chapter:
    """Every decision of the panel, oldest first."""
    rows = [
        (source.day(line.at), line.where, line.about, line.decided if line.stands else f"{line.decided} (replaced)",
         line.vote or NOTHING, line.reason)
        for line in reversed(decision_log(source.study.id))
    ]  # fmt: skip
    titles = ("Date", "Where", "About", "Decided", "Vote", "Reason")
    table = Table("Decisions of the panel", titles, rows, (1.3, 1.2, 4, 1.3, 2.6, 2.4))
    return Chapter("Decisions of the panel", [table if rows else Missing("decisions of the panel.")], appendix=True)
