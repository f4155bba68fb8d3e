"""Two directors at the same moment: one launch, one link for each person, no edit lost, no half import."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from jta.db import db
from jta.errors import JTAError
from jta.models.delivery import Person, PersonEvent
from jta.models.survey import Instrument
from jta.services import delivery, delivery_import, links, survey, survey_launch
from jta.services.delivery_checks import PersonDetails
from tests.services.study_factory import make_study
from tests.services.test_survey import DORA, new_words, planned

WRITERS = 4


def at_once(app, act: Callable[[int], Any], writers: int = WRITERS) -> list[Any]:
    """Run an act in several threads that start together; return what each got, errors of ours included."""
    barrier = Barrier(writers)

    def run(number: int) -> Any:
        with app.app_context():
            barrier.wait(timeout=30)
            try:
                return act(number)
            except JTAError as error:
                return error

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(run, range(writers)))


def test_a_survey_is_launched_once(app):
    with app.app_context():
        made = planned()
    got = at_once(app, lambda _: survey_launch.launch(DORA, made.study_id).number)
    assert sorted(map(str, got)) == ["1", *["This survey was launched already."] * (WRITERS - 1)]
    with app.app_context():
        assert db.session.query(Instrument).filter_by(study_id=made.study_id).count() == 1


def test_each_link_is_made_and_shown_once(app):
    with app.app_context():
        made = make_study(n_people=0, launched=False)
        ids = [delivery.add_person(DORA, made.study_id, PersonDetails(f"Person {n}")).id for n in range(9)]
    shown = [
        link for made_links in at_once(app, lambda _: delivery.make_links(DORA, made.study_id)) for link in made_links
    ]
    assert len(shown) == 9
    with app.app_context():
        found = [links.find_person(link.url.rpartition("/")[2]) for link in shown]
        assert sorted(person.id for person in found) == sorted(ids)
        assert db.session.query(PersonEvent).filter_by(kind="link made").count() == 9


def test_of_edits_to_one_scale_one_stands_and_the_others_are_told(app):
    with app.app_context():
        made = planned()
        texts = [new_words(made, title=f"Title {n}") for n in range(WRITERS)]
    got = at_once(app, lambda n: survey.edit_scale(DORA, made.study_id, made.importance_id, texts[n], version=1).title)
    stored = [title for title in got if isinstance(title, str)]
    assert len(stored) == 1
    with app.app_context():
        assert survey.get_scale(made.study_id, made.importance_id).title == stored[0]


def test_a_preview_is_applied_once(app):
    with app.app_context():
        made = make_study(n_people=0)
        data = b"person_code,name,email\n" + b"".join(b"C%d,Name,n%d@example.org\n" % (n, n) for n in range(50))
        token = delivery_import.preview_roster(DORA, made.study_id, data, "roster.csv").token
    got = at_once(app, lambda _: len(delivery_import.apply_roster(DORA, made.study_id, token).new))
    assert [count for count in got if count == 50] == [50]
    with app.app_context():
        assert db.session.query(Person).filter_by(study_id=made.study_id).count() == 50


def test_people_added_at_once_get_codes_of_their_own(app):
    with app.app_context():
        made = make_study(n_people=1)
    codes = at_once(app, lambda n: delivery.add_person(DORA, made.study_id, PersonDetails(f"Person {n}")).code)
    assert sorted(codes) == ["P0002", "P0003", "P0004", "P0005"]
