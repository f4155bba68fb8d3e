"""The reports say what the tables say, name what is missing, and claim nothing that the record does not show."""

from __future__ import annotations

import re

import pytest

from jta import clock
from jta.db import db
from jta.exports.report_parts import Figure, Missing, Paragraph, Section, Table
from jta.models.response import Answer, Response
from jta.models.survey import Choice, Question, SurveyPage
from jta.services import blueprint as blueprints
from jta.services import report_content
from jta.services.report_book import build_blueprint_book
from jta.services.report_chapters import fielding
from jta.services.report_chapters.source import open_source, people_interval, people_share
from jta.services.report_files import write_report
from jta.services.results import analyze_dataset, read_table
from jta.services.review import freeze_dataset
from tests.services.closed_study import make_closed_study


@pytest.fixture
def proposed(app_context):
    study, actors = make_closed_study(40)
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    return study, actors, blueprints.propose(actors["director"], study.id, run.id)


def walk(parts):
    for part in parts:
        yield part
        if isinstance(part, Section):
            yield from walk(part.parts)


def tables(report):
    return {
        part.caption: part for chapter in report.chapters for part in walk(chapter.parts) if isinstance(part, Table)
    }


def words(report):
    return " ".join(
        part.text for chapter in report.chapters for part in walk(chapter.parts) if isinstance(part, Paragraph)
    )


def test_the_technical_report_against_the_tables(proposed):
    study, _, blueprint = proposed
    report = report_content.technical_report(study.id, blueprint.number)
    assert len([c for c in report.chapters if not c.appendix]) >= 20
    found = tables(report)
    stats = read_table(blueprint.run, "task_stats").set_index(["scale", "task_id"])
    seen = 0
    for caption, table in found.items():
        if not caption.startswith(("Importance: ", "Frequency: ")):
            continue
        scale = caption.split(":")[0].lower()
        for code, _, n, mean, sd, se, _, _ in table.rows:
            row = stats.loc[(scale, code)]
            if row.n < 10:
                assert mean == "–"
                continue
            told = f"{int(row.n):,}", f"{row['mean']:.2f}", f"{row.sd:.2f}", f"{row.se:.3f}"
            assert (n, mean, sd, se) == told
            seen += 1
    assert seen > 150
    final = found[f"Blueprint {blueprint.number}, {blueprint.items} items"]
    assert [(r[0].split()[0], r[3]) for r in final.rows] == [(row.code, f"{row.items}") for row in blueprint.rows]


def test_what_is_missing_is_named_and_nothing_is_claimed(proposed):
    study, _, blueprint = proposed
    report = report_content.technical_report(study.id, blueprint.number)
    missing = [p.what for c in report.chapters for p in walk(c.parts) if isinstance(p, Missing)]
    assert "a panel of experts." in missing
    assert "an approval by a second person." in missing
    summary = report_content.public_summary(study.id, blueprint.number)
    said = str([p for c in summary.chapters for p in c.parts])
    assert "nobody approved them yet" in said
    assert "second person approved" not in said


def test_small_groups_are_hidden_in_every_table(proposed):
    study, _, blueprint = proposed
    report = report_content.technical_report(study.id, blueprint.number)
    for table in tables(report).values():
        for row in table.rows:
            for cell in row:
                if "(n " in cell:
                    assert int(cell.split("(n ")[1].rstrip(")")) >= 10


def test_the_outline_lists_the_retained_tasks_once(proposed):
    study, _, blueprint = proposed
    outline = report_content.candidate_outline(study.id, blueprint.number)
    listed = [item for c in outline.chapters for p in walk(c.parts) if hasattr(p, "items") for item in p.items]
    kept = read_table(blueprint.run, "retention").query("decision != 'drop'")
    assert len(listed) == len(set(listed)) == len(kept)


def test_what_everybody_reads_tells_no_percentage_of_people(proposed):
    """Percentages there are weights of the exam: how many people answered is told as a number."""
    study, _, blueprint = proposed
    weights = {f"{row.weight * 100:.0f} %" for row in blueprint.rows}
    for make in (report_content.public_summary, report_content.candidate_outline):
        report = make(study.id, blueprint.number)
        parts = [p.alt if isinstance(p, Figure) else p for c in report.chapters for p in walk(c.parts)]
        told = re.findall(r"[\d.,]+ ?%", str([report.facts, *parts]))
        assert told
        assert set(told) <= weights


