"""The analysis plan: every choice that can move a number, with its default and what it means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from analysis.errors import PlanError
from analysis.options import (
    bounds,
    check_fields,
    in_order,
    known,
    no_double_names,
    number,
    number_or_none,
    one_of,
    option,
    share,
    text_or_none,
    totals,
    whole,
)
from analysis.plan_further import FurtherOptions

MEASURES = ("mean", "lower_bound", "performing", "at_or_above")
INDICES = (
    *("importance", "product_of_means", "mean_of_products", "mean_of_scales", "z_mix", "time_share"),
    *("kane_log_performers", "kane_log_x_performing", "kane_equalised"),
    *("rasch_expected_jmle", "rasch_exp_jmle", "rasch_expected_cml", "rasch_exp_cml"),
)


@dataclass(frozen=True)
class RetentionCut:
    """One condition that a task must meet to be retained.

    Raises
    ------
    PlanError
        If an option has an unknown or impossible value.
    """

    measure: str = field(
        metadata=option(
            one_of(*MEASURES),
            "What is compared with the cut: 'mean' of the scale, 'lower_bound' of its interval, share "
            "'performing' the task, or share of answers 'at_or_above' an anchor.",
        )
    )
    cut: float = field(
        metadata=option(number, "The task passes when the measure is at least this. Shares run from 0 to 1.")
    )
    review: float | None = field(
        default=None,
        metadata=option(number_or_none, "From this value up to the cut the task goes to the panel for review."),
    )
    anchor: float | None = field(
        default=None, metadata=option(number_or_none, "For 'at_or_above': the value of the anchor.")
    )
    scale: str | None = field(
        default=None,
        metadata=option(text_or_none, "Code of the scale; null is the importance scale."),
    )
    each: str | None = field(
        default=None,
        metadata=option(
            text_or_none, "A background question: the cut must be met in each of its groups too; null: in total only."
        ),
    )

    def __post_init__(self) -> None:
        check_fields(self)
        if self.measure == "at_or_above" and self.anchor is None:
            raise PlanError("A cut on 'at_or_above' needs the value of an anchor.")
        if self.measure in ("performing", "at_or_above") and not 0 <= self.cut <= 1:
            raise PlanError(f"The cut on {self.measure!r} is a share from 0 to 1, not {self.cut:g} (67 % is 0.67).")
        if self.review is not None and self.review > self.cut:
            raise PlanError(f"The review limit {self.review:g} lies above the cut {self.cut:g}; it must lie below.")


def _cuts(name: str, value: Any) -> tuple[RetentionCut, ...]:
    if not isinstance(value, list | tuple):
        raise PlanError(f"{name} is {value!r}; give a list of cuts.")
    return tuple(cut if isinstance(cut, RetentionCut) else RetentionCut(**known(RetentionCut, cut)) for cut in value)


@dataclass(frozen=True)
class AnalysisPlan(FurtherOptions):
    """Every option of the analysis. The defaults are those of common practice (see README.md).

    Raises
    ------
    PlanError
        If an option has an unknown or impossible value.
    """

    importance_scale: str | None = field(
        default=None,
        metadata=option(text_or_none, "Code of the importance scale; null: worked out from the scales' names."),
    )
    frequency_scale: str | None = field(
        default=None,
        metadata=option(text_or_none, "Code of the frequency scale; null: worked out from the scales' names."),
    )
    non_performers: str = field(
        default="zero",
        metadata=option(one_of("zero", "missing"), "Frequency of a person who does not perform the task."),
    )
    index: str | None = field(
        default=None,
        metadata=option(
            one_of(None, *INDICES),
            "The task index behind the blueprint. null: product_of_means where the study has both scales, "
            "importance where it has no frequency scale.",
        ),
    )
    within: str = field(
        default="sum",
        metadata=option(one_of("sum", "mean"), "How the tasks of a unit make its weight; a task without data is 0."),
    )
    retention: tuple[RetentionCut, ...] = field(
        default=(), metadata=option(_cuts, "The cuts of the retention rule; none: every task is retained.")
    )
    retention_combine: str = field(
        default="all",
        metadata=option(one_of("all", "any"), "Whether a task must pass all cuts or any one."),
    )
    review_tasks: str = field(
        default="keep",
        metadata=option(one_of("keep", "drop"), "Whether tasks up for review count as retained until decided."),
    )
    items: int = field(default=100, metadata=option(whole(1, 100_000), "Exam length in items."))
    extra_totals: tuple[int, ...] = field(
        default=(), metadata=option(totals, "More exam lengths to allocate, beside 100, 125 and 150.")
    )
    minimum_items: int = field(default=0, metadata=option(whole(0), "Fewest items of any domain of the blueprint."))
    domain_minimum: tuple[tuple[str, int], ...] = field(
        default=(), metadata=option(bounds, "Fewest items of single domains, by domain code.")
    )
    domain_maximum: tuple[tuple[str, int], ...] = field(
        default=(), metadata=option(bounds, "Most items of single domains, by domain code.")
    )
    bootstrap_resamples: int = field(
        default=2000,
        metadata=option(whole(0, 100_000), "Resamples of respondents for the intervals; 0: none."),
    )
    seed: int = field(default=1, metadata=option(whole(0, 2**63 - 1), "Seed of the random numbers."))
    confidence: float = field(default=0.95, metadata=option(share, "Level of every interval."))

    def __post_init__(self) -> None:
        check_fields(self)
        self.check_further()
        if self.importance_scale is not None and self.importance_scale == self.frequency_scale:
            raise PlanError(f"Importance and frequency are both {self.importance_scale!r}; name two scales.")

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain values that JSON can hold, every option named."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain["retention"] = [{item.name: getattr(cut, item.name) for item in fields(cut)} for cut in self.retention]
        for name in ("extra_totals", "subgroup_variables"):
            plain[name] = list(plain[name])
        for name in ("domain_minimum", "domain_maximum", "panel_weights", "cognitive_levels"):
            plain[name] = dict(plain[name])
        return plain

    def to_json(self) -> str:
        """Return the plan as canonical JSON text: the same text for the same plan."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def plan_hash(self) -> str:
        """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, source: str | Mapping[str, Any]) -> AnalysisPlan:
        """Return the plan of a JSON object; an option it does not name has its default.

        Raises
        ------
        PlanError
            If the text is not a JSON object, names an option twice, or an option is unknown or impossible.
        """
        try:
            parts = json.loads(source, object_pairs_hook=no_double_names) if isinstance(source, str) else source
        except ValueError as error:
            raise PlanError(f"The plan is not valid JSON: {error}.") from error
        return cls(**known(cls, parts))


def plan_options(*, every: bool = False) -> list[dict[str, Any]]:
    """Return the options of the plan: name, default, meaning, consequence, and the choices where they are given.

    Parameters
    ----------
    every : bool
        Also the further options, which a plan's JSON may name and the form does not show.
    """
    plain = AnalysisPlan().to_dict()
    wanted = [f for f in in_order(AnalysisPlan) if every or not f.metadata["further"]]
    return [
        {
            "name": f.name,
            "default": plain[f.name],
            "meaning": f.metadata["meaning"],
            "consequence": f.metadata["consequence"],
            "choices": getattr(f.metadata["check"], "allowed", None),
        }
        for f in wanted
    ]
