"""The log of acts on the inventory, and undoing the last one; KSAs, areas, references, splitting and merging."""

from __future__ import annotations

import pytest

from jta import audit
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.inventory import Domain, Knowledge, Task
from jta.services import inventory as service
from jta.services import inventory_areas as areas
from jta.services import inventory_import as files
from jta.services import inventory_knowledge as knowledge
from jta.services import inventory_references as references
from jta.services import inventory_shape as shape
from jta.services import inventory_tasks as acts
from jta.services.inventory_compare import load_whole
from jta.services.inventory_log import last_change, list_changes, take_snapshot
from jta.services.inventory_merge import merge_inventory
from jta.services.inventory_undo import undo_last, why_not
from jta.services.study_trail import recent_events
from tests.services.study_builders import launch, make_study, row

ROWS = [
    row("1.1.1", "Plan the budget.", "1", "1.1"),
    row("1.1.2", "Chair the committee.", "1", "1.1"),
    row("1.2.1", "Write the policy.", "1", "1.2"),
    row("2.1", "Train the teachers.", "2"),
]


def _filled():
    study, dora = make_study()
    with transaction():
        merge_inventory(study, ROWS, dora, reason="First list")
    return study, dora


def _task(study, code: str) -> Task:
    return next(task for task in load_whole(study.id).tasks if task.code == code)


def _area(study, code: str) -> Domain:
    return next(area for area in load_whole(study.id).areas if area.code == code)


def _undo(dora, study):
    return undo_last(dora, study.id, last_change(study.id).id)


def _ksa(dora, study, code="K1", **words) -> Knowledge:
    return knowledge.add_knowledge(
        dora, study.id, code=code, words=knowledge.KnowledgeWords(**{"statement": "Contract law", **words})
    )


def _every_act(study, dora):
    """Yield each act on the inventory once, as something to call."""
    task, other = _task(study, "1.1.1"), _task(study, "1.1.2")
    one = _ksa(dora, study)
    reference = references.save_reference(dora, study.id, references.ReferenceWords("ISO", "A standard"))
    area = _area(study, "1.2")
    words = acts.TaskWords("Plan a budget.", "Panel", _area(study, "2").id, (reference.id,))
    yield lambda: acts.add_task(dora, study.id, code="9", words=words, new_area=areas.NewArea("9", "New"))
    yield lambda: acts.edit_task(dora, study.id, task.id, words, version=task.version)
    yield lambda: acts.retire_task(dora, study.id, task.id, reason="Gone")
    yield lambda: acts.move_task(dora, study.id, other.id, up=True)
    yield lambda: acts.place_tasks(dora, study.id, [other.id], area_id=_area(study, "2").id)
    yield lambda: areas.add_area(dora, study.id, areas.NewArea("8", "Values", runs_through=True))
    yield lambda: areas.edit_area(dora, study.id, area.id, title="Other", version=area.version)
    yield lambda: areas.move_area(dora, study.id, area.id, up=True)
    yield lambda: areas.place_area(dora, study.id, area.id, None)
    yield lambda: shape.split_task(
        dora, study.id, other.id, shape.SplitWords("Chair.", "Lead.", "1.1.9"), version=other.version
    )
    yield lambda: shape.merge_tasks(
        dora, study.id, task.id, other.id, "Plan and chair.", version=task.version, reason="Same"
    )
    yield lambda: _ksa(dora, study, "K2", kind="value", area_id=area.id)
    yield lambda: knowledge.edit_knowledge(
        dora, study.id, one.id, knowledge.KnowledgeWords("Law", "skill"), version=one.version
    )
    yield lambda: knowledge.retire_knowledge(dora, study.id, one.id, reason="Gone")
    preview = files.preview_import(
        dora, study.id, b"domain_code,task_code,task_statement\n1,1.1.1,Other\n1,5,New\n", "a.csv"
    )
    yield lambda: files.apply_import(
        dora, study.id, preview.token, files.Choices(frozenset(), frozenset({"2.1"}), "Old")
    )


