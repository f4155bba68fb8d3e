"""The retention rule: which tasks stay in the blueprint, go to the panel, or leave, and why in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.choices import Choices
from analysis.errors import PlanError
from analysis.plan import AnalysisPlan, RetentionCut
from analysis.tasks import Floats, share_at_or_above, share_performing, task_statistics

KEEP, REVIEW, DROP = "keep", "review", "drop"


@dataclass(frozen=True)
class Criterion:
    """One cut with the measure of every task.

    Parameters
    ----------
    cut : RetentionCut
    name : str
        Column of the measure in the table.
    words : str
        The measure in words, as "mean importance".
    values : ndarray of shape (T,)
        NaN where the measure is undefined.
    silent : bool
        Whether a task without the measure is left to the other criteria (a subgroup too small to judge it).
    """

    cut: RetentionCut
    name: str
    words: str
    values: Floats
    silent: bool = False


def apply_retention(criteria: Sequence[Criterion], tasks: Sequence[str], combine: str = "all") -> pd.DataFrame:
    """Decide on each task.

    A measure passes at or above its cut, is open from the review limit up to the cut or where it is
    undefined, and fails below. With "all", one failure drops the task and else one open measure sends
    it to review; with "any", one pass keeps it and else one open measure sends it to review. Without
    criteria every task is kept.

    Parameters
    ----------
    criteria : sequence of Criterion
    tasks : sequence of str
        Codes of the T tasks.
    combine : {"all", "any"}

    Returns
    -------
    DataFrame of T rows
        ``task_id, decision`` (keep, review or drop), ``reason`` in words, and each measure.
    """
    rows = [_decide(criteria, t, combine) for t in range(len(tasks))]
    table = {"task_id": list(tasks), "decision": [row[0] for row in rows], "reason": [row[1] for row in rows]}
    return pd.DataFrame({**table, **{criterion.name: criterion.values for criterion in criteria}})


def _decide(criteria: Sequence[Criterion], task: int, combine: str) -> tuple[str, str]:
    if not criteria:
        return KEEP, "The plan has no retention rule, so every task is kept."
    heard = [c for c in criteria if not (c.silent and np.isnan(c.values[task]))]
    verdicts = [_judge(criterion, float(criterion.values[task])) for criterion in heard]
    found = {verdict for verdict, _ in verdicts}
    order = (DROP, REVIEW, KEEP) if combine == "all" else (KEEP, REVIEW, DROP)
    decision = next(verdict for verdict in order if verdict in found)
    return decision, "; ".join(words for verdict, words in verdicts if verdict == decision)


def _judge(criterion: Criterion, value: float) -> tuple[str, str]:
    cut, review = criterion.cut.cut, criterion.cut.review
    if np.isnan(value):
        return REVIEW, f"{criterion.words}: not enough ratings"
    number = _shown(value, cut if review is None else review, cut)
    if value >= cut:
        return KEEP, f"{criterion.words} {number} is at least {cut:g}"
    if review is not None and value >= review:
        return REVIEW, f"{criterion.words} {number} is below {cut:g} but not below {review:g}"
    return DROP, f"{criterion.words} {number} is below {cut if review is None else review:g}"


def _shown(value: float, *limits: float) -> str:
    """Return the value with two decimals, or in full where that would look like a limit it is not."""
    short = f"{value:.2f}"
    return repr(value) if any(float(short) == limit != value for limit in limits) else short


def study_criteria(choices: Choices, plan: AnalysisPlan, background: pd.DataFrame | None = None) -> list[Criterion]:
    """Return the criteria of a plan with the measures of every task, in total and in named subgroups.

    Parameters
    ----------
    background : DataFrame of R rows, optional
        Background answers, for cuts that must be met in each group of a question. A task with fewer
        ratings in a group than the plan's ``subgroup_minimum`` is not judged there.

    Raises
    ------
    PlanError
        If a cut needs a scale or a background question that the study lacks.
    """
    found = []
    for cut in plan.retention:
        found.append(_criterion(choices, plan, cut))
        if cut.each is not None:
            found += _each_group(choices, plan, cut, background)
    return found


def _each_group(
    choices: Choices, plan: AnalysisPlan, cut: RetentionCut, background: pd.DataFrame | None
) -> list[Criterion]:
    if background is None or cut.each not in background.columns:
        raise PlanError(f"A retention cut must be met in each group of {cut.each!r}, which respondents were not asked.")
    answers = background[cut.each].fillna("").astype(str).to_numpy(dtype=object)
    found = []
    for level in sorted(set(answers.tolist()) - {""}):
        rows = np.flatnonzero(answers == level)
        part = replace(choices, matrices={code: m.take(rows) for code, m in choices.matrices.items()})
        whole = _criterion(part, plan, cut)
        n = (part.matrices[_scale_of(choices, cut)].codes > 0).sum(axis=0)
        values = np.where(n >= plan.subgroup_minimum, whole.values, np.nan)
        place = f"{cut.each}: {level}"
        found.append(Criterion(cut, f"{whole.name} ({place})", f"{whole.words} ({place})", values, silent=True))
    return found


def _scale_of(choices: Choices, cut: RetentionCut) -> str:
    scale = choices.performing if cut.measure == "performing" else cut.scale or choices.importance
    if scale is None:
        needed = "a scale that tells who performs a task" if cut.measure == "performing" else "an importance scale"
        raise PlanError(f"The retention cut on {cut.measure!r} needs {needed}; the study has none by that name.")
    return scale


def _criterion(choices: Choices, plan: AnalysisPlan, cut: RetentionCut) -> Criterion:
    scale = _scale_of(choices, cut)
    if cut.measure == "performing":
        share = share_performing(choices.matrices[scale])["share_performing"].to_numpy()
        return Criterion(cut, "share_performing", "share performing", share)
    zero = choices.not_performed if scale == choices.frequency else None
    ratings = choices.matrices[scale]
    if cut.measure == "at_or_above" and cut.anchor is not None:
        share = share_at_or_above(ratings, cut.anchor, not_performed=zero)
        words = f"share rating {scale} {cut.anchor:g} or higher"
        return Criterion(cut, f"{scale}_at_or_above_{cut.anchor:g}", words, share)
    statistics = task_statistics(ratings, not_performed=zero, confidence=plan.confidence)
    column, words = {"mean": ("mean", "mean"), "lower_bound": ("ci_low", "lower bound of mean")}[cut.measure]
    return Criterion(cut, f"{scale}_{cut.measure}", f"{words} {scale}", statistics[column].to_numpy())


def retained(table: pd.DataFrame, review_tasks: str = "keep") -> npt.NDArray[np.bool_]:
    """Return which tasks count as retained, shape (T,).

    Parameters
    ----------
    review_tasks : {"keep", "drop"}
        How tasks up for review count until the panel decides.
    """
    kept = table["decision"] == KEEP
    if review_tasks == "keep":
        kept |= table["decision"] == REVIEW
    return kept.to_numpy(dtype=bool)
