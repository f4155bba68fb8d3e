"""A transportability check from the clone to the judgement: a list is confirmed by fourteen respondents elsewhere."""

from __future__ import annotations

import csv
import io

import pytest

from analysis.transport import Estimate, TransportRule, difference, judge_difference, judge_share
from jta import clock
from jta.audit import Actor
from jta.db import db
from jta.models.account import Membership
from jta.models.delivery import Person
from jta.models.survey import SurveyPage
from jta.services import blueprint, links, results, review, survey_launch
from jta.services import cycle as service
from jta.services import inventory_areas as areas
from jta.services import inventory_tasks as acts
from jta.services.cycle_clone import TRANSPORT, clone_study
from jta.services.cycle_figures import compare_cycles
from jta.services.cycle_transport import comparison_csv, judge_transport
from jta.services.report_chapters.panel import change
from jta.services.report_chapters.source import Source
from jta.services.response import start_response, submit_response
from jta.services.survey_builder import add_page
from jta.services.visits import get_visit
from tests.factories import signed_in_client
from tests.services.saves import save_page
from tests.services.study_builders import make_study

N = 14
STATEMENTS = (
    "Plan the budget.", "Teach algebra.", "Buy devices.", "Count chairs.", "Report to the board.", "Test backups.",
)  # fmt: skip
# Whether respondent n performs a task, and the importance they give it; the former list says 4.0 of each, but the last.
PERFORMS = (
    lambda n: True, lambda n: n < 2, lambda n: n < 8, lambda n: True, lambda n: True, lambda n: True,
)  # fmt: skip
IMPORTANT = (
    lambda n: 4, lambda n: 4, lambda n: 4, lambda n: 2, lambda n: 3 + n % 3, lambda n: 5,
)  # fmt: skip


@pytest.fixture
def made(app_context):
    """A confirmation that was launched, answered, closed, frozen and analysed."""
    return make_confirmation()


def make_confirmation():
    """Store it inside an app context and return its study."""
    former, dora = make_study()
    area = areas.add_area(dora, former.id, areas.NewArea("1", "Work"))
    for number, text in enumerate(STATEMENTS, start=1):
        acts.add_task(dora, former.id, code=str(number), words=acts.TaskWords(text, "", area.id))
    study = clone_study(dora, former.id, title="Elsewhere", kind=TRANSPORT)
    for one in service.list_former(study.id)[0].statements[:-1]:
        one.figures = {"importance": {"mean": 4.0, "n": 400, "low": 3.9, "high": 4.1}}
    people = [Person(study_id=study.id, code=f"P{n}", name=f"P {n}", added_at=clock.now()) for n in range(N)]
    db.session.add_all(people)
    db.session.flush()
    for person in people:
        person.token_hash = links.token_hash(links.token_for(person.id, 1))
    db.session.add(Membership(user_id=dora.user_id, study_id=study.id, role="psychometrician", granted_at=clock.now()))
    db.session.commit()
    _field(study, dora, [links.token_for(person.id, 1) for person in people])
    return study


def _field(study, dora, tokens) -> None:
    content = survey_launch.launch(dora, study.id).content
    assert [scale["code"] for scale in content["scales"]] == ["performed", "importance"]
    no, yes = (anchor["id"] for anchor in content["scales"][0]["anchors"])
    performed, importance = (scale["id"] for scale in content["scales"])
    points = {float(a["value"]): a["id"] for a in content["scales"][1]["anchors"]}
    tasks = [task["id"] for page in content["pages"] for task in page["tasks"]]
    for n, token in enumerate(tokens):
        ticket = start_response(token, content["consent"]["hash"])
        chosen = {}
        for place, task in enumerate(tasks):
            does = PERFORMS[place](n)
            chosen[task, performed] = yes if does else no
            if does:
                chosen[task, importance] = points[IMPORTANT[place](n)]
        save_page(ticket, get_visit(ticket).page_mark, 1, seen={}, chosen=chosen)
        submit_response(ticket)
    survey_launch.close(dora, study.id)
    review.freeze_dataset(dora, study.id)
    results.analyze_dataset(dora, study.id, 1)


