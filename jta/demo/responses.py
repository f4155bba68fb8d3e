"""Store simulated responses: the same rows that the survey writes, in bulk."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, insert, select

from jta import audit, clock
from jta.db import db, transaction
from jta.demo.content import RatingRow
from jta.demo.simulate import SimulatedResponse
from jta.models.delivery import Person
from jta.models.response import Answer, Rating, Response
from jta.models.survey import Instrument
from jta.services.content import questions_of
from jta.services.links import trail_name

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CHUNK = 5_000


def store_responses(
    study_id: int, responses: Sequence[SimulatedResponse], ratings: Iterable[RatingRow], launched_at: datetime
) -> int:
    """Write responses with their answers and ratings; return how many ratings.

    Every response is in the audit trail as started and, where it was, submitted, at its simulated time.
    """
    instrument = db.session.scalars(_instrument(study_id)).one()
    people = {p.code: p for p in db.session.scalars(select(Person).where(Person.study_id == study_id))}
    with transaction():
        stored = {r.person_code: _store(r, people[r.person_code], instrument, launched_at) for r in responses}
        db.session.flush()
        _store_answers(responses, stored, instrument.content)
        written = _store_ratings(ratings, stored, instrument.content)
        _record(responses, stored, launched_at)
    return written


def _instrument(study_id: int) -> Select[Instrument]:
    return select(Instrument).where(Instrument.study_id == study_id, Instrument.kind == "main")


def new_code() -> str:
    """Return a random code of a simulated response."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _store(given: SimulatedResponse, person: Person, instrument: Instrument, launched_at: datetime) -> Response:
    started = launched_at + timedelta(seconds=given.started)
    response = Response(
        study_id=person.study_id,
        instrument_id=instrument.id,
        person_id=person.id,
        stratum_id=person.stratum_id,
        code=new_code(),
        receipt=new_code(),
        consent_hash=instrument.content["consent"]["hash"],
        started_at=started,
        background_at=started + timedelta(seconds=40),
        submitted_at=None if given.submitted is None else launched_at + timedelta(seconds=given.submitted),
    )
    db.session.add(response)
    return response


def _store_answers(
    given: Sequence[SimulatedResponse], stored: Mapping[str, Response], content: Mapping[str, Any]
) -> None:
    choices = {(q["code"], c["code"]): (q["id"], c["id"]) for q in questions_of(content) for c in q["choices"]}
    rows = []
    for response in given:
        to = stored[response.person_code]
        for question, choice in response.background.items():
            question_id, choice_id = choices[question, choice]
            rows.append(
                {
                    "response_id": to.id,
                    "question_id": question_id,
                    "choice_id": choice_id,
                    "version": 1,
                    "saved_at": to.background_at,
                }
            )
    _insert(Answer, rows)


def _store_ratings(ratings: Iterable[RatingRow], stored: Mapping[str, Response], content: Mapping[str, Any]) -> int:
    tasks = {t["code"]: t["id"] for page in content["pages"] for t in page["tasks"]}
    anchors = {(s["code"], a["code"]): (s["id"], a["id"]) for s in content["scales"] for a in s["anchors"]}
    rows = []
    for rating in ratings:
        to = stored[rating.person_code]
        scale_id, anchor_id = anchors[rating.scale_code, rating.anchor_code]
        rows.append(
            {
                "response_id": to.id,
                "task_id": tasks[rating.task_code],
                "scale_id": scale_id,
                "anchor_id": anchor_id,
                "version": 1,
                "saved_at": to.submitted_at or to.background_at,
            }
        )
    _insert(Rating, rows)
    return len(rows)


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _CHUNK):
        db.session.execute(insert(model), rows[start : start + _CHUNK])


def _record(given: Sequence[SimulatedResponse], stored: Mapping[str, Response], launched_at: datetime) -> None:
    acts = [(r.started, stored[r.person_code], "started") for r in given]
    acts += [(r.submitted, stored[r.person_code], "submitted") for r in given if r.submitted is not None]
    actor = audit.Actor("respondent", "respondent")
    for second, response, act in sorted(acts, key=lambda item: item[0]):
        with clock.running_on(lambda at=launched_at + timedelta(seconds=second): at):
            audit.record(actor, act, f"response {trail_name(response.code)}", study_id=response.study_id)
