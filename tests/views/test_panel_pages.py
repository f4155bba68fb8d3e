"""The panel's pages: a director's way from an empty panel to decisions, a panelist's way through the rounds."""

from __future__ import annotations

import io
import re

import pytest

from jta.services.links import row_token
from jta.services.opt_out import PANEL_STOP
from tests.factories import csrf_from, make_user, post, signed_in_client
from tests.live import Page
from tests.services.panel_study import answer, close, finish, make_panel_study, open_round
from tests.services.study_builders import make_study
from tests.views.test_study_pages import _fields, _hidden

PANEL = "/studies/1/panel"
FILE = "name,email,role,years,region\nAna,ana@example.org,CTO,12,West\nBo,bo@example.org,CTO,3,East\n"


@pytest.fixture
def dora(app):
    with app.app_context():
        make_study()
    return signed_in_client(app)


@pytest.fixture
def made(sqlite_app):
    """A panel of six who have signed, on SQLite only."""
    with sqlite_app.app_context():
        return make_panel_study()


@pytest.fixture
def quick_dora(made, sqlite_app):
    """Its director."""
    return signed_in_client(sqlite_app)


def _panelist(app, made, number: int = 0):
    client = app.test_client()
    path = made.urls[number].removeprefix("http://127.0.0.1:8000")
    assert post(client, path).location == "/panel"
    return client


def test_a_panel_is_imported_linked_and_linked_once(dora):
    assert "Put the panel together" in dora.get(PANEL).text
    token = csrf_from(dora.get(f"{PANEL}/people/import").text)
    twice = (io.BytesIO(f"{FILE.rstrip()}\n{FILE.splitlines()[1]}\n".encode()), "twice.csv")
    refused = dora.post(
        f"{PANEL}/people/import", data={"csrf_token": token, "file": twice}, content_type="multipart/form-data"
    )
    assert (refused.status_code, "1 problem in the file" in refused.text) == (422, True)
    data = {"csrf_token": token, "file": (io.BytesIO(FILE.encode()), "panel.csv")}
    preview = dora.post(f"{PANEL}/people/import", data=data, content_type="multipart/form-data")
    assert (preview.status_code, "Import 2 rows" in preview.text) == (200, True)
    sent = {"csrf_token": csrf_from(preview.text), "token": _hidden(preview.text, "token")}
    assert dora.post(f"{PANEL}/people/import/apply", data=sent).location == f"{PANEL}/people"
    assert "Make the personal links" in dora.get(PANEL).text
    made = post(dora, f"{PANEL}/people/links")
    assert (made.status_code, len(re.findall(r"/p/[\w-]{43}", made.text))) == (200, 2)
    assert made.headers["Cache-Control"] == "no-store"
    assert "Everybody has a link" in dora.get(f"{PANEL}/people/links").text
    assert "/p/" not in dora.get(f"{PANEL}/people").text


def test_a_person_is_added_edited_and_a_stale_edit_keeps_both(dora):
    assert post(dora, f"{PANEL}/people/new", {"name": ""}).status_code == 422
    assert post(dora, f"{PANEL}/people/new", {"name": "Ana", "years": "7"}).location == f"{PANEL}/people"
    sent = _fields(dora.get(f"{PANEL}/people/1").text)
    assert post(dora, f"{PANEL}/people/1", sent | {"region": "West"}).status_code == 303
    stale = post(dora, f"{PANEL}/people/1", sent | {"region": "East"})
    assert (stale.status_code, "Region: West" in stale.text, "Region: East" in stale.text) == (409, True, True)
    assert post(dora, f"{PANEL}/people/1", _fields(stale.text)).status_code == 303
    assert "East" in dora.get(f"{PANEL}/people").text
    assert post(dora, f"{PANEL}/people/1/leave", {"reason": ""}).status_code == 422
    assert post(dora, f"{PANEL}/people/1/leave", {"reason": "Moved"}).status_code == 303
    assert "has left the panel" in dora.get(f"{PANEL}/people/1").text


