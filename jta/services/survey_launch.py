"""Opening and closing the survey: what is missing before launch, the launch that freezes it, close and reopen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError, StateError
from jta.models.delivery import Person
from jta.models.review import Dataset
from jta.models.study import MARKET, Study
from jta.models.survey import Instrument
from jta.services.content import questions_of, scales_of, step_of_kind
from jta.services.instrument import build_content, content_hash, newest_instrument
from jta.services.study_stage import BEFORE_LAUNCH, lock_study, move_stage
from jta.services.survey_pages_view import describe_pages


@dataclass(frozen=True)
class Check:
    """One line of the checklist before launch.

    ``blocks`` says that launch waits for it; ``endpoint`` names the page where it is put right.
    """

    label: str
    done: bool
    detail: str
    endpoint: str
    blocks: bool = True


@dataclass(frozen=True)
class Checklist:
    """What a launch needs, and what would be frozen by it."""

    checks: tuple[Check, ...]
    content: Mapping[str, Any]
    n_people: int
    n_with_link: int

    @property
    def missing(self) -> list[Check]:
        """What launch waits for."""
        return [check for check in self.checks if check.blocks and not check.done]

    @property
    def warnings(self) -> list[Check]:
        """What is better done first, but does not stop the launch."""
        return [check for check in self.checks if not check.blocks and not check.done]

    @property
    def ready(self) -> bool:
        """Whether the survey can be launched now."""
        return not self.missing

    @property
    def content_hash(self) -> str:
        """Hash of what would be frozen."""
        return content_hash(dict(self.content))


def load_checklist(study: Study, content: Mapping[str, Any] | None = None) -> Checklist:
    """Return the checklist of a study; ``content`` is the survey as it stands, built where it is not given."""
    content = build_content(study) if content is None else content
    people, linked = count_people(study.id)
    checks = (
        *_content_checks(study, content), *_page_checks(content),
        Check(
            "Consent text", bool(content["consent"]["text"].strip()),
            "Every respondent reads it and agrees before the first task.", "survey.consent",
        ),
        Check(
            "People on the roster", people > 0,
            f"{people:,} on the roster, {linked:,} of them have a personal link.", "delivery.roster", blocks=False,
        ),
        Check(
            "Contact shown to respondents", bool(study.contact.strip()),
            "Whom a respondent can ask.", "study.edit", blocks=False,
        ),
    )  # fmt: skip
    return Checklist(checks, content, people, linked)


def count_people(study_id: int) -> tuple[int, int]:
    """Return how many people are on the roster, and how many of them have a personal link."""
    found = select(func.count(Person.id), func.count(Person.token_hash)).where(Person.study_id == study_id)
    people, linked = db.session.execute(found).one()
    return people, linked


def _content_checks(study: Study, content: Mapping[str, Any]) -> tuple[Check, ...]:
    if study.kind == MARKET:
        count = len(questions_of(content))
        detail = f"{count:,} questions." if count else "Write the questions that people are asked."
        return (Check("Questions", count > 0, detail, "builder.index"),)
    plan = Check(
        "Analysis plan saved", study.plan is not None,
        "The rules of the analysis are set before anyone answers.", "study.plan",
    )  # fmt: skip
    if step_of_kind(content, "ratings") is None:
        lost = "The survey has no page of ratings. Add it from the library of pages."
        return (Check("Page of ratings", False, lost, "builder.index"), plan)
    return (_tasks_check(content), *_scale_checks(content), plan)


def _page_checks(content: Mapping[str, Any]) -> tuple[Check, ...]:
    """The pages that are not ready, if any: one line for all of them."""
    problems = [f"{row.title}: {row.problem}" for row in describe_pages(content) if row.problem]
    return (Check("Survey pages", False, " ".join(problems), "builder.index"),) if problems else ()


def _tasks_check(content: Mapping[str, Any]) -> Check:
    count = content["n_tasks"]
    detail = f"{count:,} on {len(content['pages'])} pages." if count else "Import or write the task inventory."
    return Check("Task statements", count > 0, detail, "inventory.index")


def _scale_checks(content: Mapping[str, Any]) -> tuple[Check, Check]:
    scales = {scale["kind"]: scale for scale in scales_of(content)}
    frequency, importance = scales.get("frequency"), scales.get("importance")
    skips = frequency is not None and any(anchor["not_performed"] for anchor in frequency["anchors"])
    return (
        Check(
            "Frequency scale",
            skips,
            "It carries the answer for tasks a respondent does not perform.",
            "builder.scale_list",
        ),
        Check("Importance scale", importance is not None, "The weights come from it.", "builder.scale_list"),
    )


def launch(actor: Actor, study_id: int, *, seen_hash: str | None = None) -> Instrument:
    """Freeze the survey as it stands and open it to everyone with a personal link.

    Parameters
    ----------
    seen_hash : str, optional
        Hash of the survey as the director saw it; launch is refused where it has changed since.

    Raises
    ------
    StateError
        If the survey was launched already, something it needs is missing, or it changed since it was looked at.
    """
    with transaction():
        study = lock_study(study_id)
        if study.stage not in BEFORE_LAUNCH or newest_instrument(study_id, "main") is not None:
            raise StateError("This survey was launched already.")
        checklist = load_checklist(study)
        if not checklist.ready:
            names = ", ".join(check.label.lower() for check in checklist.missing)
            raise StateError(f"The survey cannot be launched yet. Still missing: {names}.")
        if seen_hash is not None and seen_hash != checklist.content_hash:
            raise StateError(
                "The survey was changed while you looked at it, so it was not launched. Check it once more."
            )
        instrument = Instrument(
            study_id=study_id, number=next_number(study_id), content=dict(checklist.content),
            content_hash=checklist.content_hash, launched_at=clock.now(),
        )  # fmt: skip
        db.session.add(instrument)
        move_stage(study, "fielding", actor)
        audit.record(
            actor, "launched survey", f"instrument {instrument.number}", study_id=study_id,
            after=dict(checklist.content), note=f"{checklist.content['n_tasks']} tasks, {checklist.n_people} people",
        )  # fmt: skip
    return instrument


def next_number(study_id: int) -> int:
    """Return the number of a study's next instrument: pilots and corrected versions count too."""
    return (db.session.scalar(select(func.max(Instrument.number)).where(Instrument.study_id == study_id)) or 0) + 1


