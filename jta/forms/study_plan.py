"""The form of the analysis plan: every option with its choices, default and meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from analysis.plan import MEASURES, plan_options
from jta.errors import InvalidInputError
from jta.forms.study_fields import BlockField, LineField
from jta.services.study_plan import in_words

CUTS = 4  # lines for conditions of the retention rule; more where the plan has more
_CUT_PARTS = ("measure", "cut", "review", "scale", "anchor")
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
}


@dataclass(frozen=True)
class Option:
    """How an option of the plan is shown and typed; ``about`` says what it means and what it moves."""

    label: str
    kind: str
    about: str = ""
    choices: Mapping[str, str] | None = None


AUTO = {"": "Worked out from the scales of the study"}
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
        "where the study has both scales, else importance.",
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
    "seed": Option(
        "Seed of the random numbers", "number",
        "The same seed gives the same resamples, so that anybody can repeat the analysis digit for digit.",
    ),
    "confidence": Option("Level of every interval", "share", "How sure the intervals of means and weights are."),
}  # fmt: skip
HINTS = {
    "pairs": "One domain a line, code and number, as in 1: 10.",
    "numbers": "Whole numbers with commas between, as in 125, 150.",
    "share": "Between 0 and 1; 95 % is 0.95.",
    "json": "As a JSON value.",
}


def option_of(name: str) -> Option:
    """Return how an option is typed; one this page does not know yet is typed as a JSON value."""
    return OPTIONS.get(name) or Option(name.replace("_", " ").capitalize(), "json")


def lines_for(plan: Mapping[str, Any]) -> int:
    """Return how many lines the retention rule of a plan needs."""
    return max(CUTS, len(plan["retention"]) + 1)


def build_plan_form(scales: Mapping[str, str], lines: int = CUTS) -> type[FlaskForm]:
    """Return a form class with one field for each option, and lines for the retention rule."""
    fields: dict[str, Field] = {"version": HiddenField(), "reason": _reason()}
    for described in plan_options():
        name, option = described["name"], option_of(described["name"])
        about = option.about or described["meaning"]
        if option.kind == "cuts":
            fields |= _cut_fields(scales, lines)
        else:
            fields[name] = _field(option, about, scales)
    return type("PlanForm", (FlaskForm,), fields)


def _reason() -> Field:
    about = "The change, its reason, your name and the date go into the record."
    return BlockField("Why do you depart from the saved plan?", [Length(max=1000)], description=about)


def _field(option: Option, about: str, scales: Mapping[str, str]) -> Field:
    if option.kind in ("choice", "scale"):
        return SelectField(option.label, description=about, choices=_choices(option, scales))
    about = f"{about} {HINTS.get(option.kind, '')}".strip()
    made = BlockField if option.kind == "pairs" else LineField
    return made(option.label, [Length(max=4000)], description=about)


def _choices(option: Option, scales: Mapping[str, str]) -> list[SelectChoice]:
    words = {**AUTO, **scales} if option.kind == "scale" else option.choices or {}
    return [SelectChoice(value, label) for value, label in words.items()]


def _cut_fields(scales: Mapping[str, str], lines: int) -> dict[str, Field]:
    measures = [SelectChoice(name, MEASURE_WORDS[name]) for name in ("", *MEASURES)]
    chosen = [SelectChoice(code, title) for code, title in {"": "Importance scale", **scales}.items()]
    fields: dict[str, Field] = {}
    for n in range(1, lines + 1):
        fields[f"cut{n}_measure"] = SelectField("Measure", choices=measures)
        fields[f"cut{n}_cut"] = LineField("At least", [Length(max=20)])
        fields[f"cut{n}_review"] = LineField("Review from", [Length(max=20)])
        fields[f"cut{n}_scale"] = SelectField("Rating scale", choices=chosen)
        fields[f"cut{n}_anchor"] = LineField("Anchor value", [Length(max=20)])
    return fields


def form_values(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return a plan as the texts of its form."""
    values: dict[str, str] = {}
    for name, value in plan.items():
        kind = option_of(name).kind
        if kind == "cuts":
            values |= _cut_values(value)
        elif kind == "pairs":
            values[name] = "\n".join(f"{code}: {number}" for code, number in value.items())
        elif kind == "json":
            values[name] = json.dumps(value, ensure_ascii=False)
        else:
            values[name] = "" if value in (None, []) else in_words(value)
    return values


