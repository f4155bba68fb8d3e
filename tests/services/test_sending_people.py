"""Around the mail: opting out, reports of bounces, the open link, letters, what is not kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import InvalidInputError, NotFoundError, StateError, SurveyClosedError
from jta.models.delivery import OutboxMessage, Person, PersonEvent
from jta.models.sending import BounceReport, LeftAlone, Registration
from jta.models.survey import Instrument
from jta.services import bounces, links, opt_out, paper_letters, registration, retention, sending
from jta.services.delivery import edit_person, remove_person
from jta.services.delivery_checks import PersonDetails
from jta.services.delivery_import import merge_roster
from jta.services.delivery_merge import RosterLine, load_stored
from jta.services.delivery_roster import person_state
from jta.services.registration import Wish
from jta.services.sending import Postman
from jta.services.undecided import decide_unknown
from tests.mail_server import MailServer, mail_server
from tests.services.sending_study import DAY, TUESDAY, make_field, messages, people, respond, send_wave, states, work


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def stop_token(person: Person) -> str:
    return links.row_token("stop", person.id)


# --- opting out -------------------------------------------------------------------------------------------------


def test_who_opts_out_is_never_written_to_again_whatever_is_imported(app_context, server):
    study, dora = make_field(["a@example.org", "b@example.org"])
    first, _ = people(study.id)
    opt_out.opt_out(stop_token(first))
    opt_out.opt_out(stop_token(first))  # again is harmless
    with transaction():
        merge_roster(
            study, load_stored(study.id), [RosterLine(1, "P0001", "Person 1", "A@Example.org", "New district")]
        )
    send_wave(server, study, dora, "invitation", TUESDAY)
    assert server.recipients == {"b@example.org": 1}
    with pytest.raises(StateError):
        remove_person(dora, study.id, first.id)
    assert [e.kind for e in people(study.id)[0].events].count("opted out") == 1


def test_the_address_counts_too_where_the_row_is_new(app_context, server):
    study, dora = make_field(["a@example.org"])
    with transaction():
        opt_out.leave_alone(study.id, "A@example.org", "opted out")
    send_wave(server, study, dora, "invitation", TUESDAY)
    assert not server.received
    assert messages(study.id)[0].reason == "asked not to be written to"


@pytest.mark.parametrize("token", ["", "x", "AAAA", "A" * 32, "é", "..", "A" * 400])
def test_a_token_that_is_not_ours_leads_nowhere(app_context, token):
    make_field(["a@example.org"])
    with pytest.raises(NotFoundError):
        opt_out.opt_out(token)
    with pytest.raises(NotFoundError):
        registration.confirm(token)


def test_a_token_serves_one_purpose_and_one_person(app_context):
    study, _ = make_field(["a@example.org", "b@example.org"])
    first, second = people(study.id)
    assert stop_token(first) != stop_token(second)
    assert links.read_row_token("confirm", stop_token(first)) is None
    raw = stop_token(first)
    assert links.read_row_token("stop", raw[:-1] + ("A" if raw[-1] != "A" else "B")) is None


# --- bounces ----------------------------------------------------------------------------------------------------

REPORT = """\
From: MAILER-DAEMON@mx.example.org
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-{n}@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

I am sorry.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; a@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} No such user

--x
Content-Type: text/rfc822-headers

