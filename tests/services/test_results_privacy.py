"""No number of few people on any page or in any file, and none that can be worked out from the others."""

from __future__ import annotations

import os
import random
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.explain_tables import DOCUMENTS, TABLES
from jta.services.results_crossed import CrossedTable, Hidden, hide_crossed
from jta.services.results_privacy import (
    NARROWEST,
    Known,
    hidden_cells,
    hide,
    is_known,
    is_personal,
    reader_of,
    thin_tasks,
)
from jta.services.results_shield import know, shield

MINIMA = st.sampled_from([10, 15])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), min_size=2, max_size=5), MINIMA)
def test_no_hidden_part_of_a_whole_is_known_within_a_narrow_range(parts, minimum):
    """The whole, the visible parts and the most each part can hold are known; every other split is tried."""
    counts = {str(n): count for n, (count, _) in enumerate(parts)}
    most = {str(n): float(count + more) for n, (count, more) in enumerate(parts)}
    hidden = sorted(hide(counts, minimum, most))
    assert {key for key, n in counts.items() if n < minimum} <= set(hidden)
    if len(hidden) in (0, len(counts)):
        return  # nothing is hidden, or nothing more can be
    whole = sum(counts[key] for key in hidden)
    splits = [
        s for s in product(*(range(int(most[k]) + 1) for k in hidden[1:])) if 0 <= whole - sum(s) <= most[hidden[0]]
    ]
    for place in range(len(hidden)):
        possible = {(whole - sum(s), *s)[place] for s in splits}
        assert max(possible) - min(possible) >= NARROWEST


def _ranges(table: CrossedTable, hidden: Hidden) -> dict[tuple[int, int], tuple[float, float]]:
    """What whole numbers allow for each hidden count, given every number that is shown: an integer program."""
    grid = np.array(table.grid())
    rows = {name: n for n, name in enumerate(table.rows, 1)}
    columns = {name: n for n, name in enumerate(table.columns, 1)}
    held = {(rows[a], columns[b]) for a, b in hidden.cells}
    held |= {(rows[a], 0) for a in hidden.rows} | {(0, columns[b]) for b in hidden.columns}
    order = {place: n for n, place in enumerate(sorted(held))}
    lines = [[(i, j) for j in range(grid.shape[1])] for i in range(grid.shape[0])]
    lines += [[(i, j) for i in range(grid.shape[0])] for j in range(grid.shape[1])]
    left, right = np.zeros((len(lines), len(order))), np.zeros(len(lines))
    for n, line in enumerate(lines):
        total = line[0]
        for place in line:
            sign = -1 if place == total else 1
            if place in order:
                left[n, order[place]] += sign
            else:
                right[n] -= sign * grid[place]
    found = {}
    for place, n in order.items():
        goal = np.zeros(len(order))
        goal[n] = 1
        ends = [milp(s * goal, constraints=LinearConstraint(left, right, right), integrality=np.ones(len(order)),
                     bounds=Bounds(0, 10**6)) for s in (1, -1)]  # fmt: skip
        assert all(end.status == 0 for end in ends)
        found[place] = (ends[0].fun, -ends[1].fun)
    return found


def _random_table(draw: random.Random) -> CrossedTable:
    rows, columns, top = draw.randint(2, 5), draw.randint(2, 5), draw.choice([15, 30, 60, 120])
    return CrossedTable(
        {
            (str(i), str(j)): draw.randint(0, top) if draw.random() < 0.85 else draw.randint(0, 9)
            for i in range(rows)
            for j in range(columns)
        }
    )


@pytest.mark.parametrize("seed", range(int(os.environ.get("JTA_TEST_TABLES", "80")) // 4))
def test_no_hidden_cell_of_crossed_questions_can_be_worked_out(seed):
    draw = random.Random(seed)
    for _ in range(4):
        table, minimum = _random_table(draw), draw.choice([10, 15])
        if sum(table.counts.values()) < minimum:
            continue
        hidden = hide_crossed(table, minimum)
        assert {cell for cell, n in table.counts.items() if n < minimum} <= hidden.cells
        for place, (low, high) in _ranges(table, hidden).items():
            assert high - low >= NARROWEST, (table.counts, hidden, place)


def test_a_table_of_large_cells_stays_whole():
    table = CrossedTable({(a, b): 20 + n for n, (a, b) in enumerate(product("xyz", "uv"))})
    assert hide_crossed(table) == Hidden(frozenset(), frozenset(), frozenset())


def test_a_small_cell_takes_a_rectangle_with_it():
    counts = {(a, b): 30 for a, b in product("xyz", "uvw")} | {("x", "u"): 3}
    hidden = hide_crossed(CrossedTable(counts)).cells
    assert ("x", "u") in hidden
    assert len(hidden) == 4  # two in its row, two in its column


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_what_is_hidden_under_10_is_hidden_under_15_too(sizes):
    counts = {str(n): size for n, size in enumerate(sizes)}
    assert hide(counts, 10) <= hide(counts, 15)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), st.integers(0, 30), min_size=2, max_size=8), MINIMA)