def test_targets_and_statements_are_saved_and_conflict(quick_dora):
    page = quick_dora.get(f"{PANEL}/targets").text
    sent = {"attribute-0": "region", "value-0": "West", "target-0": "5", "seen": _hidden(page, "seen")}
    assert post(quick_dora, f"{PANEL}/targets", sent).location == PANEL
    assert "2 more with region “West”" in quick_dora.get(PANEL).text
    stale = post(quick_dora, f"{PANEL}/targets", sent | {"value-0": "North"})
    assert (stale.status_code, "Region, North: 5" in stale.text) == (409, True)
    fields = _fields(quick_dora.get(f"{PANEL}/statements").text)
    new = fields | {"interests": "Tell us."}
    assert post(quick_dora, f"{PANEL}/statements", new).location == PANEL
    clash = post(quick_dora, f"{PANEL}/statements", fields | {"interests": "Tell me."})
    assert (clash.status_code, "Tell us." in clash.text, "Tell me." in clash.text) == (409, True, True)


def test_a_round_from_draft_to_done(quick_dora, made, sqlite_app):
    assert "Task–KSA linkage" in quick_dora.get(f"{PANEL}/rounds/new").text
    assert quick_dora.get(f"{PANEL}/rounds/new/party").status_code == 404
    new = f"{PANEL}/rounds/new/review"
    assert post(quick_dora, new, {"title": ""}).status_code == 422
    there = post(quick_dora, new, _fields(quick_dora.get(new).text)).location
    assert "Nobody sees this round yet" in quick_dora.get(there).text
    acts = f"{there}/act"
    assert post(quick_dora, acts, {"act": "open"}, form_page=there).location == there
    ana = _panelist(sqlite_app, made)
    assert "Review" in ana.get("/panel").text
    page = ana.get(ana.get("/panel/rounds/1").location).text
    sent = {"mark": _hidden(page, "mark"), "seen": _hidden(page, "seen"), "a.1": "keep", "a.2": "revise",
            "w.2": "Negotiate contracts.", "c.2": "<b>Shorter</b>"}  # fmt: skip
    reply = post(ana, "/panel/rounds/1/1", sent)
    assert reply.location == "/panel/rounds/1/finish"
    assert "3 tasks have no answer yet" in ana.get(reply.location).text
    assert post(ana, reply.location, {"mark": sent["mark"]}).location == "/panel"
    assert "Sent in" in ana.get("/panel").text
    assert "Results are shown when nobody can answer" in quick_dora.get(f"{there}/results").text
    post(quick_dora, acts, {"act": "close"}, form_page=there)
    assert ana.get("/panel/rounds/1/1").status_code == 409
    assert "This round is closed" in ana.get("/panel/rounds/1").text
    results = quick_dora.get(f"{there}/results").text
    assert "&lt;b&gt;Shorter&lt;/b&gt;" in results
    assert "Expert 1" not in results
    assert ana.get("/panel/rounds/1/results").status_code == 404
    post(quick_dora, acts, {"act": "release"}, form_page=there)
    assert "Fewer than five answered" in ana.get("/panel/rounds/1/results").text
    decide(quick_dora, there)


def decide(dora, there: str) -> None:
    """One by the vote, one reworded, the others one by one."""
    page = dora.get(f"{there}/decisions").text
    assert "The panel was clear on 1" in page
    sent = {"seen": _hidden(page, "seen"), "reason": "Clear."}
    assert post(dora, f"{there}/decisions", sent).location == f"{there}/decisions"
    form = _fields(dora.get(f"{there}/decisions/item-2").text)
    assert form["wording"] == "Negotiate contracts."
    assert post(dora, f"{there}/decisions/item-2", form | {"outcome": "reword", "reason": ""}).status_code == 422
    assert post(dora, f"{there}/decisions/item-2", form | {"outcome": "reword", "reason": "Vote"}).status_code == 303
    stale = post(dora, f"{there}/decisions/item-2", form | {"outcome": "keep", "reason": "No"})
    assert (stale.status_code, "Stored now" in stale.text) == (409, True)
    for item in (3, 4, 5):
        form = _fields(dora.get(f"{there}/decisions/item-{item}").text)
        post(dora, f"{there}/decisions/item-{item}", form | {"outcome": "keep", "reason": "No vote"})
    post(dora, f"{there}/act", {"act": "finish"}, form_page=there)
    assert "Decided" in dora.get(there).text
    assert "Negotiate contracts." in dora.get("/studies/1/inventory").text
    log = dora.get(f"{PANEL}/log").text
    assert "1 keep, but reword, n = 1" in log
    assert dora.get(f"{PANEL}/log.csv").data.count(b"\r\n") == 6


