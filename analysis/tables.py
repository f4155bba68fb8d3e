"""All tables of agreement, reliability, sample, screening and Rasch, from a study and a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.agreement_counts import Floats
from analysis.bases_kane import kane_equalised, kane_log_of_parts, kane_log_x_performing
from analysis.choices import make_choices
from analysis.plan import AnalysisPlan
from analysis.ratings import StudyData
from analysis.tables_agreement import agreement_tables, subgroup_tables
from analysis.tables_crosstab import crosstab_tables
from analysis.tables_persons import person_tables
from analysis.tables_rasch import rasch_bases, rasch_fits, rasch_tables
from analysis.tables_reliability import alpha_tables, generalizability_tables
from analysis.tables_sample import raking_tables, representativeness_tables
from analysis.tables_study import StudyView, log_product_parts, scale_view
from analysis.tables_unanswered import unanswered_table

CONDITIONAL_RATINGS, CONDITIONAL_TASKS = 100_000, 150
KANE = ("kane_log_performers", "kane_log_x_performing", "kane_equalised")


@dataclass(frozen=True)
class TableSet:
    """What `referee_tables` returns.

    Parameters
    ----------
    tables : dict of DataFrame
        By the names of DEFINITIONS.md; further columns (``note``, ``awg``, ...) and tables
        (``d_study``, ``rasch_categories``) beside those named there.
    documents : dict of dict
        ``rake_summary`` and ``rasch_summary`` as values that JSON can hold.
    bases : dict of float array, (T,)
        Further task indices by method name: the Kane-type three and Rasch; NaN = no data.
    left_out : dict of str
        Why a table, or a part of one, is not there.
    """

    tables: dict[str, pd.DataFrame]
    documents: dict[str, dict[str, Any]]
    bases: dict[str, Floats]
    left_out: dict[str, str]


def referee_tables(
    data: StudyData,
    plan: AnalysisPlan,
    *,
    conditional_rasch: bool | None = None,
    progress: Callable[[str], None] | None = None,
) -> TableSet:
    """Return the tables of agreement, reliability, sample, screening and Rasch.

    All of them cover all tasks and all respondents of the study; a retention rule or a screening
    decision does not touch them.

    Parameters
    ----------
    data : StudyData
    plan : AnalysisPlan
        Says which scale is importance and which frequency, what non-performers count as, and the
        confidence of intervals.
    conditional_rasch : bool, optional
        Whether conditional Rasch estimates, which take longest, are wanted; by default as the plan says.
    progress : callable, optional
        Called with one sentence at each step.

    Returns
    -------
    TableSet

    Raises
    ------
    PlanError
        If the plan names scales that the study does not have.
    """
    say = progress or (lambda _text: None)
    view = StudyView(data, make_choices(data, plan), plan.confidence, plan.subgroup_variables)
    if not len(data.tasks) or not view.respondent_ids or not view.scales:
        return TableSet({}, {}, {}, {"statistics": "The study has no tasks, no respondents or no rating scale."})
    say("Agreement and reliability")
    tables = agreement_tables(view) | alpha_tables(view)
    say("Variance components")
    tables |= generalizability_tables(view)
    say("Subgroups, sample and screening")
    tables |= subgroup_tables(view) | representativeness_tables(view) | person_tables(view)
    tables |= crosstab_tables(view)
    tables["unanswered"] = unanswered_table(view)
    raked, documents = raking_tables(view, plan)
    say("Rasch rating scale model")
    wanted = conditional_wanted(data, plan) if conditional_rasch is None else conditional_rasch
    fits = rasch_fits(view, conditional=wanted)
    rasch, summary = rasch_tables(view, fits)
    bases = kane_bases(view) | time_shares(view) | rasch_bases(view, fits)
    return TableSet(tables | raked | rasch, documents | summary, bases, view.left_out)


def conditional_wanted(data: StudyData, plan: AnalysisPlan) -> bool:
    """Return whether a plan wants conditional Rasch estimates of this study.

    "auto" wants them up to 100,000 ratings of one scale (respondents x tasks) and 150 tasks: then they
    take some seconds. Their time grows with the third power of the tasks.
    """
    if plan.conditional_rasch != "auto":
        return plan.conditional_rasch == "on"
    return len(data.respondent_ids) * len(data.tasks) <= CONDITIONAL_RATINGS and len(data.tasks) <= CONDITIONAL_TASKS


def kane_bases(view: StudyView) -> dict[str, Floats]:
    """The three Kane-type task indices, each (T,).

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    dict of float array
        Empty, with the reason left out, without both scales.
    """
    if view.choices.importance is None or view.frequency is None:
        view.left_out.update({f"task_weight_basis: {m}": "Needs importance and frequency." for m in KANE})
        return {}
    importance = view.scales[view.choices.importance]
    counts, often = importance.counts(), view.frequency.counts()
    mean_i = _mean(counts, importance.values)
    mean_f = _mean(often, view.frequency.values)
    share = _mean(often, (view.frequency.values > 0).astype(float))
    effects = kane_log_of_parts(log_product_parts(importance, view.frequency), len(view.task_ids))
    found = (effects, kane_log_x_performing(effects, share), kane_equalised(mean_i, mean_f))
    return dict(zip(KANE, found, strict=True))


def time_shares(view: StudyView, not_performed: float | None = 0.0) -> dict[str, Floats]:
    """The index ``time_share``, (T,): mean over respondents of a rating's share of their own frequencies.

    Respondents whose frequencies sum to 0 are left out. Empty without a frequency scale.

    Parameters
    ----------
    view : StudyView
    not_performed : float, optional
        Frequency of a non-performer; ``None``: missing.
    """
    if view.choices.importance is None or view.choices.frequency_matrix is None:
        return {}
    frequency = scale_view(view.choices.frequency_matrix, not_performed)
    total, n = np.zeros((2, len(view.task_ids)))
    for part in frequency.chunks():
        own = np.nansum(part, axis=1, keepdims=True)
        share = np.divide(part, own, out=np.full(part.shape, np.nan), where=own > 0)
        total += np.nansum(share, axis=0)
        n += np.count_nonzero(~np.isnan(share), axis=0)
    return {"time_share": np.where(n > 0, total / np.maximum(n, 1), np.nan)}


def _mean(counts: np.ndarray[Any, np.dtype[np.int64]], values: Floats) -> Floats:
    n = counts.sum(axis=1)
    return np.where(n > 0, counts @ values / np.maximum(n, 1), np.nan)