def test_every_act_is_logged_and_undone_exactly(app_context):
    study, dora = _filled()
    count = 0
    for act in _every_act(study, dora):
        before = take_snapshot(study.id)
        act()
        db.session.expire_all()
        assert take_snapshot(study.id) != before, count
        change = _undo(dora, study)
        assert take_snapshot(study.id) == before, change.summary
        assert change.undone_by == "Dora Director"
        count += 1
    assert count == 15
    assert audit.verify()[1] == []


def test_a_deleted_area_comes_back_with_its_place(app_context):
    study, dora = _filled()
    made = areas.add_area(dora, study.id, areas.NewArea("3", "Empty"))
    before = take_snapshot(study.id)
    areas.delete_area(dora, study.id, made.id)
    _undo(dora, study)
    assert take_snapshot(study.id) == before


def test_undoing_goes_back_act_by_act_and_each_wording_is_kept(app_context):
    study, dora = _filled()
    task = _task(study, "1.1.1")
    for text in ("Plan one.", "Plan two."):
        task = _task(study, "1.1.1")
        acts.edit_task(dora, study.id, task.id, acts.TaskWords(text, "", task.domain_id), version=task.version)
    _undo(dora, study)
    _undo(dora, study)
    assert last_change(study.id) is None
    history = service.wording_history(_task(study, "1.1.1"))
    assert [w.version.statement for w in history] == [
        "Plan the budget.", "Plan one.", "Plan two.", "Plan one.", "Plan the budget.",
    ]  # fmt: skip
    assert history[0].version.reason.startswith("Undone: ")
    assert recent_events(study.id, 1)[0].action == "undid inventory change"
    assert all(change.undone_at for change in list_changes(study.id))


def test_only_the_act_that_was_seen_is_undone_and_only_untouched(app_context):
    study, dora = _filled()
    task = _task(study, "1.1.1")
    acts.retire_task(dora, study.id, task.id, reason="Gone")
    seen = last_change(study.id).id
    acts.restore_task(dora, study.id, task.id)
    with pytest.raises(StateError, match="Something else was done since"):
        undo_last(dora, study.id, seen)
    with transaction():
        _task(study, "1.1.1").source = "changed past the log"
    assert "Task 1.1.1 was changed in another way since." in why_not(last_change(study.id))
    with pytest.raises(StateError, match=r"cannot be undone: task 1\.1\.1 was changed"):
        _undo(dora, study)


def test_a_crosswalk_lets_go_of_a_task_that_is_taken_away_and_a_round_does_not(app_context):
    from jta.models.cycle import CrosswalkLink
    from jta.services import cycle
    from jta.services.panel import PanelistDetails, add_panelist
    from jta.services.panel_rounds import RoundPlan, create_round, open_round

    study, dora = _filled()
    acts.add_task(dora, study.id, code="9", words=acts.TaskWords("Lead.", "", _area(study, "2").id))
    texts = [cycle.FormerText("A", "Lead."), cycle.FormerText("B", "Train the teachers.")]
    former = cycle.add_list(dora, study.id, cycle.NewList("Old", texts=texts))
    cycle.accept(dora, study.id, former.id, which="same")
    _undo(dora, study)
    lines = {line.former.code: line for line in cycle.load_crosswalk(study.id, former.id).lines if line.former}
    assert [(x.relation, x.decided) for x in lines.values()] == [("retired", False), ("same", True)]
    assert db.session.query(CrosswalkLink).filter_by(relation="new").count() == 3
    acts.add_task(dora, study.id, code="10", words=acts.TaskWords("Lead.", "", _area(study, "2").id))
    add_panelist(dora, study.id, PanelistDetails("Ana Expert"))
    open_round(dora, study.id, create_round(dora, study.id, "review", RoundPlan("Review")).id)
    with pytest.raises(StateError, match=r"task 10 is in use already: a panel round asked about it\. Retire it"):
        _undo(dora, study)


def test_after_launch_nothing_is_undone(app_context):
    study, dora = _filled()
    acts.retire_task(dora, study.id, _task(study, "1.1.1").id, reason="Gone")
    launch(study)
    with pytest.raises(StateError, match="locked"):
        _undo(dora, study)


