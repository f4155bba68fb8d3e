"""Pages of a study: what each shows, refuses and keeps."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from jta.services.study import FRAMEWORK
from tests.factories import csrf_from, make_user, post, signed_in_client
from tests.services.study_builders import DETAILS, launch, make_study

STUDY = "/studies/1"
PAGES = ("", "/edit", "/people", "/strata", "/plan", "/audit", "/inventory")


@pytest.fixture
def dora(app):
    with app.app_context():
        make_study(FRAMEWORK)
    return signed_in_client(app)


@pytest.fixture
def quick_dora(sqlite_app):
    """The director of a study of 100 tasks, on SQLite only."""
    with sqlite_app.app_context():
        make_study(FRAMEWORK)
    return signed_in_client(sqlite_app)


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, name
    return found.group(1)


def _fields(page: str) -> dict[str, str]:
    """Return what a browser would send of a page's inputs and chosen options."""
    sent = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and "checkbox" not in tag and "radio" not in tag:
            sent[name[1]] = value[1] if value else ""
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', body) or re.search(r'<option value="([^"]*)"', body)
        sent[name] = chosen[1]
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\s*(.*?)</textarea>', page, re.S):
        sent[name] = body
    return sent


def test_a_director_creates_a_study_and_lands_on_its_overview(dora):
    reply = post(dora, "/studies/new", {"title": "Second", "time_zone": "UTC", "exam_items": "75", "start": "empty"})
    assert (reply.status_code, reply.location) == (303, "/studies/2")
    page = dora.get("/studies/2").text
    assert "Add the task inventory" in page
    assert "75 items" in page


def test_an_administrator_creates_for_a_director_and_sees_no_study(sqlite_app):
    with sqlite_app.app_context():
        make_user("ada@example.org", "Ada", administrator=True)
        make_user()
    ada = signed_in_client(sqlite_app, "ada@example.org")
    assert "You look after accounts" in ada.get("/studies").text
    data = {"title": "New", "time_zone": "UTC", "exam_items": "100", "start": "framework"}
    refused = post(ada, "/studies/new", data)
    assert refused.status_code == 422
    assert "Enter the e-mail address of the director" in refused.text
    unknown = post(ada, "/studies/new", {**data, "director_email": "nobody@example.org"})
    assert 'value="New"' in unknown.text
    assert "No active account has this address" in unknown.text
    assert post(ada, "/studies/new", {**data, "director_email": "dora@example.org"}).location == "/studies"
    assert ada.get("/studies/1").status_code == 404
    assert "100 task statements" in signed_in_client(sqlite_app).get("/studies/1/inventory").text


def test_a_stranger_may_not_create_and_is_told_whom_to_ask(sqlite_app):
    with sqlite_app.app_context():
        make_user("paul@example.org", "Paul")
    paul = signed_in_client(sqlite_app, "paul@example.org")
    assert paul.get("/studies/new").status_code == 404
    page = paul.get("/studies").text
    assert "You have no role in a study yet" in page
    assert "paul@example.org" in page
    assert "Create a study" not in page


def test_the_list_says_stage_role_and_next_step(quick_dora):
    page = quick_dora.get("/studies").text
    assert "You are director" in page
    assert "Say that the inventory is complete" in page
    assert "Inventory" in page


def test_the_overview_says_what_is_missing_and_the_step_is_done_there(dora):
    page = dora.get(STUDY).text
    assert "People to invite (the roster)" in page
    reply = post(dora, f"{STUDY}/stage?to=survey", form_page=STUDY)
    assert (reply.status_code, reply.location) == (303, STUDY)
    assert "Upload the roster" in dora.get(STUDY).text


def test_going_back_asks_for_the_reason(quick_dora):
    assert "Back to design" in quick_dora.get(STUDY).text
    refused = post(quick_dora, f"{STUDY}/stage?to=design", {"to": "design", "reason": ""})
    assert refused.status_code == 422
    assert "Say why the study goes back" in refused.text
    assert post(quick_dora, f"{STUDY}/stage?to=design", {"to": "design", "reason": "Role changed"}).status_code == 303
    assert "inventory to design. Role changed" in quick_dora.get(f"{STUDY}/audit").text


@pytest.mark.parametrize("to", ["", "nirvana"])
def test_a_stage_that_does_not_exist_is_said_so(quick_dora, to):
    reply = quick_dora.get(f"{STUDY}/stage?to={to}")
    assert (reply.status_code, "There is no such stage" in reply.text) == (422, True)


def test_an_approver_sees_the_step_but_no_button(app):
    with app.app_context():
        _, actor = make_study(FRAMEWORK)
        petra = make_user("petra@example.org", "Petra")
        from jta.services.account import grant_role

        grant_role(actor, study_id=1, email=petra.email, role="approver")
    page = signed_in_client(app, "petra@example.org").get(STUDY).text
    assert "This step is for the director" in page
    assert "/stage?to=" not in page
    assert "Recent acts" not in page


