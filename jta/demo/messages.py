"""Waves of the demo studies with a final story, although nothing is sent: every try says that it was simulated.

The waves go the usual way (planned, begun, who gets a message judged as ever); only the mail server is missing, and its
answers are made up here in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from jta import clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.models.delivery import Attempt, OutboxMessage, Person, PersonEvent, Wave
from jta.services.links import row_token
from jta.services.opt_out import opt_out
from jta.services.waves import WavePlan, begin_wave, plan_waves, turn_waves

TAKEN = "Simulated: no message was sent."
GONE = "550 5.1.1 No such user (simulated)"
BOUNCED, STOPPED = 7, 5  # people of the finished study
_ACCEPTED, _REFUSED = {"outcome": "accepted", "detail": TAKEN}, {"outcome": "refused", "detail": GONE}
REMINDERS = (7, 14)  # days after the invitation, as in the simulated starts


def tell_story(
    director: Actor, study_id: int, launched: datetime, silent: Sequence[str], respond: Callable[[float, float], object]
) -> None:
    """Give a study an invitation, two reminders and thanks at simulated times.

    Parameters
    ----------
    silent : sequence of str
        Codes of people who never answer: some of their addresses do not work, some stop the messages.
    respond : callable
        Stores the responses started between two days after the launch; called between the waves.
    """
    people = _people(study_id, silent[: BOUNCED + STOPPED])
    ends = {0: 7.0, 7: 14.0, 14: 1e6}
    for kind, days in (("invitation", 0), *(("reminder", days) for days in REMINDERS), ("thanks", 28)):
        moment = launched + timedelta(days=days)
        with clock.running_on(lambda now=moment: now):
            (wave,) = plan_waves(director, study_id, [WavePlan(kind, moment)])
            begin_wave(wave.id)
            _answer(wave.id, moment, people[:BOUNCED] if kind == "invitation" else ())
        if kind == "invitation":
            _stop(people[BOUNCED:], moment + timedelta(minutes=1))
        if days in ends:
            respond(days, ends[days])
    with clock.running_on(lambda: launched + timedelta(days=29)):
        turn_waves()  # ends the waves that are through


def begin_story(director: Actor, study_id: int, launched: datetime, silent: Sequence[str]) -> None:
    """Give an open study an invitation that went out, and reminders that are planned."""
    with clock.running_on(lambda: launched):
        reminders = [WavePlan("reminder", launched + timedelta(days=days)) for days in (*REMINDERS, 21)]
        invitation, *_ = plan_waves(director, study_id, [WavePlan("invitation", launched), *reminders])
        begin_wave(invitation.id)
        _answer(invitation.id, launched, _people(study_id, silent[-3:]))
        turn_waves()


def _people(study_id: int, codes: Sequence[str]) -> list[int]:
    found = select(Person.id).where(Person.study_id == study_id, Person.code.in_(codes)).order_by(Person.id)
    return list(db.session.scalars(found))


def _answer(wave_id: int, moment: datetime, gone: Sequence[int]) -> None:
    """Give every message of a wave its final state."""
    with transaction():
        planned = select(OutboxMessage).where(OutboxMessage.wave_id == wave_id, OutboxMessage.state == "planned")
        rows = [(m.id, m.person_id in gone, m.person_id) for m in db.session.scalars(planned)]
        db.session.execute(
            insert(Attempt),
            [{"message_id": m, "at": moment, **(_REFUSED if no else _ACCEPTED)} for m, no, _ in rows],
        )
        for no, state, reason in ((False, "accepted", ""), (True, "failed", GONE)):
            ids = [message for message, was_gone, _ in rows if was_gone is no]
            ended = {
                "state": state,
                "reason": reason,
                "tries": 1,
                "ended_at": moment,
                "sent_at": None if no else moment,
            }
            db.session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(**ended))
        bounced = [PersonEvent(person_id=person, kind="bounced", at=moment) for _, was_gone, person in rows if was_gone]
        db.session.add_all(bounced)
        db.session.get_one(Wave, wave_id).note = TAKEN


def _stop(people: Sequence[int], moment: datetime) -> None:
    with clock.running_on(lambda: moment):
        for person in people:
            opt_out(row_token("stop", person))
