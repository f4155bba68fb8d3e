"""Axes of pictures: round ticks, everything inside."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jta.charts import Line, Mark, Picture, axis_for, shares_of
from jta.services.results_privacy import hide


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0, 92], (0, 20, 40, 60, 80, 100)),
        ([2.0, 2.0], (1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6)),
        ([None], (0, 0.2, 0.4, 0.6, 0.8, 1)),
    ],
)
def test_ticks_are_round(values, ticks):
    assert axis_for(values).ticks == pytest.approx(ticks)


@given(st.lists(st.floats(-1000, 1000).map(lambda x: round(x, 3)), min_size=1, max_size=20))
def test_every_value_stands_on_its_axis_in_order(values):
    axis = axis_for(values)
    assert axis.low <= min(values) <= max(values) <= axis.high + 1e-9
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert 2 <= places[0] <= places[-1] <= 98


def test_bars_are_shares_of_the_longest():
    assert shares_of([5, 20, 0]) == [25, 100, 0]
    assert shares_of([0, 0]) == [0, 0]


@given(st.dictionaries(st.integers(), st.integers(0, 40), min_size=1, max_size=8))
def test_hidden_groups_cannot_be_found_by_subtraction(counts):
    hidden = hide(counts)
    assert all(key in hidden for key, n in counts.items() if n < 10)
    shown = set(counts) - hidden
    if hidden and shown:
        assert sum(counts[key] for key in hidden) >= 10
        assert sum(counts[key] > 0 for key in hidden) >= 2


def test_the_keyboard_reaches_the_numbers_of_a_picture_once_a_line():
    from jinja2 import Environment, FileSystemLoader

    axis = axis_for([0.1, 0.5], percent=True)
    lines = tuple(
        Line(name, (Mark(value),), value - 0.02, value + 0.03) for name, value in (("One", 0.1), ("Two", 0.4))
    )
    templates = Environment(loader=FileSystemLoader(Path(__file__).parents[1] / "templates"), autoescape=True)
    page = templates.from_string('{% from "results/plots.html" import picture, strip %}{{ picture(p) }}')
    html = page.render(p=Picture("Weights", axis, lines))
    assert html.count('tabindex="0"') == 2
    for words in ("One: 10.0 %; from 8.0 % to 13.0 %", "Two: 40.0 %; from 38.0 % to 43.0 %"):
        assert f'aria-label="{words}" tabindex="0"' in html
        assert f'<span class="plot-said" aria-hidden="true">{words}</span>' in html
    in_table = templates.from_string('{% from "results/plots.html" import strip %}{{ strip(axis, [], words="w") }}')
    assert "tabindex" not in in_table.render(axis=axis)
