"""Pages of data sets, results, blueprint and documents: the happy path, refusals, and what was typed stays."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest

from tests.factories import csrf_from, post, signed_in_client
from tests.services.closed_study import make_closed_study


@pytest.fixture
def made(sqlite_app):
    """A closed study of twelve responses, with a client for director, psychometrician and approver."""
    with sqlite_app.app_context():
        study, _ = make_closed_study(12)
        study_id = study.id
    clients = {
        role: signed_in_client(sqlite_app, f"{name}@example.org")
        for role, name in (("director", "dora"), ("psychometrician", "pia"), ("approver", "arno"))
    }
    return f"/studies/{study_id}", clients


@pytest.fixture
def proposed(made):
    study, clients = made
    post(clients["psychometrician"], f"{study}/data-sets/freeze", {"minimum_percent": "50"})
    post(clients["psychometrician"], f"{study}/data-sets/1/analyze", form_page=f"{study}/data-sets")
    post(clients["director"], f"{study}/blueprints", {"run_id": "1"}, form_page=f"{study}/results/1")
    return study, clients


def fields(page: str) -> dict[str, str]:
    """Return the named inputs of the adjust page as they stand."""
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    found |= {name: "" for name in re.findall(r'<input(?![^>]*value=)[^>]*name="(rows-[^"]+)"', page)}
    found |= {name: value for value, name in re.findall(r'<input[^>]*value="([^"]*)"[^>]*name="([^"]+)"', page)}
    return {name: value for name, value in found.items() if not name.endswith("-locked")}  # boxes that are not ticked


def words_of_workbook(content: bytes) -> set[str]:
    """Return all texts of the sheet Read me."""
    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Read me"]
    return {str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None}


def test_before_anything_is_frozen_each_page_says_how_to_begin(made):
    study, clients = made
    director = clients["director"]
    assert "Nothing is frozen yet" in director.get(f"{study}/data-sets").text
    assert "No results yet" in director.get(f"{study}/results").text
    assert "No blueprint yet" in director.get(f"{study}/blueprints").text
    assert "No documents yet" in director.get(f"{study}/documents").text


def test_freezing_shows_the_effect_of_a_rule_before_it_acts(made):
    study, clients = made
    page = clients["director"].get(f"{study}/data-sets/freeze?minimum_percent=100").text
    assert "at least 100% of the tasks" in page
    assert "Nothing is frozen yet" in clients["director"].get(f"{study}/data-sets").text
    reply = post(clients["director"], f"{study}/data-sets/freeze", {"minimum_percent": "many"})
    assert reply.status_code == 422


def test_results_show_all_tasks_and_lead_to_their_tables(proposed):
    study, clients = proposed
    page = clients["director"].get(f"{study}/results/1/tasks").text
    assert page.count("task-1.") >= 36
    table = clients["director"].get(f"{study}/results/1/task_stats.csv")
    assert table.mimetype == "text/csv"
    assert "attachment" in table.headers["Content-Disposition"]
    assert clients["director"].get(f"{study}/results/1/no_such_table.csv").status_code == 404
    assert clients["director"].get(f"{study}/results/99").status_code == 404


def test_a_weight_that_does_not_fit_keeps_everything_typed(proposed):
    study, clients = proposed
    director = clients["director"]
    typed = fields(director.get(f"{study}/blueprints/1/adjust").text)
    typed |= {"rows-0-weight": "99", "rows-0-rationale": "Because <b>", "reason": "A vote", "csrf_token": ""}
    typed["csrf_token"] = csrf_from(director.get(f"{study}/blueprints/1/adjust").text)
    typed.pop("share_rest", None)
    reply = director.post(f"{study}/blueprints/1/adjust", data=typed)
    assert reply.status_code == 422
    assert "not 100.00 %" in reply.text
    assert 'value="99"' in reply.text
    assert "Because &lt;b&gt;" in reply.text
    assert "A vote" in reply.text
    assert "<title>Error: " in reply.text


def test_an_old_page_is_refused_with_both_texts(proposed):
    study, clients = proposed
    director = clients["director"]
    old = fields(director.get(f"{study}/blueprints/1/adjust").text)
    first = old | {"rows-0-weight": "40", "reason": "First vote", "share_rest": "y"}
    assert director.post(f"{study}/blueprints/1/adjust", data=first).status_code == 303
    late = old | {"rows-0-weight": "45", "reason": "Second opinion", "share_rest": "y"}
    reply = director.post(f"{study}/blueprints/1/adjust", data=late)
    assert reply.status_code == 409
    assert "First vote" in reply.text
    assert "Second opinion" in reply.text


def test_from_proposal_to_publication(proposed):
    study, clients = proposed
    director, approver = clients["director"], clients["approver"]
    post(director, f"{study}/blueprints/1/submit", form_page=f"{study}/blueprints/1")
    assert "Waiting for the approver" in director.get(f"{study}/blueprints/1").text
    page = approver.get(f"{study}/blueprints/1/decide").text
    seen = re.search(r'name="seen_hash"[^>]*value="([0-9a-f]{64})"', page).group(1)
    refused = post(approver, f"{study}/blueprints/1/decide", {"seen_hash": seen, "decision": "returned"})
    assert (refused.status_code, "Say what should be changed" in refused.text) == (422, True)
    post(approver, f"{study}/blueprints/1/decide", {"seen_hash": seen, "decision": "approved"})
    post(director, f"{study}/blueprints/1/publish", form_page=f"{study}/blueprints/1")
    shown = director.get(f"{study}/blueprints/1").text
    assert "This version is locked" in shown
    assert director.get(f"{study}/blueprints/1/adjust").status_code == 409
    book = post(director, f"{study}/blueprints/1/workbook", form_page=f"{study}/blueprints/1")
    assert seen in shown
    assert seen in words_of_workbook(book.data)
    listed = director.get(f"{study}/documents").text
    assert "published.xlsx" in listed
    again = director.get(re.search(rf'href="({study}/documents/\d+)"', listed).group(1))
    assert again.data == book.data
    assert (
        director.post(f"{study}/blueprints", data={"run_id": "1", "csrf_token": csrf_from(listed)}).status_code == 409
    )


def test_the_data_set_leaves_the_house_byte_for_byte(proposed):
    study, clients = proposed
    parquet, sets = f"{study}/data-sets/1/ratings.parquet", f"{study}/data-sets"
    file = post(clients["psychometrician"], parquet, form_page=sets)
    page = clients["psychometrician"].get(f"{study}/data-sets").text
    assert file.status_code == 200
    assert post(clients["director"], parquet, form_page=sets).status_code == 404
    from analysis.parquet import from_parquet

    assert from_parquet(file.data).data_hash in page


def count_queries(app, act) -> int:
    from sqlalchemy import event

    from jta.db import db

    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_c, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.parametrize(
    ("page", "most"), [("/blueprints/1", 14), ("/results/1", 14), ("/data-sets", 10), ("/blueprints", 10)]
)
def test_pages_ask_few_questions_of_the_database(sqlite_app, proposed, page, most):
    study, clients = proposed
    assert count_queries(sqlite_app, lambda: clients["director"].get(study + page)) <= most


def test_the_workshop_shows_what_figures_give_and_saves_nothing(proposed):
    study, clients = proposed
    director, address = clients["director"], f"{study}/blueprints/1"
    sent = fields(director.get(f"{address}/adjust").text)
    typed = sent | {"items": "37", "pretest": "5", "reason": ""}
    shown = post(director, f"{address}/preview", typed, form_page=f"{address}/adjust")
    assert shown.status_code == 200
    assert "Nothing is saved yet" in shown.text
    assert re.search(r"All domains.*?<td class=\"num\">37</td>.*?<td class=\"num\">5</td>", shown.text, re.S)
    assert fields(director.get(f"{address}/adjust").text)["items"] == sent["items"]
    wrong = post(director, f"{address}/preview", typed | {"rows-0-weight": "101"}, form_page=f"{address}/adjust")
    assert "Enter a weight from 0 to 100." in wrong.text


def test_alternatives_are_kept_beside_the_blueprint_opened_and_removed(proposed):
    study, clients = proposed
    director, address = clients["director"], f"{study}/blueprints/1"
    sent = fields(director.get(f"{address}/adjust").text)
    typed = sent | {"items": "37", "name": "Shorter exam"}
    assert post(director, f"{address}/alternatives", typed, form_page=f"{address}/adjust").status_code == 303
    again = post(director, f"{address}/alternatives", typed, form_page=f"{address}/adjust")
    assert "Another alternative has this name." in again.text
    page = director.get(address).text
    assert "Shorter exam, 37 items" in page
    opened = re.search(r"alternative=(\d+)", page)
    assert fields(director.get(f"{address}/adjust?alternative={opened[1]}").text)["items"] == "37"
    assert fields(director.get(f"{address}/adjust").text)["items"] == sent["items"]
    remove = f"{address}/alternatives/{opened[1]}/remove"
    assert "Remove Shorter exam" in director.get(remove).text
    assert "Shorter exam, 37 items" in director.get(address).text
    assert post(director, remove, {}).status_code == 303
    assert "Shorter exam, 37 items" not in director.get(address).text


def test_a_locked_row_keeps_its_weight_while_others_share_the_rest(proposed):
    study, clients = proposed
    director, address = clients["director"], f"{study}/blueprints/1"
    page = director.get(f"{address}/adjust").text
    sent, locked = fields(page), {"rows-0-locked": "y"}
    post(director, f"{address}/adjust", sent | locked | {"reason": "Agreed", "vote": "9 of 11"})
    assert "Vote: 9 of 11" in director.get(address).text
    changed = fields(director.get(f"{address}/adjust").text) | locked | {"rows-0-weight": "1.00", "reason": "Try"}
    refused = post(director, f"{address}/adjust", changed)
    assert refused.status_code == 422
    assert "is locked. Unlock it before" in refused.text


def test_dates_are_set_and_versions_compared_on_their_pages(proposed):
    study, clients = proposed
    director, address = clients["director"], f"{study}/blueprints/1"
    version = fields(director.get(f"{address}/dates").text)["version"]
    typed = {"version": version, "effective_on": "2027-01-01", "next_study_on": "2031-01-01", "transition_note": ""}
    assert post(director, f"{address}/dates", typed).status_code == 422
    assert post(director, f"{address}/dates", typed | {"reason": "Board vote"}).status_code == 303
    assert "2031-01-01" in director.get(address).text
    post(director, f"{study}/blueprints", {"run_id": "1"}, form_page=f"{study}/results/1")
    compared = director.get(f"{study}/blueprints/compare").text
    assert "Blueprint 1 and blueprint 2" in compared
    assert "Takes effect" in compared
    assert director.get(f"{study}").status_code == 200


def test_targets_are_set_on_their_page_and_an_old_page_gets_both_texts(proposed):
    study, clients = proposed
    director, address = clients["director"], f"{study}/blueprints/1/two-way"
    assert "No target shares yet" in director.get(address).text
    old = fields(director.get(f"{address}/targets").text) | {"reason": "Vote of the panel"}
    shares = {"levels-0-share": "30", "levels-1-share": "50", "levels-2-share": "20"}
    wrong = director.post(f"{address}/targets", data=old | shares | {"levels-2-share": "25"})
    assert wrong.status_code == 422
    assert "come to 105.00 %, not 100 %" in wrong.text
    assert "Vote of the panel" in wrong.text
    assert director.post(f"{address}/targets", data=old | shares).status_code == 303
    page = director.get(address).text
    assert "Items by content and cognitive level" in page
    late = director.post(f"{address}/targets", data=old | {"levels-0-share": "100", "reason": "Another view"})
    assert late.status_code == 409
    assert "Vote of the panel" in late.text
    assert "Another view" in late.text
    assert "Change the targets" not in clients["approver"].get(address).text


def test_counts_of_the_bank_are_previewed_and_then_shown_with_the_gap(proposed):
    study, clients = proposed
    director, address = clients["director"], f"{study}/blueprints/1/two-way"

    def upload(text: str):
        form = {"file": (io.BytesIO(text.encode()), "bank.csv")}
        return post(director, f"{address}/counts", form, content_type="multipart/form-data")

    bad = upload("code,available\nX9,4\n1,many\n")
    assert bad.status_code == 422
    assert "2 problems in the file" in bad.text
    assert "No counts yet" in director.get(address).text
    good = upload("code,available\n1,7\n2,900\n")
    token = re.search(r'name="token" value="([^"]+)"', good.text)[1]
    taken = post(director, f"{address}/counts/take", {"token": token}, form_page=f"{address}/counts")
    assert taken.status_code == 303
    page = director.get(address).text
    assert "Counts of bank.csv" in page
    assert re.search(r"7 of \d+\s+<span class=\"chip chip-warning\">\d+ missing", page)
    version = re.search(r'name="version" type="hidden" value="(\d+)"', page)[1]
    wanted = {"version": version, "forms": "5"}
    assert post(director, f"{address}/forms", wanted, form_page=f"{address}/counts").status_code == 303
    assert post(director, f"{address}/forms", wanted, form_page=f"{address}/counts").status_code == 409
    assert post(director, f"{address}/forms", wanted | {"forms": "0"}, form_page=f"{address}/counts").status_code == 422
    for name in ("gap.csv", "form-limits.csv", "counts/template.csv", "counts/template.xlsx"):
        assert "attachment" in director.get(f"{address}/{name}").headers["Content-Disposition"]
