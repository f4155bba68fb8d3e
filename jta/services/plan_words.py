"""Every option of the analysis plan in words: label, meaning, what follows from it, how it is typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jta.services.study_plan import in_words

PLAN = "plan"
EXCLUDE = "exclude by "
TWO_FLAGS = "Leave out flagged responses"

MEASURE_WORDS = {
    "": "– no condition –",
    "mean": "Mean rating",
    "lower_bound": "Lower end of the interval of the mean",
    "performing": "Share who perform the task",
    "at_or_above": "Share of answers at or above an anchor",
}
INDEX_WORDS = {
    "importance": "Mean importance",
    "product_of_means": "Mean importance × mean frequency",
    "mean_of_products": "Mean of importance × frequency of each respondent",
    "mean_of_scales": "Mean of mean importance and mean frequency",
    "z_mix": "Mean of both, each standardised over the tasks",
    "time_share": "Share of a respondent's working time, from frequency",
    "kane_log_performers": "Additive model of the logs (Kane), performers only",
    "kane_log_x_performing": "Additive model of the logs × share performing",
    "kane_equalised": "Importance and frequency with equal effect (Kane)",
    "rasch_expected_jmle": "Rasch model, expected rating (joint estimation)",
    "rasch_exp_jmle": "Rasch model, exponential (joint estimation)",
    "rasch_expected_cml": "Rasch model, expected rating (conditional estimation)",
    "rasch_exp_cml": "Rasch model, exponential (conditional estimation)",
}


@dataclass(frozen=True)
class Option:
    """How an option of the plan is shown and typed; ``about`` says what it means and what it moves."""

    label: str
    kind: str
    about: str = ""
    choices: Mapping[str, str] | None = None


AUTO = {"": "Worked out from the scales of the study"}
_NOBODY = "It excludes nobody: the page of sensitivity shows what excluding them would move."
OPTIONS: dict[str, Option] = {
    "importance_scale": Option(
        "Importance scale", "scale",
        "Which scale says how important a task is. A study with one importance scale needs no choice.", AUTO,
    ),
    "frequency_scale": Option(
        "Frequency scale", "scale",
        "Which scale says how often a task is performed. A study with one frequency scale needs no choice.", AUTO,
    ),
    "non_performers": Option(
        "Frequency of people who do not perform a task", "choice",
        "As zero, a task that few people perform weighs less. As missing, only those who perform it count.",
        {"zero": "Counts as zero", "missing": "Counts as missing"},
    ),
    "index": Option(
        "Criticality index of a task", "choice",
        "The number behind the blueprint: how much each task weighs. Without a choice, importance × frequency "
        "where the study has both scales, else importance. The page of methods shows what each would give.",
        {**AUTO, **INDEX_WORDS},
    ),
    "within": Option(
        "Weight of a domain from its tasks", "choice",
        "With the sum, a domain of many tasks weighs more. With the mean, the number of its tasks does not "
        "matter. A task without data counts as 0.",
        {"sum": "Sum of its tasks' indices", "mean": "Mean of its tasks' indices"},
    ),
    "retention": Option("Retention rule", "cuts"),
    "retention_combine": Option(
        "A task is retained when it meets", "choice",
        "All conditions is the stricter rule: fewer tasks stay.",
        {"all": "All conditions", "any": "Any one condition"},
    ),
    "review_tasks": Option(
        "Tasks up for review", "choice",
        "What the weights do with a task that lies between “review from” and the cut.",
        {"keep": "Stay in until the panel decides", "drop": "Are left out until the panel decides"},
    ),
    "items": Option("Exam length (items)", "number", "How many scored items the blueprint shares out."),
    "extra_totals": Option(
        "Other exam lengths to compare", "numbers",
        "The items of each domain are also worked out for these lengths, beside 100, 125 and 150.",
    ),
    "minimum_items": Option(
        "Fewest items of any domain", "number", "No domain gets fewer; the others give them up. 0: no minimum."
    ),
    "domain_minimum": Option("Fewest items of single domains", "pairs", "For domains that need a floor of their own."),
    "domain_maximum": Option("Most items of single domains", "pairs", "For domains that need a ceiling."),
    "bootstrap_resamples": Option(
        "Resamples for the intervals of weights", "number",
        "How often respondents are drawn anew to see how far the weights would move. More takes longer and "
        "steadies the last digit. 0: no intervals.",
    ),
    "bootstrap_strata": Option(
        "Resample respondents within", "question",
        "Each group keeps its number of respondents in every resample, as it should where the sample was drawn by "
        "group; each form does so in any case. It moves intervals only, never a weight.",
        {"": "Forms only", "stratum": "Stratum of the frame"},
    ),
    "seed": Option(
        "Seed of the random numbers", "number",
        "The same seed gives the same resamples, so that anybody can repeat the analysis digit for digit.",
    ),
    "confidence": Option("Level of every interval", "share", "How sure the intervals of means and weights are."),
    "apportionment": Option(
        "How weights become whole items", "choice",
        "They differ by one item in few studies. Sainte-Laguë never takes an item away when the exam grows; "
        "largest remainder stays within one item of each exact share.",
        {"largest_remainder": "Largest remainder", "sainte_lague": "Sainte-Laguë"},
    ),
    "weights_from": Option(
        "Where the blueprint's weights come from", "choice",
        "The survey's weights have intervals; the panel's have none, and a blend has the survey's, narrowed.",
        {"survey": "The survey", "panel": "The panel's points", "blend": "Survey and panel blended"},
    ),
    "panel_weights": Option(
        "The panel's points for each domain", "shares",
        "Any common scale, such as points out of 100. Needed for the panel's weights or a blend; shown beside "
        "the survey's in any case.",
    ),
    "survey_share": Option(
        "Share of the survey in a blend", "share", "The higher, the less the panel moves the weights."
    ),
    "cognitive_levels": Option(
        "Shares of the cognitive levels", "shares",
        "For a blueprint of domain by level: each domain's items are split so that rows and columns both add up. "
        "Empty: no such table.",
    ),
    "subgroup_variables": Option(
        "Background questions to compare groups by", "texts",
        "Fewer questions mean fewer tests. Empty: every question with 2 to 50 different answers.",
    ),
    "subgroup_minimum": Option(
        "Fewest ratings for a condition on a group", "number",
        "A condition of the retention rule that must hold in each group is not judged in smaller groups. Lower: a "
        "small group can drop a task by chance. Higher: small groups have no say.",
    ),
    "raking": Option(
        "Weighting responses to the frame", "choice",
        "Makes a second set of weights, as if respondents were spread like the frame. It never changes the "
        "blueprint; the page of methods sets both side by side.",
        {"on": "Work it out beside the unweighted results", "off": "Leave it out"},
    ),
    "raking_minimum": Option(
        "Merge groups of fewer responses than", "number",
        "When responses are weighted to the frame, a smaller group is merged with the next smallest; 20 to 30 is "
        "usual. Merging keeps single responses from getting huge weights. 0: no group is merged.",
    ),
    "trim_low": Option(
        "Smallest weight of a response", "decimal?",
        "In mean weights, between 0 and 1, with the largest. Trimming steadies the means and leaves the groups "
        "a little off the frame. Empty: no trimming.",
    ),
    "trim_high": Option("Largest weight of a response", "decimal?", "In mean weights, above 1, with the smallest."),
    "screen_completion": Option(
        "Try leaving out responses with fewer tasks rated", "share", f"A share of the tasks. {_NOBODY}"
    ),
    "screen_seconds": Option(
        "Try leaving out responses faster than", "decimal", f"Seconds for each rating. {_NOBODY}"
    ),
    "screen_run": Option(
        "Try leaving out responses with a longer run of one answer", "share", f"A share of their ratings. {_NOBODY}"
    ),
    "screen_sd": Option(
        "Try leaving out responses with less variation", "decimal",
        f"Standard deviation of their importance ratings. {_NOBODY}",
    ),
    "screen_person_total": Option(
        "Try leaving out responses unlike the others", "decimal",
        f"Correlation with the task means of the others, -1 to 1. {_NOBODY}",
    ),
    "conditional_rasch": Option(
        "Conditional estimates of the Rasch model", "choice",
        "They are not stretched as joint ones are, but take seconds to minutes.",
        {"auto": "Where the study is small enough", "on": "Always", "off": "Never"},
    ),
    "precision_wanted": Option(
        "Half width wanted of a domain weight's interval", "share",
        "As a share of the exam: 0.01 is one item of 100. The forecast says how many more responses that takes.",
    ),
}  # fmt: skip
HINTS = {
    "pairs": "One domain a line, code and number, as in 1: 10.",
    "shares": "One a line, code and number, as in 1: 40.",
    "numbers": "Whole numbers with commas between, as in 125, 150.",
    "texts": "Their codes with commas between, as in role, region.",
    "share": "Between 0 and 1; 95 % is 0.95.",
    "json": "As a JSON value.",
}
COMMON = (
    ("Ratings and task weights", ("importance_scale", "frequency_scale", "non_performers", "index", "within")),
    ("Which tasks are retained", ("retention", "retention_combine", "review_tasks")),
    ("Items", ("items", "extra_totals", "minimum_items", "domain_minimum", "domain_maximum")),
    ("Intervals", ("confidence", "bootstrap_resamples", "bootstrap_strata", "seed")),
)
RARE = (
    ("Panel, cognitive levels, rounding",
     ("weights_from", "panel_weights", "survey_share", "cognitive_levels", "apportionment")),
    ("Groups and the frame",
     ("subgroup_variables", "subgroup_minimum", "raking", "raking_minimum", "trim_low", "trim_high")),
    ("What leaving out responses would move",
     ("screen_completion", "screen_seconds", "screen_run", "screen_sd", "screen_person_total")),
    ("Precision and the Rasch model", ("precision_wanted", "conditional_rasch")),
)  # fmt: skip


def option_of(name: str) -> Option:
    """Return how an option is typed; one this page does not know yet is typed as a JSON value."""
    return OPTIONS.get(name) or Option(name.replace("_", " ").capitalize(), "json")


def value_in_words(name: str, value: Any) -> str:
    """Return the value of an option as its form words it."""
    if name == "retention" and value:
        return "; ".join(f"{MEASURE_WORDS.get(cut['measure'], cut['measure'])}: {cut['cut']:g}" for cut in value)
    choices = option_of(name).choices or {}
    return choices.get("" if value is None else str(value)) or in_words(value)


def steps_in_words(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the table of sensitivity with the words of the plan's form beside their codes."""
    return [{**step, **_step_words(step)} for step in steps]


def _step_words(step: Mapping[str, Any]) -> dict[str, str]:
    name, values = str(step["option"]), (step["plan_value"], step["value"])
    choices = option_of(name).choices or {}
    before, after = ("" if value is None else str(choices.get(value, value)) for value in values)
    return {"option_words": _option_words(name), "plan_words": before, "value_words": after}


def _option_words(name: str) -> str:
    if name == PLAN:
        return "The plan itself"
    if name.startswith(EXCLUDE):
        rule = name.removeprefix(EXCLUDE)
        return TWO_FLAGS if rule == "screening" else option_of(rule).label.replace("Try leaving", "Leave")
    rule, _, measure = name.partition(": ")
    if measure and rule.startswith("retention "):
        return f"Retention rule, condition {rule.split()[1]}: {MEASURE_WORDS.get(measure, measure).lower()}"
    return option_of(name).label