def test_editing_keeps_what_was_typed_when_it_is_refused(quick_dora):
    sent = _fields(quick_dora.get(f"{STUDY}/edit").text) | {"title": "", "purpose": "Half a sentence"}
    reply = post(quick_dora, f"{STUDY}/edit", sent)
    assert reply.status_code == 422
    assert "Give the study a title." in reply.text
    assert "Half a sentence" in reply.text
    assert "<title>Error: " in reply.text


def test_control_characters_are_refused_beside_the_field(quick_dora):
    sent = _fields(quick_dora.get(f"{STUDY}/edit").text) | {"title": "Nul\x00", "purpose": "Turn\u202e"}
    reply = post(quick_dora, f"{STUDY}/edit", sent)
    assert reply.status_code == 422
    assert reply.text.count("This text holds") == 4  # beside two fields and in the summary


def test_two_editors_see_both_texts_and_the_second_can_still_save(dora):
    seen = _fields(dora.get(f"{STUDY}/edit").text)
    assert post(dora, f"{STUDY}/edit", seen | {"title": "Theirs"}).status_code == 303
    conflict = post(dora, f"{STUDY}/edit", seen | {"title": "Mine"})
    assert conflict.status_code == 409
    assert "title: Theirs" in conflict.text
    assert "title: Mine" in conflict.text
    again = _fields(conflict.text)
    assert again["title"] == "Mine"
    assert post(dora, f"{STUDY}/edit", again).status_code == 303
    assert "Mine" in dora.get(STUDY).text


def test_roles_are_given_and_taken_away_with_a_question(dora, app):
    with app.app_context():
        make_user("petra@example.org", "Petra Approver")
    assert "No approver yet" in dora.get(f"{STUDY}/people").text
    unknown = post(dora, f"{STUDY}/people", {"email": "nobody@example.org", "role": "approver"})
    assert (unknown.status_code, "No active account" in unknown.text) == (422, True)
    assert post(dora, f"{STUDY}/people", {"email": "petra@example.org", "role": "approver"}).status_code == 303
    page = dora.get(f"{STUDY}/people").text
    assert "Petra Approver" in page
    link = re.findall(r"/studies/1/people/\d+/remove", page)[-1]
    assert "will no longer be approver" in dora.get(link).text
    assert post(dora, link).status_code == 303
    assert dora.get(link).status_code == 404


def test_the_last_director_stays(quick_dora):
    link = re.search(r"/studies/1/people/\d+/remove", quick_dora.get(f"{STUDY}/people").text)[0]
    assert post(quick_dora, link).status_code == 303
    assert "A study needs a director" in quick_dora.get(f"{STUDY}/people").text


def test_strata_are_suggested_saved_and_kept_when_refused(dora):
    assert "start with the answers of the background question" in dora.get(f"{STUDY}/strata").text
    sent = _fields(dora.get(f"{STUDY}/strata?suggest=1").text)
    assert sent["lines-0-code"] == "under_1000"
    refused = post(dora, f"{STUDY}/strata", sent | {"lines-0-frame_count": "many", "lines-0-target": "-4"})
    assert refused.status_code == 422
    assert 'value="many"' in refused.text
    assert refused.text.count("Enter a whole number.") == 2  # beside the field and in the summary
    assert "Enter a whole number from 0 to 9,999,999." in refused.text
    saved = post(dora, f"{STUDY}/strata", sent | {"lines-0-frame_count": "4,200", "lines-0-target": "40"})
    assert saved.status_code == 303
    page = _fields(dora.get(f"{STUDY}/strata").text)
    assert (page["lines-0-frame_count"], page["lines-4-code"], page["lines-7-code"]) == ("4200", "25000_plus", "")
    stale = post(dora, f"{STUDY}/strata", sent)
    assert (stale.status_code, "Stored now" in stale.text) == (409, True)


def test_launched_strata_keep_their_codes(quick_dora, sqlite_app):
    sent = _fields(quick_dora.get(f"{STUDY}/strata?suggest=1").text)
    assert post(quick_dora, f"{STUDY}/strata", sent).status_code == 303
    _launch(sqlite_app)
    page = quick_dora.get(f"{STUDY}/strata").text
    assert "readonly" in page
    assert _fields(page).get("lines-5-code") is None


def _launch(app) -> None:
    from jta.db import db
    from jta.models.study import Study

    with app.app_context():
        launch(db.session.get(Study, 1))


