"""The roster and its links: people, files, links shown once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.delivery import Person, PersonEvent
from jta.models.study import Stratum, Study
from jta.services import delivery, delivery_import, links
from jta.services.delivery_checks import PersonDetails
from jta.services.delivery_roster import RosterFilter, get_person, load_roster, person_state, read_filter
from jta.services.response import start_response
from tests.services.study_factory import make_study

DORA = Actor("Dora Director", "director", 1)
ANN = PersonDetails("Ann Adams", "ann@example.org", "Imaginary Falls")
HEADER = "person_code,name,email,district,stratum,region,attribute: shift\n"


def acts(made) -> list[str]:
    return [event.action for event in audit.list_events(audit.study_chain(made.study_id))]


def state(made, person_id: int) -> str:
    return person_state(get_person(made.study_id, person_id))


def withdraw(made, person_id: int) -> None:
    db.session.add(PersonEvent(person_id=person_id, kind="withdrew", at=clock.now()))
    db.session.commit()


def set_stage(made, stage: str) -> None:
    db.session.get_one(Study, made.study_id).stage = stage
    db.session.commit()


def preview(made, *lines: str, actor: Actor = DORA, header: str = HEADER):
    data = (header + "\n".join(lines) + "\n").encode()
    return delivery_import.preview_roster(actor, made.study_id, data, "roster.csv")


def apply(made, *lines: str, header: str = HEADER):
    token = preview(made, *lines, header=header).token
    return delivery_import.apply_roster(DORA, made.study_id, token)


def people(made) -> list[Person]:
    found = select(Person).where(Person.study_id == made.study_id).order_by(Person.code)
    return list(db.session.scalars(found))


# one person at a time


def test_a_person_gets_the_next_free_code(app_context):
    made = make_study(n_people=2)
    person = delivery.add_person(DORA, made.study_id, ANN)
    assert (person.code, person.email, person.token_hash) == ("P0003", "ann@example.org", None)
    assert [event.kind for event in person.events] == ["added"]
    assert acts(made) == ["added person"]
    assert audit.list_events(audit.study_chain(made.study_id))[0].object == f"person {person.id}"


@pytest.mark.parametrize(
    ("details", "code", "field"),
    [
        (PersonDetails(""), "", "name"),
        (PersonDetails("x" * 201), "", "name"),
        (PersonDetails("Ann\nBcc: x@example.org"), "", "name"),
        (PersonDetails("=?utf-8?q?Ann?="), "", "name"),
        (PersonDetails("Ann", "P1@EXAMPLE.org"), "", "email"),
        (PersonDetails("Ann", stratum_id=999), "", "stratum_id"),
        (PersonDetails("Ann"), "p0001", "code"),
        (PersonDetails("Ann"), "c" * 65, "code"),
    ],
)
def test_details_that_nobody_can_have_are_refused(app_context, details, code, field):
    made = make_study()
    with pytest.raises(InvalidInputError) as refusal:
        delivery.add_person(DORA, made.study_id, details, code=code)
    assert refusal.value.field == field
    assert len(people(made)) == 2


def test_a_person_is_edited_once_by_two_writers(app_context):
    made = make_study()
    seen = state(made, made.people[0])
    delivery.edit_person(DORA, made.study_id, made.people[0], ANN, seen=seen)
    person = get_person(made.study_id, made.people[0])
    assert (person.code, person.name, person.stratum_id) == ("P0001", "Ann Adams", None)
    delivery.edit_person(DORA, made.study_id, made.people[0], ANN, seen="whatever")  # nothing to change
    with pytest.raises(EditConflictError) as conflict:
        delivery.edit_person(DORA, made.study_id, made.people[0], PersonDetails("Anna"), seen=seen)
    assert "Name: Ann Adams" in conflict.value.theirs
    assert "Name: Anna" in conflict.value.yours
    assert acts(made) == ["edited person"]


def test_a_person_without_a_response_is_removed_and_the_link_dies(app_context):
    made = make_study()
    delivery.remove_person(DORA, made.study_id, made.people[0])
    assert [person.code for person in people(made)] == ["P0002"]
    assert links.find_person(made.tokens[0]) is None
    assert acts(made) == ["removed person"]


def test_who_started_or_withdrew_is_not_removed(app_context):
    made = make_study()
    consent = _consent(made)
    start_response(made.tokens[0], consent)
    withdraw(made, made.people[1])
    for person_id, reason in zip(made.people, ("started to answer", "withdrew"), strict=True):
        with pytest.raises(StateError, match=reason):
            delivery.remove_person(DORA, made.study_id, person_id)
    assert len(people(made)) == 2


def _consent(made) -> str:
    from jta.models.survey import Instrument

    return db.session.get_one(Instrument, made.instrument_id).content["consent"]["hash"]


def test_somebody_of_another_study_looks_like_nobody(app_context):
    made, other = make_study(), make_study()
    for act in (
        lambda: delivery.remove_person(DORA, made.study_id, other.people[0]),
        lambda: delivery.replace_link(DORA, made.study_id, other.people[0]),
        lambda: delivery.edit_person(DORA, made.study_id, other.people[0], ANN, seen=""),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_the_roster_is_kept_as_it_was_once_the_survey_closed(app_context):
    made = make_study()
    token = preview(made, "P9,Ann,ann@example.org,,,,").token
    set_stage(made, "closed")
    for act in (
        lambda: delivery.add_person(DORA, made.study_id, ANN),
        lambda: delivery.remove_person(DORA, made.study_id, made.people[0]),
        lambda: delivery.replace_link(DORA, made.study_id, made.people[0]),
        lambda: delivery.make_links(DORA, made.study_id),
        lambda: preview(made, "P9,Ann,ann@example.org,,,,"),
        lambda: delivery_import.apply_roster(DORA, made.study_id, token),
    ):
        with pytest.raises(StateError, match="closed"):
            act()
    assert acts(made) == []


# links


def test_links_are_made_once_for_everybody_without_one(app_context):
    made = make_study(launched=False)
    ann = delivery.add_person(DORA, made.study_id, ANN)
    left = delivery.add_person(DORA, made.study_id, PersonDetails("Left Alone"))
    withdraw(made, left.id)
    assert delivery.count_without_link(made.study_id) == 1
    shown = delivery.make_links(DORA, made.study_id)
    assert [(link.code, link.name, link.email) for link in shown] == [("P0003", "Ann Adams", "ann@example.org")]
    token = shown[0].url.rpartition("/s/")[2]
    assert links.find_person(token).id == ann.id
    assert delivery.make_links(DORA, made.study_id) == []
    assert acts(made).count("made personal links") == 1
    assert left.token_hash is None


def test_no_token_is_in_the_trail_or_the_database(app_context):
    made = make_study(launched=False)
    delivery.add_person(DORA, made.study_id, ANN)
    token = delivery.make_links(DORA, made.study_id)[0].url.rpartition("/s/")[2]
    rows = [vars(event) for event in audit.list_events(audit.study_chain(made.study_id))]
    rows += [vars(person) for person in people(made)]
    assert token not in str(rows)


def test_a_replaced_link_works_and_the_old_one_is_void(app_context):
    made = make_study()
    ticket = start_response(made.tokens[0], _consent(made))
    new = delivery.replace_link(DORA, made.study_id, made.people[0])
    token = new.url.rpartition("/s/")[2]
    assert links.find_person(made.tokens[0]) is None
    assert links.find_person(token).id == made.people[0]
    assert start_response(token, "").response_id == ticket.response_id
    kinds = [event.kind for event in get_person(made.study_id, made.people[0]).events]
    assert kinds[-1] == "link replaced"
    assert acts(made)[-1] == "replaced personal link"


def test_who_withdrew_or_has_no_link_gets_no_replacement(app_context):
    made = make_study()
    ann = delivery.add_person(DORA, made.study_id, ANN)
    withdraw(made, made.people[0])
    with pytest.raises(StateError, match="left alone"):
        delivery.replace_link(DORA, made.study_id, made.people[0])
    with pytest.raises(StateError, match="no link yet"):
        delivery.replace_link(DORA, made.study_id, ann.id)


# files


def test_a_file_is_merged_by_code_then_by_address_and_nothing_is_wiped(app_context):
    made = make_study()
    lines = (
        "P0001,Pilot One,p1@example.org,,small,South,",
        ",Pilot 2,P2@example.org,Dry Dock,,,night",
        "X7,Ann Adams,ann@example.org,Imaginary Falls,Large harbours,,",
        ",Bo Berg,bo@example.org,,LARGE HARBOURS,,",
    )
    shown = preview(made, *lines)
    assert shown.problems == []
    assert shown.merge.counts() == {
        "new": 2, "changed": 2, "unchanged": 0, "withdrew (left alone)": 0, "new strata": 1,
    }  # fmt: skip
    assert [(d.what, d.after) for d in shown.merge.changed[0].differences] == [
        ("Name", "Pilot One"),
        ("Region", "South"),
    ]
    assert len(people(made)) == 2
    apply(made, *lines)
    db.session.expire_all()
    by_name = {person.name: person for person in people(made)}
    assert set(by_name) == {"Pilot One", "Pilot 2", "Ann Adams", "Bo Berg"}
    assert by_name["Pilot One"].attributes == {"region": "South"}
    assert by_name["Pilot 2"].organization == "Dry Dock"
    assert by_name["Pilot 2"].email == "P2@example.org"
    assert by_name["Pilot 2"].attributes == {"shift": "night"}
    assert by_name["Bo Berg"].code == "P0003"
    large = db.session.scalar(select(Stratum).where(Stratum.label == "Large harbours"))
    assert {by_name["Ann Adams"].stratum_id, by_name["Bo Berg"].stratum_id} == {large.id}
    assert by_name["Pilot One"].token_hash is not None
    assert acts(made) == ["imported roster"]
    note = audit.list_events(audit.study_chain(made.study_id))[0].note
    assert note.startswith("4 rows: 2 new, 2 changed")


def test_the_same_file_again_changes_nothing(app_context):
    made = make_study()
    lines = ("X7,Ann Adams,ann@example.org,Imaginary Falls,small,South,night",)
    apply(made, *lines)
    again = preview(made, *lines)
    assert (again.token, again.merge.anything, len(again.merge.unchanged)) == ("", False, 1)
    assert again.merge.n_missing == 2


def test_who_withdrew_is_left_alone(app_context):
    made = make_study()
    withdraw(made, made.people[0])
    lines = ("P0001,New Name,new@example.org,,,,", "X7,Ann Adams,ann@example.org,,,,")
    assert [change.person.id for change in preview(made, *lines).merge.left_alone] == [made.people[0]]
    apply(made, *lines)
    db.session.expire_all()
    assert get_person(made.study_id, made.people[0]).name == "Pilot 1"


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("X9,Ann,P1@example.org,,,,", "email", '"P0001" on the roster'),
        ("P0001,Ann,p2@example.org,,,,", "email", '"P0002" on the roster'),
        ("X9,Ann,not an address,,,,", "email", "not valid"),
        ("X9,,ann@example.org,,,,", "name", ""),
        (f"X9,Ann,ann@example.org,,{'s' * 65},,", "stratum", "64 characters"),
    ],
)
def test_a_file_with_a_problem_is_not_applied_at_all(app_context, line, column, reason):
    made = make_study()
    shown = preview(made, "Y1,Bo Berg,bo@example.org,,,,", line)
    assert [(p.row, p.column) for p in shown.shown_problems] == [(3, column)]
    assert reason in shown.problems[0].reason
    assert shown.token == ""
    with pytest.raises(InvalidInputError):
        delivery_import.apply_roster(DORA, made.study_id, shown.token)
    assert len(people(made)) == 2


def test_two_rows_of_one_person_are_a_problem(app_context):
    made = make_study()
    shown = preview(made, "P0001,Ann,other@example.org,,,,", ",Bo,p1@example.org,,,,")
    assert [p.reason for p in shown.problems] == ["Row 2 speaks of the same person."]


def test_a_refused_or_empty_file_says_why(app_context):
    made = make_study()
    refused = delivery_import.preview_roster(DORA, made.study_id, b"\x89PNG\r\n\x1a\n" + b"0" * 50, "roster.csv")
    assert refused.refused
    assert refused.token == ""
    with pytest.raises(InvalidInputError, match="empty"):
        delivery_import.preview_roster(DORA, made.study_id, b"", "roster.csv")


def test_a_preview_serves_one_person_one_study_and_one_state(app_context):
    made, other = make_study(), make_study()
    line = "X7,Ann Adams,ann@example.org,,,,"
    token = preview(made, line).token
    for actor, study_id, sealed in (
        (Actor("Eve", "director", 2), made.study_id, token),
        (DORA, other.study_id, token),
        (DORA, made.study_id, token[:-2]),
    ):
        with pytest.raises(InvalidInputError):
            delivery_import.apply_roster(actor, study_id, sealed)
    delivery.add_person(DORA, made.study_id, PersonDetails("Bo"))
    with pytest.raises(EditConflictError, match="changed after this preview"):
        delivery_import.apply_roster(DORA, made.study_id, token)
    assert len(people(made)) == 3


def test_twenty_thousand_people_fit_a_preview(app_context):
    made = make_study()
    lines = [
        f"C{n},Name {n} Surname,person{n}@district{n}.example.org,District {n},small,South," for n in range(19_990)
    ]
    assert 0 < len(preview(made, *lines).token) < 1_900_000


# the table


def test_the_roster_is_searched_filtered_and_sorted(app_context):
    made = make_study(n_people=3)
    ann = delivery.add_person(DORA, made.study_id, PersonDetails("Zoë 100%", "zoe@example.org", "Über Falls"))
    start_response(made.tokens[1], _consent(made))
    assert [r.code for r in load_roster(made.study_id).rows] == ["P0001", "P0002", "P0003", "P0004"]

    def names(**asked) -> list[str]:
        return [row.name for row in load_roster(made.study_id, read_filter(asked)).rows]

    assert names(q="100%") == ["Zoë 100%"]
    assert names(q="falls ZOE@") == ["Zoë 100%"]
    assert names(q="über") == names(q="ZOË") == ["Zoë 100%"]
    assert names(q="pilot _") == []
    assert names(status="started") == ["Pilot 2"]
    assert names(status="added") == [ann.name]
    assert names(stratum="none") == [ann.name]
    assert names(stratum=str(get_person(made.study_id, made.people[0]).stratum_id), sort="name", order="down") == [
        "Pilot 3", "Pilot 2", "Pilot 1",
    ]  # fmt: skip
    assert names(sort="status", order="down")[0] == "Pilot 2"
    assert names(sort="stratum")[0] == ann.name


def test_the_roster_comes_in_pages(app_context):
    made = make_study(n_people=51)
    first, last = load_roster(made.study_id), load_roster(made.study_id, RosterFilter(page=9))
    assert (len(first.rows), first.pages, first.found) == (50, 2, 51)
    assert ([row.code for row in last.rows], last.filter.page) == (["P0051"], 2)


def test_words_of_the_address_that_make_no_sense_are_left_aside():
    asked = {"status": "DROP", "stratum": "-1", "sort": "token_hash", "page": "x", "order": "up", "q": "  a   b "}
    assert read_filter(asked) == RosterFilter(query="a b")
    assert read_filter({"page": "3", "stratum": "none", "order": "down"}) == RosterFilter(
        stratum="none", descending=True, page=3
    )


def test_a_lost_list_is_replaced_but_not_for_those_who_started(app_context):
    made = make_study(n_people=3)
    start_response(made.tokens[0], _consent(made))
    assert delivery.count_renewable(made.study_id) == 2
    renewed = delivery.renew_links(Actor("Dora", "director", 1), made.study_id)
    assert len(renewed) == 2
    assert links.find_person(made.tokens[0]) is not None
    assert links.find_person(made.tokens[1]) is None
    assert links.find_person(renewed[0].url.rsplit("/", 1)[1]).id == made.people[1]
    assert audit.verify()[1] == []
