"""The people of the panel: adding, editing, leaving, links, statements, make-up, import."""

from __future__ import annotations

import pytest

from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.audit import AuditEvent
from jta.services import panel, panel_composition, panel_import, panel_links, panel_statements
from jta.services.links import find_person
from jta.services.panel_visits import PanelLinkNeededError, get_visit, open_by_account, open_by_link
from tests.factories import make_user
from tests.services.panel_study import make_panel_study, sign_all


def _token(url: str) -> str:
    return url.rsplit("/", 1)[1]


def test_a_link_leads_to_its_panelist_and_to_no_respondent(app_context):
    made = make_panel_study(2, signed=False)
    assert [open_by_link(_token(url)).panelist.name for url in made.urls] == ["Expert 1", "Expert 2"]
    assert find_person(_token(made.urls[0])) is None
    with pytest.raises(PanelLinkNeededError):
        open_by_link("unknown")
    assert db.session.get(panel.Panelist, 1).token_hash not in made.urls[0]


def test_a_replaced_link_and_a_ticket_of_it_are_void(app_context):
    made = make_panel_study(1)
    again = panel.replace_panel_link(made.dora, made.id, made.tickets[0].panelist_id)
    with pytest.raises(PanelLinkNeededError):
        open_by_link(_token(made.urls[0]))
    with pytest.raises(PanelLinkNeededError):
        get_visit(made.tickets[0], None)
    assert open_by_link(_token(again[0].url)).panelist.name == "Expert 1"
    assert panel.make_panel_links(made.dora, made.id) == []


def test_who_leaves_is_out_at_once_and_can_come_back(app_context):
    made = make_panel_study(2)
    person = made.tickets[0].panelist_id
    with pytest.raises(InvalidInputError, match="why"):
        panel.part_from(made.dora, made.id, person, reason=" ")
    panel.part_from(made.dora, made.id, person, reason="Moved away")
    with pytest.raises(PanelLinkNeededError):
        get_visit(made.tickets[0], None)
    with pytest.raises(StateError, match="has left"):
        panel.replace_panel_link(made.dora, made.id, person)
    assert [one.name for one in panel.list_panelists(made.id)] == ["Expert 2", "Expert 1"]
    panel.bring_back(made.dora, made.id, person)
    assert len(panel.make_panel_links(made.dora, made.id)) == 1


def test_an_account_finds_its_place_by_its_address(app_context):
    made = make_panel_study(1)
    user = make_user(f"E1.{made.id}@Example.org".lower(), "Expert One")
    ticket = open_by_account(made.id, user)
    assert get_visit(ticket, user).panelist.name == "Expert 1"
    with pytest.raises(PanelLinkNeededError):
        get_visit(ticket, None)
    other = make_user("somebody@example.org", "Some Body")
    with pytest.raises(PanelLinkNeededError):
        get_visit(ticket, other)
    with pytest.raises(NotFoundError):
        open_by_account(made.id, other)


def test_editing_keeps_both_texts_when_somebody_was_faster(app_context):
    made = make_panel_study(1)
    person = panel.list_panelists(made.id)[0]
    seen, now = person.version, panel.details_of(person)
    panel.edit_panelist(
        made.dora, made.id, person.id, now.__class__(**{**now.__dict__, "region": "North"}), version=seen
    )
    mine = now.__class__(**{**now.__dict__, "region": "South"})
    with pytest.raises(EditConflictError) as caught:
        panel.edit_panelist(made.dora, made.id, person.id, mine, version=seen)
    assert ("Region: North" in caught.value.theirs, "Region: South" in caught.value.yours) == (True, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": ""}, "name"), ({"email": "E1.1@example.org"}, "email"), ({"years": 99}, "years"),
     ({"name": "a\nb"}, "name"), ({"region": "x" * 101}, "region")],
)  # fmt: skip
def test_details_nobody_can_have_are_refused_beside_their_field(app_context, change, field):
    made = make_panel_study(1)
    with pytest.raises(InvalidInputError) as caught:
        panel.add_panelist(made.dora, made.id, panel.PanelistDetails(**{"name": "New", **change}))
    assert caught.value.field == field


