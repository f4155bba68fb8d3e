"""Pages of results of studies with next to nothing in them: no crash, no number that is none, and the reason shown."""

from __future__ import annotations

import re

import pytest

from jta import clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.models.account import Membership
from jta.models.response import Rating, Response
from jta.models.study import Study
from jta.models.survey import RatingScale
from tests.factories import make_user, signed_in_client
from tests.services.study_factory import launch, make_study
from tests.views.test_results_pages import PAGES

STAFF = {"director": "dora@example.org", "psychometrician": "pia@example.org"}
NONSENSE = re.compile(r"\b(nan|inf|None|undefined|Traceback)\b")


def _staff(study_id: int) -> Actor:
    users = {role: make_user(email, role.capitalize()) for role, email in STAFF.items()}
    with transaction():
        for role, user in users.items():
            db.session.add(Membership(user_id=user.id, study_id=study_id, role=role, granted_at=clock.now()))
    user = users["psychometrician"]
    return Actor(user.name, "psychometrician", user.id)


def _analyse(scales: set[str], n_people: int, performs: bool) -> str:
    """Analyse responses to two tasks of one domain on these scales; return the path of the run."""
    from jta.services import results, review

    made = make_study(2, n_people, launched=False, n_domains=1)
    study = db.session.get_one(Study, made.study_id)
    for scale in db.session.query(RatingScale).filter(RatingScale.code.not_in(scales)):
        db.session.delete(scale)
    instrument = launch(study)
    for n, person in enumerate(made.people, 1):
        response = Response(
            study_id=study.id, instrument_id=instrument.id, person_id=person, code=f"R{n}", receipt=f"Q{n}",
            consent_hash="", started_at=clock.now(), background_at=clock.now(), submitted_at=clock.now(),
        )  # fmt: skip
        db.session.add(response)
        db.session.flush()
        for task in made.tasks:
            anchors = {"frequency": (made.frequency_id, made.frequency[3 if performs else 0])}
            anchors |= {"importance": (made.importance_id, made.importance[3])} if performs else {}
            for code, (scale, anchor) in anchors.items():
                if code in scales:
                    db.session.add(
                        Rating(
                            response_id=response.id, task_id=task, scale_id=scale, anchor_id=anchor, version=1,
                            saved_at=clock.now(),
                        )
                    )  # fmt: skip
    study.stage = "closed"
    cuts = [{"measure": "mean", "cut": 3.0}] if "importance" in scales else []
    study.plan = {"bootstrap_resamples": 20, "retention": cuts}
    instrument.closed_at = clock.now()
    db.session.commit()
    actor = _staff(study.id)
    review.freeze_dataset(actor, study.id)
    results.analyze_dataset(actor, study.id, 1)
    db.session.remove()
    return f"/studies/{made.study_id}/results/1"


@pytest.mark.parametrize(
    ("scales", "n_people", "performs"),
    [
        ({"frequency", "importance"}, 12, False),
        ({"frequency"}, 3, False),
        ({"importance"}, 3, True),
    ],
    ids=["nobody performs", "one scale and nobody performs", "importance only, all alike"],
)
def test_every_page_of_next_to_nothing_says_why(sqlite_app, scales, n_people, performs):
    with sqlite_app.app_context():
        run = _analyse(scales, n_people, performs)
    for role, email in STAFF.items():
        client = signed_in_client(sqlite_app, email)
        is_told = role == "psychometrician" or n_people >= 10
        for page in PAGES:
            reply = client.get(run + page)
            text = re.sub(r"<script.*?</script>|<[^>]+>", " ", reply.text, flags=re.S)
            assert reply.status_code == (200 if is_told else 409), page
            assert not NONSENSE.search(text), (page, NONSENSE.search(text))
        if is_told and not performs:
            assert "There are no weights" in client.get(run).text
            assert 'class="notice-title"' in client.get(f"{run}/methods").text
