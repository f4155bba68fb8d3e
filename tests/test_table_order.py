"""Tables in the order that a link asks for, without script."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from flask import Flask

from jta.table_order import in_order, sort_link
from tests.factories import signed_in_client
from tests.views.test_results_pages import analysed, site  # noqa: F401  fixtures

COLUMNS = {0: "code", 2: "test.p", 3: "means.1.mean"}
ROWS = [
    SimpleNamespace(code="1.10", test={"p": 0.5}, means=[{}, {"mean": 2.0}]),
    SimpleNamespace(code="1.2", test={}, means=[{}, {"mean": None}]),
    {"code": "1.1", "test": {"p": 0.001}, "means": [{}]},
]


def asked(order: str):
    return Flask(__name__).test_request_context("/page", query_string={"scale": "importance", "sort": order})


@pytest.mark.parametrize(
    ("order", "places"),
    [
        ("t.0.ascending", [2, 1, 0]),  # 1.2 before 1.10
        ("t.0.descending", [0, 1, 2]),
        ("t.2.ascending", [2, 0, 1]),  # a row without a value stands last either way
        ("t.2.descending", [0, 2, 1]),
        ("t.3.descending", [0, 1, 2]),
        *((order, [0, 1, 2]) for order in ("", "t", "other.0.ascending", "t.9.ascending", "t.0.sideways", "t.².x")),
    ],
)
def test_rows_stand_in_the_order_asked_for(order, places):
    with asked(order):
        assert in_order(ROWS, "t", COLUMNS) == [ROWS[place] for place in places]


def test_a_press_sorts_figures_from_the_largest_and_the_next_turns_them_round():
    with asked("other.1.ascending"):
        first, words = sort_link("t.2", "number"), sort_link("t.0", "text")
    assert (first.state, first.href) == ("", "/page?scale=importance&sort=t.2.descending#table-t")
    assert words.href.endswith("sort=t.0.ascending#table-t")
    with asked("t.2.descending"):
        again = sort_link("t.2", "number")
    assert (again.state, again.href) == ("descending", "/page?scale=importance&sort=t.2.ascending#table-t")


def test_a_page_is_sorted_and_filtered_without_script_and_its_forms_keep_the_order(site):  # noqa: F811  a fixture
    app, study = site
    client = signed_in_client(app, "dora@example.org")
    page = client.get(f"{study}/results/1/tasks?sort=tasks.3.descending&domain=2").text
    body = page[page.index("<tbody>") :]
    means = [float(text) for text in re.findall(r'<td class="num">(\d\.\d\d)</td>\s*<td class="num">\d\.\d\d to', body)]
    assert len(means) > 20
    assert means == sorted(means, reverse=True)
    assert re.search(r'<th[^>]*aria-sort="descending"[^>]*><a class="sort-button" href="[^"]*tasks\.3\.ascending', page)
    assert '<input type="hidden" name="sort" value="tasks.3.descending">' in page


@pytest.mark.parametrize(
    "page", ["/agreement", "/subgroups", "/rasch", "/retention", "/methods", "/sensitivity", "/precision", ""]
)
def test_every_column_that_sorts_has_a_link_of_its_own(site, page):  # noqa: F811  a fixture
    app, study = site
    html = signed_in_client(app, "dora@example.org").get(f"{study}/results/1{page}").text
    heads = re.findall(r"<thead>.*?</thead>", html, re.S)
    linked = 0
    for head in heads:
        for place, cell in enumerate(re.findall(r"<th [^>]*>.*?</th>", head, re.S)):
            if "data-sort" in cell:
                asked_for = re.search(r"sort=\w+\.(\d+)\.", cell)
                assert asked_for is not None, cell
                assert int(asked_for[1]) == place, cell
                linked += 1
    assert linked > 3
