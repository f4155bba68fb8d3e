"""The blueprint's domains in short: what a plan comes to, without intervals, quick enough to vary every option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from analysis.allocation_divisor import apportion
from analysis.blueprint import Retained
from analysis.choices import make_choices
from analysis.criticality import METHODS, TaskSums, further_indices, sum_ratings
from analysis.laboratory import panel_shares
from analysis.plan import AnalysisPlan
from analysis.ratings import StudyData
from analysis.retention import apply_retention, retained, study_criteria
from analysis.tasks import Floats, divide
from analysis.weight_tables import index_methods
from analysis.weights import Units, shares, unit_sums, units_of, why_no_weights


@dataclass(frozen=True)
class Outcome:
    """Weights (D,) and items of the domains; ``reason`` says why there are none.

    ``kept`` (T,) are the retained tasks, ``n`` the respondents.
    """

    weights: Floats
    items: tuple[int, ...] | None
    kept: npt.NDArray[np.bool_]
    n: int
    reason: str = ""


def outcome(
    data: StudyData, plan: AnalysisPlan, bases: Mapping[str, Floats] | None = None, sums: TaskSums | None = None
) -> Outcome:
    """Return what a plan comes to in a study: weights and items of the domains, over the retained tasks.

    Parameters
    ----------
    bases : mapping of ndarray of shape (T,), optional
        Further task indices by method (Kane-type, Rasch, ...) of the same ratings.
    sums : TaskSums, optional
        Those of the same ratings, scales and non-performers, where they are known already.

    Raises
    ------
    PlanError
        If the plan asks for what the study does not have.
    AllocationError
        If the plan's minima and maxima cannot be met.
    """
    choices, domains = make_choices(data, plan), units_of(data.tasks, "domain")
    decisions = apply_retention(
        study_criteria(choices, plan, data.respondents), data.task_ids.tolist(), plan.retention_combine
    )
    kept = retained(decisions, plan.review_tasks)
    nothing = Outcome(np.full(len(domains.codes), np.nan), None, kept, len(data.respondent_ids))
    if choices.importance_matrix is None or choices.index is None:
        return replace(nothing, reason="the study has no importance scale")
    sums = sums or sum_ratings(choices.importance_matrix, choices.frequency_matrix, choices.not_performed)
    methods = {**index_methods(sums), **further_indices(sums), **(bases or {})}
    basis = methods.get(METHODS[choices.index])
    if basis is None:
        return replace(nothing, reason=f"the index {choices.index} was not computed")
    if reason := why_no_weights(basis, kept):
        return replace(nothing, reason=reason)
    weights = with_panel(shares(unit_sums(basis, domains, plan.within, kept)), domains, plan)
    return replace(nothing, weights=weights, items=_items(weights, domains, kept, plan))


def _items(weights: Floats, domains: Units, kept: npt.NDArray[np.bool_], plan: AnalysisPlan) -> tuple[int, ...]:
    lowest, highest = dict(plan.domain_minimum), dict(plan.domain_maximum)
    empty = domains.n_tasks(kept) == 0
    low = [
        0 if none else max(plan.minimum_items, lowest.get(code, 0))
        for none, code in zip(empty, domains.codes, strict=True)
    ]
    high = [0 if none else highest.get(code) for none, code in zip(empty, domains.codes, strict=True)]
    return apportion(plan.apportionment, weights.tolist(), plan.items, minimum=low, maximum=high).items


def with_panel(weights: Floats, domains: Units, plan: AnalysisPlan) -> Floats:
    """Return domain weights moved to the panel's as the plan says, shape (..., D).

    A domain without weight in the survey (no retained task) stays without.
    """
    panel = panel_shares(plan, domains)
    if plan.weights_from == "survey" or panel is None:
        return weights
    survey = plan.survey_share if plan.weights_from == "blend" else 0.0
    mixed: Floats = np.where(weights > 0, survey * weights + (1 - survey) * panel, weights)
    return shares(mixed)


def panel_index(index: Retained, domains: Units, plan: AnalysisPlan) -> Retained:
    """Return the task index scaled within each domain so that domains weigh as the plan says."""
    if plan.weights_from == "survey":
        return index

    def factors(basis: Floats) -> Floats:
        weights = shares(unit_sums(basis, domains, plan.within, index.kept))
        found: Floats = np.nan_to_num(divide(with_panel(weights, domains, plan), weights))
        return found[..., domains.members]

    scale = factors(index.basis)
    exact = [number * Fraction(float(by)) for number, by in zip(index.exact, scale, strict=True)]
    return replace(index, basis=index.basis * scale, resampled=index.resampled * factors(index.resampled), exact=exact)