@pytest.mark.parametrize("code", ["K1", "k1", "K\u200b1", " K1", "Ｋ1", "1.1.1"])
def test_a_code_is_one_code_however_it_is_written_and_whatever_has_it(app_context, code):
    study, dora = _filled()
    _ksa(dora, study)
    with pytest.raises(InvalidInputError, match="in use"):
        _ksa(dora, study, code)
    with pytest.raises(InvalidInputError, match="in use"):
        acts.add_task(dora, study.id, code=code, words=acts.TaskWords("Do.", "", _area(study, "2").id))


def test_ksas_stand_by_area_move_within_it_and_are_found(app_context):
    study, dora = _filled()
    values = areas.add_area(dora, study.id, areas.NewArea("C", "Core values", runs_through=True))
    for code, kind, area in (("V1", "value", values.id), ("V2", "value", values.id), ("K1", "knowledge", None)):
        _ksa(dora, study, code, kind=kind, area_id=area, statement=f"{kind} {code}")
    knowledge.move_knowledge(dora, study.id, knowledge.load_knowledge(study.id).groups[0].statements[1].id, up=True)
    found = knowledge.load_knowledge(study.id)
    assert [(g.area.code if g.area else None, [k.code for k in g.statements]) for g in found.groups] == [
        ("C", ["V2", "V1"]), (None, ["K1"]),
    ]  # fmt: skip
    assert knowledge.load_knowledge(study.id, "core v1").n_shown == 1
    assert knowledge.load_knowledge(study.id, kind="knowledge").n_shown == 1
    assert [k.code for k in knowledge.live_knowledge(study.id)] == ["V2", "V1", "K1"]
    assert service.load_inventory(study.id).empty_areas == []


def test_two_people_who_edit_one_ksa_keep_both_texts(app_context):
    study, dora = _filled()
    one = _ksa(dora, study)
    knowledge.edit_knowledge(dora, study.id, one.id, knowledge.KnowledgeWords("Theirs"), version=1)
    with pytest.raises(EditConflictError) as caught:
        knowledge.edit_knowledge(dora, study.id, one.id, knowledge.KnowledgeWords("Mine"), version=1)
    assert (caught.value.theirs, caught.value.yours) == ("Theirs", "Mine")
    with pytest.raises(InvalidInputError, match="what the statement is"):
        knowledge.edit_knowledge(dora, study.id, one.id, knowledge.KnowledgeWords("Mine", "talent"), version=2)


def test_another_studys_ksa_is_not_found(app_context):
    study, dora = _filled()
    other, erna = make_study(email="erna@example.org")
    one = _ksa(dora, study)
    with pytest.raises(NotFoundError):
        knowledge.retire_knowledge(erna, other.id, one.id, reason="Not mine")


def test_an_area_never_lies_inside_itself_and_there_are_two_levels(app_context):
    study, dora = _filled()
    one, below, two = _area(study, "1"), _area(study, "1.1"), _area(study, "2")
    through = areas.add_area(dora, study.id, areas.NewArea("C", "Core", runs_through=True))
    for area, parent in ((one, one), (one, below), (one, two), (two, below), (two, through), (through, two)):
        with pytest.raises(InvalidInputError):
            areas.place_area(dora, study.id, area.id, parent.id)
    areas.place_area(dora, study.id, below.id, two.id)
    assert [(d.area.code, [b.area.code for b in d.branches]) for d in service.load_tree(study.id)] == [
        ("1", ["1.2"]), ("2", ["1.1"]), ("C", []),
    ]  # fmt: skip


def test_a_domain_that_runs_through_all_takes_no_tasks_until_it_is_tested(app_context):
    study, dora = _filled()
    core = areas.add_area(dora, study.id, areas.NewArea("C", "Core values", runs_through=True))
    place = acts.TaskWords("Model honesty.", "", core.id)
    with pytest.raises(InvalidInputError, match="runs through all content domains"):
        acts.add_task(dora, study.id, code="C.1", words=place)
    with pytest.raises(InvalidInputError, match="runs through"):
        acts.place_tasks(dora, study.id, [_task(study, "2.1").id], area_id=core.id)
    with pytest.raises(StateError, match="holds task statements"):
        areas.set_runs_through(dora, study.id, _area(study, "2").id, runs_through=True)
    areas.set_runs_through(dora, study.id, core.id, runs_through=False)
    assert acts.add_task(dora, study.id, code="C.1", words=place).domain_id == core.id


