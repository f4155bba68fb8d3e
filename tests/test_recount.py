"""The weights of an archive, counted again by a path of its own."""

from __future__ import annotations

import hashlib
import json

import pytest
from click.testing import CliRunner

from jta.audit import Actor
from jta.db import db, transaction
from jta.imports.study_archive import read_archive
from jta.models.study import Study
from jta.recount import INDICES, recount, recount_command
from jta.services.archive import export_study, import_study
from jta.services.results import analyze_dataset
from jta.services.review import freeze_dataset
from tests.factories import make_user
from tests.services.closed_study import make_closed_study
from tests.services.test_archive import repack, unpack

CUTS = [
    {"measure": "mean", "cut": 3.2, "review": 3.0},
    {"measure": "performing", "cut": 0.5},
    {"measure": "at_or_above", "cut": 0.4, "anchor": 3.0},
]
_KEPT: dict[str, bytes] = {}


@pytest.fixture
def archive(app_context):
    """An archive with a run for each index that can be counted again, with and without cuts."""
    if not _KEPT:
        study, actors = make_closed_study(40)
        freeze_dataset(actors["psychometrician"], study.id)
        for n, index in enumerate(INDICES):
            with transaction():
                changed = db.session.get_one(Study, study.id)
                changed.plan = {
                    **changed.plan, "index": index, "within": ("sum", "mean")[n % 2],
                    "non_performers": ("zero", "missing")[n % 3 == 2], "bootstrap_resamples": 0,
                    "retention": CUTS if n % 2 else [], "review_tasks": ("keep", "drop")[n % 4 == 1],
                }  # fmt: skip
            analyze_dataset(actors["psychometrician"], study.id, 1)
        _KEPT["data"] = export_study(study.id)
    return _KEPT["data"]


def test_every_index_is_counted_again(archive):
    runs = list(recount(read_archive(archive)))
    assert len(runs) == len(INDICES)
    for run in runs:
        assert not run.not_counted
        assert [line for line in run.lines if not line.agrees] == []
        assert len(run.lines) >= 13
    assert any("decision" in line.what and line.counted == 0 for run in runs for line in run.lines)


def invoke(path):
    return CliRunner().invoke(recount_command, [str(path)])


def test_the_command_says_what_it_found(archive, tmp_path):
    path = tmp_path / "study.zip"
    path.write_bytes(archive)
    done = invoke(path)
    assert done.exit_code == 0, done.output
    assert "0 differ" in done.output


def test_a_forged_weight_is_found(archive, tmp_path):
    import io
    import zipfile

    files = unpack(archive)
    table = json.loads(files["tables/analysis_run.json"])
    column = table["columns"].index("tables")
    old = table["rows"][0][column]
    packed = unpack(files[old])
    lines = packed["blueprint.csv"].decode().splitlines(keepends=True)
    at = lines[0].split(",").index('"weight"')
    cells = lines[1].split(",")
    cells[at] = str(float(cells[at]) + 1e-7)
    packed["blueprint.csv"] = ",".join(cells).join([lines[0], "".join(lines[2:])]).encode()
    forged = repack(packed)
    assert zipfile.is_zipfile(io.BytesIO(forged))
    name = f"files/{hashlib.sha256(forged).hexdigest()}"
    table["rows"][0][column] = name
    files |= {name: forged, "tables/analysis_run.json": json.dumps(table).encode()}
    manifest = json.loads(files["manifest.json"])
    for changed in (name, "tables/analysis_run.json"):
        manifest["files"][changed] = hashlib.sha256(files[changed]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    path = tmp_path / "forged.zip"
    path.write_bytes(repack(files))
    done = invoke(path)
    assert done.exit_code == 1
    assert done.output.count("DIFFERS weight of domain") == 1


def test_what_cannot_be_counted_is_said(archive, tmp_path):
    other = make_user("olga@example.org", "Olga Other")
    study = import_study(Actor("Olga Other", "director", other.id), other, archive)
    with transaction():
        study.plan = {**study.plan, "index": "rasch_expected_jmle"}
    analyze_dataset(Actor("Olga Other", "director", other.id), study.id, 1)
    path = tmp_path / "study.zip"
    path.write_bytes(export_study(study.id))
    done = invoke(path)
    assert done.exit_code == 3, done.output
    assert "rasch_expected_jmle" in done.output


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "other.zip"
    path.write_bytes(b"PK nothing")
    done = invoke(path)
    assert done.exit_code == 2
    assert "not the archive of a study" in done.output
