"""A market study from its template to results: answers frozen, counted, crossed, coded, and small groups hidden."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
from datetime import UTC, datetime

import numpy as np
import openpyxl
import pytest
from sqlalchemy import select

from analysis.answers import answers_from_parquet
from jta import clock
from jta.analyze_answers import answer_files
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.account import User
from jta.models.delivery import Person
from jta.models.response import Answer, Response
from jta.models.study import MARKET, Study
from jta.models.survey import Question
from jta.services import market_data, market_page, market_results, market_themes
from jta.services.archive import export_study, import_study
from jta.services.instrument import newest_instrument
from jta.services.market_steps import market_track
from jta.services.results_privacy import Reader
from jta.services.study import MARKET_STUDY
from jta.services.study_counts import count_study
from jta.services.study_progress import next_step, stage_track
from jta.services.study_stage import change_stage
from jta.services.survey_launch import close, launch, load_checklist
from tests.services.study_builders import make_study

START = datetime(2030, 3, 1, tzinfo=UTC)
READERS = ("psychometrician", "director")
FULL, DIRECTOR = Reader(full=True), Reader()


def market_study(n: int = 40, *, closed: bool = True, email: str = "dora@example.org"):
    """A market study with n submitted responses; every third from a CTO, four in five would prefer."""
    study, dora = make_study(MARKET_STUDY, email)
    change_stage(dora, study.id, to="survey")
    launch(dora, study.id)
    people = [answer(study, k) for k in range(n)]
    if closed:
        close(dora, study.id)
    return study, dora, people


def answer(study, k: int, **changes) -> Response:
    instrument = newest_instrument(study.id)
    person = Person(study_id=study.id, code=f"P{k}", name=f"P {k}", email=None, added_at=START)
    db.session.add(person)
    db.session.flush()
    response = Response(
        study_id=study.id, instrument_id=instrument.id, person_id=person.id, code=f"C{k:04}", receipt=f"R{k}",
        consent_hash="c", started_at=START, submitted_at=START, **changes,
    )  # fmt: skip
    db.session.add(response)
    db.session.flush()
    given = {
        "role": "cto" if k % 3 == 0 else "superintendent", "require": "yes" if k % 10 < 7 else "no",
        "prefer": "more" if k % 5 else "same", "gains": ["skills", "hiring"] if k % 2 else ["skills"],
        "fee": 100.0 + k, "comment": "Cost matters." if k % 4 == 0 else "",
    }  # fmt: skip
    for question in db.session.scalars(select(Question).where(Question.study_id == study.id)):
        if given.get(question.code):
            db.session.add(Answer(response_id=response.id, question_id=question.id, saved_at=START,
                                  **_value(question, given[question.code])))  # fmt: skip
    db.session.commit()
    return response


def _value(question: Question, given) -> dict[str, object]:
    ids = {choice.code: choice.id for choice in question.choices}
    if question.kind == "multiple":
        return {"choices": [ids[code] for code in given]}
    if question.kind in ("single", "agreement"):
        return {"choice_id": ids[given]}
    return {"number": given} if question.kind == "number" else {"text": given}


def result(results, code: str):
    return next(r for r in results.results if r.question.code == code)


def test_a_market_study_skips_inventory_ratings_and_blueprint(app_context):
    study, _, _ = market_study(0, closed=False)
    assert study.kind == MARKET
    assert newest_instrument(study.id).content["pages"] == []
    assert [stage.label for stage in stage_track(study.stage, (), study.kind)] == [
        "Design", "Survey", "Fielding", "Closed", "Results",
    ]  # fmt: skip
    assert [stage.state for stage in market_track("closed")] == ["done", "done", "done", "current", "todo"]


def test_its_next_steps_lead_to_the_results(app_context):
    study, dora = make_study(MARKET_STUDY)
    seen = [next_step(study, count_study(study.id)).endpoint]
    assert load_checklist(study).ready
    change_stage(dora, study.id, to="survey")
    seen.append(next_step(study, count_study(study.id)).endpoint)
    db.session.add(Person(study_id=study.id, code="X", name="X", email=None, added_at=START))
    db.session.commit()
    seen.append(next_step(study, count_study(study.id)).endpoint)
    launch(dora, study.id)
    seen.append(next_step(study, count_study(study.id)).endpoint)
    for k in range(12):
        answer(study, k)
    close(dora, study.id)
    seen.append(next_step(study, count_study(study.id)).endpoint)
    market_data.freeze_answers(dora, study.id)
    seen.append(next_step(study, count_study(study.id)).title)
    assert seen == ["study.change_stage", "delivery.upload", "survey.launch", "delivery.links", "market.index",
                    "Read the results"]  # fmt: skip


def test_answers_are_frozen_once_with_a_hash(app_context):
    study, dora, _ = market_study()
    dataset = market_data.freeze_answers(dora, study.id)
    data = answers_from_parquet(dataset.content)
    assert (dataset.number, dataset.counts["included"], study.stage) == (1, 40, "data review")
    assert data.data_hash == dataset.data_hash
    assert not any("Cost matters" in str(row) for row in data.answers)
    again = market_data.freeze_answers(dora, study.id)
    assert (again.number, again.data_hash) == (2, dataset.data_hash)


def test_only_submitted_answers_of_the_main_survey_count(app_context):
    study, dora, people = market_study(14, closed=False)
    people[0].submitted_at = None
    people[1].withdrawn_at = clock.now()
    people[2].screened_out_at = START
    people[3].is_pilot = True
    for row in db.session.scalars(select(Answer).where(Answer.response_id == people[4].id)):
        row.choice_id = row.choices = row.number = row.text = None
    db.session.commit()
    close(dora, study.id)
    assert market_data.freeze_answers(dora, study.id).counts["included"] == 9


def test_a_survey_that_is_open_or_has_ratings_is_not_frozen_here(app_context):
    study, dora, _ = market_study(2, closed=False)
    with pytest.raises(StateError, match="Close the survey"):
        market_data.freeze_answers(dora, study.id)
    close(dora, study.id)
    db.session.get_one(Study, study.id).kind = "practice analysis"
    db.session.commit()
    with pytest.raises(StateError, match="ratings"):
        market_data.freeze_answers(dora, study.id)


def test_nobody_answered(app_context):
    study, dora, _ = market_study(0)
    with pytest.raises(StateError, match="Nobody"):
        market_data.freeze_answers(dora, study.id)


def test_each_question_has_counts_shares_and_base(app_context):
    study, dora, _ = market_study()
    found = market_results.load_results(market_data.freeze_answers(dora, study.id), FULL)
    require, gains, fee = (result(found, code) for code in ("require", "gains", "fee"))
    assert [(row.code, row.cells[0].count) for row in require.rows] == [("yes", 28), ("no", 12), ("unsure", 0)]
    assert (require.n, require.rows[0].cells[0].share) == (40, 0.7)
    assert (gains.n, gains.rows[0].cells[0].count, gains.rows[1].cells[0].count) == (40, 40, 20)
    assert (fee.n, fee.numbers["mean"], fee.numbers["minimum"]) == (40, 119.5, 100.0)


def test_crossed_questions_have_a_test(app_context):
    study, dora, _ = market_study(90)
    found = market_results.load_results(market_data.freeze_answers(dora, study.id), FULL, by="role")
    require = result(found, "require")
    assert [group.n for group in require.groups] == [60, 30, 0, 0]
    assert require.test.df == 1
    assert result(found, "gains").test.reason
    assert found.by.code not in {r.question.code for r in found.results}
    with pytest.raises(InvalidInputError):
        market_results.load_results(found.dataset, FULL, by="gains")


def test_directors_see_no_number_of_few_people(app_context):
    study, dora, _ = market_study()
    dataset = market_data.freeze_answers(dora, study.id)
    found = market_results.load_results(dataset, DIRECTOR)
    require, prefer, fee = (result(found, code) for code in ("require", "prefer", "fee"))
    assert [row.cells[0].count for row in prefer.rows][:2] == [None, None]  # 32 and 8: one would give the other
    assert [row.cells[0].count for row in require.rows] == [28, 12, 0]  # nobody is unsure: that is no group
    assert "minimum" not in fee.numbers
    few = market_results.load_results(dataset, Reader(minimum=50))
    assert all(r.n is None for r in few.results if r.numbers is None)


def test_small_data_sets_are_withheld(app_context):
    study, dora, _ = market_study(9)
    dataset = market_data.freeze_answers(dora, study.id)
    assert not dataset.released
    assert market_page.load_page(study, {"director"}).withheld
    assert market_page.load_page(study, {"psychometrician"}).results.n == 9
    with pytest.raises(StateError):
        market_page.results_workbook(study, {"director"}, 1)


def test_a_data_set_that_differs_in_few_people_is_withheld(app_context):
    study, dora, people = market_study(30)
    assert market_data.freeze_answers(dora, study.id).released
    people[0].withdrawn_at = clock.now()
    db.session.commit()
    second = market_data.freeze_answers(dora, study.id)
    assert (second.released, second.changed_people) == (False, 1)
    with pytest.raises(NotFoundError):
        market_page.load_page(study, {"director"}, number="7")


@pytest.mark.parametrize("seed", range(40))
def test_no_hidden_cell_can_be_worked_out(seed):
    """Every hidden cell of a random table can hold at least five different counts, as far as rows and columns tell."""
    rng = random.Random(seed)
    shape = rng.randint(2, 5), rng.randint(2, 5)
    table = np.array([[rng.choice((0, 2, 6, 9, 12, 30, 60)) for _ in range(shape[1])] for _ in range(shape[0])])
    hidden = market_results.hide_cells(table, table.sum(axis=1), False, 10)
    taken = table.sum(axis=0) > 0
    assert hidden[:, taken][table[:, taken] < 10].all()
    for line, gone in itertools.chain(zip(table, hidden, strict=True), zip(table.T, hidden.T, strict=True)):
        if gone.any() and not gone.all():
            assert gone.sum() >= 2
            assert line[gone].sum() >= 10


def test_the_workbook_holds_what_the_page_shows(app_context):
    study, dora, _ = market_study(60)
    market_data.freeze_answers(dora, study.id)
    for roles in ({"psychometrician"}, {"director"}):
        book = openpyxl.load_workbook(io.BytesIO(market_page.results_workbook(study, roles, 1)))
        assert book.sheetnames[:3] == ["Read me", "Questions", "Tests"]
        assert "By role" in book.sheetnames
        rows = list(book["Questions"].values)
        place = next(n for n, row in enumerate(rows) if row[0] == "Yes")
        assert rows[place][1] == 42
        for sheet in book.worksheets:  # on paper one page wide, nothing cut, nothing merged
            assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
            assert (sheet.page_setup.orientation, list(sheet.merged_cells.ranges)) == ("landscape", [])
        long = next(row for row in book["Tests"].iter_rows(min_row=2) if len(row[0].value) > 60)
        assert book["Tests"].row_dimensions[long[0].row].height > 20
        hidden = any("hidden" in row for row in rows)
        assert hidden == (roles == {"director"})


def test_the_csv_file_holds_the_numbers_of_the_page_and_of_the_command(app_context, tmp_path):
    study, dora, _ = market_study(60)
    dataset = market_data.freeze_answers(dora, study.id)
    files = {roles: market_page.results_csv(study, {roles}, 1).decode("utf-8-sig") for roles in READERS}
    full, shown = (list(csv.DictReader(io.StringIO(files[reader]))) for reader in READERS)
    (yes,) = [row for row in shown if (row["question"], row["choice"], row["by"]) == ("require", "yes", "")]
    assert (yes["count"], yes["n"], float(yes["share"])) == ("42", "60", 0.7)
    hidden = [row for row in shown if row["hidden"] == "yes"]
    assert hidden
    assert all(not row[name] for row in hidden for name in ("count", "share", "low", "high", "value"))
    assert [row["hidden"] for row in full] == ["no"] * len(full)
    tables = answer_files("x", answers_from_parquet(dataset.content))
    counted = list(csv.DictReader(io.StringIO(tables["crosstab.csv"].decode("utf-8-sig"))))
    assert sum(int(row["count"]) for row in counted) == sum(int(row["count"]) for row in full if row["by"])
    assert json.loads(tables["summary.json"])["data_hash"] == dataset.data_hash


def test_a_market_study_travels_in_an_archive_with_its_results(app_context):
    study, dora, _ = market_study(40)
    market_data.freeze_answers(dora, study.id)
    user = db.session.get_one(User, dora.user_id)
    brought = import_study(dora, user, export_study(study.id))
    assert (brought.kind, brought.stage) == (MARKET, study.stage)
    before, after = (market_page.results_csv(one, {"director"}, 1) for one in (study, brought))
    assert after == before
    assert next_step(brought, count_study(brought.id)).endpoint == "market.index"


def test_comments_are_coded_to_themes_and_counted(app_context):
    study, dora, _ = market_study(48)
    question = market_themes.comment_questions(study.id)[0]
    cost = market_themes.add_theme(dora, study.id, "Cost", "Fees and time.")
    page = market_themes.load_comments(study.id, question.id)
    assert (page.n, page.n_coded, page.pages) == (12, 0, 1)
    for comment in page.comments[:11]:
        market_themes.code_comment(dora, study.id, comment.code, question.id, [cost.id], "")
    market_themes.code_comment(dora, study.id, page.comments[0].code, question.id, [cost.id], " The fee decides. ")
    line = market_themes.theme_lines(study.id, DIRECTOR)[0]
    assert (line.count, line.quotes) == (11, ("The fee decides.",))
    found = market_results.load_results(market_data.freeze_answers(dora, study.id), FULL)
    themes = result(found, "comment:themes")
    assert (themes.n, [row.cells[0].count for row in themes.rows]) == (12, [11, 1])
    market_themes.code_comment(dora, study.id, page.comments[0].code, question.id, [], "")
    market_themes.code_comment(dora, study.id, page.comments[1].code, question.id, [], "")
    line = market_themes.theme_lines(study.id, DIRECTOR)[0]
    assert (line.count, line.quotes) == (None, ())
    assert market_themes.theme_lines(study.id, FULL)[0].count == 9


def test_a_theme_can_be_changed_and_removed(app_context):
    study, dora, _ = market_study(4)
    theme = market_themes.add_theme(dora, study.id, "Cost & time", "")
    assert theme.code == "cost_time"
    assert market_themes.add_theme(dora, study.id, "Cost, time", "").code == "cost_time_2"
    with pytest.raises(InvalidInputError):
        market_themes.add_theme(dora, study.id, "COST & TIME", "")
    with pytest.raises(InvalidInputError):
        market_themes.add_theme(dora, study.id, " ", "")
    market_themes.edit_theme(dora, study.id, theme.id, "Fees", "What it costs.", version=1)
    with pytest.raises(EditConflictError):
        market_themes.edit_theme(dora, study.id, theme.id, "Prices", "", version=1)
    question = market_themes.comment_questions(study.id)[0]
    market_themes.code_comment(dora, study.id, "C0000", question.id, [theme.id], "")
    assert market_themes.remove_theme(dora, study.id, theme.id) == 1
    with pytest.raises(NotFoundError):
        market_themes.get_theme(study.id, theme.id)
    with pytest.raises(NotFoundError):
        market_themes.code_comment(dora, study.id, "C0000", question.id, [theme.id], "")
    with pytest.raises(InvalidInputError, match="not there"):
        market_themes.code_comment(dora, study.id, "C9999", question.id, [], "")
    with pytest.raises(InvalidInputError):
        market_themes.code_comment(dora, study.id, "C0000", question.id, [], "x" * 1001)
