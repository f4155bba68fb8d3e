"""Precision, crossed answers, pictures as files, and results that are withheld."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.factories import post, signed_in_client
from tests.views.test_results_pages import analysed, director, rows_of, site  # noqa: F401  fixtures


def test_precision_says_how_many_more_responses_and_how_far_items_move(site, director):  # noqa: F811  a fixture
    study = site[1]
    page = director.get(f"{study}/results/1/precision").text
    for row in rows_of(director.get(f"{study}/results/1/precision_forecast.csv")):
        assert row["unit"] in page
        assert row["still_needed"] == "0" or f">{row['still_needed']}</td>" in page
    assert "Early against late responses" in page
    assert "Same items again" in page


def test_crossed_answers_show_no_small_cell_and_the_psychometrician_sees_all(site, director):  # noqa: F811  a fixture
    app, study = site
    address = f"{study}/results/1/crosstab?rows=role&columns=certified"
    page, expert = director.get(address).text, signed_in_client(app, "pia@example.org")
    told = [int(n) for n in re.findall(r"(\d+) of \d+;", page)]
    assert told
    assert min(told) >= 10
    assert "hidden" in page
    assert "The test is not shown" in page
    everything = expert.get(address).text
    assert "cells hidden" not in everything
    assert "Cramér&#39;s V =" in everything or "Cramér's V =" in everything
    shown = rows_of(director.get(f"{study}/results/1/crosstab.csv"))
    assert all(int(r["n"]) >= 10 for r in shown if r["suppressed"] == "")
    assert any(r["suppressed"] == "yes" for r in shown)
    assert all(r["n"] == r["share"] == r["n_row"] == "" for r in shown if r["suppressed"] == "yes")


def test_both_ways_of_crossing_hide_the_same_cells(site, director):  # noqa: F811  a fixture
    shown = rows_of(director.get(f"{site[1]}/results/1/crosstab.csv"))
    held = {
        (r["row_variable"], r["row_level"], r["column_variable"], r["column_level"]) for r in shown if r["suppressed"]
    }
    assert held == {(c, d, a, b) for a, b, c, d in held}


@pytest.mark.parametrize("name", ["weights", "frame", "precision", "alpha", "respondents", "methods", "sensitivity"])
def test_each_picture_is_a_file_of_its_own(site, director, name):  # noqa: F811  a fixture
    study = site[1]
    reply = director.get(f"{study}/results/1/{name}.svg")
    assert reply.mimetype == "image/svg+xml"
    assert "attachment" in reply.headers["Content-Disposition"]
    picture = ElementTree.fromstring(reply.data)
    assert picture.find("{http://www.w3.org/2000/svg}title").text
    assert "Simulated data." in reply.text
    assert "n = " in reply.text
    assert not re.search(r"\b(nan|None|inf)\b", reply.text)


def test_a_picture_that_is_not_there_is_not_found(site, director):  # noqa: F811  a fixture
    for name in ("nothing", "sensitivity.svg?domain=99", "sensitivity.svg?domain=x"):
        path = name if "." in name else f"{name}.svg"
        assert director.get(f"{site[1]}/results/1/{path}").status_code == 404


def test_withheld_results_say_why_on_every_page_and_in_every_file(site, director):  # noqa: F811  a fixture
    app, study = site
    with app.app_context():
        from jta.db import transaction
        from jta.services.review import get_dataset

        with transaction():
            dataset = get_dataset(1, 1)
            dataset.released, dataset.changed_people = False, 1
    expert = signed_in_client(app, "pia@example.org")
    for path in ("", "/tasks", "/methods", "/precision", "/task_stats.csv", "/weights.svg"):
        reply = director.get(f"{study}/results/1{path}")
        assert reply.status_code == 409, path
        assert "These results are not shown yet" in reply.text
        assert "fewer than 10 responses" in reply.text
        assert expert.get(f"{study}/results/1{path}").status_code == 200
    assert "Its results stay with the psychometrician" in director.get(f"{study}/data-sets").text
    refused = post(director, f"{study}/blueprints", {"run_id": 1}, form_page=f"{study}/data-sets")
    assert refused.status_code == 409


def test_the_smallest_group_is_chosen_and_holds_everywhere(site, director):  # noqa: F811  a fixture
    app, study = site
    with app.app_context():
        from jta.db import transaction
        from jta.services.study import get_study

        with transaction():
            get_study(1).smallest_group = 15
    counts = [int(r["n"]) for r in rows_of(director.get(f"{study}/results/1/group_means.csv")) if r["n"]]
    assert counts
    assert min(counts) >= 15
    assert "fewer than 15" in director.get(f"{study}/results/1").text


def test_downloading_a_data_set_leaves_a_row_in_the_trail(site, director):  # noqa: F811  a fixture
    app, study = site
    expert = signed_in_client(app, "pia@example.org")
    assert expert.get(f"{study}/data-sets/1/ratings.parquet").status_code == 405
    assert post(expert, f"{study}/data-sets/1/ratings.parquet", form_page=f"{study}/data-sets").data[:4] == b"PAR1"
    assert "Downloaded data set: data set 1" in director.get(f"{study}/audit").text


def test_two_plans_are_compared_option_by_option(site, director):  # noqa: F811  a fixture
    study = site[1]
    page = director.get(f"{study}/plan/compare?first=defaults&second=run1").text
    assert "Retention rule" in page
    assert "Used by analysis 1" in page
    same = director.get(f"{study}/plan/compare?first=run1&second=run1").text
    assert "You chose the same plan twice." in same
