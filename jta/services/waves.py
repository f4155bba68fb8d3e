"""Waves of messages: planned by a director, begun and ended by the worker, paused, resumed, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, insert, select, update

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, reading, transaction
from jta.errors import InvalidInputError, NotFoundError, StateError
from jta.models.delivery import OutboxMessage, Person, PersonEvent, Wave
from jta.models.response import Response
from jta.models.study import Study
from jta.services import links
from jta.services.delivery_settings import load_texts
from jta.services.outbox import new_message_id, study_hours
from jta.services.recipients import BEFORE, GAP, OPEN, UNDER_WAY, judge, load_facts, text_kind
from jta.services.study_stage import lock_study

WORKER = Actor("worker", "worker")
ASKING = ("invitation", "reminder")  # waves that ask for something, and keep 72 hours between them
LIVE = ("planned", "sending", "paused")
FURTHEST = timedelta(days=366)
CLOSED = "The survey had closed."
STEP = 250  # people whose messages are made in one transaction


@dataclass(frozen=True)
class WavePlan:
    """One wave to be planned, at a moment in UTC."""

    kind: str
    at: datetime


def plan_waves(actor: Actor, study_id: int, plans: Sequence[WavePlan]) -> list[Wave]:
    """Plan waves. They begin by themselves when their time has come and the survey is open.

    Raises
    ------
    InvalidInputError
        If one lies less than 72 hours from another one that asks for something, or more than a year ahead.
    StateError
        If the survey has closed and the wave asks for answers.
    """
    with transaction():
        study = lock_study(study_id)
        for plan in plans:
            _check_stage(study, plan)
        _check_times(study_id, plans)
        last = db.session.scalar(select(func.max(Wave.number)).where(Wave.study_id == study_id)) or 0
        waves = [
            Wave(study_id=study_id, number=last + n, kind=plan.kind, planned_for=plan.at, planned_by=actor.name)
            for n, plan in enumerate(plans, start=1)
        ]
        db.session.add_all(waves)
        db.session.flush()
        for wave in waves:
            note = f"{wave.kind}, {wave.planned_for:%Y-%m-%d %H:%M} UTC"
            audit.record(actor, "planned wave", f"wave {wave.number}", study_id=study_id, note=note)
    return waves


def _check_stage(study: Study, plan: WavePlan) -> None:
    if plan.kind != "closing" and study.stage not in (*BEFORE, *OPEN):
        raise StateError("The survey is closed, so nobody can be asked to answer it.")
    if plan.kind == "thanks" and _has_thanks(study.id):
        raise StateError("Thanks are on already: everybody who submits gets them once.")


def _has_thanks(study_id: int) -> bool:
    live = Wave.study_id == study_id, Wave.kind == "thanks", Wave.state.in_(LIVE)
    return bool(db.session.scalar(select(exists().where(*live))))


def _check_times(study_id: int, plans: Sequence[WavePlan]) -> None:
    present = select(Wave.planned_for).where(
        Wave.study_id == study_id, Wave.kind.in_(ASKING), Wave.state.in_((*LIVE, "done"))
    )
    times = list(db.session.scalars(present))
    for plan in plans:
        if plan.at > clock.now() + FURTHEST:
            raise InvalidInputError("Choose a day within the next year.", field="day")
        if plan.kind == "reminder" and any(abs(plan.at - other) < GAP for other in times):
            raise InvalidInputError(
                "Leave at least 72 hours between messages that ask for answers: nobody would get this one.", field="day"
            )
        if plan.kind in ASKING:
            times.append(plan.at)


def get_wave(study_id: int, wave_id: int, *, lock: bool = False) -> Wave:
    """Return one wave of a study.

    Raises
    ------
    NotFoundError
        If it has none with this id.
    """
    wave = db.session.get(Wave, wave_id, with_for_update=lock or None, populate_existing=lock)
    if wave is None or wave.study_id != study_id:
        raise NotFoundError
    return wave


def pause_wave(actor: Actor, study_id: int, wave_id: int) -> None:
    """Hold back what has not been handed over yet."""
    _move(actor, study_id, wave_id, "paused", ("planned", "sending"), "paused wave")


def resume_wave(actor: Actor, study_id: int, wave_id: int) -> None:
    """Go on with a paused wave."""
    with transaction():
        wave = get_wave(study_id, wave_id, lock=True)
        _require(wave, ("paused",))
        wave.state = "sending" if wave.begun_at else "planned"
        audit.record(actor, "resumed wave", f"wave {wave.number}", study_id=study_id)


def cancel_wave(actor: Actor, study_id: int, wave_id: int) -> int:
    """End a wave: nothing more of it is sent. Return how many messages were not sent.

    Raises
    ------
    StateError
        If it has ended already.
    """
    with transaction():
        wave = get_wave(study_id, wave_id, lock=True)
        _require(wave, LIVE)
        stopped = _cancel_rows(wave, f"cancelled by {actor.name}")
        wave.state, wave.ended_at, wave.note = "cancelled", clock.now(), f"Cancelled by {actor.name}."
        audit.record(
            actor, "cancelled wave", f"wave {wave.number}", study_id=study_id, note=f"{stopped} messages not sent"
        )
    return stopped


def _cancel_rows(wave: Wave, reason: str) -> int:
    # What a worker has claimed it will find cancelled when it comes to hand it over.
    waiting = OutboxMessage.wave_id == wave.id, OutboxMessage.state.in_(("planned", "claimed"))
    ended = {"state": "cancelled", "reason": reason, "ended_at": clock.now(), "claimed_by": None}
    return int(db.session.execute(update(OutboxMessage).where(*waiting).values(**ended)).rowcount)  # type: ignore[attr-defined]  # a cursor result


def _move(actor: Actor, study_id: int, wave_id: int, to: str, allowed: Sequence[str], action: str) -> None:
    with transaction():
        wave = get_wave(study_id, wave_id, lock=True)
        _require(wave, allowed)
        wave.state = to
        audit.record(actor, action, f"wave {wave.number}", study_id=study_id)


def _require(wave: Wave, allowed: Sequence[str]) -> None:
    if wave.state not in allowed:
        raise StateError(f"Wave {wave.number} is {wave.state}. Reload the page to see how it stands now.")


# --- what the worker does ---------------------------------------------------------------------------------------


def turn_waves() -> bool:
    """Begin waves whose time has come, give thanks to who submitted since, end waves that are through."""
    with reading():
        due = list(db.session.scalars(select(Wave.id).where(Wave.state == "planned", Wave.planned_for <= clock.now())))
        standing = db.session.scalars(select(Wave).where(Wave.state == "sending", Wave.kind == "thanks"))
        thanks = [wave.id for wave in standing if db.session.scalar(_lacking(wave).limit(1)) is not None]
        ended = list(db.session.scalars(_through()))
    begun = [begin_wave(wave_id) for wave_id in [*due, *thanks]]
    for wave_id in ended:
        _end_wave(wave_id)
    return any(begun)


def _lacking(wave: Wave) -> Any:
    """Select who has no row in a wave; for thanks only who submitted: a row before that would keep them from it."""
    there = exists().where(OutboxMessage.person_id == Person.id, OutboxMessage.wave_id == wave.id)
    found = select(Person.id).where(Person.study_id == wave.study_id, ~there).order_by(Person.id)
    done = Response.person_id == Person.id, Response.submitted_at.is_not(None), Response.is_pilot.is_(False)
    return found.where(exists().where(*done)) if wave.kind == "thanks" else found


def _through() -> Any:
    rows = exists().where(OutboxMessage.wave_id == Wave.id, OutboxMessage.state.in_(UNDER_WAY))
    open_thanks = (Wave.kind == "thanks") & Study.stage.in_((*BEFORE, *OPEN))
    return select(Wave.id).join(Study, Study.id == Wave.study_id).where(Wave.state == "sending", ~rows, ~open_thanks)


def begin_wave(wave_id: int) -> bool:
    """Make the messages of a wave whose time has come; everybody on the roster gets a row, with the reason where
    there is no message. Return whether it began.

    A wave that asks for answers waits until the survey is open, and is cancelled when that has closed. Rows are made
    in steps, so that no step holds SQLite's write lock for long; nothing is sent before the last one.
    """
    with reading():
        wave = db.session.get(Wave, wave_id)
        lacking = list(db.session.scalars(_lacking(wave))) if wave else []
    steps = [lacking[at : at + STEP] for at in range(0, len(lacking), STEP)] or [[]]
    return all(_begin_step(wave_id, ids, last=ids is steps[-1]) for ids in steps)


def _begin_step(wave_id: int, ids: list[int], *, last: bool) -> bool:
    with transaction():
        wave = db.session.get(Wave, wave_id, with_for_update={"skip_locked": True}, populate_existing=True)
        if wave is None or wave.state not in ("planned", "sending"):
            return False
        study = db.session.get_one(Study, wave.study_id)
        if not _may_begin(wave, study):
            return False
        _make_messages(study, wave, ids)
        if last and wave.begun_at is None:
            wave.state, wave.begun_at, wave.texts = "sending", clock.now(), _texts(study.id)
            note = f"{wave.kind}, {count_states(wave.id).get('planned', 0)} messages"
            audit.record(WORKER, "began wave", f"wave {wave.number}", study_id=study.id, note=note)
    return True


def _may_begin(wave: Wave, study: Study) -> bool:
    if wave.kind == "closing":
        return study.stage not in (*BEFORE, *OPEN)
    if wave.kind == "thanks":
        return study.stage not in BEFORE
    if study.stage in OPEN:
        return True
    if study.stage not in BEFORE:
        wave.state, wave.ended_at, wave.note = "cancelled", clock.now(), CLOSED
        audit.record(WORKER, "cancelled wave", f"wave {wave.number}", study_id=study.id, note=CLOSED)
    return False


def _texts(study_id: int) -> dict[str, dict[str, dict[str, str]]]:
    kept: dict[str, dict[str, dict[str, str]]] = {}
    for (kind, language), stored in load_texts(study_id).items():
        kept.setdefault(kind, {})[language] = {"subject": stored.text.subject, "body": stored.text.body}
    return kept


def _make_messages(study: Study, wave: Wave, ids: list[int]) -> None:
    now, due = clock.now(), study_hours(study.id).next_allowed(clock.now())
    there = set(
        db.session.scalars(
            select(OutboxMessage.person_id).where(OutboxMessage.wave_id == wave.id, OutboxMessage.person_id.in_(ids))
        )
    )
    people = [facts for facts in load_facts(study.id, ids, but_wave=wave.id) if facts.id not in there]
    reasons = {facts.id: judge(wave.kind, facts, study.stage, now) for facts in people}
    rows = [
        {
            "study_id": study.id, "person_id": facts.id, "wave_id": wave.id, "message_id": new_message_id(),
            "state": "skipped" if reasons[facts.id] else "planned", "reason": reasons[facts.id],
            "text_kind": text_kind(wave.kind, facts), "address_mark": facts.mark, "due_at": due, "first_due_at": due,
            "ended_at": now if reasons[facts.id] else None,
        }
        for facts in people
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(OutboxMessage), rows)
    _give_links([person_id for person_id, reason in reasons.items() if not reason])


def _give_links(chosen: list[int]) -> None:
    lacking = select(Person).where(Person.id.in_(chosen), Person.token_hash.is_(None))
    for person in db.session.scalars(lacking.with_for_update()):
        person.token_hash = links.token_hash(links.token_for(person.id, person.link_generation))
        db.session.add(PersonEvent(person_id=person.id, kind="link made", at=clock.now()))


def _end_wave(wave_id: int) -> None:
    with transaction():
        wave = db.session.get(Wave, wave_id, with_for_update={"skip_locked": True}, populate_existing=True)
        if wave is None or wave.state != "sending" or db.session.scalar(_through().where(Wave.id == wave_id)) is None:
            return
        wave.state, wave.ended_at = "done", clock.now()
        counts = ", ".join(f"{count} {state}" for state, count in count_states(wave_id).items())
        audit.record(WORKER, "ended wave", f"wave {wave.number}", study_id=wave.study_id, note=counts)


def count_states(wave_id: int) -> dict[str, int]:
    """Return how many messages of a wave are in each state."""
    found = select(OutboxMessage.state, func.count()).where(OutboxMessage.wave_id == wave_id)
    rows = db.session.execute(found.group_by(OutboxMessage.state).order_by(OutboxMessage.state))
    return {state: count for state, count in rows}
