"""Which tasks respondents left unanswered, counted only where they were asked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.agreement_counts import Flags, Ints, divide
from analysis.tables_study import StudyView

COLUMNS = ["scale", "task_id", "n_offered", "n_answered", "n_unanswered", "share_unanswered"]


def unanswered_table(view: StudyView) -> pd.DataFrame:
    """Return how many were asked for each rating and how many left it unanswered.

    A task that is not on a respondent's form was not offered to him; a scale that non-performers are not
    asked (every one but frequency) was not offered to whoever said that he does not perform the task. An
    answer without a number, such as "don't know", is an answer.

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    DataFrame
        `COLUMNS`, a row for each scale and task; ``share_unanswered`` is NaN where nobody was asked.
    """
    forms = view.on_form()
    frequency = view.choices.frequency
    parts = []
    for code, scale in view.scales.items():
        offered = np.ones(scale.codes.shape, dtype=bool) if forms is None else forms.copy()
        if frequency is not None and code != frequency:
            skip = view.data.scales[frequency].not_performed_code
            offered &= (view.scales[frequency].codes != skip) if skip else True
        n, answered = _column_sums(offered), _column_sums(offered & (scale.codes > 0))
        left = n - answered
        columns = {"n_offered": n, "n_answered": answered, "n_unanswered": left, "share_unanswered": divide(left, n)}
        parts.append(pd.DataFrame({"scale": code, "task_id": view.task_ids, **columns}))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _column_sums(marks: Flags) -> Ints:
    sums: Ints = np.asarray(np.count_nonzero(marks, axis=0), dtype=np.int64)
    return sums
