"""A respondent's pages over HTTP, as plain forms without a script."""

from __future__ import annotations

import os
import re

import pytest
from sqlalchemy import event

from jta.db import db
from jta.db_ready import statement_sent
from jta.models.response import Response
from jta.services.instrument import build_content
from jta.services.visits import load_ratings
from jta.views import response
from jta.views.response_base import framed_page
from tests.services.respondent import Respondent, forms_of, snapshot
from tests.services.study_factory import close_survey, make_study, replace_link


@pytest.fixture
def made(app):
    with app.app_context():
        return make_study()


def ratings(app) -> dict[tuple[int, int], int | None]:
    with app.app_context():
        return {k: r.anchor_id for k, r in load_ratings(db.session.scalars(db.select(Response.id)).one()).items()}


def test_opening_a_link_twenty_times_changes_nothing(app):
    with app.app_context():
        made = make_study(n_people=int(os.environ.get("JTA_TEST_LINKS", "2")))
    before = snapshot(app)
    for token in made.tokens:
        for method in ("get", "head", "options") * 20:
            reply = getattr(app.test_client(), method)(f"/s/{token}")
            assert reply.status_code == 200
    assert snapshot(app) == before
    assert {Respondent(app, token).start().status for token in made.tokens} == {200}


def test_the_whole_survey_works_as_plain_forms_with_one_forward_button(app, made):
    person = Respondent(app, made.tokens[0])
    person.get(f"/s/{person.token}")
    pages = 0
    while not person.path.startswith("/survey/thanks"):
        (form,) = forms_of(person.text)
        assert form.buttons == 1
        assert person.send({name: values[-1] for name, values in form.radios.items()}, form=form) == 303
        assert person.token not in person.text
        pages += 1
    assert pages == 5  # welcome, background, two pages of cards, review
    assert "receipt" in person.text
    with app.app_context():
        row = db.session.scalars(db.select(Response)).one()
        assert row.submitted_at is not None
        assert row.receipt in person.text
    assert len(ratings(app)) == 24


def test_a_person_comes_back_to_the_first_open_task_on_any_device(app, made):
    first = Respondent(app, made.tokens[0]).to_cards()
    name = f"r-{made.tasks[0]}-{made.frequency_id}"
    first.send({name: made.frequency[0]})
    other = Respondent(app, made.tokens[0]).start()
    assert other.path == f"/survey/rate/1#task-{made.tasks[1]}"
    assert f'name="{name}" value="{made.frequency[0]}" checked' in other.text
    assert "1 of 12 tasks" in other.text


