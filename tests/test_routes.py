"""Every route x method x role: who may, who may not, and that a refusal looks like nothing at all."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jta.rights import ANY_DIRECTOR, ANYONE, RULES, SAFE_METHODS, STAFF, STUDY
from tests.factories import make_user, post, signed_in_client
from tests.services.closed_study import make_closed_study
from tests.services.panel_study import panel_objects

ROLES = ("anonymous", "disabled", "administrator", *STUDY, "stranger")


@dataclass
class World:
    """Two whole studies, a client for each role, and the addresses of every object of each study."""

    app: Flask
    clients: dict[str, FlaskClient]
    own: dict[str, object]
    other: dict[str, object]
    database: Path
    kept: Path

    def restore(self) -> None:
        from jta.db import db

        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        shutil.copy(self.kept, self.database)


def _messages(study_id: int, director) -> dict[str, object]:
    from jta import clock
    from jta.db import db, transaction
    from jta.models.delivery import OutboxMessage, Person
    from jta.services.outbox import plan_message
    from jta.services.waves import WavePlan, plan_waves

    (wave,) = plan_waves(director, study_id, [WavePlan("closing", clock.now())])
    person = db.session.scalars(db.select(Person).where(Person.study_id == study_id)).first()
    with transaction():
        message = OutboxMessage(
            study_id=study_id, person_id=person.id, wave_id=wave.id, message_id=f"<{study_id}@example.org>",
            state="unknown", due_at=clock.now(), first_due_at=clock.now(), ended_at=clock.now(),
        )  # fmt: skip
        db.session.add(message)
        trial = plan_message(study_id, wait=False, user_id=director.user_id, text_kind="invitation", language="en")
    return {
        "wave_id": wave.id, "message_id": message.id, "act": "pause", "text_kind": "invitation", "language": "en",
        "trial_id": trial.id, "reason": "bounced",
    }  # fmt: skip


def _objects(study_id: int, actors) -> dict[str, object]:
    from sqlalchemy import select

    from jta import clock
    from jta.db import db
    from jta.models.account import Membership
    from jta.models.blueprint import Alternative
    from jta.models.cycle import FormerList, FormerStatement
    from jta.models.delivery import Person
    from jta.models.inventory import Domain, Knowledge, Task
    from jta.models.inventory_record import CheckDismissal, Reference
    from jta.models.response import Response
    from jta.models.study import Study
    from jta.models.survey import Question, RatingScale, SurveyPage
    from jta.services import (
        blueprint,
        collect,
        collect_apply,
        data_files,
        market_themes,
        report,
        report_files,
        results,
        results_jobs,
        review,
    )

    file = collect.upload_file(actors["director"], study_id, b"id,1.1 importance\nA1,5\n", "elsewhere.csv")
    collect_apply.read_through(actors["director"], study_id, version=file.version)
    review.freeze_dataset(actors["psychometrician"], study_id)
    run = results.analyze_dataset(actors["psychometrician"], study_id, 1)
    blueprint.propose(actors["director"], study_id, run.id)
    document = report.write_workbook(actors["director"], study_id, 1)
    rows = blueprint.get_blueprint(study_id, 1).rows
    alternative = Alternative(
        blueprint_id=rows[0].blueprint_id, name="Shorter", items=10, by_name="Dora", at=clock.now(),
        rows=[[row.code, row.weight, None, None] for row in rows],
    )  # fmt: skip
    knowledge = Knowledge(study_id=study_id, code="K1", statement="Contract law", position=1)
    reference = Reference(study_id=study_id, code="R1", citation="A book")
    db.session.add_all([knowledge, reference, alternative])
    db.session.flush()
    dismissal = CheckDismissal(
        study_id=study_id, knowledge_id=knowledge.id, rule="long", wording="x", reason="y", by_name="z", at=clock.now()
    )
    former = FormerStatement(code="1", statement="Plan", position=1)
    old = FormerList(study_id=study_id, title="Old", weights=[], by_name="z", at=clock.now(), statements=[former])
    db.session.add_all([dismissal, old])
    db.session.get_one(Study, study_id).languages = ["en", "es"]
    db.session.commit()

    def first(model):
        return db.session.scalars(select(model).where(model.study_id == study_id).order_by(model.id)).first().id

    area = db.session.scalars(select(Domain).where(Domain.study_id == study_id, Domain.parent_id.is_not(None))).first()
    return {
        "study_id": study_id,
        "task_id": first(Task),
        "question_id": first(Question),
        "page_id": db.session.scalars(
            select(SurveyPage.id).where(SurveyPage.study_id == study_id, SurveyPage.kind == "questions")
        ).first(),
        "key": "scale:importance:title",
        "domain_id": area.id,
        "knowledge_id": knowledge.id,
        "reference_id": reference.id,
        "list_id": old.id,
        "former_id": former.id,
        "dismissal_id": dismissal.id,
        "area_id": area.id,
        "scale_id": first(RatingScale),
        "person_id": first(Person),
        "membership_id": first(Membership),
        "member_id": first(Membership),
        "run_id": run.id,
        "job_id": results_jobs.ask_analysis(actors["psychometrician"], study_id, 1)[0],
        "document_id": document.id,
        "alternative_id": alternative.id,
        "line_code": "NCCA14.1",
        "theme_id": market_themes.add_theme(actors["psychometrician"], study_id, "Cost", "").id,
        "data_form": "wide-csv",
        "report_name": "public-summary",
        "report_job_id": report_files.ask_report(actors["director"], study_id, 1, "public-summary"),
        "data_job_id": data_files.ask_archive(actors["psychometrician"], study_id),
        "user_id": db.session.scalars(select(Membership.user_id).where(Membership.study_id == study_id)).first(),
        "code": db.session.scalars(select(Response.code).where(Response.study_id == study_id)).first(),
        "number": 1,
        "page": 1,
        "name": "task_stats",
        "picture": "weights",
        "kind": "csv",
        "form": "csv",
        "extension": "csv",
        "file_type": "csv",
        "token": "unknown",
        "filename": "css/tokens.css",
        "direction": "up",
        "text_language": "es",
        **panel_objects(study_id, actors["director"]),
        **_messages(study_id, actors["director"]),
    }


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    from jta import create_app
    from jta.audit import SYSTEM
    from jta.services import account
    from tests.conftest import make_settings

    folder = tmp_path_factory.mktemp("world")
    database = folder / "jta.sqlite"
    shutil.copy(sqlite_template, database)
    app = create_app(make_settings(f"sqlite:///{database}"), instance=folder)
    app.config.update(PROPAGATE_EXCEPTIONS=False, JOBS_AT_ONCE=True)
    with app.app_context():
        study, actors = make_closed_study(12)
        other, strangers = make_closed_study(12, prefix="x")
        for role in STUDY:
            make_user(f"{role}@example.org", role.title())
            account.grant_role(actors["director"], study_id=study.id, email=f"{role}@example.org", role=role)
        gone = make_user("disabled@example.org", "Dis Abled")
        account.grant_role(actors["director"], study_id=study.id, email="disabled@example.org", role="director")
        own, foreign = _objects(study.id, actors), _objects(other.id, strangers)
        gone_id = gone.id
    clients = {role: signed_in_client(app, f"{role}@example.org") for role in (*STUDY, "disabled")}
    clients["administrator"] = signed_in_client(app, "ada@example.org")
    clients["stranger"] = signed_in_client(app, "xdora@example.org")
    clients["anonymous"] = app.test_client()
    with app.app_context():
        account.set_active(SYSTEM, gone_id, active=False)
    kept = folder / "kept.sqlite"
    shutil.copy(database, kept)
    return World(app, clients, own, foreign, database, kept)


def _addresses(app: Flask, objects: dict[str, object]) -> list[tuple[str, str, str]]:
    """Return endpoint, method and path of every route, for the objects of one study."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            values = {name: objects[name] for name in rule.arguments}
            path = app.url_map.bind("").build(rule.endpoint, values)
            found += [(rule.endpoint, method, path) for method in sorted(rule.methods & {"GET", "POST"})]
    return found


