"""The instrument: what is frozen at launch, and how pages fill."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jta import clock
from jta.db import db
from jta.models.inventory import Domain, Task
from jta.models.study import Study
from jta.models.survey import Instrument, RatingScale, SurveyPage
from jta.services.content import questions_of
from jta.services.instrument import build_content, content_hash, estimate_minutes, split_pages
from jta.services.survey_pages import read_content
from tests.services.study_factory import make_study


def _content(made):
    return build_content(db.session.get_one(Study, made.study_id))


def test_the_content_holds_all_a_respondent_sees(app_context):
    made = make_study(n_tasks=12, launched=False)
    content = _content(made)
    assert content["study"]["title"] == "Practice analysis of the harbour pilot"
    assert content["consent"]["text"].startswith("We ask about your work.")
    assert len(content["consent"]["hash"]) == 64
    assert [scale["kind"] for scale in content["scales"]] == ["frequency", "importance"]
    first = content["scales"][0]["anchors"][0]
    assert (first["code"], first["value"], first["not_performed"]) == ("0", None, True)
    assert content["scales"][1]["anchors"][4] == {
        "id": made.importance[4], "code": "5", "label": "Extremely important", "value": 5.0, "not_performed": False,
    }  # fmt: skip
    assert content["steps"][1]["questions"][0]["choices"][0]["label"] == "Under 5 years"
    assert content["n_tasks"] == 12
    assert read_content(content).n_tasks == 12


def test_pages_follow_the_inventory_and_never_mix_domains(app_context):
    made = make_study(n_tasks=26, launched=False)
    pages = _content(made)["pages"]
    assert [(p["number"], p["domain"]["code"], len(p["tasks"])) for p in pages] == [
        (1, "1", 10), (2, "1", 3), (3, "2", 10), (4, "2", 3),
    ]  # fmt: skip
    assert [t["code"] for t in pages[0]["tasks"]] == [f"1.1.{n}" for n in range(1, 11)]
    assert pages[0]["tasks"][0]["subdomain"] == "Subdomain 1.1"


def test_order_goes_by_positions_not_by_codes_and_tasks_of_the_domain_itself_come_first(app_context):
    made = make_study(n_tasks=4, launched=False)
    first, second = db.session.query(Domain).filter_by(parent_id=None).order_by(Domain.position)
    first.position, second.position = 2, 1
    db.session.add(
        Task(study_id=made.study_id, domain_id=second.id, code="Z", statement="Own task of the domain", position=9)
    )
    db.session.commit()
    tasks = [t for p in _content(made)["pages"] for t in p["tasks"]]
    assert [t["code"] for t in tasks] == ["Z", "2.1.1", "2.1.2", "1.1.1", "1.1.2"]
    assert tasks[0]["subdomain"] == ""


def test_retired_tasks_are_not_asked(app_context):
    made = make_study(n_tasks=4, launched=False)
    db.session.get_one(Task, made.tasks[0]).retired_at = clock.now()
    db.session.commit()
    content = _content(made)
    assert content["n_tasks"] == 3
    assert made.tasks[0] not in {t["id"] for p in content["pages"] for t in p["tasks"]}


def test_a_page_that_was_removed_is_not_asked(app_context):
    made = make_study(launched=False)
    page = db.session.query(SurveyPage).filter_by(study_id=made.study_id, kind="questions").one()
    page.removed_at = clock.now()
    db.session.commit()
    content = _content(made)
    assert [step["kind"] for step in content["steps"]] == ["welcome", "ratings", "thanks"]
    assert questions_of(content) == []


def test_frequency_comes_first_whatever_its_position(app_context):
    made = make_study(launched=False)
    db.session.get_one(RatingScale, made.frequency_id).position = 9
    db.session.commit()
    assert [s["kind"] for s in _content(made)["scales"]] == ["frequency", "importance"]


def test_the_stored_content_has_the_hash_it_was_frozen_with(app_context):
    made = make_study(launched=True)
    db.session.expire_all()
    instrument = db.session.get_one(Instrument, made.instrument_id)
    assert content_hash(instrument.content) == instrument.content_hash


def test_minutes_are_seven_seconds_a_rating_and_one_minute():
    task = {"block": None}
    content = {"pages": [{"tasks": [task] * 100}], "scales": [{"code": "f"}, {"code": "i"}]}
    assert estimate_minutes(content) == 25  # (200 x 7 + 60) / 60 = 24.3
    assert estimate_minutes({"pages": [], "scales": [{"code": "f"}]}) == 1


@given(st.lists(st.integers(0, 35), max_size=8))
def test_every_task_is_on_one_page_in_order(sizes):
    groups, start = [], 0
    for size in sizes:
        groups.append(list(range(start, start + size)))
        start += size
    pages = list(split_pages(groups))
    assert [task for _, page in pages for task in page] == list(range(start))
    assert all(0 < len(page) <= 10 for _, page in pages)
    assert all(set(page) <= set(groups[number]) for number, page in pages)
    assert len(pages) == sum(-(-size // 10) for size in sizes)
