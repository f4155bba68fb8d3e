"""The further options of the analysis plan: right as they are for most studies, but each can move a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.errors import PlanError
from analysis.options import further, number, number_or_none, one_of, share, whole


def shares_of(name: str, value: Any) -> tuple[tuple[str, float], ...]:
    """Check that an option gives a number of 0 or more for each code; sorted by code."""
    pairs = value.items() if isinstance(value, Mapping) else value
    try:
        found = tuple(sorted((str(unit), number(f"{name} of {unit!r}", part)) for unit, part in pairs))
    except (TypeError, ValueError) as error:
        raise PlanError(f"{name} is {value!r}; give a number for each code, as {{'D1': 40}}.") from error
    if any(part < 0 for _, part in found) or (found and not any(part for _, part in found)):
        raise PlanError(f"{name} must hold numbers of 0 or more, not all 0.")
    return found


def texts(name: str, value: Any) -> tuple[str, ...]:
    """Check that an option is a list of texts."""
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) and part for part in value):
        raise PlanError(f"{name} is {value!r}; give a list of names.")
    return tuple(value)


def question_or_none(name: str, value: Any) -> str | None:
    """Check that an option is the code of a background question or null."""
    if value is not None and (not isinstance(value, str) or not value):
        raise PlanError(f"{name} is {value!r}; give the code of a background question, or null.")
    return value


@dataclass(frozen=True, kw_only=True)
class FurtherOptions:
    """Options that a plan's JSON may name; `analysis.plan.AnalysisPlan` has them all."""

    conditional_rasch: str = field(
        default="auto",
        metadata=further(
            one_of("auto", "on", "off"),
            "Whether the Rasch model is also fitted by conditional maximum likelihood; 'auto': up to 100,000 "
            "respondents x tasks and 150 tasks.",
            "Conditional estimates are not stretched as joint ones are, but take seconds to minutes.",
        ),
    )
    weights_from: str = field(
        default="survey",
        metadata=further(
            one_of("survey", "panel", "blend"),
            "Whether the domains of the blueprint weigh by the survey, by the panel's points, or by both.",
            "The panel's points have no interval; a blend narrows the survey's by its share.",
        ),
    )
    panel_weights: tuple[tuple[str, float], ...] = field(
        default=(),
        metadata=further(
            shares_of,
            "The panel's points of each domain, by code (any common scale).",
            "Beside the survey's weights in the method comparison; in the blueprint by weights_from.",
        ),
    )
    survey_share: float = field(
        default=0.5,
        metadata=further(
            share, "For 'blend': share of the survey.", "The higher, the less the panel moves the weights."
        ),
    )
    apportionment: str = field(
        default="largest_remainder",
        metadata=further(
            one_of("largest_remainder", "sainte_lague"),
            "How quotas of the blueprint become whole items.",
            "Largest remainder stays within one of each quota; Sainte-Lague never takes an item away when the exam "
            "grows. They differ by an item at most in most studies.",
        ),
    )
    cognitive_levels: tuple[tuple[str, float], ...] = field(
        default=(),
        metadata=further(
            shares_of,
            "Shares of the exam by cognitive level, for the two-way blueprint; none: no such table.",
            "Each domain's items are split over the levels so that rows and columns both add up.",
        ),
    )
    subgroup_variables: tuple[str, ...] = field(
        default=(),
        metadata=further(
            texts,
            "Background questions that groups are compared by; none named: every text question with 2 to 50 answers.",
            "Fewer variables mean fewer tests; corrections for many tests are within one variable.",
        ),
    )
    subgroup_minimum: int = field(
        default=10,
        metadata=further(
            whole(1),
            "Fewest ratings of a task in a subgroup for a retention cut to be applied there.",
            "Lower: small groups can drop a task by chance. Higher: they have no say.",
        ),
    )
    bootstrap_strata: str | None = field(
        default="stratum",
        metadata=further(
            question_or_none,
            "A background question: respondents are resampled within each of its answers (and within each form). "
            "'stratum': the study's strata, where the data set has them; null: within forms only.",
            "Moves intervals only. Right for a sample that was drawn by stratum; intervals get narrower the more "
            "the strata differ.",
        ),
    )
    raking: str = field(
        default="on",
        metadata=further(
            one_of("on", "off"),
            "Whether weights that match the population are made for the weighted tables.",
            "They never change the blueprint; compare it with the table domain_weights_raked.",
        ),
    )
    trim_low: float | None = field(
        default=None,
        metadata=further(
            number_or_none,
            "Smallest raking weight, in mean weights (0 to 1); null: no trimming.",
            "Trimming steadies the means and leaves the margins a little off.",
        ),
    )
    trim_high: float | None = field(
        default=None,
        metadata=further(
            number_or_none,
            "Largest raking weight, in mean weights (above 1); null: no trimming.",
            "Trimming steadies the means and leaves the margins a little off.",
        ),
    )
    raking_minimum: int = field(
        default=0,
        metadata=further(
            whole(0),
            "Fewest respondents of a level for raking; a smaller one is merged with the next smallest. 0: none is.",
            "Merged levels (20 to 30 is usual) keep single respondents from getting huge weights; within a merged "
            "level the population is no longer matched.",
        ),
    )
    screen_completion: float = field(
        default=0.5,
        metadata=further(
            share,
            "Sensitivity to exclusion: responses with a smaller share of tasks rated.",
            "Excludes nobody: shows what excluding would move.",
        ),
    )
    screen_seconds: float = field(
        default=2.0,
        metadata=further(
            number,
            "Sensitivity to exclusion: responses with fewer seconds a rating.",
            "Excludes nobody: shows what excluding would move.",
        ),
    )
    screen_run: float = field(
        default=0.5,
        metadata=further(
            share,
            "Sensitivity to exclusion: responses whose longest run is at least this share of their ratings.",
            "Excludes nobody: shows what excluding would move.",
        ),
    )
    screen_sd: float = field(
        default=0.2,
        metadata=further(
            number,
            "Sensitivity to exclusion: responses whose importance ratings have a smaller SD.",
            "Excludes nobody: shows what excluding would move.",
        ),
    )
    screen_person_total: float = field(
        default=0.0,
        metadata=further(
            number,
            "Sensitivity to exclusion: responses that correlate less with the others' task means.",
            "Excludes nobody: shows what excluding would move.",
        ),
    )
    precision_wanted: float = field(
        default=0.01,
        metadata=further(
            share,
            "Half width wanted of the interval of a domain weight, as a share of the exam.",
            "0.01 is one item of 100; the forecast says how many more responses that takes.",
        ),
    )

    def check_further(self) -> None:
        """Raise if options do not go together.

        Raises
        ------
        PlanError
        """
        if self.weights_from != "survey" and not self.panel_weights:
            raise PlanError(f"weights_from is {self.weights_from!r}; give the points of each domain in panel_weights.")
        if (self.trim_low is None) != (self.trim_high is None):
            raise PlanError("Give both trim_low and trim_high, or neither.")
        if self.trim_low is not None and self.trim_high is not None and not 0 < self.trim_low < 1 < self.trim_high:
            raise PlanError("trim_low must lie between 0 and 1 and trim_high above 1, such as 0.2 and 5.")