def test_a_panelist_signs_before_the_first_answer(sqlite_app):
    with sqlite_app.app_context():
        made = make_panel_study(1, signed=False)
        open_round(made, "review")
    ana = _panelist(sqlite_app, made)
    assert ana.get("/panel").location == "/panel/statements"
    page = ana.get("/panel/statements").text
    fields = _fields(page) | {"mark": _hidden(page, "mark"), "declared": "I sell a course.", "signed_as": ""}
    refused = post(ana, "/panel/statements", fields)
    assert (refused.status_code, "I sell a course." in refused.text) == (422, True)
    whole = fields | {"signed_as": "Ana A.", "agree.interests": "yes", "agree.confidentiality": "yes"}
    assert post(ana, "/panel/statements", whole).location == "/panel"
    assert "I sell a course." in ana.get("/panel/statements").text
    assert "I sell a course." in signed_in_client(sqlite_app).get(f"{PANEL}/people/1").text


def test_two_pages_clash_with_both_answers_and_taps_are_saved_one_by_one(made, sqlite_app):
    with sqlite_app.app_context():
        open_round(made, "review")
    ana = _panelist(sqlite_app, made)
    page = ana.get("/panel/rounds/1/1").text
    base = {"mark": _hidden(page, "mark"), "seen": _hidden(page, "seen")}
    tap = post(ana, "/panel/rounds/1/save", base | {"a.1": "keep"}, form_page="/panel/rounds/1/1")
    assert (tap.json["status"], tap.json["versions"]) == ("saved", {"1": 1})
    late = post(ana, "/panel/rounds/1/save", base | {"a.1": "drop"}, form_page="/panel/rounds/1/1")
    assert (late.status_code, late.json["status"]) == (409, "clash")
    whole = post(ana, "/panel/rounds/1/1", base | {"a.1": "drop", "c.1": "Not ours", "a.2": "keep"})
    assert (whole.status_code, "Stored from your other page:" in whole.text, "Not ours" in whole.text) == (
        409,
        True,
        True,
    )
    form = Page("", 409, whole.data).form("seen")
    assert post(ana, "/panel/rounds/1/1", form.fields).status_code == 303
    assert Page("", 200, ana.get("/panel/rounds/1/1").data).form("seen").fields["a.1"] == "drop"


def test_a_page_of_another_panelist_saves_nothing(made, sqlite_app):
    with sqlite_app.app_context():
        open_round(made, "weights")
    first = _panelist(sqlite_app, made)
    mark = _hidden(first.get("/panel/rounds/1/1").text, "mark")
    second = _panelist(sqlite_app, made, 1)
    reply = post(second, "/panel/rounds/1/1", {"mark": mark, "seen": "{}", "a.1": "100", "a.2": "0"})
    assert (reply.status_code, "belongs to another link" in reply.text) == (409, True)
    bad = post(first, "/panel/rounds/1/1", {"mark": mark, "seen": "nonsense", "a.1": "1,000", "a.2": "40"})
    assert (bad.status_code, 'value="1,000"' in bad.text) == (422, True)


def test_without_a_link_nothing_is_shown_and_leaving_forgets(made, sqlite_app):
    stranger = sqlite_app.test_client()
    for path in ("/panel", "/panel/rounds/1", "/panel/statements", "/p/unknown"):
        reply = stranger.get(path)
        assert (reply.status_code, "personal link" in reply.text) == (404, True), path
    ana = _panelist(sqlite_app, made)
    assert post(ana, "/panel/leave", form_page="/panel").status_code == 200
    assert ana.get("/panel").status_code == 404


def test_an_account_on_the_panel_comes_in_and_goes_with_its_sign_out(made, sqlite_app):
    from jta.services.account import grant_role

    with sqlite_app.app_context():
        make_user("e1.1@example.org", "Expert One")
        grant_role(made.dora, study_id=1, email="e1.1@example.org", role="panelist")
    client = signed_in_client(sqlite_app, "e1.1@example.org")
    page = client.get(PANEL).text
    assert ("Open my rounds" in page, "Expert 2" in page) == (True, False)
    assert post(client, f"{PANEL}/enter", form_page=PANEL).location == "/panel"
    assert client.get("/panel").status_code == 200
    assert client.get(f"{PANEL}/people").status_code == 404
    post(client, "/account/sign-out", form_page="/account/profile")
    assert client.get("/panel").status_code == 404


