"""The analysis plan, its form, and the strata."""

from __future__ import annotations

from dataclasses import replace

import pytest
from werkzeug.datastructures import MultiDict

from analysis.plan import AnalysisPlan, plan_options
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.forms.study_plan import (
    build_plan_form,
    cut_numbers,
    form_values,
    lines_for,
    typed_plan,
    words_of,
)
from jta.models.delivery import Person
from jta.services import study_plan as service
from jta.services.plan_words import OPTIONS, option_of
from jta.services.study_strata import (
    StratumRow,
    list_strata,
    people_by_stratum,
    save_strata,
    suggested_strata,
)
from jta.services.study_trail import recent_events
from tests.services.study_builders import launch, make_study

RICH = AnalysisPlan.from_json(
    {
        "importance_scale": "importance", "frequency_scale": "frequency", "non_performers": "missing",
        "index": "mean_of_products", "within": "mean", "retention_combine": "any", "review_tasks": "drop",
        "retention": [
            {"measure": "mean", "cut": 3.5, "review": 3.0, "scale": None, "anchor": None},
            {"measure": "at_or_above", "cut": 0.67, "scale": "importance", "anchor": 3.0, "each": "role"},
        ],
        "items": 150, "extra_totals": [75, 200], "minimum_items": 4, "domain_minimum": {"1": 10, "D:2": 5},
        "domain_maximum": {"1": 60}, "bootstrap_resamples": 500, "seed": 2**62, "confidence": 0.9,
        "apportionment": "sainte_lague", "weights_from": "blend", "panel_weights": {"1": 100 / 3, "2": 50},
        "survey_share": 0.7,
        "cognitive_levels": {"recall": 0.2, "apply": 0.8}, "subgroup_variables": ["role", "region"],
        "subgroup_minimum": 12, "bootstrap_strata": "role",
        "raking": "off", "raking_minimum": 25, "trim_low": 0.2, "trim_high": 5,
        "screen_completion": 0.6, "screen_seconds": 1.5,
        "screen_run": 0.7, "screen_sd": 0.1, "screen_person_total": -0.1, "conditional_rasch": "off",
        "precision_wanted": 0.005,
    }
)  # fmt: skip


@pytest.fixture
def quick(sqlite_app):
    """An app context on SQLite only, for what does not depend on the database."""
    with sqlite_app.app_context():
        yield sqlite_app


def _typed(app, texts):
    form_class = build_plan_form({"importance": "Importance", "frequency": "Frequency"}, groups={"role": "Role"})
    with app.test_request_context(method="POST"):
        return typed_plan(form_class(MultiDict(texts), meta={"csrf": False}))


@pytest.mark.parametrize("plan", [AnalysisPlan(), RICH], ids=["default", "every option set"])
def test_the_form_gives_back_the_plan_it_shows(sqlite_app, plan):
    typed = _typed(sqlite_app, form_values(plan.to_dict()))
    assert AnalysisPlan.from_json(typed) == plan


def test_every_option_of_the_plan_has_a_field_with_words_of_its_own():
    names = {described["name"] for described in plan_options(every=True)}
    assert names == set(OPTIONS)
    assert all(OPTIONS[name].about for name in names - {"retention"})


def test_an_option_that_the_page_does_not_know_is_typed_as_json(sqlite_app, monkeypatch):
    monkeypatch.delitem(OPTIONS, "domain_minimum")
    assert option_of("domain_minimum").kind == "json"
    values = form_values(RICH.to_dict())
    assert values["domain_minimum"] == '{"1": 10, "D:2": 5}'
    assert AnalysisPlan.from_json(_typed(sqlite_app, values)) == RICH


def test_a_plan_is_read_in_words():
    plan, titles = RICH.to_dict(), {"importance": "Importance"}
    assert words_of("retention", plan["retention"], titles) == (
        "Mean rating at least 3.5, review from 3; Share of answers at or above an anchor 3 (Importance) at least 0.67, "
        "also in each group of role"
    )
    assert words_of("retention", [], titles) == "No condition: every task is retained"
    assert words_of("importance_scale", "importance", titles) == "Importance"
    assert words_of("bootstrap_strata", "stratum", titles) == "Stratum of the frame"
    assert words_of("bootstrap_strata", None, titles) == "Forms only"
    assert words_of("index", None, titles) == "Worked out from the scales of the study"
    assert words_of("domain_minimum", plan["domain_minimum"], titles) == "1: 10, D:2: 5"


