"""The migration to one outbox: what was on its way to panelists and to those who registered is found again."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from jta import clock
from jta.db import db
from jta.services import registration
from jta.services.panel_mail import came_back, plan_messages
from jta.services.registration import Wish
from jta.services.sending import Postman
from tests.mail_server import mail_server
from tests.services.panel_study import make_panel_study, open_round
from tests.services.sending_study import TUESDAY, make_field, send_wave, work

ADDRESSES = ("nobody-x@example.org", "later9-x@example.org")


def _send_some(server) -> int:
    """Leave messages of all kinds: taken, refused, put off, not begun; return the panel's study."""
    study, dora = make_field(["a@example.org"])
    send_wave(server, study, dora, "invitation", TUESDAY)
    registration.switch_open_link(dora, study.id, on=True)
    code = registration.open_link(study.id).rsplit("/", 1)[1]
    registration.register(code, Wish("Robin", "robin@example.org"))
    made = make_panel_study(3, email="nell@example.org")
    for ticket, email in zip(made.tickets, ADDRESSES, strict=False):
        change = text("UPDATE panelist SET email = :email WHERE id = :id")
        db.session.execute(change, {"email": email, "id": ticket.panelist_id})
    db.session.commit()
    plan_messages(made.dora, made.id, open_round(made, "review").id, seen=3)
    work(Postman(server.settings(), "w"))
    registration.register(code, Wish("Late", "late@example.org"))
    return made.id


def _stored(table: str) -> dict[str, str]:
    db.session.rollback()
    rows = db.session.execute(text(f"SELECT message_id, state FROM {table}"))
    found = {message_id: state for message_id, state in rows}
    db.session.rollback()
    return found


def test_every_message_keeps_its_state_there_and_back(app):
    from flask_migrate import downgrade, upgrade

    with mail_server() as server, app.app_context(), clock.running_on(lambda: TUESDAY):
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail=server.settings())
        study_id = _send_some(server)
        before, back = _stored("outbox_message"), came_back(study_id)
        assert sorted(before.values()) == ["accepted", "accepted", "accepted", "failed", "planned", "planned"]
        db.session.rollback()
        downgrade(revision="0014")
        assert sorted(_stored("panel_message").values()) == ["accepted", "planned", "refused"]
        assert len(_stored("outbox_message")) == 1
        upgrade()
        assert (_stored("outbox_message"), came_back(study_id)) == (before, back)
        work(Postman(server.settings(), "w"))
        assert server.recipients["late@example.org"] == 1
