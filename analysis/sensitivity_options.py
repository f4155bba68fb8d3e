"""Which options of a plan are tried otherwise, with which values, and why the others move nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd

from analysis.choices import Choices
from analysis.criticality import METHODS
from analysis.errors import shown
from analysis.plan import INDICES, AnalysisPlan
from analysis.tasks import Floats

STEPS = {"mean": 1.0, "lower_bound": 1.0, "performing": 0.2, "at_or_above": 0.2}
OPTIONS = ["option", "plan_value", "tried", "reason"]
SWITCHES = {
    "non_performers": ("zero", "missing"),
    "within": ("sum", "mean"),
    "retention_combine": ("all", "any"),
    "review_tasks": ("keep", "drop"),
    "apportionment": ("largest_remainder", "sainte_lague"),
    "weights_from": ("survey", "panel", "blend"),
    "survey_share": (0.25, 0.5, 0.75),
    "confidence": (0.8, 0.9, 0.99),
}
LENGTHS = (100, 125, 150)
_INTERVALS = "It moves intervals only, never a weight or an item."
_WEIGHTED = "It moves the tables weighted to the population only; beside the unweighted in domain_weights_raked."
UNMOVED = {
    "extra_totals": "It adds rows to the table allocation only.",
    "bootstrap_resamples": _INTERVALS,
    "bootstrap_strata": _INTERVALS,
    "seed": _INTERVALS,
    "conditional_rasch": "It adds estimates; what they come to is tried under index.",
    "panel_weights": "They are data, not a choice; whether they count is tried under weights_from.",
    "cognitive_levels": "They split each domain's items and leave their number.",
    "subgroup_variables": "They choose which groups are compared; the blueprint counts everybody.",
    "raking": _WEIGHTED,
    "raking_minimum": _WEIGHTED,
    "trim_low": _WEIGHTED,
    "trim_high": _WEIGHTED,
    "precision_wanted": "It moves the forecast only.",
}
SCREENING = "It excludes nobody; what excluding would move stands under its own name."


@dataclass(frozen=True)
class Try:
    """A plan with one thing changed: the option, its value in the plan, and what it is changed to."""

    option: str
    plan_value: str
    value: str
    plan: AnalysisPlan
    refit: bool = False


def tries(plan: AnalysisPlan, choices: Choices, bases: Mapping[str, Floats]) -> Iterator[Try]:
    """Yield every change that can move weights, items or retained tasks, one option at a time."""
    yield from _scales(plan, choices)
    for index in INDICES:
        if index != choices.index and METHODS[index] in bases:
            yield Try("index", str(choices.index), index, replace(plan, index=index))
    for name, values in SWITCHES.items():
        now = getattr(plan, name)
        if not why_unmoved(name, plan, choices):
            for value in values:
                if value != now:
                    changed: Any = {name: value}
                    yield Try(name, _text(now), _text(value), replace(plan, **changed))
    yield from _bounds(plan, choices)
    yield from _cuts(plan)


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _scales(plan: AnalysisPlan, choices: Choices) -> Iterator[Try]:
    taken = (choices.importance, choices.frequency)
    for code in choices.matrices:
        if code not in taken:
            changed = replace(plan, importance_scale=code, frequency_scale=choices.frequency)
            yield Try("importance_scale", str(choices.importance), code, changed, refit=True)
            if choices.frequency is not None:
                changed = replace(plan, importance_scale=choices.importance, frequency_scale=code)
                yield Try("frequency_scale", str(choices.frequency), code, changed, refit=True)


def _bounds(plan: AnalysisPlan, choices: Choices) -> Iterator[Try]:
    for total in LENGTHS:
        if total != plan.items:
            yield Try("items", str(plan.items), str(total), replace(plan, items=total))
    floor = 0 if plan.minimum_items else 5
    yield Try("minimum_items", str(plan.minimum_items), str(floor), replace(plan, minimum_items=floor))
    for name in ("domain_minimum", "domain_maximum"):
        if bounds := dict(getattr(plan, name)):
            changed: Any = {name: ()}
            yield Try(name, shown([f"{k}: {v}" for k, v in bounds.items()]), "none", replace(plan, **changed))
    if not why_unmoved("subgroup_minimum", plan, choices):
        for least in sorted({1, 2 * plan.subgroup_minimum, 3 * plan.subgroup_minimum} - {plan.subgroup_minimum}):
            yield Try("subgroup_minimum", str(plan.subgroup_minimum), str(least), replace(plan, subgroup_minimum=least))


def _cuts(plan: AnalysisPlan) -> Iterator[Try]:
    for place, cut in enumerate(plan.retention):
        name = f"retention {place + 1}: {cut.measure}"
        for shift in (-0.25, 0.25):
            moved = shifted(plan, place, shift)
            yield Try(name, f"{cut.cut:g}", f"{moved.retention[place].cut:g}", moved)
        if cut.review is not None:
            yield Try(name, f"review from {cut.review:g}", "no review", _with_cut(plan, place, review=None))
        if cut.each is not None:
            yield Try(name, f"in each {cut.each}", "in total only", _with_cut(plan, place, each=None))
        if len(plan.retention) > 1:
            others = tuple(c for i, c in enumerate(plan.retention) if i != place)
            yield Try(name, "part of the rule", "without it", replace(plan, retention=others))
    if plan.retention:
        yield Try("retention", "the plan's rule", "no rule", replace(plan, retention=()))


def _with_cut(plan: AnalysisPlan, place: int, **changed: Any) -> AnalysisPlan:
    cuts = list(plan.retention)
    cuts[place] = replace(cuts[place], **changed)
    return replace(plan, retention=tuple(cuts))


def shifted(plan: AnalysisPlan, place: int, shift: float) -> AnalysisPlan:
    """Move one cut, and its review limit, by a shift; shares by a fifth of it, within 0 to 1."""
    cut = plan.retention[place]
    by = shift * STEPS[cut.measure]
    value, review = cut.cut + by, None if cut.review is None else cut.review + by
    if cut.measure in ("performing", "at_or_above"):
        value = min(max(value, 0.0), 1.0)
        review = None if review is None else min(max(review, 0.0), value)
    return _with_cut(plan, place, cut=value, review=review)


def _no_other_scale(_plan: AnalysisPlan, choices: Choices) -> str:
    return "" if set(choices.matrices) - {choices.importance, choices.frequency} else "There is no other scale to take."


def _no_not_performed(_plan: AnalysisPlan, choices: Choices) -> str:
    matrix = choices.frequency_matrix
    return "" if matrix is not None and matrix.scale.not_performed_code else "No frequency scale says 'not performed'."


_REASONS: dict[str, Callable[[AnalysisPlan, Choices], str]] = {
    "importance_scale": _no_other_scale,
    "frequency_scale": lambda plan, choices: (
        "There is no frequency scale." if choices.frequency is None else _no_other_scale(plan, choices)
    ),
    "non_performers": _no_not_performed,
    "retention": lambda plan, _: "" if plan.retention else "The plan has no retention rule.",
    "retention_combine": lambda plan, _: "" if len(plan.retention) > 1 else "The rule has fewer than two cuts.",
    "review_tasks": lambda plan, _: "" if plan.retention else "The plan has no retention rule.",
    "weights_from": lambda plan, _: "" if plan.panel_weights else "The plan gives no panel's points.",
    "survey_share": lambda plan, _: "" if plan.weights_from == "blend" else "The weights are not a blend.",
    "domain_minimum": lambda plan, _: "" if plan.domain_minimum else "The plan sets none.",
    "domain_maximum": lambda plan, _: "" if plan.domain_maximum else "The plan sets none.",
    "confidence": lambda plan, _: (
        "" if any(cut.measure == "lower_bound" for cut in plan.retention) else f"{_INTERVALS} No cut uses a bound."
    ),
    "subgroup_minimum": lambda plan, _: (
        "" if any(cut.each is not None for cut in plan.retention) else "No cut must be met in each group."
    ),
}


def why_unmoved(name: str, plan: AnalysisPlan, choices: Choices) -> str:
    """Return why an option moves no weight, item or retained task under a plan, or an empty text if it can."""
    if name.startswith("screen_"):
        return SCREENING
    if name in UNMOVED:
        return UNMOVED[name]
    return _REASONS[name](plan, choices) if name in _REASONS else ""


def option_table(plan: AnalysisPlan, choices: Choices, table: pd.DataFrame) -> pd.DataFrame:
    """Return every option of the plan with the values it was changed to, or the reason why it was not.

    Parameters
    ----------
    table : DataFrame
        The table ``sensitivity``.
    """
    tried: dict[str, list[str]] = {}
    for option, value in zip(table["option"], table["value"], strict=True):
        values = tried.setdefault(_field_of(str(option)), [])
        if str(value) not in values:
            values.append(str(value))
    rows = []
    plain = plan.to_dict()
    for item in fields(AnalysisPlan):
        values = tried.get(item.name, [])
        reason = "" if values else why_unmoved(item.name, plan, choices) or "There is no other value to try."
        if item.name.startswith("screen_"):
            reason = SCREENING if values else "Single responses were not screened."
        now = "" if plain[item.name] is None else _text(plain[item.name])
        rows.append({"option": item.name, "plan_value": now, "tried": "; ".join(values), "reason": reason})
    return pd.DataFrame(rows, columns=OPTIONS)


def _field_of(option: str) -> str:
    """The option of the plan that a row of the sensitivity table is about."""
    return "retention" if option.startswith("retention ") else option.removeprefix("exclude by ")
