"""Meetings, coded notes, themes, the decision log and the appendix."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from docx import Document

from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.models.meeting import NoteLink
from jta.services import panel_decisions as decided
from jta.services import panel_meetings as meetings
from jta.services import panel_themes as themes
from jta.services.panel import PanelistDetails, add_panelist
from jta.services.panel_answers import load_items
from jta.services.panel_appendix import appendix_docx, log_csv, notes_csv
from jta.services.panel_apply import Wish
from jta.services.panel_meetings import MeetingWords, NoteWords
from tests.services.panel_study import answer, close, make_panel_study, open_round


def _session(made, **more):
    people = frozenset(ticket.panelist_id for ticket in made.tickets[:3])
    words = {"kind": "focus group", "title": "Small districts", "held_on": date(2026, 5, 4), "place": "Online",
             "moderator": "A moderator", "agenda": "Backups\nBudgets", "participants": people}  # fmt: skip
    return meetings.add_meeting(made.dora, made.id, MeetingWords(**{**words, **more}))


def test_notes_carry_themes_and_lead_to_statements(app_context):
    made = make_panel_study()
    session = _session(made)
    theme = themes.add_theme(made.dora, made.id, code="SEC", title="Security", description="Loss or theft of data")
    words = NoteWords("Nobody tests restores.", True, frozenset([theme.id]), ("2.2", "k3"))
    note = meetings.add_note(made.dora, made.id, session.id, words)
    assert [(link.task or link.knowledge).code for link in note.links] == ["2.2", "K3"]
    assert themes.count_notes(made.id) == {theme.id: 1}
    first = note.links[0].id
    meetings.edit_note(
        made.dora, made.id, note.id, NoteWords("Hardly anybody tests.", True, frozenset(), ("2.2",)), version=1
    )
    assert [link.id for link in db.session.query(NoteLink)] == [first]  # a link that stays keeps its row
    with pytest.raises(EditConflictError) as caught:
        meetings.edit_note(made.dora, made.id, note.id, NoteWords("Mine."), version=1)
    assert (caught.value.theirs, caught.value.yours) == ("Hardly anybody tests.", "Mine.")
    meetings.delete_note(made.dora, made.id, note.id)
    assert (meetings.get_meeting(made.id, session.id).notes, db.session.query(NoteLink).count()) == ([], 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [(NoteWords(" "), "Write the note"), (NoteWords("expert 2 said so"), "names Expert 2"),
     (NoteWords("As Will says, nobody does."), "names Ana Will"),
     (NoteWords("Fine", codes=("9.9",)), "no task or KSA")],
)  # fmt: skip
def test_a_note_without_words_with_a_name_or_a_false_code_is_refused(app_context, words, said):
    made = make_panel_study()
    guest = add_panelist(made.dora, made.id, PanelistDetails("Ana Will"))
    session = _session(made, participants=frozenset([made.tickets[1].panelist_id, guest.id]))
    meetings.add_note(made.dora, made.id, session.id, NoteWords("Nobody will test restores."))
    with pytest.raises(InvalidInputError, match=said):
        meetings.add_note(made.dora, made.id, session.id, words)
    assert len(meetings.get_meeting(made.id, session.id).notes) == 1


def test_editing_a_session_conflicts_with_both_texts(app_context):
    made = make_panel_study()
    session = _session(made)
    seen = session.version
    meetings.edit_meeting(made.dora, made.id, session.id, MeetingWords("meeting", "First"), version=seen)
    with pytest.raises(EditConflictError) as caught:
        meetings.edit_meeting(made.dora, made.id, session.id, MeetingWords("meeting", "Second"), version=seen)
    assert ("First" in caught.value.theirs, "Second" in caught.value.yours) == (True, True)
    other = make_panel_study(1, email="erna@example.org")
    with pytest.raises(NotFoundError):
        meetings.get_meeting(other.id, session.id)
    with pytest.raises(InvalidInputError, match="people of this panel"):
        _session(other, participants=frozenset([made.tickets[0].panelist_id]))


def test_themes_have_codes_of_their_own_and_conflict(app_context):
    made = make_panel_study(1)
    theme = themes.add_theme(made.dora, made.id, code="SEC", title="Security")
    with pytest.raises(InvalidInputError, match="in use"):
        themes.add_theme(made.dora, made.id, code="sec", title="Again")
    themes.edit_theme(made.dora, made.id, theme.id, title="Safety", description="", version=1)
    with pytest.raises(EditConflictError):
        themes.edit_theme(made.dora, made.id, theme.id, title="Other", description="", version=1)


def _decided(made):
    one = close(made, open_round(made, "review"))
    item = load_items(one.id)[0]
    first = decided.decide(made.dora, made.id, one.id, f"item-{item.id}", Wish("keep", "Nobody answered."))
    decided.decide(made.dora, made.id, one.id, f"item-{item.id}", Wish("retire", "Asked again.", seen=first.id))
    vote = themes.Vote(5, 1, 0)
    themes.log_decision(made.dora, made.id, decided="Weigh by survey and panel, half each.", vote=vote, reason="Custom")


def test_the_log_holds_every_decision_with_vote_reason_person_and_date(app_context):
    made = make_panel_study()
    _decided(made)
    found = [(line.about, line.decided, line.vote, line.reason, line.stands) for line in themes.decision_log(made.id)]
    assert found == [
        ("Decision 1", "Weigh by survey and panel, half each.", "5 for, 1 against, 0 abstained", "Custom", True),
        ("1.1 Plan the budget of the district.", "Retire", "n = 0", "Asked again.", True),
        ("1.1 Plan the budget of the district.", "Keep", "n = 0", "Nobody answered.", False),
    ]
    with pytest.raises(InvalidInputError, match="how many voted"):
        themes.log_decision(made.dora, made.id, decided="X", vote=themes.Vote(0, 0, 3), reason="Y")


def test_the_appendix_has_headings_tables_and_no_names(app_context):
    made = make_panel_study()
    session = _session(made)
    meetings.add_note(made.dora, made.id, session.id, NoteWords("=1+1 is not tested", True, codes=("2.2",)))
    _decided(made)
    document = Document(io.BytesIO(appendix_docx(made.study)))
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert headings == ["1. Small districts", "Agenda", "Participants, without names", "Notes", "Decision log"]
    texts = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "“=1+1 is not tested”" in texts
    assert not any("Expert" in text for text in texts)
    assert all(table.rows[0]._tr.xpath("./w:trPr/w:tblHeader") for table in document.tables)
    rows = list(csv.reader(io.StringIO(notes_csv(made.id).decode("utf-8-sig"))))
    assert rows[1][3:] == ["'=1+1 is not tested", "true", "", "2.2"]
    assert len(list(csv.reader(io.StringIO(log_csv(made.study).decode("utf-8-sig"))))) == 4


def test_a_vote_of_the_panel_stands_in_words(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    for ticket, value in zip(made.tickets, ["keep", "keep", "drop"], strict=False):
        answer(ticket, one, {"1.1": value})
    close(made, one)
    item = load_items(one.id)[0]
    decided.decide(made.dora, made.id, one.id, f"item-{item.id}", Wish("keep", "Most keep it."))
    assert [line.vote for line in themes.decision_log(made.id)] == ["2 keep as it is, 1 drop, n = 3"]