def test_gaps_are_listed_and_do_not_stop_sending(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    person.get("/survey/review")
    assert "12 tasks are not fully answered" in person.text
    assert f'href="/survey/rate/2#task-{made.tasks[-1]}"' in person.text
    assert person.send() == 303
    assert person.path == "/survey/thanks"


def test_sending_again_shows_the_same_receipt(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    person.get("/survey/review")
    form = forms_of(person.text)[0]
    texts = {re.search(r"receipt-code\">([^<]+)", person.text)[1] for _ in range(3) if person.send(form=form)}
    assert len(texts) == 1


def test_answers_can_be_changed_after_sending_until_the_survey_closes(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    person.get("/survey/review")
    person.send()
    assert "until the survey closes" in person.text
    person.get("/survey/rate/1")
    name = f"r-{made.tasks[0]}-{made.frequency_id}"
    assert person.send({name: made.frequency[2]}) == 303
    with app.app_context():
        close_survey(made.instrument_id)
    person.get("/survey/rate/1")
    assert (person.status, "This survey is closed" in person.text) == (409, True)
    person.get("/survey")
    assert person.path == "/survey/thanks"
    assert "can no longer be changed" in person.text


def test_closing_while_somebody_answers_keeps_what_was_saved(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    person.send({f"r-{made.tasks[0]}-{made.frequency_id}": made.frequency[2]})
    form = forms_of(person.get("/survey/rate/1"))[0]
    tap = {"task": made.tasks[0], "scale": made.frequency_id, "anchor": made.frequency[3], "key": "key-0001"}
    with app.app_context():
        close_survey(made.instrument_id)
    assert person.send({f"r-{made.tasks[1]}-{made.frequency_id}": made.frequency[2]}, form=form) == 409
    assert "Everything you saved before that is kept" in person.text
    reply = person.client.post("/survey/save", data={**form.sends, **tap}, headers={"Accept": "application/json"})
    assert (reply.status_code, reply.json["error"]) == (409, "This survey is closed")
    assert ratings(app) == {(made.tasks[0], made.frequency_id): made.frequency[2]}


def test_withdrawing_takes_two_clicks_from_every_page(app, made):
    person = Respondent(app, made.tokens[0]).start()
    for path in ("/survey/page/1", "/survey/rate/1", "/survey/rate/2", "/survey/review", "/survey/privacy"):
        assert 'href="/survey/withdraw"' in person.get(path), path
    person.get("/survey/withdraw")
    assert person.send() == 303
    assert "You withdrew" in person.text
    person.get(f"/s/{person.token}")
    assert (person.status, "You withdrew" in person.text, forms_of(person.text)) == (200, True, [])
    person.get("/survey/rate/1")
    assert (person.status, "Please open your personal link" in person.text) == (404, True)


def test_withdrawing_is_offered_by_the_link_after_closing(app, made):
    Respondent(app, made.tokens[0]).start()
    with app.app_context():
        close_survey(made.instrument_id)
    again = Respondent(app, made.tokens[0])
    assert "This survey is closed" in again.get(f"/s/{again.token}")
    assert again.send() == 303
    assert again.path == "/survey/withdraw"
    assert again.send() == 303
    stranger = Respondent(app, made.tokens[1])
    stranger.get(f"/s/{stranger.token}")
    assert forms_of(stranger.text) == []


def plain(text: str) -> str:
    """A page without what differs from request to request."""
    return re.sub(r"<code>\w+</code>|nonce=\"[^\"]+\"", "", text)


def test_unknown_and_replaced_links_look_the_same(app, made):
    with app.app_context():
        replace_link(made.people[0])
    client = app.test_client()
    replies = [client.get(f"/s/{token}") for token in (made.tokens[0], "x" * 43, "nonsense", "%C3%A9%00")]
    assert {reply.status_code for reply in replies} == {404}
    assert len({plain(reply.text) for reply in replies}) == 1


def test_a_replaced_link_ends_the_session_of_the_old_one(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    with app.app_context():
        replace_link(made.people[0])
    form = forms_of(person.text)[0]
    assert person.send({f"r-{made.tasks[0]}-{made.frequency_id}": made.frequency[2]}, form=form) == 404
    assert ratings(app) == {}


def test_guessing_links_is_slowed_down(app, made):
    client = app.test_client()
    codes = [client.get(f"/s/guess{n}").status_code for n in range(22)]
    assert codes == [404] * 20 + [429] * 2
    assert client.get(f"/s/{made.tokens[0]}").status_code == 429


def test_honest_visits_are_not_counted(app, made):
    client = app.test_client()
    assert {client.get(f"/s/{made.tokens[0]}").status_code for _ in range(40)} == {200}


def test_the_token_is_in_no_log_and_on_no_page_after_the_start(app, made, capfd):
    from jta import logs

    logs.configure("DEBUG")
    person = Respondent(app, made.tokens[0]).to_cards()
    replies = [person.client.get(path) for path in ("/survey/page/1", "/survey/rate/1", "/survey/review")]
    app.test_client().get(f"/s/{made.tokens[0]}x")
    logs.configure("ERROR")
    written = capfd.readouterr()
    assert '"rule": "/s/<token>"' in written.err
    assert person.token not in written.err + written.out
    for reply in replies:
        assert person.token not in reply.text + str(reply.headers)
        assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert person.token not in repr(snapshot(app))


def test_a_page_of_one_person_is_not_saved_for_another_in_the_same_browser(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    form = forms_of(person.text)[0]
    Respondent(app, made.tokens[1], person.client).to_cards()
    assert person.send({f"r-{made.tasks[0]}-{made.frequency_id}": made.frequency[2]}, form=form) == 409
    assert "belongs to another link" in person.text
    with app.app_context():
        assert [load_ratings(i) for i in db.session.scalars(db.select(Response.id))] == [{}, {}]


def test_a_conflict_shows_both_values_and_keeps_the_rest(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    stale = forms_of(person.text)[0]
    first, second = (f"r-{task}-{made.frequency_id}" for task in made.tasks[:2])
    assert person.send({first: made.frequency[5]}) == 303
    assert person.send({first: made.frequency[1], second: made.frequency[2]}, form=stale) == 409
    assert "<title>Error: " in person.text
    assert "Here you chose “About once a year or less”" in person.text
    assert "you chose “Every day or almost every day”, which we kept" in person.text
    assert forms_of(person.text)[0].sends[first] == str(made.frequency[5])
    assert person.send({first: made.frequency[1]}) == 303
    assert ratings(app) == {
        (made.tasks[0], made.frequency_id): made.frequency[1],
        (made.tasks[1], made.frequency_id): made.frequency[2],
    }


def test_a_form_that_cannot_be_read_is_refused_in_plain_words(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    name = f"r-{made.tasks[0]}-{made.frequency_id}"
    for changes in ({name: "x"}, {name: "99999"}, {"seen": "1.2.3"}, {"seen": "0"}, {name: "9" * 30}):
        form = forms_of(person.get("/survey/rate/1"))[0]
        assert person.send(changes, form=form) == 422
        assert "choose again" in person.text
    hidden = {k: v for k, v in form.sends.items() if k in {"csrf_token", "mark"}}
    good = {
        "task": made.tasks[0],
        "scale": made.frequency_id,
        "anchor": made.frequency[1],
        "key": "key-0001",
        "seen": "",
    }
    for name, value in (("key", "short"), ("task", ""), ("anchor", "1.5"), ("scale", "-1"), ("seen", "junk")):
        assert person.client.post("/survey/save", data={**hidden, **good, name: value}).status_code == 422
    assert person.client.post("/survey/save", data={**hidden, **good}).status_code == 200


def test_a_wrong_choice_on_the_background_page_keeps_the_others(app, made):
    person = Respondent(app, made.tokens[0]).start()
    assert person.send({f"q-{made.question_id}": "999999"}) == 422
    assert "Choose one of the answers in the list" in person.text
    for changes in ({f"q-{made.question_id}": "x"}, {"seen": "junk"}):
        assert person.send(changes, form=forms_of(person.get("/survey/page/1"))[0]) == 422
    person.get("/survey/page/1")
    assert person.send({f"q-{made.question_id}": made.choices[1]}) == 303
    person.get("/survey/page/1")
    assert forms_of(person.text)[0].sends[f"q-{made.question_id}"] == str(made.choices[1])
    assert person.send({f"q-{made.question_id}": ""}) == 303  # blank never replaces a choice
    person.get("/survey/page/1")
    assert forms_of(person.text)[0].sends[f"q-{made.question_id}"] == str(made.choices[1])


def test_a_full_response_resumes_at_the_review(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    for _ in range(2):
        form = forms_of(person.text)[0]
        person.send({name: values[0] for name, values in form.radios.items()}, form=form)
    assert Respondent(app, made.tokens[0]).start().path == "/survey/review"
    assert "You have answered every task" in person.text


def test_a_survey_without_background_questions_begins_with_the_cards(app):
    with app.app_context():
        made = make_study(background=False)
    person = Respondent(app, made.tokens[0]).start()
    assert person.path.startswith("/survey/rate/1")
    assert 'class="back"' not in person.text


def test_starting_without_consent_says_so(app, made):
    person = Respondent(app, made.tokens[0])
    person.get(f"/s/{person.token}")
    assert person.send({"consent": ""}) == 422
    assert "agree to it to begin" in person.text
    assert person.send() == 303


def test_pages_without_a_link_ask_for_it(app, made):
    client = app.test_client()
    for path in (
        "/survey",
        "/survey/page/1",
        "/survey/rate/1",
        "/survey/review",
        "/survey/thanks",
        "/survey/withdraw",
    ):
        reply = client.get(path)
        assert (reply.status_code, "open your personal link" in reply.text) == (404, True), path
    assert client.get("/survey/withdrawn").status_code == 404
    assert client.get("/survey/privacy").status_code == 200


def test_the_thanks_page_waits_for_the_answers(app, made):
    person = Respondent(app, made.tokens[0]).to_cards()
    person.get("/survey/thanks")
    assert person.path.startswith("/survey/rate/1")


def test_a_link_before_launch_says_to_keep_it(app):
    with app.app_context():
        made = make_study(launched=False)
    person = Respondent(app, made.tokens[0])
    assert "has not opened yet" in person.get(f"/s/{person.token}")
    assert forms_of(person.text) == []


QUERIES = {
    "/survey": 3, "/survey/page/1": 2, "/survey/rate/1": 1, "/survey/review": 2,
    "/survey/withdraw": 2, "/survey/privacy": 1,
}  # fmt: skip


@pytest.mark.parametrize("n_tasks", [12, 60])
def test_pages_ask_the_database_a_fixed_number_of_questions(app, n_tasks):
    with app.app_context():
        made = make_study(n_tasks=n_tasks)
        engine = db.engine
    person = Respondent(app, made.tokens[0]).to_cards()
    statements: list[str] = []

    def listen(_connection, _cursor, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    statement_sent.connect(statements.append, weak=False)
    counts = {}
    for path in QUERIES:
        statements.clear()
        person.client.get(path)
        counts[path] = len(statements)
    form = forms_of(person.get("/survey/rate/1"))[0]
    statements.clear()
    person.client.post(
        "/survey/rate/1", data={**form.sends, **{name: values[1] for name, values in form.radios.items()}}
    )
    event.remove(engine, "before_cursor_execute", listen)
    statement_sent.disconnect(statements.append)
    assert counts == QUERIES
    assert len(statements) == (1 if engine.dialect.name == "postgresql" else 3)


def test_a_director_sees_every_page_as_it_will_look(app):
    from jta.models.study import Study
    from jta.views.response import render_preview

    with app.app_context():
        made = make_study(launched=False)
        content = build_content(db.session.get_one(Study, made.study_id))
    with app.test_request_context("/"):
        pages = [render_preview(content, n, link=lambda n, **_: f"/step/{n}", leave_url="/back") for n in (1, 2, 3, 4)]
    assert ["I agree – start" in pages[0], "harbour" in pages[2], "Content domain 2" in pages[3]] == [True] * 3
    assert "How long have you been a pilot?" in pages[1]
    for page in pages:
        assert "Nothing is saved" in page
        assert 'type="submit"' not in page or "disabled" in page
        assert "csrf_token" not in page


def test_a_preview_has_no_page_beyond_the_last(app):
    from jta.errors import NotFoundError
    from jta.models.study import Study
    from jta.views.response import render_preview

    with app.app_context():
        made = make_study(launched=False, background=False)
        content = build_content(db.session.get_one(Study, made.study_id))
    with app.test_request_context("/"), pytest.raises(NotFoundError):
        render_preview(content, 5, link=str, leave_url="/")


def test_pages_that_are_drawn_once_say_what_they_would_say_drawn_anew(app, made, monkeypatch):
    """Two people one after the other: who comes later sees own marks, times and codes on pages drawn for the first."""

    def walk(token: str) -> list[tuple[str, str]]:
        person = Respondent(app, token)
        person.get(f"/s/{token}")
        pages = [(person.path, person.text)]
        while not person.path.startswith("/survey/thanks"):
            (form,) = forms_of(person.text)
            person.send({name: values[-1] for name, values in form.radios.items()}, form=form)
            pages.append((person.path, person.text))
        pages += [(path, person.get(path)) for path in ("/survey/review", f"/s/{token}")]
        monkeypatch.setattr(response, "framed_page", lambda _key, *given, **more: framed_page(None, *given, **more))
        anew = [(path, person.get(path)) for path in ("/survey/thanks", "/survey/review", f"/s/{token}")]
        monkeypatch.undo()
        assert [plain(text) for _path, text in pages[-3:]] == [plain(text) for _path, text in anew]
        return pages

    first, second = (walk(token) for token in made.tokens[:2])
    assert [path for path, _text in first][1:-1] == [path for path, _text in second][1:-1]
    for mine, theirs in zip(first[-3:], second[-3:], strict=True):
        assert secrets_of(mine[1]).isdisjoint(secrets_of(theirs[1]))


def secrets_of(text: str) -> set[str]:
    """What on a page is one person's: link, form token, mark, receipt, nonce."""
    found = re.findall(r'/s/[\w-]+|name="(?:csrf_token|mark)" value="[^"]+"|receipt-code">[^<]+|nonce="[^"]+"', text)
    assert found
    return set(found)
