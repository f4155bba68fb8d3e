"""Where people stand: one status each, counts that add up, days, minutes, drop-off, small groups."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from jta import clock
from jta.db import db
from jta.models.delivery import PersonEvent
from jta.models.response import Rating, Response
from jta.models.study import Stratum, Study
from jta.services import delivery, monitor, monitor_times
from jta.services.delivery_checks import PersonDetails
from jta.services.delivery_roster import load_roster
from jta.services.instrument import newest_instrument
from tests.services.study_factory import make_study
from tests.services.test_delivery import DORA, withdraw

START = datetime(2030, 3, 1, 5, 50, tzinfo=UTC)  # 28 February, 23:50 in Chicago


def respond(made, person_id: int | None, *, started=START, minutes: float | None = None, rated: int = 0, number=0):
    """Store a response as the survey would; the first ``rated`` tasks get a frequency."""
    response = Response(
        study_id=made.study_id, instrument_id=made.instrument_id, person_id=person_id, code=f"C{person_id}-{number}",
        receipt=f"R{person_id}-{number}", consent_hash="c", started_at=started,
        submitted_at=started + timedelta(minutes=minutes) if minutes is not None else None,
    )  # fmt: skip
    db.session.add(response)
    db.session.flush()
    for task in made.tasks[:rated]:
        db.session.add(
            Rating(
                response_id=response.id, task_id=task, scale_id=made.frequency_id, anchor_id=made.frequency[1],
                version=1, saved_at=started,
            )
        )  # fmt: skip
    db.session.commit()
    return response


def study_of(made) -> Study:
    return db.session.get_one(Study, made.study_id)


def everybody(app_context):
    """One person of each status, by status."""
    made = make_study(n_people=5)
    added = delivery.add_person(DORA, made.study_id, PersonDetails("Ann"))
    linked, started, partial, submitted, withdrew = made.people
    respond(made, started)
    respond(made, partial, rated=3)
    respond(made, submitted, minutes=12, rated=12)
    withdraw(made, withdrew)
    return made, dict(zip(monitor.STATUSES, (added.id, linked, started, partial, submitted, withdrew), strict=True))


def test_everybody_has_one_status_by_what_happened(app_context):
    made, by_status = everybody(app_context)
    assert monitor.statuses(made.study_id) == {person: status for status, person in by_status.items()}
    one = by_status["partial"]
    assert monitor.statuses(made.study_id, [one]) == {one: "partial"}
    assert {row.id: row.status for row in load_roster(made.study_id).rows} == monitor.statuses(made.study_id)


def test_a_rating_taken_back_is_no_rating(app_context):
    made = make_study()
    response = respond(made, made.people[0], rated=1)
    for rating in db.session.query(Rating).filter_by(response_id=response.id):
        rating.anchor_id = None
    db.session.commit()
    assert monitor.statuses(made.study_id)[made.people[0]] == "started"


def test_withdrawal_hides_every_earlier_step(app_context):
    made = make_study()
    response = respond(made, made.people[0], minutes=3, rated=2)
    response.person_id, response.withdrawn_at = None, clock.now()
    db.session.add(PersonEvent(person_id=made.people[0], kind="withdrew", at=clock.now()))
    db.session.commit()
    assert monitor.statuses(made.study_id)[made.people[0]] == "withdrew"
    shown = monitor.load_monitor(study_of(made))
    assert (shown.total["withdrew"], shown.total["submitted"], shown.n_timed) == (1, 0, 0)
    assert shown.days == []


def test_counts_add_up_to_the_roster(app_context):
    made, _ = everybody(app_context)
    empty = Stratum(study_id=made.study_id, code="big", label="Big harbours", frame_count=4, target=2, position=2)
    db.session.add(empty)
    db.session.commit()
    rows = monitor.count_by_stratum(made.study_id)
    assert [(row.label, row.counts.people) for row in rows] == [
        ("Small harbours", 5), ("Big harbours", 0), ("No stratum", 1),
    ]  # fmt: skip
    whole = monitor.total(rows)
    assert dict(whole.by_status) == dict.fromkeys(monitor.STATUSES, 1)
    assert (whole.people, whole.with_link, whole.began) == (6, 4, 3)
    assert whole.share(whole.began) == 0.5
    assert monitor.StatusCounts({}).share(0) is None
    assert (rows[0].to_target, rows[2].to_target) == (0.1, None)


def test_another_study_is_not_counted(app_context):
    made, other = make_study(), make_study(n_people=4)
    respond(other, other.people[0], minutes=5, rated=12)
    assert monitor.load_monitor(study_of(made)).total.by_status == {
        **dict.fromkeys(monitor.STATUSES, 0),
        "link made": 2,
    }


def test_days_are_those_of_the_study_zone(app_context):
    made = make_study(n_people=4)
    respond(made, made.people[0], minutes=5)  # still 28 February in Chicago
    respond(made, made.people[1], minutes=20)  # submitted on 1 March there
    respond(made, made.people[2], started=START + timedelta(days=2))
    days = monitor_times.count_by_day(study_of(made))
    assert [(d.day, d.started, d.submitted, d.started_so_far, d.submitted_so_far) for d in days] == [
        (date(2030, 2, 28), 2, 1, 2, 1),
        (date(2030, 3, 1), 0, 1, 2, 2),
        (date(2030, 3, 2), 1, 0, 3, 2),
    ]


def test_a_zone_at_an_odd_quarter_of_an_hour_is_right_to_the_minute(app_context):
    made = make_study(n_people=2)
    study_of(made).time_zone = "Asia/Kathmandu"  # UTC+5:45: midnight is 18:15 UTC
    db.session.commit()
    respond(made, made.people[0], started=datetime(2030, 3, 1, 18, 14, 59, 900000, tzinfo=UTC))
    respond(made, made.people[1], started=datetime(2030, 3, 1, 18, 15, tzinfo=UTC))
    days = monitor_times.count_by_day(study_of(made))
    assert [(d.day, d.started) for d in days] == [(date(2030, 3, 1), 1), (date(2030, 3, 2), 1)]


def test_the_median_is_that_of_submitted_responses(app_context):
    made = make_study(n_people=5)
    assert monitor_times.median_minutes(made.study_id) == (None, 0)
    for person, minutes in zip(made.people, (30, 10, 20, 400, None), strict=True):
        respond(made, person, minutes=minutes)
    assert monitor_times.median_minutes(made.study_id) == (25.0, 4)
    respond(made, None, minutes=1, number=2)
    assert monitor_times.median_minutes(made.study_id) == (20.0, 5)


def test_drop_off_counts_who_reached_and_who_finished_each_page(app_context):
    made = make_study(n_tasks=26, n_people=4)
    for person, rated in zip(made.people, (26, 13, 4, 0), strict=True):
        respond(made, person, rated=rated)
    withdrawn = respond(made, None, rated=26)
    withdrawn.withdrawn_at = clock.now()
    db.session.commit()
    pages = monitor_times.count_by_page(made.study_id, newest_instrument(made.study_id).content)
    assert [(p.number, p.n_tasks, p.reached, p.finished) for p in pages] == [
        (1, 10, 3, 2), (2, 3, 2, 2), (3, 10, 1, 1), (4, 3, 1, 1),
    ]  # fmt: skip


def test_figures_from_answers_of_fewer_than_ten_are_not_shown(app_context):
    made = make_study(n_people=10)
    for person in made.people[:9]:
        respond(made, person, minutes=12, rated=12)
    shown = monitor.load_monitor(study_of(made))
    assert (shown.pages, shown.median_minutes, shown.n_timed) == (None, None, 9)
    respond(made, made.people[9], minutes=12, rated=12)
    shown = monitor.load_monitor(study_of(made))
    assert shown.median_minutes == 12
    assert [page.finished for page in shown.pages] == [10, 10]


def test_targets_are_met_when_each_stratum_has_its_own(app_context):
    made = make_study(n_people=10)
    for person in made.people[:9]:
        respond(made, person, minutes=1)
    assert not monitor.load_monitor(study_of(made)).targets_met
    respond(made, made.people[9], minutes=1)
    assert monitor.load_monitor(study_of(made)).targets_met


def test_an_unlaunched_study_has_only_its_roster(app_context):
    made = make_study(launched=False)
    shown = monitor.load_monitor(study_of(made))
    assert (shown.launched_at, shown.days, shown.pages, shown.estimated_minutes) == (None, [], None, 0)
    assert shown.total.people == 2
