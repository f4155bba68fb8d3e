"""Create the demo studies through the same acts that people use, at simulated times.

One study is finished: survey closed, data frozen, blueprint adjusted, approved by a second person. Another one is
open, so that its survey can be tried. The third is a market study. Everything in them is simulated and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select

from jta import clock
from jta.audit import SYSTEM, Actor
from jta.db import db
from jta.demo import NOTICE
from jta.demo.bank import count_bank
from jta.demo.content import load_background, load_scales
from jta.demo.cycle import add_former_list
from jta.demo.market import create_market
from jta.demo.messages import begin_story, tell_story
from jta.demo.notes import Demo, DemoAccount, keep_demo, make_password
from jta.demo.panel import seed_panel
from jta.demo.responses import store_responses
from jta.demo.review import review_responses
from jta.demo.simulate import DAY, SimulatedStudy, simulate
from jta.demo.sources import add_sources
from jta.exports.csv_text import write_csv
from jta.models.delivery import Person
from jta.models.study import Study
from jta.services import (
    account,
    blueprint,
    blueprint_approval,
    delivery,
    delivery_import,
    report,
    report_files,
    results,
    review,
    survey,
)
from jta.services import study as study_service
from jta.services.blueprint_changes import RowInput, shown_percent
from jta.services.blueprint_dates import Dates, set_dates
from jta.services.instrument import list_scales
from jta.services.links import link_url
from jta.services.study_plan import plan_of, save_plan
from jta.services.study_strata import StratumRow, save_strata
from jta.services.survey_launch import close, launch

ZONE = "America/New_York"
LEVELS = {"recall": 0.25, "application": 0.45, "analysis": 0.3}  # target shares of the simulated exam
FIELDED = 30  # days the finished study's survey was open
STAFF = (
    ("administrator", "Ada Okafor", "ada@example.org"),
    ("director", "Dora Lindqvist", "dora@example.org"),
    ("psychometrician", "Piotr Nowak", "piotr@example.org"),
    ("approver", "Amina Haddad", "amina@example.org"),
    ("auditor", "Olu Mensah", "olu@example.org"),
)
PANEL_REASON = (
    "Simulated panel vote, 9 of 11: keep the area at 30 % so that its smallest skill area can be reported; "
    "the change lies within the interval."
)


def load_demo(instance: Path, say: Callable[[str], None]) -> Demo:
    """Create accounts and both studies, write the workbook, and keep what a visitor needs.

    Parameters
    ----------
    instance : Path
        Folder of the local installation.
    say : callable
        Told one sentence at each step.
    """
    simulated = simulate()
    launched = _nine_o_clock(days_ago=60)
    accounts, actors = _create_accounts(launched - timedelta(days=30))
    say("Creating the finished study: 100 task statements, 520 invited people …")
    finished = _prepare(actors, simulated, launched, "K-12 CTO practice analysis (simulated)", with_panel=True)
    say("Storing 300 simulated responses …")
    _field(actors["director"], finished, simulated, launched)
    say("Reviewing, freezing, analysing, proposing, approving, writing the reports …")
    workbook = _finish(actors, finished, launched, instance)
    say("Creating the open study, whose survey can be tried …")
    link = _open_study(actors, simulated, _nine_o_clock(days_ago=2))
    say("Creating the market study of a certification …")
    create_market(actors, _nine_o_clock(days_ago=120))
    demo = Demo(accounts, link, f"/studies/{finished.id}", str(workbook))
    keep_demo(instance, demo)
    return demo


def _nine_o_clock(days_ago: int) -> datetime:
    today = datetime.now(ZoneInfo(ZONE)).replace(hour=9, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=days_ago)).astimezone(UTC)


@contextmanager
def _at(moment: datetime) -> Iterator[None]:
    with clock.running_on(lambda: moment):
        yield


def _create_accounts(moment: datetime) -> tuple[tuple[DemoAccount, ...], dict[str, Actor]]:
    accounts, actors = [], {}
    with _at(moment):
        for role, name, email in STAFF:
            password = make_password()
            user = account.create_user(
                SYSTEM,
                email=email,
                name=name,
                password=password,
                administrator=role == "administrator",
                must_change=False,
            )
            accounts.append(DemoAccount(role, name, email, password))
            actors[role] = Actor(name, role, user.id)
    return tuple(accounts), actors


def _prepare(
    actors: dict[str, Actor], simulated: SimulatedStudy, launched: datetime, title: str, *, with_panel: bool = False
) -> Study:
    """Create a study with inventory, scales, plan, roster and links, maybe a panel, and launch it."""
    with _at(launched - timedelta(days=21)):
        study = _create_study(actors, title)
        _word_scales(actors["director"], study)
        _plan(actors["psychometrician"], study)
    if with_panel:
        seed_panel(actors["director"], study, launched - timedelta(days=20), _at)
        with _at(launched - timedelta(days=8)):
            add_former_list(actors["director"], study)
            add_sources(actors["director"], study)
    with _at(launched - timedelta(days=7)):
        _import_roster(actors["director"], study, simulated)
        delivery.make_links(actors["director"], study.id)
    with _at(launched):
        launch(actors["director"], study.id)
    return study


def _create_study(actors: dict[str, Actor], title: str) -> Study:
    details = study_service.StudyDetails(
        title=title,
        credential="K-12 technology leader certification (simulated)",
        purpose="Find out what district technology leaders do, and weigh the exam of a certification by it. Three "
        "areas of the framework are tested; the fourth, Core Values & Skills, runs through them all.",
        population="Chief technology officers and directors of technology of K-12 school districts.",
        contact="Dora Lindqvist, dora@example.org",
        time_zone=ZONE,
        exam_items=100,
        notice=NOTICE,
    )
    study = study_service.create_study(
        actors["administrator"],
        account.get_user(actors["administrator"].user_id or 0),
        details,
        start=study_service.FRAMEWORK,
        director_email="dora@example.org",
    )
    for role, _, email in STAFF[2:]:
        account.grant_role(actors["director"], study_id=study.id, email=email, role=role)
    return study


def _word_scales(director: Actor, study: Study) -> None:
    """Give the scales the demo's own prompts and anchors, as the director does on the survey page."""
    words = {scale.code: scale for scale in load_scales()}
    for scale in list_scales(study.id):
        own = words[scale.code]
        labels = {anchor.code: anchor.label for anchor in own.anchors}
        text = survey.ScaleText(own.title, own.prompt, {a.id: labels[a.code] for a in scale.anchors})
        survey.edit_scale(director, study.id, scale.id, text, version=scale.version)


