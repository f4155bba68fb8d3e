"""Pages of panelists and of links in messages, to a reader of Spanish: no word of ours is left in English."""

from __future__ import annotations

import dataclasses
import html
import re
from functools import cache

import pytest
from flask.testing import FlaskClient

from jta import ROOT, clock
from jta.db import db
from jta.models.delivery import Person
from jta.models.sending import DeliverySettings, Registration
from jta.services import links, panel_rounds
from jta.services.panel_kinds import KINDS
from jta.services.sending import Postman
from tests.factories import csrf_from
from tests.mail_server import mail_server
from tests.services.panel_study import answer, close, finish, make_panel_study, open_round
from tests.services.sending_study import make_field, work
from tests.test_languages import catalogue

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}
SITE = "http://127.0.0.1:8000"


@cache
def ours() -> dict[str, re.Pattern[str]]:
    """Every sentence of ours that a page could show in English, as a pattern: values stand for anything."""
    found = {}
    for message in catalogue("es"):
        for text in (message.id,) if isinstance(message.id, str) else message.id:
            parts = re.split(r"%\(\w+\)s", text.replace("%%", "%"))
            if sum(len(part) for part in parts) > 12:
                found[text] = re.compile("[^|]{0,80}?".join(re.escape(part) for part in parts))
    return found


def read(client: FlaskClient, path: str, **form: str) -> str:
    """Open a page, or send a form; check that it is in Spanish, and return its text."""
    send = client.post if form else client.get
    reply = send(path, headers=SPANISH, follow_redirects=True, **({"data": form} if form else {}))
    text = html.unescape(reply.text)
    assert '<html lang="es"' in text, path
    shown = " | ".join(re.findall(r'(?:aria-label|title|alt|data-words)="([^"]*)"', reply.text))
    shown = html.unescape(shown + re.sub(r"<script.*?</script>|<[^>]*>", " | ", reply.text, flags=re.DOTALL))
    assert [words for words, pattern in ours().items() if pattern.search(shown)] == [], path
    return text


def come_in(app, url: str) -> FlaskClient:
    client = app.test_client()
    path = url.removeprefix(SITE)
    assert "Le damos la bienvenida al panel" in read(client, path)
    client.post(path, data={"csrf_token": csrf_from(client.get(path).text)})
    return client


