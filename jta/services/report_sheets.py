"""The workbook's sheets about people and records: profile, invitations, exclusions, crosswalk, sources, levels."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from jta.analyze_sheets import rows_of
from jta.db import db
from jta.exports.text import told_share
from jta.models.blueprint import Blueprint
from jta.models.cycle import CrosswalkLink
from jta.models.inventory import Knowledge, Task
from jta.models.panel import Round, RoundDecision, RoundItem
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services.blueprint_beside import former_exam
from jta.services.cycle import CrosswalkLine, list_former, load_crosswalk
from jta.services.dispositions import SUBMITTED, StratumCounts, count_by_stratum, total
from jta.services.inventory_references import list_references, references_of_knowledge, references_of_tasks
from jta.services.panel_kinds import KINDS
from jta.services.panel_themes import vote_words
from jta.services.response_rates import response_rates
from jta.services.results_privacy import hide
from jta.services.two_way import TwoWay, TwoWayRow, two_way_table

if TYPE_CHECKING:
    from analysis.result import AnalysisResult
    from jta.exports.book_parts import CognitiveMatrix, CrosswalkRow, ExcludedLine, GapLine, ProfileLine, ReferenceLine

LEFT_OUT = ("left out, ", "left out in review, ")
STRATUM = "stratum"


def invitation_lines(study: Study, instrument: Instrument, shown: AnalysisResult) -> tuple[ProfileLine, ...]:
    """Return how many of the invited people of each stratum sent a complete response, and the study's response rates.

    A stratum is hidden where it is hidden among the respondents, or where so few answered that they could be told.

    Parameters
    ----------
    shown : AnalysisResult
        As `jta.services.results_shield.for_everybody` returns it.
    """
    strata = count_by_stratum(study.id)
    whole = total(strata)
    if not whole.people:
        return ()
    hidden = hidden_strata(study, strata, rows_of(shown, "participation", variable=STRATUM))
    few = whole[SUBMITTED] < study.smallest_group
    lines = [_stratum(row, hidden=few or row.code in hidden) for row in strata] if len(strata) > 1 else []
    lines.append(_invited("All invited people", whole.people, whole[SUBMITTED], hidden=few))
    rates = response_rates(study.id, whole, instrument.content).rates
    return (*lines, *(_rate(rate.name, rate.formula, rate.value, hidden=few) for rate in rates))


def hidden_strata(study: Study, strata: Iterable[StratumCounts], among: Iterable[Mapping[str, Any]]) -> set[Hashable]:
    """Return the strata whose number of complete responses is told nowhere.

    Parameters
    ----------
    among : iterable of mappings
        The rows of the table participation on strata, as their reader sees them.
    """
    rows = list(strata)
    counts: dict[Hashable, float | None] = {row.code: row.counts[SUBMITTED] for row in rows}
    invited: dict[Hashable, float] = {row.code: row.counts.people for row in rows}
    return hide(counts, study.smallest_group, invited, [row["level"] for row in among if row["suppressed"]])


def _stratum(row: StratumCounts, *, hidden: bool) -> ProfileLine:
    return _invited(row.label, row.counts.people, row.counts[SUBMITTED], hidden=hidden)


def _invited(group: str, invited: int, complete: int, *, hidden: bool) -> ProfileLine:
    from jta.exports.book_parts import SUPPRESSED, ProfileLine

    topic, note = "Invited people: complete responses", "complete of invited"
    if hidden:
        return ProfileLine(topic, group, SUPPRESSED, invited, SUPPRESSED, note=note)
    return ProfileLine(topic, group, complete, invited, told_share(complete / invited) if invited else None, note=note)


def _rate(name: str, formula: str, value: float | None, *, hidden: bool) -> ProfileLine:
    from jta.exports.book_parts import SUPPRESSED, ProfileLine

    return ProfileLine("Response rates after AAPOR", name, share=SUPPRESSED if hidden else value, note=formula)


def exclusion_lines(counts: Mapping[str, Any]) -> tuple[ProfileLine, ...]:
    """Return how many responses are in the data set, and how many were left out for each reason."""
    from jta.exports.book_parts import ProfileLine

    reasons = {name: int(n) for name, n in counts.items() if name.startswith(LEFT_OUT)}
    there = int(counts.get("included", 0)) + sum(reasons.values())
    lines = [ProfileLine("Responses in the data set", "included", there - sum(reasons.values()), there)]
    lines += [
        ProfileLine("Responses left out of the data set", name.partition(", ")[2], n, there)
        for name, n in reasons.items()
    ]
    return tuple(replace(line, share=line.people / there if there else None) for line in lines)  # type: ignore[operator]  # counts here


def with_panel_decisions(study: Study, lines: tuple[ExcludedLine, ...]) -> tuple[ExcludedLine, ...]:
    """Return the excluded tasks with what the panel decided on each, then the tasks that were retired."""
    from jta.exports.book_parts import ExcludedLine

    decided = _decided(study)
    gone = select(Task).where(Task.study_id == study.id, Task.retired_at.is_not(None))
    known = {line.task_code for line in lines}
    retired = [
        ExcludedLine(
            task.code, task.domain.code, task.statement, decision="retired", rule="retired before the survey",
            on=_day(study, task), why=task.retired_reason,
        )
        for task in db.session.scalars(gone.order_by(Task.position, Task.id)) if task.code not in known
    ]  # fmt: skip
    return tuple(replace(line, **decided.get(line.task_code, {})) for line in (*lines, *retired))


def _day(study: Study, task: Task) -> date | None:
    return task.retired_at.astimezone(ZoneInfo(study.time_zone)).date() if task.retired_at else None


def _decided(study: Study) -> dict[str, dict[str, Any]]:
    """Return the newest decision on each task in a round that keeps or drops, by the task's code."""
    found = (
        select(Task.code, RoundDecision, Round)
        .join(RoundItem, RoundItem.task_id == Task.id)
        .join(RoundDecision, RoundDecision.item_id == RoundItem.id)
        .join(Round, Round.id == RoundItem.round_id)
        .where(
            Task.study_id == study.id, Round.study_id == study.id, Round.kind.in_(("review", "delphi")),
            RoundDecision.superseded_at.is_(None),
        )
        .order_by(Round.number)
    )  # fmt: skip
    zone = ZoneInfo(study.time_zone)
    return {
        code: {
            "panel": f"{KINDS[one.kind].outcomes[decision.outcome]} (round {one.number})",
            "vote": vote_words(one, decision.votes), "on": decision.at.astimezone(zone).date(), "why": decision.reason,
        }
        for code, decision, one in db.session.execute(found)
    }  # fmt: skip


