"""Sending twice is once, however many requests arrive at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from jta.db import db
from jta.models.response import IdempotencyKey, Rating, RatingChange, Response
from tests.services.respondent import Respondent, forms_of
from tests.services.study_factory import make_study

MANY = 100


def all_at_once(work: Callable[[int], Any]) -> list[Any]:
    """Run the work in many threads that begin together."""
    gate = threading.Barrier(20)

    def run(number: int) -> Any:
        if number < gate.parties:
            gate.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(max_workers=gate.parties) as pool:
        return list(pool.map(run, range(MANY)))


def rows(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


def copies(person: Respondent, app: Flask) -> list:
    """Many browsers with the cookie of one."""
    cookie = person.client.get_cookie("jta")
    clients = [app.test_client() for _ in range(MANY)]
    for client in clients:
        client.set_cookie("jta", cookie.value)
    return clients


def test_a_hundred_saves_with_one_key_store_one_version(app):
    with app.app_context():
        made = make_study()
    person = Respondent(app, made.tokens[0]).to_cards()
    clients = copies(person, app)
    hidden = person.hidden()
    data = {
        "csrf_token": hidden["csrf_token"], "mark": hidden["mark"], "key": "one-key-for-all", "seen": "",
        "task": made.tasks[0], "scale": made.frequency_id, "anchor": made.frequency[3],
    }  # fmt: skip
    replies = all_at_once(lambda n: clients[n].post("/survey/save", data=data))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1
    assert [rows(app, m) for m in (Rating, RatingChange, IdempotencyKey)] == [1, 0, 1]
    other = clients[0].post("/survey/save", data={**data, "anchor": made.frequency[4]})
    assert other.status_code == 409
    assert [rows(app, m) for m in (Rating, RatingChange, IdempotencyKey)] == [1, 0, 1]


def test_a_hundred_double_clicks_on_a_page_store_one_version(app):
    with app.app_context():
        made = make_study()
    person = Respondent(app, made.tokens[0]).to_cards()
    clients = copies(person, app)
    form = forms_of(person.text)[0]
    data = {**form.sends, **{name: values[2] for name, values in form.radios.items()}}
    replies = all_at_once(lambda n: clients[n].post(form.action, data=data))
    assert {reply.status_code for reply in replies} == {303}
    assert [rows(app, m) for m in (Rating, RatingChange)] == [len(form.radios), 0]


def test_two_tabs_that_disagree_at_the_same_moment_store_one_and_tell_the_other(app):
    with app.app_context():
        made = make_study()
    person = Respondent(app, made.tokens[0]).to_cards()
    clients = copies(person, app)
    form = forms_of(person.text)[0]
    name = f"r-{made.tasks[0]}-{made.frequency_id}"
    replies = all_at_once(lambda n: clients[n].post(form.action, data={**form.sends, name: made.frequency[1 + n % 2]}))
    codes = [reply.status_code for reply in replies]
    assert set(codes) == {303, 409}
    assert [rows(app, m) for m in (Rating, RatingChange)] == [1, 0]
    with app.app_context():
        kept = db.session.scalars(select(Rating.anchor_id)).one()
    assert all((code == 303) == (made.frequency[1 + n % 2] == kept) for n, code in enumerate(codes))


def test_a_hundred_starts_of_one_link_make_one_response(app):
    with app.app_context():
        made = make_study()
    person = Respondent(app, made.tokens[0])
    person.get(f"/s/{person.token}")
    clients = copies(person, app)
    form = forms_of(person.text)[0]
    replies = all_at_once(lambda n: clients[n].post(form.action, data=form.sends))
    assert {reply.status_code for reply in replies} == {303}
    assert rows(app, Response) == 1


def test_a_hundred_submits_are_one_submission(app):
    from jta.models.audit import AuditEvent

    with app.app_context():
        made = make_study()
    person = Respondent(app, made.tokens[0]).to_cards()
    person.get("/survey/review")
    clients = copies(person, app)
    form = forms_of(person.text)[0]
    replies = all_at_once(lambda n: clients[n].post(form.action, data=form.sends))
    assert {reply.status_code for reply in replies} == {303}
    with app.app_context():
        actions = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["started", "submitted"]
