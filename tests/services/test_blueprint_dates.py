"""Dates of a blueprint, the reminder of the next study, and versions compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from jta import clock
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.services import blueprint as service
from jta.services import blueprint_approval as approval
from jta.services.blueprint_compare import compare
from jta.services.blueprint_dates import Dates, set_dates
from jta.services.results import analyze_dataset
from jta.services.review import freeze_dataset
from jta.services.study_currency import currency_of
from tests.services.closed_study import make_closed_study

DATES = Dates(date(2027, 1, 1), "Last exam on the old outline: December 2026.", date(2031, 1, 1))


@pytest.fixture
def proposed(app_context):
    study, actors = make_closed_study()
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    service.propose(actors["director"], study.id, run.id)
    return study, actors


def set_to(study, actors, dates, *, reason="Board vote", version=None):
    now = service.get_blueprint(study.id, 1)
    return set_dates(
        actors["director"], study.id, 1, seen_version=version or now.version, dates=dates, reason=reason
    )  # fmt: skip


def approve(study, actors):
    approval.submit(actors["director"], study.id, 1)
    seen = service.content_hash(service.get_blueprint(study.id, 1))
    approval.decide(actors["approver"], study.id, 1, decision="approved", seen_hash=seen)


def test_effective_date_and_note_stand_in_the_ledger_and_void_an_approval(proposed):
    study, actors = proposed
    approve(study, actors)
    set_to(study, actors, DATES)
    blueprint = service.get_blueprint(study.id, 1)
    assert (blueprint.state, approval.standing_approval(blueprint)) == ("draft", None)
    assert [(a.field, a.before, a.after) for a in blueprint.adjustments] == [
        ("effective date", "none", "2027-01-01"),
        ("transition note", "none", DATES.transition_note),
    ]
    with pytest.raises(StateError):
        approval.publish(actors["director"], study.id, 1)


def test_the_next_study_moves_without_a_reason_even_once_published(proposed):
    study, actors = proposed
    set_to(study, actors, DATES)
    approve(study, actors)
    approval.publish(actors["director"], study.id, 1)
    before = service.content_hash(service.get_blueprint(study.id, 1))
    set_to(study, actors, replace(DATES, next_study_on=date(2030, 6, 1)), reason="")
    blueprint = service.get_blueprint(study.id, 1)
    assert blueprint.next_study_on == date(2030, 6, 1)
    assert service.content_hash(blueprint) == before
    with pytest.raises(StateError, match="keeps its effective date"):
        set_to(study, actors, replace(DATES, effective_on=None))


@pytest.mark.parametrize(
    ("dates", "reason", "field"),
    [
        (DATES, "  ", "reason"),
        (replace(DATES, next_study_on=date(2027, 1, 1)), "Board vote", "next_study_on"),
    ],
)
def test_dates_that_cannot_be_are_refused_beside_their_field(proposed, dates, reason, field):
    study, actors = proposed
    with pytest.raises(InvalidInputError) as refused:
        set_to(study, actors, dates, reason=reason)
    assert refused.value.field == field
    assert service.get_blueprint(study.id, 1).effective_on is None


def test_two_directors_at_once_see_both_texts(proposed):
    study, actors = proposed
    stale = service.get_blueprint(study.id, 1).version
    set_to(study, actors, DATES)
    with pytest.raises(EditConflictError) as conflict:
        set_to(study, actors, Dates(date(2028, 2, 2), "", None), version=stale)
    assert "2027-01-01" in conflict.value.theirs
    assert "2028-02-02" in conflict.value.yours


@pytest.mark.parametrize(("days", "state"), [(None, "unset"), (-1, "due"), (0, "due"), (365, "soon"), (366, "later")])
def test_a_published_blueprint_reminds_of_the_next_study(proposed, days, state):
    study, actors = proposed
    assert currency_of([study.id]) == {}
    approve(study, actors)
    blueprint = approval.publish(actors["director"], study.id, 1)
    study.time_zone = "UTC"
    blueprint.next_study_on = None if days is None else clock.now().date() + timedelta(days=days)
    db.session.commit()
    found = currency_of([study.id])[study.id]
    assert (found.number, found.state, found.reminds) == (1, state, state != "later")


def test_versions_are_compared_in_weights_items_limits_and_wording(proposed):
    study, actors = proposed
    run_id = service.get_blueprint(study.id, 1).run_id
    service.propose(actors["director"], study.id, run_id)
    old, new = (service.get_blueprint(study.id, number) for number in (1, 2))
    assert compare(old, new).same
    old, new = (service.get_blueprint(study.id, number) for number in (1, 2))
    new.rows[0].title, new.rows[0].items, new.items = "Another title", new.rows[0].items + 2, new.items + 2
    del new.rows[-1]
    found = compare(old, new)
    assert (found.rows[0].reworded, found.rows[0].items, found.same) == (True, 2, False)
    assert found.rows[-1].new is None
    assert found.facts == (("Exam length (scored items)", str(old.items), str(old.items + 2)),)


def test_versions_compare_the_task_statements_that_were_rated(proposed):
    from analysis.parquet import from_parquet, to_parquet
    from jta.models.results import AnalysisRun
    from jta.models.review import Dataset

    study, actors = proposed
    run = service.get_blueprint(study.id, 1).run
    data = from_parquet(run.dataset.content)
    first = data.tasks["task_id"][0]
    words = data.tasks.assign(task_text=["Another wording of it.", *data.tasks["task_text"][1:]])
    held = {c.name: getattr(run.dataset, c.name) for c in Dataset.__table__.columns if c.name not in {"id", "number"}}
    held |= {"content": to_parquet(replace(data, tasks=words)), "file_hash": "another"}
    db.session.add(other := Dataset(number=2, **held))
    db.session.flush()
    again = {c.name: getattr(run, c.name) for c in AnalysisRun.__table__.columns if c.name not in {"id", "dataset_id"}}
    db.session.add(later := AnalysisRun(dataset_id=other.id, **again))
    db.session.commit()
    service.propose(actors["director"], study.id, later.id)
    found = compare(service.get_blueprint(study.id, 1), service.get_blueprint(study.id, 2))
    assert [(t.code, t.old, t.new) for t in found.tasks] == [
        (first, data.tasks["task_text"][0], "Another wording of it.")
    ]
    assert not found.same


def test_a_returned_blueprint_cannot_be_submitted_unchanged(proposed):
    study, actors = proposed
    approval.submit(actors["director"], study.id, 1)
    seen = service.content_hash(service.get_blueprint(study.id, 1))
    approval.decide(actors["approver"], study.id, 1, decision="returned", seen_hash=seen, reason="Too few items")
    with pytest.raises(StateError, match="nothing was changed since"):
        approval.submit(actors["director"], study.id, 1)
    set_to(study, actors, DATES)
    assert approval.submit(actors["director"], study.id, 1).state == "submitted"
