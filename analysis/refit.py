"""Task indices that do not follow from sums, fitted anew for other respondents or other scales."""

from __future__ import annotations

from analysis.choices import make_choices
from analysis.criticality import METHODS
from analysis.plan import AnalysisPlan
from analysis.rasch_cml import conditional_ml
from analysis.rasch_jmle import joint_ml
from analysis.ratings import StudyData
from analysis.tables import kane_bases, time_shares
from analysis.tables_rasch import rasch_bases
from analysis.tables_study import StudyView
from analysis.tasks import Floats

KANE_LOG = ("kane_log_performers", "kane_log_x_performing")


def refitted(data: StudyData, plan: AnalysisPlan) -> dict[str, Floats]:
    """Return the index of a plan, (T,) by method, where it does not follow from sums of ratings.

    Costs one fit: some passes over the ratings for Rasch, one for the others, nothing for indices that
    `analysis.outcome.outcome` makes from sums.

    Parameters
    ----------
    data : StudyData
        All or some of the respondents.
    plan : AnalysisPlan
        Says which index, and which scales it is made of.
    """
    choices = make_choices(data, plan)
    method = METHODS[choices.index] if choices.index else ""
    view = StudyView(data, choices, plan.confidence)
    if not view.respondent_ids:
        return {}
    if method in KANE_LOG:
        found = kane_bases(view)
    elif method == "time_share":
        found = time_shares(view, choices.not_performed)
    elif method.startswith("rasch_") and view.main is not None:
        fit = conditional_ml if method.endswith("_cml") else joint_ml
        found = rasch_bases(view, {method.rsplit("_", 1)[1]: fit(view.main.categories())})
    else:
        return {}
    return {name: basis for name, basis in found.items() if name == method}
