"""The tables that set choices side by side: methods, sensitivity, items under resampling, precision."""

from __future__ import annotations

import pandas as pd

from analysis.choices import Choices
from analysis.further import Progress
from analysis.laboratory import bootstrap_items, method_comparison, two_way_blueprint
from analysis.participation import participation, precision_forecast
from analysis.pipeline_work import Weighed
from analysis.plan import AnalysisPlan
from analysis.ratings import StudyData
from analysis.sensitivity import retention_sensitivity, sensitivity
from analysis.sensitivity_options import option_table
from analysis.tables_study import StudyView

NO_LINKS = "The data set holds no linkage ratings of tasks and KSAs."


def laboratory_tables(
    data: StudyData,
    plan: AnalysisPlan,
    choices: Choices,
    weighed: Weighed | None,
    tables: dict[str, pd.DataFrame],
    progress: Progress,
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return the tables of the method laboratory, sensitivity and precision, and why any is left out.

    Parameters
    ----------
    weighed : Weighed, optional
        ``None`` without an importance scale.
    tables : dict of DataFrame
        Those made so far.
    """
    progress("What each choice moves")
    view = StudyView(data, choices, plan.confidence, plan.subgroup_variables)
    found: dict[str, pd.DataFrame] = {}
    left_out = {"ksa_weights": NO_LINKS}
    if view.respondent_ids:
        found["participation"] = participation(view)
    else:
        left_out["participation"] = "The study has no respondents."
    if plan.retention:
        found["retention_sensitivity"] = retention_sensitivity(data, plan, choices)
    else:
        left_out["retention_sensitivity"] = "The plan has no retention rule."
    if weighed is None or choices.index is None:
        reason = "The study has no importance scale (the plan can name one), so no weights follow."
        left_out |= dict.fromkeys(
            ("method_comparison", "sensitivity", "sensitivity_options", "bootstrap_items"), reason
        )
    else:
        found["method_comparison"] = method_comparison(weighed.methods, weighed.levels, plan, choices.index)
        found["sensitivity"] = sensitivity(data, plan, choices, weighed.methods, tables.get("person_quality"))
        found["sensitivity_options"] = option_table(plan, choices, found["sensitivity"])
        if plan.bootstrap_resamples:
            found["bootstrap_items"] = bootstrap_items(weighed.methods, weighed.resampled, weighed.levels, plan)
        else:
            left_out["bootstrap_items"] = "The plan asks for no resamples."
    _of_blueprint(found, left_out, tables.get("blueprint"), view, plan)
    return found, left_out


def _of_blueprint(
    found: dict[str, pd.DataFrame],
    left_out: dict[str, str],
    blueprint: pd.DataFrame | None,
    view: StudyView,
    plan: AnalysisPlan,
) -> None:
    if blueprint is None:
        left_out |= dict.fromkeys(("precision_forecast", "blueprint_two_way"), "There is no blueprint.")
        return
    found["precision_forecast"] = precision_forecast(blueprint, view, plan)
    if plan.cognitive_levels:
        found["blueprint_two_way"] = two_way_blueprint(blueprint, plan)
    else:
        left_out["blueprint_two_way"] = "The plan gives no shares of cognitive levels."