def _plan(psychometrician: Actor, study: Study) -> None:
    rule = [
        {"measure": "mean", "cut": 3.0, "review": None, "anchor": None, "scale": None},
        {"measure": "performing", "cut": 0.5, "review": None, "anchor": None, "scale": None},
    ]
    plan = {**plan_of(study), "retention": rule, "seed": 2026, "cognitive_levels": LEVELS}
    save_plan(psychometrician, study.id, plan, version=study.version)


def _import_roster(director: Actor, study: Study, simulated: SimulatedStudy) -> None:
    enrolment = next(question for question in load_background() if question.code == "enrolment")
    counts = {c.level: c.districts for c in simulated.frame if c.variable == "enrolment"}
    rows = [StratumRow(c.code, c.label, frame_count=counts[c.code], target=60) for c in enrolment.choices]
    save_strata(director, study.id, rows, version=study.version)
    content = write_csv(
        ["person_code", "name", "email", "organization", "stratum", "locale", "region"],
        list(simulated.roster),
        mark=False,
    )
    preview = delivery_import.preview_roster(director, study.id, content, "roster.csv")
    if not preview.token:
        raise RuntimeError(f"the demo's roster was refused: {preview.refused or preview.problems[:3]}")
    delivery_import.apply_roster(director, study.id, preview.token)


