"""Changing the inventory by hand, reading it, and the history of wordings."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.inventory import Domain, Task
from jta.services import inventory as service
from jta.services import inventory_areas as areas
from jta.services import inventory_tasks as acts
from jta.services.inventory_merge import load_stored, merge_inventory
from jta.services.study_trail import recent_events
from tests.services.study_builders import launch, make_study, row

ROWS = [
    row("1.1.1", "Plan the budget.", "1", "1.1"),
    row("1.1.2", "Chair the committee.", "1", "1.1"),
    row("1.2.1", "Write the policy.", "1", "1.2"),
    row("2.1", "Train the teachers.", "2"),
]


@pytest.fixture
def quick(sqlite_app):
    """An app context on SQLite only, for what does not depend on the database."""
    with sqlite_app.app_context():
        yield sqlite_app


def _filled(rows=ROWS):
    study, dora = make_study()
    with transaction():
        merge_inventory(study, rows, dora, reason="First list")
    return study, dora


def _codes(study) -> list[str]:
    return [task.code for task in service.live_tasks(study.id)]


def _task(study, code: str) -> Task:
    return next(task for task in load_stored(study.id).tasks if task.code == code)


def _area(study, code: str) -> Domain:
    return next(area for area in load_stored(study.id).areas if area.code == code)


def _words(task: Task, statement: str, **changes) -> acts.TaskWords:
    return acts.TaskWords(**{"statement": statement, "source": task.source, "area_id": task.domain_id, **changes})


def test_the_tree_holds_tasks_in_order_of_domain_subdomain_task(app_context):
    study, _ = _filled()
    inventory = service.load_inventory(study.id)
    assert [(d.area.code, d.n_tasks, [b.area.code for b in d.branches]) for d in inventory.domains] == [
        ("1", 3, ["1.1", "1.2"]), ("2", 1, []),
    ]  # fmt: skip
    assert (inventory.n_tasks, inventory.n_subdomains, inventory.empty_areas) == (4, 2, [])
    assert _codes(study) == ["1.1.1", "1.1.2", "1.2.1", "2.1"]


def test_a_domains_own_tasks_come_before_those_of_its_subdomains(quick):
    study, dora = _filled()
    acts.add_task(dora, study.id, code="1.0", words=acts.TaskWords("Lead.", "", _area(study, "1").id))
    assert _codes(study) == ["1.0", "1.1.1", "1.1.2", "1.2.1", "2.1"]


def test_a_search_finds_all_words_in_task_source_or_area(quick):
    study, _ = _filled()
    found = service.load_inventory(study.id, "POLICY write")
    assert [(d.area.code, [b.area.code for b in d.branches]) for d in found.domains] == [("1", ["1.2"])]
    assert (found.n_shown, found.n_tasks) == (1, 4)
    assert service.load_inventory(study.id, "sub 1.1").n_shown == 2
    assert service.load_inventory(study.id, "100%_\x00'").n_shown == 0


def test_the_inventory_takes_two_queries_whatever_its_size(app_context):
    study, _ = _filled()
    study_id, seen = study.id, []

    def note(*args) -> None:
        seen.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    service.load_inventory(study_id)
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) == 2


def test_a_task_is_added_to_a_new_subdomain_of_a_domain(app_context):
    study, dora = _filled()
    new = acts.NewArea("2.9", "Ethics", _area(study, "2").id)
    task = acts.add_task(dora, study.id, code="2.9.1", words=acts.TaskWords("Model ethics."), new_area=new)
    assert (task.domain.code, task.domain.parent.code) == ("2.9", "2")
    assert [(v.number, v.reason) for v in task.versions] == [(1, "Added")]


def test_the_first_task_moves_the_study_to_the_inventory_stage(app_context):
    study, dora = make_study()
    acts.add_task(dora, study.id, code="1", words=acts.TaskWords("Plan."), new_area=acts.NewArea("D", "Lead"))
    assert study.stage == "inventory"
    assert recent_events(study.id, 1)[0].object == "task 1"


@pytest.mark.parametrize(
    ("code", "area", "new", "field"),
    [
        ("1.1.1", "1.1", None, "code"),
        ("9", None, None, "area"),
        ("9", None, ("1.1", "Twice", None), "new_code"),
        ("9", None, ("1.1.9", "Too deep", "1.1"), "new_parent"),
    ],
)
def test_a_task_that_does_not_fit_is_refused_beside_its_field(quick, code, area, new, field):
    study, dora = _filled()
    words = acts.TaskWords("Do it.", "", _area(study, area).id if area else None)
    made = acts.NewArea(new[0], new[1], _area(study, new[2]).id if new[2] else None) if new else None
    with pytest.raises(InvalidInputError) as caught:
        acts.add_task(dora, study.id, code=code, words=words, new_area=made)
    assert caught.value.field == field
    assert len(_codes(study)) == 4


def test_codes_that_differ_only_in_case_are_the_same_code(quick):
    study, dora = _filled([row("T1a", "Plan.")])
    with pytest.raises(InvalidInputError, match="in use"):
        acts.add_task(dora, study.id, code="t1A", words=acts.TaskWords("Again.", "", _area(study, "1").id))


def test_a_new_wording_keeps_the_former_one_with_its_reason(app_context):
    study, dora = _filled()
    task = _task(study, "1.1.1")
    acts.edit_task(dora, study.id, task.id, _words(task, "Plan a budget."), version=task.version, reason="Shorter")
    newest, first = service.wording_history(_task(study, "1.1.1"))
    assert (first.version.statement, first.version.reason, first.pieces) == ("Plan the budget.", "First list", ())
    assert (newest.version.statement, newest.version.reason) == ("Plan a budget.", "Shorter")
    assert [(p.kind, p.text) for p in newest.pieces if p.kind != "same"] == [("gone", "the"), ("new", "a")]


def test_moving_to_another_area_is_no_new_wording(quick):
    study, dora = _filled()
    task = _task(study, "1.1.1")
    place = _words(task, task.statement, area_id=_area(study, "2").id, source="Panel")
    acts.edit_task(dora, study.id, task.id, place, version=task.version)
    assert (task.domain.code, task.source, len(task.versions)) == ("2", "Panel", 1)


def test_saving_the_same_words_writes_nothing(quick):
    study, dora = _filled()
    task = _task(study, "1.1.1")
    acts.edit_task(dora, study.id, task.id, _words(task, task.statement), version=0)
    assert (task.version, len(task.versions)) == (1, 1)


def test_an_edit_of_an_older_version_keeps_both_wordings(app_context):
    study, dora = _filled()
    task = _task(study, "1.1.1")
    acts.edit_task(dora, study.id, task.id, _words(task, "Theirs."), version=1)
    with pytest.raises(EditConflictError) as caught:
        acts.edit_task(dora, study.id, task.id, _words(task, "Mine."), version=1)
    assert (caught.value.theirs, caught.value.yours) == ("Theirs.", "Mine.")


def test_a_retired_task_leaves_the_survey_and_comes_back_to_its_place(app_context):
    study, dora = _filled()
    task = _task(study, "1.1.2")
    with pytest.raises(InvalidInputError, match="Say why"):
        acts.retire_task(dora, study.id, task.id, reason=" ")
    acts.retire_task(dora, study.id, task.id, reason="Covered by 1.1.1")
    acts.retire_task(dora, study.id, task.id, reason="Twice")
    assert (_codes(study), task.retired_reason) == (["1.1.1", "1.2.1", "2.1"], "Covered by 1.1.1")
    assert [t.code for t in service.load_inventory(study.id).retired] == ["1.1.2"]
    acts.restore_task(dora, study.id, task.id)
    acts.restore_task(dora, study.id, task.id)
    assert (_codes(study)[1], task.retired_reason) == ("1.1.2", "")
    assert [e.action for e in recent_events(study.id, 2)] == ["restored task", "retired task"]


def test_tasks_move_within_their_area_and_stop_at_its_ends(app_context):
    study, dora = _filled()
    task = _task(study, "1.1.2")
    acts.move_task(dora, study.id, task.id, up=True)
    assert _codes(study) == ["1.1.2", "1.1.1", "1.2.1", "2.1"]
    acts.move_task(dora, study.id, task.id, up=True)
    assert _codes(study)[0] == "1.1.2"
    acts.move_task(dora, study.id, task.id, up=False)
    acts.move_task(dora, study.id, task.id, up=False)
    assert _codes(study) == ["1.1.1", "1.1.2", "1.2.1", "2.1"]


def test_a_retired_task_does_not_move(quick):
    study, dora = _filled()
    task = _task(study, "1.1.2")
    acts.retire_task(dora, study.id, task.id, reason="Gone")
    acts.move_task(dora, study.id, task.id, up=True)
    assert recent_events(study.id, 1)[0].action == "retired task"


def test_domains_move_among_domains_and_subdomains_within_theirs(app_context):
    study, dora = _filled()
    areas.move_area(dora, study.id, _area(study, "2").id, up=True)
    areas.move_area(dora, study.id, _area(study, "1.2").id, up=True)
    areas.move_area(dora, study.id, _area(study, "1.2").id, up=True)
    assert _codes(study) == ["2.1", "1.2.1", "1.1.1", "1.1.2"]


def test_a_domain_is_renamed_once_for_each_version_seen(app_context):
    study, dora = _filled()
    area = _area(study, "1")
    areas.edit_area(dora, study.id, area.id, title="Leadership", version=area.version)
    areas.edit_area(dora, study.id, area.id, title="Leadership", version=1)
    with pytest.raises(EditConflictError) as caught:
        areas.edit_area(dora, study.id, area.id, title="Vision", version=1)
    assert (caught.value.theirs, caught.value.yours) == ("Leadership", "Vision")
    assert recent_events(study.id, 1)[0].note == "Domain 1 to Leadership"


def test_only_an_empty_area_is_deleted(app_context):
    study, dora = _filled()
    acts.retire_task(dora, study.id, _task(study, "1.2.1").id, reason="Gone")
    for code in ("1", "1.2"):
        with pytest.raises(StateError, match="Retired ones count"):
            areas.delete_area(dora, study.id, _area(study, code).id)
    task = _task(study, "2.1")
    move = _words(task, task.statement, area_id=_area(study, "1.1").id)
    acts.edit_task(dora, study.id, task.id, move, version=task.version)
    assert [a.code for a in service.load_inventory(study.id).empty_areas] == ["1.2", "2"]
    areas.delete_area(dora, study.id, _area(study, "2").id)
    assert [a.code for a in load_stored(study.id).areas] == ["1", "1.1", "1.2"]


def test_after_launch_nothing_in_the_inventory_changes(app_context):
    study, dora = _filled()
    task, area = _task(study, "1.1.1"), _area(study, "1")
    launch(study)
    words = _words(task, "Other.")
    for act in (
        lambda: acts.add_task(dora, study.id, code="9", words=words),
        lambda: acts.edit_task(dora, study.id, task.id, words, version=task.version),
        lambda: acts.retire_task(dora, study.id, task.id, reason="Late"),
        lambda: acts.restore_task(dora, study.id, task.id),
        lambda: acts.move_task(dora, study.id, task.id, up=False),
        lambda: areas.edit_area(dora, study.id, area.id, title="Other", version=1),
        lambda: areas.move_area(dora, study.id, area.id, up=False),
        lambda: areas.delete_area(dora, study.id, area.id),
    ):
        with pytest.raises(StateError, match="locked when the survey was launched"):
            act()
    assert recent_events(study.id, 1)[0].action == "granted role"


def test_another_studys_tasks_and_areas_are_not_found(app_context):
    study, _ = _filled()
    other, erna = make_study(email="erna@example.org")
    task, area = _task(study, "1.1.1"), _area(study, "1")
    for find in (
        lambda: service.get_task(other.id, task.id),
        lambda: service.get_area(other.id, area.id),
        lambda: acts.retire_task(erna, other.id, task.id, reason="Not mine"),
        lambda: acts.add_task(erna, other.id, code="9", words=acts.TaskWords("Do.", "", area.id)),
    ):
        with pytest.raises(NotFoundError):
            find()
    assert db.session.scalars(select(Task).where(Task.study_id == other.id)).all() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "Plan."), ("Plan.", ""), ("Plan the budget", "Plan  the\tbudget!"), ("a b c", "c b a"), ("ab", "ab")],
)
def test_a_word_diff_holds_both_texts_whole(before, after):
    pieces = service.word_diff(before, after)
    assert "".join(p.text for p in pieces if p.kind != "new") == before
    assert "".join(p.text for p in pieces if p.kind != "gone") == after
