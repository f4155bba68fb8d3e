"""The pilot: the survey tried with some people before it is launched. Their responses stay apart for good."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import StateError
from jta.models.response import Response
from jta.models.survey import Instrument
from jta.services.instrument import newest_instrument
from jta.services.study_stage import BEFORE_LAUNCH, lock_study, move_stage
from jta.services.survey_launch import load_checklist, next_number


@dataclass(frozen=True)
class PilotState:
    """The newest pilot of a study, and how many people started it, sent it in, or were screened out."""

    instrument: Instrument | None
    started: int
    submitted: int
    screened_out: int

    @property
    def is_open(self) -> bool:
        """Whether people can answer the pilot now."""
        return self.instrument is not None and self.instrument.closed_at is None


def load_pilot(study_id: int) -> PilotState:
    """Return the pilot of a study; counts are of all its pilots."""
    found = select(
        func.count(Response.id), func.count(Response.submitted_at), func.count(Response.screened_out_at)
    ).where(Response.study_id == study_id, Response.is_pilot.is_(True), Response.withdrawn_at.is_(None))
    started, submitted, out = db.session.execute(found).one()
    return PilotState(newest_instrument(study_id, "pilot"), started, submitted, out)


def launch_pilot(actor: Actor, study_id: int) -> Instrument:
    """Freeze the survey as it stands for a pilot, and open it to everyone with a personal link.

    Raises
    ------
    StateError
        If the survey was launched, a pilot is open, or something the survey needs is missing.
    """
    with transaction():
        study = lock_study(study_id)
        if study.stage not in BEFORE_LAUNCH or newest_instrument(study_id, "main") is not None:
            raise StateError("A pilot comes before the launch, one at a time.")
        checklist = load_checklist(study)
        if not checklist.ready:
            names = ", ".join(check.label.lower() for check in checklist.missing)
            raise StateError(f"The pilot cannot begin yet. Still missing: {names}.")
        instrument = Instrument(
            study_id=study_id, number=next_number(study_id), kind="pilot", content=dict(checklist.content),
            content_hash=checklist.content_hash, launched_at=clock.now(),
        )  # fmt: skip
        db.session.add(instrument)
        move_stage(study, "pilot", actor)
        audit.record(
            actor, "launched pilot", f"instrument {instrument.number}", study_id=study_id,
            after=dict(checklist.content), note=f"{checklist.content['n_tasks']} tasks, {checklist.n_people} people",
        )  # fmt: skip
    return instrument


def end_pilot(actor: Actor, study_id: int) -> Instrument:
    """Close the pilot; the survey can be changed again, and be launched.

    Raises
    ------
    StateError
        If no pilot is open.
    """
    with transaction():
        study = lock_study(study_id)
        instrument = newest_instrument(study_id, "pilot")
        if study.stage != "pilot" or instrument is None:
            raise StateError("No pilot is open.")
        instrument.closed_at = clock.now()
        move_stage(study, "survey", actor, "The pilot ended")
        audit.record(actor, "ended pilot", f"instrument {instrument.number}", study_id=study_id)
    return instrument