def test_a_panelist_reads_every_page_in_spanish(sqlite_app):
    with sqlite_app.app_context():
        made = make_panel_study(signed=False)
        rounds = [
            open_round(made, kind, title=f"Number {number}", instructions=KINDS[kind].instructions)
            for number, kind in enumerate(KINDS)
        ]
        ids, url = [one.id for one in rounds], made.urls[0]
    client = come_in(sqlite_app, url)
    page = read(client, "/panel/statements")
    assert 'lang="en">I tell the study' in page  # what is signed stays in the study's own words, and says so
    page = read(client, "/panel/statements", csrf_token=csrf_from(page), mark=hidden(page, "mark"))
    assert "Escriba su nombre completo como firma." in page
    names = re.findall(r'name="(hash\.\w+)" value="(\w+)"', page)
    sign = dict(names) | {name.replace("hash", "agree"): "yes" for name, _ in names} | {"signed_as": "Ana"}
    home = read(client, "/panel/statements", csrf_token=csrf_from(page), mark=hidden(page, "mark"), **sign)
    assert "Sus rondas" in home
    for one, kind in zip(ids, KINDS, strict=True):
        page = read(client, f"/panel/rounds/{one}/1")
        assert "Lo que se le pide" in page
        assert kind in {"writing", "linkage", "weights"} or 'lang="en">Plan the' in page, kind
        read(client, f"/panel/rounds/{one}/finish")
    read(client, "/panel/statements")
    read(client, "/panel/leave", csrf_token=csrf_from(page))
    assert "Abra de nuevo el enlace" in read(client, "/panel")


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def test_feedback_results_and_refusals_of_a_round_are_in_spanish(sqlite_app):
    with sqlite_app.app_context():
        made = make_panel_study()
        first = open_round(made, "delphi", title="First")
        for number, ticket in enumerate(made.tickets):
            answer(ticket, first, {"1.1": str(number % 4 + 1), "1.2": "3"})
            finish(ticket, first)
        close(made, first)
        panel_rounds.release_results(made.dora, made.id, first.id)
        second = open_round(made, "delphi", title="Second", former_id=first.id)
        weights = open_round(made, "weights", title="Third")
        ids, url = (first.id, second.id, weights.id), made.urls[0]
    client = come_in(sqlite_app, url)
    assert "Lo que dijo el panel" in read(client, f"/panel/rounds/{ids[0]}/results")
    page = read(client, f"/panel/rounds/{ids[1]}/1")
    assert "La ronda anterior" in page
    assert "(su respuesta)" in page
    sent = {"csrf_token": csrf_from(page), "mark": hidden(page, "mark"), "seen": "{}"}
    field = re.search(r'name="(a\.\d+)"', page)[1]
    assert "Elija una de las respuestas" in read(client, f"/panel/rounds/{ids[1]}/1", **sent, **{field: "nine"})
    points = re.search(r'name="(a\.\d+)"', read(client, f"/panel/rounds/{ids[2]}/1"))[1]
    assert "Los puntos son números enteros" in read(client, f"/panel/rounds/{ids[2]}/1", **sent, **{points: "x"})
    assert "Sus puntos suman 0, no 100" in read(client, f"/panel/rounds/{ids[2]}/finish")
    assert "Esta ronda está cerrada." in read(client, f"/panel/rounds/{ids[0]}/1")


@pytest.fixture
def field(sqlite_app):
    """A study in the field with an open link and a mail server."""
    with mail_server() as server, sqlite_app.app_context():
        sqlite_app.config["SETTINGS"] = dataclasses.replace(sqlite_app.config["SETTINGS"], mail=server.settings())
        study, _ = make_field(["anna@example.org"])
        db.session.add(DeliverySettings(study_id=study.id, open_code="open"))
        db.session.commit()
        yield server


def test_registration_opt_out_and_their_mail_are_in_spanish(sqlite_app, field):
    client = sqlite_app.test_client()
    page = read(client, "/join/open")
    assert "Escriba su nombre." in read(client, "/join/open", csrf_token=csrf_from(page))
    form = {"csrf_token": csrf_from(page), "name": "Robin", "email": "robin@example.org", "organization": ""}
    assert "Mire en su buzón" in read(client, "/join/open", **form)
    work(Postman(field.settings(), "w"))
    (mail,) = field.received
    standard = (ROOT / "jta" / "messages" / "es" / "registration.txt").read_text()
    assert mail.message["Subject"].startswith("Por favor, confirme su dirección")
    assert "Alguien, esperamos que usted, pidió" in standard
    assert "Alguien, esperamos que usted, pidió" in mail.part("plain")
    assert '<html lang="es"' in mail.part("html")
    path = re.search(rf"{SITE}(/join/confirm/\S+)", mail.part("plain"))[1]
    page = read(client, path)
    client.post(path, data={"csrf_token": csrf_from(page)}, headers=SPANISH)
    db.session.rollback()
    robin = db.session.scalars(db.select(Person).where(Person.name == "Robin")).one()
    assert robin.attributes == {"language": "es"}  # reminders too are in Spanish
    stop = f"/stop/{links.row_token('stop', robin.id)}"
    assert "Pulse el botón para no recibir más mensajes" in read(client, stop)
    assert "No recibirá más mensajes" in read(client, stop, **{"List-Unsubscribe": "One-Click"})
    assert "Compruebe que copió el enlace completo" in read(client, "/stop/AAAA")
    with clock.running_on(lambda: db.session.scalars(db.select(Registration.asked_at)).one().replace(year=2099)):
        assert "Este enlace ya no es válido" in read(client, path)
