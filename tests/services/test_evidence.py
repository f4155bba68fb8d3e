"""The evidence map says what is there, what is not, and who justified it."""

from __future__ import annotations

import io

import openpyxl
import pytest

from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.services import blueprint as blueprints
from jta.services import evidence
from jta.services.evidence_lines import STANDARDS
from jta.services.results import analyze_dataset
from jta.services.review import freeze_dataset
from tests.factories import post, signed_in_client
from tests.services.closed_study import make_closed_study


def lines(study_id):
    return {s.line.code: s for _, states in evidence.evidence_map(study_id).standards for s in states}


def test_every_line_names_facts_and_pages_that_exist(app_context):
    codes = [line.code for standard in STANDARDS for line in standard.lines]
    assert len(codes) == len(set(codes)) > 40
    endpoints = {rule.endpoint for rule in app_context.url_map.iter_rules()}
    for standard in STANDARDS:
        for line in standard.lines:
            assert set(line.facts) <= set(evidence.FACTS)
            assert not line.endpoint or line.endpoint in endpoints


def test_facts_and_words_are_the_same_set(app_context):
    study, _ = make_closed_study(12)
    assert set(evidence.facts_of(study.id)) == set(evidence.FACTS)


def test_the_map_follows_the_study(app_context):
    study, actors = make_closed_study(20)
    before = lines(study.id)
    assert before["NCCA14.8"].state == "missing"
    assert before["NCCA14.5"].state == "shown"
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    assert lines(study.id)["NCCA14.8"].state == "partial"
    assert lines(study.id)["NCCA14.8"].absent == ("a blueprint",)
    blueprints.propose(actors["director"], study.id, run.id)
    assert lines(study.id)["NCCA14.8"].state == "shown"
    found = evidence.evidence_map(study.id)
    assert sum(found.count(state) for state in evidence.STATES) == found.total == len(before)


def test_a_justification_stands_with_its_writer_and_can_be_taken_back(app_context):
    study, actors = make_closed_study(12)
    evidence.justify(actors["director"], study.id, "NCCA15.2", "See the exam manual.\r\n", version=0)
    state = lines(study.id)["NCCA15.2"]
    assert (state.state, state.note.text, state.note.by_name) == ("justified", "See the exam manual.", "Dora Director")
    with pytest.raises(EditConflictError) as told:
        evidence.justify(actors["psychometrician"], study.id, "NCCA15.2", "Other", version=0)
    assert told.value.theirs == "See the exam manual."
    evidence.justify(actors["director"], study.id, "NCCA15.2", " ", version=state.note.version)
    assert lines(study.id)["NCCA15.2"].state == "missing"


def test_what_cannot_be_saved(app_context):
    study, actors = make_closed_study(12)
    with pytest.raises(NotFoundError):
        evidence.justify(actors["director"], study.id, "NCCA99.1", "x", version=0)
    with pytest.raises(InvalidInputError):
        evidence.justify(actors["director"], study.id, "NCCA15.2", "x" * 2001, version=0)


def test_pages_and_workbook(sqlite_app):
    with sqlite_app.app_context():
        study, _ = make_closed_study(12)
        study_id = study.id
    client = signed_in_client(sqlite_app, "dora@example.org")
    url = f"/studies/{study_id}/evidence"
    page = client.get(url).text
    assert "Evidence map" in page
    assert "Nothing in the program can show this" in page
    form = f"{url}/NCCA15.2"
    assert post(client, form, {"text": "=1+1 <b>", "seen": "0"}, form_page=form).status_code == 303
    assert "=1+1 &lt;b&gt;" in client.get(url).text
    stale = post(client, form, {"text": "Mine", "seen": "0"}, form_page=form)
    assert stale.status_code == 409
    assert "Mine" in stale.text
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{url}/evidence-map.xlsx").data))
    rows = list(book["Evidence map"].iter_rows(values_only=True))
    assert len(rows) == 1 + sum(len(s.lines) for s in STANDARDS)
    assert next(r for r in rows if r[1] == "NCCA15.2")[5] == "=1+1 <b>"
    assert not [c for row in book["Evidence map"].iter_rows() for c in row if c.data_type == "f"]
