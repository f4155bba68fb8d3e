"""The workbook's sheets about people and records hold what the study holds, and no number of a few people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jta.db import db, transaction
from jta.exports.book_parts import SUPPRESSED
from jta.models.blueprint import ItemBank
from jta.models.inventory import Task
from jta.models.inventory_record import Reference, StatementReference
from jta.services import blueprint as service
from jta.services.cycle import FormerText, NewList, add_list
from jta.services.panel_levels import level_choices
from jta.services.report_book import build_blueprint_book
from jta.services.report_sheets import exclusion_lines
from jta.services.results import analyze_dataset
from jta.services.results_privacy import SMALLEST, Reader
from jta.services.results_tables import Tables
from jta.services.review import freeze_dataset
from jta.services.study_plan import plan_of
from tests.services.closed_study import make_closed_study

LEVELS = {"recall": 0.25, "application": 0.5, "analysis": 0.25}
CUT = {"measure": "mean", "cut": 4.0}


@pytest.fixture
def book(app_context):
    study, actors = make_closed_study(40)
    with transaction():
        study.plan = {**plan_of(study), "cognitive_levels": LEVELS, "retention": [CUT], "bootstrap_resamples": 0}
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    blueprint = service.propose(actors["director"], study.id, run.id)
    _add_records(study, actors["director"])
    return study, blueprint, build_blueprint_book(blueprint)


def _add_records(study, director) -> None:
    first = db.session.query(Task).filter_by(study_id=study.id).order_by(Task.position).first()
    with transaction():
        old = Task(
            study_id=study.id, domain_id=first.domain_id, code="1.1.99", statement="Run the mimeograph", position=999,
            retired_at=datetime(2026, 9, 1, 2, tzinfo=UTC), retired_reason="None left",
        )  # fmt: skip
        source = Reference(study_id=study.id, code="R1", citation="A framework", edition="2nd")
        db.session.add_all([old, source])
        db.session.flush()
        db.session.add(StatementReference(reference_id=source.id, task_id=first.id))
        counts = [["1.1", "Recall", 1000], ["1.1", "Analysis", 0]]
        db.session.add(ItemBank(study_id=study.id, counts=counts, forms=2.0, by_name="Dora", at=old.retired_at))
    texts = (FormerText("F1", first.statement), FormerText("F2", "Sharpen the pencils of the board"))
    weights = ({"code": "1", "title": "One", "weight": 1.0, "items": 100},)
    add_list(director, study.id, NewList("List of 2018", texts=texts, weights=weights))


def test_the_sheets_hold_what_the_study_holds_and_no_number_of_few_people(book):
    study, blueprint, made = book
    _check_people(blueprint, made)
    _check_records(made)
    _check_levels(study, blueprint, made)


def _check_people(blueprint, made) -> None:
    tables = Tables(blueprint.run, Reader(minimum=SMALLEST))
    shown = {(r["variable"], r["level"], r["task_id"]): r for r in tables.rows("group_means", scale="importance")}
    assert len(made.groups) == len(shown)
    assert {line.n == SUPPRESSED for line in made.groups} == {True, False}
    assert sorted(x.n for x in made.groups if x.n != SUPPRESSED) == sorted(
        r["n"] for r in shown.values() if r["n"] is not None
    )
    assert all(line.n == SUPPRESSED or line.n >= SMALLEST for line in made.groups)
    assert all((line.n == SUPPRESSED) == (line.mean == SUPPRESSED) for line in made.groups)
    people = [line for line in made.profile if not line.topic.startswith("Response")]
    assert all(line.people == SUPPRESSED or line.people >= SMALLEST for line in people)
    by_topic = {line.topic: [x for x in people if x.topic == line.topic] for line in people}
    for topic, lines in by_topic.items():
        hidden = sum(line.people == SUPPRESSED for line in lines)
        assert hidden != 1, topic  # the whole is told: one hidden part could be found by subtraction
        assert all((x.people == SUPPRESSED) == (x.share == SUPPRESSED) for x in lines)
    assert any(line.people == SUPPRESSED for line in by_topic["Invited people: complete responses"])
    assert {line.topic for line in made.profile} >= {"Response rates after AAPOR", "Responses in the data set"}
    weights = {r["method"]: r["weight"] for r in tables.rows("method_comparison", level="domain", unit="1")}
    assert [x.weights[0] for x in made.methods if x.kind == "method"] == list(weights.values())


def _check_records(made) -> None:
    dropped, retired = made.excluded[0], made.excluded[-1]
    assert dropped.decision == "drop"
    assert "below 4" in dropped.rule
    assert (retired.task_code, retired.why, retired.importance) == ("1.1.99", "None left", None)
    assert {x.task_code for x in made.excluded[:-1]}.isdisjoint(x.task_code for x in made.details)
    relations = {row.former_code: row.relation for row in made.crosswalk}
    assert (relations["F1"], relations["F2"]) == ("same", "retired")
    assert {row.state for row in made.crosswalk} == {"not decided yet"}
    assert made.references[0].statements == (made.task_statistics[0].task_code,)
    assert made.lines[0].former_weight == 1.0
    assert sum(line.n_tasks for line in made.lines if line.level == "domain") == len(made.details)
    first = made.task_statistics[0]
    assert first.subdomain_code == "1.1"
    assert any(figures.agreement is not None for figures in first.statistics)
    told = {figures.high for line in made.task_statistics for figures in line.statistics} - {None}
    assert any(isinstance(share, str) for share in told)
    assert all(0.05 <= share <= 0.95 for share in told if not isinstance(share, str))


def _check_levels(study, blueprint, made) -> None:
    assert level_choices(study.id) == {}
    assert made.matrix.targets == (0.25, 0.5, 0.25)
    assert made.matrix.levels == ("Recall", "Application", "Analysis")
    assert [sum(x.items) for x in made.matrix.lines] == [row.items for row in blueprint.rows]
    gaps = {gap.cognitive_level: gap for gap in made.matrix.gaps if gap.code == "1.1"}
    wanted = {level: 2 * n for level, n in zip(made.matrix.levels, made.matrix.lines[1].items, strict=True)}
    assert {level: gaps[level].wanted for level in wanted} == wanted
    assert (gaps["Recall"].missing, gaps["Analysis"].missing) == (0, wanted["Analysis"])
    assert gaps["All levels"].missing == wanted["Analysis"] + wanted["Application"]
    assert all(gap.missing is None for gap in made.matrix.gaps if gap.code.startswith("3"))


def test_exclusions_sum_to_the_responses_there_were():
    counts = {"included": 90, "included, submitted": 88, "left out, withdrawn": 2, "left out in review, too fast": 8}
    lines = exclusion_lines(counts | {"ratings": 5})
    assert [(x.group, x.people, x.share) for x in lines] == [
        ("included", 90, 0.9), ("withdrawn", 2, 0.02), ("too fast", 8, 0.08)
    ]  # fmt: skip
    assert exclusion_lines({"included": 0})[0].share is None