def test_the_public_summary_says_who_what_how_changes_limits_and_where_comments_go(proposed):
    study, _, blueprint = proposed
    report = report_content.public_summary(study.id, blueprint.number)
    assert len(report.chapters) == 7
    people = tables(report)["Respondents by group"]
    assert {cell for _, cell in people.rows if cell != "–"} <= {f"{n}" for n in range(10, 41)}
    assert ("–" in {cell for _, cell in people.rows}) == bool(people.note)
    missing = [p.what for c in report.chapters for p in walk(c.parts) if isinstance(p, Missing)]
    assert ("a former exam or list to compare with." in missing) == ("Shares before and now" not in tables(report))


def test_the_report_hides_the_strata_that_the_workbook_hides(proposed):
    study, _, blueprint = proposed
    table = tables(report_content.technical_report(study.id, blueprint.number))["Invited people and complete responses"]
    book = build_blueprint_book(blueprint)
    lines = {x.group: x.people for x in book.profile if x.topic.startswith("Invited people")}
    told = {row[0]: row[3] for row in table.rows if row[0] != "All"}
    assert set(told) <= set(lines)
    assert "suppressed" in lines.values()
    assert {k: "suppressed" if v == "–" else int(v) for k, v in told.items()} == {k: lines[k] for k in told}


def _ask(study, code: str, role: str, choices: tuple[str, ...]) -> dict:
    """Add a question about the list; the first 15 people answer it, all but three of them alike."""
    question = Question(
        study_id=study.id, page_id=db.session.query(SurveyPage).filter_by(study_id=study.id).first().id, code=code,
        kind="single" if choices else "text", role=role, prompt=f"{code}?", position=99,
        choices=[Choice(code=c, label=c.upper(), position=n) for n, c in enumerate(choices)],
    )  # fmt: skip
    db.session.add(question)
    db.session.flush()
    for n, response in enumerate(
        db.session.query(Response).filter_by(study_id=study.id).order_by(Response.id).limit(15)
    ):
        said = {"choice_id": question.choices[n // 12].id} if choices else {"text": "A task is missing."}
        db.session.add(
            Answer(response_id=response.id, question_id=question.id, version=1, saved_at=clock.now(), **said)
        )
    return {
        "code": code, "kind": question.kind, "role": role, "prompt": question.prompt,
        "choices": [{"code": c, "label": c.upper()} for c in choices],
    }  # fmt: skip


def test_what_people_said_of_the_list_is_counted_and_few_are_hidden(proposed):
    study, _, blueprint = proposed
    asked = [_ask(study, "cover", "coverage", ("well", "badly", "not")), _ask(study, "missed", "write_in", ())]
    source = open_source(study.id, blueprint.number)
    source.instrument.content = {**source.content, "steps": [{"code": "s", "questions": asked}]}
    parts = list(walk(fielding.comments(source).parts))
    [table] = [p for p in parts if isinstance(p, Table)]
    assert table.caption == "Answers of 15 respondents"
    assert [row[1] for row in table.rows] == ["–", "–", "–"]  # with two of them and the whole, the third is known
    assert "15 respondents of the data set wrote an answer." in [p.text for p in parts if isinstance(p, Paragraph)]
    assert [p.what for p in parts if isinstance(p, Missing)] == ["comments."]
    db.session.rollback()


def test_shares_of_people_near_the_ends_are_not_told_exactly():
    told = [people_share(share) for share in (0.0, 0.049, 0.05, 0.5, 0.95, 0.951, 1.0, None)]
    assert told == ["<5 %", "<5 %", "5.0 %", "50.0 %", "95.0 %", ">95 %", ">95 %", "–"]
    assert people_interval(1.0, 0.99, 1.0) == "–"
    assert people_interval(0.5, 0.4, 0.6) == "40.0 to 60.0 %"


def test_written_twice_the_files_are_kept_once(proposed):
    study, actors, blueprint = proposed
    first = write_report(actors["director"], study.id, blueprint.number, "candidate-outline")
    again = write_report(actors["director"], study.id, blueprint.number, "candidate-outline")
    assert [d.id for d in first] == [d.id for d in again]
    assert {d.filename.rsplit(".", 1)[1] for d in first} == {"docx", "pdf", "html"}
