"""Personal links: rebuilt from person and generation, found by hash only."""

from __future__ import annotations

import hashlib

from jta.db import db
from jta.models.delivery import Person
from jta.services import links
from tests.services.study_factory import make_study, replace_link


def test_a_token_is_rebuilt_the_same_and_differs_by_person_and_generation(app_context):
    tokens = [links.token_for(person, generation) for person in (1, 2, 11) for generation in (1, 2, 11)]
    assert tokens == [links.token_for(person, generation) for person in (1, 2, 11) for generation in (1, 2, 11)]
    assert len(set(tokens)) == 9
    assert {len(token) for token in tokens} == {43}


def test_a_token_depends_on_the_link_key(app_context):
    before = links.token_for(1, 1)
    settings = app_context.config["SETTINGS"]
    app_context.config["SETTINGS"] = type(settings)(
        **{**vars(settings), "link_key": "another-link-key-0123456789-abcdefghi"}
    )
    assert links.token_for(1, 1) != before


def test_only_the_hash_of_a_token_is_stored(app_context):
    made = make_study()
    person = db.session.get_one(Person, made.people[0])
    assert person.token_hash == hashlib.sha256(made.tokens[0].encode()).hexdigest()
    assert made.tokens[0] not in repr(vars(person))


def test_a_token_finds_its_person_and_nobody_else(app_context):
    made = make_study()
    assert [links.find_person(token).id for token in made.tokens] == made.people
    for wrong in ("", "x", made.tokens[0][:-1], made.tokens[0] + "A", made.tokens[0].swapcase(), "\udcff", "é" * 43):
        assert links.find_person(wrong) is None


def test_a_replaced_link_finds_nobody(app_context):
    made = make_study()
    new = replace_link(made.people[0])
    assert links.find_person(made.tokens[0]) is None
    assert links.find_person(new).id == made.people[0]


def test_a_stored_hash_of_a_foreign_token_opens_nothing(app_context):
    made = make_study()
    person = db.session.get_one(Person, made.people[0])
    person.token_hash = links.token_hash("a token somebody wrote into the database")
    db.session.commit()
    assert links.find_person("a token somebody wrote into the database") is None


def test_the_link_stands_on_the_configured_site(app_context):
    made = make_study()
    person = db.session.get_one(Person, made.people[0])
    assert links.link_url(person) == f"http://127.0.0.1:8000/s/{made.tokens[0]}"