def test_a_longer_retention_rule_gets_more_lines(sqlite_app):
    cuts = [{"measure": "mean", "cut": n / 2} for n in range(6)]
    plan = AnalysisPlan.from_json({"retention": cuts}).to_dict()
    form_class = build_plan_form({}, lines_for(plan))
    with sqlite_app.test_request_context(method="POST"):
        form = form_class(MultiDict(form_values(plan)), meta={"csrf": False})
        assert cut_numbers(form) == [1, 2, 3, 4, 5, 6, 7]
        assert len(typed_plan(form)["retention"]) == 6


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("items", "many", "whole number"), ("items", "-5", "whole number"), ("extra_totals", "10, x", "commas"),
        ("confidence", "much", "between 0 and 1"), ("domain_minimum", "1 = 5", "colon"),
        ("domain_minimum", "1: 5\n1: 6", "once"), ("domain_minimum", "1: ٣", "colon"),
        ("cut1_cut", "3", "what is compared"), ("cut1_measure", "mean", "Enter the cut"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_beside_its_field(sqlite_app, name, text, said):
    with pytest.raises(InvalidInputError, match=said) as caught:
        _typed(sqlite_app, {**form_values(AnalysisPlan().to_dict()), name: text})
    assert caught.value.field in {name, "cut1_measure", "cut1_cut"}


def test_a_cut_that_is_no_number_is_refused(sqlite_app):
    texts = {**form_values(AnalysisPlan().to_dict()), "cut1_measure": "mean", "cut1_cut": "three"}
    with pytest.raises(InvalidInputError, match=r"as in 3\.5"):
        _typed(sqlite_app, texts)


def test_before_launch_the_plan_changes_freely_and_the_exam_length_with_it(app_context):
    study, dora = make_study()
    service.save_plan(dora, study.id, {"items": 90, "within": "mean"}, version=study.version)
    assert (study.exam_items, study.plan["within"]) == (90, "mean")
    assert service.plan_of(study)["index"] is None
    event = recent_events(study.id, 1)[0]
    assert (event.action, event.note) == ("saved analysis plan", "within: sum to mean; items: 120 to 90")


def test_saving_the_same_plan_writes_nothing(quick):
    study, dora = make_study()
    version = study.version
    service.save_plan(dora, study.id, service.plan_of(study), version=0)
    assert study.version == version


def test_a_departure_needs_a_reason_and_stays_on_record(app_context):
    study, dora = make_study()
    launch(study)
    with pytest.raises(InvalidInputError, match="Say why") as caught:
        service.save_plan(dora, study.id, {"within": "mean"}, version=study.version)
    assert caught.value.field == "reason"
    service.save_plan(dora, study.id, {"within": "mean"}, version=study.version, reason="Domains differ in size")
    (departure,) = service.list_departures(study.id)
    assert departure.note == "within: sum to mean. Reason: Domains differ in size"
    assert service.departures_open(study)


def test_the_plan_of_an_approved_blueprint_is_fixed(quick):
    study, dora = make_study()
    study.stage = "approved"
    db.session.commit()
    with pytest.raises(StateError, match="approved"):
        service.save_plan(dora, study.id, {"within": "mean"}, version=study.version, reason="Late")


def test_an_older_page_does_not_overwrite_the_plan(app_context):
    study, dora = make_study()
    seen = study.version
    service.save_plan(dora, study.id, {"within": "mean"}, version=seen)
    with pytest.raises(EditConflictError) as caught:
        service.save_plan(dora, study.id, {"within": "sum", "items": 80}, version=seen)
    assert "within: mean" in caught.value.theirs
    assert "items: 80" in caught.value.yours


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"items": 0}, "items"), ({"items": 2001}, "items"), ({"confidence": 1.0}, "confidence"),
        ({"importance_scale": "difficulty"}, "importance_scale"), ({"seed": -1}, "seed"),
    ],
)  # fmt: skip
def test_an_impossible_option_is_named(quick, values, field):
    study, dora = make_study()
    with pytest.raises(InvalidInputError) as caught:
        service.save_plan(dora, study.id, values, version=study.version)
    assert caught.value.field == field


def test_scales_are_offered_by_title(quick):
    study, _ = make_study()
    assert service.scale_titles(study.id) == {"frequency": "Frequency", "importance": "Importance"}


ROWS = [StratumRow("small", "Small districts", 900, 60), StratumRow("large", "Large districts", 100, 20)]


def test_strata_are_saved_changed_and_removed(app_context):
    study, dora = make_study()
    small, large = save_strata(dora, study.id, ROWS, version=study.version)
    assert [(s.code, s.frame_count, s.target, s.position) for s in (small, large)] == [
        ("small", 900, 60, 1), ("large", 100, 20, 2),
    ]  # fmt: skip
    swapped = [
        StratumRow("small", "Tiny", 100, 20, large.id), StratumRow("large", "Big", 900, None, small.id),
    ]  # fmt: skip
    save_strata(dora, study.id, swapped, version=study.version)
    assert [(s.id, s.code) for s in list_strata(study.id)] == [(large.id, "small"), (small.id, "large")]
    save_strata(dora, study.id, swapped[:1], version=study.version)
    assert [s.label for s in list_strata(study.id)] == ["Tiny"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([replace(ROWS[0], label="")], "code and a name"),
        ([ROWS[0], replace(ROWS[1], code="SMALL")], "Two strata"),
        ([replace(ROWS[0], frame_count=-1, target=None)], "negative"),
        ([replace(ROWS[0], target=901)], "larger than the stratum"),
    ],
)
def test_impossible_strata_are_refused(quick, bad, said):
    study, dora = make_study()
    with pytest.raises(InvalidInputError, match=said):
        save_strata(dora, study.id, bad, version=study.version)


