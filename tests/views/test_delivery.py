"""The pages of the roster, its links and the responses."""

from __future__ import annotations

import csv
import io
import re

import pytest

from jta import clock
from jta.db import db
from jta.models.delivery import Person, PersonEvent
from jta.models.study import Study
from jta.services import links
from tests.factories import csrf_from, post
from tests.services.study_factory import make_study
from tests.services.test_monitor import respond
from tests.views.survey_tools import client_of, contents, queries_of, staffed_study

CSV = "person_code,name,email,district,stratum\nX1,Ann Adams,ann@example.org,Imaginary Falls,Big harbours\n"


def url(made, *parts: object) -> str:
    return "/".join([f"/studies/{made.study_id}/roster", *map(str, parts)])


def send_file(client, made, text: str, name: str = "roster.csv"):
    data = {"file": (io.BytesIO(text.encode()), name)}
    return post(client, url(made, "import"), data, content_type="multipart/form-data")


def token_of(html: str) -> str:
    return re.search(r'name="token"[^>]*value="([^"]*)"', html).group(1)


def set_stage(app, made, stage: str) -> None:
    with app.app_context():
        db.session.get_one(Study, made.study_id).stage = stage
        db.session.commit()


def without_links(app, made) -> None:
    with app.app_context():
        for person in db.session.query(Person).filter_by(study_id=made.study_id):
            person.token_hash = None
        db.session.commit()


# the roster


def test_the_roster_shows_people_and_where_they_stand(app):
    made = staffed_study(app, n_people=3, launched=True, n_tasks=4)
    with app.app_context():
        respond(made, made.people[1], rated=2)
    page = client_of(app).get(url(made)).text
    assert "Pilot 1" in page
    assert "p2@example.org" in page
    assert re.search(r"Pilot 2.*?Partial", page, re.S)
    assert "About once a year" not in page  # what was answered is nowhere


def test_an_empty_roster_says_how_to_begin(app):
    made = staffed_study(app, n_people=0)
    page = client_of(app).get(url(made)).text
    assert "Nobody is on the roster yet" in page
    assert page.count("Import a file") == 1


def test_search_and_filters_are_in_the_address_and_escaped(app):
    made = staffed_study(app, n_people=3)
    client = client_of(app)
    page = client.get(url(made) + "?q=pilot+2&status=link+made").text
    assert "1 person found of 3" in page
    assert "Pilot 1" not in page
    nobody = client.get(url(made), query_string={"q": "<script>alert(1)</script>", "sort": "'; DROP TABLE person"})
    assert nobody.status_code == 200
    assert "Nobody found" in nobody.text
    assert "<script>alert(1)" not in nobody.text


def test_pages_keep_the_order_that_was_asked(app):
    made = staffed_study(app, n_people=51)
    page = client_of(app).get(url(made) + "?sort=name&order=down").text
    assert 'aria-sort="descending"' in page
    assert "Page 1 of 2" in page
    following = re.search(r'rel="next"\s+href="([^"]+)"', page).group(1).replace("&amp;", "&")
    assert "order=down" in following
    assert "Page 2 of 2" in client_of(app).get(following).text


def test_a_person_is_added_edited_and_removed(app):
    made = staffed_study(app)
    client = client_of(app)
    added = {"name": "Ann Adams", "email": "ann@example.org", "organization": "", "stratum_id": "", "code": "A-1"}
    assert post(client, url(made, "new"), added).status_code == 303
    assert "Ann Adams is on the roster with the code A-1." in client.get(url(made)).text
    again = post(client, url(made, "new"), {**added, "name": "Bo & Co", "code": ""})
    assert again.status_code == 422
    assert "Somebody on the roster has this address already." in again.text
    assert "Bo &amp; Co" in again.text
    person = made.people[-1] + 1
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', client.get(url(made, person)).text).group(1)
    edited = {**added, "name": "Anna Adams", "seen": seen}
    assert post(client, url(made, person), edited).status_code == 303
    stale = post(client, url(made, person), {**edited, "name": "Annika"})
    assert stale.status_code == 409
    assert "Name: Anna Adams" in stale.text
    assert "Name: Annika" in stale.text
    assert "The row is deleted" in client.get(url(made, person, "remove")).text
    assert post(client, url(made, person, "remove")).status_code == 303
    assert client.get(url(made, person)).status_code == 404


def test_who_started_cannot_be_removed(app):
    made = staffed_study(app, launched=True)
    with app.app_context():
        respond(made, made.people[0])
    client = client_of(app)
    assert "Remove from the roster" not in client.get(url(made, made.people[0])).text
    refused = client.get(url(made, made.people[0], "remove"))
    assert refused.status_code == 409
    assert "has started to answer" in refused.text


# files


