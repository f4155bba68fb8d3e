"""The evidence map: what each standard asks for, what of the study shows it, and what is justified in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, exists, func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.models.account import Membership
from jta.models.blueprint import Approval, Blueprint
from jta.models.cycle import FormerList
from jta.models.delivery import Person
from jta.models.inventory import Knowledge, Task
from jta.models.inventory_record import Reference
from jta.models.panel import Panelist, PanelTarget, Round, RoundDecision, Signature
from jta.models.report import Document, EvidenceNote
from jta.models.results import AnalysisRun
from jta.models.review import Dataset
from jta.models.study import Stratum, Study
from jta.models.survey import Instrument
from jta.services.evidence_lines import STANDARDS, EvidenceLine, Standard, find_line
from jta.services.study_stage import lock_study
from jta.services.two_way import target_shares

SHOWN, PARTIAL, MISSING, JUSTIFIED = STATES = ("shown", "partial", "missing", "justified")
LONGEST = 2000
# What a fact is called where it is absent, in the words of the page.
FACTS = {
    "purpose": "the purpose of the credential",
    "population": "a description of who is meant",
    "credential": "the credential",
    "panelists": "panelists",
    "qualifications": "qualifications of every panelist",
    "targets": "a target make-up of the panel",
    "conflicts": "signed conflict-of-interest statements of every panelist",
    "confidentiality": "signed confidentiality statements of every panelist",
    "psychometrician": "a psychometrician in the study",
    "rounds": "a round of the panel",
    "votes": "decisions with votes",
    "decisions": "decisions of the panel",
    "tasks": "task statements",
    "sources": "sources of the statements",
    "ksas": "knowledge and skill statements",
    "linkage": "a decided linkage round",
    "entry": "a decided round on what is needed at entry",
    "plan": "a saved analysis plan",
    "plan_first": "an analysis plan saved before the survey opened",
    "instrument": "a launched survey",
    "frame": "counts of the frame",
    "roster": "a roster",
    "dataset": "a frozen data set",
    "run": "an analysis",
    "retention": "retention decisions",
    "agreement": "agreement and reliability",
    "groups": "results by group",
    "blueprint": "a blueprint",
    "two_way": "a table of content by cognitive level",
    "approval": "an approval that stands",
    "published": "a published blueprint",
    "report": "a technical report",
    "summary": "a public summary",
    "outline": "an outline for candidates",
    "former": "a former list or study to compare with",
    "next_study": "a date of the next study",
    "trail": "the audit trail",
}


@dataclass(frozen=True)
class EvidenceState:
    """One line with what shows it: ``state`` is one of `STATES`; ``absent`` names what the study lacks."""

    line: EvidenceLine
    state: str
    absent: tuple[str, ...]
    note: EvidenceNote | None


@dataclass(frozen=True)
class EvidenceMap:
    """Every standard with its lines."""

    standards: tuple[tuple[Standard, tuple[EvidenceState, ...]], ...]

    def count(self, state: str) -> int:
        """Return how many lines are in this state."""
        return sum(line.state == state for _, lines in self.standards for line in lines)

    @property
    def total(self) -> int:
        """How many lines there are."""
        return sum(len(lines) for _, lines in self.standards)


def evidence_map(study_id: int) -> EvidenceMap:
    """Return how far a study shows what the standards ask for."""
    facts, notes = facts_of(study_id), _notes(study_id)
    return EvidenceMap(
        tuple((s, tuple(_state(line, facts, notes.get(line.code)) for line in s.lines)) for s in STANDARDS)
    )


def _state(line: EvidenceLine, facts: Mapping[str, bool], note: EvidenceNote | None) -> EvidenceState:
    absent = tuple(FACTS[name] for name in line.facts if not facts[name])
    if line.facts and not absent:
        return EvidenceState(line, SHOWN, (), note)
    if note is not None:
        return EvidenceState(line, JUSTIFIED, absent, note)
    return EvidenceState(line, PARTIAL if len(absent) < len(line.facts) else MISSING, absent, None)


def _notes(study_id: int) -> dict[str, EvidenceNote]:
    found = db.session.scalars(select(EvidenceNote).where(EvidenceNote.study_id == study_id))
    return {note.line: note for note in found}


def facts_of(study_id: int) -> dict[str, bool]:
    """Return which facts of `FACTS` hold in a study."""
    study = db.session.get(Study, study_id)
    if study is None:
        raise NotFoundError
    return {
        "purpose": bool(study.purpose.strip()), "population": bool(study.population.strip()),
        "credential": bool(study.credential.strip()), "plan": study.plan_saved_at is not None, "trail": True,
        **_design_facts(study), **_panel_facts(study_id), **_result_facts(study_id), **_document_facts(study_id),
    }  # fmt: skip


def _any(query: Select[int]) -> bool:
    return bool(db.session.scalar(select(exists(query))))


def _design_facts(study: Study) -> dict[str, bool]:
    own = study.id
    survey = Instrument.study_id == own, Instrument.kind == "main"  # a pilot is no survey
    first = db.session.scalar(select(func.min(Instrument.launched_at)).where(*survey))
    frames = list(db.session.scalars(select(Stratum.frame_count).where(Stratum.study_id == own)))
    return {
        "tasks": _any(select(Task.id).where(Task.study_id == own, Task.retired_at.is_(None))),
        "sources": _any(select(Task.id).where(Task.study_id == own, Task.source != ""))
        or _any(select(Reference.id).where(Reference.study_id == own)),
        "ksas": _any(select(Knowledge.id).where(Knowledge.study_id == own)),
        "former": _any(select(FormerList.id).where(FormerList.study_id == own)),
        "psychometrician": _any(
            select(Membership.id).where(Membership.study_id == own, Membership.role == "psychometrician")
        ),
        "instrument": first is not None,
        "plan_first": first is not None and study.plan_saved_at is not None and study.plan_saved_at <= first,
        "frame": bool(frames) and all(frames),
        "roster": _any(select(Person.id).where(Person.study_id == own)),
    }


def _panel_facts(study_id: int) -> dict[str, bool]:
    people = {p.id: p for p in db.session.scalars(select(Panelist).where(Panelist.study_id == study_id))}
    rounds = list(db.session.scalars(select(Round).where(Round.study_id == study_id)))
    decided = {one.kind for one in rounds if one.decided_at is not None}
    signed = set(
        db.session.execute(select(Signature.panelist_id, Signature.kind).where(Signature.panelist_id.in_(people)))
    )
    votes = _any(
        select(RoundDecision.id).join(Round, Round.id == RoundDecision.round_id).where(Round.study_id == study_id)
    )
    return {
        "panelists": bool(people), "rounds": bool(rounds), "decisions": votes, "votes": votes,
        "qualifications": bool(people) and all(p.qualifications.strip() for p in people.values()),
        "targets": _any(select(PanelTarget.id).where(PanelTarget.study_id == study_id)),
        "conflicts": bool(people) and all((key, "interests") in signed for key in people),
        "confidentiality": bool(people) and all((key, "confidentiality") in signed for key in people),
        "linkage": "linkage" in decided, "entry": "entry" in decided,
    }  # fmt: skip


def _result_facts(study_id: int) -> dict[str, bool]:
    runs = list(db.session.scalars(select(AnalysisRun.summary).where(AnalysisRun.study_id == study_id)))
    tables: Collection[str] = {name for summary in runs for name in summary["tables"]}
    blueprints = list(db.session.scalars(select(Blueprint).where(Blueprint.study_id == study_id)))
    approval = (
        select(Approval.id)
        .join(Blueprint, Blueprint.id == Approval.blueprint_id)
        .where(Blueprint.study_id == study_id, Approval.decision == "approved", Approval.voided_at.is_(None))
    )
    return {
        "dataset": _any(select(Dataset.id).where(Dataset.study_id == study_id)), "run": bool(runs),
        "retention": "retention" in tables, "agreement": bool({"alpha", "icc", "rwg"} & set(tables)),
        "groups": bool({"group_tests", "agreement_index"} & set(tables)),
        "two_way": any(target_shares(blueprint) for blueprint in blueprints),
        "blueprint": bool(blueprints), "approval": _any(approval),
        "published": any(blueprint.state == "published" for blueprint in blueprints),
        "next_study": any(getattr(blueprint, "next_study_on", None) is not None for blueprint in blueprints),
    }  # fmt: skip


def _document_facts(study_id: int) -> dict[str, bool]:
    kinds = set(db.session.scalars(select(Document.kind).where(Document.study_id == study_id)))
    names = {"report": "Technical report", "summary": "Public summary", "outline": "Content outline"}
    return {fact: any(kind.startswith(name) for kind in kinds) for fact, name in names.items()}


def justify(actor: Actor, study_id: int, code: str, text: str, *, version: int) -> None:
    """Write why a line is met in another way, or does not apply; an empty text takes it back.

    Parameters
    ----------
    version : int
        The version that the writer saw, 0 where there was no text.

    Raises
    ------
    NotFoundError
        If there is no such line.
    InvalidInputError
        If the text is too long.
    EditConflictError
        If somebody else wrote since.
    """
    line, text = find_line(code), text.replace("\r\n", "\n").strip()
    if line is None:
        raise NotFoundError
    if len(text) > LONGEST:
        raise InvalidInputError(f"Use {LONGEST:,} characters or fewer.", field="text")
    with transaction():
        lock_study(study_id)
        note = db.session.scalar(
            select(EvidenceNote).where(EvidenceNote.study_id == study_id, EvidenceNote.line == code)
        )
        before = note.text if note is not None else ""
        if before == text:
            return
        if (note.version if note is not None else 0) != version:
            raise EditConflictError(
                "Nothing was saved. Compare both texts, then save what should stand.", theirs=before, yours=text
            )
        _write(actor, study_id, code, text, note)
        audit.record(actor, "justified evidence", f"line {code}", study_id=study_id, before=before, after=text)


def _write(actor: Actor, study_id: int, code: str, text: str, note: EvidenceNote | None) -> None:
    if note is None:
        db.session.add(
            EvidenceNote(study_id=study_id, line=code, text=text, by_name=actor.name, at=clock.now())
        )  # fmt: skip
    elif text:
        note.text, note.by_name, note.at = text, actor.name, clock.now()
    else:
        db.session.delete(note)


def get_state(study_id: int, code: str) -> EvidenceState:
    """Return one line of a study's map.

    Raises
    ------
    NotFoundError
        If there is no such line.
    """
    line = find_line(code)
    if line is None:
        raise NotFoundError
    return _state(line, facts_of(study_id), _notes(study_id).get(code))
