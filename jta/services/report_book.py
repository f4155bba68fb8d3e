"""A blueprint with everything around it as the plain values that the workbook is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jta.db import db
from jta.errors import NotFoundError
from jta.models.blueprint import Adjustment, Blueprint, BlueprintRow
from jta.models.results import AnalysisRun
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services.blueprint import content_hash
from jta.services.blueprint_approval import standing_approval
from jta.services.blueprint_draft import pretest_items
from jta.services.blueprint_items import ItemResult, allocate_rows
from jta.services.content import background_of, scales_of
from jta.services.dispositions import WITHDREW, count_by_stratum, total
from jta.services.instrument import newest_instrument
from jta.services.panel_book import ksa_sheets, with_panel
from jta.services.report_sheets import (
    cognitive_matrix,
    crosswalk_rows,
    exclusion_lines,
    former_weights,
    invitation_lines,
    reference_lines,
    references_by_task,
    with_panel_decisions,
)
from jta.services.results import load_result
from jta.services.results_methods import method_title
from jta.services.results_shield import for_everybody
from jta.services.results_tables import words_of

if TYPE_CHECKING:
    from jta.analyze_sheets import Labels
    from jta.exports.book import (
        BlueprintBook,
        BlueprintLine,
        CodebookScale,
        CodebookVariable,
        DetailLine,
        LedgerEntry,
    )

STATUS = {"draft": "DRAFT", "submitted": "DRAFT, SUBMITTED", "returned": "DRAFT, RETURNED"}
NOTE_WORDS = {
    "minimum": "at its minimum",
    "maximum": "at its maximum",
    "rest": "shares what others at a limit left",
}


def build_blueprint_book(blueprint: Blueprint) -> BlueprintBook:
    """Return the workbook's content of a blueprint as it is now.

    Parameters
    ----------
    blueprint : Blueprint
        With rows, ledger, approvals and run loaded.
    """
    from analysis.parquet import from_parquet
    from jta.analyze_book import build_book

    study = db.session.get(Study, blueprint.study_id)
    if study is None:
        raise NotFoundError
    instrument = _instrument(study.id)
    shown = for_everybody(load_result(blueprint.run), study.smallest_group)
    base = build_book(study.title, from_parquet(blueprint.run.dataset.content), shown, labels_of(blueprint.run))
    return replace(
        base,
        credential=study.credential,
        version=str(blueprint.number),
        status=_status(blueprint),
        items=blueprint.items,
        lines=_lines(blueprint),
        scales=_scales(instrument),
        variables=_variables(instrument),
        notice=study.notice,
        time_zone=study.time_zone,
        dates=_dates(study, instrument, blueprint),
        respondents=respondent_lines(study.id, blueprint),
        ledger=_ledger(blueprint, study.time_zone),
        result_hash=blueprint.run.result_hash,
        content_hash=content_hash(blueprint),
        details=_details(study.id, base.details),
        profile=(
            *base.profile,
            *invitation_lines(study, instrument, shown),
            *exclusion_lines(blueprint.run.dataset.counts),
        ),
        excluded=with_panel_decisions(study, base.excluded),
        matrix=cognitive_matrix(blueprint),
        crosswalk=crosswalk_rows(study.id),
        references=reference_lines(study.id),
        run=f"run {blueprint.run.id} of data set {blueprint.run.dataset.number}",
        **ksa_sheets(study.id, blueprint.run),
    )


def labels_of(run: AnalysisRun) -> Labels:
    """Return what the codes of a run's tables are called."""
    from jta.analyze_sheets import Labels

    words = words_of(run)
    return Labels(method_title, words.variable, words.group, words.in_order)


def _details(study_id: int, details: tuple[DetailLine, ...]) -> tuple[DetailLine, ...]:
    sources = references_by_task(study_id)
    lines = with_panel(study_id, details)
    return tuple(replace(line, references=sources.get(line.task_code, ())) for line in lines)


def _status(blueprint: Blueprint) -> str:
    if blueprint.state in {"approved", "published"} and standing_approval(blueprint) is None:
        return "DRAFT"
    return STATUS.get(blueprint.state, blueprint.state.upper())