def test_a_file_is_previewed_then_applied(app):
    made = staffed_study(app)
    client = client_of(app)
    before = contents(app)
    preview = send_file(client, made, CSV)
    assert preview.status_code == 200
    assert "Big harbours" in preview.text
    assert "New strata" in preview.text
    assert contents(app) == before
    data = {"token": token_of(preview.text), "csrf_token": csrf_from(preview.text)}
    assert client.post(url(made, "import/apply"), data=data).status_code == 303
    page = client.get(url(made)).text
    assert "The file is imported: 1 new person, 0 changed." in page
    assert "Imaginary Falls" in page
    stale = client.post(url(made, "import/apply"), data=data)
    assert stale.status_code == 409
    assert "Upload the file again" in stale.text


def test_a_file_with_problems_names_row_and_column_and_cannot_be_applied(app):
    made = staffed_study(app)
    preview = send_file(client_of(app), made, CSV + "X2,Bo,not an address,,\n")
    assert preview.status_code == 422
    assert re.search(r"<td class=\"num\">3</td>\s*<td>email</td>", preview.text)
    assert 'name="token"' not in preview.text


def test_a_file_that_is_no_roster_is_refused_in_words(app):
    made = staffed_study(app)
    client = client_of(app)
    refused = send_file(client, made, "nothing,of,use\n1,2,3\n")
    assert refused.status_code == 422
    assert "This file cannot be read" in refused.text
    none = post(client, url(made, "import"), {}, content_type="multipart/form-data")
    assert (none.status_code, "Choose a file." in none.text) == (422, True)


def test_a_preview_that_was_tampered_with_is_refused(app):
    made = staffed_study(app)
    client = client_of(app)
    preview = send_file(client, made, CSV)
    for token in ("", "x", token_of(preview.text)[:-1]):
        reply = client.post(url(made, "import/apply"), data={"token": token, "csrf_token": csrf_from(preview.text)})
        assert reply.status_code == 303
        assert "Upload the file again" in client.get(reply.location).text
    with app.app_context():
        assert db.session.query(Person).filter_by(study_id=made.study_id).count() == 2


def test_a_withdrawn_person_is_marked_and_left_alone(app):
    made = staffed_study(app)
    with app.app_context():
        db.session.add(PersonEvent(person_id=made.people[0], kind="withdrew", at=clock.now()))
        db.session.commit()
    client = client_of(app)
    preview = send_file(client, made, CSV + "P0001,New Name,p1@example.org,,\n")
    assert "Withdrew: left alone" in preview.text
    shown = client.get(url(made, made.people[0])).text
    assert "This person is left alone" in shown
    assert 'name="seen"' not in shown


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_reads_back_without_a_refusal_of_its_columns(sqlite_app, form):
    from jta.imports import read_roster

    made = staffed_study(sqlite_app)
    reply = client_of(sqlite_app).get(url(made, f"template.{form}"))
    assert reply.status_code == 200
    assert f'filename="roster-template.{form}"' in reply.headers["Content-Disposition"]
    result = read_roster(reply.data, f"roster-template.{form}")
    assert result.problems == []
    assert result.refused is None or "no rows" in result.refused


# links


def test_links_are_shown_once(app):
    made = staffed_study(app, n_people=2)
    without_links(app, made)
    client = client_of(app)
    assert "Make 2 links" in client.get(url(made, "links")).text
    shown = post(client, url(made, "links"), {"as": "page"})
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"
    tokens = re.findall(r"http://127\.0\.0\.1:8000/s/([\w-]{43})", shown.text)
    with app.app_context():
        assert [links.find_person(token).id for token in tokens] == made.people
    page = client.get(url(made, "links")).text
    assert "Everybody has a link" in page
    assert not any(token in page + client.get(url(made)).text for token in tokens)
    assert post(client, url(made, "links"), {"as": "page"}, form_page=url(made, "new")).status_code == 303


def test_links_come_as_a_file_without_formulas(app):
    made = staffed_study(app, n_people=1)
    without_links(app, made)
    with app.app_context():
        db.session.get_one(Person, made.people[0]).name = "=HYPERLINK(1)"
        db.session.commit()
    reply = post(client_of(app), url(made, "links"), {"as": "csv"})
    assert reply.headers["Content-Disposition"] == f'attachment; filename="study-{made.study_id}-links.csv"'
    assert reply.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(reply.data.decode("utf-8-sig"))))
    assert rows[0]["name"] == "'=HYPERLINK(1)"
    with app.app_context():
        assert links.find_person(rows[0]["link"].rpartition("/")[2]).id == made.people[0]


def test_a_link_is_replaced_after_a_question(app):
    made = staffed_study(app)
    client, page = client_of(app), url(made, made.people[0], "link")
    before = contents(app)
    assert "stops working at once" in client.get(page).text
    assert contents(app) == before
    shown = post(client, page)
    assert shown.headers["Cache-Control"] == "no-store"
    token = re.search(r"/s/([\w-]{43})", shown.text).group(1)
    assert app.test_client().get(f"/s/{made.tokens[0]}").status_code == 404
    assert app.test_client().get(f"/s/{token}").status_code == 200