def test_statements_are_signed_once_for_each_text(app_context):
    made = make_panel_study(1, signed=False)
    person = panel.list_panelists(made.id)[0]
    assert [text.kind for text in panel_statements.unsigned(person)] == ["interests", "confidentiality"]
    sign_all(person.id, declared="I teach a course.")
    sign_all(person.id)  # again: nothing
    assert [(s.kind, s.declared) for s in person.signatures] == [
        ("interests", "I teach a course."), ("confidentiality", "")
    ]  # fmt: skip
    texts = {text.kind: text.text for text in panel_statements.list_texts(made.id)}
    new = {**texts, "interests": "Tell us everything."}
    assert panel_statements.save_texts(made.dora, made.id, new, seen={"interests": 0, "confidentiality": 0}) == [
        "interests"
    ]
    assert [text.number for text in panel_statements.unsigned(person)] == [1]
    with pytest.raises(EditConflictError) as caught:
        panel_statements.save_texts(
            made.dora, made.id, {**texts, "interests": "Other"}, seen={"interests": 0, "confidentiality": 0}
        )
    assert (caught.value.theirs, caught.value.yours) == ("Tell us everything.", "Other")


def test_signing_needs_name_box_and_the_text_that_was_read(app_context):
    made = make_panel_study(1, signed=False)
    person = panel.list_panelists(made.id)[0]
    hashes = {text.kind: text.text_hash for text in panel_statements.unsigned(person)}
    for signing, said in (
        (panel_statements.Signing("", "", hashes, frozenset(hashes)), "full name"),
        (panel_statements.Signing("Me", "", hashes, frozenset(["interests"])), "Tick the box"),
        (panel_statements.Signing("Me", "", {}, frozenset(hashes)), "has changed"),
    ):
        with pytest.raises(InvalidInputError, match=said):
            panel_statements.sign(person.id, signing)
    assert person.signatures == []


def test_the_make_up_is_compared_with_the_target(app_context):
    made = make_panel_study(4)
    rows = [panel_composition.TargetRow("region", "west", 3), panel_composition.TargetRow("years", "5 to 14", 2)]
    panel_composition.save_targets(made.dora, made.id, rows, seen=panel_composition.targets_state(made.id))
    found = panel_composition.load_composition(made.id)
    assert found.gaps == ["1 more with region “west”"]
    assert [(s.value, s.count, s.target) for s in found.by_attribute["Region"]] == [("west", 2, 3), ("East", 2, None)]
    with pytest.raises(EditConflictError):
        panel_composition.save_targets(made.dora, made.id, rows, seen="old")
    twice = [rows[0], panel_composition.TargetRow("region", "West", 1)]
    with pytest.raises(InvalidInputError, match="twice"):
        panel_composition.save_targets(made.dora, made.id, twice, seen=panel_composition.targets_state(made.id))


FILE = (
    "name,email,role,years,region,attribute: certified\nAna,ana@example.org,CTO,12,West,yes\n"
    "Expert 1,e1.1@example.org,Director,,,\n"
)


def test_a_file_is_merged_by_address_and_wipes_nothing(app_context):
    made = make_panel_study(2)
    preview = panel_import.preview_panel(made.dora, made.id, FILE.encode(), "panel.csv")
    assert (len(preview.merge.new), len(preview.merge.changed), preview.merge.n_missing) == (1, 1, 1)
    panel_import.apply_panel(made.dora, made.id, preview.token)
    people = {one.name: one for one in panel.list_panelists(made.id)}
    assert (people["Ana"].years, people["Ana"].attributes, people["Ana"].code) == (12, {"certified": "yes"}, "P0003")
    assert (people["Expert 1"].job_title, people["Expert 1"].years, people["Expert 1"].region) == (
        "Director",
        3,
        "West",
    )
    with pytest.raises(EditConflictError, match="changed after this preview"):
        panel_import.apply_panel(made.dora, made.id, preview.token)
    again = panel_import.preview_panel(made.dora, made.id, FILE.encode(), "panel.csv")
    assert (again.token, again.merge.anything) == ("", False)


@pytest.mark.parametrize(
    ("rows", "row"), [("Ana,ana@example.org,99\n", 2), ("Ana,ana@example.org,9\nBo,not an address,3\n", 3)]
)
def test_a_bad_file_names_its_rows_and_changes_nothing(app_context, rows, row):
    made = make_panel_study(1)
    preview = panel_import.preview_panel(made.dora, made.id, f"name,email,years\n{rows}".encode(), "panel.csv")
    assert ([p.row for p in preview.problems], preview.token) == ([row], "")
    assert len(panel.list_panelists(made.id)) == 1


def test_the_trail_names_rows_and_not_people(app_context):
    made = make_panel_study(2)
    notes = " ".join(f"{e.actor} {e.object} {e.note}" for e in db.session.query(AuditEvent))
    assert "Expert" not in notes
    assert "panelist 1" in notes
    assert panel_links.panel_token(1, 1) not in notes
    assert made
