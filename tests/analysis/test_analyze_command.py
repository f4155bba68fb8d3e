"""``analyze``: agreement with the reference studies, and nothing written when something is wrong."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from analysis.explain import column_words, explanation_of
from analysis.explain_tables import TABLES
from analysis.folder import read_study_folder
from analysis.parquet import to_parquet
from jta.analyze import analyze_command
from jta.exports import tables as table_files
from jta.exports.csv_text import restore_text

REFERENCE = Path(__file__).parents[1] / "reference"
METHODS = ("sum_importance", "sum_importance_x_frequency", "mean_of_products")
KEY_COLUMNS = ("task_id", "domain_id", "subdomain_id")


def run(*arguments, expect=0):
    """Run the command, with the quick statistics unless others are named."""
    quick = () if {"--statistics", "--explain"} & set(map(str, arguments)) else ("--statistics", "core")
    done = CliRunner().invoke(analyze_command, [str(argument) for argument in (*arguments, *quick)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == expect, done.stderr
    return done


def compare(results, expected, only, where=""):
    command = [sys.executable, REFERENCE / "compare.py", results, expected, "--only", only]
    done = subprocess.run([*command, "--where", where] if where else command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["small", "medium"])
def test_the_reference_studies_agree_cell_by_cell(name, tmp_path):
    run(REFERENCE / name / "data", "--out", tmp_path / "out")
    expected = REFERENCE / name / "expected"
    compare(tmp_path / "out", expected, "task_stats,performing")
    chosen = f"method={','.join(METHODS)}"
    compare(tmp_path / "out", expected, "domain_weights,allocation,bootstrap_weights", chosen)
    part = tmp_path / "expected"
    part.mkdir()
    keep_columns(expected / "task_weight_basis.csv", part / "task_weight_basis.csv", (*KEY_COLUMNS, *METHODS))
    compare(tmp_path / "out", part, "task_weight_basis")


def test_with_all_statistics_every_table_of_the_small_study_agrees(tmp_path):
    run(REFERENCE / "small" / "data", "--out", tmp_path / "out", "--statistics", "all", "--workbook", "b.xlsx")
    done = subprocess.run(
        [sys.executable, REFERENCE / "compare.py", tmp_path / "out", REFERENCE / "small" / "expected"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "29 of 29 tables present" in done.stdout
    assert json.loads((tmp_path / "out" / "rasch_summary.json").read_text(encoding="utf-8"))


def keep_columns(source, target, names):
    with source.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    assert rows


@pytest.fixture
def study(tmp_path):
    shutil.copytree(REFERENCE / "small" / "data", tmp_path / "study")
    return tmp_path / "study"


def edit(path, change):
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8", newline="")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_runs_give_the_same_bytes(study, tmp_path):
    for name in ("one", "two"):
        run(study, "--out", tmp_path / name, "--workbook", "blueprint.xlsx")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_order_of_rows_does_not_change_a_byte_of_the_tables(study, tmp_path):
    run(study, "--out", tmp_path / "one")
    edit(
        study / "ratings.csv", lambda text: "\n".join([*text.split("\n")[:1], *reversed(text.strip().split("\n")[1:])])
    )
    run(study, "--out", tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_is_written_and_what_the_summary_says(study, tmp_path):
    done = run(study, "--out", tmp_path / "deep" / "out", "--items", "60", "--workbook", "blueprint.xlsx")
    out = tmp_path / "deep" / "out"
    assert {path.name for path in out.iterdir()} == {
        "allocation.csv", "blueprint.csv", "blueprint.xlsx", "bootstrap_weights.csv", "domain_weights.csv",
        "performing.csv", "retention.csv", "summary.json", "task_stats.csv", "task_weight_basis.csv",
    }  # fmt: skip
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["plan"]["items"] == 60
    assert sum(summary["items"]["domain"].values()) == 60
    assert sum(summary["weights"]["domain"].values()) == pytest.approx(1)
    assert summary["counts"]["respondents"] == 30
    assert set(summary["versions"]) >= {"practice-analysis", "numpy"}
    assert len(summary["data_hash"]) == len(summary["plan_hash"]) == 64
    assert str(tmp_path) not in (out / "summary.json").read_text(encoding="utf-8")
    assert "Importance is the scale 'importance'" in done.stderr
    with (out / "allocation.csv").open(encoding="utf-8", newline="") as handle:
        assert {row["total"] for row in csv.DictReader(handle)} == {"60", "100", "125", "150"}


def test_the_plan_is_followed(study, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text('{"items": 50, "extra_totals": [33], "retention": [{"measure": "mean", "cut": 4}]}')
    run(study, "--out", tmp_path / "out", "--plan", plan)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert sum(summary["items"]["domain"].values()) == 50
    assert 0 < summary["counts"]["tasks_retained"] < 12
    assert summary["tables"]["task_stats"] == 36


def test_the_workbook_goes_where_its_name_says(study, tmp_path):
    run(study, "--out", tmp_path / "out", "--workbook", "book.xlsx")
    elsewhere = tmp_path / "elsewhere.xlsx"
    run(study, "--out", tmp_path / "out2", "--workbook", elsewhere)
    assert openpyxl.load_workbook(elsewhere)["Blueprint"]
    assert elsewhere.read_bytes() == (tmp_path / "out" / "book.xlsx").read_bytes()
    again = run(study, "--out", tmp_path / "out3", "--workbook", elsewhere, expect=2)
    assert "is there already" in again.stderr
    assert not (tmp_path / "out3").exists()
    run(study, "--out", tmp_path / "out3", "--workbook", elsewhere, "--force")


def test_a_study_with_forms_subdomains_minima_and_a_rule_makes_a_workbook(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({
        "minimum_items": 5, "domain_maximum": {"D2": 20}, "within": "mean", "bootstrap_resamples": 50,
        "retention": [{"measure": "mean", "cut": 3.9, "review": 3.5}, {"measure": "performing", "cut": 0.5}],
        "cognitive_levels": {"recall": 1, "analysis": 3},
    }))  # fmt: skip
    run(
        REFERENCE / "medium" / "data", "--out", tmp_path / "out", "--plan", plan, "--workbook", "b.xlsx",
        "--statistics", "all",
    )  # fmt: skip
    sheet = openpyxl.load_workbook(tmp_path / "out" / "b.xlsx")["Read me"]
    words = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert (
        "Retained: tasks with mean importance at least 3.9 (review from 3.5) and share performing at least 0.5; "
        "tasks up for review are counted as retained."
    ) in words
    with (tmp_path / "out" / "blueprint.csv").open(encoding="utf-8", newline="") as handle:
        rows = {row["unit"]: row for row in csv.DictReader(handle)}
    assert rows["D2"]["items"] == "20"
    assert rows["D2"]["note"] == "at its maximum"
    assert sum(int(row["items"]) for row in rows.values() if row["level"] == "subdomain") == 100
    _check_other_sheets(openpyxl.load_workbook(tmp_path / "out" / "b.xlsx", data_only=True), tmp_path / "out")


def _check_other_sheets(book, out):
    """The sheets around the blueprint say what the tables say, and nothing of fewer than ten people."""
    with (out / "retention.csv").open(encoding="utf-8", newline="") as handle:
        dropped = [row["task_id"] for row in csv.DictReader(handle) if row["retained"] == "no"]
    assert [row[0] for row in book["Excluded tasks"].iter_rows(min_row=6, values_only=True)] == dropped
    assert dropped
    matrix = {row[2]: row for row in book["Cognitive matrix"].iter_rows(values_only=True)}
    assert matrix["All domains"][3:6] == (75, 25, 100)
    assert matrix["Target share"][3:6] == (0.75, 0.25, 1)
    counts = [row[4] for row in book["Subgroups"].iter_rows(min_row=6, values_only=True)]
    assert len(counts) > 100
    assert all(n in ("suppressed", "–") or n >= 10 for n in counts)
    people = [row[2] for row in book["Respondents"].iter_rows(min_row=6, values_only=True)]
    assert all(n == "suppressed" or n >= 10 for n in people)


BAD = "\nR0001,T001,importance,9\nR0001,T001,frequency,x"


def test_bad_input_is_told_and_nothing_written(study, tmp_path):
    edit(study / "ratings.csv", lambda text: text.rstrip("\n") + BAD * 20)
    done = run(study, "--out", tmp_path / "out", "--workbook", tmp_path / "b.xlsx", expect=2)
    lines = [line for line in done.stderr.splitlines() if line.startswith("ratings.csv")]
    assert len(lines) == 20
    assert lines[0] == "ratings.csv, row 722, column value: the value '9' is not a point of the scale 'importance'."
    assert "... and 20 more." in done.stderr
    assert "40 problem(s) found" in done.stderr
    assert "With --clean" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study"]


def test_clean_deals_with_known_faults_and_lists_them(study, tmp_path):
    run(study, "--out", tmp_path / "plain")
    edit(
        study / "ratings.csv", lambda text: text.rstrip("\n") + "\nR9,T001,importance,=1+1\n R0001,T001,importance,4\n"
    )
    done = run(study, "--out", tmp_path / "out", "--clean")
    with (tmp_path / "out" / "validation_report.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["issue", "respondent_id", "task_id", "scale", "value", "action"]
    assert rows[1:] == [
        ["not_a_number", "R9", "T001", "importance", "'=1+1", "rejected, treated as missing"],
        ["unknown_respondent", "R9", "T001", "importance", "'=1+1", "rejected, treated as missing"],
        ["duplicate", " R0001", "T001", "importance", "4", "kept once"],
        ["surrounding_blanks", " R0001", "T001", "importance", "4", "trimmed, kept"],
    ]
    assert restore_text(rows[1][4]) == "=1+1"
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["cleaned"] == {
        "duplicate": 1, "not_a_number": 1, "surrounding_blanks": 1, "unknown_respondent": 1,
    }  # fmt: skip
    same = (tmp_path / "out" / "task_stats.csv").read_bytes() == (tmp_path / "plain" / "task_stats.csv").read_bytes()
    assert same
    assert "Wrote" in done.stdout


def test_clean_of_a_clean_study_writes_an_empty_report(study, tmp_path):
    run(study, "--out", tmp_path / "out", "--clean")
    report = (tmp_path / "out" / "validation_report.csv").read_text(encoding="utf-8").splitlines()
    assert len(report) == 1


def test_a_folder_with_other_files_is_refused_without_force_and_kept_with_it(study, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "task_stats.csv").write_text("mine too")
    done = run(study, "--out", out, expect=2)
    assert "holds other files (notes.txt, task_stats.csv)" in done.stderr
    assert sorted(contents(out)) == ["notes.txt", "task_stats.csv"]
    run(study, "--out", out, "--force")
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "task_stats.csv").read_bytes() != b"mine too"


def test_own_results_may_be_replaced_but_not_after_somebody_edited_them(study, tmp_path):
    out = tmp_path / "out"
    run(study, "--out", out, "--clean", "--workbook", "b.xlsx")
    run(study, "--out", out)
    assert not {"validation_report.csv", "b.xlsx"} & set(contents(out))
    (out / "blueprint.csv").write_text("edited")
    done = run(study, "--out", out, expect=2)
    assert "holds other files (blueprint.csv)" in done.stderr
    assert (out / "blueprint.csv").read_text() == "edited"


def test_a_folder_in_the_place_of_a_result_is_told(study, tmp_path):
    (tmp_path / "out" / "task_stats.csv").mkdir(parents=True)
    done = run(study, "--out", tmp_path / "out", "--force", expect=2)
    assert "holds a folder named task_stats.csv" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["task_stats.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "study"], "cannot go into the study folder itself"),
        (["--out", "file"], "is a file; give --out a folder"),
        (["--out", "file/out"], "cannot be written"),
        (["--out", "out", "--plan", "none.json"], "none.json cannot be read: No such file"),
        (["--out", "out", "--plan", "bad.json"], "bad.json: The plan is not valid JSON"),
        (["--out", "out", "--plan", "odd.json"], "odd.json: Unknown option(s) 'itms'"),
        (["--out", "out", "--plan", "latin.json"], "is not UTF-8 text"),
        (["--out", "out", "--plan", "scale.json"], "'harm', which the study does not have"),
        (["--out", "out", "--plan", "crowd.json"], "minima sum to"),
        (["--out", "out", "--workbook", "book.xls"], "must be named with .xlsx"),
        (["--out", "out", "--workbook", "none/book.xlsx"], "There is no folder none"),
        (["--out", "out", "--items", "0"], "not in the range"),
        ([], "Missing option '--out'"),
    ],
)
def test_a_fault_of_the_order_is_told_in_a_sentence_and_nothing_written(
    study, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "odd.json").write_text('{"itms": 3}')
    (tmp_path / "latin.json").write_bytes('{"importance_scale": "é"}'.encode("cp1252"))
    (tmp_path / "scale.json").write_text('{"importance_scale": "harm"}')
    (tmp_path / "crowd.json").write_text('{"minimum_items": 90}')
    before = sorted(path.name for path in tmp_path.rglob("*"))
    done = run("study", *arguments, expect=2)
    assert message in done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_study_folder_that_is_not_there_is_told(tmp_path):
    done = run(tmp_path / "none", "--out", tmp_path / "out", expect=2)
    assert "There is no study folder" in done.stderr


def test_a_study_without_importance_has_no_workbook_and_says_so(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    (study / "tasks.csv").write_text("task_id,domain_id\nT1,D1\nT2,D2\n")
    (study / "ratings.csv").write_text("respondent_id,task_id,scale,value\na,T1,agreement,2\nb,T1,agreement,4\n")
    done = run(study, "--out", tmp_path / "out", "--workbook", "b.xlsx", expect=1)
    assert sorted(contents(tmp_path / "out")) == ["retention.csv", "summary.json", "task_stats.csv"]
    assert "The workbook was not written, as there is no blueprint. The study has no importance scale" in done.stderr
    assert "Left out: blueprint. The study has no importance scale" in done.stderr
    assert "No scales.csv: the scale 'agreement' is taken to run from 1 to 4." in done.stderr
    assert "No respondents.csv" in done.stderr


def test_empty_cells_are_empty_and_an_infinite_number_never_leaves(tmp_path):
    import pandas as pd

    table = pd.DataFrame({"id": ["007", "=x"], "a": [1.5, float("nan")], "n": pd.array([3, None], dtype="Int64")})
    assert table_files.table_csv(table) == b'"id","a","n"\r\n"007",1.5,3\r\n"\'=x","",""\r\n'
    with pytest.raises(ValueError, match="infinite"):
        table_files.table_csv(pd.DataFrame({"a": [float("inf")]}))


@pytest.mark.parametrize("writes", [0, 4, 9])
def test_a_full_disk_leaves_nothing_behind(study, tmp_path, monkeypatch, writes):
    count = iter(range(100))
    real = Path.write_bytes

    def fill(self, content):
        if next(count) >= writes:
            raise OSError(28, "No space left on device", str(self))
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", fill)
    done = run(study, "--out", tmp_path / "out", "--workbook", tmp_path / "b.xlsx", expect=2)
    assert "No space left on device" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study"]
    monkeypatch.setattr(Path, "write_bytes", real)
    run(study, "--out", tmp_path / "out", "--workbook", tmp_path / "b.xlsx")


def test_the_command_needs_no_database_and_is_one_of_the_program(study, tmp_path):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "flask", "--app", "app", "analyze", study, "--out", tmp_path / "out"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = {path.stem for path in (tmp_path / "out").iterdir()}
    assert {"alpha", "icc", "rasch_tasks", "rake_summary", "blueprint", "summary"} < names
    assert "Variance components" in done.stderr
    assert f"Wrote {len(names)} files" in done.stdout


@pytest.mark.parametrize("statistics", ["core", "all"])
def test_a_frozen_data_set_gives_the_bytes_of_its_folder(study, tmp_path, statistics):
    file = tmp_path / "frozen" / "study.parquet"
    file.parent.mkdir()
    file.write_bytes(to_parquet(read_study_folder(study).data))
    run(study, "--out", tmp_path / "one", "--statistics", statistics)
    run(file, "--out", tmp_path / "two", "--statistics", statistics)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("none.parquet", (), "cannot be read: No such file"),
        ("odd.parquet", (), "not a data set as this program freezes it"),
        ("odd.parquet", ("--clean",), "holds nothing to clean"),
    ],
)
def test_a_data_set_that_cannot_be_read_is_told(tmp_path, name, options, message):
    (tmp_path / "odd.parquet").write_bytes(b"PAR?")
    done = run(tmp_path / name, "--out", tmp_path / "out", *options, expect=2)
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_every_table_and_each_of_its_columns_is_explained(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({
        "retention": [{"measure": "mean", "cut": 2.5}], "bootstrap_resamples": 20,
        "cognitive_levels": {"recall": 30, "application": 50, "analysis": 20},
    }))  # fmt: skip
    run(REFERENCE / "small" / "data", "--out", tmp_path / "out", "--plan", plan, "--statistics", "all")
    listed = run("--explain").stdout
    for path in (tmp_path / "out").iterdir():
        if path.name == "summary.json":
            continue
        said = run("--explain", path.name).stdout
        assert path.stem in listed
        assert all(f"\n{part}\n" in said for part in ("Columns", "Formula", "Source"))
        columns = path.read_text(encoding="utf-8").splitlines()[0].replace('"', "").split(",")
        known = explanation_of(path.name).columns
        for column in columns if path.suffix == ".csv" else ():
            # Counts and the measures of a retention rule have names of their own in each study.
            assert column in known or column.startswith("count_") or column == "importance_mean", (path.name, column)
    assert "Wilson 1927" in run("--explain", "performing").stdout


def test_every_explained_column_has_words():
    for table, found in TABLES.items():
        assert all(column_words(table, column) for column in found.columns)
    assert "There is no table 'nonsense'" in run("--explain", "nonsense", expect=2).stderr
