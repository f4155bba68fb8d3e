"""A small study made from models: domains, tasks, two scales, background questions, people with links."""

from __future__ import annotations

from dataclasses import dataclass, field

from jta import clock
from jta.db import db
from jta.models.delivery import Person, PersonEvent
from jta.models.inventory import Domain, Task
from jta.models.study import Stratum, Study
from jta.models.survey import Anchor, Choice, Instrument, Question, RatingScale
from jta.services import links
from jta.services.instrument import build_content, content_hash
from jta.services.standard_pages import standard_pages

FREQUENCY = (
    "I do not perform this task", "About once a year or less", "A few times a year",
    "About once a month", "About once a week", "Every day or almost every day",
)  # fmt: skip
IMPORTANCE = ("Not important", "Slightly important", "Moderately important", "Very important", "Extremely important")
VERBS = ("Plan", "Review", "Explain", "Negotiate", "Test", "Document", "Approve", "Monitor")


@dataclass
class MadeStudy:
    """Ids of what was made; anchors by scale kind, in order."""

    study_id: int
    instrument_id: int | None
    tasks: list[int]
    frequency_id: int
    importance_id: int
    frequency: list[int]
    importance: list[int]
    people: list[int]
    tokens: list[str]
    question_id: int | None = None
    choices: list[int] = field(default_factory=list)


def make_study(
    n_tasks: int = 12, n_people: int = 2, *, launched: bool = True, background: bool = True, n_domains: int = 2
) -> MadeStudy:
    """Store a study inside an app context and return its ids."""
    study = Study(
        title="Practice analysis of the harbour pilot", credential="Certified Harbour Pilot",
        contact="help@example.org",
        time_zone="America/Chicago", notice=None, stage="fielding" if launched else "survey", exam_items=50,
        consent_text="We ask about your work.\nTaking part is up to you.",
        created_at=clock.now(),
    )  # fmt: skip
    db.session.add(study)
    db.session.flush()
    pages = standard_pages(study.id)
    db.session.add_all(pages)
    db.session.flush()
    tasks = _add_tasks(study, n_tasks, n_domains)
    frequency = add_scale(study, "frequency", "How often do you perform this task?", FREQUENCY, 1)
    importance = add_scale(study, "importance", "How important is this task in your work?", IMPORTANCE, 2)
    question = _add_question(study, pages[1].id) if background else None
    people = _add_people(study, n_people)
    instrument = launch(study) if launched else None
    made = MadeStudy(
        study_id=study.id, instrument_id=instrument.id if instrument else None, tasks=[t.id for t in tasks],
        frequency_id=frequency.id, importance_id=importance.id,
        frequency=[a.id for a in frequency.anchors], importance=[a.id for a in importance.anchors],
        people=[p.id for p in people], tokens=[links.token_for(p.id, 1) for p in people],
        question_id=question.id if question else None, choices=[c.id for c in question.choices] if question else [],
    )  # fmt: skip
    db.session.commit()
    return made


def _add_tasks(study: Study, n_tasks: int, n_domains: int) -> list[Task]:
    tasks = []
    per_domain = -(-n_tasks // n_domains)
    for d in range(1, n_domains + 1):
        domain = Domain(study_id=study.id, code=str(d), title=f"Content domain {d}", position=d)
        db.session.add(domain)
        db.session.flush()
        part = Domain(study_id=study.id, parent_id=domain.id, code=f"{d}.1", title=f"Subdomain {d}.1", position=1)
        db.session.add(part)
        db.session.flush()
        for n in range(1, per_domain + 1):
            if len(tasks) < n_tasks:
                verb = VERBS[len(tasks) % len(VERBS)]
                tasks.append(
                    Task(
                        study_id=study.id,
                        domain_id=part.id,
                        code=f"{d}.1.{n}",
                        position=n,
                        statement=f"{verb} the work of the harbour, part {d}.{n}",
                    )
                )
    db.session.add_all(tasks)
    db.session.flush()
    return tasks


def add_scale(study: Study, kind: str, prompt: str, labels: tuple[str, ...], position: int) -> RatingScale:
    """Add a rating scale inside an app context; one of frequency begins with "not performed"."""
    first = 0 if kind == "frequency" else 1
    scale = RatingScale(
        study_id=study.id, code=kind, kind=kind, title=kind.capitalize(), prompt=prompt, position=position,
        anchors=[
            Anchor(
                code=str(first + i), label=label, value=float(first + i) if first + i else None,
                not_performed=first + i == 0, position=i,
            )
            for i, label in enumerate(labels)
        ],
    )  # fmt: skip
    db.session.add(scale)
    db.session.flush()
    return scale


def _add_question(study: Study, page_id: int) -> Question:
    labels = ("Under 5 years", "5 to 15 years", "Over 15 years")
    question = Question(
        study_id=study.id, page_id=page_id, code="years", prompt="How long have you been a pilot?",
        help="Count every harbour.", position=1,
        choices=[Choice(code=f"y{i}", label=label, position=i) for i, label in enumerate(labels)],
    )  # fmt: skip
    db.session.add(question)
    db.session.flush()
    return question


def _add_people(study: Study, count: int) -> list[Person]:
    stratum = Stratum(study_id=study.id, code="small", label="Small harbours", frame_count=40, target=10, position=1)
    db.session.add(stratum)
    db.session.flush()
    people = [
        Person(
            study_id=study.id, stratum_id=stratum.id, code=f"P{n:04d}", name=f"Pilot {n}", email=f"p{n}@example.org",
            added_at=clock.now(),
        )
        for n in range(1, count + 1)
    ]  # fmt: skip
    db.session.add_all(people)
    db.session.flush()
    for person in people:
        person.token_hash = links.token_hash(links.token_for(person.id, person.link_generation))
        db.session.add(PersonEvent(person_id=person.id, kind="link made", at=clock.now()))
    return people


def launch(study: Study) -> Instrument:
    """Freeze the survey of a study inside an app context."""
    content = build_content(study)
    instrument = Instrument(
        study_id=study.id, number=1, content=content, content_hash=content_hash(content), launched_at=clock.now()
    )
    db.session.add(instrument)
    db.session.flush()
    return instrument


def close_survey(instrument_id: int) -> None:
    """Close a survey inside an app context."""
    db.session.get_one(Instrument, instrument_id).closed_at = clock.now()
    db.session.commit()


def replace_link(person_id: int) -> str:
    """Give a person a new link inside an app context; return its token."""
    person = db.session.get_one(Person, person_id)
    person.link_generation += 1
    token = links.token_for(person.id, person.link_generation)
    person.token_hash = links.token_hash(token)
    db.session.commit()
    return token