def _lines(blueprint: Blueprint) -> tuple[BlueprintLine, ...]:
    results = allocate_rows(blueprint.rows, blueprint.items)
    approved = standing_approval(blueprint) is not None
    former = former_weights(blueprint)
    lines = tuple(
        replace(_line(row, results[row.code], approved=approved), former_weight=former.get(row.code))
        for row in blueprint.rows
    )
    if not blueprint.pretest:
        return lines
    pretest = pretest_items(blueprint.rows, blueprint.pretest)
    return tuple(replace(line, scored=line.items, pretest=pretest[line.code]) for line in lines)


def _line(row: BlueprintRow, result: ItemResult, *, approved: bool) -> BlueprintLine:
    from jta.exports.book import BlueprintLine

    return BlueprintLine(
        code=row.code,
        name=row.title,
        level=row.level,
        parent_code=row.parent_code,
        n_tasks=row.n_tasks,
        empirical_weight=row.empirical_weight,
        proposed_weight=row.weight,
        approved_weight=row.weight if approved else None,
        quota=result.quota,
        items=result.items,
        ci_low=row.low,
        ci_high=row.high,
        minimum=row.minimum,
        maximum=row.maximum,
        rationale=row.rationale,
        allocation_note=NOTE_WORDS.get(result.note or ""),
    )


def _instrument(study_id: int) -> Instrument:
    instrument = newest_instrument(study_id, "main")
    if instrument is None:
        raise NotFoundError
    return instrument


def _scales(instrument: Instrument) -> tuple[CodebookScale, ...]:
    from jta.exports.book import CodebookAnchor, CodebookScale

    return tuple(
        CodebookScale(
            scale["code"],
            scale["title"],
            scale["prompt"],
            tuple(CodebookAnchor(a["code"], a["label"], a["value"], a["not_performed"]) for a in scale["anchors"]),
        )
        for scale in scales_of(instrument.content)
    )


def _variables(instrument: Instrument) -> tuple[CodebookVariable, ...]:
    from jta.exports.book import CodebookVariable

    questions = [
        CodebookVariable(
            q["code"],
            q["prompt"],
            "; ".join(f"{c['code']} = {c['label']}" for c in q["choices"]),
            "empty: not answered",
        )
        for q in background_of(instrument.content)
    ]
    own = CodebookVariable("respondent_id", "Random code of a response within this study", "text", "never")
    return (own, *questions)


def _dates(study: Study, instrument: Instrument, blueprint: Blueprint) -> tuple[tuple[str, date | datetime], ...]:
    moments = [
        ("Survey launched", instrument.launched_at),
        ("Survey closed", instrument.closed_at),
        ("Data set frozen", blueprint.run.dataset.frozen_at),
        ("Blueprint proposed", blueprint.proposed_at),
        ("Blueprint approved", _approved_at(blueprint)),
        ("Blueprint published", blueprint.published_at),
    ]
    zone = ZoneInfo(study.time_zone)
    return tuple((label, moment.astimezone(zone).date()) for label, moment in moments if moment)


def _approved_at(blueprint: Blueprint) -> datetime | None:
    approval = standing_approval(blueprint)
    return approval.at if approval else None


def respondent_lines(study_id: int, blueprint: Blueprint) -> tuple[tuple[str, int], ...]:
    """Return the lines of the sheet of respondents, counted as the page of responses counts."""
    rows = count_by_stratum(study_id)
    everybody, collected = total(rows), sum(row.collected for row in rows)
    counts = blueprint.run.dataset.counts
    return (
        ("Invited", everybody.people),
        ("Started", everybody.began + collected),
        ("Withdrew", everybody[WITHDREW]),
        *((label.capitalize(), int(count)) for label, count in counts.items() if label != "ratings"),
    )


def _why(adjustment: Adjustment) -> str:
    return f"{adjustment.reason} (vote: {adjustment.vote})" if adjustment.vote else adjustment.reason


def _ledger(blueprint: Blueprint, zone: str) -> tuple[LedgerEntry, ...]:
    from jta.exports.book import LedgerEntry

    local = ZoneInfo(zone)
    changes = [
        LedgerEntry(a.at.astimezone(local), a.by_name, f"{a.code or 'Exam'} {a.field}", a.before, a.after, _why(a))
        for a in blueprint.adjustments
    ]
    decisions = [
        LedgerEntry(a.at.astimezone(local), a.by_name, f"Blueprint {a.decision}", "", "", a.reason)
        for a in blueprint.approvals
    ]
    return tuple(sorted([*changes, *decisions], key=lambda entry: entry.when))
