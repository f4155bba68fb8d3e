"""The form of the analysis plan: every option with its choices, default and meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from analysis.plan import MEASURES, plan_options
from jta.errors import InvalidInputError
from jta.forms.study_fields import BlockField, LineField
from jta.services.plan_words import AUTO, HINTS, MEASURE_WORDS, Option, option_of
from jta.services.study_plan import in_words

CUTS = 4  # lines for conditions of the retention rule; more where the plan has more
_CUT_PARTS = ("measure", "cut", "review", "scale", "anchor", "each")


def lines_for(plan: Mapping[str, Any]) -> int:
    """Return how many lines the retention rule of a plan needs."""
    return max(CUTS, len(plan["retention"]) + 1)


def build_plan_form(
    scales: Mapping[str, str], lines: int = CUTS, groups: Mapping[str, str] | None = None
) -> type[FlaskForm]:
    """Return a form class with one field for each option, and lines for the retention rule.

    Parameters
    ----------
    scales, groups : mapping
        Rating scales and background questions by code.
    """
    fields: dict[str, Field] = {"version": HiddenField(), "reason": _reason()}
    for described in plan_options(every=True):
        name, option = described["name"], option_of(described["name"])
        about = option.about or described["meaning"]
        if option.kind == "cuts":
            fields |= _cut_fields(scales, lines, groups or {})
        else:
            fields[name] = _field(option, about, scales, groups or {})
    return type("PlanForm", (FlaskForm,), fields)


def _reason() -> Field:
    about = "The change, its reason, your name and the date go into the record."
    return BlockField("Why do you depart from the saved plan?", [Length(max=1000)], description=about)


def _field(option: Option, about: str, scales: Mapping[str, str], groups: Mapping[str, str]) -> Field:
    if option.kind in ("choice", "scale", "question"):
        return SelectField(option.label, description=about, choices=_choices(option, scales, groups))
    about = f"{about} {HINTS.get(option.kind, '')}".strip()
    made = BlockField if option.kind in ("pairs", "shares") else LineField
    return made(option.label, [Length(max=4000)], description=about)


def _choices(option: Option, scales: Mapping[str, str], groups: Mapping[str, str]) -> list[SelectChoice]:
    words = {**AUTO, **scales} if option.kind == "scale" else dict(option.choices or {})
    words |= groups if option.kind == "question" else {}
    return [SelectChoice(value, label) for value, label in words.items()]


def _cut_fields(scales: Mapping[str, str], lines: int, groups: Mapping[str, str]) -> dict[str, Field]:
    measures = [SelectChoice(name, MEASURE_WORDS[name]) for name in ("", *MEASURES)]
    chosen = [SelectChoice(code, title) for code, title in {"": "Importance scale", **scales}.items()]
    asked = [SelectChoice(code, title) for code, title in {"": "In total only", **groups}.items()]
    fields: dict[str, Field] = {}
    for n in range(1, lines + 1):
        fields[f"cut{n}_measure"] = SelectField("Measure", choices=measures)
        fields[f"cut{n}_cut"] = LineField("At least", [Length(max=20)])
        fields[f"cut{n}_review"] = LineField("Review from", [Length(max=20)])
        fields[f"cut{n}_scale"] = SelectField("Rating scale", choices=chosen)
        fields[f"cut{n}_anchor"] = LineField("Anchor value", [Length(max=20)])
        fields[f"cut{n}_each"] = SelectField("Also in each group of", choices=asked)
    return fields


def _as_typed(value: Any) -> str:
    """Return a number or text as it is typed, every digit kept."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else in_words(value)


def form_values(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return a plan as the texts of its form."""
    values: dict[str, str] = {}
    for name, value in plan.items():
        kind = option_of(name).kind
        if kind == "cuts":
            values |= _cut_values(value)
        elif kind in ("pairs", "shares"):
            values[name] = "\n".join(f"{code}: {_as_typed(number)}" for code, number in value.items())
        elif kind == "json":
            values[name] = json.dumps(value, ensure_ascii=False)
        else:
            values[name] = "" if value in (None, []) else _as_typed(value)
    return values


def _cut_values(cuts: list[dict[str, Any]]) -> dict[str, str]:
    return {
        f"cut{n}_{part}": "" if cut.get(part) is None else _as_typed(cut[part])
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
    each = f", also in each group of {cut['each']}" if cut.get("each") else ""
    return f"{MEASURE_WORDS[cut['measure']]}{anchor}{scale} at least {in_words(cut['cut'])}{review}{each}"


def typed_plan(form: FlaskForm) -> dict[str, Any]:
    """Return what was typed as the values of a plan.

    Raises
    ------
    InvalidInputError
        Naming the field that cannot be read.
    """
    values: dict[str, Any] = {}
    for described in plan_options(every=True):
        name = described["name"]
        kind = option_of(name).kind
        values[name] = _typed_cuts(form) if kind == "cuts" else _typed(name, kind, form[name].data or "")
    return values


def _typed(name: str, kind: str, text: str) -> Any:
    if kind in ("choice", "scale", "question"):
        return text or None
    try:
        return _READERS[kind](text)
    except ValueError as error:
        raise InvalidInputError(_WRONG[kind], field=name) from error


def _pairs(text: str) -> dict[str, int]:
    return {code: _whole(number) for code, number in _lines(text).items()}


def _shares(text: str) -> dict[str, float]:
    return {code: _share(number) for code, number in _lines(text).items()}


def _lines(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        code, colon, number = line.rpartition(":")
        if not colon or not code.strip() or code.strip() in found:
            raise ValueError("a line needs one code of its own")
        found[code.strip()] = number
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
    "decimal": _share,
    "decimal?": lambda text: _share(text) if text.strip() else None,
    "pairs": _pairs,
    "shares": _shares,
    "texts": lambda text: [part.strip() for part in text.split(",") if part.strip()],
    "json": json.loads,
}
_WRONG = {
    "number": "Enter a whole number.",
    "numbers": "Enter whole numbers with commas between, as in 125, 150.",
    "share": "Enter a number between 0 and 1, as in 0.95.",
    "decimal": "Enter a number, as in 0.2.",
    "decimal?": "Enter a number, as in 0.2, or leave it empty.",
    "shares": "Write one a line, its code, a colon and a number, as in 1: 40. Name each code once.",
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
    cut["each"] = form[f"cut{n}_each"].data or None
    for part, text in numbers.items():
        if part == "cut" and not text:
            raise InvalidInputError("Enter the cut: a task passes from this value on.", field=f"cut{n}_cut")
        try:
            cut[part] = _share(text) if text else None
        except ValueError as error:
            raise InvalidInputError("Enter a number, as in 3.5.", field=f"cut{n}_{part}") from error
    return cut
