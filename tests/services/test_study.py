"""Creating and describing studies; stages; what comes next; the audit trail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event, select

from jta import audit
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.account import Membership
from jta.models.study import STAGES
from jta.models.survey import Question, RatingScale
from jta.services import study as service
from jta.services.inventory import live_tasks
from jta.services.study_counts import StudyCounts, count_all, count_study
from jta.services.study_progress import missing_before_launch, next_step, stage_track
from jta.services.study_stage import (
    USED,
    change_stage,
    lock_study,
    move_stage,
    reach_stage,
    require_unlocked,
)
from jta.services.study_trail import PAGE, load_trail, recent_events
from tests.factories import make_user
from tests.services.study_builders import DETAILS, actor_of, launch, make_study


@pytest.fixture
def quick(sqlite_app):
    """An app context on SQLite only, for what does not depend on the database."""
    with sqlite_app.app_context():
        yield sqlite_app


def test_a_new_study_has_two_scales_with_frequency_first(app_context):
    study, _ = make_study()
    found = select(RatingScale).where(RatingScale.study_id == study.id).order_by(RatingScale.position)
    frequency, importance = db.session.scalars(found)
    assert [(a.code, a.value, a.not_performed) for a in frequency.anchors] == [
        ("0", None, True), ("1", 1, False), ("2", 2, False), ("3", 3, False), ("4", 4, False), ("5", 5, False),
    ]  # fmt: skip
    assert frequency.anchors[0].label == "I do not perform this task"
    assert (frequency.kind, importance.kind) == ("frequency", "importance")
    assert [a.value for a in importance.anchors] == [1, 2, 3, 4, 5]


def test_a_new_study_has_questions_consent_and_the_default_plan(app_context):
    study, _ = make_study()
    found = select(Question).where(Question.study_id == study.id).order_by(Question.position)
    questions = db.session.scalars(found).all()
    assert [q.code for q in questions] == ["role", "enrolment", "locale", "region", "years", "certified"]
    assert [q.code for q in questions if q.is_stratum] == ["enrolment"]
    assert "withdraw" in study.consent_text
    assert (study.plan["items"], study.plan["index"], study.stage) == (120, None, "design")
    assert study.plan_saved_at is not None


def test_a_study_of_the_framework_starts_with_its_100_tasks_and_says_so(app_context):
    study, _ = make_study(service.FRAMEWORK)
    tasks = live_tasks(study.id)
    assert (len(tasks), study.stage) == (100, "inventory")
    assert tasks[0].code == "1.1.1"
    assert [v.reason for v in tasks[0].versions] == ["Example of the K-12 CTO framework"]
    assert "imulated example" in study.notice


def test_a_director_becomes_director_of_the_next_study(app_context):
    _, dora = make_study()
    user = service.db.session.get(service.User, dora.user_id)
    second = service.create_study(dora, user, replace(DETAILS, title="Second"))
    roles = db.session.scalars(select(Membership).where(Membership.study_id == second.id)).all()
    assert [(m.user_id, m.role) for m in roles] == [(dora.user_id, "director")]
    assert [s.title for s, _ in service.list_studies(user)] == ["Second", DETAILS.title]


def test_nobody_else_creates_a_study(quick):
    make_study()
    paul = make_user("paul@example.org", "Paul")
    with pytest.raises(NotFoundError):
        service.create_study(actor_of(paul), paul, DETAILS)


@pytest.mark.parametrize(
    ("address", "said"), [("nobody@example.org", "No active account"), ("ada@example.org", "Name somebody else")]
)
def test_an_administrator_names_another_account_as_director(quick, address, said):
    ada = make_user("ada@example.org", "Ada", administrator=True)
    with pytest.raises(InvalidInputError, match=said) as caught:
        service.create_study(actor_of(ada, "administrator"), ada, DETAILS, director_email=address)
    assert caught.value.field == "director_email"
    assert service.count_studies() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"), ({"title": "x" * 201}, "title"), ({"purpose": "x" * 4001}, "purpose"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"), ({"exam_items": 0}, "exam_items"),
        ({"exam_items": 2001}, "exam_items"),
    ],
)  # fmt: skip
def test_impossible_details_are_refused_by_name(changes, field):
    with pytest.raises(InvalidInputError) as caught:
        service.check_details(replace(DETAILS, **changes))
    assert caught.value.field == field


def test_editing_keeps_the_exam_length_of_the_plan_in_step(app_context):
    study, dora = make_study()
    service.edit_study(dora, study.id, replace(DETAILS, exam_items=150, notice="Pilot"), version=study.version)
    assert (study.exam_items, study.plan["items"], study.notice) == (150, 150, "Pilot")
    assert recent_events(study.id, 1)[0].note == "exam_items, notice"


def test_saving_the_same_description_changes_nothing(quick):
    study, dora = make_study()
    before = study.version
    service.edit_study(dora, study.id, service.details_of(study), version=before)
    assert study.version == before
    assert recent_events(study.id, 1)[0].action == "granted role"


def test_an_edit_of_an_older_version_shows_both_texts(app_context):
    study, dora = make_study()
    seen = study.version
    service.edit_study(dora, study.id, replace(DETAILS, title="Theirs"), version=seen)
    with pytest.raises(EditConflictError) as caught:
        service.edit_study(dora, study.id, replace(DETAILS, title="Mine"), version=seen)
    assert "title: Theirs" in caught.value.theirs
    assert "title: Mine" in caught.value.yours
    assert service.get_study(study.id).title == "Theirs"


def test_after_launch_the_exam_length_is_a_matter_of_the_plan(app_context):
    study, dora = make_study()
    launch(study)
    with pytest.raises(InvalidInputError, match="Leave 120 here") as caught:
        service.edit_study(dora, study.id, replace(DETAILS, exam_items=99), version=study.version)
    assert caught.value.field == "exam_items"
    service.edit_study(dora, study.id, replace(DETAILS, contact="help@example.org"), version=study.version)
    assert study.contact == "help@example.org"


def test_going_back_needs_a_reason_and_both_steps_stay_on_record(app_context):
    study, dora = make_study()
    change_stage(dora, study.id, to="inventory")
    with pytest.raises(InvalidInputError, match="Say why") as caught:
        change_stage(dora, study.id, to="design")
    assert caught.value.field == "reason"
    change_stage(dora, study.id, to="design", reason="Another role")
    steps = [(c.from_stage, c.to_stage, c.reason, c.by_name) for c in service.get_study(study.id).stage_changes]
    assert steps == [
        ("design", "inventory", "", "Dora Director"),
        ("inventory", "design", "Another role", "Dora Director"),
    ]


def test_a_step_to_the_same_stage_writes_nothing(quick):
    study, dora = make_study()
    with transaction():
        locked = lock_study(study.id)
        assert not move_stage(locked, "design", dora)
        assert reach_stage(locked, "inventory", dora)
        assert not reach_stage(locked, "design", dora)
    assert (len(study.stage_changes), study.stage) == (1, "inventory")


def test_stages_after_launch_are_not_chosen_by_hand(app_context):
    study, dora = make_study()
    for to in ("fielding", "approved", "panel review"):
        with pytest.raises(StateError):
            change_stage(dora, study.id, to=to)
    with transaction(), pytest.raises(StateError, match="no stage called"):
        move_stage(lock_study(study.id), "nirvana", dora)
    launch(study)
    with pytest.raises(StateError, match="locked when the survey was launched"):
        change_stage(dora, study.id, to="design", reason="Too late")
    with pytest.raises(StateError):
        require_unlocked(study)


def test_what_does_not_exist_is_not_found(app_context):
    with pytest.raises(NotFoundError):
        service.get_study(999)
    with transaction(), pytest.raises(NotFoundError):
        lock_study(999)


COUNTS = StudyCounts(tasks=100, strata=5, people=200, links=200, started=90, submitted=80, approvers=1)


@pytest.mark.parametrize(
    ("stage", "counts", "endpoint", "who"),
    [
        ("design", StudyCounts(), "inventory.upload", "director"),
        ("inventory", StudyCounts(), "inventory.upload", "director"),
        ("design", COUNTS, "study.change_stage", "director"),
        ("inventory", COUNTS, "study.change_stage", "director"),
        ("survey", replace(COUNTS, people=0), "delivery.upload", "director"),
        ("survey", COUNTS, "survey.launch", "director"),
        ("fielding", replace(COUNTS, people=0, links=0), "delivery.upload", "director"),
        ("fielding", replace(COUNTS, links=199), "delivery.links", "director"),
        ("fielding", replace(COUNTS, links=199, by_mail=True), "sending.index", "director"),
        ("fielding", COUNTS, "delivery.monitor", "director"),
        ("pilot", COUNTS, "builder.pilot", "director"),
        ("closed", COUNTS, "review.freeze", "director or psychometrician"),
        ("closed", replace(COUNTS, started=0, submitted=0), "survey.reopen", "director"),
        ("closed", replace(COUNTS, dataset=1), "results.analyze", "director or psychometrician"),
        ("data review", replace(COUNTS, dataset=2), "results.analyze", "director or psychometrician"),
        ("data review", replace(COUNTS, dataset=2, run=7), "results.show", "director"),
        ("analysis", replace(COUNTS, dataset=2, run=7), "results.show", "director"),
        ("blueprint", replace(COUNTS, dataset=2, run=7), "results.show", "director"),
        ("blueprint", replace(COUNTS, blueprint=1, blueprint_state="draft"), "blueprint.show", "director"),
        ("blueprint", replace(COUNTS, blueprint=1, approvers=0), "study.members", "director"),
        ("blueprint", replace(COUNTS, blueprint=1, blueprint_state="submitted"), "blueprint.decide", "approver"),
        ("blueprint", replace(COUNTS, blueprint=1, blueprint_state="returned"), "blueprint.show", "director"),
        ("approved", replace(COUNTS, blueprint=1, blueprint_state="approved"), "blueprint.show", "director"),
        ("published", COUNTS, "report.documents", "director"),
    ],
)
def test_each_stage_has_one_next_step_for_one_role(stage, counts, endpoint, who):
    step = next_step(service.Study(stage=stage), counts)
    assert (step.endpoint, step.who) == (endpoint, who)
    assert step.title
    assert step.text.endswith(".")
    assert step.post == (endpoint in {"study.change_stage", "results.analyze"})


def test_a_returned_blueprint_is_revised_not_finished():
    returned = replace(COUNTS, blueprint=3, blueprint_state="returned")
    assert next_step(service.Study(stage="blueprint"), returned).title == "Revise blueprint 3"


def test_what_is_missing_is_listed_until_it_is_there():
    assert len(missing_before_launch(StudyCounts())) == 4
    assert missing_before_launch(COUNTS) == ()
    assert "some have none" in missing_before_launch(replace(COUNTS, empty_areas=2))[0]


def test_the_track_shows_what_is_done_and_what_is_to_come():
    track = stage_track("fielding")
    assert [stage.state for stage in track] == ["done"] * 3 + ["current"] + ["todo"] * 6
    assert [stage.label for stage in track][3] == "Fielding"
    assert set(USED) <= set(STAGES)


def test_counts_take_as_many_queries_for_many_studies_as_for_one(app_context):
    first, _ = make_study(service.FRAMEWORK)
    second, _ = make_study(email="erna@example.org")
    ids = [first.id, second.id]
    assert _queries(lambda: count_all(ids)) == _queries(lambda: count_all(ids[:1]))
    counts = count_all(ids)
    assert (counts[ids[0]].tasks, counts[ids[1]].tasks) == (100, 0)
    assert count_study(ids[1]) == StudyCounts()


def _queries(act) -> int:
    seen = []

    def note(*args) -> None:
        seen.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    act()
    event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_the_trail_is_paged_newest_first_and_checked(app_context):
    study, dora = make_study()
    with transaction():
        for n in range(PAGE):
            audit.record(dora, "did", f"thing {n}", study_id=study.id)
    chain = audit.study_chain(study.id)
    trail = load_trail(chain)
    assert (trail.total, trail.pages, trail.faults, len(trail.events)) == (PAGE + 2, 2, [], PAGE)
    assert trail.events[0].object == f"thing {PAGE - 1}"
    assert [e.action for e in load_trail(chain, page=99).events] == ["granted role", "created study"]
    assert load_trail(chain, page=-5).page == 1


def test_a_long_chain_is_checked_only_when_asked(quick, monkeypatch):
    monkeypatch.setattr("jta.services.study_trail.CHECKED_UNASKED", 1)
    study, _ = make_study()
    chain = audit.study_chain(study.id)
    assert load_trail(chain).faults is None
    assert load_trail(chain, check=True).faults == []
    assert (load_trail("study 999").total, load_trail("study 999").faults) == (0, [])


def test_a_changed_act_shows(quick):
    study, _ = make_study()
    db.session.execute(db.text("UPDATE audit_head SET hash = 'x' WHERE chain = :c"), {"c": f"study {study.id}"})
    db.session.commit()
    assert "changed or cut" in load_trail(audit.study_chain(study.id)).faults[0].reason