def test_every_route_has_a_rule_and_every_rule_a_route(world):
    routes = {rule.endpoint for rule in world.app.url_map.iter_rules()}
    assert routes == set(RULES)


def test_every_method_of_a_route_has_a_role(world):
    for rule in world.app.url_map.iter_rules():
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            assert RULES[rule.endpoint].roles(method), f"{method} {rule.endpoint} is open to nobody"


def _held(role: str, *, in_study: bool) -> set[str]:
    if role == "administrator":
        return {STAFF, "administrator"}
    if role == "stranger":  # director of the other study
        return {STAFF, ANY_DIRECTOR} if in_study else {STAFF, ANY_DIRECTOR, "director"}
    if role == "director":
        return {STAFF, ANY_DIRECTOR, role} if in_study else {STAFF, ANY_DIRECTOR}
    return {STAFF, role} if in_study else {STAFF}


def _is_sign_in(reply) -> bool:
    return reply.status_code == 303 and "/account/sign-in" in reply.headers["Location"]


def _fault(role: str, allowed: frozenset[str], method: str, path: str, reply, *, in_study: bool) -> str | None:
    """Return what is wrong with a reply, or None."""
    if reply.status_code >= 500:
        return "failed"
    if ANYONE in allowed:
        return "asks to sign in" if _is_sign_in(reply) or reply.status_code == 401 else None
    if role in {"anonymous", "disabled"}:
        right = _is_sign_in(reply) if method in SAFE_METHODS else reply.status_code == 401
        return None if right else "should ask to sign in"
    if allowed & _held(role, in_study=in_study):
        if path == "/account/sign-out":
            return None if _is_sign_in(reply) else "should sign out"
        return "should be let through" if reply.status_code in {401, 404} or _is_sign_in(reply) else None
    return None if reply.status_code == 404 else "should look like nothing"


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("whose", ["own", "other"])
def test_the_matrix(world, role, whose):
    world.app.config["WTF_CSRF_ENABLED"] = False
    objects, faults, seen = getattr(world, whose), [], 0
    for endpoint, method, path in _addresses(world.app, objects):
        in_study = whose == "own"
        if whose == "other" and "/studies/" not in path:
            continue
        client = world.clients[role]
        cookies = client.get_cookie("jta")
        reply = client.open(path, method=method, data={"run_id": objects["run_id"]} if method == "POST" else None)
        if method == "POST":
            world.restore()
            if cookies is not None:
                client.set_cookie("jta", cookies.value)
        reply.close()
        seen += 1
        if fault := _fault(role, RULES[endpoint].roles(method), method, path, reply, in_study=in_study):
            faults.append(f"{role} {method} {path}: {reply.status_code}, {fault}")
    assert seen > 50
    assert not faults, "\n".join(faults)


