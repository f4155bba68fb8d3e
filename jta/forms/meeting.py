"""Forms of meetings: a session, a note, a theme, a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from jta.forms.panel import CheckboxesField
from jta.forms.study_fields import BlockField, CodeField, CountField, LineField
from jta.models.meeting import MEETING_KINDS, Meeting, MeetingTheme
from jta.models.panel import Panelist
from jta.services.panel_meetings import MeetingWords, NoteWords
from jta.services.panel_themes import Vote

_TEXT = Length(max=8000, message="Use 8,000 characters or fewer.")
_LINE = Length(max=300, message="Use 300 characters or fewer.")


class MeetingForm(FlaskForm):
    """One focus group or meeting."""

    kind = SelectField("What it is", choices=[SelectChoice(kind, kind.capitalize()) for kind in MEETING_KINDS])
    title = LineField("Title", [DataRequired("Give the session a title."), _LINE])
    held_on = DateField("Date", [Optional()])
    place = LineField("Place or link", [_LINE])
    moderator = LineField("Moderator", [_LINE])
    participants = CheckboxesField("Participants", description="From the panel. The appendix shows profiles, no names.")
    agenda = BlockField("Agenda", [_TEXT])
    summary = BlockField("Summary", [_TEXT], description="What came out, in a few sentences, without names.")
    version = HiddenField()

    def __init__(self, *args: Any, people: Sequence[Panelist], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.participants.choices = [SelectChoice(str(one.id), one.name) for one in people]

    def words(self) -> MeetingWords:
        """Return what was typed."""
        return MeetingWords(
            self.kind.data, self.title.data or "", self.held_on.data, self.place.data or "", self.moderator.data or "",
            self.agenda.data or "", self.summary.data or "", frozenset(int(i) for i in self.participants.data or ()),
        )  # fmt: skip


def stored_meeting(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting as its form shows it."""
    names = ("kind", "title", "held_on", "place", "moderator", "agenda", "summary", "version")
    people = [str(person.id) for person in meeting.participants]
    return {name: getattr(meeting, name) for name in names} | {"participants": people}


class NoteForm(FlaskForm):
    """One note of a session."""

    text = BlockField("Note", [DataRequired("Write the note."), _TEXT], description="One thought, without names.")
    is_quote = BooleanField("These are somebody's own words (a quote)")
    themes = CheckboxesField("Themes")
    codes = LineField(
        "Tasks and KSAs that came from it", [_LINE], description="Their codes with commas between: 1.10, K3."
    )
    version = HiddenField()

    def __init__(self, *args: Any, themes: Sequence[MeetingTheme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.themes.choices = [SelectChoice(str(theme.id), f"{theme.code} {theme.title}") for theme in themes]
        if not themes:
            del self.themes

    def words(self) -> NoteWords:
        """Return what was typed."""
        codes = tuple(code.strip() for code in (self.codes.data or "").split(",") if code.strip())
        chosen = frozenset(int(i) for i in self.themes.data or ()) if "themes" in self else frozenset()
        return NoteWords(self.text.data or "", bool(self.is_quote.data), chosen, codes)


class ThemeForm(FlaskForm):
    """One theme of the codebook."""

    code = CodeField("Code", [Length(max=40)], description="Short, such as SEC. It stays with the theme.")
    title = LineField("Theme", [DataRequired("Give the theme a name."), Length(max=200)])
    description = BlockField("Meaning", [Length(max=4000)], description="What a note must say to carry this theme.")
    version = HiddenField()


class LogForm(FlaskForm):
    """One decision of the panel."""

    decided = BlockField("What was decided", [DataRequired("Write what was decided."), Length(max=4000)])
    votes_for = CountField("For", [InputRequired("Enter a number."), NumberRange(0, 1000)])
    votes_against = CountField("Against", [InputRequired("Enter a number."), NumberRange(0, 1000)], default=0)
    abstained = CountField("Abstained", [InputRequired("Enter a number."), NumberRange(0, 1000)], default=0)
    meeting = SelectField("Where")
    reason = BlockField("Reason", [DataRequired("Give the reason."), Length(max=4000)])

    def __init__(self, *args: Any, meetings: Sequence[Meeting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none = SelectChoice("", "Outside a meeting (by e-mail, by phone)")
        self.meeting.choices = [none] + [SelectChoice(str(m.id), f"{m.number}. {m.title}") for m in meetings]

    def vote(self) -> Vote:
        """Return the vote as typed."""
        return Vote(self.votes_for.data or 0, self.votes_against.data or 0, self.abstained.data or 0)
