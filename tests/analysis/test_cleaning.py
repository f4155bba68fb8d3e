"""Cleaning by rule, against a second implementation in plain loops, on random dirty files."""

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import csv_text
from analysis.csv_text import StudyFolderError
from analysis.folder import read_study_folder

RESPONDENTS, TASKS = ("R1", "R2"), ("T1", "T2")
FORMS = {"R1": {"T1", "T2"}, "R2": {"T1"}}  # tasks on each respondent's form
POINTS = {"importance": range(1, 6), "frequency": range(6)}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["R1", "R2", "R2", "R1", " R1", "R9", ""]),
        st.sampled_from(["T1", "T2", "T1", "T2 ", "T9"]),
        st.sampled_from(["importance", "frequency", " frequency"]),
        st.sampled_from(["0", "0", "1", "2", "2.0", "5", " 5", "6", "-1", "x", "2.5", "", "  ", "+4", "4e0"]),
    ),
    max_size=25,
)


def value_of(text):
    """Return the whole number of a trimmed cell, or the name of its fault."""
    if not text:
        return "blank"
    try:
        number = float(text)
    except ValueError:
        return "not_a_number"
    return int(number) if number == int(number) else "not_an_integer"


def clean(rows, with_forms):
    """Return the ratings that stay and the findings as (row, issue), by the stated rules and nothing else."""
    found, valid = [], {}
    for number, row in enumerate(rows, 2):
        respondent, task, scale, text = (cell.strip() for cell in row)
        value, faults = value_of(text), []
        if respondent not in RESPONDENTS:
            faults.append("unknown_respondent")
        if task not in TASKS:
            faults.append("unknown_task")
        elif with_forms and task not in FORMS.get(respondent, TASKS):
            faults.append("not_on_form")
        if isinstance(value, str):
            faults.append(value)
        elif value not in POINTS[scale]:
            faults.append("out_of_range")
        if not faults:
            valid.setdefault((respondent, task, scale), []).append((number, value))
            if any(cell != cell.strip() for cell in row):
                faults.append("surrounding_blanks")
        found += [(number, fault) for fault in faults]
    kept = {}
    for cell, ratings in valid.items():
        if len({value for _, value in ratings}) > 1:
            found += [(number, "conflicting") for number, _ in ratings]
        else:
            kept[cell] = ratings[0]
            found += [(number, "duplicate") for number, _ in ratings[1:]]
    void = [c for c in kept if c[2] != "frequency" and kept.get((*c[:2], "frequency"), (0, None))[1] == 0]
    found += [(kept.pop(cell)[0], "not_performed") for cell in void]
    return {cell: value for cell, (_, value) in kept.items()}, sorted(found)


def write(folder, rows, with_forms):
    def table(name, content):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows(content)

    table("tasks", [("task_id", "domain_id"), *((task, "D") for task in TASKS)])
    table("respondents", [("respondent_id", "form_id"), *((respondent, respondent) for respondent in RESPONDENTS)])
    if with_forms:
        offered = [(form, task) for form, given in FORMS.items() for task in sorted(given)]
        table("forms", [("form_id", "task_id"), *offered])
    table(
        "scales",
        [("scale", "min", "max", "zero_means"), ("importance", 1, 5, ""), ("frequency", 0, 5, "not performed")],
    )
    table("ratings", [("respondent_id", "task_id", "scale", "value"), *rows])


@pytest.mark.parametrize("block", [2, 20_000])
def test_random_dirty_files_are_cleaned_as_by_plain_loops(block):
    normal = csv_text.BLOCK_ROWS

    @settings(max_examples=150, deadline=None)
    @given(ROWS, st.booleans())
    def check(rows, with_forms):
        expected, faults = clean(rows, with_forms)
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), rows, with_forms)
            study = read_study_folder(Path(name), clean=True)
            if faults:
                with pytest.raises(StudyFolderError) as caught:
                    read_study_folder(Path(name))
                assert caught.value.total == len(faults)
        kept = {
            (respondent, task, code): int(matrix.scale.anchors[matrix.codes[r, t] - 1].code)
            for code, matrix in study.data.matrices.items()
            for r, respondent in enumerate(RESPONDENTS)
            for t, task in enumerate(TASKS)
            if matrix.codes[r, t]
        }
        assert kept == expected
        assert sorted((finding.row, finding.issue) for finding in study.findings) == faults

    csv_text.BLOCK_ROWS = block
    try:
        check()
    finally:
        csv_text.BLOCK_ROWS = normal
