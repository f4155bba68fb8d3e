"""A study whose survey is closed, with simulated responses stored: where data sets begin."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from jta import clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.models.account import Membership
from jta.models.delivery import Person
from jta.models.study import Stratum, Study
from jta.models.survey import Instrument
from tests.factories import make_user

LAUNCHED = datetime(2026, 9, 7, 13, 0, tzinfo=UTC)


@cache
def _simulated():
    from jta.demo.simulate import simulate

    return simulate()


def make_closed_study(n: int = 60, prefix: str = "") -> tuple[Study, dict[str, Actor]]:
    """Return a closed study with the responses of the first n simulated people, and its staff as actors.

    A second study in the same database needs a prefix for its staff's addresses.
    """
    from jta.demo.responses import store_responses
    from jta.services.study import FRAMEWORK, StudyDetails, create_study

    users = {
        "admin": make_user(f"{prefix}ada@example.org", "Ada Admin", administrator=True),
        "director": make_user(f"{prefix}dora@example.org", "Dora Director"),
        "approver": make_user(f"{prefix}arno@example.org", "Arno Approver"),
        "psychometrician": make_user(f"{prefix}pia@example.org", "Pia Psychometrician"),
    }
    actors = {role: Actor(user.name, role, user.id) for role, user in users.items()}
    study = create_study(
        actors["admin"], users["admin"], StudyDetails("CTO study", notice="Simulated data."),
        start=FRAMEWORK, director_email=f"{prefix}dora@example.org",
    )  # fmt: skip
    with transaction():
        for role in ("approver", "psychometrician"):
            db.session.add(Membership(user_id=users[role].id, study_id=study.id, role=role, granted_at=clock.now()))
    responses = _simulated().responses[:n]
    _invite(study, [r.person_code for r in responses])
    _freeze_instrument(study)
    chosen = {r.person_code for r in responses}
    store_responses(study.id, responses, [r for r in _simulated().ratings if r.person_code in chosen], LAUNCHED)
    with transaction():
        study.stage = "closed"
        # What takes long and is proved elsewhere is left out: these tests are about what follows an analysis.
        study.plan = {**(study.plan or {}), "conditional_rasch": "off", "bootstrap_resamples": 200}
    return study, actors


def _invite(study: Study, codes: list[str]) -> None:
    roster = {p.person_code: p for p in _simulated().roster}
    with transaction():
        names = sorted({roster[code].stratum for code in codes})
        strata = {
            name: Stratum(study_id=study.id, code=name, label=name, frame_count=100 + n, position=n)
            for n, name in enumerate(names)
        }
        db.session.add_all(strata.values())
        db.session.flush()
        for code in codes:
            person = roster[code]
            db.session.add(
                Person(
                    study_id=study.id,
                    stratum_id=strata[person.stratum].id,
                    code=code,
                    name=person.name,
                    email=person.email,
                    organization=person.organization,
                    added_at=LAUNCHED,
                )
            )


def _freeze_instrument(study: Study) -> None:
    from jta.services.instrument import build_content, content_hash

    with transaction():
        content = build_content(study)
        db.session.add(
            Instrument(
                study_id=study.id,
                number=1,
                content=content,
                content_hash=content_hash(content),
                launched_at=LAUNCHED,
                closed_at=LAUNCHED,
            )
        )