def test_the_plan_is_saved_and_refused_beside_its_field(dora):
    sent = _fields(dora.get(f"{STUDY}/plan").text)
    refused = post(dora, f"{STUDY}/plan", sent | {"cut1_measure": "mean"})
    assert (refused.status_code, "Enter the cut" in refused.text) == (422, True)
    refused = post(dora, f"{STUDY}/plan", sent | {"confidence": "95"})
    assert (refused.status_code, 'value="95"' in refused.text) == (422, True)
    assert post(dora, f"{STUDY}/plan", sent | {"cut1_measure": "mean", "cut1_cut": "3"}).status_code == 303
    assert _fields(dora.get(f"{STUDY}/plan").text)["cut1_cut"] == "3"
    stale = post(dora, f"{STUDY}/plan", sent | {"items": "80"})
    assert (stale.status_code, "items: 80" in stale.text) == (409, True)


def test_after_launch_the_plan_asks_why(quick_dora, sqlite_app):
    _launch(sqlite_app)
    page = quick_dora.get(f"{STUDY}/plan").text
    assert "Save as departure" in page
    sent = _fields(page) | {"within": "mean"}
    refused = post(quick_dora, f"{STUDY}/plan", sent)
    assert (refused.status_code, "Say why you depart" in refused.text) == (422, True)
    assert post(quick_dora, f"{STUDY}/plan", sent | {"reason": "Few tasks in one domain"}).status_code == 303
    page = quick_dora.get(f"{STUDY}/plan").text
    assert "Departures from the plan since launch" in page
    assert "within: sum to mean. Reason: Few tasks in one domain" in page


def test_an_auditor_reads_the_plan_without_a_button(sqlite_app):
    with sqlite_app.app_context():
        _, actor = make_study()
        make_user("otto@example.org", "Otto")
        from jta.services.account import grant_role

        grant_role(actor, study_id=1, email="otto@example.org", role="auditor")
    otto = signed_in_client(sqlite_app, "otto@example.org")
    page = otto.get(f"{STUDY}/plan").text
    assert "You can read this plan" in page
    assert "Sum of its tasks&#39; indices" in page
    assert "<select" not in page
    assert "Save plan" not in page
    assert "The chain is whole" in otto.get(f"{STUDY}/audit").text
    assert "Give a role" not in otto.get(f"{STUDY}/people").text


def test_a_broken_chain_is_said_loudly(quick_dora, sqlite_app):
    from jta.db import db

    with sqlite_app.app_context():
        db.session.execute(db.text("UPDATE audit_head SET hash = 'x' WHERE chain = 'study 1'"))
        db.session.commit()
    assert "The chain is broken" in quick_dora.get(f"{STUDY}/audit").text
    assert quick_dora.get(f"{STUDY}/audit?page=-1&page=x").status_code == 200


def test_a_long_chain_is_checked_when_asked(quick_dora, monkeypatch):
    monkeypatch.setattr("jta.services.study_trail.CHECKED_UNASKED", 0)
    assert "Check the whole chain now" in quick_dora.get(f"{STUDY}/audit").text
    assert "The chain is whole" in quick_dora.get(f"{STUDY}/audit?check=1").text


@pytest.mark.parametrize("page", PAGES)
def test_no_page_asks_the_database_more_for_a_larger_study(sqlite_app, page):
    with sqlite_app.app_context():
        make_study()
    dora = signed_in_client(sqlite_app)
    few = _queries(sqlite_app, dora, STUDY + page)
    with sqlite_app.app_context():
        from jta.db import db, transaction
        from jta.models.study import Study
        from jta.services.account import grant_role
        from jta.services.inventory_merge import merge_inventory
        from jta.services.study import framework_rows
        from tests.services.study_builders import actor_of

        admin = make_user("eva@example.org", "Eva", administrator=True)
        with transaction():
            merge_inventory(db.session.get(Study, 1), framework_rows(), actor_of(admin), reason="Example")
        for n in range(5):
            make_user(f"u{n}@example.org", f"User {n}")
            grant_role(actor_of(admin), study_id=1, email=f"u{n}@example.org", role="auditor")
    assert _queries(sqlite_app, dora, STUDY + page) <= few + 1  # tasks are counted only where there are areas


def _queries(app, client, url: str) -> int:
    from jta.db import db

    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    assert client.get(url).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_get_changes_nothing(quick_dora, sqlite_app):
    from jta.audit import study_chain
    from jta.services.study_trail import load_trail

    before = _head(sqlite_app, load_trail, study_chain(1))
    for page in (*PAGES, "/stage?to=design", "/inventory/tasks/1", "/inventory/tasks/1/retire", "/inventory/domains/1"):
        assert quick_dora.get(STUDY + page).status_code == 200, page
    assert _head(sqlite_app, load_trail, study_chain(1)) == before


def _head(app, load, chain: str) -> str:
    with app.app_context():
        return load(chain).head


def test_a_post_without_the_token_of_the_form_is_refused(quick_dora):
    assert quick_dora.post(f"{STUDY}/edit", data={"title": "Forged"}).status_code == 400
    assert csrf_from(quick_dora.get(f"{STUDY}/edit").text)
    assert DETAILS.title in quick_dora.get(STUDY).text
