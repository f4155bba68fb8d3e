"""Pages of the inventory editor: areas, KSAs, references, splitting, merging, undo, checks, former lists."""

from __future__ import annotations

import io

import pytest

from jta import ROOT
from jta.services.study import FRAMEWORK
from tests.factories import csrf_from, make_user, post, signed_in_client
from tests.services.study_builders import launch, make_study
from tests.views.test_inventory_pages import _upload
from tests.views.test_study_pages import _fields, _hidden

HERE = "/studies/1/inventory"
CYCLES = "/studies/1/cycles"
ONET = ROOT / "tests/reference/onet/11-3021.00/data"


@pytest.fixture
def dora(sqlite_app):
    """The director of a study of 100 tasks, on SQLite only."""
    with sqlite_app.app_context():
        make_study(FRAMEWORK)
    return signed_in_client(sqlite_app)


@pytest.fixture
def both(app):
    """The same on both databases."""
    with app.app_context():
        make_study(FRAMEWORK)
    return signed_in_client(app)


def test_a_domain_is_added_placed_and_made_to_run_through_all(both):
    page = f"{HERE}/domains/new"
    data = {"new_parent": "", "new_code": "9", "new_title": "Values"}
    assert post(both, page, data).location == f"{HERE}#area-15"
    twice = post(both, page, data)
    assert (twice.status_code, "is in use: 9 Values" in twice.text) == (422, True)
    area = f"{HERE}/domains/15"
    assert post(both, area, {"act": "through"}).status_code == 303
    assert "Make it a tested domain" in both.get(area).text
    assert "Runs through all domains" in both.get(HERE).text
    assert post(both, area, {"act": "tested"}).status_code == 303
    assert post(both, area, {"act": "place", "parent": "1"}).location == f"{HERE}#area-15"
    inside = post(both, f"{HERE}/domains/1", {"act": "place", "parent": "15"})
    assert "cannot lie inside itself" in both.get(inside.location).text


def test_a_task_with_ratings_of_no_one_is_split_merged_and_brought_back(both):
    sent = _fields(both.get(f"{HERE}/tasks/1/split").text)
    assert post(both, f"{HERE}/tasks/1/split", sent | {"code": "1.1.1", "second": "x"}).status_code == 422
    done = post(both, f"{HERE}/tasks/1/split", sent | {"code": "1.1.99", "second": "Defend the vision."})
    assert done.location == f"{HERE}#task-1"
    stale = post(both, f"{HERE}/tasks/1/merge", {"other": "2", "statement": "Both.", "reason": "Same", "version": "9"})
    assert (stale.status_code, "Stored now" in stale.text, "Both." in stale.text) == (409, True, True)
    sent = _fields(both.get(f"{HERE}/tasks/1/merge?other=2").text)
    assert post(both, f"{HERE}/tasks/1/merge", sent | {"reason": "Same work", "other": "2"}).status_code == 303
    page = both.get(HERE).text
    assert "Merged into 1.1.1. Same work" in page
    undone = post(both, f"{HERE}/undo", {"change": _hidden(page, "change")}, form_page=HERE)
    assert undone.status_code == 303
    assert "Merged into" not in both.get(HERE).text
    again = post(both, f"{HERE}/undo", {"change": _hidden(page, "change")}, form_page=HERE)
    assert (again.status_code, "undone already" in again.text) == (409, True)
    changes = both.get(f"{HERE}/changes").text
    assert "Undone by Dora Director" in changes
    assert "Split task" in changes


def test_chosen_tasks_move_to_another_domain(dora):
    token = csrf_from(dora.get(HERE).text)
    reply = dora.post(f"{HERE}/tasks/place", data={"csrf_token": token, "task": ["1", "2"], "area": "13"})
    assert reply.location == f"{HERE}#area-13"
    assert "2 task statements are moved." in dora.get(HERE).text
    for data in ({"area": "13"}, {"task": "1"}, {"task": "x", "area": "y"}):
        dora.post(f"{HERE}/tasks/place", data={"csrf_token": token, **data})
    assert "Choose the task statements to move." in dora.get(HERE).text


