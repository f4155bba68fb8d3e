"""Where people stand: one status each, counts that add up, days, minutes, drop-off, small groups."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import openpyxl

from jta import clock
from jta.db import db
from jta.models.delivery import OutboxMessage, Person, PersonEvent, Wave
from jta.models.response import Answer, PageVisit, Rating, Response
from jta.models.study import Stratum, Study
from jta.services import delivery, monitor, monitor_file, monitor_times, report_book, study_counts
from jta.services.delivery_checks import PersonDetails
from jta.services.delivery_roster import RosterFilter, load_roster
from jta.services.instrument import newest_instrument
from jta.services.report_chapters import sample
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


def send(person: int, state: str, number: int = 1) -> None:
    """Store a message to a person as sending would."""
    found = db.session.get_one(Person, person)
    wave = db.session.scalar(db.select(Wave).where(Wave.study_id == found.study_id, Wave.number == number))
    if wave is None:
        wave = Wave(study_id=found.study_id, number=number, kind="invitation", planned_for=START)
        db.session.add(wave)
        db.session.flush()
    db.session.add(
        OutboxMessage(
            study_id=wave.study_id, person_id=person, wave_id=wave.id, message_id=f"<{person}.{number}@x>",
            state=state, due_at=START, first_due_at=START,
        )
    )  # fmt: skip
    db.session.commit()


def happen(person: int, *kinds: str) -> None:
    for kind in kinds:
        db.session.add(PersonEvent(person_id=person, kind=kind, at=START))
        db.session.flush()
    db.session.commit()


def everybody(app_context):
    """One person of each disposition, by disposition."""
    made = make_study(n_people=10)
    added = delivery.add_person(DORA, made.study_id, PersonDetails("Ann"))
    linked, sent, accepted, bounced, opted, started, screened, partial, submitted, withdrew = made.people
    send(sent, "handed over")
    for person in (accepted, bounced, opted, partial):
        send(person, "accepted")
    happen(bounced, "bounced")
    happen(opted, "opted out")
    happen(partial, "opted out")
    respond(made, started)
    respond(made, screened).screened_out_at = START
    respond(made, partial, rated=3)
    respond(made, submitted, minutes=12, rated=12)
    withdraw(made, withdrew)
    people = (added.id, linked, sent, accepted, bounced, opted, started, screened, partial, submitted, withdrew)
    return made, dict(zip(monitor.STATUSES, people, strict=True))


def test_another_address_mends_a_bounce(app_context):
    made = make_study(n_people=2)
    for person in made.people:
        send(person, "accepted")
        happen(person, "bounced", "address replaced")
    happen(made.people[1], "bounced")
    assert list(monitor.statuses(made.study_id).values()) == ["accepted", "bounced"]


def test_response_rates_follow_the_dispositions(app_context):
    made, _ = everybody(app_context)
    rates = monitor.load_monitor(study_of(made)).rates
    assert {group.name: group.count for group in rates.groups} == {
        "Complete": 1, "Partial": 0, "Refused or broke off": 4, "Unknown: nothing heard": 3,
        "Unknown: not delivered": 1, "Not eligible": 1,
    }  # fmt: skip
    assert rates.not_sampled == 1
    values = {rate.name: rate.value for rate in rates.rates}
    assert values["RR1"] == values["RR2"] == 1 / 9
    assert values["RR5"] == 1 / 5
    assert rates.eligible_share == 5 / 6
    assert abs(values["RR3"] - 1 / (5 + 4 * 5 / 6)) < 1e-12
    assert rates.completion == 1 / 3


def test_half_of_the_tasks_make_a_response_partial(app_context):
    made = make_study(n_tasks=11, n_people=3)
    for person, rated in zip(made.people, (5, 6, 11), strict=True):
        respond(made, person, rated=rated)
    groups = {g.name: g.count for g in monitor.load_monitor(study_of(made)).rates.groups}
    assert (groups["Partial"], groups["Refused or broke off"]) == (2, 1)


def test_half_of_the_tasks_is_half_of_those_on_the_form(app_context):
    made = make_study(n_tasks=12, n_people=2)
    instrument = newest_instrument(made.study_id)
    content = json.loads(json.dumps(instrument.content))
    for place, task in enumerate(t for page in content["pages"] for t in page["tasks"]):
        task["block"] = "A" if place < 6 else "B"
    content["sampling"] = {"forms": [{"code": "1", "blocks": ["A"]}, {"code": "2", "blocks": ["A", "B"]}]}
    instrument.content = content
    db.session.commit()
    for person, form in zip(made.people, ("1", "2"), strict=True):
        respond(made, person, rated=3).form_code = form
    db.session.commit()
    groups = {g.name: g.count for g in monitor.load_monitor(study_of(made)).rates.groups}
    assert (groups["Partial"], groups["Refused or broke off"]) == (1, 1)


def test_a_background_answer_alone_is_partial(app_context):
    made = make_study(n_people=2)
    for person, choice in zip(made.people, (made.choices[0], None), strict=True):
        response = respond(made, person)
        db.session.add(Answer(response_id=response.id, question_id=made.question_id, choice_id=choice, saved_at=START))
    db.session.commit()
    assert list(monitor.statuses(made.study_id).values()) == ["partial", "started"]


def test_minutes_on_a_page_are_the_median_of_ten_or_more(app_context):
    made = make_study(n_people=12)
    content = newest_instrument(made.study_id).content
    step = next(step for step in content["steps"] if step["kind"] == "questions")
    for n, person in enumerate(made.people[:11]):
        response = respond(made, person)
        rows = [(str(step["id"]), 60.0 * n)] + ([("9.9", 5.0)] if n else [])
        for name, seconds in rows:
            visit = PageVisit(response_id=response.id, step=name, first_at=START, last_at=START, seconds=seconds)
            db.session.add(visit)
    db.session.commit()
    steps = {row.title: row for row in monitor.load_monitor(study_of(made)).steps}
    assert (steps[step["title"]].sent, steps[step["title"]].median_minutes) == (11, 5.0)
    assert all(row.median_minutes is None for row in steps.values() if row.title != step["title"])


ACTS = ("send", "bounced", "opted out", "registered", "start", "rate", "submit", "screen", "withdraw")


def test_every_screen_and_file_agree(app_context):
    """Random studies: roster, page of responses, rates, files and overview count the same people."""
    rng = random.Random(7)
    for _ in range(4):
        made = make_study(n_people=25)
        for person in made.people:
            for act in rng.sample(ACTS, 3):
                _act(made, person, act)
        shown = monitor.load_monitor(study_of(made))
        by_person = monitor.statuses(made.study_id)
        counted = {status: list(by_person.values()).count(status) for status in monitor.STATUSES}
        assert dict(shown.total.by_status) == counted
        roster = load_roster(made.study_id)
        assert dict(roster.counts.by_status) == counted
        rows = list(csv.DictReader(io.StringIO(monitor_file.counts_file(shown, "csv").decode("utf-8-sig"))))
        assert {s: int(rows[-1][s.replace(" ", "_")]) for s in monitor.STATUSES} == counted
        assert sum(int(row["roster"]) for row in rows[:-1]) == int(rows[-1]["roster"]) == 25
        rates = shown.rates
        assert sum(group.count for group in rates.groups) + rates.not_sampled + rates.registered.people == 25
        overview = study_counts.count_study(made.study_id)
        assert (overview.people, overview.started, overview.submitted) == (25, shown.total.began, counted["submitted"])
        assert shown.days[-1].submitted_so_far == counted["submitted"]
        assert {s: load_roster(made.study_id, RosterFilter(status=s)).found for s in monitor.STATUSES} == counted
        book = openpyxl.load_workbook(io.BytesIO(monitor_file.counts_file(shown, "xlsx")))
        assert [cell.value for cell in book["By stratum"][len(rows) + 1]][4:-2] == [25, *counted.values()]
        assert sum(row[2] for row in book["Who counts as what"].iter_rows(min_row=2, values_only=True)) == 25
        _documents_agree(made, shown)


def _documents_agree(made, shown: monitor.Monitor) -> None:
    """The report's chapter and the workbook's sheet show the counts of the page of responses."""
    whole = shown.total
    nobody_hidden = SimpleNamespace(id=made.study_id, smallest_group=1)
    source = SimpleNamespace(study=nobody_hidden, content=None, tables=SimpleNamespace(rows=lambda *_, **__: []))
    invited, became, _ = sample.frame(source).parts
    assert [int(cell) for cell in invited.rows[-1][2:4]] == [25, whole["submitted"]]
    told = {name: int(number) for name, _, number in became.rows}
    assert told == {name.capitalize(): whole[name] for name in monitor.STATUSES if whole[name]} | {"All": 25}
    blueprint = SimpleNamespace(run=SimpleNamespace(dataset=SimpleNamespace(counts={})))
    sheet = dict(report_book.respondent_lines(made.study_id, blueprint))
    assert sheet == {"Invited": 25, "Started": whole.began, "Withdrew": whole["withdrew"]}


def _act(made, person: int, act: str) -> None:
    response = db.session.scalar(db.select(Response).where(Response.person_id == person))
    if act == "send":
        send(person, "accepted")
    elif act in ("bounced", "opted out", "registered"):
        happen(person, act)
    elif act == "withdraw":
        if response is not None:
            response.person_id, response.withdrawn_at = None, clock.now()
        happen(person, "withdrew")
    elif monitor.statuses(made.study_id, [person])[person] != "withdrew":
        response = response or respond(made, person, rated=2 if act == "rate" else 0)
        if act == "submit":
            response.submitted_at = START + timedelta(minutes=3)
        if act == "screen" and response.submitted_at is None:
            response.screened_out_at = START
        db.session.commit()


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
        ("Small harbours", 10), ("Big harbours", 0), ("No stratum", 1),
    ]  # fmt: skip
    whole = monitor.total(rows)
    assert dict(whole.by_status) == dict.fromkeys(monitor.STATUSES, 1)
    assert (whole.people, whole.with_link, whole.began) == (11, 9, 4)
    assert whole.share(whole.began) == 4 / 11
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