def test_a_split_keeps_the_code_puts_the_new_task_behind_and_takes_the_sources(app_context):
    study, dora = _filled()
    task = _task(study, "1.1.1")
    reference = references.save_reference(dora, study.id, references.ReferenceWords("ISO", "A standard"))
    acts.edit_task(
        dora, study.id, task.id, acts.TaskWords(task.statement, "Panel", task.domain_id, (reference.id,)), version=1
    )
    task = _task(study, "1.1.1")
    words = shape.SplitWords("Plan the budget.", "Defend the budget.", "1.1.10")
    with pytest.raises(EditConflictError):
        shape.split_task(dora, study.id, task.id, words, version=task.version - 1)
    with pytest.raises(InvalidInputError, match="different words"):
        shape.split_task(dora, study.id, task.id, shape.SplitWords("a", "a", "7"), version=task.version)
    _, made = shape.split_task(dora, study.id, task.id, words, version=task.version, reason="Two ideas")
    assert [t.code for t in service.live_tasks(study.id)] == ["1.1.1", "1.1.10", "1.1.2", "1.2.1", "2.1"]
    assert (made.source, references.reference_ids(made)) == ("Panel", [reference.id])
    assert made.versions[0].reason == "Split from 1.1.1. Two ideas"


def test_a_merge_keeps_one_and_retires_the_other_with_a_note(app_context):
    study, dora = _filled()
    task, other = _task(study, "1.1.1"), _task(study, "2.1")
    with pytest.raises(InvalidInputError, match="another task"):
        shape.merge_tasks(dora, study.id, task.id, task.id, "x", version=1, reason="r")
    shape.merge_tasks(dora, study.id, task.id, other.id, "Plan and train.", version=1, reason="Same")
    assert [t.code for t in service.live_tasks(study.id)] == ["1.1.1", "1.1.2", "1.2.1"]
    assert _task(study, "2.1").retired_reason == "Merged into 1.1.1. Same"
    with pytest.raises(StateError, match="retired"):
        shape.merge_tasks(dora, study.id, task.id, other.id, "x", version=_task(study, "1.1.1").version, reason="r")


def test_several_tasks_move_into_an_area_before_a_chosen_one(app_context):
    study, dora = _filled()
    ids = [_task(study, code).id for code in ("1.2.1", "2.1")]
    acts.place_tasks(dora, study.id, ids, area_id=_area(study, "1.1").id, before_id=_task(study, "1.1.2").id)
    assert [t.code for t in service.live_tasks(study.id)] == ["1.1.1", "1.2.1", "2.1", "1.1.2"]
    with pytest.raises(InvalidInputError, match="Choose the task"):
        acts.place_tasks(dora, study.id, [], area_id=1)


def test_references_are_counted_refused_twice_and_deleted_only_unused(app_context):
    study, dora = _filled()
    words = references.ReferenceWords("ISTE-2024", "Standards for leaders", "2024")
    reference = references.save_reference(dora, study.id, words)
    task = _task(study, "1.1.1")
    place = acts.TaskWords(task.statement, "", task.domain_id, (reference.id,))
    acts.edit_task(dora, study.id, task.id, place, version=1)
    assert references.uses_of_references(study.id) == {reference.id: 1}
    assert references.references_of_tasks(study.id)[task.id] == [reference]
    assert service.load_inventory(study.id, lacking="source").n_shown == 3
    with pytest.raises(InvalidInputError, match="in use"):
        references.save_reference(dora, study.id, references.ReferenceWords("iste-2024", "Again"))
    with pytest.raises(EditConflictError, match="Compare"):
        references.save_reference(dora, study.id, words, reference_id=reference.id, version=99)
    with pytest.raises(StateError, match="come from"):
        references.delete_reference(dora, study.id, reference.id)
    other, erna = make_study(email="erna@example.org")
    with pytest.raises(NotFoundError):
        references.delete_reference(erna, other.id, reference.id)
    acts.edit_task(dora, study.id, task.id, acts.TaskWords(task.statement, "", task.domain_id, ()), version=1)
    references.delete_reference(dora, study.id, reference.id)
    assert references.list_references(study.id) == []