def test_a_link_made_before_launch_says_not_open_yet(app):
    made = staffed_study(app)
    page = app.test_client().get(f"/s/{made.tokens[0]}")
    assert (page.status_code, "has not opened yet" in page.text) == (200, True)


def test_a_closed_survey_keeps_its_roster(app):
    made = staffed_study(app)
    set_stage(app, made, "closed")
    client = client_of(app)
    for part in ("", "new", "import", "links", f"{made.people[0]}", f"{made.people[0]}/link"):
        page = client.get(url(made, part).rstrip("/"))
        assert page.status_code == 200
        assert "The survey is closed" in page.text
        assert '<form class="form"' not in page.text
    assert (
        post(client, url(made, "new"), {"name": "Ann", "stratum_id": ""}, form_page="/account/profile").status_code
        == 409
    )


# responses


def test_responses_are_counts_without_names(app):
    made = staffed_study(app, n_people=12, n_tasks=12, launched=True)
    with app.app_context():
        for person in made.people[:10]:
            respond(made, person, minutes=12, rated=12)
    for role in ("director", "psychometrician", "auditor"):
        page = client_of(app, role).get(f"/studies/{made.study_id}/responses").text
        assert "10/12 · 83 %" in page
        assert "12 min" in page
        assert "Content domain 1" in page
        assert "Pilot" not in page.replace("harbour pilot", "")
        assert "example.org" not in page.replace(f"{role}@example.org", "")


def test_figures_of_small_groups_are_held_back(app):
    made = staffed_study(app, n_people=12, n_tasks=12, launched=True)
    with app.app_context():
        for person in made.people[:9]:
            respond(made, person, minutes=12, rated=12)
    page = client_of(app).get(f"/studies/{made.study_id}/responses").text
    assert "Not shown yet" in page
    assert "12 min" not in page
    assert "shown from 10 submitted responses on, n = 9" in page


def test_responses_of_an_empty_or_unlaunched_study_say_what_comes_next(app):
    made = staffed_study(app, n_people=0)
    page = client_of(app).get(f"/studies/{made.study_id}/responses").text
    assert "Nobody is invited yet" in page
    assert "Launch the survey" in page
    assert "Import a roster" not in client_of(app, "auditor").get(f"/studies/{made.study_id}/responses").text


# rights, reading, queries


@pytest.mark.parametrize("role", ["psychometrician", "auditor", "approver", "panelist"])
def test_nobody_but_the_director_sees_the_roster(sqlite_app, role):
    made = staffed_study(sqlite_app)
    client = client_of(sqlite_app, role)
    parts = ("", "new", "import", "links", "template.csv", made.people[0], f"{made.people[0]}/link")
    assert [client.get(url(made, part).rstrip("/")).status_code for part in parts] == [404] * len(parts)


def test_people_of_another_study_look_like_nobody(sqlite_app):
    made = staffed_study(sqlite_app)
    with sqlite_app.app_context():
        other = make_study()
    client = client_of(sqlite_app)
    for part in ("", "/link", "/remove"):
        assert client.get(url(made, other.people[0]) + part).status_code == 404
        reply = post(client, url(made, other.people[0]) + part, form_page=url(made, "new"))
        assert reply.status_code == 404


def test_reading_changes_nothing(sqlite_app):
    made = staffed_study(sqlite_app)
    client = client_of(sqlite_app)
    before = contents(sqlite_app)
    for part in ("", "new", "import", "links", made.people[0], f"{made.people[0]}/link", f"{made.people[0]}/remove"):
        assert client.get(url(made, part).rstrip("/")).status_code == 200
    client.get(f"/studies/{made.study_id}/responses")
    assert contents(sqlite_app) == before


def test_pages_take_the_same_queries_for_any_number_of_people(app):
    made = staffed_study(app, n_people=11, n_tasks=4, launched=True)
    with app.app_context():
        for person in made.people:
            respond(made, person, minutes=5, rated=4)
    pages = [url(made), url(made, "links"), f"/studies/{made.study_id}/responses"]
    client = client_of(app)
    few = [queries_of(app, client, page) for page in pages]
    with app.app_context():
        for n in range(40):
            person = Person(
                study_id=made.study_id, code=f"Q{n}", name=f"Q {n}", email=f"q{n}@example.org", added_at=clock.now(),
                events=[PersonEvent(kind="added", at=clock.now())],
            )  # fmt: skip
            db.session.add(person)
            db.session.flush()
            respond(made, person.id, minutes=5, rated=4)
    many = [queries_of(app, client, page) for page in pages]
    assert many == few
    assert max(many) <= 20
