"""Builders of a study before launch, for tests of studies and inventories."""

from __future__ import annotations

from jta.audit import Actor
from jta.models.account import User
from jta.models.study import Study
from jta.services.inventory_rows import InventoryRow
from jta.services.study import EMPTY, StudyDetails, create_study
from tests.factories import make_user

DETAILS = StudyDetails(title="Practice analysis 2027", credential="CTO", time_zone="America/Chicago", exam_items=120)


def actor_of(user: User, role: str = "director") -> Actor:
    """Return an account as somebody who acts."""
    return Actor(user.name, role, user.id)


def make_study(start: str = EMPTY, email: str = "dora@example.org", **changes: object) -> tuple[Study, Actor]:
    """Return a new study and its director; an administrator of that address's name created it."""
    dora = make_user(email)
    admin = make_user(f"admin-{email}", "Ada Admin", administrator=True)
    details = StudyDetails(**{**DETAILS.__dict__, **changes})
    study = create_study(actor_of(admin, "administrator"), admin, details, start=start, director_email=email)
    return study, actor_of(dora)


def row(code: str, statement: str, in_domain: str = "1", sub: str = "", number: int = 0, **more: str) -> InventoryRow:
    """Return one row of an inventory; names of areas are their codes unless given."""
    texts = {"domain": f"Domain {in_domain}", "subdomain": f"Sub {sub}" if sub else "", **more}
    return InventoryRow(code, statement, in_domain, subdomain_code=sub, number=number, **texts)


def launch(study: Study) -> None:
    """Freeze an instrument of no content: enough to lock what launch locks."""
    from jta import clock
    from jta.db import db
    from jta.models.survey import Instrument

    db.session.add(Instrument(study_id=study.id, number=1, content={}, content_hash="0", launched_at=clock.now()))
    study.stage = "fielding"
    db.session.commit()
