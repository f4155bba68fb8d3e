"""Ratings leave without names, counted, and never for a single person to be told apart."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter

import pytest

from analysis.parquet import from_parquet
from jta.db import db
from jta.errors import NotFoundError, StateError
from jta.exports.item_bank import TaskLine, Topic, write_item_bank
from jta.models.report import Document
from jta.models.response import Response
from jta.services import blueprint as blueprints
from jta.services import data_files
from jta.services.data_release import release_background
from jta.services.documents import get_document, list_documents
from jta.services.item_bank import write_item_bank_file
from jta.services.results import analyze_dataset
from jta.services.review import freeze_dataset
from tests.factories import post, signed_in_client
from tests.services.closed_study import make_closed_study


@pytest.fixture
def frozen(app_context):
    study, actors = make_closed_study(60)
    return study, actors, freeze_dataset(actors["psychometrician"], study.id)


def parts(document):
    with zipfile.ZipFile(io.BytesIO(document.content)) as pack:
        return {name: pack.read(name) for name in pack.namelist()}


@pytest.mark.parametrize("form", data_files.FORMATS)
def test_every_form_holds_the_ratings_and_no_code_of_the_data_set(frozen, form):
    study, actors, dataset = frozen
    document = data_files.make_file(actors["psychometrician"], study.id, 1, form)
    files = parts(document)
    assert set(files) == {data_files.FORMATS[form][1], "README.txt", "codebook.csv"}
    assert (document.restricted, document.dataset_id, document.source_hash) == (True, dataset.id, dataset.data_hash)
    codes = [response.code.encode() for response in db.session.query(Response).filter_by(study_id=study.id)]
    for content in files.values():
        assert not [code for code in codes if code in content]
    assert dataset.data_hash.encode() in files["README.txt"]


def test_the_ratings_are_those_of_the_data_set(frozen):
    study, actors, dataset = frozen
    study.smallest_group = 15
    db.session.commit()
    files = parts(data_files.make_file(actors["psychometrician"], study.id, 1, "long-csv"))
    rows = list(csv.DictReader(io.StringIO(files["ratings-long.csv"].decode("utf-8-sig"), newline="")))
    data = from_parquet(dataset.content)
    wanted = Counter()
    for code, matrix in data.matrices.items():
        for t, task in enumerate(data.task_ids.tolist()):
            for k, anchor in enumerate(matrix.scale.anchors, 1):
                wanted[task, code, anchor.label] += int((matrix.codes[:, t] == k).sum())
    assert Counter((r["task"], r["scale"], r["label"]) for r in rows) == +wanted
    people = {r["respondent"]: tuple(v for k, v in r.items() if k not in LONG) for r in rows}
    assert min(Counter(people.values()).values()) >= 15


LONG = {"respondent", "task", "scale", "number", "label"}


def test_two_files_never_share_a_name(frozen):
    study, actors, _ = frozen
    names = []
    for _ in range(2):
        files = parts(data_files.make_file(actors["psychometrician"], study.id, 1, "wide-csv"))
        rows = csv.DictReader(io.StringIO(files["ratings-wide.csv"].decode("utf-8-sig"), newline=""))
        names.append({row["respondent"] for row in rows})
    assert not names[0] & names[1]


def test_few_people_may_not_leave(app_context):
    study, actors = make_closed_study(9)
    dataset = freeze_dataset(actors["psychometrician"], study.id)
    assert "10 or more" in release_background(dataset).refused
    with pytest.raises(StateError, match="10 or more"):
        data_files.ask_file(actors["psychometrician"], study.id, 1, "wide-csv")
    with pytest.raises(StateError, match="10 or more"):
        data_files.make_file(actors["psychometrician"], study.id, 1, "wide-csv")


def test_only_the_psychometrician_sees_the_files(frozen):
    study, actors, _ = frozen
    document = data_files.make_file(actors["psychometrician"], study.id, 1, "sav")
    for roles in ({"director"}, {"auditor", "approver"}, set()):
        assert document.id not in [d.id for d in list_documents(study.id, roles)]
        with pytest.raises(NotFoundError):
            get_document(study.id, document.id, roles)
    assert get_document(study.id, document.id, {"director", "psychometrician"}).content


def test_a_form_that_is_not_there(frozen):
    study, actors, _ = frozen
    with pytest.raises(NotFoundError):
        data_files.ask_file(actors["psychometrician"], study.id, 1, "exe")


def test_a_file_with_other_counts_is_not_kept(frozen, monkeypatch):
    from jta.exports import rating_files

    study, actors, _ = frozen
    monkeypatch.setattr(rating_files, "write_wide_csv", lambda _table, _out: 3)
    with pytest.raises(StateError, match="would hold 3 rows"):
        data_files.make_file(actors["psychometrician"], study.id, 1, "wide-csv")
    assert db.session.query(Document).count() == 0


def test_item_bank_weights_are_whole_and_sum_to_100():
    topics = [
        Topic("1", "Vision", 1 / 3), Topic("1.1", "Plan", 1 / 6, "1"), Topic("1.2", "=Lead", 1 / 6, "1"),
        Topic("2", "Learn", 1 / 3), Topic("3", "Manage", 1 / 3),
    ]  # fmt: skip
    content = write_item_bank(topics, [TaskLine("1.1", "1.1.10", "Write a plan"), TaskLine("2", "2.1", "Teach")])
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert header == ["Topic Number", "Name", "Weight", "Description"]
    assert rows == [
        ["#1", "Vision", "34", "1"], ["#1.1", "Plan", "17", "1.1"], ["#1.1.1", "Write a plan", "", "1.1.10"],
        ["#1.2", "'=Lead", "17", "1.2"], ["#2", "Learn", "33", "2"], ["#2.1", "Teach", "", "2.1"],
        ["#3", "Manage", "33", "3"],
    ]  # fmt: skip


def test_the_item_bank_file_of_a_blueprint(frozen):
    study, actors, _ = frozen
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    blueprint = blueprints.propose(actors["director"], study.id, run.id)
    document = write_item_bank_file(actors["director"], study.id, 1)
    rows = list(csv.DictReader(io.StringIO(document.content.decode("utf-8-sig"), newline="")))
    domains = [r for r in rows if r["Topic Number"].count(".") == 0]
    assert sum(int(r["Weight"]) for r in domains) == 100
    inner = [r for r in rows if r["Topic Number"].count(".") == 1 and r["Weight"]]
    assert sum(int(r["Weight"]) for r in inner) == 100
    for row, line in zip([b for b in blueprint.rows if b.parent_code is None], domains, strict=True):
        assert abs(row.weight * 100 - int(line["Weight"])) < 1
    assert not document.restricted


def test_pages_from_asking_to_the_file(sqlite_app):
    with sqlite_app.app_context():
        study, actors = make_closed_study(60)
        freeze_dataset(actors["psychometrician"], study.id)
        study_id = study.id
    client = signed_in_client(sqlite_app, "pia@example.org")
    page = f"/studies/{study_id}/data-out"
    shown = client.get(page).text
    assert "60 respondents" in shown or "respondents" in shown
    reply = post(client, f"/studies/{study_id}/data-sets/1/ratings/wide-xlsx", {}, form_page=page)
    assert reply.status_code == 303
    done = client.get(reply.location).text
    assert "The file is ready" in done
    director = signed_in_client(sqlite_app, "dora@example.org")
    assert "Made by the psychometrician" in director.get(page).text
    assert "wide-xlsx" not in director.get(f"/studies/{study_id}/documents").text
    assert "wide-xlsx" in client.get(f"/studies/{study_id}/documents").text


def test_a_study_is_brought_in_by_its_archive(sqlite_app):
    with sqlite_app.app_context():
        study, actors = make_closed_study(20)
        freeze_dataset(actors["psychometrician"], study.id)
        from jta.services.archive import export_study

        data = export_study(study.id)
    client = signed_in_client(sqlite_app, "dora@example.org")
    bad = post(client, "/studies/bring-in", {"file": (io.BytesIO(b"no"), "x.zip")}, form_page="/studies/bring-in")
    assert bad.status_code == 422
    assert "not the archive of a study" in bad.text
    good = post(client, "/studies/bring-in", {"file": (io.BytesIO(data), "x.zip")}, form_page="/studies/bring-in")
    assert good.status_code == 303
    assert "was brought in" in client.get(good.location).text
