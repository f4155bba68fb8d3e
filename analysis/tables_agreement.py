"""Tables of agreement within groups, between groups, and of tests between groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.agreement import TaskAgreement, group_agreement, task_agreement
from analysis.agreement_counts import Flags, Floats, Ints
from analysis.krippendorff import Metric, krippendorff_alpha
from analysis.subgroups import cut_agreement, group_counts, group_means, pairs, profile_agreement
from analysis.subgroups_tests import benjamini_hochberg, group_tests, holm, two_group_effects
from analysis.tables_study import Grouping, ScaleView, StudyView

CUTS = (2.5, 3.0, 3.5, 4.0)
ROLE = "role"
TASK_AGREEMENT = ("n", "variance", "rwg_raw", "rwg_truncated", "ad_mean", "ad_median", "rwg_maximum", "awg")
METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval")
TESTS = {
    "n": "n", "k_groups": "k_groups", "eta2": "eta2", "F": "F", "df1": "df1", "df2": "df2",
    "p_F": "p_f", "H": "H", "df": "df", "p_kw": "p_kw",
}  # fmt: skip
EFFECTS = ("n_a", "n_b", "diff", "cohens_d", "hedges_g", "welch_t", "welch_df", "welch_p")


def _groups(view: StudyView) -> dict[str, Flags | None]:
    """ALL and each role, in order of appearance."""
    roles = view.background(ROLE)
    named: dict[str, Flags | None] = {"ALL": None}
    if roles is not None:
        named |= {str(role): np.asarray(roles == role) for role in dict.fromkeys(roles.tolist()) if role}
    return named


def agreement_tables(view: StudyView) -> dict[str, pd.DataFrame]:
    """Tables ``rwg``, ``rwgj`` and ``krippendorff``.

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    dict of DataFrame
        Beside the customary coefficients ``rwg`` holds ``rwg_maximum`` (r'_wg) and ``awg``,
        ``rwgj`` holds ``rwgj_star`` (r*_wg(J)) and ``rwgj_maximum``, all from available answers.
        No ``rwgj`` in matrix-sampled studies, where nobody rates all tasks.
    """
    single, joint, alpha = [], [], []
    for scale in view.scales.values():
        for group, rows in _groups(view).items():
            tasks = task_agreement(scale.counts(rows), scale.values)
            single.append(_task_rows(view, scale, group, tasks))
            if not view.has_forms:
                joint += [_joint_row(scale, scope, group, rows, part, tasks) for scope, part in view.scopes().items()]
        alpha += _krippendorff_rows(view, scale)
    tables = {"rwg": pd.concat(single, ignore_index=True), "krippendorff": pd.DataFrame(alpha)}
    if view.has_forms:
        view.left_out["rwgj"] = "Respondents rated different forms, so no group rated all tasks."
        return tables
    return tables | {"rwgj": pd.DataFrame(joint)}


def _task_rows(view: StudyView, scale: ScaleView, group: str, found: TaskAgreement) -> pd.DataFrame:
    columns = {name: getattr(found, name) for name in TASK_AGREEMENT}
    return pd.DataFrame({"scale": scale.code, "task_id": view.task_ids, "group": group, **columns})


def _joint_row(
    scale: ScaleView, scope: str, group: str, rows: Flags | None, part: Ints, tasks: TaskAgreement
) -> dict[str, object]:
    complete: Flags = np.count_nonzero(scale.given(part), axis=1) == len(part)
    complete = complete if rows is None else complete & rows
    listwise = group_agreement(task_agreement(scale.counts(complete, part), scale.values), scale.values)
    chosen = TaskAgreement(**{name: values[part] for name, values in vars(tasks).items()})
    available = group_agreement(chosen, scale.values)
    return {
        "scale": scale.code,
        "scope": scope,
        "group": group,
        "J": len(part),
        "n_complete": int(complete.sum()),
        "rwgj_listwise": listwise.rwgj,
        "rwgj_available": available.rwgj,
        "ad_mean_listwise": listwise.ad_mean,
        "ad_mean_available": available.ad_mean,
        "rwgj_star": available.rwgj_star,
        "rwgj_maximum": available.rwgj_maximum,
    }


def _krippendorff_rows(view: StudyView, scale: ScaleView) -> list[dict[str, object]]:
    counts = scale.counts()
    return [
        {
            "scale": scale.code,
            "scope": scope,
            "metric": metric,
            **vars(krippendorff_alpha(counts[tasks], scale.values, metric)),
        }
        for scope, tasks in view.scopes().items()
        for metric in METRICS
    ]


def subgroup_tables(view: StudyView) -> dict[str, pd.DataFrame]:
    """Tables of subgroup means, profiles, agreement on cuts, tests, and two-group effects.

    Parameters
    ----------
    view : StudyView

    Returns
    -------
    dict of DataFrame
        ``group_means`` and ``profile_correlations`` on every scale; ``agreement_index``,
        ``group_tests`` and ``two_group_effects`` on the importance scale (or the only one).
    """
    names = ("group_means", "profile_correlations", "agreement_index", "group_tests")
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in names}
    for grouping in view.groupings:
        for scale in view.scales.values():
            counts = group_counts(scale.codes, scale.points, grouping.level_of, len(grouping.levels))
            n, mean = group_means(counts, scale.values)
            parts["group_means"].append(_means(view, scale, grouping, n, mean))
            parts["profile_correlations"].append(_profiles(scale, grouping, mean))
            if scale is view.main:
                parts["agreement_index"].append(_cuts(grouping, mean))
                parts["group_tests"].append(_tests(view, grouping, counts, scale.values))
    tables = {name: pd.concat(found, ignore_index=True) for name, found in parts.items() if found}
    for name in names:
        if name not in tables:
            view.left_out[name] = _why_no_groups(view)
    return tables | _two_groups(view)


def _why_no_groups(view: StudyView) -> str:
    if not view.groupings:
        return "No background question has two or more levels."
    return "The study has no importance scale, and not just one other scale, to compare groups on."


def _means(view: StudyView, scale: ScaleView, grouping: Grouping, n: Ints, mean: Floats) -> pd.DataFrame:
    tasks = len(view.task_ids)
    return pd.DataFrame(
        {
            "scale": scale.code,
            "variable": grouping.name,
            "level": np.repeat(np.array(grouping.levels, dtype=object), tasks),
            "task_id": view.task_ids * len(grouping.levels),
            "n": n.ravel(),
            "mean": mean.ravel(),
        }
    )


def _pair_names(grouping: Grouping, i: int, j: int) -> dict[str, str]:
    return {"variable": grouping.name, "group_a": grouping.levels[i], "group_b": grouping.levels[j]}


def _profiles(scale: ScaleView, grouping: Grouping, mean: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"scale": scale.code, **_pair_names(grouping, i, j), **vars(profile_agreement(mean[i], mean[j]))}
            for i, j in pairs(len(grouping.levels))
        ]
    )


def _cuts(grouping: Grouping, mean: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {**_pair_names(grouping, i, j), "cut": cut, **vars(cut_agreement(mean[i], mean[j], cut))}
            for i, j in pairs(len(grouping.levels))
            for cut in CUTS
        ]
    )


def _tests(view: StudyView, grouping: Grouping, counts: Ints, values: Floats) -> pd.DataFrame:
    found = group_tests(counts, values)
    columns = {name: getattr(found, attribute) for name, attribute in TESTS.items()}
    adjusted = {"p_kw_holm": holm(found.p_kw), "p_kw_bh": benjamini_hochberg(found.p_kw)}
    return pd.DataFrame({"variable": grouping.name, "task_id": view.task_ids, **columns, **adjusted})


def _two_groups(view: StudyView) -> dict[str, pd.DataFrame]:
    """The first level of the first population variable against its last."""
    if view.main is None or not view.margins:
        view.left_out["two_group_effects"] = "Needs a population table with a variable that respondents have."
        return {}
    margin, levels = view.margins[0].margin, view.margins[0].levels
    if len(levels) < 2:
        view.left_out["two_group_effects"] = f"The population table has only one level of {margin.name}."
        return {}
    a, b = (view.main.counts(margin.level_of == level) for level in (0, len(levels) - 1))
    found = two_group_effects(a, b, view.main.values)
    names = {"variable": margin.name, "group_a": levels[0], "group_b": levels[-1]}
    columns = {name: getattr(found, name) for name in EFFECTS}
    adjusted = {"welch_p_holm": holm(found.welch_p), "welch_p_bh": benjamini_hochberg(found.welch_p)}
    table = pd.DataFrame({**names, "task_id": view.task_ids, **columns, **adjusted})
    return {"two_group_effects": table}