def test_a_confirmed_list_says_which_tasks_transport(made):
    former = service.list_former(made.id)[0]
    assert service.load_crosswalk(made.id, former.id).n_open == 0
    comparison = compare_cycles(made, former.id, frozenset({"psychometrician"}))
    found = judge_transport(made.id, comparison)
    assert {code: line.verdict for code, line in found.lines.items()} == {
        "1": "holds", "2": "fails", "3": "open", "4": "fails", "5": "open", "6": "holds",
    }  # fmt: skip
    assert found.counts == {"holds": 2, "open": 2, "fails": 2, "unknown": 0}
    assert found.lines["4"].gap.value == pytest.approx(-2)
    assert found.lines["6"].gap is None
    rows = list(csv.DictReader(io.StringIO(comparison_csv(comparison, found).decode("utf-8-sig"))))
    assert [row["transports"] for row in rows] == ["holds", "fails", "open", "fails", "open", "holds"]
    assert (rows[0]["rwg"], float(rows[1]["share_performing"])) == ("1.0", pytest.approx(2 / N))
    # Two people perform task 2: who reads results without single answers is not told how many.
    director = judge_transport(made.id, compare_cycles(made, former.id, frozenset({"director"})))
    assert director.lines["2"].verdict == "unknown"
    said = repr(change(Source(made, _proposed(made))))
    assert "Transports: 2 of 6 tasks." in said
    assert "'4', 'Count chairs.', '>95 %', '-2.00 points', 'Does not'" in said


def _proposed(study):
    run = results.list_runs(study.id)[0]
    dora = Actor("Dora Director", "director", db.session.query(Membership).filter_by(study_id=study.id).first().user_id)
    return blueprint.propose(dora, study.id, run.id)


def test_a_confirmation_is_short(app_context):
    study, dora = make_study()
    for kind in ("ksa", "points"):
        add_page(dora, study.id, kind)
    made = clone_study(dora, study.id, title="Elsewhere", kind=TRANSPORT)
    kinds = {page.kind for page in db.session.query(SurveyPage).filter_by(study_id=made.id)}
    assert "ratings" in kinds
    assert kinds.isdisjoint({"ksa", "points"})
    assert judge_transport(study.id, compare_cycles(made, service.list_former(made.id)[0].id, frozenset())) is None


def test_a_judgement_takes_the_whole_interval():
    rule, nan = TransportRule(), float("nan")
    assert [judge_share(Estimate(*e), rule) for e in ((0.7, 0.5, 0.9), (0.4, 0.3, 0.49), (0.5, 0.4, 0.6))] == [
        "holds", "fails", "open",
    ]  # fmt: skip
    assert judge_share(None, rule) == judge_difference(None, rule) == "unknown"
    assert judge_difference(Estimate(0.1, nan, nan), rule) == "unknown"
    gap = difference(Estimate(4.0, 3.7, 4.3), Estimate(3.5, 3.1, 3.9))
    assert (gap.value, gap.low, gap.high) == pytest.approx((-0.5, -1.0, 0.0))
    assert difference(Estimate(4.0, nan, nan), Estimate(4.2, 4.1, 4.3)).high == pytest.approx(0.3)


def test_the_pages_say_which_tasks_hold(sqlite_app):
    with sqlite_app.app_context():
        study_id = make_confirmation().id
    client = signed_in_client(sqlite_app)
    run = client.get(f"/studies/{study_id}/results", follow_redirects=True).text
    assert "This study is a transportability check" in run
    page = client.get(f"/studies/{study_id}/cycles/1/comparison").text
    assert "Does the list hold here?" in page
    assert page.count('<span class="chip chip-success">Transports</span>') == 2
    reply = client.get(f"/studies/{study_id}/cycles/1/comparison.csv")
    assert (reply.content_type, reply.text.count("\r\n")) == ("text/csv; charset=utf-8", 7)
