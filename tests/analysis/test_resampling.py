"""Resamples shared by workers, and Kane-type effects of many resamples against solving each."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from analysis import bases_kane_resampled, bootstrap
from analysis.bases_kane import kane_log_performers, log_products
from analysis.bootstrap import Draws, resample, resampling_counts
from analysis.choices import make_choices
from analysis.plan import AnalysisPlan
from benchmarks.study import simulate

ROOT = Path(__file__).parents[2]
HASHED = """
import hashlib, sys
from analysis.further import all_statistics
from analysis.parquet import from_parquet
from analysis.pipeline import run_analysis
from analysis.plan import AnalysisPlan
from jta.exports.tables import tables_csv
with open(sys.argv[1], "rb") as file:
    data = from_parquet(file.read())
plan = AnalysisPlan(bootstrap_resamples=1200, conditional_rasch="off")
result = run_analysis(data, plan, None, all_statistics(), workers=int(sys.argv[2]))
whole = hashlib.sha256()
for name, content in sorted(tables_csv(result.tables).items()):
    whole.update(name.encode() + content)
print(whole.hexdigest())
"""


def matrices(data):
    choices = make_choices(data, AnalysisPlan())
    return choices.importance_matrix, choices.frequency_matrix


def each_solved(importance, frequency, draws):
    """The effects of every resample from its own normal equations."""
    logs = log_products(importance.scale.values()[importance.codes], frequency.scale.values(0.0)[frequency.codes])
    counted = resampling_counts(draws.respondents, draws.strata, draws.resamples, draws.seed)
    return np.concatenate([kane_log_performers(logs, counts.astype(float)) for _, counts in counted])


@pytest.mark.parametrize(("single_rows", "close"), [(10**9, 1e-10), (1000, 3e-8)])
def test_effects_of_many_resamples_are_those_of_solving_each(monkeypatch, single_rows, close):
    monkeypatch.setattr(bases_kane_resampled, "SINGLE_ROWS", single_rows)
    importance, frequency = matrices(simulate(1100, 12))
    draws = Draws(importance.respondents, None, 40, 3)
    found = resample(importance, frequency, draws, log_effects=True).log_effects
    assert_allclose(found, each_solved(importance, frequency, draws), rtol=close)


def test_a_task_without_data_stays_empty_and_thin_links_are_solved_one_by_one():
    data = simulate(1100, 6)
    importance, frequency = matrices(data)
    importance.codes[:, 2] = 0
    importance.codes[50:, 4] = 0
    draws = Draws(importance.respondents, None, 20, 3)
    found = resample(importance, frequency, draws, log_effects=True).log_effects
    assert np.isnan(found[:, 2]).all()
    assert not np.isnan(found[:, 4]).any()
    assert_allclose(found, each_solved(importance, frequency, draws), rtol=1e-10)


def test_resamples_that_do_not_settle_are_solved_by_themselves(monkeypatch):
    monkeypatch.setattr(bases_kane_resampled, "STEPS", 1)
    importance, frequency = matrices(simulate(1100, 8))
    draws = Draws(importance.respondents, None, 10, 3)
    found = resample(importance, frequency, draws, log_effects=True).log_effects
    assert_allclose(found, each_solved(importance, frequency, draws), rtol=1e-12)


def test_workers_share_the_blocks_without_changing_a_digit(monkeypatch):
    monkeypatch.setattr(bootstrap, "BLOCK_RESAMPLES", 7)
    importance, frequency = matrices(simulate(1500, 10))
    draws = Draws(importance.respondents, np.array(["A", "B", "B"] * 500, dtype=object), 60, 5)
    one, four = (resample(importance, frequency, draws, log_effects=True, workers=n) for n in (1, 4))
    assert_array_equal(one.log_effects, four.log_effects)
    assert_array_equal(one.performing, four.performing)
    for name in ("importance", "n_importance", "frequency", "n_frequency", "product", "n_product"):
        assert_array_equal(getattr(one.sums, name), getattr(four.sums, name))


@pytest.mark.slow
def test_two_processes_one_with_four_workers_write_the_same_bytes(tmp_path):
    from analysis.parquet import to_parquet

    (tmp_path / "study.parquet").write_bytes(to_parquet(simulate(1300, 12)))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = [
        subprocess.run(
            [sys.executable, "-c", HASHED, str(tmp_path / "study.parquet"), workers],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=tmp_path,
        )
        for workers in ("1", "4")
    ]
    one, four = (done.stdout.strip() for done in running)
    assert len(one) == len(hashlib.sha256().hexdigest())
    assert one == four
