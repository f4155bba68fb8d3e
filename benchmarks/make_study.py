"""Prepare a survey of any size with one personal link for each person, for measuring how fast it is answered.

``python benchmarks/make_study.py --tasks 100 --scales 2 --people 2000 --links links.txt [--database-url URL]``

The database is brought to the newest migration first. Keys and address come from the ``JTA_*`` variables that the
server will run with; where none are set, from the local installation.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

from jta import ROOT, clock, create_app
from jta.config import Settings, keep_local_keys, load_settings

TASKS_PER_DOMAIN = 10  # a page holds ten tasks of one content domain
FREQUENCY = (
    "I do not perform this task", "About once a year or less", "A few times a year",
    "About once a month", "About once a week", "Every day or almost every day",
)  # fmt: skip
LEVELS = ("Not", "Slightly", "Moderately", "Very", "Extremely")
WORDS = (("importance", "important"), ("consequence", "harmful if done badly"), ("difficulty", "difficult"))


def settings_for(database_url: str | None, instance: Path) -> Settings:
    """Return the settings of the server that will be measured, on another database where one is named."""
    if database_url and "JTA_BASE_URL" in os.environ:
        os.environ["JTA_DATABASE_URL"] = database_url
    else:
        keep_local_keys(instance)
    found = load_settings(instance)
    return replace(found, database_url=database_url) if database_url else found


def make_study(tasks: int, scales: int, people: int) -> list[str]:
    """Store an open survey inside an app context and return its personal links."""
    from jta.db import db
    from jta.services.links import link_url

    study = _study()
    _inventory(study.id, tasks)
    _scales(study.id, scales)
    invited = _people(study.id, people)
    _launch(study)
    found = [link_url(person) for person in invited]
    db.session.commit()
    return found


def _study():
    from jta.db import db
    from jta.models.study import Study
    from jta.services.standard_pages import standard_pages

    study = Study(
        title="Survey to be measured", credential="Benchmark", contact="nobody@example.org", stage="fielding",
        notice="Simulated: made to measure how fast surveys are answered.",
        consent_text="This survey is simulated.", created_at=clock.now(),
    )  # fmt: skip
    db.session.add(study)
    db.session.flush()
    db.session.add_all(page for page in standard_pages(study.id) if page.kind != "questions")
    db.session.flush()
    return study


def _inventory(study_id: int, tasks: int) -> None:
    from jta.db import db
    from jta.models.inventory import Domain, Task

    for start in range(0, tasks, TASKS_PER_DOMAIN):
        number = start // TASKS_PER_DOMAIN + 1
        domain = Domain(study_id=study_id, code=str(number), title=f"Content domain {number}", position=number)
        db.session.add(domain)
        db.session.flush()
        db.session.add_all(
            Task(
                study_id=study_id, domain_id=domain.id, code=f"{number}.{n}", position=n,
                statement=f"Plan, carry out and review part {n} of the work in area {number} with those it concerns",
            )
            for n in range(1, min(TASKS_PER_DOMAIN, tasks - start) + 1)
        )  # fmt: skip


def _scales(study_id: int, scales: int) -> None:
    _scale(study_id, "frequency", "How often do you perform this task?", FREQUENCY, 1)
    for position in range(2, scales + 1):
        code, word = WORDS[(position - 2) % len(WORDS)]
        code = code if position < 2 + len(WORDS) else f"{code}{position}"
        _scale(study_id, code, f"How {word} is this task?", tuple(f"{level} {word}" for level in LEVELS), position)


def _scale(study_id: int, code: str, prompt: str, labels: tuple[str, ...], position: int) -> None:
    from jta.db import db
    from jta.models.survey import Anchor, RatingScale

    kind = code if code in {"frequency", "importance"} else "other"
    first = 0 if kind == "frequency" else 1
    anchors = [
        Anchor(code=str(n), label=label, value=float(n) if n else None, not_performed=n == 0, position=n)
        for n, label in enumerate(labels, start=first)
    ]
    scale = RatingScale(
        study_id=study_id, code=code, kind=kind, title=code.capitalize(), prompt=prompt, position=position,
        anchors=anchors,
    )  # fmt: skip
    db.session.add(scale)
    db.session.flush()


def _people(study_id: int, count: int) -> list:
    from jta.db import db
    from jta.models.delivery import Person
    from jta.services.links import token_for, token_hash

    invited = [
        Person(study_id=study_id, code=f"P{n:06}", name=f"Person {n}", added_at=clock.now())
        for n in range(1, count + 1)
    ]
    db.session.add_all(invited)
    db.session.flush()
    for person in invited:
        person.token_hash = token_hash(token_for(person.id, person.link_generation))
    return invited


def _launch(study) -> None:
    from jta.db import db
    from jta.models.survey import Instrument
    from jta.services.instrument import build_content, content_hash

    content = build_content(study)
    db.session.add(
        Instrument(
            study_id=study.id, number=1, content=content, content_hash=content_hash(content), launched_at=clock.now()
        )
    )


def prepare(settings: Settings, instance: Path, *, tasks: int, scales: int, people: int) -> list[str]:
    """Migrate the database of these settings, store the survey and return the links."""
    from flask_migrate import upgrade

    from jta.db import db

    app = create_app(settings, instance=instance)
    with app.app_context():
        upgrade()
        found = make_study(tasks, scales, people)
        db.session.remove()
        db.engine.dispose()
    return found


def main() -> None:
    """Read the options, make the study, write the links."""
    parser = argparse.ArgumentParser(description="Prepare a survey to be measured.")
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--scales", type=int, default=2)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--links", type=Path, default=Path("links.txt"), help="file for the links, one a line")
    parser.add_argument("--database-url", help="instead of that of the settings")
    given = parser.parse_args()
    instance = ROOT / "instance"
    settings = settings_for(given.database_url, instance)
    found = prepare(settings, instance, tasks=given.tasks, scales=given.scales, people=given.people)
    given.links.write_text("\n".join(found) + "\n", encoding="utf-8")
    print(f"{len(found)} links in {given.links}")


if __name__ == "__main__":
    main()
