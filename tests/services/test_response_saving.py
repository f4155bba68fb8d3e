"""Saving: versions, history, keys, refusals; the page of cards; the background page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from jta import clock
from jta.db import db
from jta.db_ready import statement_sent
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, SurveyClosedError
from jta.models.response import AnswerChange, IdempotencyKey, Rating, RatingChange, Response
from jta.models.survey import Instrument
from jta.services import saving
from jta.services.rating_page import build_rating_page
from jta.services.visits import OtherLinkError, ScreenedOutError, get_visit, load_ratings
from tests.services import saves
from tests.services.study_factory import close_survey, make_study
from tests.services.test_response_start import start


@pytest.fixture
def begun(app_context):
    made = make_study()
    ticket = start(made)
    return made, ticket, get_visit(ticket).page_mark


def stored(ticket) -> dict[tuple[int, int], tuple[int | None, int]]:
    return {key: (r.anchor_id, r.version) for key, r in load_ratings(ticket.response_id).items()}


def history(ticket) -> list[tuple[int, int | None]]:
    found = select(RatingChange.version, RatingChange.anchor_id).where(RatingChange.response_id == ticket.response_id)
    return [tuple(row) for row in db.session.execute(found.order_by(RatingChange.version))]


def test_earlier_values_are_kept(begun):
    made, ticket, mark = begun
    key = (made.tasks[0], made.frequency_id)
    seen = {}
    for anchor in made.frequency[1:4]:
        saves.save_page(ticket, mark, 1, seen=seen, chosen={key: anchor})
        seen = stored(ticket)
    assert stored(ticket) == {key: (made.frequency[3], 3)}
    assert history(ticket) == [(1, made.frequency[1]), (2, made.frequency[2])]
    change = db.session.scalars(select(RatingChange).order_by(RatingChange.version)).first()
    assert change.replaced_at >= change.saved_at


def test_a_skip_keeps_the_importance_in_the_history(begun):
    made, ticket, mark = begun
    f, i = (made.tasks[0], made.frequency_id), (made.tasks[0], made.importance_id)
    saves.save_page(ticket, mark, 1, seen={}, chosen={f: made.frequency[2], i: made.importance[4]})
    saves.save_page(ticket, mark, 1, seen=stored(ticket), chosen={f: made.frequency[0], i: made.importance[4]})
    assert stored(ticket) == {f: (made.frequency[0], 2), i: (None, 2)}
    assert (1, made.importance[4]) in history(ticket)


def test_sending_a_page_twice_writes_once(begun):
    made, ticket, mark = begun
    chosen = {(t, made.frequency_id): made.frequency[1] for t in made.tasks[:5]}
    for _ in range(3):
        assert saves.save_page(ticket, mark, 1, seen={}, chosen=chosen).conflicts == ()
    assert set(stored(ticket).values()) == {(made.frequency[1], 1)}
    assert history(ticket) == []


def test_a_conflict_keeps_the_newer_value_and_shows_both(begun):
    made, ticket, mark = begun
    key = (made.tasks[0], made.frequency_id)
    saves.save_page(ticket, mark, 1, seen={}, chosen={key: made.frequency[5]})
    saved = saves.save_page(ticket, mark, 1, seen={}, chosen={key: made.frequency[1]})
    page = build_rating_page(saved.visit.survey, 1, load_ratings(ticket.response_id), saved.conflicts)
    assert page.marks == {key: made.frequency[5]}
    (words,) = page.disagreements[made.tasks[0]]
    assert (words.kept, words.here) == ("Every day or almost every day", "About once a year or less")
    again = saves.save_page(ticket, mark, 1, seen=stored(ticket), chosen={key: made.frequency[1]})
    assert (again.conflicts, stored(ticket)) == ((), {key: (made.frequency[1], 2)})


def test_an_answer_without_a_stored_value_stays_marked_in_a_conflict(begun):
    made, ticket, mark = begun
    f, i = (made.tasks[0], made.frequency_id), (made.tasks[0], made.importance_id)
    saves.save_page(ticket, mark, 1, seen={}, chosen={f: made.frequency[0]})
    saved = saves.save_page(ticket, mark, 1, seen={}, chosen={f: made.frequency[3], i: made.importance[1]})
    page = build_rating_page(saved.visit.survey, 1, load_ratings(ticket.response_id), saved.conflicts)
    assert page.marks == {f: made.frequency[0], i: made.importance[1]}
    assert [d.kept for d in page.disagreements[made.tasks[0]]] == ["I do not perform this task", None]


def test_the_same_key_gets_the_same_reply_and_writes_nothing(begun):
    made, ticket, mark = begun
    key, other = (made.tasks[0], made.frequency_id), (made.tasks[0], made.importance_id)
    first = saves.save_rating(ticket, mark, "key-0001", seen={}, chosen={key: made.frequency[2]})
    assert (first["status"], first["card"]) == ("saved", f"{key[0]}.{key[1]}.1.{made.frequency[2]}")
    saves.save_rating(ticket, mark, "key-0002", seen=stored(ticket), chosen={key: made.frequency[3]})
    again = saves.save_rating(ticket, mark, "key-0001", seen={}, chosen={key: made.frequency[2]})
    assert again == first
    assert stored(ticket) == {key: (made.frequency[3], 2)}
    with pytest.raises(EditConflictError, match="another answer"):
        saves.save_rating(ticket, mark, "key-0001", seen={}, chosen={key: made.frequency[4]})
    with pytest.raises(EditConflictError):
        saves.save_rating(ticket, mark, "key-0001", seen={}, chosen={other: made.importance[2]})
    assert len(db.session.scalars(select(IdempotencyKey)).all()) == 2


def test_a_tap_in_conflict_tells_both_values(begun):
    made, ticket, mark = begun
    key = (made.tasks[0], made.frequency_id)
    saves.save_rating(ticket, mark, "key-0001", seen={}, chosen={key: made.frequency[2]})
    reply = saves.save_rating(ticket, mark, "key-0002", seen={}, chosen={key: made.frequency[4]})
    assert reply["status"] == "conflict"
    assert reply["conflicts"] == [
        {"task": key[0], "scale": key[1], "stored": made.frequency[2], "chosen": made.frequency[4]}
    ]
    assert stored(ticket) == {key: (made.frequency[2], 1)}


def test_answers_that_are_not_on_the_page_are_refused_and_nothing_is_written(begun):
    made, ticket, mark = begun
    good = {(made.tasks[0], made.frequency_id): made.frequency[1]}
    bad = [
        {(made.tasks[-1], made.frequency_id): made.frequency[1]},  # a task of another page
        {(999_999, made.frequency_id): made.frequency[1]},
        {(made.tasks[0], 999_999): made.frequency[1]},
        {(made.tasks[0], made.frequency_id): made.importance[1]},  # an anchor of the other scale
    ]
    for wrong in bad:
        with pytest.raises(InvalidInputError, match="not on this page"):
            saves.save_page(ticket, mark, 1, seen={}, chosen=good | wrong)
    with pytest.raises(InvalidInputError):
        saves.save_rating(ticket, mark, "key-0001", seen={}, chosen=bad[1])
    other = make_study(n_tasks=1)  # a task that exists, but not in this survey
    with pytest.raises(InvalidInputError):
        saves.save_rating(
            ticket, mark, "key-0002", seen={}, chosen={(other.tasks[0], made.frequency_id): made.frequency[1]}
        )
    with pytest.raises(NotFoundError):
        saves.save_page(ticket, mark, 3, seen={}, chosen={})
    assert stored(ticket) == {}


def test_a_page_of_another_link_is_refused(begun):
    made, ticket, mark = begun
    other = get_visit(start(made, 1)).page_mark
    assert other != mark
    for wrong in (other, "", "é"):
        with pytest.raises(OtherLinkError):
            saves.save_page(ticket, wrong, 1, seen={}, chosen={(made.tasks[0], made.frequency_id): made.frequency[1]})
    assert stored(ticket) == {}


def test_nothing_is_saved_after_closing(begun):
    made, ticket, mark = begun
    key = (made.tasks[0], made.frequency_id)
    saves.save_page(ticket, mark, 1, seen={}, chosen={key: made.frequency[1]})
    close_survey(made.instrument_id)
    with pytest.raises(SurveyClosedError):
        saves.save_page(ticket, mark, 1, seen=stored(ticket), chosen={key: made.frequency[2]})
    with pytest.raises(SurveyClosedError):
        saves.save_rating(ticket, mark, "key-0001", seen=stored(ticket), chosen={key: made.frequency[2]})
    with pytest.raises(SurveyClosedError):
        saves.save_choices(ticket, mark, seen={}, given={made.question_id: made.choices[0]})
    assert stored(ticket) == {key: (made.frequency[1], 1)}


@pytest.mark.parametrize("column", ["screened_out_at", "closed_at"])
def test_what_is_remembered_of_a_response_does_not_outlive_its_end(begun, column):
    made, ticket, mark = begun
    get_visit(ticket)  # remembered as it is now
    model, row = (Response, ticket.response_id) if column == "screened_out_at" else (Instrument, made.instrument_id)
    setattr(db.session.get(model, row), column, clock.now())
    db.session.commit()  # with no transaction open, SQLite takes the short way too
    chosen = {(made.tasks[0], made.frequency_id): made.frequency[1]}
    with pytest.raises((ScreenedOutError, SurveyClosedError)):
        saves.save_page(ticket, mark, 1, seen={}, chosen=chosen)
    db.session.rollback()
    with pytest.raises((ScreenedOutError, SurveyClosedError)):
        saves.save_rating(ticket, mark, "key-0001", seen={}, chosen=chosen)
    assert db.session.scalars(select(Rating)).all() == []


def test_answers_change_only_where_they_were_changed(begun):
    made, ticket, mark = begun
    first, second, _ = made.choices
    key = made.question_id
    saves.save_choices(ticket, mark, seen={}, given={key: first})
    saves.save_choices(ticket, mark, seen={key: (first, 1)}, given={key: second})
    stale = saves.save_choices(ticket, mark, seen={key: (first, 1)}, given={key: first})  # left as it was shown
    assert stale.disagreements == []
    saves.save_choices(ticket, mark, seen={}, given={key: None})  # blank from a page that knew of no answer
    assert saves.answers_of(ticket.response_id) == {key: (second, 2)}
    assert db.session.scalars(select(AnswerChange.choice_id)).all() == [first]
    assert db.session.get_one(Response, ticket.response_id).background_at is not None


def test_an_answer_changed_on_two_devices_is_asked_about(begun):
    made, ticket, mark = begun
    first, _, third = made.choices
    key = made.question_id
    saves.save_choices(ticket, mark, seen={}, given={key: first})
    saved = saves.save_choices(ticket, mark, seen={}, given={key: third})
    assert [(d.kept, d.here) for d in saved.disagreements] == [(first, third)]
    assert saves.answers_of(ticket.response_id) == {key: (first, 1)}


def test_a_failed_write_leaves_nothing_behind(begun, monkeypatch):
    made, ticket, mark = begun

    def fail(*_arguments: object) -> None:
        raise RuntimeError("the reply cannot be kept")

    monkeypatch.setattr(saving, "_tap_at_once", lambda *_: None)
    monkeypatch.setattr(saving, "_keep_reply", fail)
    with pytest.raises(RuntimeError):
        saves.save_rating(
            ticket, mark, "key-0001", seen={}, chosen={(made.tasks[0], made.frequency_id): made.frequency[1]}
        )
    assert db.session.scalars(select(Rating)).all() == []
    assert db.session.scalars(select(IdempotencyKey)).all() == []


@contextmanager
def counting() -> Iterator[list[str]]:
    """Collect the statements that are sent to the database inside the block."""
    statements: list[str] = []

    def listen(_connection, _cursor, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        with statement_sent.connected_to(statements.append):
            yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("n_tasks", [2, 10])
def test_the_number_of_statements_does_not_grow_with_the_page(app_context, n_tasks):
    made = make_study(n_tasks=n_tasks, n_domains=1)
    ticket = start(made)
    mark = get_visit(ticket).page_mark
    chosen = {
        (t, s): a
        for t in made.tasks
        for s, a in ((made.frequency_id, made.frequency[1]), (made.importance_id, made.importance[1]))
    }
    counts = []
    for anchors in (chosen, {k: a + 1 for k, a in chosen.items()}):
        seen = stored(ticket)
        with counting() as statements:
            saves.save_page(ticket, mark, 1, seen=seen, chosen=anchors)
        counts.append([statement.split()[0] for statement in statements])
    # response, ratings; new ratings, count of saves, page visit
    first = ["SELECT", "SELECT", "INSERT", "UPDATE", "INSERT"]
    changed = ["SELECT", "SELECT", "INSERT", "UPDATE", "UPDATE", "INSERT"]
    if db.engine.dialect.name == "postgresql":  # writes first answers at once
        assert counts == [["WITH"], changed]
    else:
        assert counts == [first, changed]
