"""What figures would give: the preview equals what is saved, pretest items are shared out, the workbook shows both."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest

from jta.db import db
from jta.services import blueprint as service
from jta.services.blueprint_changes import RowInput, shown_percent
from jta.services.blueprint_draft import draft_of, pretest_items
from jta.services.report_book import build_blueprint_book
from jta.services.results import analyze_dataset
from jta.services.review import freeze_dataset
from tests.services.closed_study import make_closed_study


@pytest.fixture
def proposed(app_context):
    study, actors = make_closed_study()
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    return study, actors, service.propose(actors["director"], study.id, run.id)


def inputs(blueprint, code, weight):
    return [
        RowInput(r.code, Decimal(weight) if r.code == code else shown_percent(r.weight), r.minimum, r.maximum)
        for r in blueprint.rows
    ]


def test_the_preview_equals_what_is_saved_and_saves_nothing(proposed):
    from jta.exports.blueprint_workbook import write_blueprint_workbook

    study, actors, blueprint = proposed
    first = blueprint.rows[0]
    rows = inputs(blueprint, first.code, "55.00")
    draft = draft_of(blueprint, rows, 83, share_rest=True, pretest=11)
    assert not db.session.dirty
    assert not db.session.new
    assert any(first.code in text and "five points" in text for text in draft.warnings)
    service.adjust(
        actors["director"], study.id, 1, seen_version=blueprint.version, rows=rows, items=83, reason="Board",
        share_rest=True, pretest=11, vote="9 of 11",
    )  # fmt: skip
    saved = service.get_blueprint(study.id, 1)
    assert [(x.weight, x.result.items) for x in draft.lines] == [(r.weight, r.items) for r in saved.rows]
    assert {x.row.code: x.pretest for x in draft.lines} == pretest_items(saved.rows, 11)
    assert sum(x.pretest for x in draft.domains) == 11
    book = build_blueprint_book(saved)
    assert [(x.scored, x.pretest) for x in book.lines] == [(x.result.items, x.pretest) for x in draft.lines]
    sheets = openpyxl.load_workbook(io.BytesIO(write_blueprint_workbook(book)))
    assert "Pretest" in {cell.value for row in sheets["Blueprint"].iter_rows() for cell in row}
    assert any("(vote: 9 of 11)" in str(c.value) for row in sheets["Decisions"].iter_rows() for c in row)


def test_figures_that_cannot_be_saved_say_why(proposed):
    _, _, blueprint = proposed
    draft = draft_of(blueprint, inputs(blueprint, blueprint.rows[0].code, "99.00"), 5, share_rest=False)
    assert draft.lines == ()
    assert "come to" in draft.problem