def versions(study_id: int) -> list[Instrument]:
    """Return the versions of the main survey's instrument, oldest first; all but the first put a wording right."""
    found = select(Instrument).where(Instrument.study_id == study_id, Instrument.kind == "main")
    return list(db.session.scalars(found.order_by(Instrument.number)))


def close(actor: Actor, study_id: int) -> Instrument:
    """Close the survey: nobody can start, save or submit any more.

    Raises
    ------
    StateError
        If the survey is not open.
    """
    with transaction():
        study = lock_study(study_id)
        instrument = newest_instrument(study_id, "main")
        if study.stage != "fielding" or instrument is None:
            raise StateError("This survey is not open, so it cannot be closed.")
        for version in versions(study_id):
            version.closed_at = clock.now()
        move_stage(study, "closed", actor)
        audit.record(actor, "closed survey", f"instrument {instrument.number}", study_id=study_id)
    return instrument


def reopen(actor: Actor, study_id: int, *, reason: str) -> Instrument:
    """Open a closed survey again; the instrument stays the one that was frozen.

    Raises
    ------
    InvalidInputError
        If no reason is given (field ``reason``).
    StateError
        If the survey is not closed, or a data set was frozen from its answers.
    """
    if not reason.strip():
        raise InvalidInputError("Say why the survey is opened again.", field="reason")
    with transaction():
        study = lock_study(study_id)
        require_reopenable(study)
        instrument = newest_instrument(study_id, "main")
        if instrument is None:
            raise StateError("This survey was never launched.")
        for version in versions(study_id):
            version.closed_at = None
        move_stage(study, "fielding", actor, reason)
        audit.record(
            actor, "reopened survey", f"instrument {instrument.number}", study_id=study_id, note=reason.strip()
        )
    return instrument


def require_reopenable(study: Study) -> None:
    """Refuse what only a closed survey without a frozen data set allows.

    Raises
    ------
    StateError
        If the survey is not closed, or a data set was frozen.
    """
    if db.session.scalar(select(Dataset.id).where(Dataset.study_id == study.id).limit(1)) is not None:
        raise StateError(
            "A data set was frozen from these answers, so the survey stays closed: the results must keep fitting it."
        )
    if study.stage != "closed":
        raise StateError("Only a closed survey can be opened again.")
