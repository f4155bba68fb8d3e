"""Every kind of page of a survey as plain forms: screener, questions, statements, points, receipt."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jta.db import db
from jta.models.response import (
    Answer,
    AnswerChange,
    DomainPoints,
    DomainPointsChange,
    KsaRating,
    PageVisit,
    Rating,
    Response,
)
from tests.services.full_survey import FullStudy, make_full_study
from tests.services.respondent import Form, Respondent, forms_of
from tests.services.study_factory import close_survey


@pytest.fixture
def full(app) -> FullStudy:
    with app.app_context():
        return make_full_study()


def begin(app, full: FullStudy, number: int = 0) -> Respondent:
    person = Respondent(app, full.made.tokens[number])
    person.get(f"/s/{person.token}")
    person.send()
    return person


def field(full: FullStudy, code: str) -> str:
    return f"q-{full.questions[code]}"


def screened(app, full: FullStudy, number: int = 0) -> Respondent:
    person = begin(app, full, number)
    assert person.send({field(full, "role"): full.choices["role"]["yes"]}) == 303
    return person


def stored(app, model, *columns):
    with app.app_context():
        return [tuple(row) for row in db.session.execute(select(*columns).select_from(model).order_by(*columns))]


def test_the_whole_way_has_one_forward_button_on_each_page(app, full):
    person = Respondent(app, full.made.tokens[0])
    person.get(f"/s/{person.token}")
    seen = []
    texts = {
        field(full, "years"): "12",
        field(full, "comment"): "All is said.",
        field(full, "role"): full.choices["role"]["yes"],
    }
    points = dict(zip((f"q-{d}" for d in full.domains), ("60", "40"), strict=True))
    while not person.path.startswith("/survey/thanks"):
        (form,) = forms_of(person.text)
        assert form.buttons == 1
        seen.append(person.path.split("#")[0])
        given = {name: values[-1] for name, values in form.radios.items()} | texts
        if person.path.startswith("/survey/page/5"):
            given |= points
        assert person.send({k: v for k, v in given.items() if k in person.text}, form=form) == 303, person.text
    assert seen[1:] == [
        "/survey/page/1", "/survey/page/2", "/survey/rate/1", "/survey/rate/2", "/survey/ksa/1", "/survey/page/5",
        "/survey/page/6", "/survey/review",
    ]  # fmt: skip
    assert "receipt" in person.text
    assert stored(app, KsaRating, KsaRating.anchor_id) == [(full.ksa_anchors[-1],)] * 2
    assert stored(app, DomainPoints, DomainPoints.points) == [(40.0,), (60.0,)]
    assert ("All is said.",) in stored(app, Answer, Answer.text)
    visits = stored(app, PageVisit, PageVisit.step, PageVisit.seconds)
    assert len(visits) == 7
    assert all(seconds >= 0 for _, seconds in visits)


def test_a_screener_ends_the_survey_and_a_slip_can_be_put_right(app, full):
    person = begin(app, full)
    assert person.send() == 422  # must be answered
    assert "Choose one answer." in person.text
    assert person.send({field(full, "role"): full.choices["role"]["no"]}) == 303
    assert person.path == "/survey/ended"
    assert "We ask harbour pilots only." in person.text
    with app.app_context():
        assert db.session.scalars(select(Response.screened_out_at)).one() is not None
    for path in ("/survey", "/survey/rate/1", "/survey/page/2", "/survey/ksa/1", "/survey/page/5", "/survey/review"):
        assert "We ask harbour pilots only." in person.get(path), path
    person.get("/survey/page/1")
    assert person.send({field(full, "role"): full.choices["role"]["yes"]}) == 303
    assert person.path == "/survey/page/2"
    with app.app_context():
        assert db.session.scalars(select(Response.screened_out_at)).one() is None
    assert stored(app, AnswerChange, AnswerChange.choice_id) == [(full.choices["role"]["no"],)]


def test_nobody_passes_the_screener_by_typing_an_address(app, full):
    person = begin(app, full)
    for path in ("/survey/rate/1", "/survey/page/2", "/survey/ksa/1", "/survey/page/5", "/survey/review"):
        person.get(path)
        assert person.path == "/survey/page/1", path
    other = screened(app, full, 1)
    pages = {path: forms_of(other.get(path))[0] for path in ("/survey/page/2", "/survey/rate/1", "/survey/page/5")}
    tap = {"task": full.made.tasks[0], "scale": full.made.frequency_id, "anchor": full.made.frequency[2]}
    hidden = other.hidden() | tap | {"seen": "", "key": "0" * 16}
    other.get("/survey/page/1")
    assert other.send({field(full, "role"): full.choices["role"]["no"]}) == 303
    for path, form in pages.items():  # pages of another tab, sent after the screener ended the survey
        given = {name: values[-1] for name, values in form.radios.items()}
        given |= {f"q-{key}": "50" for key in full.domains} | {field(full, "years"): "3"}
        assert (other.send(given, form=form), other.path) == (303, "/survey/ended"), path
    reply = other.client.post("/survey/save", data=hidden, headers={"Accept": "application/json"})
    assert (reply.status_code, "not meant for you" in reply.json["message"]) == (409, True)
    hidden = {name: hidden[name] for name in ("csrf_token", "mark")}
    assert other.client.post("/survey/submit", data=hidden).location == "/survey/ended"
    assert stored(app, Response, Response.submitted_at) == [(None,), (None,)]
    assert stored(app, Rating, Rating.anchor_id) == stored(app, DomainPoints, DomainPoints.points) == []
    assert stored(app, Answer, Answer.choice_id) == [(full.choices["role"]["no"],)]


def test_what_is_posted_before_the_screener_is_answered_is_not_stored(app, full):
    person, ready = begin(app, full), screened(app, full, 1)
    own, made = person.hidden(), full.made
    rating = {f"r-{made.tasks[0]}-{made.frequency_id}": made.frequency[2]}
    pages = {
        "/survey/rate/1": rating,
        "/survey/ksa/1": {f"r-{full.statements[0]}-{full.ksa_scale}": full.ksa_anchors[0]},
        "/survey/page/2": {field(full, "years"): "3"},
        "/survey/page/5": {f"q-{key}": "50" for key in full.domains},
    }
    for path, given in pages.items():
        assert person.send(given, form=Form(path, "post", own | {"seen": ""})) == 409, path
        assert "must be answered first" in person.text
        assert 'href="/survey/page/1"' in person.text
    person.get("/survey/page/1")
    reply = person.tap(made.tasks[0], made.frequency_id, made.frequency[2], "0" * 16)
    assert (reply.status_code, "must be answered first" in reply.json["message"]) == (409, True)
    assert stored(app, Rating, Rating.anchor_id) == stored(app, KsaRating, KsaRating.anchor_id) == []
    assert stored(app, DomainPoints, DomainPoints.points) == []
    assert stored(app, Answer, Answer.question_id) == [(full.questions["role"],)]  # of the other one
    ready.get("/survey/rate/1")
    assert ready.send(rating) == 303
    assert stored(app, Rating, Rating.anchor_id) == [(made.frequency[2],)]


@pytest.mark.parametrize(
    ("code", "given", "words"),
    [
        ("years", "ninety", "Write a number, such as 12 or 3.5."), ("years", "61", "Write a number from 0 to 60."),
        ("years", "-1", "Write a number from 0 to 60."), ("years", "1e3", "Write a number, such as"),
        ("years", "", "Please fill this in."), ("years", "٣", "Write a number, such as"),
        ("years", "9" * 400, "such as 12"),
        ("future", "999999", "Choose one of the answers in the list."), ("tools", "0", "Choose one of the answers"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(app, full, code, given, words):
    person = screened(app, full)
    future = {field(full, "future"): full.choices["future"]["2"]} if code != "future" else {}
    years = {field(full, "years"): "7"} if code != "years" else {}
    assert person.send({**future, **years, field(full, code): given}) == 422
    assert words in person.text
    assert "<title>Error: " in person.text
    if code == "years":
        assert f'value="{given}"' in person.text
        assert f'value="{full.choices["future"]["2"]}" checked' in person.text  # kept, and saved already
        assert (full.choices["future"]["2"],) in stored(app, Answer, Answer.choice_id)


def test_several_answers_are_kept_and_counted(app, full):
    person = screened(app, full)
    ids = [str(number) for number in full.choices["tools"].values()]
    form = forms_of(person.text)[0]
    base = {k: v for k, v in form.sends.items() if k not in {field(full, "tools")}} | {field(full, "years"): "3.5"}
    reply = person.client.post(form.action, data={**base, field(full, "tools"): ids})
    assert (reply.status_code, "Choose at most 2 answers." in reply.text) == (422, True)
    person.get("/survey/page/2")
    base["seen"] = forms_of(person.text)[0].sends["seen"]
    assert person.client.post(form.action, data={**base, field(full, "tools"): ids[:2]}).status_code == 303
    page = person.get("/survey/page/2")
    assert [f'value="{number}" checked' in page for number in ids] == [True, True, False]
    assert (3.5,) in stored(app, Answer, Answer.number)


def test_two_devices_never_blank_each_other(app, full):
    one = screened(app, full)
    stale = forms_of(one.text)[0]
    two = Respondent(app, full.made.tokens[0])
    two.get(f"/s/{two.token}")
    two.send()
    assert two.path == "/survey/page/2"
    assert two.send({field(full, "years"): "5", field(full, "future"): full.choices["future"]["1"]}) == 303
    assert one.send({field(full, "years"): "6"}, form=stale) == 409
    assert "Here you gave “6”." in one.text
    assert "On another page or device you gave “5”, which we kept." in one.text
    assert forms_of(one.text)[0].sends[field(full, "years")] == "5"
    assert (full.choices["future"]["1"],) in stored(app, Answer, Answer.choice_id)
    assert one.send({field(full, "years"): "6"}) == 303
    assert (6.0,) in stored(app, Answer, Answer.number)


def test_points_must_add_up_and_stay_as_typed(app, full):
    person = screened(app, full)
    first, second = (f"q-{key}" for key in full.domains)
    for given, words in (
        ({first: "60", second: "30"}, "Please give out 10 more."),
        ({first: "60", second: "50"}, "Please take 10 away."),
        ({first: "50.5", second: "49.5"}, "whole number"), ({first: "-1", second: "101"}, "whole number"),
    ):  # fmt: skip
        person.get("/survey/page/5")
        assert person.send(given) == 422
        assert words in person.text
        assert [forms_of(person.text)[0].sends[name] for name in (first, second)] == list(given.values())
    assert stored(app, DomainPoints, DomainPoints.points) == []
    stale = forms_of(person.text)[0]
    assert person.send({first: "100", second: ""}) == 303
    assert stored(app, DomainPoints, DomainPoints.points) == [(0.0,), (100.0,)]
    assert person.send({first: "70", second: "30"}, form=stale) == 409
    assert "Kept: 100" in person.text
    assert person.send({first: "70", second: "30"}) == 303
    assert stored(app, DomainPoints, DomainPoints.points) == [(30.0,), (70.0,)]
    assert len(stored(app, DomainPointsChange, DomainPointsChange.points)) == 2


def test_what_must_be_answered_stops_the_sending_with_a_link(app, full):
    person = screened(app, full)
    person.get("/survey/review")
    assert "These questions must be answered" in person.text
    assert person.send() == 422
    assert f'href="/survey/page/2#q-{full.questions["years"]}"' in person.text
    with app.app_context():
        assert db.session.scalars(select(Response.submitted_at)).one() is None
    person.get("/survey/page/2")
    person.send({field(full, "years"): "4"})
    person.get("/survey/review")
    assert person.send() == 303


def sent(app, full: FullStudy) -> tuple[Respondent, str]:
    person = screened(app, full)
    person.send({field(full, "years"): "4"})
    person.get("/survey/review")
    person.send()
    return person, person.text.split('class="receipt-code">')[1][:9]


def test_the_receipt_shows_own_answers_to_nobody_else(app, full):
    person, receipt = sent(app, full)
    person.get("/survey/answers")
    assert "Years in this work" not in person.text
    assert person.send({"receipt": "AAAA-AAAA"}) == 422
    assert person.send({"receipt": receipt.lower().replace("-", " ")}) == 200
    assert "Years in this work" in person.text
    other = screened(app, full, 1)
    other.get("/survey/answers")
    assert "You have not sent your answers" in other.text
    form = {
        "receipt": receipt,
        "csrf_token": other.get("/survey/page/2").split('name="csrf_token" value="')[1].split('"')[0],
    }
    assert other.client.post("/survey/answers", data=form).status_code == 422
    assert app.test_client().get("/survey/answers").status_code == 404


def test_own_answers_are_shown_after_closing_by_link_and_receipt(app, full):
    _, receipt = sent(app, full)
    with app.app_context():
        close_survey(full.made.instrument_id)
    again = Respondent(app, full.made.tokens[0])
    again.get(f"/s/{again.token}")
    answers, _withdraw = forms_of(again.text)
    assert again.send(form=answers) == 303
    assert again.send({"receipt": receipt}) == 200
    assert "Years in this work" in again.text


def test_a_wording_put_right_reaches_those_who_are_under_way(app, full):
    from jta import clock
    from jta.models.survey import Instrument

    person = screened(app, full)
    with app.app_context():
        old = db.session.get_one(Instrument, full.made.instrument_id)
        text = repr(old.content)
        content = eval(text.replace("Years in this work", "Years in this kind of work"))
        new = Instrument(
            study_id=old.study_id, number=2, content=content, content_hash="x" * 64, launched_at=clock.now(),
            replaces_id=old.id, note="A word was missing.",
        )  # fmt: skip
        db.session.add(new)
        db.session.commit()
    assert "Years in this kind of work" in person.get("/survey/page/2")
    assert person.send({field(full, "years"): "4"}) == 303


def test_somebody_elses_page_is_not_saved(app, full):
    person = screened(app, full)
    form = forms_of(person.text)[0]
    other = Respondent(app, full.made.tokens[1], person.client)
    other.get(f"/s/{other.token}")
    other.send()
    other.send({field(full, "role"): full.choices["role"]["yes"]})  # the pages behind the screener are open now
    assert person.send({field(full, "years"): "4"}, form=form) == 409
    assert "belongs to another link" in person.text
    assert (4.0,) not in stored(app, Answer, Answer.number)
