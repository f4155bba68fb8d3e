"""The pages of the survey builder: read, edit, preview, launch, close, reopen."""

from __future__ import annotations

import pytest

from jta.db import db
from jta.models.study import Study
from jta.models.survey import Instrument, RatingScale
from tests.factories import csrf_from, post
from tests.views.survey_tools import client_of, contents, queries_of, staffed_study


def url(made, *parts: object) -> str:
    return "/".join([f"/studies/{made.study_id}/survey", *map(str, parts)])


def scale_form(made, **changes) -> dict[str, object]:
    labels = {f"anchor_{key}": f"Level {n}" for n, key in enumerate(made.importance, start=1)}
    return {"title": "Importance", "prompt": "How important?", "version": "1", "one_more": "", **labels, **changes}


def launch(client, made):
    return post(client, url(made, "launch"))


def test_the_page_shows_the_survey_what_is_missing_and_one_next_step(app):
    made = staffed_study(app, n_tasks=0)
    page = client_of(app).get(url(made)).text
    assert page.count("next-action-title") == 2  # the heading and the label that names it
    assert "Complete the survey" in page
    assert "Task statements" in page
    assert "I do not perform this task" in page
    assert "We ask about your work." in page
    assert "How long have you been a pilot?" in page


def test_the_rule_behind_the_minutes_is_stated(app):
    made = staffed_study(app, n_tasks=12)
    page = client_of(app).get(url(made)).text
    assert "4 min" in page  # (24 x 7 + 60) / 60 = 3.8
    assert "7 seconds a rating, 1 minute for the rest" in page


def test_words_of_a_scale_are_edited(app):
    made = staffed_study(app)
    client = client_of(app, "psychometrician")
    page = url(made, "scales", made.importance_id)
    assert post(client, page, scale_form(made, title="Weight", one_more="Level 6")).status_code == 303
    shown = client.get(url(made)).text
    assert "Weight" in shown
    assert "Level 6" in shown


def test_a_refused_scale_keeps_what_was_typed_beside_the_error(app):
    made = staffed_study(app)
    page = url(made, "scales", made.importance_id)
    changes = {f"anchor_{made.importance[1]}": "Level 1", "title": "My own <b>title</b>"}
    reply = post(client_of(app), page, scale_form(made, **changes))
    assert reply.status_code == 422
    assert f'id="anchor_{made.importance[1]}-error"' in reply.text
    assert "2 says the same as 1." in reply.text
    assert "My own &lt;b&gt;title&lt;/b&gt;" in reply.text
    empty = post(client_of(app), page, scale_form(made, title=""))
    assert (empty.status_code, "Give the scale a title." in empty.text) == (422, True)


def test_an_old_page_shows_both_texts_and_can_be_saved_again(app):
    made = staffed_study(app)
    client, page = client_of(app), url(made, "scales", made.importance_id)
    post(client, page, scale_form(made, title="First"))
    reply = post(client, page, scale_form(made, title="Second"))
    assert reply.status_code == 409
    assert "title: First" in reply.text
    assert "title: Second" in reply.text
    assert 'value="Second"' in reply.text
    assert post(client, page, scale_form(made, title="Second", version="2")).status_code == 303


def test_the_highest_anchor_is_removed(app):
    made = staffed_study(app)
    client, page = client_of(app), url(made, "scales", made.importance_id)
    assert "Remove anchor 5" in client.get(page).text
    assert post(client, page, {"act": "remove", "version": "1"}).status_code == 303
    assert "Remove anchor 4" in client.get(page).text
    assert post(client, page, {"act": "remove", "version": "1"}).status_code == 409


def test_the_consent_text_is_edited(app):
    made = staffed_study(app)
    client, page = client_of(app), url(made, "consent")
    version = _version(app, made)
    assert post(client, page, {"text": "One.\n\nTwo.", "version": version}).status_code == 303
    shown = client.get(url(made)).text
    assert "<p>One.</p>" in shown
    stale = post(client, page, {"text": "Three.", "version": version})
    assert stale.status_code == 409
    assert "Three." in stale.text
    assert post(client, page, {"text": "", "version": version + 1}).status_code == 422


def _version(app, made) -> int:
    with app.app_context():
        return db.session.get_one(Study, made.study_id).version


def test_the_preview_shows_every_page_and_saves_nothing(app):
    made = staffed_study(app, n_tasks=12)
    client = client_of(app, "auditor")
    before = contents(app)
    texts = [client.get(url(made, f"preview?page={n}")).text for n in range(1, 6)]
    assert all("Nothing is saved" in text for text in texts)
    assert "We ask about your work." in texts[0]
    assert "How long have you been a pilot?" in texts[1]
    assert "Plan the work of the harbour, part 1.1" in texts[2]
    assert "part 2.6" in texts[3]
    assert "Your receipt" in texts[4]
    assert all("csrf_token" not in text for text in texts)
    assert [client.get(url(made, f"preview?page={n}")).status_code for n in ("6", "0", "-1")] == [404] * 3
    assert contents(app) == before


