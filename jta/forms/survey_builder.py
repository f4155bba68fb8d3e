"""Forms of the survey builder: pages, questions with their choices, own rating scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from jta.forms.study_fields import BlockField, CodeField, CountField, LineField
from jta.models.study import Stratum
from jta.models.survey import Choice, Question, SurveyPage
from jta.services.survey_builder import PageText
from jta.services.survey_questions import LONGEST_HELP, LONGEST_PROMPT, WITH_CHOICES, ChoiceText, QuestionText
from jta.services.survey_scales import OwnScale

KIND_WORDS = {
    "single": "One choice",
    "multiple": "Several choices",
    "agreement": "Agreement (5 steps)",
    "number": "A number",
    "text": "A text",
}


def _most(count: int) -> Length:
    return Length(max=count, message=f"Use {count:,} characters or fewer.")


class PageForm(FlaskForm):
    """The words of a page."""

    title = LineField("Title", [DataRequired("Give the page a title.")])
    intro = BlockField("Text above", description="Stands under the title. An empty line begins a new paragraph.")
    screened_out = BlockField(
        "Text for people who are screened out",
        description="Thank them, and say why the survey ends here. Without a text a polite standard text is shown.",
    )
    version = HiddenField()

    def words(self, page: SurveyPage) -> PageText:
        """Return what was typed."""
        out = self.screened_out.data or "" if page.kind == "screener" else ""
        return PageText(self.title.data or "", self.intro.data or "", out)


def build_page_form(page: SurveyPage) -> PageForm:
    """Return the form of a page, filled with its words."""
    return PageForm(
        data={
            "title": page.title, "intro": page.intro, "version": page.version,
            "screened_out": page.settings.get("screened_out", ""),
        }
    )  # fmt: skip


class QuestionForm(FlaskForm):
    """A question; `build_question_form` adds the fields of its kind and of its choices."""

    prompt = LineField("Question", [DataRequired("Write what the respondent is asked."), _most(LONGEST_PROMPT)])
    help = LineField(
        "Help line (optional)", [_most(LONGEST_HELP)], description="Stands under the question, in smaller letters."
    )
    required = BooleanField(
        "An answer is required", description="Ask for as few as you can: people leave where they must answer."
    )
    version = HiddenField()
    kind: str
    stored: Sequence[Choice]

    def words(self) -> QuestionText:
        """Return what was typed."""
        return QuestionText(
            prompt=self.prompt.data or "", help=self.help.data or "", required=bool(self.required.data),
            minimum=self._number("minimum"), maximum=self._number("maximum"), longest=self._value("longest"),
            is_stratum=bool(self._value("is_stratum")), choices=self._choices() if self.kind in WITH_CHOICES else (),
        )  # fmt: skip

    def _value(self, name: str) -> Any:
        return self[name].data if name in self else None

    def _number(self, name: str) -> float | None:
        value = self._value(name)
        return None if value is None else float(value)

    def _choices(self) -> tuple[ChoiceText, ...]:
        """The stored choices in the order typed, without those marked to be removed, then the new ones."""
        kept = [choice for choice in self.stored if not self[f"choice_{choice.id}_remove"].data]
        order = {choice.id: self[f"choice_{choice.id}_order"].data or 0 for choice in kept}
        kept.sort(key=lambda choice: order[choice.id])
        found = [self._stored_choice(choice) for choice in kept]
        new = [line.strip() for line in (self._value("more") or "").splitlines() if line.strip()]
        return (*found, *[ChoiceText(line) for line in new])

    def _stored_choice(self, choice: Choice) -> ChoiceText:
        name = f"choice_{choice.id}"
        stratum = self._value(f"{name}_stratum")
        return ChoiceText(
            self[f"{name}_label"].data or "", choice.id, choice.code,
            screens_out=bool(self._value(f"{name}_out")), stratum_id=int(stratum) if stratum else None,
        )  # fmt: skip


def build_question_form(
    kind: str, question: Question | None, *, on_screener: bool, strata: Sequence[Stratum] = ()
) -> QuestionForm:
    """Return the form of a question, filled with what is stored; ``question`` is None for a new one."""
    choices = list(question.choices) if question is not None else []
    fields, data = _kind_fields(kind, new=question is None), {}
    if kind in WITH_CHOICES and (choices or kind != "agreement"):
        fields["more"] = BlockField(
            "More choices" if choices else "Choices",
            description="One on each line. Their codes are made from the words.",
        )
    if kind == "single" and not on_screener and strata:
        fields["is_stratum"] = BooleanField(
            "This question tells the strata apart",
            description="A stratum is one part of the people you ask. Link each choice to its stratum below.",
        )
    for choice in choices:
        fields |= _choice_fields(choice, on_screener=on_screener, strata=strata if kind == "single" else ())
        data |= _choice_data(choice)
    if question is not None:
        names = ("prompt", "help", "required", "minimum", "maximum", "longest", "is_stratum", "version")
        data |= {name: getattr(question, name) for name in names}
    form_class: Any = type("BuiltQuestionForm", (QuestionForm,), fields)
    form: QuestionForm = form_class(data=data)
    form.kind, form.stored = kind, choices
    return form


def _kind_fields(kind: str, *, new: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if new:
        fields["code"] = CodeField(
            "Code", description="Names the question in data files. Leave it empty to have one made from the words."
        )
    if kind in ("number", "multiple"):
        fields["minimum"] = CountField("Fewest that may be marked" if kind == "multiple" else "Smallest number")
        fields["maximum"] = CountField("Most that may be marked" if kind == "multiple" else "Largest number")
    if kind == "text":
        fields["longest"] = CountField("Most characters", description="Leave it empty for the usual limit of 4,000.")
    return fields


def _choice_fields(choice: Choice, *, on_screener: bool, strata: Sequence[Stratum]) -> dict[str, Any]:
    name = f"choice_{choice.id}"
    fields: dict[str, Any] = {
        f"{name}_label": LineField(f"Choice {choice.code}"),
        f"{name}_order": CountField(f"Place of choice {choice.code}"),
        f"{name}_remove": BooleanField(f"Remove choice {choice.code}"),
    }
    if on_screener:
        fields[f"{name}_out"] = BooleanField(f"Choice {choice.code} screens out")
    elif strata:
        options = [SelectChoice("", "No stratum"), *[SelectChoice(str(s.id), s.label) for s in strata]]
        fields[f"{name}_stratum"] = SelectField(f"Stratum of choice {choice.code}", choices=options)
    return fields


def _choice_data(choice: Choice) -> dict[str, Any]:
    name = f"choice_{choice.id}"
    return {
        f"{name}_label": choice.label, f"{name}_order": choice.position, f"{name}_out": choice.screens_out,
        f"{name}_stratum": str(choice.stratum_id or ""),
    }  # fmt: skip


class OwnScaleForm(FlaskForm):
    """A rating scale of the director's own."""

    title = LineField("Title", [DataRequired("Give the scale a title.")])
    prompt = LineField("What the respondent is asked", [DataRequired("Write what the respondent is asked.")])
    use = SelectField(
        "What is rated on it",
        choices=[SelectChoice("task", "Task statements"), SelectChoice("ksa", "Knowledge and skill statements (KSAs)")],
    )
    labels = BlockField(
        "Anchors", [DataRequired("Write the anchors, one on each line.")],
        description="The answers in words, lowest first, one on each line. They get the numbers in this order.",
    )  # fmt: skip
    first = CountField("Number of the lowest anchor", description="1 on most scales; 0 where the lowest means “none”.")
    not_performed = LineField(
        "Answer without a number (optional)",
        description="For example “I do not perform this task”. It completes the card: the other scales are not asked.",
    )

    def own_scale(self) -> OwnScale:
        """Return what was typed."""
        labels = tuple(line.strip() for line in (self.labels.data or "").splitlines() if line.strip())
        first = 1 if self.first.data is None else self.first.data
        return OwnScale(
            self.title.data or "", self.prompt.data or "", labels, first, self.not_performed.data or "", self.use.data
        )


class ReasonForm(FlaskForm):
    """Why something is done; stays on record."""

    reason = BlockField(
        "Reason", [DataRequired("Say why."), _most(1000)], description="Stays on record with your name and the date."
    )


def sent_act() -> str:
    """Return what a button of the page asks for, empty where the form itself was sent."""
    return request.form.get("act", "")
