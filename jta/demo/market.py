"""The demo's market study: simulated people say what they think of a certification for technology leaders.

Drawn with a fixed seed so that the totals echo the figures published in 2011: nearly 70 % would require it, nearly
80 % would be more likely to consider somebody who holds one, whatever the size of the district. Nothing else of it is
anybody's data.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from jta import clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.demo import NOTICE
from jta.demo.responses import new_code
from jta.exports.csv_text import write_csv
from jta.models.delivery import Person
from jta.models.response import Answer, Response
from jta.models.study import Study
from jta.models.survey import Question
from jta.services import delivery, delivery_import, market_data, market_themes
from jta.services import study as study_service
from jta.services.account import get_user, grant_role
from jta.services.instrument import newest_instrument
from jta.services.study_stage import change_stage
from jta.services.study_strata import StratumRow, save_strata
from jta.services.survey_launch import close, launch

SEED = 2011
TITLE = "Market study of a certification for technology leaders (simulated)"
SIZES = {"under_2500": (60, 290), "2500_9999": (90, 330), "10000_24999": (70, 170), "25000_plus": (40, 110)}
SIZE_LABELS = {
    "under_2500": "Fewer than 2,500 students", "2500_9999": "2,500 to 9,999 students",
    "10000_24999": "10,000 to 24,999 students", "25000_plus": "25,000 students or more",
}  # fmt: skip
ANSWER_RATE = 0.5
REQUIRE, PREFER = 0.695, 0.83
DAYS = 21
THEMES = (
    ("Cost", "The exam fee, time away from work, who pays.", ("What matters to us is who pays for it.",
     "The fee must fit a small district's budget.", "Time to prepare is the real cost.")),
    ("Content", "What the exam should ask.", ("It should ask about leading people, not about products.",
     "Include privacy and security of student data.", "Instruction must come before equipment.")),
    ("Recognition", "Whether boards and superintendents would value it.", ("Our board would have to understand it.",
     "It would help me to be heard in the cabinet.", "Superintendents should be told about it.")),
    ("Doubt", "Whether it is needed or fair.", ("Experience tells more than a certificate.",
     "Small districts cannot be choosy about candidates.", "I would like to see proof that it helps students.")),
)  # fmt: skip


@dataclass(frozen=True)
class Simulated:
    """One simulated person: district size, whether and when they answered, and what."""

    size: str
    seconds: int | None
    minutes: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    theme: int | None = None


def simulate_market(seed: int = SEED) -> list[Simulated]:
    """Return the simulated people, the same at every call."""
    rng = random.Random(seed)  # noqa: S311  a simulation, not a secret
    people = []
    for size, (invited, _) in SIZES.items():
        for _ in range(invited * 3):
            answered = rng.random() < ANSWER_RATE
            people.append(_answer(rng, size) if answered else Simulated(size, None))
    return people


def _answer(rng: random.Random, size: str) -> Simulated:
    def one(weights: Mapping[str, float]) -> str:
        return rng.choices(list(weights), list(weights.values()))[0]

    def some(weights: Mapping[str, float], most: int) -> list[str]:
        found = [code for code, p in weights.items() if rng.random() < p][:most]
        return found or ["none"]

    answers: dict[str, Any] = {
        "role": one({"superintendent": 0.25, "cto": 0.3, "director": 0.33, "other": 0.12}),
        "enrolment": size,
        "locale": one({"city": 0.2, "suburb": 0.3, "town": 0.22, "rural": 0.28}),
        "region": one({"northeast": 0.22, "midwest": 0.27, "south": 0.32, "west": 0.19}),
        "years": min(40, max(0, round(rng.gauss(9, 6)))),
        "require": one({"yes": REQUIRE, "no": 0.2, "unsure": 0.105}),
        "prefer": one({"more": PREFER, "same": 0.11, "less": 0.03, "unsure": 0.05}),
        "success": one({"1": 0.03, "2": 0.06, "3": 0.15, "4": 0.44, "5": 0.32}),
        "support": one({"1": 0.06, "2": 0.13, "3": 0.26, "4": 0.38, "5": 0.17}),
        "seek": one({"yes": 0.61, "no": 0.2, "unsure": 0.19}),
        "gains": some(
            {"skills": 0.62, "hiring": 0.45, "learning": 0.48, "standing": 0.4, "pay": 0.2, "trust": 0.18}, 3
        ),
        "barriers": some({"cost": 0.58, "time": 0.62, "value": 0.3, "small": 0.2, "other_cert": 0.1}, 5),
        "fee": 50 * round(max(2.0, rng.gauss(7.5, 3.5))),
    }
    theme = rng.randrange(len(THEMES)) if rng.random() < 0.3 else None
    if theme is not None:
        answers["comment"] = rng.choice(THEMES[theme][2])
    return Simulated(size, round(rng.random() * DAYS * 86_400 * 0.9), rng.randint(4, 11), answers, theme)


def create_market(actors: dict[str, Actor], launched: datetime) -> Study:
    """Create the market study from its template, with its answers, themes and a frozen data set."""
    people = simulate_market()
    with clock.running_on(lambda: launched - timedelta(days=14)):
        study = _create(actors)
        _invite(actors["director"], study, people)
        change_stage(actors["director"], study.id, to="survey")
    with clock.running_on(lambda: launched):
        launch(actors["director"], study.id)
    _store(study, people, launched)
    with clock.running_on(lambda: launched + timedelta(days=DAYS)):
        close(actors["director"], study.id)
    with clock.running_on(lambda: launched + timedelta(days=DAYS + 2)):
        _code_comments(actors["psychometrician"], study)
        market_data.freeze_answers(actors["psychometrician"], study.id)
    return study


def _create(actors: dict[str, Actor]) -> Study:
    details = study_service.StudyDetails(
        title=TITLE, credential="Certified Education Technology Leader", time_zone="America/New_York", notice=NOTICE,
        purpose="Find out whether those who would use it want a certification for district technology leaders.",
        population="Superintendents, technology leaders and others who lead technology in a school district.",
        contact="Dora Lindqvist, dora@example.org",
    )  # fmt: skip
    creator = get_user(actors["administrator"].user_id or 0)
    study = study_service.create_study(
        actors["administrator"], creator, details, start=study_service.MARKET_STUDY, director_email="dora@example.org"
    )
    for role in ("psychometrician", "auditor"):
        email = get_user(actors[role].user_id or 0).email
        grant_role(actors["director"], study_id=study.id, email=email, role=role)
    rows = [StratumRow(code, SIZE_LABELS[code], frame * 12, target) for code, (target, frame) in SIZES.items()]
    save_strata(actors["director"], study.id, rows, version=study.version)
    return study


def _invite(director: Actor, study: Study, people: list[Simulated]) -> None:
    rows = [
        (f"M{n:04}", f"Simulated person {n}", f"market{n}@example.org", f"Imaginary district {n}", person.size)
        for n, person in enumerate(people, start=1)
    ]
    content = write_csv(("person_code", "name", "email", "organization", "stratum"), rows)
    preview = delivery_import.preview_roster(director, study.id, content, "market-roster.csv")
    delivery_import.apply_roster(director, study.id, preview.token)
    delivery.make_links(director, study.id)


def _store(study: Study, people: list[Simulated], launched: datetime) -> None:
    """Store the responses as the survey would."""
    instrument = newest_instrument(study.id)
    if instrument is None:
        raise LookupError("The demo's market study was not launched.")
    invited = {p.code: p for p in db.session.scalars(select(Person).where(Person.study_id == study.id))}
    questions = list(db.session.scalars(select(Question).where(Question.study_id == study.id)))
    with transaction():
        rows: list[dict[str, Any]] = []
        for n, given in enumerate(people, start=1):
            if given.seconds is None:
                continue
            person, started = invited[f"M{n:04}"], launched + timedelta(seconds=given.seconds)
            response = Response(
                study_id=study.id, instrument_id=instrument.id, person_id=person.id, stratum_id=person.stratum_id,
                code=new_code(), receipt=new_code(), consent_hash=instrument.content["consent"]["hash"],
                started_at=started, submitted_at=started + timedelta(minutes=given.minutes),
            )  # fmt: skip
            db.session.add(response)
            db.session.flush()
            rows += [_row(response, q, given.answers[q.code]) for q in questions if q.code in given.answers]
        db.session.execute(insert(Answer), rows)


def _row(response: Response, question: Question, value: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "response_id": response.id, "question_id": question.id, "choice_id": None, "choices": None, "number": None,
        "text": None, "version": 1, "saved_at": response.submitted_at,
    }  # fmt: skip
    ids = {choice.code: choice.id for choice in question.choices}
    if question.kind == "multiple":
        return row | {"choices": [ids[code] for code in value]}
    if question.kind == "number":
        return row | {"number": float(value)}
    return row | ({"text": value} if question.kind == "text" else {"choice_id": ids[value]})


def _code_comments(psychometrician: Actor, study: Study) -> None:
    themes = {
        text: market_themes.add_theme(psychometrician, study.id, label, definition).id
        for label, definition, texts in THEMES
        for text in texts[:1]
    }
    theme_of = {text: themes[texts[0]] for _, _, texts in THEMES for text in texts}
    question = market_themes.comment_questions(study.id)[0]
    page, quoted = 1, set()
    while True:
        found = market_themes.load_comments(study.id, question.id, page)
        for comment in found.comments:
            first = comment.text not in quoted
            quoted.add(comment.text)
            market_themes.code_comment(
                psychometrician, study.id, comment.code, question.id, [theme_of[comment.text]],
                comment.text if first else "",
            )  # fmt: skip
        if page >= found.pages:
            return
        page += 1