def test_launch_is_confirmed_then_freezes_and_locks(app):
    made = staffed_study(app)
    client = client_of(app)
    asked = client.get(url(made, "launch"))
    assert "Launch freezes the survey" in asked.text
    reply = post(client, url(made, "launch"), {"seen": _seen(asked.text)})
    assert reply.status_code == 303
    shown = client.get(url(made)).text
    with app.app_context():
        instrument = db.session.query(Instrument).one()
    assert instrument.content_hash in shown
    assert "No. 1" in shown
    assert "Edit the words" not in shown
    assert "Edit consent" not in shown
    assert "locked" in client.get(url(made, "consent")).text
    assert "locked" in client.get(url(made, "scales", made.importance_id)).text
    late = post(client, url(made, "scales", made.importance_id), scale_form(made), form_page="/account/profile")
    assert late.status_code == 409
    assert client.get(url(made, "launch")).status_code == 303
    assert post(client, url(made, "launch"), form_page="/account/profile").status_code == 409


def _seen(html: str) -> str:
    return html.split('name="seen" value="')[1].split('"')[0]


def test_launch_of_a_survey_that_changed_meanwhile_is_refused_with_a_way_back(app):
    made = staffed_study(app)
    client = client_of(app)
    asked = client.get(url(made, "launch")).text
    with app.app_context():
        db.session.get_one(RatingScale, made.importance_id).title = "Other"
        db.session.commit()
    data = {"seen": _seen(asked), "csrf_token": csrf_from(asked)}
    reply = client.post(url(made, "launch"), data=data)
    assert reply.status_code == 409
    assert "Look at the survey again" in reply.text


def test_what_is_missing_keeps_the_launch_button_away(app):
    made = staffed_study(app, n_tasks=0)
    page = client_of(app).get(url(made, "launch")).text
    assert "The survey cannot be launched yet" in page
    assert 'name="seen"' not in page
    reply = post(client_of(app), url(made, "launch"))
    assert (reply.status_code, "task statements" in reply.text) == (409, True)


def test_an_empty_roster_is_a_warning_only(app):
    made = staffed_study(app, n_people=0)
    page = client_of(app).get(url(made, "launch")).text
    assert "People on the roster: not yet" in page
    assert launch(client_of(app), made).status_code == 303


def test_the_survey_is_closed_and_opened_again_with_a_reason(app):
    made = staffed_study(app)
    client = client_of(app)
    assert client.get(url(made, "close")).status_code == 303
    assert client.get(url(made, "reopen")).status_code == 409
    launch(client, made)
    assert "Close it now?" in client.get(url(made, "close")).text
    assert post(client, url(made, "close")).status_code == 303
    assert "Open the survey again" in client.get(url(made)).text
    assert post(client, url(made, "reopen"), {"reason": " "}).status_code == 422
    assert post(client, url(made, "reopen"), {"reason": "More answers"}).status_code == 303
    assert "Open now" in client.get(url(made)).text


@pytest.mark.parametrize(
    ("role", "may_read", "may_not"),
    [
        ("psychometrician", ("", "preview"), ("consent", "launch", "close", "reopen")),
        ("auditor", ("", "preview"), ("consent", "launch", "close", "reopen", "scales")),
        ("approver", (), ("", "preview", "consent", "launch", "scales")),
        ("panelist", (), ("", "preview", "launch")),
    ],
)
def test_each_role_reaches_its_own_pages_only(sqlite_app, role, may_read, may_not):
    made = staffed_study(sqlite_app)
    client = client_of(sqlite_app, role)
    pages = {"scales": f"scales/{made.importance_id}"}
    assert [client.get(url(made, pages.get(p, p)).rstrip("/")).status_code for p in may_read] == [200] * len(may_read)
    assert [client.get(url(made, pages.get(p, p)).rstrip("/")).status_code for p in may_not] == [404] * len(may_not)
    shown = client.get(url(made)).text
    assert "Go to launch" not in shown
    assert ("Edit the words" in shown) == (role == "psychometrician")


def test_reading_changes_nothing(sqlite_app):
    made = staffed_study(sqlite_app)
    client = client_of(sqlite_app)
    before = contents(sqlite_app)
    for page in ("consent", "launch", "close", "preview", f"scales/{made.importance_id}"):
        client.get(url(made, page))
    client.get(url(made))
    assert contents(sqlite_app) == before


def test_the_page_takes_the_same_queries_for_any_number_of_tasks(app):
    small = staffed_study(app, n_tasks=4)
    client = client_of(app)
    few = queries_of(app, client, url(small))
    with app.app_context():
        from jta.models.inventory import Domain, Task

        area = db.session.query(Domain).filter(Domain.parent_id.is_not(None)).first()
        for n in range(80):
            words = {"code": f"X{n}", "statement": f"Plan part {n}", "position": 50 + n}
            db.session.add(Task(study_id=small.study_id, domain_id=area.id, **words))
        db.session.commit()
    large = queries_of(app, client, url(small))
    assert large == few
    assert large <= 20
