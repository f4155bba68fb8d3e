"""Forms of the survey builder: words of a rating scale, consent text, launch, reopen."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import DataRequired, Length

from jta.forms.study_fields import BlockField, LineField
from jta.models.survey import Anchor, RatingScale
from jta.services.survey import LONGEST_CONSENT, LONGEST_LABEL, LONGEST_PROMPT, LONGEST_TITLE, ScaleText


def _short(most: int) -> Length:
    return Length(max=most, message=f"Use {most:,} characters or fewer.")


class ScaleForm(FlaskForm):
    """The words of a rating scale; `build_scale_form` adds a field for each anchor."""

    title = LineField("Title", [DataRequired("Give the scale a title."), _short(LONGEST_TITLE)])
    prompt = LineField(
        "What the respondent is asked",
        [DataRequired("Write what the respondent is asked."), _short(LONGEST_PROMPT)],
        description="Stands above the answers on every card.",
    )
    one_more = LineField(
        "One more anchor above the highest",
        [_short(LONGEST_LABEL)],
        description="It gets the next number. Leave this empty if the scale has all its anchors.",
    )
    version = HiddenField()

    def words(self) -> ScaleText:
        """Return what was typed."""
        labels = {anchor_id: self[name].data for name, anchor_id in self.anchor_fields.items()}
        return ScaleText(self.title.data or "", self.prompt.data or "", labels, self.one_more.data or "")

    @property
    def anchor_fields(self) -> dict[str, int]:
        """Names of the anchors' fields with the anchors' ids, in order."""
        return {name: int(name.removeprefix("anchor_")) for name in self._fields if name.startswith("anchor_")}


def build_scale_form(scale: RatingScale) -> ScaleForm:
    """Return the form of a scale, filled with its words."""
    fields = {f"anchor_{anchor.id}": _anchor_field(anchor) for anchor in scale.anchors}
    stored = {f"anchor_{anchor.id}": anchor.label for anchor in scale.anchors}
    form_class: Any = type("BuiltScaleForm", (ScaleForm,), fields)
    form: ScaleForm = form_class(
        data={"title": scale.title, "prompt": scale.prompt, "version": scale.version, **stored}
    )
    return form


def _anchor_field(anchor: Anchor) -> LineField:
    number = "no number" if anchor.not_performed else f"number {anchor.value:g}"
    about = "Completes the card: the other scales are then not asked for this task." if anchor.not_performed else ""
    return LineField(
        f"Anchor {anchor.code} ({number})",
        [DataRequired(f"Write what {anchor.code} means."), _short(LONGEST_LABEL)],
        description=about,
    )


class ConsentForm(FlaskForm):
    """The consent text, and whether the background page is asked."""

    text = BlockField(
        "Consent text", [DataRequired("Write the consent text."), _short(LONGEST_CONSENT)],
        description="An empty line begins a new paragraph. Which text a respondent agreed to is kept.",
    )  # fmt: skip
    version = HiddenField()


class LaunchForm(FlaskForm):
    """The launch of the survey as it was seen."""

    seen = HiddenField()


class ReopenForm(FlaskForm):
    """Why a closed survey is opened again."""

    reason = BlockField(
        "Reason",
        [DataRequired("Say why the survey is opened again."), Length(max=1000)],
        description="Stays on record with your name and the date.",
    )