def _field(director: Actor, study: Study, simulated: SimulatedStudy, launched: datetime) -> None:
    """Write to the people of the finished study, and let them answer between the waves."""

    def respond(first: float, last: float) -> None:
        chosen = [r for r in simulated.responses if first <= r.started / DAY < last]
        codes = {r.person_code for r in chosen}
        store_responses(study.id, chosen, [r for r in simulated.ratings if r.person_code in codes], launched)

    tell_story(director, study.id, launched, _silent(simulated), respond)


def _silent(simulated: SimulatedStudy) -> list[str]:
    answered = {r.person_code for r in simulated.responses}
    return [p.person_code for p in simulated.roster if p.person_code not in answered]


def _finish(actors: dict[str, Actor], study: Study, launched: datetime, instance: Path) -> Path:
    closed = launched + timedelta(days=FIELDED)
    with _at(closed):
        close(actors["director"], study.id)
    with _at(closed + timedelta(days=1)):
        review_responses(actors["psychometrician"], study.id)
    with _at(closed + timedelta(days=2)):
        dataset = review.freeze_dataset(actors["psychometrician"], study.id)
    with _at(closed + timedelta(days=3)):
        run = results.analyze_dataset(actors["psychometrician"], study.id, dataset.number)
        proposed = blueprint.propose(actors["director"], study.id, run.id)
    with _at(closed + timedelta(days=10)):
        _adjust(actors["director"], study.id, proposed.number)
        _date(actors["director"], study.id, proposed.number)
        count_bank(actors["director"], study.id, proposed.number)
        blueprint_approval.submit(actors["director"], study.id, proposed.number)
    with _at(closed + timedelta(days=14)):
        seen = blueprint.content_hash(blueprint.get_blueprint(study.id, proposed.number))
        blueprint_approval.decide(
            actors["approver"], study.id, proposed.number, decision="approved", seen_hash=seen,
            reason="Simulated board vote, unanimous.",
        )  # fmt: skip
        document = report.write_workbook(actors["director"], study.id, proposed.number)
        for name in report_files.REPORTS:
            report_files.write_report(actors["director"], study.id, proposed.number, name)
    path = instance / "blueprint-simulated.xlsx"
    path.write_bytes(document.content)
    return path


def _date(director: Actor, study_id: int, number: int) -> None:
    """Say when the exam follows the blueprint, and when the next study is due."""
    now = blueprint.get_blueprint(study_id, number)
    start = clock.now().date().replace(day=1) + timedelta(days=190)
    dates = Dates(start, "Forms made before stay in use until then.", start.replace(year=start.year + 5, day=1))
    set_dates(
        director, study_id, number, seen_version=now.version, dates=dates, reason="Simulated plan of the exam's forms."
    )


def _adjust(director: Actor, study_id: int, number: int) -> None:
    now = blueprint.get_blueprint(study_id, number)
    rows = [
        RowInput(
            row.code,
            Decimal(30) if row.code == "2" else shown_percent(row.weight),
            row.minimum,
            row.maximum,
            "Panel vote (simulated)" if row.code == "2" else row.rationale,
        )
        for row in now.rows
    ]
    blueprint.adjust(
        director,
        study_id,
        number,
        seen_version=now.version,
        rows=rows,
        items=now.items,
        reason=PANEL_REASON,
        share_rest=True,
    )


def _open_study(actors: dict[str, Actor], simulated: SimulatedStudy, launched: datetime) -> str:
    """Create the study whose survey is open, and return the path of one person's link into it."""
    study = _prepare(actors, simulated, launched, "K-12 CTO practice analysis, open survey (simulated)")
    begin_story(actors["director"], study.id, launched, _silent(simulated))
    early = [r for r in simulated.responses if r.last_saved < 36 * 3600][:40]
    answered = {r.person_code for r in early}
    store_responses(study.id, early, [r for r in simulated.ratings if r.person_code in answered], launched)
    silent = next(p.person_code for p in simulated.roster if p.person_code not in answered)
    return urlsplit(link_url(_person(study.id, silent))).path


def _person(study_id: int, code: str) -> Person:
    return db.session.scalars(select(Person).where(Person.study_id == study_id, Person.code == code)).one()
