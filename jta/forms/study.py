"""Forms of a study: its description, its strata, the stage."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField, HiddenField, IntegerField, RadioField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional

from jta.forms.study_fields import BlockField, CodeField, CountField, LineField
from jta.services.results_privacy import MINIMA, SMALLEST
from jta.services.study import EMPTY, FRAMEWORK, LONGEST, MARKET_STUDY, StudyDetails, time_zones
from jta.services.study_strata import StratumRow


def _at_most(name: str) -> Length:
    return Length(max=LONGEST[name], message=f"Use {LONGEST[name]:,} characters or fewer.")


def _length_of_exam() -> IntegerField:
    wrong = "Enter a whole number of items from 1 to 2,000."
    return IntegerField("Exam length (items)", [InputRequired(wrong), NumberRange(1, 2000, wrong)], default=100)


# Made before the other fields, so that it stands first on the page and in the list of errors.
_DIRECTOR = LineField("Director's e-mail address")
_COUNT = [Optional(), NumberRange(0, 9_999_999, "Enter a whole number from 0 to 9,999,999.")]


class StudyForm(FlaskForm):
    """What a director writes down about a study."""

    title = LineField("Title of the study", [DataRequired("Give the study a title."), _at_most("title")])
    credential = LineField("Credential", [_at_most("credential")])
    purpose = BlockField("Purpose", [_at_most("purpose")])
    population = BlockField("Population", [_at_most("population")])
    contact = LineField("Contact for respondents", [_at_most("contact")])
    time_zone = SelectField("Time zone", default="UTC")
    exam_items = _length_of_exam()
    notice = LineField("Notice on every page and file", [_at_most("notice")])
    smallest_group = SelectField(
        "Smallest group shown", coerce=int, default=SMALLEST, choices=[SelectChoice(n, f"{n} people") for n in MINIMA]
    )
    version = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone.choices = [SelectChoice(name, name.replace("_", " ")) for name in time_zones()]

    def details(self) -> StudyDetails:
        """Return what was typed."""
        names = ("title", "credential", "purpose", "population", "contact", "time_zone", "exam_items", "notice")
        names += ("smallest_group",)
        return StudyDetails(**{name: self[name].data for name in names})


class CreateStudyForm(StudyForm):
    """A new study. An administrator names its director; a director becomes director of it."""

    start = RadioField(
        "What to start with",
        choices=[
            SelectChoice(EMPTY, "A practice analysis: upload or write your own task statements"),
            SelectChoice(
                FRAMEWORK, "A practice analysis of the K-12 CTO framework (simulated example, 100 task statements)"
            ),
            SelectChoice(MARKET_STUDY, "A market study of a new certification: questions only, no tasks to rate"),
        ],
        default=EMPTY,
    )
    director_email = _DIRECTOR

    def __init__(self, *args: object, names_director: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if names_director:
            self.director_email.validators = [
                DataRequired("Enter the e-mail address of the director's account."),
                Email("This is not an e-mail address."),
            ]
            self.director_email.flags.required = True
        else:
            del self.director_email

    @property
    def director(self) -> str | None:
        """The address of the director, where one is asked for."""
        return self["director_email"].data if "director_email" in self else None


class StratumForm(Form):
    """One line of the table of strata; an empty line is no stratum."""

    stratum_id = HiddenField()
    code = CodeField("Code", [Length(max=40, message="Use 40 characters or fewer.")])
    label = LineField("Name", [Length(max=200, message="Use 200 characters or fewer.")])
    frame_count = CountField("People in the frame", _COUNT)
    target = CountField("Responses aimed at", _COUNT)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        typed = (self.code.data, self.label.data, self.frame_count.data, self.target.data)
        return not any(value not in (None, "") for value in typed)

    def row(self) -> StratumRow:
        """Return what was typed."""
        known = self.stratum_id.data or ""
        return StratumRow(
            self.code.data or "", self.label.data or "", self.frame_count.data, self.target.data,
            int(known) if known.isascii() and known.isdigit() and len(known) < 10 else None,
        )  # fmt: skip


class StrataForm(FlaskForm):
    """The strata of a study, one a line, with empty lines for more."""

    version = HiddenField()
    lines = FieldList(FormField(StratumForm), max_entries=200)

    def rows(self) -> list[StratumRow]:
        """Return the lines that are not empty."""
        return [entry.form.row() for entry in self.lines.entries if not entry.form.is_empty]

    def add_empty(self, count: int = 3) -> None:
        """Add empty lines to type in."""
        for _ in range(count):
            self.lines.append_entry()


class StageForm(FlaskForm):
    """A step to another stage before launch."""

    to = HiddenField()
    reason = BlockField("Why does the study go back?", [Length(max=1000)])


def seen_version(form: FlaskForm) -> int:
    """Return the version that the page showed; a page without one counts as out of date."""
    text = str(form["version"].data or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
