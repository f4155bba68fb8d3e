"""The pages of a market study: results, codebook, coding, files; who sees what."""

from __future__ import annotations

import io
import re

import openpyxl

from jta import clock
from jta.db import db
from jta.models.account import Membership
from jta.models.study import Study
from tests.factories import make_user, post, signed_in_client
from tests.services.test_market import market_study


def made_market(app, n: int = 60, *, frozen: bool = True, comments: int = 0) -> int:
    """A market study whose director is dora@example.org, with a psychometrician and an auditor."""
    from jta.services import market_data

    with app.app_context():
        study, dora, _ = market_study(n)
        for role in ("psychometrician", "auditor", "approver"):
            user = make_user(f"{role}@example.org", f"The {role}")
            db.session.add(Membership(user_id=user.id, study_id=study.id, role=role, granted_at=clock.now()))
        db.session.commit()
        if frozen:
            market_data.freeze_answers(dora, study.id)
        return study.id


def test_a_director_freezes_and_reads_the_results(app):
    study = made_market(app, frozen=False)
    client = signed_in_client(app)
    overview = client.get(f"/studies/{study}").text
    assert "Go to freeze" in overview
    assert "Blueprint" not in re.search(r'<nav class="tabs.*?</nav>', overview, re.S).group()
    page = client.get(f"/studies/{study}/market").text
    assert "60 responses were submitted" in page
    reply = post(client, f"/studies/{study}/market/freeze", form_page=f"/studies/{study}/market", follow_redirects=True)
    assert "Data set 1 is frozen: 60 responses." in reply.text
    assert "Should that person be certified" in reply.text
    assert "Parquet" not in reply.text


def test_results_by_groups(app):
    study = made_market(app, 300)
    page = signed_in_client(app, "psychometrician@example.org").get(f"/studies/{study}/market?by=role").text
    assert re.search(r"χ²\(1, n = 300\)", page)
    assert "Cramér" in page
    assert "No test: a respondent may have marked several choices" in page
    assert signed_in_client(app).get(f"/studies/{study}/market?by=nothing").status_code in (400, 422)


def test_directors_read_hidden_where_psychometricians_read_numbers(app):
    study = made_market(app)
    director, full = signed_in_client(app), signed_in_client(app, "psychometrician@example.org")
    assert ">hidden</span>" in director.get(f"/studies/{study}/market").text
    assert ">hidden</span>" not in full.get(f"/studies/{study}/market").text
    assert "Smallest" not in director.get(f"/studies/{study}/market").text
    assert "Smallest" in full.get(f"/studies/{study}/market").text


def test_files(app):
    study = made_market(app)
    director, full = signed_in_client(app), signed_in_client(app, "psychometrician@example.org")
    book = director.get(f"/studies/{study}/market/data-sets/1.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(book.data)).sheetnames[0] == "Read me"
    assert director.get(f"/studies/{study}/market/data-sets/1.parquet").status_code == 404
    assert full.get(f"/studies/{study}/market/data-sets/1.parquet").data[:4] == b"PAR1"
    assert full.get(f"/studies/{study}/market/data-sets/9.parquet").status_code == 404


def test_comments_are_coded_on_pages(app):
    study = made_market(app, frozen=False)
    client = signed_in_client(app, "psychometrician@example.org")
    url = f"/studies/{study}/market"
    assert "Name a theme first" in client.get(f"{url}/comments").text
    assert post(client, f"{url}/themes", {"label": "Cost", "definition": "Fees"}).status_code == 303
    assert post(client, f"{url}/themes", {"label": "cost"}).status_code == 422
    page = client.get(f"{url}/comments").text
    assert "Cost matters." in page
    theme, question = (
        re.search(r'name="theme" value="(\d+)"', page)[1],
        re.search(r'name="question" value="(\d+)"', page)[1],
    )
    codes = re.findall(r'name="code" value="([^"]+)"', page)
    for code in codes:
        sent = {"code": code, "question": question, "theme": theme, "quote": "It costs." if code == codes[0] else ""}
        assert post(client, f"{url}/comments", sent).status_code == 303
    assert "15 of 15" in client.get(f"{url}/comments").text
    seen = signed_in_client(app).get(f"{url}/themes").text
    assert "15" in seen
    assert "It costs." in seen
    assert "Code comments" not in seen
    assert signed_in_client(app).get(f"{url}/comments").status_code == 404


def test_a_theme_is_edited_and_removed_with_a_question(app):
    study = made_market(app, frozen=False)
    client = signed_in_client(app, "psychometrician@example.org")
    url = f"/studies/{study}/market/themes"
    post(client, url, {"label": "Cost"})
    number = re.search(r"/themes/(\d+)\"", client.get(url).text)[1]
    assert post(client, f"{url}/{number}", {"label": "Fees", "version": "1"}).status_code == 303
    stale = post(client, f"{url}/{number}", {"label": "Prices", "version": "1"})
    assert stale.status_code == 409
    assert "Prices" in stale.text
    assert "Fees" in stale.text
    assert "Remove Fees?" in client.get(f"{url}/{number}/remove").text
    assert "out of the codebook" in post(client, f"{url}/{number}/remove", follow_redirects=True).text


def test_a_practice_analysis_has_no_market_results(app):
    study = made_market(app, 12)
    with app.app_context():
        db.session.get_one(Study, study).kind = "practice analysis"
        db.session.commit()
    assert signed_in_client(app).get(f"/studies/{study}/market").location.endswith("/results")


def test_it_is_created_from_the_form(app):
    made_market(app, 12)
    client = signed_in_client(app)
    sent = {"title": "Market study 2", "time_zone": "UTC", "exam_items": "100", "start": "market study",
            "smallest_group": "10"}  # fmt: skip
    reply = post(client, "/studies/new", sent)
    assert reply.status_code == 303, reply.text
    assert "The questions are complete" in client.get(reply.location).text


def test_no_page_about_ratings_opens_in_a_market_study(app):
    study = made_market(app, 12)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    clients = [signed_in_client(app), signed_in_client(app, "psychometrician@example.org")]
    shown = set()
    for endpoint, path in study_pages(app, study):
        for client in clients:
            reply = client.get(path)
            assert reply.status_code < 500, path
            if reply.status_code == 200:
                shown.add(endpoint.split(".")[0])
    allowed = {"study", "survey", "builder", "languages", "delivery", "market", "sending", "letters", "open_link"}
    assert shown <= allowed, shown


def study_pages(app, study: int) -> list[tuple[str, str]]:
    """Every page of a study whose address holds no more than a number or a form."""
    found, known = [], {"study_id": study, "number": 1, "form": "csv"}
    for rule in app.url_map.iter_rules():
        if "study_id" in rule.arguments and rule.arguments <= set(known) and "GET" in rule.methods:
            values = {name: known[name] for name in rule.arguments}
            found.append((rule.endpoint, app.url_map.bind("").build(rule.endpoint, values)))
    return found
