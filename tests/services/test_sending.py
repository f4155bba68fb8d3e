"""The sender against a real SMTP server on loopback: every answer it can give, and nothing sent twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from jta import clock, mail
from jta.db import db, transaction
from jta.models.audit import AuditEvent
from jta.models.delivery import OutboxMessage, PersonEvent, Wave
from jta.services import sending, waves
from jta.services.delivery import edit_person, remove_person
from jta.services.delivery_checks import PersonDetails
from jta.services.delivery_roster import person_state
from jta.services.links import link_url
from jta.services.outbox import Words
from jta.services.sending import Postman
from jta.services.sending_page import load_wave_page
from jta.services.waves import WavePlan, plan_waves
from tests.mail_server import MailServer, mail_server
from tests.services.sending_study import (
    DAY,
    TUESDAY,
    make_field,
    messages,
    people,
    respond,
    send_wave,
    states,
    work,
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def event(person, kind):
    with transaction():
        db.session.add(PersonEvent(person_id=person.id, kind=kind, at=clock.now()))


def test_everybody_gets_one_message_with_their_own_link(app_context, server):
    study, dora = make_field([f"p{n}@example.org" for n in range(30)])
    send_wave(server, study, dora, "invitation", TUESDAY)
    assert set(states(study.id).values()) == {"accepted"}
    assert set(server.recipients.values()) == {1}
    links = {person.email: link_url(person) for person in people(study.id)}
    for one in server.received:
        text, html = one.part("plain"), one.part("html")
        assert links[one.to] in text
        assert links[one.to] in html
        assert "{" not in text
    wave = db.session.scalars(select(Wave)).one()
    with clock.running_on(lambda: TUESDAY + DAY):
        work(Postman(server.settings(), "w"))
    assert db.session.get(Wave, wave.id).state == "done"
    assert len(server.received) == 30


def test_a_message_says_who_it_is_from_and_how_to_stop(app_context, server):
    study, dora = make_field(["robin@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    head = server.received[0].message
    assert head["From"] == "Practice analysis 2027 <study@example.org>"
    assert head["To"] == "Person 1 <robin@example.org>"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert head["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/stop/")
    assert head["Message-ID"] == messages(study.id)[0].message_id
    assert head["Date"] == "Tue, 08 Sep 2026 15:00:00 +0000"


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("nobody-a@example.org", "failed"), ("refused-a@example.org", "failed"), ("spam-a@example.org", "failed"),
        ("cut-a@example.org", "unknown"), ("later1-a@example.org", "planned"), ("full-a@example.org", "planned"),
        ("bye-a@example.org", "planned"), ("drop-a@example.org", "planned"),
    ],
)  # fmt: skip
def test_each_answer_leads_to_its_state_and_the_others_get_their_message(app_context, server, address, state):
    study, dora = make_field(["first@example.org", address, "last@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    assert states(study.id) == {"first@example.org": "accepted", address: state, "last@example.org": "accepted"}
    assert max(server.offered.values()) == 1
    with clock.running_on(lambda: TUESDAY + timedelta(minutes=9)):
        work(Postman(server.settings(), "w"))
    assert max(server.offered.values()) == 1  # never twice within five minutes


def test_an_address_that_does_not_exist_counts_as_bounced_and_a_refused_text_does_not(app_context, server):
    study, dora = make_field(["nobody-a@example.org", "refused-a@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    bounced, refused = ([e.kind for e in person.events] for person in people(study.id))
    assert "bounced" in bounced
    assert "bounced" not in refused


def test_put_off_is_tried_again_with_longer_and_longer_waits(app_context, server):
    study, dora = make_field(["later3-a@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    moment, tried = TUESDAY, [TUESDAY]
    while states(study.id)["later3-a@example.org"] == "planned":
        moment += timedelta(minutes=1)
        before = server.offered.total()
        with clock.running_on(lambda now=moment: now):
            work(Postman(server.settings(), "w"))
        if server.offered.total() > before:
            tried.append(moment)
    waits = [int((b - a).total_seconds() / 60) for a, b in pairwise(tried)]
    assert waits == [10, 20, 40]
    assert states(study.id) == {"later3-a@example.org": "accepted"}
    assert [a.outcome for a in messages(study.id)[0].attempts] == ["later"] * 3 + ["accepted"]


def test_after_72_hours_of_later_it_fails_with_at_most_30_tries(app_context, server):
    study, dora = make_field(["full-a@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    moment = TUESDAY
    while states(study.id)["full-a@example.org"] == "planned":
        moment = max(moment, messages(study.id)[0].due_at)
        with clock.running_on(lambda now=moment: now):
            work(Postman(server.settings(), "w"))
    assert states(study.id)["full-a@example.org"] == "failed"
    assert moment - TUESDAY <= timedelta(hours=72)
    assert 5 < server.offered.total() <= 30


def test_a_dead_mail_server_holds_everything_and_blames_nobody(app_context, server):
    study, dora = make_field(["a@example.org", "b@example.org"])
    dead = server.settings(port=1)
    with clock.running_on(lambda: TUESDAY):
        plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        postman = Postman(dead, "w")
        work(postman)
    assert postman.trouble == "The mail server cannot be reached: nobody listens there."
    assert set(states(study.id).values()) == {"planned"}
    assert [m.tries for m in messages(study.id)] == [0, 0]
    with clock.running_on(lambda: TUESDAY + timedelta(hours=1)):
        work(Postman(server.settings(), "w"))
    assert set(states(study.id).values()) == {"accepted"}


def test_a_server_that_does_not_take_our_sender_fails_nobody(app_context, server):
    study, dora = make_field(["a@example.org"])
    server.sender_reply = "530 5.7.0 Authentication required"
    with clock.running_on(lambda: TUESDAY):
        plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        postman = Postman(server.settings(), "w")
        work(postman)
    assert "530 5.7.0" in postman.trouble
    assert states(study.id) == {"a@example.org": "planned"}


def test_a_server_away_for_72_hours_ends_the_wait(app_context, server):
    study, dora = make_field(["a@example.org"])
    dead = server.settings(port=1)
    for hours in (0, 71, 73):
        with clock.running_on(lambda now=TUESDAY + timedelta(hours=hours): now):
            if hours == 0:
                plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
            work(Postman(dead, "w"))
    (message,) = messages(study.id)
    assert (message.state, message.reason) == ("failed", f"{sending.GAVE_UP}.")


def test_encryption_that_is_asked_for_and_not_offered_sends_nothing(app_context, server):
    study, dora = make_field(["a@example.org"])
    with clock.running_on(lambda: TUESDAY):
        plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        postman = Postman(server.settings(tls="starttls"), "w")
        work(postman)
    assert "does not offer the encryption" in postman.trouble
    assert not server.received


def test_without_a_mail_server_nothing_begins(app_context):
    from jta.mail_settings import MailSettings

    study, dora = make_field(["a@example.org"])
    with clock.running_on(lambda: TUESDAY):
        plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        postman = Postman(MailSettings(), "w")
        work(postman)
    assert postman.trouble == sending.NOT_CONFIGURED
    assert messages(study.id) == []


def test_a_claim_of_a_dead_worker_is_taken_up_and_a_message_on_its_way_becomes_unknown(app_context, server):
    study, dora = make_field(["a@example.org", "b@example.org"])
    with clock.running_on(lambda: TUESDAY):
        plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        waves.turn_waves()
        first, _ = sending.claim("dead")
        letter = sending.prepare(first, Words())
        assert sending.begin_hand_over(letter, "dead")  # and here the worker is killed
        work(Postman(server.settings(), "w"))
        assert not server.received  # the claims still count
    with clock.running_on(lambda: TUESDAY + sending.LEASE):
        work(Postman(server.settings(), "w"))
    assert states(study.id) == {"a@example.org": "unknown", "b@example.org": "accepted"}
    with clock.running_on(lambda: TUESDAY + 2 * DAY):
        work(Postman(server.settings(), "w"))
    assert server.recipients == {"b@example.org": 1}


def test_the_answer_that_comes_late_is_the_truth(app_context, server):
    study, dora = make_field(["a@example.org"])
    with clock.running_on(lambda: TUESDAY):
        plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        waves.turn_waves()
        (only,) = sending.claim("slow")
        assert sending.begin_hand_over(sending.prepare(only, Words()), "slow")
    with clock.running_on(lambda: TUESDAY + sending.LEASE):
        sending.sweep()
        assert states(study.id) == {"a@example.org": "unknown"}
        sending.record(only, "slow", mail.Reply(mail.ACCEPTED, "250 Taken"))
    assert states(study.id) == {"a@example.org": "accepted"}


def test_two_senders_share_the_work_and_nobody_gets_two(app_context, server):
    study, dora = make_field([f"p{n}@example.org" for n in range(60)])
    with clock.running_on(lambda: TUESDAY):
        plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        waves.turn_waves()
        first, second = sending.claim("one"), sending.claim("two")
        assert not set(first) & set(second)
        sending.release([*first, *second], "one")
        assert not set(sending.claim("three")) & set(second)


@pytest.mark.parametrize("change", ["opted out", "withdrew", "submitted", "bounced", "removed", "cancelled", "paused"])
def test_who_may_get_it_is_judged_again_when_it_is_handed_over(app_context, server, change):
    study, dora = make_field(["a@example.org"])
    (person,) = people(study.id)
    with clock.running_on(lambda: TUESDAY):
        (wave,) = plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        waves.turn_waves()
        (only,) = sending.claim("w")
        letter = sending.prepare(only, Words())
        if change == "submitted":
            respond(person, submitted=True)
        elif change == "removed":
            remove_person(dora, study.id, person.id)
        elif change == "cancelled":
            waves.cancel_wave(dora, study.id, wave.id)
        elif change == "paused":
            waves.pause_wave(dora, study.id, wave.id)
        else:
            event(person, change)
        assert not sending.begin_hand_over(letter, "w")
        sending.release([only], "w")
        work(Postman(server.settings(), "w"))
    ended = {"removed": {}, "cancelled": {"a@example.org": "cancelled"}, "paused": {"a@example.org": "planned"}}
    assert states(study.id) == ended.get(change, {"a@example.org": "skipped"})
    assert not server.received


def test_an_address_changed_meanwhile_gets_the_message_and_the_old_one_does_not(app_context, server):
    study, dora = make_field(["old@example.org"])
    (person,) = people(study.id)
    with clock.running_on(lambda: TUESDAY):
        plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        waves.turn_waves()
        (only,) = sending.claim("w")
        letter = sending.prepare(only, Words())
        edit_person(dora, study.id, person.id, PersonDetails("Person 1", "new@example.org"), seen=person_state(person))
        assert not sending.begin_hand_over(letter, "w")
        work(Postman(server.settings(), "w"))
    assert server.recipients == {"new@example.org": 1}


def test_quiet_hours_put_messages_off_to_the_morning(app_context, server):
    study, dora = make_field(["a@example.org"])
    late = TUESDAY + timedelta(hours=11)  # nine in the evening in Chicago
    send_wave(server, study, dora, "invitation", late)
    assert not server.received
    assert messages(study.id)[0].due_at == TUESDAY + timedelta(hours=21)  # seven in the morning
    with clock.running_on(lambda: TUESDAY + timedelta(hours=21)):
        work(Postman(server.settings(), "w"))
    assert server.recipients == {"a@example.org": 1}


def test_reminders_go_to_non_responders_and_another_text_to_partials(app_context, server):
    study, dora = make_field(["silent@example.org", "begun@example.org", "done@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    _, begun, done = people(study.id)
    respond(begun)
    respond(done, submitted=True)
    server.received.clear()
    send_wave(server, study, dora, "reminder", TUESDAY + 6 * DAY)
    subjects = {one.to: one.message["Subject"] for one in server.received}
    assert subjects == {
        "silent@example.org": "Reminder: Practice analysis 2027",
        "begun@example.org": "Your answers are saved: please finish – Practice analysis 2027",
    }
    assert states(study.id)["done@example.org"] == "skipped"


def test_one_invitation_three_reminders_and_no_more(app_context, server):
    study, dora = make_field(["a@example.org"])
    for number, kind in enumerate(["invitation", "reminder", "reminder", "reminder", "reminder", "invitation"]):
        send_wave(server, study, dora, kind, TUESDAY + 7 * number * DAY)
    assert server.recipients == {"a@example.org": 4}
    reasons = [m.reason for m in messages(study.id) if m.state == "skipped"]
    assert reasons == ["has had 3 reminders", "was invited before"]


def test_thanks_go_once_to_each_who_submits(app_context, server):
    study, dora = make_field(["a@example.org", "b@example.org"])
    first, second = people(study.id)
    send_wave(server, study, dora, "thanks", TUESDAY)
    assert not server.received
    for hours, person in ((1, first), (2, second)):
        with clock.running_on(lambda now=TUESDAY + timedelta(hours=hours): now):
            respond(person, submitted=True)
            work(Postman(server.settings(), "w"))
            work(Postman(server.settings(), "w"))
    assert server.recipients == {"a@example.org": 1, "b@example.org": 1}


def test_a_wave_waits_for_the_launch_and_ends_with_the_survey(app_context, server):
    study, dora = make_field(["a@example.org"], launched=False)
    send_wave(server, study, dora, "invitation", TUESDAY)
    assert not server.received
    with transaction():
        study.stage = "closed"
    with clock.running_on(lambda: TUESDAY + DAY):
        work(Postman(server.settings(), "w"))
    wave = db.session.scalars(select(Wave)).one()
    assert (wave.state, wave.note) == ("cancelled", waves.CLOSED)
    assert db.session.scalars(select(OutboxMessage)).all() == []


def test_the_audit_trail_tells_of_waves_and_holds_no_address(app_context, server):
    from jta import audit

    study, dora = make_field(["robin@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    with clock.running_on(lambda: TUESDAY + DAY):
        work(Postman(server.settings(), "w"))
    events = audit.list_events(audit.study_chain(study.id))
    assert [e.action for e in events][-3:] == ["planned wave", "began wave", "ended wave"]
    assert events[-1].note == "1 accepted"
    assert not any("robin" in f"{e.object} {e.note}" for e in events)
    assert audit.verify()[1] == []


def test_thanks_reach_who_got_another_address_before_submitting(app_context, server):
    study, dora = make_field(["nobody-a@example.org", "b@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    send_wave(server, study, dora, "thanks", TUESDAY + timedelta(hours=1))
    assert server.recipients == {"b@example.org": 1}
    first = people(study.id)[0]
    with transaction():
        first.email = "a@example.org"
        db.session.add(PersonEvent(person_id=first.id, kind="address replaced", at=TUESDAY))
    with clock.running_on(lambda: TUESDAY + timedelta(hours=2)):
        respond(first, submitted=True)
        work(Postman(server.settings(), "w"))
    assert server.recipients["a@example.org"] == 1
    invitation = db.session.scalars(select(Wave).where(Wave.kind == "invitation")).one()
    assert [line.email for line in load_wave_page(invitation).rows] == ["an earlier address", "b@example.org"]


def test_all_workers_together_keep_to_so_many_messages_a_minute(app_context, server):
    study, dora = make_field([f"p{n}@example.org" for n in range(7)])
    settings = server.settings(per_minute=3)
    plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
    for minute, arrived in enumerate((3, 6, 7)):
        for second in (0, 20, 40):
            with clock.running_on(lambda m=minute, s=second: TUESDAY + timedelta(minutes=m, seconds=s + m)):
                for name in ("one", "two"):
                    work(Postman(settings, name))
        assert len(server.received) == arrived


def test_the_database_is_free_while_the_mail_server_is_spoken_to(sqlite_app, server):
    with sqlite_app.app_context():
        study, dora = make_field(["a@example.org", "later1-b@example.org"])
        path = db.engine.url.database

        def take_the_write_lock(_to: str) -> None:
            with closing(sqlite3.connect(path, timeout=0)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")

        server.on_data = take_the_write_lock  # an error here is an error of the mail server
        send_wave(server, study, dora, "invitation", TUESDAY)
        assert states(study.id) == {"a@example.org": "accepted", "later1-b@example.org": "planned"}


def test_a_wave_of_many_begins_in_steps_and_can_be_taken_up_between_them(app_context, server, monkeypatch):
    monkeypatch.setattr(waves, "STEP", 2)
    study, dora = make_field([f"p{n}@example.org" for n in range(5)])
    with clock.running_on(lambda: TUESDAY):
        (wave,) = plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
        ids = [person.id for person in people(study.id)]
        assert waves._begin_step(wave.id, ids[:2], last=False)  # and then the worker died
        assert sending.claim("w") == []
        work(Postman(server.settings(), "w"))
    assert set(server.recipients.values()) == {1}
    assert len(server.received) == 5
    note = select(AuditEvent.note).where(AuditEvent.action == "began wave")
    assert db.session.scalars(note).all() == ["invitation, 5 messages"]
