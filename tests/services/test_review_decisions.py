"""Decisions of the data review: reasons, undo, history, conflicts, what freezing makes of them, their table."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.audit import AuditEvent
from jta.models.response import Rating, Response
from jta.models.review import ReviewDecision
from jta.services import review_decisions as service
from jta.services.review import freeze_dataset
from jta.services.review_inclusion import preview_inclusion
from tests.services.closed_study import make_closed_study

WHY = "All answers alike in four minutes"


@pytest.fixture
def made(app_context):
    """Id of a closed study of twelve, its psychometrician, and the random codes."""
    study, actors = make_closed_study(12)
    found = select(Response.code).where(Response.study_id == study.id).order_by(Response.code)
    return study.id, actors["psychometrician"], list(db.session.scalars(found))


def exclude(made, n=0, **changes):
    study_id, actor, codes = made
    values = {"choice": "exclude", "ground": "too_fast", "reason": WHY, "flags": ("too_fast", "longest_run")}
    return service.decide(actor, study_id, codes[n], **(values | changes))


def test_freezing_takes_the_decisions_and_counts_them_by_reason(made):
    study_id, actor, codes = made
    first = freeze_dataset(actor, study_id)
    assert not any("review" in name for name in first.counts)
    exclude(made, 0)
    exclude(made, 1, ground="ineligible")
    exclude(made, 2, choice="keep", ground="")
    last = exclude(made, 3, ground="ineligible")
    second = freeze_dataset(actor, study_id)
    assert second.counts["included"] == first.counts["included"] - 3
    assert second.counts["left out in review, too fast"] == 1
    assert second.counts["left out in review, not in the role"] == 2
    assert second.rule.endswith("3 responses that the data review decided to exclude are left out.")
    included = {c.code for c in preview_inclusion(study_id, 0.5).included}
    assert included.isdisjoint({codes[0], codes[1], codes[3]})
    assert codes[2] in included
    total = sum(n for name, n in second.counts.items() if name == "included" or name.startswith("left out"))
    assert total == 12
    service.undo(actor, study_id, codes[3], reason="The person wrote that it is right", seen=last.id)
    third = freeze_dataset(actor, study_id)
    assert third.counts["left out in review, not in the role"] == 1
    assert len({first.data_hash, second.data_hash, third.data_hash}) == 3


def test_a_decision_is_undone_or_replaced_and_never_lost(made):
    study_id, actor, codes = made
    first = exclude(made)
    second = exclude(made, choice="keep", ground="too_fast", reason="A fast reader", seen=first.id)
    service.undo(actor, study_id, codes[0], reason="Look again", seen=second.id)
    history = service.list_history(first.response_id)
    assert [(d.choice, d.ground, d.reason, d.undo_reason) for d in history] == [
        ("keep", "", "A fast reader", "Look again"),
        ("exclude", "too_fast", WHY, "Replaced by a new decision."),
    ]
    assert history[1].flags == ["longest_run", "too_fast"]
    assert service.load_decisions(study_id) == {}
    with pytest.raises(StateError, match="no decision"):
        service.undo(actor, study_id, codes[0], reason="Again", seen=0)


def test_each_act_is_in_the_trail_without_the_response_or_the_reason(made):
    study_id, actor, codes = made
    decision = exclude(made)
    service.undo(actor, study_id, codes[0], reason="Look again", seen=decision.id)
    rows = [
        r for r in audit.list_events(audit.study_chain(study_id)) if "decision" in r.action or "decided" in r.action
    ]
    assert [(r.action, r.object) for r in rows] == [
        ("decided to exclude a response", f"review decision {decision.id}"),
        ("undid a decision on a response", f"review decision {decision.id}"),
    ]
    assert rows[0].after_hash == rows[1].before_hash != rows[1].after_hash
    whole = " ".join(str(vars(r)) for r in rows)
    assert codes[0] not in whole
    assert WHY not in whole
    assert audit.verify()[1] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"choice": "maybe"}, "choice"),
        ({"ground": ""}, "ground"),
        ({"ground": "taste"}, "ground"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
    ],
)
def test_a_decision_needs_choice_ground_and_reason(sqlite_app, changes, field):
    values = {"choice": "exclude", "ground": "other", "reason": "Because"} | changes
    with sqlite_app.app_context(), pytest.raises(InvalidInputError) as refused:
        service.decide(audit.SYSTEM, 1, "AAAA", **values)
    assert refused.value.field == field


def test_the_second_of_two_reviewers_is_told_of_the_first(made):
    study_id, actor, codes = made
    first = exclude(made)
    with pytest.raises(EditConflictError) as conflict:
        exclude(made, choice="keep", reason="My view", seen=0)
    assert (conflict.value.theirs, conflict.value.yours) == (f"exclude: {WHY}", "My view")
    service.undo(actor, study_id, codes[0], reason="Look again", seen=first.id)
    with pytest.raises(EditConflictError):
        service.undo(actor, study_id, codes[0], reason="Look again", seen=first.id)
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.object.like("review decision%"))).all()
    assert len(events) == 2


def test_nothing_is_decided_at_other_stages_or_about_others(made):
    study_id, actor, codes = made
    with pytest.raises(NotFoundError):
        service.decide(actor, study_id, "NO-SUCH", choice="keep", reason="x")
    with pytest.raises(NotFoundError):
        service.decide(actor, study_id + 1, codes[0], choice="keep", reason="x")
    with transaction():
        response = db.session.scalars(select(Response).where(Response.code == codes[1])).one()
        response.withdrawn_at = clock.now()
    with pytest.raises(NotFoundError):
        exclude(made, 1)
    for stage, words in (("fielding", "Close the survey"), ("approved", "blueprint is approved")):
        with transaction():
            service.lock_study(study_id).stage = stage
        with pytest.raises(StateError, match=words):
            exclude(made)


def test_a_decision_about_answers_that_changed_since_does_not_count(made):
    study_id, _, _ = made
    decision = exclude(made)
    assert preview_inclusion(study_id, 0.5).n_excluded == 1
    with transaction():
        rating = db.session.scalars(select(Rating).where(Rating.response_id == decision.response_id)).first()
        rating.saved_at = decision.at + timedelta(seconds=1)
    assert service.load_decisions(study_id) == {}
    assert preview_inclusion(study_id, 0.5).n_excluded == 0
    assert service.standing_decision(decision.response_id) == decision
    again = exclude(made, seen=decision.id, reason="Still so")
    assert [d.id for d in service.list_history(decision.response_id)] == [again.id, decision.id]


def test_the_database_lets_one_decision_stand(made):
    decision = exclude(made)
    for changes in ({}, {"choice": "drop"}, {"choice": "keep"}, {"undone_at": clock.now()}):
        values = {
            "study_id": decision.study_id, "response_id": decision.response_id, "choice": "exclude",
            "ground": "other", "flags": [], "reason": "x", "by_name": "x", "at": clock.now(),
        }  # fmt: skip
        with pytest.raises(IntegrityError), transaction():
            db.session.add(ReviewDecision(**(values | changes)))


def test_the_migration_goes_down_and_up_and_leaves_what_was_there(made, app):
    from flask_migrate import check, downgrade, upgrade

    study_id, actor, _ = made
    frozen = freeze_dataset(actor, study_id).data_hash
    db.session.remove()
    downgrade(revision="0001")
    assert "review_decision" not in inspect(db.engine).get_table_names()
    upgrade()
    check()
    assert service.load_decisions(study_id) == {}
    assert freeze_dataset(actor, study_id).data_hash == frozen
