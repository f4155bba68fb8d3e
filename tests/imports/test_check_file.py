"""``check-file`` prints one JSON object and tells by its exit code how the file is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from jta.check_file import check_file_command
from tests.imports.case import STATEMENT
from tests.imports.files import HEADERS, ROWS, book, changed, csv_bytes, json_bytes

REFERENCE = Path(__file__).parents[1] / "reference"


def run(*arguments: str | Path, **settings: str) -> tuple[int, dict]:
    done = CliRunner(env=settings).invoke(check_file_command, [str(a) for a in arguments])
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize("kind", sorted(ROWS))
@pytest.mark.parametrize(("ending", "build"), [("csv", csv_bytes), ("xlsx", book), ("json", json_bytes)])
def test_good_file_of_every_kind_and_type(tmp_path, kind, ending, build):
    path = tmp_path / f"file.{ending}"
    path.write_bytes(build(ROWS[kind], kind=kind))
    assert run(kind, path) == (0, {"accepted": 3, "cleaned": [], "problems": [], "refused": None})


def test_problem_names_row_column_and_reason(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(csv_bytes(changed("inventory", 2, STATEMENT, "")))
    code, report = run("inventory", path)
    assert code == 1
    assert report == {
        "accepted": 2,
        "cleaned": [],
        "problems": [{"row": 4, "column": STATEMENT, "reason": "The cell is empty. Fill it in."}],
        "refused": None,
    }


def test_first_json_record_is_row_one(tmp_path):
    path = tmp_path / "file.json"
    path.write_bytes(json_bytes(changed("inventory", 0, STATEMENT, "")))
    assert run("inventory", path)[1]["problems"][0]["row"] == 1


def test_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(csv_bytes(ROWS["roster"], kind="roster"))
    code, report = run("ratings", path)
    assert (code, report["accepted"]) == (2, 0)
    assert "missing" in report["refused"]


def test_what_cannot_be_read_is_refused(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path, Path("/dev/zero")):
        code, report = run("roster", path)
        assert code == 2
        assert report["refused"].startswith("The file cannot be read")


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert run("roster", tmp_path / "pipe.csv")[1]["refused"].endswith("not an ordinary file.")


@pytest.mark.parametrize(
    ("kind", "option", "words"),
    [
        ("inventory", "--max-rows=2", "more than 2 rows"),
        ("ratings", "--max-rows=2", "more than 2 rows"),
        ("inventory", "--max-upload=50", "larger than 50 bytes"),
        ("inventory", "--max-columns=5", "more than 5 columns"),
    ],
)
def test_limits_are_options(tmp_path, kind, option, words):
    path = tmp_path / "file.csv"
    path.write_bytes(csv_bytes(ROWS[kind], kind=kind))
    code, report = run(kind, path, option)
    assert code == 2
    assert words in report["refused"]


def test_limits_are_settings_too(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(csv_bytes(ROWS["inventory"]))
    assert "more than 1 rows" in run("inventory", path, JTA_MAX_ROWS="1")[1]["refused"]
    assert run("inventory", path, "--max-rows=9", JTA_MAX_ROWS="1")[0] == 0
    code, report = run("inventory", path, JTA_MAX_CELL="many")
    assert (code, report["refused"]) == (2, "JTA_MAX_CELL must be a whole number above zero.")


def test_output_is_plain_ascii_whatever_the_file_holds(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(csv_bytes(changed("inventory", 1, "task_code", "\u202e\x1b[31m/é")))
    done = CliRunner().invoke(check_file_command, ["inventory", str(path)])
    assert done.exit_code == 1
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("study", ["small", "medium"])
def test_reference_studies_are_accepted_whole(study):
    data = REFERENCE / study / "data"
    for kind, name in (("inventory", "tasks.csv"), ("ratings", "ratings.csv")):
        path = data / name
        rows = path.read_text(encoding="utf-8").count("\n") - 1
        assert run(kind, path) == (0, {"accepted": rows, "cleaned": [], "problems": [], "refused": None})


def test_header_order_does_not_matter(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(csv_bytes([row[::-1] for row in ROWS["roster"]], HEADERS["roster"][::-1]))
    assert run("roster", path)[0] == 0
