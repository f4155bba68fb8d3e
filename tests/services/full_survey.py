"""A small survey with every kind of page and question, in English, Spanish and Arabic."""

from __future__ import annotations

from dataclasses import dataclass

from jta import clock
from jta.db import db
from jta.models.inventory import Domain, Knowledge
from jta.models.study import Study
from jta.models.survey import Anchor, Choice, Instrument, Question, RatingScale, SurveyPage, Translation
from jta.services.content import survey_texts
from jta.services.instrument import build_content, content_hash
from tests.services.study_factory import MadeStudy, make_study

SPANISH = {
    "study:title": "Análisis de la práctica del práctico de puerto",
    "question:role:prompt": "¿Trabaja usted en un puerto?",
    "choice:role:yes": "Sí", "choice:role:no": "No", "anchor:importance:5": "Sumamente importante",
}  # fmt: skip


@dataclass
class FullStudy:
    """What was made; questions by code, their choices by code."""

    made: MadeStudy
    questions: dict[str, int]
    choices: dict[str, dict[str, int]]
    statements: list[int]
    ksa_scale: int
    ksa_anchors: list[int]
    domains: list[int]


def make_full_study(n_people: int = 2, n_tasks: int = 3) -> FullStudy:
    """Store and launch the survey inside an app context."""
    made = make_study(n_tasks=n_tasks, n_people=n_people, launched=False, background=False)
    study = db.session.get_one(Study, made.study_id)
    study.languages, study.stage = ["en", "es", "ar"], "fielding"
    pages = _pages(study)
    questions = _questions(study, pages)
    statements, scale = _statements(study)
    db.session.flush()
    _translate(study)
    content = build_content(study)
    instrument = Instrument(
        study_id=study.id, number=1, content=content, content_hash=content_hash(content), launched_at=clock.now()
    )
    db.session.add(instrument)
    db.session.flush()
    made.instrument_id = instrument.id
    found = FullStudy(
        made, {q.code: q.id for q in questions}, {q.code: {c.code: c.id for c in q.choices} for q in questions},
        [s.id for s in statements], scale.id, [a.id for a in scale.anchors],
        list(db.session.scalars(db.select(Domain.id).where(Domain.study_id == study.id, Domain.parent_id.is_(None)))),
    )  # fmt: skip
    db.session.commit()
    return found


def _pages(study: Study) -> dict[str, SurveyPage]:
    stored = {p.kind: p for p in db.session.scalars(db.select(SurveyPage).where(SurveyPage.study_id == study.id))}
    kinds = (
        ("screener", "Who we ask", 2), ("questions", "About you", 3), ("ratings", "Your work", 4),
        ("ksa", "What you need to know", 5), ("points", "100 points", 6), ("thanks", "Thank you", 9),
    )  # fmt: skip
    for kind, title, position in kinds:
        page = stored.get(kind) or SurveyPage(study_id=study.id, kind=kind, settings={})
        page.title, page.intro, page.position, page.removed_at = title, "", position, None
        stored[kind] = page
        db.session.add(page)
    stored["screener"].settings = {"screened_out": "We ask harbour pilots only.\nThank you all the same."}
    stored["end"] = SurveyPage(
        study_id=study.id, kind="questions", title="Last words", intro="", position=7, settings={}
    )
    db.session.add(stored["end"])
    db.session.flush()
    return stored


def _questions(study: Study, pages: dict[str, SurveyPage]) -> list[Question]:
    yes_no = (("yes", "Yes", False), ("no", "No", True))
    agree = tuple((str(n), label, False) for n, label in enumerate(("Disagree", "Neither", "Agree"), start=1))
    plain = (("a", "Tugs", False), ("b", "Cranes", False), ("c", "Locks", False))
    rows = (
        ("screener", "role", "single", "Do you work in a harbour?", yes_no, {"required": True}),
        ("questions", "tools", "multiple", "What do you work with?", plain, {"maximum": 2}),
        ("questions", "years", "number", "Years in this work", (), {"required": True, "minimum": 0, "maximum": 60}),
        ("questions", "future", "agreement", "My work will change.", agree, {}),
        ("end", "coverage", "single", "How well did this list cover your job?", plain, {"role": "coverage"}),
        (
            "end", "comment", "text", "Anything else?", (),
            {"role": "comment", "longest": 200, "help": "In your own words."},
        ),
    )  # fmt: skip
    found = []
    for place, (page, code, kind, prompt, choices, more) in enumerate(rows, start=1):
        question = Question(
            study_id=study.id, page_id=pages[page].id, code=code, kind=kind, prompt=prompt, position=place,
            choices=[
                Choice(code=c, label=label, screens_out=out, position=n) for n, (c, label, out) in enumerate(choices)
            ],
            **more,
        )  # fmt: skip
        db.session.add(question)
        found.append(question)
    db.session.flush()
    return found


def _statements(study: Study) -> tuple[list[Knowledge], RatingScale]:
    statements = [
        Knowledge(study_id=study.id, code=f"K{n}", statement=f"Knowledge of tide {n}", position=n) for n in (1, 2)
    ]
    scale = RatingScale(
        study_id=study.id, code="needed", kind="other", use="ksa", title="Needed", prompt="How much is it needed?",
        position=1, anchors=[Anchor(code=str(n), label=f"Level {n}", value=float(n), position=n) for n in (1, 2, 3)],
    )  # fmt: skip
    db.session.add_all([*statements, scale])
    db.session.flush()
    return statements, scale


def _translate(study: Study) -> None:
    texts = survey_texts(build_content(study))
    rows = [("es", key, text) for key, text in SPANISH.items()]
    rows += [("ar", key, f"نص {text}") for key, text in texts.items()]
    db.session.add_all(Translation(study_id=study.id, language=lang, key=key, text=text) for lang, key, text in rows)
    db.session.flush()
