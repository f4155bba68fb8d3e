"""Tables of the Rasch rating scale model, joint and conditional."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.agreement_counts import Floats
from analysis.rasch import RaschFit, category_probabilities
from analysis.rasch_cml import conditional_ml
from analysis.rasch_fit import category_statistics, separation
from analysis.rasch_jmle import joint_ml
from analysis.tables_study import ScaleView, StudyView

NAMES = ("rasch_tasks", "rasch_thresholds", "rasch_persons_jmle", "rasch_categories")


def rasch_fits(view: StudyView, *, conditional: bool) -> dict[str, RaschFit]:
    """Fit the model to the main scale by joint and, if asked for, conditional maximum likelihood.

    Parameters
    ----------
    view : StudyView
    conditional : bool
        Whether the slower conditional estimates are wanted.

    Returns
    -------
    dict of RaschFit
        By "jmle" and "cml"; empty, with the reason left out, without a main scale.
    """
    if view.main is None:
        reason = "The study has no importance scale, and not just one other scale, to fit the model to."
        view.left_out.update(dict.fromkeys((*NAMES, "rasch_summary"), reason))
        return {}
    categories = view.main.categories()
    fits = {"jmle": joint_ml(categories)}
    if conditional:
        fits["cml"] = conditional_ml(categories)
    else:
        view.left_out["rasch_tasks: cml_all_data"] = (
            "Conditional estimates are made where the plan asks for them; by default up to 100,000 respondents x tasks "
            "and 150 tasks."
        )
    for name, fit in fits.items():
        if fit.reason:
            view.left_out[f"rasch_tasks: {fit.method}"] = f"{name.upper()}: {fit.reason}."
    return fits


def rasch_bases(view: StudyView, fits: dict[str, RaschFit]) -> dict[str, Floats]:
    """The Rasch task indices by the method names of the tables, each (T,).

    The expected rating is in the numbers of the scale: sum over points of number x probability at
    theta = 0.
    """
    if view.main is None:
        return {}
    found = {}
    for name, fit in fits.items():
        found[f"rasch_expected_{name}"] = _expected(view.main, fit)
        found[f"rasch_exp_{name}"] = np.exp(-fit.delta)
    return found


def _expected(scale: ScaleView, fit: RaschFit) -> Floats:
    out = np.full(len(fit.delta), np.nan)
    known = ~np.isnan(fit.delta)
    if known.any():
        numbers = scale.values[fit.low : fit.high + 1]
        out[known] = category_probabilities(-fit.delta[known], fit.tau) @ numbers
    return out


def rasch_tables(
    view: StudyView, fits: dict[str, RaschFit]
) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, Any]]]:
    """Tables of tasks, thresholds, persons and categories; document ``rasch_summary``.

    Parameters
    ----------
    view : StudyView
    fits : dict of RaschFit
        From `rasch_fits`.

    Returns
    -------
    (dict of DataFrame, dict of dict)
    """
    if view.main is None:
        return {}, {}
    categories = view.main.categories()
    tasks = [_task_rows(view, fit, categories) for fit in fits.values()]
    thresholds = [_threshold_rows(fit) for fit in fits.values()]
    tables = {
        "rasch_tasks": pd.concat(tasks, ignore_index=True),
        "rasch_thresholds": pd.concat(thresholds, ignore_index=True),
        "rasch_persons_jmle": _persons(view, fits["jmle"]),
        "rasch_categories": _categories(view.main, fits["jmle"], categories),
    }
    return tables, {"rasch_summary": {name: _summary(view, fit) for name, fit in fits.items()}}


def _task_rows(view: StudyView, fit: RaschFit, categories: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Joint rows count the respondents used, conditional rows all answers."""
    used = categories[fit.rows] if fit.method == "jmle" and not fit.reason else categories
    blank = np.full(len(fit.delta), np.nan)
    return pd.DataFrame(
        {
            "method": fit.method,
            "task_id": view.task_ids,
            "n": (used >= 0).sum(axis=0),
            "raw_score": np.maximum(used, 0).sum(axis=0, dtype=np.int64),
            "delta": fit.delta,
            "se": fit.se,
            "infit": fit.details.get("infit", blank),
            "outfit": fit.details.get("outfit", blank),
            "note": _task_notes(fit),
        }
    )


def _task_notes(fit: RaschFit) -> list[str]:
    extreme = "left out: its ratings are all lowest or all highest, or missing"
    return [fit.reason or (extreme if np.isnan(delta) else "") for delta in fit.delta]


def _threshold_rows(fit: RaschFit) -> pd.DataFrame:
    steps = np.arange(fit.low + 1, fit.low + len(fit.tau) + 1)
    return pd.DataFrame({"method": fit.method, "step": steps, "tau": fit.tau})


def _persons(view: StudyView, fit: RaschFit) -> pd.DataFrame:
    """Respondents with an estimate; those with an extreme total have none."""
    ids = np.array(view.respondent_ids, dtype=object)[fit.rows]
    blank = np.full(len(fit.rows), np.nan)
    theta, se = (fit.details.get(name, blank)[fit.rows] for name in ("theta", "theta_se"))
    return pd.DataFrame({"respondent_id": ids, "theta": theta, "se": se})


def _categories(scale: ScaleView, fit: RaschFit, categories: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Use of each scale point; in a working scale measures and thresholds rise."""
    blank = np.full(len(fit.rows), np.nan)
    counts, measures = category_statistics(categories, fit.details.get("theta", blank), fit.delta)
    points = np.arange(len(counts))
    tau = np.full(len(counts), np.nan)
    inside = (points > fit.low) & (points <= fit.low + len(fit.tau))
    tau[inside] = fit.tau[: int(inside.sum())]
    columns = {"value": scale.values[: len(counts)], "n": counts.astype(np.int64), "mean_measure": measures}
    return pd.DataFrame({"method": fit.method, **columns, "threshold": tau})


def _summary(view: StudyView, fit: RaschFit) -> dict[str, Any]:
    if fit.reason:
        return {"method": fit.method, "reason": fit.reason}
    dropped = [view.respondent_ids[r] for r in np.flatnonzero(~fit.rows)]
    index, reliability = separation(fit.delta, fit.se)
    found: dict[str, Any] = {
        "method": fit.method,
        "iterations": fit.iterations,
        "loglik": fit.loglik,
        "n_persons_used": int(fit.rows.sum()),
        "n_persons_left_out": len(dropped),
        "task_separation": _number(index),
        "task_reliability": _number(reliability),
        "thresholds_in_order": bool((np.diff(fit.tau) > 0).all()),
    }
    return found | (_joint_summary(fit) if fit.method == "jmle" else _conditional_summary(fit))


def _joint_summary(fit: RaschFit) -> dict[str, Any]:
    theta = fit.details["theta"][fit.rows]
    index, reliability = separation(theta, fit.details["theta_se"][fit.rows])
    return {
        "mean_theta": float(theta.mean()),
        "sd_theta": _number(float(theta.std(ddof=1)) if len(theta) > 1 else float("nan")),
        "person_separation": _number(index),
        "person_reliability": _number(reliability),
        "bias": "Joint estimates are about L / (L - 1) too wide (L = tasks per respondent).",
    }


def _conditional_summary(fit: RaschFit) -> dict[str, Any]:
    return {
        "max_abs_gradient": float(fit.details["gradient"][0]),
        "se_thresholds": [float(se) for se in fit.details["se_tau"]],
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
