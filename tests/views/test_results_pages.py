"""Pages of results: what each shows, what it hides, and that nothing on it is not in the tables."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import pytest

from tests.factories import post, signed_in_client
from tests.services.closed_study import make_closed_study
from tests.views.test_blueprint_pages import count_queries

PAGES = (
    "",
    "/tasks",
    "/agreement",
    "/subgroups",
    "/retention",
    "/methods",
    "/sensitivity",
    "/rasch",
    "/precision",
    "/crosstab",
)


@pytest.fixture(scope="module")
def analysed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    """An analysed study of eighty responses, made once; the database file to copy."""
    from jta import create_app
    from jta.services import results, review
    from tests.conftest import make_settings

    path = tmp_path_factory.mktemp("analysed") / "jta.sqlite"
    shutil.copy(sqlite_template, path)
    app = create_app(make_settings(f"sqlite:///{path}"), instance=path.parent)
    with app.app_context():
        from jta.db import db, transaction

        study, actors = make_closed_study(80)
        study_id = study.id
        with transaction():
            study.plan = {"retention": [{"measure": "mean", "cut": 3.0}, {"measure": "performing", "cut": 0.5}]}
        review.freeze_dataset(actors["psychometrician"], study_id)
        results.analyze_dataset(actors["psychometrician"], study_id, 1)
        db.session.remove()
        db.engine.dispose()
    return path, study_id


@pytest.fixture
def site(analysed, tmp_path: Path):
    """The application on a copy of the analysed study."""
    from jta import create_app
    from tests.conftest import make_settings

    kept, study_id = analysed
    path = tmp_path / "jta.sqlite"
    shutil.copy(kept, path)
    app = create_app(make_settings(f"sqlite:///{path}"), instance=tmp_path)
    app.testing = True
    yield app, f"/studies/{study_id}"
    with app.app_context():
        from jta.db import db

        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def director(site):
    return signed_in_client(site[0], "dora@example.org")


def rows_of(reply) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(reply.text)))


@pytest.mark.parametrize("page", PAGES)
def test_each_page_answers_with_few_queries(site, director, page):
    app, study = site
    address = f"{study}/results/1{page}"
    replies = []
    asked = count_queries(app, lambda: replies.append(director.get(address)))
    assert replies[0].status_code == 200
    assert asked <= 14
    assert replies[0].text.count('aria-current="page"') == 2
    assert not re.search(r"\b(nan|inf|None|undefined)\b", re.sub(r"<script.*?</script>", "", replies[0].text))


def test_tasks_are_filtered_and_show_how_answers_spread(site, director):
    study = site[1]
    table = rows_of(director.get(f"{study}/results/1/retention.csv"))
    dropped = [row["task_id"] for row in table if row["decision"] == "drop"]
    assert dropped
    page = director.get(f"{study}/results/1/tasks?decision=drop").text
    assert re.findall(r'<tr id="task-([^"]+)"', page) == dropped
    only = director.get(f"{study}/results/1/tasks?domain=2&scale=frequency").text
    assert set(re.findall(r'<tr id="task-(\d)', only)) == {"2"}
    assert "I do not perform this task" in only
    assert "No task fits this choice" in director.get(f"{study}/results/1/tasks?domain=9").text
    assert director.get(f"{study}/results/1/tasks?scale=unknown").status_code == 200


def test_a_cut_tried_out_is_counted_from_the_table_and_saves_nothing(site, director):
    study = site[1]
    table = rows_of(director.get(f"{study}/results/1/retention.csv"))
    below = {r["task_id"] for r in table if r["decision"] == "keep" and float(r["importance_mean"]) < 4}
    assert below
    page = director.get(f"{study}/results/1/retention?cut1=4").text
    assert f"{len(below)} tasks would change class" in page
    assert "not the plan&#39;s" in page
    moved = re.findall(r'<tr id="task-([^"]+)" class="row-strong"', page)
    assert set(moved) == below
    wrong = director.get(f"{study}/results/1/retention?cut1=many").text
    assert "Enter a number from 1 to 5" in wrong
    assert "What falls where" in wrong
    again = director.get(f"{study}/results/1/retention").text
    assert "would change class" not in again


def test_persons_and_small_groups_stay_with_the_psychometrician(site, director):
    app, study = site
    expert = signed_in_client(app, "pia@example.org")
    for name in ("person_quality", "rake_weights", "rasch_persons_jmle", "identical_respondents"):
        assert director.get(f"{study}/results/1/{name}.csv").status_code == 404
        assert expert.get(f"{study}/results/1/{name}.csv").status_code == 200
        assert f"{name}.csv" not in director.get(f"{study}/results/1").text
    full = rows_of(expert.get(f"{study}/results/1/group_means.csv"))
    shown = rows_of(director.get(f"{study}/results/1/group_means.csv"))
    small = {(r["scale"], r["variable"], r["level"], r["task_id"]) for r in full if int(r["n"]) < 10}
    assert small
    blank = {(r["scale"], r["variable"], r["level"], r["task_id"]) for r in shown if r["suppressed"] == "yes"}
    assert small < blank  # others are hidden with them, so that no subtraction gives them back
    assert all(r["n"] == "" and r["mean"] == "" for r in shown if r["suppressed"] == "yes")


def test_the_page_of_groups_shows_no_mean_that_its_table_hides(site, director):
    study = site[1]
    shown = rows_of(director.get(f"{study}/results/1/group_means.csv"))
    for variable in {r["variable"] for r in shown}:
        page = director.get(f"{study}/results/1/subgroups?group={variable}").text
        assert "Groups by" in page
        counts = [int(n) for n in re.findall(r'<span class="unit">\((\d+)\)</span>', page)]
        assert all(n >= 10 for n in counts)
    differ = director.get(f"{study}/results/1/subgroups?group={variable}&differ=1").text
    assert "checked" in differ


def test_a_method_is_chosen_with_a_reason_and_recorded(site, director):
    app, study = site
    address = f"{study}/results/1/methods"
    version = re.search(r'name="version"[^>]*value="(\d+)"', director.get(address).text).group(1)
    refused = post(director, address, {"method": "sum_importance", "reason": " ", "version": version})
    assert (refused.status_code, "Say why this method fits" in refused.text) == (422, True)
    typed = {"method": "sum_importance", "reason": "The panel rates importance only.", "version": version}
    assert post(director, address, typed).status_code == 303
    plan = director.get(f"{study}/plan").text
    assert "The panel rates importance only." in plan
    late = post(director, address, {**typed, "method": "mean_of_products"})
    assert late.status_code == 409
    with app.app_context():
        from jta.services.study import get_study

        assert get_study(1).plan["index"] == "importance"


def test_nobody_but_editors_may_choose(site):
    app, study = site
    approver = signed_in_client(app, "arno@example.org")
    assert approver.get(f"{study}/results/1/methods").status_code == 404


def test_the_analysis_is_asked_for_once_and_leads_to_its_results(site, director):
    app, study = site
    from jta import clock, jobs
    from jta.audit import SYSTEM
    from jta.db import db, transaction
    from jta.models.jobs import Job
    from jta.services import results_jobs

    reply = post(director, f"{study}/data-sets/1/analyze", form_page=f"{study}/data-sets")
    where = reply.headers["Location"]
    assert director.get(where).headers["Location"].endswith("/results/2")
    with app.app_context():
        first = results_jobs.ask_analysis(SYSTEM, 1, 1)
        assert first[1]
        assert results_jobs.ask_analysis(SYSTEM, 1, 1) == (first[0], False)
    page = director.get(f"{study}/analyses/{first[0]}").text
    assert "The analysis is running" in page
    with app.app_context():
        assert jobs.claim("a worker").id == first[0]
        with transaction():  # as if it had been taken up twice by workers that died
            job = db.session.get(Job, first[0])
            job.attempts, job.claimed_until = 2, clock.now()
        assert jobs.claim("another worker") is None
    assert "The analysis stopped" in director.get(f"{study}/analyses/{first[0]}").text


def test_a_plan_that_does_not_fit_ends_the_job_with_its_reason(site, director):
    app, study = site
    with app.app_context():
        from jta.db import transaction
        from jta.services.study import get_study

        with transaction():
            get_study(1).plan = {"domain_minimum": {"1": 90, "2": 90}, "items": 100}
    where = post(director, f"{study}/data-sets/1/analyze", form_page=f"{study}/data-sets").headers["Location"]
    page = director.get(where).text
    assert "was not analysed" in page
    assert "The analysis cannot run with this plan" in page
    assert "Start it again" in page


def test_a_fault_of_the_program_ends_the_job_too(site, director, monkeypatch):
    from jta.services import results

    def fail(*_given):
        raise ZeroDivisionError

    monkeypatch.setattr(results, "_compute", fail)
    study = site[1]
    where = post(director, f"{study}/data-sets/1/analyze", form_page=f"{study}/data-sets").headers["Location"]
    assert "It is in the log; nothing was stored" in director.get(where).text
