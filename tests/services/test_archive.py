"""A study leaves as one file and comes in again as the same study, without anybody's name."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import date

import pytest
from sqlalchemy import func, select

from jta.audit import SYSTEM, Actor
from jta.db import Base, db
from jta.errors import InvalidInputError, NotFoundError
from jta.models.blueprint import ItemBank
from jta.models.delivery import Person
from jta.models.study import Study
from jta.services import blueprint as blueprints
from jta.services.archive import export_study, import_study
from jta.services.archive_tables import KEPT, LEFT_OUT, belongs_to, kept_tables
from jta.services.report import write_workbook
from jta.services.results import analyze_dataset, list_runs
from jta.services.review import freeze_dataset, get_dataset
from tests.factories import make_user, sign_in
from tests.services.closed_study import make_closed_study


@pytest.fixture
def finished(app_context):
    study, actors = make_closed_study(40)
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    made = blueprints.propose(actors["director"], study.id, run.id)
    made.levels, made.leeway = [["recall", 0.4], ["apply", 0.6]], 1
    db.session.add(ItemBank(study_id=study.id, counts=[["1", "recall", 5]], by_name="Dora", at=made.proposed_at))
    made.effective_on, made.next_study_on = date(2027, 1, 1), date(2031, 1, 1)
    db.session.commit()
    write_workbook(actors["director"], study.id, made.number)
    return study, actors


PAGES = (
    *("", "/inventory", "/survey", "/survey/preview", "/data-sets", "/results", "/blueprints/1"),
    *("/documents", "/audit"),
)
_KEPT: dict[str, bytes] = {}


@pytest.fixture
def archive(app_context):
    """The bytes of a finished study's archive, made once."""
    if not _KEPT:
        study, actors = make_closed_study(40)
        freeze_dataset(actors["psychometrician"], study.id)
        run = analyze_dataset(actors["psychometrician"], study.id, 1)
        blueprints.propose(actors["director"], study.id, run.id)
        _KEPT["data"] = export_study(study.id)
    return _KEPT["data"]


def unpack(data):
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        return {name: pack.read(name) for name in pack.namelist()}


def repack(files):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return sink.getvalue()


def test_every_table_is_decided():
    assert KEPT | set(LEFT_OUT) == set(Base.metadata.tables)
    assert not KEPT & set(LEFT_OUT)


@pytest.mark.parametrize("table", kept_tables(), ids=lambda table: table.name)
def test_every_kept_table_leads_to_a_study(table):
    assert belongs_to(table, 1) is not None


def test_the_same_study_gives_the_same_bytes_and_no_names(finished):
    study, _ = finished
    data = export_study(study.id)
    assert data == export_study(study.id)
    names = db.session.execute(select(Person.name, Person.email).where(Person.study_id == study.id)).all()
    plain = b"".join(unpack(data).values())
    assert len(names) >= 40
    for name, email in names:
        assert name.encode() not in plain
        assert not email or email.encode() not in plain


def rows(data, table):
    parts = json.loads(unpack(data)[f"tables/{table}.json"])
    return [dict(zip(parts["columns"], row, strict=True)) for row in parts["rows"]]


def test_it_comes_in_again_as_the_same_study(finished):
    study, actors = finished
    data = export_study(study.id)
    other = make_user("olga@example.org", "Olga Other")
    made = import_study(actors["admin"], other, data)
    assert made.id != study.id
    again = export_study(made.id)
    for table in kept_tables():
        old, new = rows(data, table.name), rows(again, table.name)
        assert len(old) == len(new), table.name
        moved = {c.name for c in table.columns if c.foreign_keys} | {"id", "content", "content_hash"}
        for before, after in zip(old, new, strict=True):
            assert {k: v for k, v in before.items() if k not in moved} == {
                k: v for k, v in after.items() if k not in moved
            }, table.name
    assert get_dataset(made.id, 1).content == get_dataset(study.id, 1).content
    assert [r.result_hash for r in list_runs(made.id)] == [r.result_hash for r in list_runs(study.id)]


def test_the_study_that_came_in_can_be_analysed_and_approved(archive):
    other = make_user("olga@example.org", "Olga Other")
    made = import_study(SYSTEM, other, archive)
    actor = Actor("Olga Other", "director", other.id)
    run = analyze_dataset(actor, made.id, 1)
    assert len({r.result_hash for r in list_runs(made.id)}) == 1
    assert blueprints.propose(actor, made.id, run.id).rows


def test_pages_of_the_study_that_came_in(finished, client):
    study, actors = finished
    other = make_user("olga@example.org", "Olga Other")
    made = import_study(actors["admin"], other, export_study(study.id)).id
    db.session.commit()
    sign_in(client, "olga@example.org")
    for path in PAGES:
        reply = client.get(f"/studies/{made}{path}", follow_redirects=True)
        assert reply.status_code == 200, path


def change(data, name, edit):
    files = unpack(data)
    files[name] = edit(files[name])
    return repack(files)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[:-40], "not the archive of a study"),
        (lambda data: b"PK" + data, "not the archive of a study"),
        (lambda _: b"", "not the archive of a study"),
        (lambda data: change(data, "tables/task.json", lambda b: b.replace(b'"1.', b'"2.', 1)), "not the one listed"),
        (lambda data: repack({n: c for n, c in unpack(data).items() if n != "audit.json"}), "'audit.json' is missing"),
        (lambda data: repack({**unpack(data), "tables/person.json": b"{}"}), "is not in its list"),
        (lambda data: repack({**unpack(data), "../evil": b""}), "not the archive of a study"),
        (lambda data: change(data, "manifest.json", lambda b: b.replace(b'"format": 1', b'"format": 9')), "format 9"),
        (lambda data: change(data, "manifest.json", lambda _: b"[" * 100_000), "not the archive of a study"),
        (lambda _: repack({"xl/workbook.xml": b"<x/>"}), "not the archive of a study"),
    ],
)
def test_what_is_no_archive_or_was_changed_is_refused(archive, spoil, why):
    other = make_user("olga@example.org", "Olga Other")
    before = db.session.scalar(select(func.count(Study.id)))
    with pytest.raises(InvalidInputError, match=why):
        import_study(SYSTEM, other, spoil(archive))
    assert db.session.scalar(select(func.count(Study.id))) == before


def test_an_archive_that_points_outside_is_refused_and_nothing_stays(archive):
    files = unpack(archive)
    table = json.loads(files["tables/task.json"])
    column = table["columns"].index("domain_id")
    table["rows"][-1][column] = 999_999
    files["tables/task.json"] = json.dumps(table).encode()
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["tables/task.json"] = hashlib.sha256(files["tables/task.json"]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    other = make_user("olga@example.org", "Olga Other")
    before = db.session.scalar(select(func.count(Study.id)))
    with pytest.raises(InvalidInputError, match="not in it"):
        import_study(SYSTEM, other, repack(files))
    assert db.session.scalar(select(func.count(Study.id))) == before


def test_no_study_no_archive(app_context):
    with pytest.raises(NotFoundError):
        export_study(99)
