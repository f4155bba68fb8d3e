"""Tables about single responses: quality and identical answers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.agreement_counts import Flags, Floats, Ints
from analysis.screening import (
    asked,
    domain_means,
    identical_groups,
    longest_run,
    mahalanobis,
    person_total_of_parts,
    seconds_per_rating,
    within_person_sd,
)
from analysis.tables_study import ScaleView, StudyView

DURATION = "duration_seconds"
MAX_PAIRS = 10_000


def person_tables(view: StudyView) -> dict[str, pd.DataFrame]:
    """Tables ``person_quality`` and ``identical_respondents``.

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    dict of DataFrame
        One row per respondent; pairs of respondents with the same answers throughout. Only for
        those who review the data: they describe single persons.
    """
    if view.main is None:
        reason = "The study has no importance scale, and not just one other scale, to screen."
        view.left_out.update(dict.fromkeys(("person_quality", "identical_respondents"), reason))
        return {}
    return {"person_quality": _quality(view, view.main), "identical_respondents": _identical(view, view.main)}


def _quality(view: StudyView, main: ScaleView) -> pd.DataFrame:
    order = np.argsort(view.data.tasks["position"].to_numpy(), kind="stable")
    n = main.n_given()
    seconds = _seconds(view)
    profile = np.concatenate([domain_means(part, view.domains[0]) for part in main.chunks()] or [np.empty((0, 1))])
    distance = mahalanobis(profile)
    if distance.reason:
        view.left_out["person_quality: mahalanobis_d2"] = distance.reason
    table = {
        "respondent_id": view.respondent_ids,
        "n_importance": n,
        "n_frequency": _frequency_given(view),
        "n_importance_asked": _asked(view),
        "longstring_importance": longest_run(main.codes[:, order]),
        "longstring_frequency": _longest_frequency(view, order),
        "irv_importance": _concatenated([within_person_sd(part) for part in main.chunks()]),
        "person_total_r": person_total_of_parts(main.chunks(), main.chunks(), len(view.task_ids)),
        "duration_seconds": seconds,
        "seconds_per_rating": seconds_per_rating(seconds, n + _frequency_given(view)),
        "mahalanobis_d2": distance.squared,
    }
    return pd.DataFrame(table)


def _longest_frequency(view: StudyView, order: Ints) -> Ints | Floats:
    if view.frequency is None:
        return np.full(len(view.respondent_ids), np.nan)
    return longest_run(view.frequency.codes[:, order])


def _concatenated(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0)


def _frequency_given(view: StudyView) -> Ints:
    if view.frequency is None:
        return np.zeros(len(view.respondent_ids), dtype=np.int64)
    given: Ints = np.count_nonzero(view.frequency.codes, axis=1).astype(np.int64)
    return given


def _asked(view: StudyView) -> Ints:
    """Tasks of the form that the respondent was to rate on the main scale."""
    forms = view.on_form()
    if view.frequency is None or view.choices.frequency is None:
        shape = (len(view.respondent_ids), len(view.task_ids))
        on_form = np.ones(shape, dtype=bool) if forms is None else forms
        total: Ints = np.count_nonzero(on_form, axis=1).astype(np.int64)
        return total
    skip = view.data.scales[view.choices.frequency].not_performed_code
    return asked(view.frequency.codes, skip, forms)


def _seconds(view: StudyView) -> Floats:
    answers = view.background(DURATION)
    if answers is None:
        return np.full(len(view.respondent_ids), np.nan)
    numbers: npt.NDArray[np.float64] = pd.to_numeric(pd.Series(answers), errors="coerce").to_numpy(dtype=float)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _identical(view: StudyView, main: ScaleView) -> pd.DataFrame:
    codes = [view.codes for view in (main, view.frequency) if view is not None]
    answered: Flags = np.count_nonzero(main.codes, axis=1) > 0
    groups = identical_groups(np.hstack(codes), answered)
    total = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    if total > MAX_PAIRS:
        text = f"{total:,} pairs of respondents have identical answers; the first {MAX_PAIRS:,} are listed."
        view.left_out["identical_respondents: further pairs"] = text
    found = (pair for group in groups for pair in combinations(group.tolist(), 2))
    ids = view.respondent_ids
    rows = [(ids[a], ids[b]) for _, (a, b) in zip(range(MAX_PAIRS), found, strict=False)]
    return pd.DataFrame(rows, columns=["respondent_a", "respondent_b"])
