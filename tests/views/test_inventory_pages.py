"""Pages of the task inventory: look, search, change, import, download."""

from __future__ import annotations

import io
import re

import pytest

from jta.services.study import FRAMEWORK
from tests.factories import csrf_from, make_user, post, signed_in_client
from tests.services.study_builders import launch, make_study
from tests.views.test_study_pages import _fields, _hidden

INVENTORY = "/studies/1/inventory"
FILE = "domain_code,domain,task_code,task_statement\n1,Lead,1.10,Plan the budget.\n1,Lead,1.1,<b>Chair</b> =1+1\n"


@pytest.fixture
def dora(app):
    with app.app_context():
        make_study()
    return signed_in_client(app)


@pytest.fixture
def quick_dora(sqlite_app):
    """The director of a study of 100 tasks, on SQLite only."""
    with sqlite_app.app_context():
        make_study(FRAMEWORK)
    return signed_in_client(sqlite_app)


def _upload(client, content: str | bytes, name: str = "tasks.csv"):
    token = csrf_from(client.get(f"{INVENTORY}/import").text)
    data = content.encode() if isinstance(content, str) else content
    return client.post(
        f"{INVENTORY}/import", data={"csrf_token": token, "file": (io.BytesIO(data), name)},
        content_type="multipart/form-data",
    )  # fmt: skip


def _apply(client, preview):
    data = {"csrf_token": csrf_from(preview.text), "token": _hidden(preview.text, "token")}
    return client.post(f"{INVENTORY}/import/apply", data=data)


def test_a_file_is_previewed_then_imported(dora):
    assert "No task statements yet" in dora.get(INVENTORY).text
    preview = _upload(dora, FILE)
    assert preview.status_code == 200
    assert "Import these 2 rows" in preview.text
    assert "No task statements yet" in dora.get(INVENTORY).text
    reply = _apply(dora, preview)
    assert (reply.status_code, reply.location) == (303, INVENTORY)
    page = dora.get(INVENTORY).text
    assert "The file is imported: 2 new statements, 0 changed." in page
    assert page.index("1.10") < page.index(">1.1<")
    assert "&lt;b&gt;Chair&lt;/b&gt; =1+1" in page


def test_problems_stand_in_a_table_and_nothing_can_be_imported(quick_dora):
    reply = _upload(quick_dora, FILE + "1,Lead,1.1,\n")
    assert reply.status_code == 422
    assert "Upload the corrected file" in reply.text
    assert 'name="token"' not in reply.text


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [(b"", "tasks.csv", "The file is empty"), (b"%PDF-1.7", "tasks.pdf", "This file cannot be read"),
     (b"MZ", "../../etc/passwd.csv", "This file cannot be read")],
)  # fmt: skip
def test_what_is_no_inventory_is_refused_in_words(quick_dora, content, name, said):
    reply = _upload(quick_dora, content, name)
    assert reply.status_code == 422
    assert said in reply.text


def test_no_file_at_all_is_an_error_beside_the_field(quick_dora):
    reply = post(quick_dora, f"{INVENTORY}/import")
    assert (reply.status_code, "Choose a file." in reply.text) == (422, True)


def test_a_preview_of_a_changed_inventory_leads_to_a_new_one(dora):
    assert _apply(dora, _upload(dora, FILE)).status_code == 303
    preview = _upload(dora, FILE.replace("Plan", "Defend"))
    assert _apply(dora, _upload(dora, FILE.replace("Plan", "Write"))).status_code == 303
    reply = _apply(dora, preview)
    assert reply.status_code == 409
    assert "nothing was imported" in reply.text
    assert "Upload the file again" in reply.text
    assert "Write the budget." in dora.get(INVENTORY).text


