"""Pages of the data review: who sees what, decide and undo, what was typed stays, few queries."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event, select

from tests.factories import csrf_from, post, signed_in_client
from tests.services.closed_study import make_closed_study


@pytest.fixture
def made(sqlite_app):
    """A closed study of forty responses: its address, the random codes, clients of three roles."""
    from jta.db import db
    from jta.models.response import Response
    from jta.services import account
    from tests.factories import make_user

    with sqlite_app.app_context():
        study, actors = make_closed_study(40)
        make_user("olu@example.org", "Olu Auditor")
        account.grant_role(actors["director"], study_id=study.id, email="olu@example.org", role="auditor")
        codes = list(db.session.scalars(select(Response.code).order_by(Response.code)))
        study_id = study.id
    names = {"director": "dora", "psychometrician": "pia", "auditor": "olu"}
    clients = {role: signed_in_client(sqlite_app, f"{name}@example.org") for role, name in names.items()}
    return f"/studies/{study_id}/data-sets/review", codes, clients


def shown_codes(page: str) -> list[str]:
    return re.findall(r'<th scope="row"\s+class="num">\s*<a href="[^"]*/review/([^"]+)"', page)


def exclude(client, url: str, code: str, **changes):
    page = client.get(f"{url}/{code}").text
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', page).group(1)
    data = {"choice": "exclude", "ground": "other", "reason": "Because I looked", "seen": seen} | changes
    return post(client, f"{url}/{code}/decision", data, form_page=f"{url}/{code}")


def test_only_the_psychometrician_sees_single_responses(made):
    url, codes, clients = made
    mine = clients["psychometrician"].get(f"{url}?show=all").text
    assert sorted(shown_codes(mine)) == codes
    assert "under 10" not in mine
    for role in ("director", "auditor"):
        page = clients[role].get(f"{url}?show=all").text
        assert not [code for code in codes if code in page]
        assert "Responses flagged by each rule" in page
        assert "under 10" in page
        assert clients[role].get(f"{url}/{codes[0]}").status_code == 404
        reply = post(clients[role], f"{url}/{codes[0]}/decision", {"choice": "keep"}, form_page="/account/profile")
        assert reply.status_code == 404


def test_the_list_can_be_narrowed_to_a_rule(made):
    url, _, clients = made
    client = clients["psychometrician"]
    all_codes, flagged = (
        shown_codes(client.get(f"{url}?show=all").text),
        shown_codes(client.get(f"{url}?show=flagged").text),
    )
    assert flagged == all_codes[: len(flagged)]
    by_rule = [
        shown_codes(client.get(f"{url}?show={rule}").text) for rule in ("too_little", "low_variance", "too_fast")
    ]
    assert any(by_rule)
    assert set().union(*by_rule) <= set(flagged)
    assert client.get(f"{url}?show=nonsense&page=999").status_code == 200
    assert client.get(f"{url}/NO-SUCH").status_code == 404


def test_excluding_undoing_and_what_each_page_then_says(made):
    url, _, clients = made
    client = clients["psychometrician"]
    code = shown_codes(client.get(url).text)[0]
    page = client.get(f"{url}/{code}").text
    assert page.count('class="bar-fill"') > 20
    assert "The cut is" in page
    assert exclude(client, url, code).status_code == 303
    page = client.get(f"{url}/{code}").text
    assert "Because I looked" in page
    assert "Undo this decision" in page
    assert code not in shown_codes(client.get(url).text)
    assert "Left out in review" in client.get(url.replace("review", "freeze")).text
    assert "Weight before" in client.get(url).text
    director = clients["director"].get(url).text
    assert "fewer than 10" in director
    assert "Weight before" not in director
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', page).group(1)
    undo = {"act": "undo", "undo_reason": "Looked again", "seen": seen}
    assert post(client, f"{url}/{code}/decision", undo, form_page=f"{url}/{code}").status_code == 303
    assert "Looked again" in client.get(f"{url}/{code}").text
    assert code in shown_codes(client.get(url).text)
    assert "Because I looked" not in clients["director"].get(url.replace("data-sets/review", "audit")).text


def test_the_director_sees_the_joint_effect_of_ten_exclusions(made):
    url, codes, clients = made
    for code in shown_codes(clients["psychometrician"].get(f"{url}?show=all").text)[-10:]:
        assert exclude(clients["psychometrician"], url, code).status_code == 303
    page = clients["director"].get(url).text
    assert "Weight before" in page
    before, after = (int(n) for n in re.search(r"(\d+) responses before, (\d+) responses after", page).groups())
    assert before - after == 10
    assert not [code for code in codes if code in page]
    assert "In review: another reason" in clients["director"].get(url.replace("review", "freeze")).text
    post(clients["director"], url.replace("review", "freeze"), {"minimum_percent": "50"})
    assert "Left out in review, another reason" in clients["director"].get(url.replace("/review", "")).text


def test_what_was_typed_stays_when_something_is_missing(made):
    url, codes, clients = made
    client = clients["psychometrician"]
    for changes, message in (
        ({"ground": ""}, "Choose what the exclusion is counted under."),
        ({"choice": ""}, "Choose whether the response is left out or kept."),
        ({"reason": ""}, "Give a reason"),
    ):
        reply = exclude(client, url, codes[0], **({"reason": "Typed <b>words</b>"} | changes))
        assert reply.status_code == 422
        assert message in reply.text
        assert "Error: " in reply.text
        assert ("Typed &lt;b&gt;words" in reply.text) == ("reason" not in changes)
    exclude(client, url, codes[0])
    empty = {"act": "undo", "undo_reason": "", "seen": "1"}
    assert post(client, f"{url}/{codes[0]}/decision", empty, form_page=f"{url}/{codes[0]}").status_code == 422


def test_a_decision_made_meanwhile_is_not_overwritten(made):
    url, codes, clients = made
    client = clients["psychometrician"]
    token = csrf_from(client.get(f"{url}/{codes[0]}").text)
    exclude(client, url, codes[0])
    late = {"choice": "keep", "reason": "My own view", "seen": "0", "csrf_token": token}
    reply = client.post(f"{url}/{codes[0]}/decision", data=late)
    assert reply.status_code == 409
    assert re.search(r"<textarea[^>]*>\s*My own view", reply.text)  # nothing that was typed is lost
    assert "My own view" in reply.text
    assert "Because I looked" in reply.text


def test_an_open_survey_has_no_review(made, sqlite_app):
    from jta.db import db, transaction
    from jta.models.study import Study

    url, codes, clients = made
    with sqlite_app.app_context(), transaction():
        db.session.scalars(select(Study)).one().stage = "fielding"
    for page in (url, f"{url}/{codes[0]}"):
        reply = clients["psychometrician"].get(page)
        assert reply.status_code == 409
        assert "Close the survey first" in reply.text


def test_the_pages_need_few_queries(made, sqlite_app):
    from jta.db import db

    url, codes, clients = made
    client, counted = clients["psychometrician"], []
    with sqlite_app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *_: counted.append(1))

    def queries(page: str) -> int:
        counted.clear()
        assert client.get(page).status_code == 200
        return len(counted)

    before = {page: queries(page) for page in (f"{url}?show=all", f"{url}/{codes[0]}")}
    for code in codes[:4]:
        exclude(client, url, code)
    assert queries(f"{url}?show=all") <= before[f"{url}?show=all"] + 2  # the effect reads the plan
    assert max(before.values()) < 30
