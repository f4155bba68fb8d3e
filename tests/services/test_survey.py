"""Building the survey: words of scales, consent, what launch needs, launch, close, reopen."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from analysis.plan import AnalysisPlan
from jta import audit, clock
from jta.audit import Actor
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.inventory import Task
from jta.models.review import Dataset
from jta.models.study import StageChange, Study
from jta.models.survey import Instrument
from jta.services import survey, survey_launch
from jta.services.survey import ScaleText, get_scale, points, words_of
from tests.services.study_factory import make_study

DORA = Actor("Dora Director", "director", 1)


def planned(**changes):
    """An unlaunched study with a saved plan."""
    made = make_study(**{"launched": False, **changes})
    study_of(made).plan = AnalysisPlan().to_dict()
    db.session.commit()
    return made


def study_of(made) -> Study:
    return db.session.get_one(Study, made.study_id)


def acts(made) -> list[str]:
    return [event.action for event in audit.list_events(audit.study_chain(made.study_id))]


def new_words(made, **changes) -> ScaleText:
    words = words_of(get_scale(made.study_id, made.importance_id))
    return ScaleText(**{"title": words.title, "prompt": words.prompt, "labels": words.labels, **changes})


def test_words_of_a_scale_change_and_numbers_stay(app_context):
    made = planned()
    labels = dict(new_words(made).labels) | {made.importance[0]: "No importance at all"}
    survey.edit_scale(
        DORA, made.study_id, made.importance_id, new_words(made, title="Weight", labels=labels), version=1
    )
    db.session.expire_all()
    scale = get_scale(made.study_id, made.importance_id)
    assert (scale.title, scale.anchors[0].label, scale.version) == ("Weight", "No importance at all", 2)
    assert [(a.code, a.value) for a in scale.anchors] == [(str(n), float(n)) for n in range(1, 6)]
    assert acts(made) == ["edited rating scale"]


def test_a_change_of_one_anchor_alone_raises_the_version(app_context):
    made = planned()
    labels = dict(new_words(made).labels) | {made.importance[0]: "None"}
    survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made, labels=labels), version=1)
    db.session.expire_all()
    assert get_scale(made.study_id, made.importance_id).version == 2


def test_saving_without_a_change_leaves_no_trace(app_context):
    made = planned()
    survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made), version=77)
    assert acts(made) == []


def test_two_writers_do_not_overwrite_each_other(app_context):
    made = planned()
    survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made, title="First"), version=1)
    with pytest.raises(EditConflictError) as conflict:
        survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made, title="Second"), version=1)
    assert "title: First" in conflict.value.theirs
    assert "title: Second" in conflict.value.yours
    assert get_scale(made.study_id, made.importance_id).title == "First"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 61}, "title"),
        ({"prompt": ""}, "prompt"),
        ({"one_more": "not IMPORTANT"}, "one_more"),
    ],
)
def test_words_that_a_scale_cannot_have_are_refused(app_context, changes, field):
    made = planned()
    with pytest.raises(InvalidInputError) as refusal:
        survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made, **changes), version=1)
    assert refusal.value.field == field


def test_an_anchor_without_words_or_with_those_of_another_is_refused(app_context):
    made = planned()
    for text in ("", "Not important"):
        labels = dict(new_words(made).labels) | {made.importance[2]: text}
        with pytest.raises(InvalidInputError) as refusal:
            survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made, labels=labels), version=1)
        assert refusal.value.field == f"anchor_{made.importance[2]}"


def test_an_anchor_is_added_above_the_highest_and_taken_away_again(app_context):
    made = planned()
    for number in (6, 7):
        words = words_of(get_scale(made.study_id, made.frequency_id))
        more = ScaleText(words.title, words.prompt, words.labels, f"{number} times a day")
        survey.edit_scale(DORA, made.study_id, made.frequency_id, more, version=number - 5)
    scale = get_scale(made.study_id, made.frequency_id)
    assert [(a.code, a.value) for a in scale.anchors] == [("0", None)] + [(str(n), float(n)) for n in range(1, 8)]
    survey.remove_point(DORA, made.study_id, made.frequency_id, version=scale.version)
    db.session.expire_all()
    scale = get_scale(made.study_id, made.frequency_id)
    assert [a.code for a in scale.anchors] == [str(n) for n in range(7)]
    with pytest.raises(EditConflictError):
        survey.remove_point(DORA, made.study_id, made.frequency_id, version=scale.version - 1)


def test_two_points_and_not_performed_always_stay(app_context):
    made = planned()
    while len(points(scale := get_scale(made.study_id, made.frequency_id))) > 2:
        survey.remove_point(DORA, made.study_id, made.frequency_id, version=scale.version)
    with pytest.raises(StateError):
        survey.remove_point(DORA, made.study_id, made.frequency_id, version=scale.version)
    assert [a.code for a in scale.anchors] == ["0", "1", "2"]


def test_a_scale_has_eleven_points_at_most(app_context):
    made = planned()
    for number in range(6, 12):
        words = words_of(get_scale(made.study_id, made.importance_id))
        more = ScaleText(words.title, words.prompt, words.labels, f"Point {number}")
        survey.edit_scale(DORA, made.study_id, made.importance_id, more, version=number - 5)
    with pytest.raises(InvalidInputError, match="at most 11"):
        survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made, one_more="Twelve"), version=7)


def test_a_scale_of_another_study_looks_like_none(app_context):
    made, other = planned(), planned()
    with pytest.raises(NotFoundError):
        get_scale(made.study_id, other.importance_id)


def test_the_consent_text_changes(app_context):
    made = planned()
    version = study_of(made).version
    survey.save_consent(DORA, made.study_id, text="New\r\ntext ", version=version)
    assert study_of(made).consent_text == "New\ntext"
    with pytest.raises(EditConflictError) as conflict:
        survey.save_consent(DORA, made.study_id, text="Other", version=version)
    assert (conflict.value.theirs, conflict.value.yours) == ("New\ntext", "Other")
    with pytest.raises(InvalidInputError):
        survey.save_consent(DORA, made.study_id, text="x" * 10_001, version=version + 1)
    assert acts(made) == ["edited consent text"]


def test_launch_freezes_the_survey_and_locks_what_it_shows(app_context):
    made = planned()
    seen = survey_launch.load_checklist(study_of(made)).content_hash
    instrument = survey_launch.launch(DORA, made.study_id, seen_hash=seen)
    assert (instrument.number, instrument.content_hash, instrument.closed_at) == (1, seen, None)
    assert study_of(made).stage == "fielding"
    with pytest.raises(StateError, match="locked"):
        survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made, title="Late"), version=1)
    with pytest.raises(StateError, match="locked"):
        survey.save_consent(DORA, made.study_id, text="Late", version=study_of(made).version)
    with pytest.raises(StateError):
        survey.remove_point(DORA, made.study_id, made.importance_id, version=1)
    with pytest.raises(StateError, match="already"):
        survey_launch.launch(DORA, made.study_id)
    assert db.session.scalar(select(func.count(Instrument.id))) == 1
    assert acts(made) == ["launched survey"]
    frozen = audit.list_events(audit.study_chain(made.study_id))[0]
    assert frozen.after_hash == instrument.content_hash


def test_a_later_change_of_the_study_does_not_reach_the_instrument(app_context):
    made = planned()
    instrument = survey_launch.launch(DORA, made.study_id)
    db.session.get_one(Task, made.tasks[0]).statement = "Something else"
    db.session.commit()
    db.session.expire_all()
    assert instrument.content["pages"][0]["tasks"][0]["statement"].startswith("Plan the work")


def test_launch_waits_for_what_is_missing(app_context):
    made = planned(n_tasks=0, n_people=0)
    study = study_of(made)
    study.consent_text, study.plan, study.contact = " ", None, ""
    db.session.commit()
    checklist = survey_launch.load_checklist(study)
    assert [c.label for c in checklist.missing] == ["Task statements", "Analysis plan saved", "Consent text"]
    assert [c.label for c in checklist.warnings] == ["People on the roster", "Contact shown to respondents"]
    with pytest.raises(StateError, match="task statements, analysis plan saved, consent text"):
        survey_launch.launch(DORA, made.study_id)
    assert study_of(made).stage == "survey"
    assert acts(made) == []


def test_launch_without_people_is_allowed(app_context):
    made = planned(n_people=0)
    assert survey_launch.launch(DORA, made.study_id).number == 1


def test_launch_is_refused_when_the_survey_changed_since_it_was_looked_at(app_context):
    made = planned()
    seen = survey_launch.load_checklist(study_of(made)).content_hash
    survey.edit_scale(DORA, made.study_id, made.importance_id, new_words(made, title="Weight"), version=1)
    with pytest.raises(StateError, match="changed while you looked"):
        survey_launch.launch(DORA, made.study_id, seen_hash=seen)


def test_close_and_reopen_with_a_reason(app_context):
    made = planned()
    with pytest.raises(StateError):
        survey_launch.close(DORA, made.study_id)
    survey_launch.launch(DORA, made.study_id)
    with pytest.raises(StateError, match="Only a closed survey"):
        survey_launch.reopen(DORA, made.study_id, reason="Why not")
    closed = survey_launch.close(DORA, made.study_id)
    assert closed.closed_at is not None
    assert study_of(made).stage == "closed"
    with pytest.raises(StateError):
        survey_launch.close(DORA, made.study_id)
    with pytest.raises(InvalidInputError) as refusal:
        survey_launch.reopen(DORA, made.study_id, reason="  ")
    assert refusal.value.field == "reason"
    opened = survey_launch.reopen(DORA, made.study_id, reason="Rural districts are missing")
    assert (opened.closed_at, opened.id) == (None, closed.id)
    assert study_of(made).stage == "fielding"
    last = db.session.scalars(select(StageChange).order_by(StageChange.id.desc())).first()
    assert (last.from_stage, last.to_stage, last.reason) == ("closed", "fielding", "Rural districts are missing")
    assert acts(made) == ["launched survey", "closed survey", "reopened survey"]


def test_a_survey_with_a_frozen_data_set_stays_closed(app_context):
    made = planned()
    survey_launch.launch(DORA, made.study_id)
    survey_launch.close(DORA, made.study_id)
    db.session.add(
        Dataset(
            study_id=made.study_id, number=1, content=b"x", data_hash="d", file_hash="f", rule="all", counts={},
            frozen_by="Dora", frozen_at=clock.now(),
        )
    )  # fmt: skip
    db.session.commit()
    with pytest.raises(StateError, match="data set was frozen"):
        survey_launch.reopen(DORA, made.study_id, reason="More answers")
