"""Forms of the panel: people, statements, targets, rounds, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Email, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from jta.errors import InvalidInputError
from jta.forms.study_fields import AsInFiles, BlockField, CodeField, CountField, LineField
from jta.models.inventory import Domain
from jta.models.panel import Panelist, Round
from jta.services.panel import LONGEST, PanelistDetails
from jta.services.panel_composition import ATTRIBUTES, TargetRow
from jta.services.panel_kinds import LINK_SHARE, RoundKind
from jta.services.panel_rounds import RoundPlan

SPARE_ROWS = 3


def _short(most: int) -> Length:
    return Length(max=most, message=f"Use {most:,} characters or fewer.")


class PanelistForm(FlaskForm):
    """What the panel's roster says of a person."""

    name = LineField("Name", [DataRequired("Enter the person's name."), _short(LONGEST["name"])])
    email = LineField(
        "E-mail address",
        [Optional(), Email("This is not an e-mail address."), _short(LONGEST["email"])],
        description="Also how an account finds its place on the panel. May be empty.",
    )
    job_title = LineField("Role", [_short(LONGEST["job_title"])], description="Such as chief technology officer.")
    organization = LineField("District or employer", [_short(LONGEST["organization"])])
    qualifications = BlockField(
        "Qualifications", [_short(LONGEST["qualifications"])],
        description="What makes this person an expert: credential, training, years. It stands in the report.",
    )  # fmt: skip
    years = CountField("Years in the role", [Optional(), NumberRange(0, 80, "Enter a number from 0 to 80.")])
    district_size = LineField("District size", [_short(LONGEST["district_size"])])
    region = LineField("Region", [_short(LONGEST["region"])])
    version = HiddenField()

    def details(self) -> PanelistDetails:
        """Return what was typed."""
        return PanelistDetails(
            name=self.name.data or "", email=self.email.data or "", organization=self.organization.data or "",
            job_title=self.job_title.data or "", qualifications=self.qualifications.data or "",
            region=self.region.data or "", district_size=self.district_size.data or "", years=self.years.data,
        )  # fmt: skip


class ReasonForm(FlaskForm):
    """A reason that stays on record."""

    reason = BlockField("Reason", [DataRequired("Give the reason."), _short(1000)], description="Stays on record.")


class PanelFileForm(FlaskForm):
    """A file with panelists."""

    file = FileField("File", [FileRequired("Choose a file.")], description="Excel (.xlsx), CSV or JSON, up to 10 MB.")


class TextsForm(FlaskForm):
    """The statements that panelists sign."""

    interests = BlockField("Conflict of interest", [DataRequired("Write the text that panelists sign."), _short(8000)])
    confidentiality = BlockField("Confidentiality", [DataRequired("Write the text that panelists sign."), _short(8000)])
    seen_interests = HiddenField()
    seen_confidentiality = HiddenField()


def read_targets(form: Mapping[str, str]) -> list[TargetRow]:
    """Return the target table as sent; lines without a value are left out.

    Raises
    ------
    InvalidInputError
        If a number is none.
    """
    rows = []
    for number in range(200):
        value = " ".join(form.get(f"value-{number}", "").split())
        if not value:
            continue
        target = form.get(f"target-{number}", "").strip()
        if not (target.isascii() and target.isdigit() and len(target) < 5):
            raise InvalidInputError(f"“{value}”: the target is a number from 0 to 1,000.")
        rows.append(TargetRow(form.get(f"attribute-{number}", ""), value, int(target)))
    return rows


def target_choices() -> list[tuple[str, str]]:
    """Return the attributes a target can name."""
    return list(ATTRIBUTES.items())


