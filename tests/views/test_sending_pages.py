"""Pages of messages, and what the links of a message lead to: a GET never changes anything."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest

from jta import clock
from jta.db import db
from jta.models.audit import AuditEvent
from jta.models.delivery import Person, PersonEvent, Wave
from jta.models.response import Response
from jta.models.sending import Registration
from jta.services import registration
from jta.services.registration import Wish
from jta.services.sending import Postman
from tests.factories import post, signed_in_client
from tests.mail_server import MailServer, mail_server
from tests.services.sending_study import TUESDAY, make_field, messages, send_wave, work


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def site(app, server):
    """An application with a mail server, and a study in the field with four people who were invited."""
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], mail=server.settings())
    with app.app_context():
        addresses = ["anna@example.org", "cut-b@example.org", "nobody-c@example.org", ""]
        study, dora = make_field(addresses)
        send_wave(server, study, dora, "invitation", TUESDAY)
        registration.switch_open_link(dora, study.id, on=True)
        registration.register(registration.open_link(study.id).rsplit("/", 1)[1], Wish("New", "new@example.org"))
    return app


@pytest.fixture
def director(site):
    return signed_in_client(site)


BASE = "/studies/1/messages"


def counts() -> tuple[int, ...]:
    db.session.rollback()
    tables = (Person, PersonEvent, Response, Registration, AuditEvent, Wave)
    return tuple(db.session.scalar(db.select(db.func.count()).select_from(table)) for table in tables)


def mailed_links(server: MailServer, site) -> set[str]:
    """Every address that stands in a mail, and the open link."""
    found = {url for one in server.received for url in re.findall(r"http://127\.0\.0\.1:8000(/\S+)", one.part("plain"))}
    with site.app_context():
        work(Postman(server.settings(), "w"))
        found |= {url for one in server.received for url in re.findall(r"8000(/\S+)", one.part("plain"))}
        return found | {registration.open_link(1).removeprefix("http://127.0.0.1:8000")}


def test_twenty_visits_of_every_mailed_link_change_nothing(site, server):
    links = mailed_links(server, site)
    assert {link.split("/")[1] for link in links} == {"s", "stop", "join"}
    with site.app_context():
        before = counts()
    for link in links:
        for _ in range(20):
            for method in ("GET", "HEAD", "OPTIONS"):
                assert site.test_client().open(link, method=method).status_code == 200
    with site.app_context():
        assert counts() == before


def stop_link(server: MailServer) -> str:
    return re.search(r"8000(/stop/\S+)", server.received[0].part("plain"))[1]


def test_the_button_of_a_mail_program_stops_messages_without_a_form_token(site, server):
    url = server.received[0].message["List-Unsubscribe"].strip(" <>").removeprefix("http://127.0.0.1:8000")
    reply = site.test_client().post(url, data={"List-Unsubscribe": "One-Click"})
    assert reply.status_code == 200
    with site.app_context():
        assert [e.kind for e in db.session.get(Person, 1).events].count("opted out") == 1


def test_the_page_asks_with_a_button_and_says_when_it_is_done(site, server):
    client = site.test_client()
    page = client.get(stop_link(server)).text
    assert "Stop messages</button>" in page
    assert "anna@example.org" not in page
    assert "You will get no more messages" in client.post(stop_link(server)).text
    assert "You will get no more messages" in client.get(stop_link(server)).text
    assert client.get("/stop/AAAA").status_code == 404


def test_a_registration_goes_from_the_open_link_to_the_survey(site, server):
    links = mailed_links(server, site)
    client = site.test_client()
    (confirm,) = (link for link in links if link.startswith("/join/confirm/"))
    page = client.get(confirm)
    assert "Confirm and begin" in page.text
    reply = post(client, confirm)
    assert reply.status_code == 303
    assert client.get(reply.headers["Location"]).status_code == 200


def test_everybody_gets_the_same_answer_behind_the_open_link(site, server):
    link = next(link for link in mailed_links(server, site) if link.startswith("/join/") and "confirm" not in link)
    replies = []
    for address in ("anna@example.org", "fresh@example.org"):
        client = site.test_client()
        reply = post(client, link, {"name": "Robin", "email": address, "organization": "", "stratum_id": ""})
        replies.append(re.sub(r'nonce="[^"]+"', "", reply.text.replace(address, "X")))
    assert replies[0] == replies[1]
    assert "is on its way to X" in replies[0]


def test_the_overview_says_how_it_stands_and_what_to_do(site, director):
    page = director.get(BASE).text
    assert "Decide on 1 message" in page
    assert "1: Invitation" in page
    wave = director.get(f"{BASE}/waves/1").text
    assert "550 5.1.1 No such user here" in wave
    assert "has no e-mail address" in wave
    assert "Send it again" in wave
    assert "Person 3" in director.get(f"{BASE}/people/bounced").text
    story = director.get("/studies/1/roster/3").text
    assert "Invitation (wave 1): refused by the mail server" in story


def test_a_wave_is_planned_after_its_counts_were_seen(site, director):
    with site.app_context():
        before = counts()
    asked = {"kind": "reminder", "day": "", "hour": "9"}
    page = post(director, f"{BASE}/plan", asked)
    assert "2 people" in page.text
    with site.app_context():
        assert counts() == before
    assert post(director, f"{BASE}/plan", {**asked, "sure": "1"}).status_code == 303
    with site.app_context():
        assert counts()[-1] == before[-1] + 1
    again = post(director, f"{BASE}/plan", {**asked, "sure": "1"})
    assert again.status_code == 422
    assert "Leave at least 72 hours" in again.text
    past = post(director, f"{BASE}/plan", {**asked, "day": "2020-01-01"})
    assert "This moment is past" in past.text


def test_a_wave_is_paused_resumed_cancelled_and_then_stays_so(site, director):
    post(director, f"{BASE}/plan", {"kind": "thanks", "day": "", "hour": "9", "sure": "1"})
    for act, state in (("pause", "paused"), ("resume", "planned"), ("cancel", "cancelled")):
        post(director, f"{BASE}/waves/2/{act}", form_page=f"{BASE}/waves/2")
        with site.app_context():
            assert db.session.get(Wave, 2).state == state
    assert post(director, f"{BASE}/waves/2/resume", form_page=f"{BASE}/plan").status_code == 409


def test_a_message_of_unknown_fate_is_decided_on(site, director):
    with site.app_context():
        (unknown,) = (m.id for m in messages(1) if m.state == "unknown")
    post(director, f"{BASE}/decide/{unknown}", {"do": "leave"}, form_page=f"{BASE}/waves/1")
    page = director.get(f"{BASE}/waves/1?state=unknown").text
    assert "the director left it so" in page
    assert "Send it again" not in page


def test_a_text_is_worded_previewed_and_put_back(site, director):
    url = f"{BASE}/texts/invitation/en"
    page = director.get(url).text
    assert "Dear Person 1," in page
    assert "/s/" not in page  # no link that works
    bad = post(director, url, {"subject": "Hello", "body": "Hi {nme} {link} {opt_out}", "version": "0"})
    assert bad.status_code == 422
    assert "{nme} is not a field" in bad.text
    good = {"subject": "Hello {name}", "body": "Hi {link} {opt_out}", "version": "0"}
    assert post(director, url, good).status_code == 303
    late = post(director, url, {**good, "subject": "Other"})
    assert late.status_code == 409
    assert "Hello {name}" in late.text
    assert "Other" in late.text
    post(director, f"{url}/reset", form_page=url)
    assert "Dear Person 1," in director.get(url).text
    assert director.get(f"{BASE}/texts/nonsense/en").status_code == 404


def test_a_trial_goes_to_whoever_asks_with_links_that_do_not_work(site, director, server):
    url = f"{BASE}/texts/reminder/en"
    reply = post(director, f"{url}/trial", form_page=url)
    assert "Waiting for its turn" in director.get(reply.headers["Location"]).text
    with site.app_context():
        work(Postman(server.settings(), "w"))
    assert "The mail server took it" in director.get(reply.headers["Location"]).text
    trial = next(one for one in server.received if one.to == "dora@example.org")
    assert trial.message["Subject"].startswith("[Trial] ")
    assert "/s/" not in trial.part("plain")


def test_settings_are_saved_once_and_keep_what_was_typed(site, director):
    url = f"{BASE}/settings"
    typed = {
        "sender_name": "The study team", "reply_to": "team@example.org", "closes_on": "2026-12-31", "quiet_from": "20",
        "quiet_to": "8", "version": re.search(r'name="version"[^>]*value="(\d+)"', director.get(url).text)[1],
    }  # fmt: skip
    assert post(director, url, typed).status_code == 303
    late = post(director, url, {**typed, "sender_name": "Somebody else"})
    assert late.status_code == 409
    assert "The study team" in late.text
    assert "Somebody else" in late.text
    forged = post(director, url, {**typed, "sender_name": "=?utf-8?q?x?="})
    assert forged.status_code == 422


def test_letters_are_handed_out_as_pdf(site, director):
    url = f"{BASE}/letters"
    assert "2 letters" in director.get(f"{url}?who=no+mail").text
    reply = post(director, url, {"who": "no mail", "paper": "a4", "number": "1"}, form_page=f"{url}?who=no+mail")
    assert reply.data.startswith(b"%PDF")
    assert reply.headers["Cache-Control"] == "no-store"


def test_without_a_mail_server_the_page_says_that_nothing_is_sent(app):
    with app.app_context():
        make_field(["anna@example.org"])
        assert clock.now()
    page = signed_in_client(app).get(BASE).text
    assert "No mail server is configured" in page
    assert "none is sent" in page


def test_without_a_worker_the_page_says_so(site, director):
    site.config["JOBS_AT_ONCE"] = False
    assert "No worker is running" in director.get(BASE).text