def test_one_task_with_few_answers_is_not_given_back_by_its_domains_sum(counts, minimum):
    units = {task: task[0] for task in counts}
    thin = thin_tasks((("importance", task, n) for task, n in counts.items()), units, minimum)["importance"]
    assert {task for task, n in counts.items() if n < minimum} <= thin
    for unit in set(units.values()):
        mine = [task for task in counts if units[task] == unit]
        held = [task for task in mine if task in thin]
        assert not held or len(held) >= min(2, len(mine))


def test_a_thin_task_has_no_number_and_no_reason():
    known = Known(thin={"importance": frozenset({"1.1"}), "": frozenset({"1.1"})})
    retention = pd.DataFrame(
        {"task_id": ["1.1", "1.2"], "domain_id": "1", "decision": ["drop", "keep"], "reason": ["mean 2.1 below 3", ""],
         "importance_mean": [2.1, 4.0], "importance_mean (role: cto)": [2.0, 4.0]}
    )  # fmt: skip
    shown = shield(retention, known)
    assert list(shown.columns) == ["task_id", "domain_id", "decision", "reason", "importance_mean", "suppressed"]
    assert (shown["reason"].tolist(), shown["suppressed"].tolist()) == (["not shown: too few answers", ""], ["yes", ""])
    assert shown["importance_mean"].isna().tolist() == [True, False]


def test_a_test_over_hidden_groups_is_hidden_with_them():
    known = Known(cells={("role", "1.1"): {"other"}}, frames=frozenset({"stratum"}))
    tests = pd.DataFrame({"variable": "role", "task_id": ["1.1", "1.2"], "n": [90, 90], "eta2": [0.1, 0.2]})
    assert shield(tests, known)["eta2"].isna().tolist() == [True, False]
    frame = pd.DataFrame({"variable": ["stratum", "region"], "n": 90, "chi2": [8.0, 9.0]})
    assert shield(frame, known)["chi2"].isna().tolist() == [True, False]


def test_what_rests_on_few_complete_respondents_is_hidden():
    whole = {"scale": "importance", "scope": "total"}
    alpha = pd.DataFrame([whole | {"rule": rule, "n_rows": n, "n_complete": 5, "raw_alpha": 0.9} for rule, n in
                          (("pairwise", 420), ("listwise", 5))])  # fmt: skip
    known = know({"alpha": alpha}.get, 10, "importance")
    shown = shield(alpha, known)
    assert shown["raw_alpha"].isna().tolist() == [False, True]
    assert shown["n_complete"].isna().all()
    deleted = pd.DataFrame([whole | {"rule": rule, "task_id": "1.1", "alpha_if_deleted": 0.8} for rule in
                            ("pairwise", "listwise")])  # fmt: skip
    assert shield(deleted, known)["alpha_if_deleted"].isna().tolist() == [False, True]
    icc = pd.DataFrame([whole | {"method": "anova", "icc": 0.2, "n_judges": n} for n in (9, 10.5)])
    assert shield(icc, known)["icc"].isna().tolist() == [True, False]
    rwgj = pd.DataFrame([whole | {"group": "ALL", "n_complete": 5, "rwgj_listwise": 0.9, "rwgj_available": 0.8}])
    shown = shield(rwgj, known)
    assert shown[["n_complete", "rwgj_listwise", "rwgj_available"]].isna().to_numpy().tolist() == [[True, True, False]]


def test_a_cell_is_bounded_by_its_group():
    """Both groups hold 10: of 19 answers each gave 9 or 10, so a third group must be hidden too."""
    rows = [(("t",), "role", level, n) for level, n in (("a", 9), ("b", 10), ("c", 30))]
    sizes = {("role", "a"): 10, ("role", "b"): 10, ("role", "c"): 60}
    assert hidden_cells(rows, sizes, 10) == {("t",): {"a", "b", "c"}}


def test_every_table_was_decided_about():
    """A table that is neither known nor of persons is left to the psychometrician: decide in results_privacy.py."""
    undecided = [
        name for name, about in TABLES.items()
        if name not in DOCUMENTS and not is_known(name) and not is_personal(about.columns)
    ]  # fmt: skip
    assert undecided == []


def test_only_the_psychometrician_reads_everything():
    assert reader_of({"director", "auditor"}, 15).minimum == 15
    assert not reader_of({"director", "auditor"}, 10).full
    assert reader_of({"psychometrician"}, 10).full
    assert reader_of({"director"}, 3).minimum == 10