def crosswalk_rows(study_id: int) -> tuple[CrosswalkRow, ...]:
    """Return what became of each statement of each former list, and the tasks that are new."""
    return tuple(
        row
        for former in list_former(study_id)
        for line in load_crosswalk(study_id, former.id).lines
        for row in _crosswalk_rows(former.title, line)
    )


def _crosswalk_rows(title: str, line: CrosswalkLine) -> list[CrosswalkRow]:
    from jta.exports.book_parts import CrosswalkRow

    former = (line.former.code, line.former.statement) if line.former else ("", "")
    if not line.links:
        return [CrosswalkRow(title, *former, line.relation, "", "", "not decided yet")]
    return [
        CrosswalkRow(
            title, *former, link.relation, link.task.code if link.task else "",
            link.task.statement if link.task else "", _state(link), link.reason,
        )
        for link in line.links
    ]  # fmt: skip


def _state(link: CrosswalkLink) -> str:
    return "not decided yet" if link.decided_at is None else f"decided {link.decided_at:%Y-%m-%d}"


def reference_lines(study_id: int) -> tuple[ReferenceLine, ...]:
    """Return the sources of a study with the codes of the statements that come from each."""
    from jta.exports.book_parts import ReferenceLine

    codes: dict[int, list[str]] = {}
    for model, found in ((Task, references_of_tasks(study_id)), (Knowledge, references_of_knowledge(study_id))):
        known = select(model.id, model.code).where(model.study_id == study_id).order_by(model.position)
        for statement_id, code in db.session.execute(known):
            for reference in found.get(statement_id, ()):
                codes.setdefault(reference.id, []).append(code)
    return tuple(
        ReferenceLine(r.code, r.citation, r.edition, tuple(codes.get(r.id, ()))) for r in list_references(study_id)
    )


def references_by_task(study_id: int) -> dict[str, tuple[str, ...]]:
    """Return the codes of each task's sources, by the task's code."""
    found = references_of_tasks(study_id)
    tasks = db.session.execute(select(Task.id, Task.code).where(Task.study_id == study_id))
    return {code: tuple(r.code for r in found[task_id]) for task_id, code in tasks if task_id in found}


def cognitive_matrix(blueprint: Blueprint) -> CognitiveMatrix | None:
    """Return content by cognitive level with the item bank's gap; None where no target shares are set."""
    from jta.exports.book_parts import CognitiveMatrix, MatrixLine

    table = two_way_table(blueprint)
    if not table.levels:
        return None
    lines = tuple(
        MatrixLine(r.code, r.title, r.level, tuple(c.items for c in r.cells), tuple(c.panel for c in r.cells))
        for r in table.rows
    )
    gaps = tuple(gap for row in table.rows for gap in _gaps(table, row)) if table.counted else ()
    levels = tuple(level.label for level in table.levels)
    return CognitiveMatrix(levels, tuple(level.share for level in table.levels), lines, gaps, table.forms)


def _gaps(table: TwoWay, row: TwoWayRow) -> list[GapLine]:
    from jta.exports.book_parts import GapLine

    cells = [
        GapLine(row.code, row.title, level.label, cell.needed, cell.available, cell.gap)
        for level, cell in zip(table.levels, row.cells, strict=True)
    ]
    # A surplus at one level fills no other, so a row can lack more than its sum says.
    missing = None if row.available is None else row.missing
    return [GapLine(row.code, row.title, "All levels", row.needed, row.available, missing), *cells]


def former_weights(blueprint: Blueprint) -> dict[str, float]:
    """Return the weights of the blueprint before this one by code: the last published one of the study, else those of
    the former exam."""
    found = (
        select(Blueprint)
        .where(Blueprint.study_id == blueprint.study_id, Blueprint.number < blueprint.number)
        .where(Blueprint.published_at.is_not(None))
        .order_by(Blueprint.number.desc())
    )
    last = db.session.scalars(found).first()
    if last is not None:
        return {row.code: row.weight for row in last.rows}
    return former_exam(blueprint.study_id)