def test_a_stratum_with_people_is_not_removed(app_context):
    from jta import clock

    study, dora = make_study()
    small, _ = save_strata(dora, study.id, ROWS, version=study.version)
    person = Person(study_id=study.id, stratum_id=small.id, code="p1", name="Pat", added_at=clock.now())
    db.session.add(person)
    db.session.commit()
    assert people_by_stratum(study.id) == {small.id: 1}
    with pytest.raises(InvalidInputError, match="small cannot be removed"):
        save_strata(dora, study.id, ROWS[1:], version=study.version)
    assert len(list_strata(study.id)) == 2


def test_after_launch_only_names_and_numbers_of_strata_change(app_context):
    study, dora = make_study()
    stored = save_strata(dora, study.id, ROWS, version=study.version)
    launch(study)
    kept = [StratumRow(s.code, f"{s.label}, corrected", 500, 50, s.id) for s in stored]
    save_strata(dora, study.id, kept, version=study.version)
    assert [s.frame_count for s in list_strata(study.id)] == [500, 500]
    for bad in (kept[:1], [*kept, StratumRow("new", "New")], [replace(kept[0], code="other"), kept[1]]):
        with pytest.raises(StateError, match="keep their codes"):
            save_strata(dora, study.id, bad, version=study.version)


def test_strata_of_an_older_page_are_refused(app_context):
    study, dora = make_study()
    with pytest.raises(EditConflictError) as caught:
        save_strata(dora, study.id, ROWS, version=study.version - 1)
    assert "small: Small districts, 900 people, 60 aimed at" in caught.value.yours


def test_the_answers_of_the_stratum_question_can_start_the_strata(quick):
    study, _ = make_study()
    assert [row.code for row in suggested_strata(study.id)][:2] == ["under_1000", "1000_2499"]


@pytest.mark.parametrize(
    ("limits", "field", "words"),
    [
        ({"domain_minimum": {"9": 3}}, "domain_minimum", "no content domain 9. It has 1, 2"),
        ({"domain_maximum": {"1.1": 3}}, "domain_maximum", "no content domain 1.1"),
        ({"minimum_items": 61}, "minimum_items", "come to 122; the exam has only 120"),
        ({"domain_minimum": {"1": 100}, "minimum_items": 30}, "domain_minimum", "come to 130"),
        ({"domain_maximum": {"1": 50, "2": 60}}, "domain_maximum", "come to 110; the exam has 120"),
        ({"domain_minimum": {"1": 50}, "domain_maximum": {"1": 40}}, "domain_maximum", "Domain 1 cannot have 50"),
    ],
)
def test_limits_that_no_exam_can_meet_are_refused_at_once(app_context, limits, field, words):
    study, dora = _study_of_two_domains()
    with pytest.raises(InvalidInputError, match=words) as caught:
        service.save_plan(dora, study.id, limits, version=study.version)
    assert caught.value.field == field


def test_limits_that_can_be_met_are_saved(app_context):
    study, dora = _study_of_two_domains()
    limits = {"minimum_items": 60, "domain_maximum": {"1": 60}}
    service.save_plan(dora, study.id, limits, version=study.version)
    assert service.plan_of(study)["domain_maximum"] == {"1": 60}


def _study_of_two_domains():
    from jta.models.inventory import Domain

    study, dora = make_study()
    first = Domain(study_id=study.id, code="1", title="One", position=1)
    db.session.add_all([first, Domain(study_id=study.id, code="2", title="Two", position=2)])
    db.session.flush()
    db.session.add(Domain(study_id=study.id, code="1.1", title="Below", position=3, parent_id=first.id))
    db.session.commit()
    return study, dora


def test_every_plan_is_kept_and_any_two_can_be_compared(app_context):
    from jta.services.study_plan_versions import list_plans, pick_two

    study, dora = make_study()
    assert [p.key for p in list_plans(study)] == ["v1", "defaults"]
    service.save_plan(dora, study.id, {"confidence": 0.9}, version=study.version)
    launch(study)
    reason = "The panel asked for a shorter exam."
    service.save_plan(dora, study.id, {"items": 90}, version=study.version, reason=reason)
    plans = list_plans(study)
    assert [p.key for p in plans] == ["v3", "v2", "v1", "defaults"]
    assert plans[0].title == "Departure, version 3"
    assert plans[0].reason == reason
    first, second = pick_two(plans, "", "nonsense")
    assert (first.key, second.key) == ("v2", "v3")
    changes = service.compare_plans(first.plan, second.plan)
    assert [(c.name, c.before, c.after) for c in changes] == [("items", "120", "90")]