def test_a_forged_preview_is_refused(quick_dora):
    token = csrf_from(quick_dora.get(f"{INVENTORY}/import").text)
    reply = quick_dora.post(f"{INVENTORY}/import/apply", data={"csrf_token": token, "token": "forged"})
    assert (reply.status_code, reply.location) == (303, f"{INVENTORY}/import")
    assert "cannot be used" in quick_dora.get(f"{INVENTORY}/import").text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_download_can_be_uploaded_again(quick_dora, form):
    reply = quick_dora.get(f"{INVENTORY}/export.{form}")
    assert reply.headers["Content-Disposition"] == f'attachment; filename="study-1-inventory.{form}"'
    again = _upload(quick_dora, reply.data, f"inventory.{form}")
    assert (again.status_code, "Nothing to import" in again.text) == (200, True)
    template = quick_dora.get(f"{INVENTORY}/template.{form}")
    assert template.headers["Content-Type"] == reply.headers["Content-Type"]
    assert quick_dora.get(f"{INVENTORY}/export.exe").status_code == 404


def test_a_search_shows_what_it_finds_and_escapes_what_was_typed(quick_dora):
    page = quick_dora.get(f"{INVENTORY}?q=budget").text
    assert re.search(r"\d+ task statements of 100 found for “budget”", page)
    assert "<script>" not in quick_dora.get(f"{INVENTORY}?q=<script>").text
    assert "0 task statements of 100 found" in quick_dora.get(f"{INVENTORY}?q=zzz").text


def test_a_task_is_added_with_a_new_domain(dora):
    refused = post(dora, f"{INVENTORY}/tasks/new", {"code": "1", "statement": "Plan.", "area": "new"})
    assert refused.status_code == 422
    assert "Give the new area a code." in refused.text
    data = {"code": "1", "statement": "Plan.", "area": "new", "new_code": "D", "new_title": "Lead", "new_parent": ""}
    assert post(dora, f"{INVENTORY}/tasks/new", data).location == f"{INVENTORY}#task-1"
    twice = post(dora, f"{INVENTORY}/tasks/new", {"code": "1", "statement": "Again.", "area": "1"})
    assert (twice.status_code, "is in use" in twice.text) == (422, True)
    assert 'value="1"' in dora.get(f"{INVENTORY}/tasks/new?area=1").text


def test_a_wording_is_changed_and_its_history_shown(dora):
    _apply(dora, _upload(dora, FILE))
    sent = _fields(dora.get(f"{INVENTORY}/tasks/1").text)
    changed = sent | {"statement": "Plan the yearly\nbudget.", "reason": "Clearer"}
    assert post(dora, f"{INVENTORY}/tasks/1", changed).status_code == 303
    page = dora.get(f"{INVENTORY}/tasks/1").text
    assert "<ins>" in page
    assert "Clearer" in page
    assert "Plan the yearly budget." in page
    stale = post(dora, f"{INVENTORY}/tasks/1", sent | {"statement": "Mine."})
    assert stale.status_code == 409
    assert "What you typed" in stale.text
    assert post(dora, f"{INVENTORY}/tasks/1", _fields(stale.text)).status_code == 303
    assert "Mine." in dora.get(INVENTORY).text


def test_an_empty_statement_is_refused(quick_dora):
    sent = _fields(quick_dora.get(f"{INVENTORY}/tasks/1").text) | {"statement": " \u200b "}
    reply = post(quick_dora, f"{INVENTORY}/tasks/1", sent)
    assert (reply.status_code, "Write the task statement." in reply.text) == (422, True)


def test_a_task_is_retired_with_a_reason_and_restored(dora):
    _apply(dora, _upload(dora, FILE))
    refused = post(dora, f"{INVENTORY}/tasks/1/retire", {"reason": ""})
    assert (refused.status_code, "Say why this statement is retired." in refused.text) == (422, True)
    assert post(dora, f"{INVENTORY}/tasks/1/retire", {"reason": "Covered"}).status_code == 303
    page = dora.get(INVENTORY).text
    assert "1 task statement in 1 content domain; 1 more retired." in page
    assert "This task statement is retired already" in dora.get(f"{INVENTORY}/tasks/1/retire").text
    assert "Covered" in dora.get(f"{INVENTORY}/tasks/1").text
    back = post(dora, f"{INVENTORY}/tasks/1/retire", {"act": "restore"}, form_page=INVENTORY)
    assert back.location == f"{INVENTORY}#task-1"
    assert "2 task statements" in dora.get(INVENTORY).text