def test_a_ksa_is_written_changed_moved_retired_and_restored(both):
    page = f"{HERE}/knowledge"
    assert "Core Values &amp; Skills" in both.get(page).text
    data = {"code": "K99", "kind": "knowledge", "statement": "Contract law", "area": ""}
    assert post(both, f"{page}/new", data).location == f"{page}#ksa-9"
    assert post(both, f"{page}/new", data | {"code": "1.1.1"}).status_code == 422
    one = f"{page}/9"
    first, second = _fields(both.get(one).text), _fields(both.get(one).text)
    assert post(both, one, first | {"statement": "Law of contracts", "kind": "knowledge"}).status_code == 303
    late = post(both, one, second | {"statement": "Mine", "kind": "skill"})
    assert (late.status_code, "Law of contracts" in late.text, "Mine" in late.text) == (409, True, True)
    assert "<ins>" in both.get(one).text
    assert post(both, f"{one}/move", {"direction": "up"}, form_page=page).status_code == 303
    assert post(both, f"{one}/retire", {"reason": ""}).status_code == 422
    assert post(both, f"{one}/retire", {"reason": "Gone"}).location == page
    assert "Retired KSAs" in both.get(page).text
    assert post(both, f"{one}/retire", {"act": "restore"}, form_page=one).status_code == 303
    assert "1 KSA of 9 found" in both.get(f"{page}?q=law+of+contracts&kind=knowledge").text


def test_a_reference_is_added_ticked_and_deleted_only_unused(both):
    page = f"{HERE}/references"
    assert "No references yet" in both.get(page).text
    assert post(both, f"{page}/new", {"code": "ISTE", "citation": "Standards"}).location == page
    sent = _fields(both.get(f"{HERE}/tasks/1").text)
    assert post(both, f"{HERE}/tasks/1", sent | {"references": "1"}).status_code == 303
    assert "Source: ISTE" in both.get(HERE).text
    assert "1 statement come" in both.get(f"{page}/1").text
    refused = post(both, f"{page}/1", {"act": "delete"})
    assert (refused.status_code, "Statements come from ISTE" in refused.text) == (409, True)
    assert "99 task statements of 100 found" in both.get(f"{HERE}?lacking=source").text
    sent = _fields(both.get(f"{HERE}/tasks/1").text)
    sent.pop("references", None)
    assert post(both, f"{HERE}/tasks/1", sent).status_code == 303
    assert post(both, f"{page}/1", {"act": "delete"}).location == page


def test_the_checks_are_read_set_aside_and_taken_back(both):
    page = f"{HERE}/checks"
    assert "1 remark on 108 statements" in both.get(page).text
    wrong = post(both, f"{page}/dismiss", {"code": "1.1.2", "key": "reading", "reason": ""}, form_page=page)
    assert "Say why this remark does not hold." in both.get(wrong.location).text
    post(both, f"{page}/dismiss", {"code": "1.1.2", "key": "reading", "reason": "Short all the same"}, form_page=page)
    assert "0 remarks on 108 statements; 1 set aside" in both.get(page).text
    assert post(both, f"{page}/dismissed/1", form_page=page).status_code == 303
    assert "School" not in both.get(f"{page}?rule=brand").text
    sent = _fields(both.get(f"{page}/words").text)
    assert post(both, f"{page}/words", sent | {"brands": "district\nAcme", "acronyms": ""}).status_code == 303
    assert "No brand or tool names (" in both.get(page).text


def test_rows_are_chosen_in_the_preview(both):
    text = "domain_code,task_code,task_statement\n1,1.1.1,Set a vision.\n1,1.9,Do new work.\n"
    preview = _upload(both, text)
    assert preview.status_code == 200
    assert "<del>" in preview.text
    data = {"csrf_token": csrf_from(preview.text), "token": _hidden(preview.text, "token")}
    data |= {"leave": "2", "retire": "1.1.2", "reason": "Covered"}
    assert both.post(f"{HERE}/import/apply", data=data).status_code == 303
    page = both.get(HERE).text
    assert "1 new statement, 0 changed, 1 retired." in page
    assert "Set a vision." not in page


@pytest.mark.parametrize("address", ["export.json", "export.case.json"])
def test_json_and_case_are_handed_out_and_read_again(dora, address):
    reply = dora.get(f"{HERE}/{address}")
    assert reply.headers["Content-Type"] == "application/json"
    assert "Nothing to import" in _upload(dora, reply.data, "inventory.json").text


def test_another_file_needs_a_tick(dora):
    text = "domain_code,task_code,task_statement\n" + "".join(f"1,1.1.{n},Steer ship {n}.\n" for n in range(1, 12))
    preview = _upload(dora, text)
    assert "This looks like the file of another study" in preview.text
    data = {"csrf_token": csrf_from(preview.text), "token": _hidden(preview.text, "token")}
    dora.post(f"{HERE}/import/apply", data=data)
    assert "Nothing was imported" in dora.get(f"{HERE}/import").text
    assert dora.post(f"{HERE}/import/apply", data=data | {"belongs": "1"}).location == HERE