def test_reading_changes_nothing(world):
    world.restore()
    world.app.config["WTF_CSRF_ENABLED"] = True
    before, guilty = _fingerprint(world), []
    for role in ROLES:
        for _, method, path in _addresses(world.app, world.own):
            if method == "GET":
                world.clients[role].get(path).close()
                world.clients[role].head(path).close()
                if _fingerprint(world) != before:
                    guilty.append(f"{role} {path}")
                    before = _fingerprint(world)
    assert not guilty, "\n".join(guilty)


def _fingerprint(world) -> str:
    return hashlib.sha256(world.database.read_bytes()).hexdigest()


def test_forbidden_and_unknown_look_the_same(world):
    client, mine, foreign = world.clients["panelist"], world.own["study_id"], world.other["study_id"]
    pages = [
        client.get(path).text
        for path in (
            f"/studies/{foreign}",
            "/studies/999999",
            f"/studies/{mine}/roster",
        )
    ]
    plain = {re.sub(r"<code>[0-9a-f]{16}</code>|nonce=\"[^\"]+\"|value=\"[^\"]+\"", "", page) for page in pages}
    assert len(plain) == 1


def test_every_post_needs_a_csrf_token(world):
    world.restore()
    world.app.config["WTF_CSRF_ENABLED"] = True
    for endpoint, method, path in _addresses(world.app, world.own):
        # The button of a mail program has no form token; the token of its address is its authority (RFC 8058).
        if method == "POST" and endpoint != "mail.stop":
            reply = world.clients["director"].post(path, data={})
            assert reply.status_code == 400, f"{endpoint} took a form without a token: {reply.status_code}"


def test_an_account_with_a_first_password_must_change_it(world):
    from jta.audit import SYSTEM
    from jta.services import account
    from tests.factories import PASSWORD

    world.app.config["WTF_CSRF_ENABLED"] = True
    with world.app.app_context():
        account.create_user(SYSTEM, email="new@example.org", name="New Comer", password=PASSWORD)
    client = signed_in_client(world.app, "new@example.org")
    assert client.get("/studies").headers["Location"].endswith("/account/profile")
    reply = post(client, "/account/profile", {"old": PASSWORD, "password": "another long secret sentence"})
    assert reply.status_code == 303
    assert client.get("/studies").status_code == 200
    world.restore()
