"""Messages to panelists about an open round: who gets one, that nobody gets two, what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jta import clock
from jta.db import db
from jta.errors import InvalidInputError, NotFoundError, StateError
from jta.models.audit import AuditEvent
from jta.models.delivery import OutboxMessage
from jta.services import bounces, links, opt_out, panel, registration, sending, trial_mail
from jta.services.outbox import Words
from jta.services.panel_mail import came_back, load_outlook, plan_messages, remind_due
from jta.services.panel_visits import open_by_link
from jta.services.person_story import load_panel_story
from jta.services.registration import Wish
from jta.services.sending import Postman
from jta.services.waves import WavePlan, plan_waves
from tests.mail_server import MailServer, mail_server
from tests.services.panel_study import close, finish, make_panel_study, open_round
from tests.services.sending_study import TUESDAY, make_field, work


@pytest.fixture
def server(app_context) -> Iterator[MailServer]:
    """A mail server, and the application set to use it, on a morning in New York."""
    with mail_server() as running, clock.running_on(lambda: TUESDAY):
        app_context.config["SETTINGS"] = replace(app_context.config["SETTINGS"], mail=running.settings())
        yield running


def send(server: MailServer, name: str = "w") -> None:
    work(Postman(server.settings(), name))


def _states() -> list[str]:
    db.session.rollback()
    return [message.state for message in db.session.query(OutboxMessage).order_by(OutboxMessage.id)]


def _rename(made, number: int, email: str) -> None:
    person = panel.get_panelist(made.id, made.tickets[number].panelist_id)
    details = replace(panel.details_of(person), email=email)
    panel.edit_panelist(made.dora, made.id, person.id, details, version=person.version)


def test_whoever_has_not_sent_it_in_gets_one_message_with_their_own_link(server):
    made = make_panel_study(4)
    one = open_round(made, "review")
    finish(made.tickets[0], one)
    _rename(made, 1, "")
    outlook = load_outlook(one)
    assert (len(outlook.people), outlook.left_out) == (2, {"sent the round in": 1, "no e-mail address": 1})
    assert plan_messages(made.dora, made.id, one.id, seen=2) == 2
    send(server)
    send(server, "other")
    assert sorted(server.recipients) == ["e3.1@example.org", "e4.1@example.org"]
    assert _states() == ["accepted", "accepted"]
    text = next(one for one in server.received if one.to == "e3.1@example.org").part("plain")
    token = text.split("/p/")[1].split()[0]
    assert open_by_link(token).panelist.name == "Expert 3"
    assert load_outlook(one).left_out["had a message within 72 hours"] == 2


def test_reminders_keep_three_days_apart_and_end_after_three(server):
    made = make_panel_study(1)
    one = open_round(made, "review")
    with pytest.raises(InvalidInputError, match="1 people"):
        plan_messages(made.dora, made.id, one.id, seen=2)
    now = clock.now()
    for days in (0, 3, 6, 9):  # no weekend among them
        with clock.running_on(lambda at=now + timedelta(days=days): at):
            assert plan_messages(made.dora, made.id, one.id, seen=1) == 1
            send(server)
    with clock.running_on(lambda: now + timedelta(days=30)):
        assert load_outlook(one).left_out == {"had 4 messages about this round": 1}
    assert server.recipients["e1.1@example.org"] == 4


def test_what_is_not_needed_any_more_is_not_sent(server):
    made = make_panel_study(3)
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=3)
    finish(made.tickets[0], one)
    panel.part_from(made.dora, made.id, made.tickets[1].panelist_id, reason="Moved")
    send(server)
    assert _states() == ["skipped", "skipped", "accepted"]
    close(made, one)
    with pytest.raises(StateError, match="while a round is open"):
        plan_messages(made.dora, made.id, one.id, seen=1)


@pytest.mark.parametrize(("address", "state"), [("refused-a@example.org", "failed"), ("cut-a@example.org", "unknown")])
def test_each_answer_of_the_server_ends_the_message_once(server, address, state):
    made = make_panel_study(1)
    _rename(made, 0, address)
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=1)
    send(server)
    send(server)
    assert (_states(), server.offered[address]) == ([state], 1)


def test_put_off_is_tried_again_later_and_arrives_once_with_its_story(server):
    made = make_panel_study(1)
    _rename(made, 0, "later2-a@example.org")
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=1)
    for minutes in (0, 9, 10, 29, 30, 60):
        with clock.running_on(lambda at=TUESDAY + timedelta(minutes=minutes): at):
            send(server)
    assert (_states(), server.recipients["later2-a@example.org"]) == (["accepted"], 1)
    story = load_panel_story(panel.get_panelist(made.id, made.tickets[0].panelist_id))
    assert [moment.what for moment in story] == [
        "Round 1, Review: put off by the mail server", "Round 1, Review: put off by the mail server",
        "Round 1, Review: taken by the mail server",
    ]  # fmt: skip
    assert "Greylisted" in story[0].detail


def test_a_message_on_its_way_when_the_worker_died_is_not_sent_again(server):
    made = make_panel_study(1)
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=1)
    (message_id,) = sending.claim("dead")
    assert sending.begin_hand_over(sending.prepare(message_id, Words()), "dead")
    with clock.running_on(lambda: TUESDAY + timedelta(minutes=16)):
        send(server)
    assert (_states(), server.received) == (["unknown"], [])


def test_what_is_planned_in_quiet_hours_waits_for_the_morning(server):
    made = make_panel_study(1)
    one = open_round(made, "review")
    night, morning = TUESDAY + timedelta(hours=12), TUESDAY + timedelta(hours=22)
    with clock.running_on(lambda: night):
        plan_messages(made.dora, made.id, one.id, seen=1)
        send(server)
    assert _states() == ["planned"]
    with clock.running_on(lambda: morning):
        send(server)
    assert _states() == ["accepted"]


def test_one_limit_a_minute_holds_for_waves_panel_registrations_and_trials_together(server):
    study, dora = make_field([f"p{n}@example.org" for n in range(5)])
    made = make_panel_study(5, email="nell@example.org")
    one = open_round(made, "review")
    registration.switch_open_link(dora, study.id, on=True)
    plan_waves(dora, study.id, [WavePlan("invitation", TUESDAY)])
    plan_messages(made.dora, made.id, one.id, seen=5)
    trial_mail.ask_trial(dora, study.id, "invitation", "en")
    registration.register(registration.open_link(study.id).rsplit("/", 1)[1], Wish("Robin", "robin@example.org"))
    settings, arrived = server.settings(per_minute=4), []
    for minute in range(4):
        for second in (0, 30):
            with clock.running_on(lambda m=minute, s=second: TUESDAY + timedelta(minutes=m, seconds=s + m)):
                for name in ("one", "two"):
                    work(Postman(settings, name))
        arrived.append(len(server.received))
    assert arrived == [4, 8, 12, 12]
    assert {"robin@example.org", "dora@example.org"} < {one.to for one in server.received[:4]}  # they wait for it
    assert not any(one.to.startswith("p") for one in server.received[:7])


def test_without_a_mail_server_nothing_is_planned(app_context):
    made = make_panel_study(1)
    one = open_round(made, "review")
    with pytest.raises(StateError, match="No mail server"):
        plan_messages(made.dora, made.id, one.id, seen=1)
    assert _states() == []


def _report(maildir, *, message_id: str = "", to: str = "study@example.org", address: str, status: str = "5.1.1"):
    folder = maildir / "new"
    folder.mkdir(parents=True, exist_ok=True)
    content = (
        f"Message-ID: <report@mx>\r\nTo: {to}\r\nContent-Type: multipart/report; report-type=delivery-status; "
        "boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{message_id and 'Message-ID: ' + message_id}\r\n\r\n--b--\r\n"
    )
    (folder / f"{len(list(folder.iterdir()))}.mx").write_bytes(content.encode())


@pytest.mark.parametrize("by", ["message", "mark"])
def test_mail_that_came_back_stops_mail_until_the_address_is_replaced(server, tmp_path, by):
    made = make_panel_study(2)
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=2)
    send(server)
    sent = db.session.query(OutboxMessage).order_by(OutboxMessage.id).first()
    mark = links.bounce_mark(sent.id)
    which = {"message_id": sent.message_id} if by == "message" else {"to": f"bounces+{mark}@example.org"}
    _report(tmp_path, address="e1.1@example.org", **which)
    assert (bounces.read_bounces(tmp_path), bounces.read_bounces(tmp_path)) == (1, 0)
    later = clock.now() + timedelta(days=4)
    with clock.running_on(lambda: later):
        assert load_outlook(one).left_out == {"whose mail came back": 1}
        assert "550 no such user" in came_back(made.id)[sent.panelist_id].detail
        assert load_panel_story(panel.get_panelist(made.id, sent.panelist_id))[-1].what.endswith("came back (hard)")
        _rename(made, 0, "new@example.org")
        assert (len(load_outlook(one).people), came_back(made.id)) == (2, {})


def test_a_panelist_stops_messages_by_the_link_in_one(server):
    made = make_panel_study(2)
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=2)
    send(server)
    message = next(got.message for got in server.received if got.to == "e1.1@example.org")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = message["List-Unsubscribe"].strip("<>").rsplit("/", 1)[1]
    assert token in message.get_body(("plain",)).get_content()
    assert (opt_out.load_stop_page(token).stopped, opt_out.load_stop_page(token).panel) == (False, True)
    for _ in range(2):
        opt_out.opt_out(token)
    assert opt_out.load_stop_page(token).stopped
    later = clock.now() + timedelta(days=4)
    with clock.running_on(lambda: later):
        assert load_outlook(one).left_out == {"stopped these messages": 1}
        opt_out.resume_panel(token)
        opt_out.resume_panel(token)
        assert len(load_outlook(one).people) == 2
    for action in ("stopped panel messages", "resumed panel messages"):
        assert db.session.query(AuditEvent).filter_by(action=action).count() == 1
    with pytest.raises(NotFoundError):
        opt_out.resume_panel(links.row_token("stop", 1))


def test_what_was_stopped_meanwhile_is_not_sent_and_respondents_are_others(server):
    made = make_panel_study(2)
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=2)
    opt_out.leave_alone(made.id, "e1.1@example.org", "opted out")  # as a respondent: the panel is another matter
    db.session.commit()
    opt_out.opt_out(links.row_token(opt_out.PANEL_STOP, made.tickets[1].panelist_id))
    send(server)
    assert (_states(), list(server.recipients)) == (["accepted", "skipped"], ["e1.1@example.org"])


def test_an_address_that_does_not_exist_counts_as_come_back(server):
    made = make_panel_study(1)
    _rename(made, 0, "nobody-a@example.org")
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=1)
    send(server)
    assert "No such user" in came_back(made.id)[made.tickets[0].panelist_id].detail
    assert load_outlook(one).left_out == {"whose mail came back": 1}


def test_whoever_is_behind_is_reminded_once_before_the_date_outside_quiet_hours(server):
    made = make_panel_study(2)
    thursday = datetime(2027, 3, 4, 15, tzinfo=UTC)  # 10 o'clock in New York
    one = open_round(made, "review", due_on=thursday.date() + timedelta(days=3), remind_days=3)
    finish(made.tickets[0], one)
    for at, expected in (
        (thursday - timedelta(days=1), 0), (thursday - timedelta(hours=9), 0), (thursday, 1), (thursday, 0),
    ):  # fmt: skip
        with clock.running_on(lambda at=at: at):
            assert remind_due() == expected
            send(server)
    assert server.recipients == {"e2.1@example.org": 1}
    with pytest.raises(InvalidInputError, match="Set the date first"):
        open_round(made, "review", remind_days=3)


def test_a_server_that_never_takes_it_ends_the_message_after_three_days(server):
    made = make_panel_study(1)
    _rename(made, 0, "full-a@example.org")
    one = open_round(made, "review")
    plan_messages(made.dora, made.id, one.id, seen=1)
    for hours in range(0, 84, 6):
        with clock.running_on(lambda at=TUESDAY + timedelta(hours=hours): at):
            send(server)
    assert (_states(), server.received) == (["failed"], [])