def _cut_values(cuts: list[dict[str, Any]]) -> dict[str, str]:
    return {
        f"cut{n}_{part}": "" if cut[part] is None else in_words(cut[part])
        for n, cut in enumerate(cuts, start=1)
        for part in _CUT_PARTS
    }


def words_of(name: str, value: Any, scales: Mapping[str, str]) -> str:
    """Return the value of an option in the words of its form, for those who only read the plan."""
    option = option_of(name)
    if option.kind == "cuts":
        return "; ".join(_cut_in_words(cut, scales) for cut in value) or "No condition: every task is retained"
    if option.choices is None:
        return in_words(value)
    choices = {**option.choices, **(scales if option.kind == "scale" else {})}
    return choices.get(value or "", in_words(value))


def _cut_in_words(cut: Mapping[str, Any], scales: Mapping[str, str]) -> str:
    scale = f" ({scales.get(cut['scale'], cut['scale'])})" if cut["scale"] else ""
    anchor = f" {in_words(cut['anchor'])}" if cut["anchor"] is not None else ""
    review = f", review from {in_words(cut['review'])}" if cut["review"] is not None else ""
    return f"{MEASURE_WORDS[cut['measure']]}{anchor}{scale} at least {in_words(cut['cut'])}{review}"


def typed_plan(form: FlaskForm) -> dict[str, Any]:
    """Return what was typed as the values of a plan.

    Raises
    ------
    InvalidInputError
        Naming the field that cannot be read.
    """
    values: dict[str, Any] = {}
    for described in plan_options():
        name = described["name"]
        kind = option_of(name).kind
        values[name] = _typed_cuts(form) if kind == "cuts" else _typed(name, kind, form[name].data or "")
    return values


def _typed(name: str, kind: str, text: str) -> Any:
    if kind in ("choice", "scale"):
        return text or None
    try:
        return _READERS[kind](text)
    except ValueError as error:
        raise InvalidInputError(_WRONG[kind], field=name) from error


def _pairs(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        code, colon, number = line.rpartition(":")
        if not colon or not code.strip() or code.strip() in found:
            raise ValueError("a line needs one code of its own")
        found[code.strip()] = _whole(number)
    return found


def _whole(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < 20):
        raise ValueError("not a whole number")
    return int(plain)


def _share(text: str) -> float:
    return float(text.strip().replace(",", "."))


_READERS = {
    "number": lambda text: _whole(text.replace(",", "")),
    "numbers": lambda text: [_whole(part) for part in text.split(",") if part.strip()],
    "share": _share,
    "pairs": _pairs,
    "json": json.loads,
}
_WRONG = {
    "number": "Enter a whole number.",
    "numbers": "Enter whole numbers with commas between, as in 125, 150.",
    "share": "Enter a number between 0 and 1, as in 0.95.",
    "pairs": "Write one domain a line, its code, a colon and a whole number, as in 1: 10. Name each domain once.",
    "json": "This is not a JSON value.",
}


def cut_numbers(form: FlaskForm) -> list[int]:
    """Return the numbers of the lines of the retention rule."""
    return [int(f.name[3:].split("_")[0]) for f in form if f.name.startswith("cut") and f.name.endswith("_measure")]


def _typed_cuts(form: FlaskForm) -> list[dict[str, Any]]:
    lines = (_typed_cut(form, n) for n in cut_numbers(form))
    return [cut for cut in lines if cut is not None]


def _typed_cut(form: FlaskForm, n: int) -> dict[str, Any] | None:
    measure = form[f"cut{n}_measure"].data
    numbers = {part: form[f"cut{n}_{part}"].data or "" for part in ("cut", "review", "anchor")}
    if not measure:
        if any(numbers.values()):
            raise InvalidInputError("Choose what is compared with the cut.", field=f"cut{n}_measure")
        return None
    cut: dict[str, Any] = {"measure": measure, "scale": form[f"cut{n}_scale"].data or None}
    for part, text in numbers.items():
        if part == "cut" and not text:
            raise InvalidInputError("Enter the cut: a task passes from this value on.", field=f"cut{n}_cut")
        try:
            cut[part] = _share(text) if text else None
        except ValueError as error:
            raise InvalidInputError("Enter a number, as in 3.5.", field=f"cut{n}_{part}") from error
    return cut
