"""Forms of the open link and of letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Email, Length

from jta.forms.study_fields import LineField
from jta.models.study import Stratum
from jta.services.paper_letters import WHO
from jta.services.registration import Wish

_SHORT = Length(max=200, message=lazy("Use 200 characters or fewer."))


class JoinForm(FlaskForm):
    """What somebody types behind the open link."""

    name = LineField(lazy("Your name"), [DataRequired(lazy("Enter your name.")), _SHORT])
    email = LineField(
        lazy("Your e-mail address"),
        [DataRequired(lazy("Enter your e-mail address.")), Email(lazy("This is not an e-mail address.")), _SHORT],
        description=lazy("We send you one message with a link."),
    )
    organization = LineField(lazy("Your district or employer"), [_SHORT])
    stratum_id = SelectField(lazy("Which of these fits you best?"), default="")

    def __init__(self, *args: Any, strata: Sequence[Stratum], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stratum_id.choices = [SelectChoice("", _("None of them"))] + [
            SelectChoice(str(stratum.id), stratum.label) for stratum in strata
        ]

    def wish(self) -> Wish:
        """Return what was typed."""
        stratum = self.stratum_id.data
        return Wish(
            self.name.data or "", self.email.data or "", self.organization.data or "", int(stratum) if stratum else None
        )


class LettersForm(FlaskForm):
    """Who gets a letter, on which paper."""

    who = RadioField("Letters for", choices=[SelectChoice(who, label) for who, label in WHO.items()], default="no mail")
    paper = SelectField("Paper", choices=[SelectChoice("us-letter", "US Letter"), SelectChoice("a4", "A4")])
