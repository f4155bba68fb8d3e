"""Background questions crossed two by two: counts, shares with intervals, and one test for each pair."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from analysis.crosstabs import CrossTab, association, single_choice
from analysis.tables_study import Grouping, StudyView

CROSSTAB = [
    *("row_variable", "row_level", "column_variable", "column_level"),
    *("n", "n_row", "share", "wilson_low", "wilson_high"),
]
CROSSTAB_TESTS = [
    *("row_variable", "column_variable", "n", "chi2", "df", "p", "cramers_v", "smallest_expected", "note"),
]
MOST_LEVELS = 12


def crosstab_tables(view: StudyView) -> dict[str, pd.DataFrame]:
    """Return ``crosstab`` and ``crosstab_tests`` of every pair of background questions.

    Questions with more than 12 different answers are left out, with the reason. Respondents who did not
    answer both questions of a pair are not in its table.

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    dict of DataFrame
        ``crosstab`` has each pair both ways: ``share`` is ``n / n_row``, of the row's respondents, with its
        Wilson interval. Empty without two such questions.
    """
    groupings = [g for g in view.groupings if len(g.levels) <= MOST_LEVELS]
    for grouping in view.groupings:
        if grouping not in groupings:
            text = f"It has {len(grouping.levels)} different answers; {MOST_LEVELS} at most are crossed."
            view.left_out[f"crosstab: {grouping.name}"] = text
    if len(groupings) < 2:
        view.left_out["crosstab"] = "It needs two background questions with 2 to 12 different answers."
        return {}
    cells: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    for one, other in combinations(groupings, 2):
        for rows, columns in ((one, other), (other, one)):
            tab = single_choice(columns.level_of, rows.level_of, columns.levels, rows.levels, view.confidence)
            cells += _cells(rows, columns, tab)
            tests.append(_test(rows, columns, tab))
    return {
        "crosstab": pd.DataFrame(cells, columns=CROSSTAB),
        "crosstab_tests": pd.DataFrame(tests, columns=CROSSTAB_TESTS),
    }


def _cells(rows: Grouping, columns: Grouping, tab: CrossTab) -> Iterator[dict[str, Any]]:
    for g, c in np.ndindex(tab.counts.shape):
        yield {
            "row_variable": rows.name,
            "row_level": tab.groups[g],
            "column_variable": columns.name,
            "column_level": tab.choices[c],
            "n": int(tab.counts[g, c]),
            "n_row": int(tab.n[g]),
            "share": tab.share[g, c],
            "wilson_low": tab.low[g, c],
            "wilson_high": tab.high[g, c],
        }


def _test(rows: Grouping, columns: Grouping, tab: CrossTab) -> dict[str, Any]:
    found = association(tab.counts)
    rough = found.smallest_expected < 5
    return {
        "row_variable": rows.name,
        "column_variable": columns.name,
        "n": found.n,
        "chi2": found.chi2,
        "df": found.df,
        "p": found.p,
        "cramers_v": found.cramers_v,
        "smallest_expected": found.smallest_expected,
        "note": found.reason or ("an expected count is below 5: p is rough" if rough else ""),
    }
