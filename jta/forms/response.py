"""Forms of the respondent: the background page, a page of cards, one tapped answer.

Cards are read by plain functions: a form field for each of a hundred radio groups would cost more than the
rest of the page. They check the shape only; whether an answer belongs to the survey is the service's to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, ValidationError
from wtforms.fields import SelectChoice

from jta.errors import InvalidInputError

_RATING = re.compile(r"r-(\d{1,9})-(\d{1,9})")
_SEEN = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")
_UNREADABLE = "This page could not be read. Reload it and choose again."

Key = tuple[int, int]


@dataclass(frozen=True)
class CardsInput:
    """What a page of cards sent: its mark, what it was shown with, the anchors marked on it."""

    mark: str
    seen: dict[Key, tuple[int | None, int]]
    chosen: dict[Key, int]


def read_cards(form: Mapping[str, str]) -> CardsInput:
    """Read the fields ``r-TASK-SCALE`` of a page; blank ones are left out.

    Raises
    ------
    InvalidInputError
        If a field holds anything but an anchor's id.
    """
    chosen = {}
    for name, value in form.items():
        found = _RATING.fullmatch(name)
        if found and value:
            chosen[int(found[1]), int(found[2])] = _number(value)
    return CardsInput(form.get("mark", ""), _seen(form), chosen)


@dataclass(frozen=True)
class TapInput:
    """One tapped answer with the idempotency key its page made for it."""

    mark: str
    key: str
    seen: dict[Key, tuple[int | None, int]]
    chosen: dict[Key, int]


def read_tap(form: Mapping[str, str]) -> TapInput:
    """Read one tapped answer.

    Raises
    ------
    InvalidInputError
        If a field is missing or holds something else.
    """
    key = form.get("key", "")
    if not _KEY.fullmatch(key):
        raise InvalidInputError(_UNREADABLE, field="key")
    where = _number(form.get("task", "")), _number(form.get("scale", ""))
    return TapInput(form.get("mark", ""), key, _seen(form), {where: _number(form.get("anchor", ""))})


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InvalidInputError(_UNREADABLE)
    return int(text)


def _seen(form: Mapping[str, str]) -> dict[Key, tuple[int | None, int]]:
    """Read the list of ``task.scale.version.anchor``, 0 for no anchor."""
    found = {}
    for part in form.get("seen", "").split():
        match = _SEEN.fullmatch(part)
        if match is None:
            raise InvalidInputError(_UNREADABLE, field="seen")
        task, scale, version, anchor = (int(number) for number in match.groups())
        found[task, scale] = (anchor or None, version)
    return found


class OptionalRadioField(RadioField):
    """Radios of which none need be chosen."""

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  the name WTForms calls it with
        """Accept no choice, or one of the list."""
        if self.raw_data and self.data is not None and self.data not in {choice.value for choice in self.choices}:
            raise ValidationError("Choose one of the answers in the list.")


def _choice_id(text: Any) -> int | None:
    if text == "":
        return None
    if not re.fullmatch(r"[0-9]{1,9}", str(text)):
        raise ValueError("Choose one of the answers in the list.")
    return int(text)


def build_background_form(questions: Sequence[Mapping[str, Any]], answers: Mapping[int, int]) -> FlaskForm:
    """Return the background page as a form: one radio group for each question, marked as stored.

    Parameters
    ----------
    questions : sequence of mappings
        The background questions of the instrument.
    answers : mapping of question id to choice id
        What is stored.
    """
    fields: dict[str, Any] = {"mark": HiddenField(), "seen": HiddenField()}
    for question in questions:
        fields[question_field(question)] = OptionalRadioField(
            question["prompt"],
            description=question["help"],
            choices=[SelectChoice(choice["id"], choice["label"]) for choice in question["choices"]],
            coerce=_choice_id,
        )
    form_class = type("BackgroundForm", (FlaskForm,), fields)
    return form_class(data={question_field(q): answers.get(q["id"]) for q in questions})


def question_field(question: Mapping[str, Any]) -> str:
    """Name of a question's field."""
    return f"q-{question['id']}"


def read_background(form: FlaskForm, questions: Sequence[Mapping[str, Any]]) -> tuple[dict[int, int], dict[int, int]]:
    """Return what the page was shown with and what is marked on it, each by question id; blank ones left out."""
    chosen = {q["id"]: form[question_field(q)].data for q in questions}
    return _pairs(form.seen.data or ""), {question: choice for question, choice in chosen.items() if choice is not None}


def pack_answers(answers: Mapping[int, int]) -> str:
    """Write answers as ``question.choice`` pairs."""
    return " ".join(f"{question}.{choice}" for question, choice in sorted(answers.items()))


def _pairs(text: str) -> dict[int, int]:
    parts = text.split()
    if not all(re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", part) for part in parts):
        raise InvalidInputError(_UNREADABLE, field="seen")
    return {int(question): int(choice) for question, choice in (part.split(".") for part in parts)}