def test_up_and_down_move_a_task_and_lead_back_to_it(quick_dora):
    reply = post(quick_dora, f"{INVENTORY}/tasks/2/move", {"direction": "up"}, form_page=INVENTORY)
    assert (reply.status_code, reply.location) == (303, f"{INVENTORY}#task-2")
    page = quick_dora.get(INVENTORY).text
    assert page.index('id="task-2"') < page.index('id="task-1"')
    assert quick_dora.get(f"{INVENTORY}/tasks/2/move").status_code == 405


def test_a_domain_is_renamed_moved_and_deleted_when_empty(dora):
    _apply(dora, _upload(dora, FILE + "2,Teach,2.1,Train.\n"))
    sent = _fields(dora.get(f"{INVENTORY}/domains/1").text) | {"act": ""}  # that is on the buttons' own forms
    assert post(dora, f"{INVENTORY}/domains/1", sent | {"title": "Leadership"}).location == f"{INVENTORY}#area-1"
    stale = post(dora, f"{INVENTORY}/domains/1", sent | {"title": "Vision"})
    assert (stale.status_code, "Leadership" in stale.text) == (409, True)
    assert post(dora, f"{INVENTORY}/domains/1", {"act": "down"}).location == f"{INVENTORY}#area-1"
    assert post(dora, f"{INVENTORY}/domains/1", {"title": ""}).status_code == 422
    full = post(dora, f"{INVENTORY}/domains/1", {"act": "delete"})
    assert (full.status_code, "Only an area without" in full.text) == (409, True)
    task = _fields(dora.get(f"{INVENTORY}/tasks/3").text)
    assert post(dora, f"{INVENTORY}/tasks/3", task | {"area": "1"}).status_code == 303
    assert "Nothing is in it" in dora.get(f"{INVENTORY}/domains/2").text
    assert post(dora, f"{INVENTORY}/domains/2", {"act": "delete"}).location == INVENTORY
    assert dora.get(f"{INVENTORY}/domains/2").status_code == 404


def test_after_launch_pages_say_locked_and_acts_are_refused(quick_dora, sqlite_app):
    from jta.db import db
    from jta.models.study import Study

    token = csrf_from(quick_dora.get(f"{INVENTORY}/tasks/new").text)
    with sqlite_app.app_context():
        launch(db.session.get(Study, 1))
    pages = ("", "/tasks/new", "/tasks/1", "/tasks/1/retire", "/domains/1", "/import")
    for page in pages:
        reply = quick_dora.get(INVENTORY + page)
        assert (reply.status_code, "The inventory is locked" in reply.text) == (200, True), page
    late = quick_dora.post(f"{INVENTORY}/tasks/1/move", data={"csrf_token": token, "direction": "down"})
    assert (late.status_code, "locked when the survey was launched" in late.text) == (409, True)
    assert quick_dora.get(f"{INVENTORY}/export.csv").status_code == 200


def test_another_studys_task_cannot_be_told_from_none(sqlite_app):
    with sqlite_app.app_context():
        make_study(FRAMEWORK)
        make_study(email="erna@example.org")
    erna = signed_in_client(sqlite_app, "erna@example.org")
    other, none = erna.get("/studies/2/inventory/tasks/1"), erna.get("/studies/2/inventory/tasks/999")
    assert (other.status_code, none.status_code) == (404, 404)
    shape = re.compile(r'<code>[^<]*</code>|nonce="[^"]*"|content="[^"]*"')
    assert shape.sub("", other.text) == shape.sub("", none.text)
    assert erna.get("/studies/1/inventory").status_code == 404


def test_a_panelist_reads_the_inventory_without_buttons(sqlite_app):
    with sqlite_app.app_context():
        _, actor = make_study(FRAMEWORK)
        make_user("pam@example.org", "Pam")
        from jta.services.account import grant_role

        grant_role(actor, study_id=1, email="pam@example.org", role="panelist")
    pam = signed_in_client(sqlite_app, "pam@example.org")
    page = pam.get(INVENTORY).text
    assert "100 task statements" in page
    assert "Retire" not in page
    assert "Add a task statement" not in page
    assert pam.get(f"{INVENTORY}/tasks/1").status_code == 404
