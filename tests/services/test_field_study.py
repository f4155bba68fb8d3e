"""A study in the field: what one person's change must not do to others, who is in no rate, whom a file may name."""

from __future__ import annotations

from jta.services import monitor
from jta.services.delivery_roster import NOT_STARTED, load_roster, read_filter
from tests.services.study_factory import make_study
from tests.services.test_delivery import apply, preview
from tests.services.test_monitor import happen, respond, send, study_of


def rates_of(made):
    return monitor.load_monitor(study_of(made)).rates


def test_one_persons_new_address_mends_nobody_elses(app_context):
    made, other = make_study(n_people=2), make_study(n_people=1)
    for person in (*made.people, *other.people):
        send(person, "accepted")
        happen(person, "bounced")
    happen(made.people[1], "address replaced")
    assert list(monitor.statuses(made.study_id).values()) == ["bounced", "accepted"]
    assert list(monitor.statuses(other.study_id).values()) == ["bounced"]


def test_what_came_back_is_of_unknown_eligibility(app_context):
    made = make_study(n_people=3)
    for person in made.people:
        send(person, "accepted")
    happen(made.people[1], "bounced")
    respond(made, made.people[0], minutes=9, rated=12)
    values = {rate.name: rate.value for rate in rates_of(made).rates}
    assert (values["RR1"], values["RR3"], values["RR5"]) == (1 / 3, 1 / 3, 1.0)


def test_people_of_the_open_link_are_in_no_rate_but_in_every_count(app_context):
    made = make_study(n_tasks=4, n_people=4)
    for person in made.people[2:]:
        happen(person, "registered")
    respond(made, made.people[0], minutes=9, rated=4)
    respond(made, made.people[2], minutes=9, rated=4)
    respond(made, made.people[3], rated=3)
    found = monitor.load_monitor(study_of(made))
    assert {rate.name: rate.value for rate in found.rates.rates}["RR2"] == 1 / 2
    assert (found.rates.started, found.rates.completion) == (1, 1.0)
    assert (found.rates.registered.people, found.rates.registered["submitted"], found.total["submitted"]) == (2, 1, 2)


def test_a_file_may_name_people_without_an_address_by_their_code(app_context):
    made = make_study(n_people=1)
    apply(made, "L1,Lee Letter,,Falls,,,", "L2,Lia Letter,,Falls,,,")
    assert {row.code: row.email for row in load_roster(made.study_id).rows}["L1"] is None
    again = preview(made, "L1,Lee Letter,lee@example.org,Falls,,,", "L2,Lia Letter,,Falls,,,")
    assert (len(again.merge.changed), len(again.merge.unchanged)) == (1, 1)
    (problem,) = preview(made, ",No Body,,Falls,,,").problems
    assert (problem.row, problem.reason) == (2, "Give an address, or a person_code to somebody who has none.")


def test_the_roster_lists_who_has_not_started_by_one_choice(app_context):
    made = make_study(n_people=4)
    send(made.people[0], "accepted")
    happen(made.people[1], "bounced")
    happen(made.people[2], "opted out")
    respond(made, made.people[3])
    page = load_roster(made.study_id, read_filter({"status": NOT_STARTED}))
    assert ([row.id for row in page.rows], page.waiting) == (made.people[:2], 2)