def test_the_rest_of_a_row_is_set_to_zero_without_script(made, sqlite_app):
    with sqlite_app.app_context():
        one = open_round(made, "linkage")
    ana = _panelist(sqlite_app, made)
    page = ana.get("/panel/rounds/1/1?one=1").text
    sent = _fields(page) | {"mark": _hidden(page, "mark"), "rest": "1", "a.1-6": "2", "a.1-7": "", "a.1-8": ""}
    reply = post(ana, "/panel/rounds/1/1?one=1", sent)
    assert reply.location == "/panel/rounds/1/1?one=1#item-1"
    shown = ana.get("/panel/rounds/1/1?one=1").text
    assert shown.count('data-value="0"') == 2
    assert ana.get("/panel/rounds/1?one=1").location.startswith("/panel/rounds/1/2?one=1")
    assert one


def test_results_of_every_kind_can_be_downloaded(made, quick_dora, sqlite_app):
    with sqlite_app.app_context():
        for kind in ("writing", "delphi", "linkage", "level", "entry", "weights"):
            one = open_round(made, kind)
            if kind == "weights":
                answer(made.tickets[0], one, {"1": "60", "2": "40"})
                finish(made.tickets[0], one)
            close(made, one)
    for number in range(1, 7):
        reply = quick_dora.get(f"{PANEL}/rounds/{number}/results.csv")
        assert reply.headers["Content-Disposition"].endswith(f'panel-round-{number}.csv"')
        assert len(reply.data.splitlines()) > 2
        assert quick_dora.get(f"{PANEL}/rounds/{number}/results").status_code == 200
        assert quick_dora.get(f"{PANEL}/rounds/{number}/decisions").status_code == 200
    assert "has not been analysed" in quick_dora.get(f"{PANEL}/ksa-weights").text
    assert quick_dora.get(f"{PANEL}/ksa-weights.csv").status_code == 404


def test_a_session_with_notes_themes_and_appendix(quick_dora):
    new = f"{PANEL}/meetings/new"
    assert post(quick_dora, new, {"kind": "focus group", "title": ""}).status_code == 422
    there = post(quick_dora, new, {"kind": "focus group", "title": "Small districts", "participants": "1"}).location
    assert post(quick_dora, f"{PANEL}/themes", {"code": "SEC", "title": "Security"}).location == f"{PANEL}/themes"
    notes = f"{there}/notes"
    named = post(quick_dora, notes, {"text": "Expert 1 said so"}, form_page=there)
    assert (named.status_code, "Write it without names" in named.text) == (422, True)
    added = post(quick_dora, notes, {"text": "Nobody tests.", "themes": "1", "codes": "2.2"}, form_page=there)
    assert added.location == f"{there}#note-1"
    page = quick_dora.get(there).text
    assert ("Led to 2.2" in page, "SEC Security" in page) == (True, True)
    form = _fields(quick_dora.get(f"{PANEL}/notes/1").text)
    assert post(quick_dora, f"{PANEL}/notes/1", form | {"text": "Few test.", "act": ""}).status_code == 303
    stale = post(quick_dora, f"{PANEL}/notes/1", form | {"text": "None test.", "act": ""})
    assert (stale.status_code, "Few test." in stale.text, "None test." in stale.text) == (409, True, True)
    for form_of_file in ("docx", "csv"):
        assert quick_dora.get(f"{PANEL}/appendix.{form_of_file}").status_code == 200
    sent = {"decided": "Half and half", "votes_for": "5", "votes_against": "1", "abstained": "0", "meeting": ""}
    assert post(quick_dora, f"{PANEL}/log", sent).status_code == 422
    assert post(quick_dora, f"{PANEL}/log", sent | {"reason": "Custom"}).location == f"{PANEL}/log"
    assert "5 for, 1 against, 0 abstained" in quick_dora.get(f"{PANEL}/log").text


def test_who_stopped_messages_starts_them_again_by_the_same_page_and_nobody_else_does(made, quick_dora, sqlite_app):
    with sqlite_app.app_context():
        stop = f"/stop/{row_token(PANEL_STOP, made.tickets[0].panelist_id)}"
    client = _panelist(sqlite_app, made)
    client.post(stop)
    assert "You stopped messages about the panel." in client.get("/panel").text
    person = f"{PANEL}/people/{made.tickets[0].panelist_id}"
    page = quick_dora.get(person).text
    assert "Only Expert 1 can ask for messages again" in page
    assert 'action="/stop' not in page
    assert client.post(f"{stop}/resume").status_code == 400  # without a form token, as a mail scanner would
    assert "You stopped messages" in client.get("/panel").text
    assert "again." in post(client, f"{stop}/resume", form_page=stop).text
    assert "You stopped messages" not in client.get("/panel").text
    assert "can ask for messages again" not in quick_dora.get(person).text
