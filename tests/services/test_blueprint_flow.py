"""From a closed survey to a published blueprint, on both databases."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jta import audit
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.services import blueprint as service
from jta.services import blueprint_approval as approval
from jta.services.blueprint_changes import RowInput, shown_percent
from jta.services.results import analyze_dataset, read_table
from jta.services.results_overview import overview
from jta.services.results_tables import Tables
from jta.services.results_task_lines import tasks_page
from jta.services.review import freeze_dataset, get_dataset, preview_inclusion
from tests.services.closed_study import make_closed_study


@pytest.fixture
def proposed(app_context):
    study, actors = make_closed_study()
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    blueprint = service.propose(actors["director"], study.id, run.id)
    return study, actors, blueprint


def inputs(blueprint, **weights):
    return [
        RowInput(r.code, Decimal(weights.get("w" + r.code, shown_percent(r.weight))), r.minimum, r.maximum, r.rationale)
        for r in blueprint.rows
    ]


def adjust(study, actor, blueprint, *, reason="Panel vote 9 of 11", items=None, version=None, **weights):
    return service.adjust(
        actor, study.id, blueprint.number, seen_version=version or blueprint.version,
        rows=inputs(blueprint, **weights), items=items or blueprint.items, reason=reason, share_rest=True,
    )  # fmt: skip


def test_freezing_twice_gives_the_same_bytes_and_hash(app_context):
    study, actors = make_closed_study(20)
    one, two = (freeze_dataset(actors["psychometrician"], study.id) for _ in range(2))
    assert (one.number, two.number) == (1, 2)
    assert get_dataset(study.id, 1).content == get_dataset(study.id, 2).content
    assert one.data_hash == two.data_hash
    assert study.stage == "data review"


def test_the_rule_of_inclusion_counts_everybody_once(app_context):
    study, _ = make_closed_study(60)
    everybody, strict = preview_inclusion(study.id, 0.0), preview_inclusion(study.id, 1.0)
    for inclusion in (everybody, strict):
        assert len(inclusion.included) + inclusion.too_little + inclusion.withdrawn == 60
    assert len(strict.included) <= len(everybody.included)
    assert strict.submitted == everybody.submitted


def test_an_open_survey_cannot_be_frozen(app_context):
    study, actors = make_closed_study(12)
    study.stage = "fielding"
    db.session.commit()
    with pytest.raises(StateError, match="Close the survey first"):
        freeze_dataset(actors["psychometrician"], study.id)


def test_the_data_set_holds_no_name_and_equals_the_database(app_context):
    from analysis.parquet import from_parquet
    from jta.models.delivery import Person
    from jta.models.response import Rating

    study, actors = make_closed_study(20)
    dataset = freeze_dataset(actors["psychometrician"], study.id, minimum_share=0.0)
    data = from_parquet(dataset.content)
    stored = db.session.query(Rating).filter(Rating.anchor_id.is_not(None)).count()
    assert dataset.counts["ratings"] == stored
    text = dataset.content.decode("latin-1")
    for person in db.session.query(Person):
        assert person.name not in text
        assert person.email not in text
    assert set(data.respondents.columns) >= {"respondent_id", "role", "stratum"}


def test_running_the_analysis_again_gives_the_same_bytes(app_context):
    study, actors = make_closed_study(20)
    freeze_dataset(actors["psychometrician"], study.id)
    one, two = (analyze_dataset(actors["psychometrician"], study.id, 1) for _ in range(2))
    assert one.result_hash == two.result_hash
    assert study.stage == "analysis"


def test_the_proposal_is_the_analysis(proposed):
    _, _, blueprint = proposed
    table = read_table(blueprint.run, "blueprint").set_index("unit")
    for row in blueprint.rows:
        assert row.weight == row.empirical_weight == pytest.approx(table.loc[row.code, "weight"], rel=1e-15)
        assert row.items == table.loc[row.code, "items"]
    assert sum(r.items for r in blueprint.rows if r.level == "domain") == blueprint.items
    page = overview(Tables(blueprint.run))
    assert len(tasks_page(Tables(blueprint.run)).lines) == 100
    assert page.counts["tasks_retained"] == sum(r.n_tasks for r in blueprint.rows if r.level == "domain")


def test_each_change_is_in_the_ledger_with_its_reason(proposed):
    study, actors, blueprint = proposed
    changes = adjust(study, actors["director"], blueprint, w1="40", w2="30")
    blueprint = service.get_blueprint(study.id, 1)
    weights = {r.code: r.weight for r in blueprint.rows}
    assert (weights["1"], weights["2"], weights["3"]) == (0.4, 0.3, pytest.approx(0.3))
    assert len(blueprint.adjustments) == len(changes)
    assert {a.reason for a in blueprint.adjustments if a.code in {"1", "2"}} == {"Panel vote 9 of 11"}
    assert audit.verify()[1] == []


def test_a_change_needs_a_reason_and_loses_nothing(proposed):
    study, actors, blueprint = proposed
    before = [r.weight for r in blueprint.rows]
    with pytest.raises(InvalidInputError, match="Say why"):
        adjust(study, actors["director"], blueprint, reason=" ", w1="40")
    assert [r.weight for r in service.get_blueprint(study.id, 1).rows] == before


def test_two_directors_cannot_overwrite_each_other(proposed):
    study, actors, blueprint = proposed
    seen = blueprint.version
    adjust(study, actors["director"], blueprint, w1="40")
    blueprint = service.get_blueprint(study.id, 1)
    with pytest.raises(EditConflictError) as caught:
        adjust(study, actors["director"], blueprint, version=seen, w1="45", reason="My own view")
    assert "My own view" in caught.value.yours
    assert "Panel vote 9 of 11" in caught.value.theirs


def test_whoever_edits_cannot_approve_and_a_later_edit_voids_the_approval(proposed):
    study, actors, blueprint = proposed
    adjust(study, actors["director"], blueprint, w1="40")
    approval.submit(actors["director"], study.id, 1)
    seen = service.content_hash(service.get_blueprint(study.id, 1))
    with pytest.raises(StateError, match="Somebody else must decide"):
        approval.decide(actors["director"], study.id, 1, decision="approved", seen_hash=seen)
    with pytest.raises(EditConflictError, match="changed while you read it"):
        approval.decide(actors["approver"], study.id, 1, decision="approved", seen_hash="0" * 64)
    approval.decide(actors["approver"], study.id, 1, decision="approved", seen_hash=seen)
    blueprint = service.get_blueprint(study.id, 1)
    assert approval.standing_approval(blueprint).content_hash == seen
    assert study.stage == "approved"
    adjust(study, actors["director"], blueprint, w1="41", reason="Late correction")
    blueprint = service.get_blueprint(study.id, 1)
    assert approval.standing_approval(blueprint) is None
    assert (blueprint.state, study.stage) == ("draft", "blueprint")
    with pytest.raises(StateError, match="Only an approved blueprint"):
        approval.publish(actors["director"], study.id, 1)


def test_a_published_blueprint_is_locked(proposed):
    study, actors, blueprint = proposed
    approval.submit(actors["director"], study.id, 1)
    seen = service.content_hash(service.get_blueprint(study.id, 1))
    approval.decide(actors["approver"], study.id, 1, decision="approved", seen_hash=seen)
    approval.publish(actors["director"], study.id, 1)
    blueprint = service.get_blueprint(study.id, 1)
    assert study.stage == "published"
    with pytest.raises(StateError, match="can no longer be changed"):
        adjust(study, actors["director"], blueprint, w1="41")
    with pytest.raises(StateError, match="published"):
        service.propose(actors["director"], study.id, blueprint.run_id)


def test_returning_needs_a_reason(proposed):
    study, actors, _ = proposed
    approval.submit(actors["director"], study.id, 1)
    seen = service.content_hash(service.get_blueprint(study.id, 1))
    with pytest.raises(InvalidInputError, match="Say what should be changed"):
        approval.decide(actors["approver"], study.id, 1, decision="returned", seen_hash=seen)
    approval.decide(
        actors["approver"], study.id, 1, decision="returned", seen_hash=seen, reason="Data Management is too low"
    )
    assert service.get_blueprint(study.id, 1).state == "returned"


def test_the_workbook_says_what_the_page_says(proposed):
    import io

    import openpyxl

    from jta.services.report import write_workbook

    study, actors, blueprint = proposed
    adjust(study, actors["director"], blueprint, w1="40", w2="30")
    approval.submit(actors["director"], study.id, 1)
    seen = service.content_hash(service.get_blueprint(study.id, 1))
    approval.decide(actors["approver"], study.id, 1, decision="approved", seen_hash=seen)
    one, two = (write_workbook(actors["director"], study.id, 1) for _ in range(2))
    assert one.id == two.id
    book = openpyxl.load_workbook(io.BytesIO(one.content), data_only=True)
    blueprint = service.get_blueprint(study.id, 1)
    sheet = book["Blueprint"]
    rows = list(sheet.iter_rows(values_only=True))
    header = next(r for r in rows if "Items" in r and "Empirical weight" in r)
    shown = {r[header.index("Domain code")]: r for r in rows}
    for row in blueprint.rows:
        if row.level == "domain":
            assert shown[row.code][header.index("Items")] == row.items
            assert shown[row.code][header.index("Empirical weight")] == pytest.approx(row.empirical_weight, abs=1e-12)