class CheckboxesField(SelectMultipleField):
    """Several choices as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RoundForm(FlaskForm):
    """One round: words and date, and while it is a draft, what it asks about."""

    title = LineField("Title", [DataRequired("Give the round a title."), _short(200)])
    instructions = BlockField(
        "Instructions", [_short(4000)], description="What panelists read before they begin. Plain words, short."
    )
    due_on = DateField(
        "Please answer by",
        [Optional()],
        description="Panelists see this date. The round stays open until you close it.",
    )
    remind_days = SelectField(
        "Remind those who are behind",
        choices=[SelectChoice(str(n), f"{n} days before the date") for n in (2, 3, 5, 7)],
        default="0",
        description="One message by itself, outside your quiet hours. You can write to them at any time too.",
    )
    choice_set = SelectField("Scale", validate_choice=True)
    former = SelectField("Show the answers of an earlier round", description="Panelists see how all answered then.")
    domains = CheckboxesField("Content domains", description="None ticked means all of them.")
    link_share = CountField(
        "A link counts when this share of the panel makes it, in percent",
        [Optional(), NumberRange(1, 100, "Enter a number from 1 to 100.")],
        description="50 is usual; 60 to 70 is stricter.",
    )
    version = HiddenField()

    def __init__(
        self, *args: Any, kind: RoundKind, domains: Sequence[Domain], former: Sequence[Round], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.remind_days.choices.insert(0, SelectChoice("0", "Never by itself"))
        self.choice_set.choices = [SelectChoice(s.code, s.label) for s in kind.sets] or [SelectChoice("", "none")]
        none = SelectChoice("", "No: this is the first one")
        self.former.choices = [none] + [SelectChoice(str(one.id), f"{one.number}. {one.title}") for one in former]
        self.domains.choices = [SelectChoice(str(area.id), f"{area.code} {area.title}") for area in domains]
        if len(kind.sets) < 2:
            del self.choice_set
        if not kind.repeats or not former:
            del self.former
        if kind.code == "weights" or len(domains) < 2:
            del self.domains
        if kind.code != "linkage":
            del self.link_share

    def plan(self, one: Round | None = None) -> RoundPlan:
        """Return what was typed; what the form does not ask stays as ``one`` has it."""
        kept: dict[str, Any] = one.settings if one is not None else {}
        chosen = self.choice_set.data if "choice_set" in self else kept.get("set", "")
        former = self.former.data if "former" in self else ""
        ids = [int(text) for text in self.domains.data or ()] if "domains" in self else kept.get("domains", [])
        share = (self.link_share.data or 0) / 100 if "link_share" in self else 0
        return RoundPlan(
            self.title.data or "", self.instructions.data or "", self.due_on.data, chosen or "",
            int(former) if former else None, frozenset(ids), share or LINK_SHARE, int(self.remind_days.data or 0),
        )  # fmt: skip


class DecisionForm(FlaskForm):
    """What is decided on one item, and why."""

    outcome = RadioField("Decision", [DataRequired("Choose what is decided.")])
    wording = LineField("Wording that stands", [_short(4000), AsInFiles("text")])
    code = CodeField("Code", [_short(40), AsInFiles("code")])
    value = SelectField("Set to")
    links = CheckboxesField("Linked KSAs")
    reason = BlockField(
        "Reason", [DataRequired("Give the reason. It stays on record with your name."), _short(4000)],
        description="Stands in the decision log with the vote, your name and the date.",
    )  # fmt: skip
    seen = HiddenField()
    task_version = HiddenField()

    def __init__(self, *args: Any, kind: RoundKind, one: Round, ksas: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcome.choices = [SelectChoice(code, label) for code, label in kind.outcomes.items()]
        self.value.choices = [SelectChoice(c["code"], c["label"]) for c in one.settings.get("choices", ())]
        self.links.choices = [SelectChoice(ksa.code, f"{ksa.code} {ksa.wording}") for ksa in ksas]
        wanted = {"writing": {"wording", "code"}, "linkage": {"links"}, "level": {"value"}, "entry": {"value"}}
        words = wanted.get(kind.code, {"wording"})
        for name in ("wording", "code", "value", "links"):
            if name not in words:
                del self[name]


def stored_panelist(panelist: Panelist) -> dict[str, Any]:
    """Return a panelist as the form shows them."""
    return {name: getattr(panelist, name) for name in (*LONGEST, "years")} | {"version": panelist.version}
