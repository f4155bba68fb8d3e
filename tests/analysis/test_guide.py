"""The guide's worked example and the example script run and say what they print."""

import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_worked_example_of_the_guide_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    found = doctest.testfile(str(ROOT / "docs" / "psychometrician.md"), module_relative=False)
    assert found.attempted > 10
    assert found.failed == 0


def test_the_example_script_prints_a_blueprint():
    command = [
        sys.executable,
        ROOT / "benchmarks" / "example_analysis.py",
        ROOT / "tests" / "reference" / "small" / "data",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("30 respondents, 12 tasks retained")
    assert "D1: 32.9%" in done.stdout
    assert "rasch_exp_jmle" in done.stdout


def test_a_case_of_the_benchmark_measures_time_and_memory(tmp_path):
    script, page = ROOT / "benchmarks" / "analysis.py", tmp_path / "page.md"
    command = [sys.executable, script, "--only", "20,000: counts", "--runs", "1", "--write", page]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "(floor)" in done.stdout
    written = page.read_text(encoding="utf-8")
    assert "Measured by `./run bench analysis` on" in written
    _, seconds, memory = written.splitlines()[6].strip("| ").split(" | ")
    assert float(seconds) > 0
    assert float(memory) > 0
    case = [sys.executable, script, "--runs", "1", "--case", "no such case"]
    assert subprocess.run(case, capture_output=True, text=True).returncode != 0
    with pytest.raises(json.JSONDecodeError):
        json.loads(done.stdout)
