"""The same study as a folder of CSV, as Parquet and in the database comes to the same bytes."""

from __future__ import annotations

import csv

import numpy as np

from analysis.folder import read_study_folder
from analysis.further import all_statistics
from analysis.parquet import from_parquet, to_parquet
from analysis.pipeline import run_analysis
from analysis.plan import AnalysisPlan
from jta.db import db, transaction
from jta.exports.tables import tables_csv
from jta.models.study import Study
from jta.services.results import analyze_dataset, table_bytes
from jta.services.review import freeze_dataset
from tests.services.closed_study import make_closed_study

CUTS = [{"measure": "mean", "cut": 2.5, "review": 2.0}, {"measure": "performing", "cut": 0.3}]


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)


def ratings_of(data):
    """Every rating as a row of ratings.csv, in whole numbers; "not performed" is 0."""
    yield "respondent_id", "task_id", "scale", "value"
    for code, matrix in data.matrices.items():
        values = matrix.values(not_performed=0.0)
        for r, t in zip(*np.nonzero(matrix.codes), strict=True):
            yield matrix.respondents[r], matrix.tasks[t], code, int(values[r, t])


def write_folder(data, folder):
    """Write a study as CSV files by the formats of docs/analyze.md."""
    folder.mkdir()
    data.tasks.to_csv(folder / "tasks.csv", index=False)
    data.respondents.to_csv(folder / "respondents.csv", index=False)
    data.population.to_csv(folder / "population.csv", index=False)
    zero = {scale.code: "not performed" if scale.not_performed_code else "" for scale in data.scales.values()}
    limits = [(s.code, int(s.minimum), int(s.maximum), zero[s.code]) for s in data.scales.values()]
    write(folder / "scales.csv", [("scale", "min", "max", "zero_means"), *limits])
    write(folder / "ratings.csv", ratings_of(data))


def test_folder_parquet_and_database_give_the_same_hash_and_the_same_bytes(app_context, tmp_path):
    study, actors = make_closed_study(40)
    with transaction():
        kept = db.session.get_one(Study, study.id)
        kept.plan = {**kept.plan, "retention": CUTS, "bootstrap_resamples": 100}
    dataset = freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, dataset.number)
    stored = from_parquet(dataset.content)
    # What makes this study worth the comparison: gaps, non-performers, strata, several scales.
    assert len(stored.matrices) > 1
    assert all((matrix.codes == 0).any() for matrix in stored.matrices.values())
    skips = {code: scale.not_performed_code for code, scale in stored.scales.items() if scale.not_performed_code}
    assert any((stored.matrices[code].codes == skip).any() for code, skip in skips.items())
    assert stored.population["variable"].nunique() >= 1
    write_folder(stored, tmp_path / "study")
    read = read_study_folder(tmp_path / "study").data
    plan = AnalysisPlan.from_json(run.plan)
    results = [run_analysis(data, plan, None, all_statistics()) for data in (read, from_parquet(to_parquet(read)))]
    assert {result.data_hash for result in results} == {dataset.data_hash} == {run.summary["data_hash"]}
    for result in results:
        files = tables_csv(result.tables)
        assert {name.removesuffix(".csv") for name in files} == set(run.summary["tables"])
        for name, content in files.items():
            assert content == table_bytes(run, name.removesuffix(".csv")), name
        assert result.weights == run.summary["weights"]
        assert result.items == run.summary["items"]
