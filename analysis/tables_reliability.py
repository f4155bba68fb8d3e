"""Tables of alpha, ICC, variance components and generalizability."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np
import pandas as pd

from analysis.agreement_counts import Flags, Ints
from analysis.generalizability import (
    Components,
    coefficients,
    d_study,
    icc_reml,
    nested_components,
    task_only_components,
    variance_components,
)
from analysis.generalizability_sums import RespondentSums, join_sums, respondent_sums
from analysis.reliability import Alpha, PairwiseMoments, complete_rows, cronbach_alpha, pairwise_moments
from analysis.reliability_icc import complete_sums, icc_family, mean_squares_of
from analysis.tables_study import ScaleView, StudyView

ALPHA_NUMBERS = ("raw_alpha", "std_alpha", "feldt_low", "feldt_high", "mean_r")
LEAST_COMPLETE = 10
SEARCHED = 4096  # respondents that a search for variance components starts with, where there are many
D_STUDY = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)


def _scopes(view: StudyView) -> Iterator[tuple[str, Flags | None, Ints]]:
    """Scope name, its respondents (None = all) and its tasks."""
    if view.has_forms:
        yield from ((name, rows, tasks) for name, (rows, tasks) in view.form_scopes.items())
    else:
        yield from ((name, None, tasks) for name, tasks in view.scopes().items())


def _sums(scale: ScaleView, rows: Flags | None, tasks: Ints | None, listwise: bool) -> PairwiseMoments:
    parts = scale.chunks(rows, tasks)
    if listwise:
        return reduce(PairwiseMoments.__add__, (pairwise_moments(complete_rows(part)) for part in parts))
    return reduce(PairwiseMoments.__add__, (pairwise_moments(part) for part in parts))


def alpha_tables(view: StudyView) -> dict[str, pd.DataFrame]:
    """Tables ``alpha`` and ``alpha_if_deleted``: each scale, scope and rule.

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    dict of DataFrame
        With ``n_rows`` counted after deletion and a ``note`` where a row is empty. Scopes are all
        tasks and each domain, or each form of a matrix-sampled study.
    """
    rows, deleted = [], []
    for scale in view.scales.values():
        whole = None if view.has_forms else _sums(scale, None, None, listwise=False)
        for scope, people, tasks in _scopes(view):
            listwise = _sums(scale, people, tasks, listwise=True)
            pairwise = _sums(scale, people, tasks, listwise=False) if whole is None else whole.take(tasks)
            for rule, sums in (("pairwise", pairwise), ("listwise", listwise)):
                found = cronbach_alpha(sums, view.confidence)
                place = {"scale": scale.code, "scope": scope, "rule": rule}
                rows.append({**place, **_alpha_row(found, listwise.n_rows)})
                deleted += [] if found.reason else _deleted_rows(view, place, tasks, found)
    columns = ["scale", "scope", "rule", "task_id", "alpha_if_deleted", "r_drop"]
    return {"alpha": pd.DataFrame(rows), "alpha_if_deleted": pd.DataFrame(deleted, columns=columns)}


def _alpha_row(found: Alpha, n_complete: int) -> dict[str, object]:
    numbers = {name: getattr(found, name) for name in ALPHA_NUMBERS}
    return {"k": found.k, "n_rows": found.n_rows, "n_complete": n_complete, **numbers, "note": found.reason}


def _deleted_rows(view: StudyView, place: dict[str, str], tasks: Ints, found: Alpha) -> list[dict[str, object]]:
    return [
        {**place, "task_id": view.task_ids[task], "alpha_if_deleted": alpha, "r_drop": r}
        for task, alpha, r in zip(tasks, found.alpha_if_deleted, found.r_drop, strict=True)
    ]


def collect_sums(view: StudyView, scale: ScaleView) -> RespondentSums:
    """Sums for the variance components, chunk by chunk."""
    members, _ = view.domains
    centre = float(scale.values.mean()) if len(scale.values) else 0.0
    parts = [respondent_sums(part, members, centre) for part in scale.chunks()]
    sample = None
    if len(scale.codes) > 2 * SEARCHED:
        # From all over the study: respondents may come sorted by form or stratum.
        sample = respondent_sums(scale.lookup[scale.codes[:: len(scale.codes) // SEARCHED]], members, centre)
    return join_sums(parts or [respondent_sums(np.empty((0, len(members))), members, centre)], sample)


def generalizability_tables(view: StudyView) -> dict[str, pd.DataFrame]:
    """Tables ``icc``, ``variance_components``, ``g_coefficients`` and ``d_study``.

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    dict of DataFrame
        ``icc`` has the analysis of variance of complete respondents where a scope has 10 or more
        of them (not in matrix-sampled studies) and REML on all ratings for all tasks.
    """
    icc: list[dict[str, object]] = []
    components: list[dict[str, object]] = []
    g: list[dict[str, object]] = []
    d: list[dict[str, object]] = []
    for scale in view.scales.values():
        sums = collect_sums(view, scale)
        two_way, nested = variance_components(sums), nested_components(sums)
        icc += _icc_anova(view, scale)
        icc += _icc_reml(scale, two_way, task_only_components(sums))
        components += [row for found in (two_way, nested) for row in _component_rows(scale, found)]
        g.append(_coefficient_row(scale, two_way))
        d += _d_study_rows(scale, two_way)
    tables = {"icc": icc, "variance_components": components, "g_coefficients": g, "d_study": d}
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def _icc_anova(view: StudyView, scale: ScaleView) -> list[dict[str, object]]:
    if view.has_forms:
        return []
    rows = []
    for scope, tasks in view.scopes().items():
        found = [complete_sums(part) for part in scale.chunks(None, tasks)]
        n = sum(len(part.rows) for part in found)
        if n < LEAST_COMPLETE:
            # The reason is read by all, so it does not tell how few they are.
            reason = f"Fewer than {LEAST_COMPLETE} respondents rated every task, too few for complete cases."
            view.left_out[f"icc: {scale.code} {scope}"] = reason
            continue
        ms = mean_squares_of(reduce(lambda a, b: a + b, found))
        place = {"scale": scale.code, "scope": scope, "method": "anova_complete_respondents"}
        sizes = {"n_targets": ms.n_targets, "n_judges": ms.n_judges, "note": ""}
        rows += [{**place, **vars(row), **sizes} for row in icc_family(ms, view.confidence)]
    return rows


def _icc_reml(scale: ScaleView, two_way: Components, one_way: Components) -> list[dict[str, object]]:
    place = {"scale": scale.code, "scope": "total", "method": "lmer_reml_all_data"}
    blank = dict.fromkeys(("F", "df1", "df2", "p", "low", "high"), float("nan"))
    sizes = {"n_targets": two_way.n_tasks, "n_judges": two_way.n_harmonic, "note": two_way.reason}
    family = icc_reml(two_way, one_way)
    return [{**place, "type": kind, "icc": value, **blank, **sizes} for kind, value in family.items()]


def _component_rows(scale: ScaleView, found: Components) -> list[dict[str, object]]:
    place = {"scale": scale.code, "model": found.model}
    sizes = {"n_ratings": found.n_ratings, "note": found.reason}
    return [{**place, "component": name, "variance": v, **sizes} for name, v in found.variances.items()]


def _coefficient_row(scale: ScaleView, found: Components) -> dict[str, object]:
    g, phi = coefficients(found)
    return {
        "scale": scale.code,
        "n_respondents_harmonic": found.n_harmonic,
        "g_relative": g,
        "phi_absolute": phi,
        "intercept": found.intercept,
        "n_tasks": found.n_tasks,
        "n_ratings": found.n_ratings,
        "note": found.reason,
    }


def _d_study_rows(scale: ScaleView, found: Components) -> list[dict[str, object]]:
    return [
        {"scale": scale.code, "n_respondents": n, "g_relative": g, "phi_absolute": phi, "note": found.reason}
        for n, g, phi in d_study(found, D_STUDY)
    ]
