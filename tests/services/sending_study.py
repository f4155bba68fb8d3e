"""A study in the field with people to write to, and a postman that needs no worker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from jta import clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.models.delivery import OutboxMessage, Person
from jta.models.response import Response
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services.delivery import add_person
from jta.services.delivery_checks import PersonDetails
from jta.services.instrument import build_content
from jta.services.sending import Postman
from jta.services.waves import WavePlan, plan_waves
from tests.mail_server import MailServer
from tests.services.study_builders import launch, make_study

TUESDAY = datetime(2026, 9, 8, 15, 0, tzinfo=UTC)  # ten o'clock in Chicago
DAY = timedelta(days=1)


def make_field(emails: Iterable[str], *, launched: bool = True) -> tuple[Study, Actor]:
    """Return a study whose survey is open, with a person for each address."""
    study, dora = make_study(contact="Dora, dora@example.org")
    for number, email in enumerate(emails, start=1):
        add_person(dora, study.id, PersonDetails(f"Person {number}", email))
    if launched:
        launch(study)
        with transaction():
            db.session.scalars(select(Instrument)).one().content = build_content(study)
    return study, dora


def people(study_id: int) -> list[Person]:
    return list(db.session.scalars(select(Person).where(Person.study_id == study_id).order_by(Person.id)))


def respond(person: Person, *, submitted: bool = False) -> Response:
    """Let a person begin, or submit, without the survey's pages."""
    instrument = db.session.scalars(select(Instrument).where(Instrument.study_id == person.study_id)).one()
    with transaction():
        response = Response(
            study_id=person.study_id, instrument_id=instrument.id, person_id=person.id, code=f"C{person.id}",
            receipt=f"R{person.id}", consent_hash="0", started_at=min(TUESDAY, clock.now()),
            submitted_at=min(TUESDAY, clock.now()) if submitted else None,
        )  # fmt: skip
        db.session.add(response)
    return response


def send_wave(server: MailServer, study: Study, dora: Actor, kind: str, at: datetime, name: str = "w") -> None:
    """Plan a wave for a moment and send it then."""
    with clock.running_on(lambda: at):
        plan_waves(dora, study.id, [WavePlan(kind, at)])
        work(Postman(server.settings(), name))


def work(postman: Postman, turns: int = 50) -> None:
    """Let a postman work until it has nothing to do."""
    for _ in range(turns):
        if not postman.turn():
            return


def states(study_id: int) -> dict[str, str]:
    """Return the state of the newest message of each person, by address."""
    db.session.rollback()
    found = (
        select(Person.email, OutboxMessage.state)
        .join(OutboxMessage, OutboxMessage.person_id == Person.id)
        .where(Person.study_id == study_id)
        .order_by(OutboxMessage.id)
    )
    return {address or "": state for address, state in db.session.execute(found)}


def messages(study_id: int) -> list[OutboxMessage]:
    db.session.rollback()
    found = select(OutboxMessage).join(Person).where(Person.study_id == study_id).order_by(OutboxMessage.id)
    return list(db.session.scalars(found))
