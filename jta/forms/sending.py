"""Forms of messages: plan waves, word a message, settings of sending."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from jta.forms.study_fields import BlockField, LineField
from jta.services.delivery_settings import SettingsInput
from jta.services.message_text import LONGEST_BODY, LONGEST_SUBJECT, Text
from jta.services.wave_plan import KINDS

HOURS = [SelectChoice(hour, f"{hour:02d}:00") for hour in range(24)]


class PlanForm(FlaskForm):
    """What is sent, and when; ``sure`` is set by the page that shows the counts."""

    kind = RadioField("What", choices=[SelectChoice(kind, label) for kind, label in KINDS.items()], default="series")
    day = DateField("Day", [Optional()], description="Leave it empty to begin as soon as possible.")
    hour = SelectField("Time", choices=HOURS, coerce=int, default=9)
    sure = HiddenField()

    def moment(self, zone: str) -> datetime | None:
        """Return the moment in the study's zone, None for "as soon as possible"."""
        day: date | None = self.day.data
        return None if day is None else datetime(day.year, day.month, day.day, self.hour.data, tzinfo=ZoneInfo(zone))


class TextForm(FlaskForm):
    """The wording of one message."""

    subject = LineField(
        "Subject",
        [DataRequired("Write a subject."), Length(max=LONGEST_SUBJECT, message="Use 150 characters or fewer.")],
    )
    body = BlockField(
        "Text", [DataRequired("Write the text."), Length(max=LONGEST_BODY, message="Use 6,000 characters or fewer.")]
    )
    version = HiddenField()

    def text(self) -> Text:
        """Return what was typed."""
        return Text(self.subject.data or "", self.body.data or "")


class SendingSettingsForm(FlaskForm):
    """In whose name and at which hours messages go out."""

    sender_name = LineField(
        "Sender's name", [Length(max=100, message="Use 100 characters or fewer.")],
        description="Shown beside the address. Left empty, the title of the study.",
    )  # fmt: skip
    reply_to = LineField(
        "Replies go to", [Optional(), Email("This is not an e-mail address.")],
        description="An address that somebody reads. Left empty, replies go to the installation's own address.",
    )  # fmt: skip
    closes_on = DateField("Last day to answer", [Optional()], description="Messages name it as {closes}.")
    quiet_from = SelectField("Send nothing from", [InputRequired()], choices=HOURS, coerce=int)
    quiet_to = SelectField("until", [InputRequired()], choices=HOURS, coerce=int)
    weekends = BooleanField("Send on Saturdays and Sundays too")
    version = HiddenField()

    def given(self) -> SettingsInput:
        """Return what was typed."""
        return SettingsInput(
            self.sender_name.data or "", self.reply_to.data or "", self.quiet_from.data, self.quiet_to.data,
            bool(self.weekends.data), self.closes_on.data,
        )  # fmt: skip


def stored_settings(stored: Any) -> dict[str, Any]:
    """Return stored settings as the values of the form."""
    return {name: getattr(stored, name) for name in (*SettingsInput.__dataclass_fields__, "version")}