From: study@example.org
Message-ID: {message_id}
--x--
"""


def put(maildir: Path, n: int = 1, **given: str) -> None:
    """Put a report into a mailbox."""
    fields = {"to": "study@example.org", "action": "failed", "status": "5.1.1", "message_id": "<other@x>"} | given
    (maildir / "new").mkdir(parents=True, exist_ok=True)
    text = REPORT.format(n=n, **fields)
    (maildir / "new" / f"{n}.host").write_bytes(text.replace("\n", "\r\n").encode())


@pytest.fixture
def sent(app_context, server):
    study, dora = make_field(["a@example.org", "b@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    return study, dora, messages(study.id)[0]


def kinds() -> list[str]:
    return list(db.session.scalars(select(BounceReport.kind).order_by(BounceReport.id)))


def test_a_hard_bounce_stops_mail_until_the_address_is_replaced(sent, server, tmp_path):
    study, dora, message = sent
    put(tmp_path, message_id=message.message_id)
    assert bounces.read_bounces(tmp_path) == 1
    server.received.clear()
    send_wave(server, study, dora, "reminder", TUESDAY + 7 * DAY)
    assert server.recipients == {"b@example.org": 1}
    person = people(study.id)[0]
    edit_person(dora, study.id, person.id, PersonDetails("Person 1", "new@example.org"), seen=person_state(person))
    server.received.clear()
    send_wave(server, study, dora, "invitation", TUESDAY + 8 * DAY)
    assert server.recipients == {"new@example.org": 1}


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", "hard"), ("failed", "5.1.10", "hard"), ("failed", "5.2.1", "hard"),
        ("failed", "5.2.2", "soft"),
        ("failed", "5.7.1", "soft"), ("failed", "4.4.7", "soft"), ("delayed", "4.0.0", "delayed"),
        ("delivered", "2.0.0", "not ours"),
    ],
)  # fmt: skip
def test_the_status_says_whether_the_address_is_to_blame(sent, tmp_path, action, status, kind):
    study, _, message = sent
    put(tmp_path, action=action, status=status, message_id=message.message_id)
    bounces.read_bounces(tmp_path)
    assert kinds() == [kind]
    assert ("bounced" in [e.kind for e in people(study.id)[0].events]) == (kind == "hard")


def test_a_report_is_counted_once_whenever_the_reader_is_killed(sent, tmp_path):
    _study, _, message = sent
    put(tmp_path, message_id=message.message_id)
    kept = (tmp_path / "new" / "1.host").read_bytes()
    bounces.read_bounces(tmp_path)
    (tmp_path / "new" / "1.host").write_bytes(kept)  # as if the file had not been moved any more
    assert bounces.read_bounces(tmp_path) == 0
    assert kinds() == ["hard"]
    assert len(list((tmp_path / "cur").iterdir())) == 1


def test_the_mark_in_the_return_address_is_enough(sent, tmp_path):
    _study, _, message = sent
    put(tmp_path, to=f"Bounces+{links.bounce_mark(message.id).upper()}@example.org")
    bounces.read_bounces(tmp_path)
    assert kinds() == ["hard"]


def test_a_forged_mark_and_a_foreign_report_blame_nobody(sent, tmp_path):
    _study, _, message = sent
    put(tmp_path, 1, to=f"bounces+{message.id:x}-000000000000@example.org")
    put(tmp_path, 2)
    bounces.read_bounces(tmp_path)
    assert kinds() == ["not ours", "not ours"]


NO_REPORTS = [
    b"", b"\x00\xff" * 100, b"Subject: hi\r\n\r\nhello",
    b"Content-Type: multipart/report; boundary=\r\n\r\n--\r\n",
    b"Content-Type: message/delivery-status\r\n\r\n" + b"\xff" * 50,
]  # fmt: skip


@pytest.mark.parametrize("content", NO_REPORTS)
def test_what_cannot_be_read_is_kept_and_counted(sent, tmp_path, content):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.host").write_bytes(content)
    bounces.read_bounces(tmp_path)
    assert kinds() == ["unreadable"]
    assert [p.read_bytes() for p in (tmp_path / "cur").iterdir()] == [content]


def test_a_bounce_of_the_old_address_does_not_touch_the_new_one(sent, server, tmp_path):
    study, dora, message = sent
    person = people(study.id)[0]
    edit_person(dora, study.id, person.id, PersonDetails("Person 1", "new@example.org"), seen=person_state(person))
    put(tmp_path, message_id=message.message_id)
    bounces.read_bounces(tmp_path)
    send_wave(server, study, dora, "invitation", TUESDAY + 8 * DAY)
    assert server.recipients["new@example.org"] == 1


# --- unknown fate -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [True, False])
def test_the_director_decides_on_a_message_of_unknown_fate(app_context, server, again):
    study, dora = make_field(["cut-a@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    (message,) = messages(study.id)
    assert message.state == "unknown"
    with clock.running_on(lambda: TUESDAY + timedelta(hours=1)):
        decide_unknown(dora, study.id, message.id, again=again)
        if not again:
            with pytest.raises(StateError):
                decide_unknown(dora, study.id, message.id, again=True)
        work(Postman(server.settings(), "w"))
    ids = {one.message["Message-ID"] for one in server.received}
    assert (len(server.received), len(ids)) == (2 if again else 1, 1)


# --- the open link ----------------------------------------------------------------------------------------------


@pytest.fixture
def open_study(app_context, server):
    import dataclasses

    settings = app_context.config["SETTINGS"]
    app_context.config["SETTINGS"] = dataclasses.replace(settings, mail=server.settings())
    study, dora = make_field(["known@example.org"])
    registration.switch_open_link(dora, study.id, on=True)
    return study, dora, registration.open_link(study.id).rsplit("/", 1)[1]


def confirm_token() -> str:
    db.session.rollback()
    return links.row_token("confirm", db.session.scalar(select(func.max(Registration.id))))


def test_registering_sends_one_mail_and_confirming_makes_a_person(open_study, server):
    study, _, code = open_study
    registration.register(code, Wish("Robin", "robin@example.org", "Springfield"))
    work(Postman(server.settings(), "w"))
    assert server.recipients == {"robin@example.org": 1}
    assert links.site_url(f"/join/confirm/{confirm_token()}") in server.received[0].part("plain")
    assert len(people(study.id)) == 1  # nobody yet
    path = registration.confirm(confirm_token())
    assert registration.confirm(confirm_token()) == path
    robin = people(study.id)[1]
    assert links.link_url(robin).endswith(path)
    assert [e.kind for e in robin.events] == ["added", "registered", "link made"]


def test_a_known_address_leads_to_its_own_person_and_an_unwanted_one_gets_no_mail(open_study, server):
    study, _, code = open_study
    registration.register(code, Wish("Somebody", "Known@example.org"))
    work(Postman(server.settings(), "w"))
    registration.confirm(confirm_token())
    assert len(people(study.id)) == 1
    opt_out.opt_out(stop_token(people(study.id)[0]))
    with clock.running_on(lambda: clock._system_time() + 2 * DAY):
        registration.register(code, Wish("Somebody", "known@example.org"))
    work(Postman(server.settings(), "w"))
    assert len(server.received) == 1


def test_one_address_gets_few_mails_however_often_it_is_typed(open_study, server):
    _, _, code = open_study
    for day in range(6):
        for _ in range(3):
            with clock.running_on(lambda now=TUESDAY + day * timedelta(hours=25): now):
                registration.register(code, Wish("Robin", "robin@example.org"))
                work(Postman(server.settings(), "w"))
    assert server.recipients == {"robin@example.org": 3}


def test_a_put_off_confirmation_is_tried_again(open_study, server):
    _, _, code = open_study
    with clock.running_on(lambda: TUESDAY):
        registration.register(code, Wish("Robin", "later1-a@example.org"))
        work(Postman(server.settings(), "w"))
    assert not server.received
    with clock.running_on(lambda: TUESDAY + sending.SHORTEST):
        work(Postman(server.settings(), "w"))
    assert server.recipients == {"later1-a@example.org": 1}


def test_old_links_and_closed_surveys_take_nobody(open_study, server):
    study, dora, code = open_study
    with clock.running_on(lambda: TUESDAY):
        registration.register(code, Wish("Robin", "robin@example.org"))
    with clock.running_on(lambda: TUESDAY + timedelta(days=8)), pytest.raises(NotFoundError):
        registration.confirm(confirm_token())
    with transaction():
        db.session.get(type(study), study.id).stage = "closed"
    with pytest.raises(SurveyClosedError):
        registration.load_join_page(code)
    registration.switch_open_link(dora, study.id, on=False)
    with pytest.raises(NotFoundError):
        registration.register(code, Wish("Robin", "robin@example.org"))


@pytest.mark.parametrize("name", ["=?utf-8?q?x?=", "a\nBcc: b@c"])
def test_a_name_that_could_forge_a_head_is_refused(open_study, name):
    with pytest.raises(InvalidInputError):
        registration.register(open_study[2], Wish(name, "robin@example.org"))


def test_without_a_mail_server_there_is_no_open_link(app_context):
    study, dora = make_field([])
    with pytest.raises(StateError):
        registration.switch_open_link(dora, study.id, on=True)


# --- letters ----------------------------------------------------------------------------------------------------


def test_letters_go_to_those_whom_no_mail_reaches(app_context, tmp_path):
    study, dora = make_field(["a@example.org", "", ""])
    second, third = people(study.id)[1:]
    opt_out.opt_out(stop_token(third))
    assert paper_letters.count_letters(study.id, "no mail")[0] == 1
    assert paper_letters.count_letters(study.id, "silent")[0] == 2
    pdf = paper_letters.make_letters(dora, study.id, "no mail", 1, "a4")
    text = pdf_text(pdf, tmp_path)
    assert links.link_url(second) in text.replace("\n", "")
    assert "Person 2" in text
    assert audit.list_events(audit.study_chain(study.id))[-1].note == "1 letters"
    with pytest.raises(NotFoundError):
        paper_letters.make_letters(dora, study.id, "no mail", 2, "a4")


def pdf_text(pdf: bytes, folder: Path) -> str:
    import subprocess

    path = folder / "letters.pdf"
    path.write_bytes(pdf)
    return subprocess.run([shutil.which("pdftotext"), path, "-"], capture_output=True, text=True, check=True).stdout


# --- what is not kept -------------------------------------------------------------------------------------------


def close(study, at):
    with transaction():
        instrument = db.session.scalars(select(Instrument).where(Instrument.study_id == study.id)).one()
        instrument.closed_at = at
        db.session.get(type(study), study.id).stage = "closed"


def test_names_and_addresses_go_90_days_after_the_close_and_not_before(sent, server):
    study, _, _message = sent
    opt_out.opt_out(stop_token(people(study.id)[0]))
    close(study, TUESDAY)
    with clock.running_on(lambda: TUESDAY + timedelta(days=89, hours=23)):
        assert retention.erase_names() == 0
    with clock.running_on(lambda: TUESDAY + timedelta(days=90)):
        assert retention.erase_names() == 2
        assert retention.erase_names() == 0
    left = people(study.id)
    assert {(p.name, p.email, p.organization, p.token_hash) for p in left} == {("(erased)", None, "", None)}
    assert db.session.scalars(select(LeftAlone)).one().reason == "opted out"
    assert all(a.detail == "" for m in messages(study.id) for a in m.attempts)
    last = audit.list_events(audit.study_chain(study.id))[-1]
    assert (last.action, last.actor, last.note[:9]) == ("erased names", "worker", "2 people,")


def test_a_restored_backup_does_not_bring_back_who_was_left_alone(sent, server, tmp_path):
    study, dora, _ = sent
    first, second = people(study.id)
    respond(first)
    opt_out.opt_out(stop_token(second))
    with transaction():
        db.session.add(PersonEvent(person_id=first.id, kind="withdrew", at=clock.now()))
    assert retention.keep_list() == (2, 0)
    assert retention.keep_list() == (0, 0)
    with transaction():  # the backup of last week: nothing of this had happened
        gone = select(PersonEvent).where(PersonEvent.kind.in_(("withdrew", "opted out")))
        for row in [*db.session.scalars(select(LeftAlone)), *db.session.scalars(gone)]:
            db.session.delete(row)
    assert retention.keep_list() == (0, 2)
    first, second = people(study.id)
    assert [p.events[-1].kind for p in (first, second)] == ["withdrew", "opted out"]
    from jta.models.response import Response

    assert db.session.scalar(select(Response.person_id)) is None
    server.received.clear()
    send_wave(server, study, dora, "reminder", TUESDAY + 7 * DAY)
    assert not server.received


def test_a_half_written_line_of_the_list_is_written_again(sent):
    study, _, _ = sent
    opt_out.opt_out(stop_token(people(study.id)[0]))
    retention.keep_list()
    path = retention.erasure_file()
    path.write_text(path.read_text()[:-20])
    assert retention.keep_list() == (1, 0)
    assert "example.org" not in path.read_text()
    assert states(study.id)["a@example.org"] == "accepted"
    assert db.session.scalar(select(func.count(OutboxMessage.id))) == 2