def test_a_clone_has_a_crosswalk_to_decide(both):
    assert post(both, f"{CYCLES}/clone", {"title": "", "kind": "cycle"}).status_code == 422
    assert post(both, f"{CYCLES}/clone", {"title": "Next", "kind": "cycle"}).location == "/studies/2"
    cycles = "/studies/2/cycles"
    assert "Cloned from “Practice analysis 2027”" in both.get(cycles).text
    walk = f"{cycles}/1"
    assert "Accept all 100 with the same wording" in both.get(walk).text
    assert post(both, walk, {"which": "same"}).location == walk
    assert "Same wording" in both.get(walk).text
    decide = f"{walk}/statements/1"
    sent = _fields(both.get(decide).text)
    bad = post(both, decide, sent | {"relation": "retired", "tasks": "101", "reason": "Gone"})
    assert (bad.status_code, "has no task" in bad.text) == (422, True)
    sent = _fields(both.get(decide).text)
    sent.pop("tasks", None)
    assert post(both, decide, sent | {"relation": "retired", "reason": "Gone"}).location == walk
    late = post(both, decide, sent | {"relation": "retired", "reason": "Gone"})
    assert late.status_code == 409
    assert "1 task" not in both.get(f"{walk}?relation=retired").text
    assert "This study has no analysis yet" in both.get(f"{walk}/comparison").text
    assert post(both, walk, {"act": "delete"}).location == cycles


def test_former_weights_are_typed_and_compared(dora):
    page = f"{CYCLES}/weights"
    data = {"title": "Outline 2018", "rows-0-code": "1", "rows-0-title": "Lead", "rows-0-percent": "60"}
    wrong = post(dora, page, data)
    assert (wrong.status_code, "sum to 60.0 percent" in wrong.text) == (422, True)
    data |= {"rows-1-code": "2", "rows-1-title": "Teach", "rows-1-percent": "40", "rows-1-items": "40"}
    assert post(dora, page, data).location == f"{CYCLES}/1/comparison"
    shown = dora.get(f"{CYCLES}/1/comparison").text
    assert "60.0 %" in shown
    assert "Read with care" in shown
    sent = _fields(dora.get(f"{CYCLES}/1/weights").text)
    assert post(dora, f"{CYCLES}/1/weights", sent | {"rows-0-percent": "50"}).status_code == 422
    assert post(dora, f"{CYCLES}/1/weights", sent | {"rows-0-percent": ""}).status_code == 422


def test_an_occupation_of_onet_is_uploaded(dora):
    page = f"{CYCLES}/onet"
    files = {
        name: (io.BytesIO((ONET / f"task_{name}.txt").read_bytes()), f"{name}.txt")
        for name in ("statements", "ratings")
    }
    data = {"csrf_token": csrf_from(dora.get(page).text), **files}
    reply = dora.post(page, data=data, content_type="multipart/form-data")
    assert reply.location == f"{CYCLES}/1"
    assert "USDOL/ETA" in dora.get(reply.location).text
    data = {"csrf_token": csrf_from(dora.get(page).text), "statements": (io.BytesIO(b"a\tb\n1\t2\n"), "x.txt")}
    wrong = dora.post(page, data=data, content_type="multipart/form-data")
    assert (wrong.status_code, "has no column" in wrong.text) == (422, True)


def test_nobody_compares_with_a_study_that_is_not_his(sqlite_app, dora):
    with sqlite_app.app_context():
        make_study(FRAMEWORK, email="erna@example.org")
        make_user("olu@example.org", "Olu")
    assert "No other study of yours" in dora.get(f"{CYCLES}/new").text
    forged = post(dora, f"{CYCLES}/new", {"study": "2"}, form_page=HERE)
    assert forged.status_code == 422


def test_after_launch_the_editor_only_shows(sqlite_app, dora):
    with sqlite_app.app_context():
        from jta.db import db
        from jta.models.study import Study

        launch(db.session.get(Study, 1))
    for page in ("domains/new", "tasks/1/split", "tasks/1/merge", "knowledge/new", "knowledge/1", "references/new"):
        assert "The inventory is locked" in dora.get(f"{HERE}/{page}").text, page
    for page in ("", "/knowledge", "/references", "/changes", "/checks"):
        assert dora.get(HERE + page).status_code == 200
