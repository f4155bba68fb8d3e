"""Reading a study folder: any codes, every fault named by file, row and column, cleaning by rule."""

from pathlib import Path

import pytest

from analysis import csv_text
from analysis.csv_text import StudyFolderError
from analysis.folder import read_study_folder

TASKS = "task_id,domain_id\nT1,D1\nT2,D1\nT3,D2\n"
SCALES = 'scale,min,max,zero_means\nimportance,1,5,\nfrequency,0,5,"not performed"\n'
PEOPLE = "respondent_id,role\nR1,a\nR2,b\n"
RATINGS = "respondent_id,task_id,scale,value\n"


@pytest.fixture
def folder(tmp_path):
    def make(rows="", **files):
        contents = {"tasks": TASKS, "scales": SCALES, "respondents": PEOPLE, "ratings": RATINGS + rows, **files}
        for name, text in contents.items():
            path = tmp_path / f"{name}.csv"
            if text is None:
                path.unlink(missing_ok=True)
            elif isinstance(text, bytes):
                path.write_bytes(text)
            else:
                path.write_text(text, encoding="utf-8", newline="")
        return tmp_path

    return make


def problems(path, **options):
    with pytest.raises(StudyFolderError) as caught:
        read_study_folder(path, **options)
    assert caught.value.total == len(caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def codes(study, scale="importance"):
    return study.data.matrices[scale].codes.tolist()


def test_a_plain_study_is_read(folder):
    study = read_study_folder(folder("R1,T1,importance,5\nR2,T3,frequency,0\n"))
    assert codes(study) == [[5, 0, 0], [0, 0, 0]]
    assert codes(study, "frequency") == [[0, 0, 0], [0, 0, 1]]
    assert study.findings == study.assumptions == ()


def test_codes_are_text_as_they_stand(folder):
    tasks = 'task_id,domain_id\n007,NA\n1.10,NA\n1.1,"a,b"\n"say ""x""",null\nÄß 日,null\n'
    people = "respondent_id\n00\nNA\nnan\n"
    rows = 'NA,007,importance,1\nnan,"say ""x""",importance,2\n00,Äß 日,importance,3\nNA,1.10,importance,4\n'
    study = read_study_folder(folder(rows, tasks=tasks, respondents=people))
    assert study.data.task_ids.tolist() == ["007", "1.10", "1.1", 'say "x"', "Äß 日"]
    assert study.data.tasks["domain_id"].tolist() == ["NA", "NA", "a,b", "null", "null"]
    assert codes(study) == [[0, 0, 0, 0, 3], [1, 4, 0, 0, 0], [0, 0, 0, 2, 0]]


def test_a_mark_at_the_start_empty_lines_and_spare_columns_do_no_harm(folder):
    header = "\ufeffvalue,note,task_id,scale,respondent_id,\r\n"
    rows = "5,x,T1,importance,R1,\r\n\r\n,,,,,\r\n4.0,y,T2,importance,R1,,,\r\n"
    study = read_study_folder(folder(ratings=header + rows))
    assert codes(study)[0] == [5, 4, 0]


REJECTED = "rejected, treated as missing"
FAULTS = {
    "out_of_range": ("R1,T1,importance,6\n", "value", "'6' is not a point of the scale", REJECTED),
    "zero where one is least": ("R1,T1,importance,0\n", "value", "'0' is not a point", REJECTED),
    "huge": ("R1,T1,importance,1e300\n", "value", "'1e300' is not a point", REJECTED),
    "not_a_number": ("R1,T1,importance,high\n", "value", "'high' is not a number", REJECTED),
    "decimal comma": ('R1,T1,importance,"3,5"\n', "value", "'3,5' is not a number", REJECTED),
    "python's own": ("R1,T1,importance,1_0\n", "value", "'1_0' is not a number", REJECTED),
    "infinite": ("R1,T1,importance,inf\n", "value", "'inf' is not a number", REJECTED),
    "not_an_integer": ("R1,T1,importance,3.5\n", "value", "'3.5' is not a whole number", REJECTED),
    "unknown_respondent": ("R9,T1,importance,3\n", "respondent_id", "respondent 'R9' is not in", REJECTED),
    "nameless respondent": (",T1,importance,3\n", "respondent_id", "the code is empty", REJECTED),
    "unknown_task": ("R1,T9,importance,3\n", "task_id", "task 'T9' is not in tasks.csv", REJECTED),
    "blank": ("R1,T1,importance,\n", "value", "the value is blank", "treated as missing"),
    "blank of blanks": ("R1,T1,importance,  \n", "value", "the value is blank", "treated as missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_known_fault_is_refused_by_row_and_column_or_cleaned(folder, name):
    row, column, words, action = FAULTS[name]
    path = folder("R2,T2,importance,4\n" + row)
    (text,) = problems(path)
    assert text.startswith(f"ratings.csv, row 3, column {column}: ")
    assert words in text
    study = read_study_folder(path, clean=True)
    assert codes(study) == [[0, 0, 0], [0, 4, 0]]
    (finding,) = study.findings
    assert (finding.row, finding.action) == (3, action)
    if name in ("out_of_range", "not_a_number", "not_an_integer", "unknown_respondent", "unknown_task", "blank"):
        assert finding.issue == name


def test_blanks_around_cells_are_trimmed_and_the_rating_kept(folder):
    path = folder(" R1,T1,importance,5\nR2, T2 ,importance,\u00a04 \n")
    assert problems(path) == [
        "ratings.csv, row 2, column respondent_id: the text ' R1' has blanks around it.",
        "ratings.csv, row 3, column task_id: the text ' T2 ' has blanks around it.",
    ]
    study = read_study_folder(path, clean=True)
    assert codes(study) == [[5, 0, 0], [0, 4, 0]]
    assert [(f.issue, f.respondent_id, f.value, f.action) for f in study.findings] == [
        ("surrounding_blanks", " R1", "5", "trimmed, kept"),
        ("surrounding_blanks", "R2", "\u00a04 ", "trimmed, kept"),
    ]


def test_the_same_rating_again_is_kept_once(folder):
    path = folder("R1,T1,importance,5\nR1,T1,importance,5.0\nR1,T1,frequency,5\n")
    assert problems(path) == ["ratings.csv, row 3, column value: the same rating stands in an earlier row too."]
    study = read_study_folder(path, clean=True)
    assert codes(study)[0] == [5, 0, 0]
    assert [(f.row, f.issue, f.value, f.action) for f in study.findings] == [(3, "duplicate", "5.0", "kept once")]


def test_conflicting_ratings_are_all_rejected(folder):
    path = folder("R1,T1,importance,5\nR2,T1,importance,2\nR1,T1,importance,5\nR1,T1,importance,4\n")
    assert [text.split(":")[0] for text in problems(path)] == [
        f"ratings.csv, row {row}, column value" for row in (2, 4, 5)
    ]
    study = read_study_folder(path, clean=True)
    assert codes(study) == [[0, 0, 0], [2, 0, 0]]
    assert [(f.row, f.issue, f.value) for f in study.findings] == [
        (2, "conflicting", "5"), (4, "conflicting", "5"), (5, "conflicting", "4"),
    ]  # fmt: skip


def test_importance_of_a_task_not_performed_is_ignored(folder):
    path = folder("R1,T1,importance,5\nR1,T1,frequency,0\nR1,T2,importance,3\nR1,T2,frequency,2\n")
    (text,) = problems(path)
    assert text == (
        "ratings.csv, row 2, column value: the respondent does not perform this task, so 'importance' cannot be rated."
    )
    study = read_study_folder(path, clean=True)
    assert codes(study)[0] == [0, 3, 0]
    assert codes(study, "frequency")[0] == [1, 3, 0]
    assert [(f.row, f.issue, f.action) for f in study.findings] == [(2, "not_performed", "ignored")]


def test_a_conflict_about_performing_leaves_importance_alone(folder):
    study = read_study_folder(folder("R1,T1,importance,5\nR1,T1,frequency,0\nR1,T1,frequency,3\n"), clean=True)
    assert codes(study)[0] == [5, 0, 0]
    assert [f.issue for f in study.findings] == ["conflicting", "conflicting"]


def test_zero_that_does_not_mean_not_performed_voids_nothing(folder):
    path = folder("R1,T1,importance,5\nR1,T1,frequency,0\n", scales="scale,min,max\nimportance,1,5\nfrequency,0,5\n")
    assert codes(read_study_folder(path))[0] == [5, 0, 0]


def test_faults_across_blocks_are_found_as_in_one(folder, monkeypatch):
    rows = "".join(f"R{1 + i % 2},T{1 + i % 3},importance,{1 + (i // 5) % 6}\n" for i in range(40))
    rows += "R1,T1,frequency,0\nR1,T2,frequency,3\nR9,T1,importance,3\nR1,T2,frequency,3\n"
    whole = read_study_folder(folder(rows), clean=True)
    monkeypatch.setattr(csv_text, "BLOCK_ROWS", 3)
    parts = read_study_folder(folder(rows), clean=True)
    assert parts.findings == whole.findings
    assert parts.data.data_hash == whole.data.data_hash
    assert {f.issue for f in whole.findings} == {"out_of_range", "conflicting", "unknown_respondent", "duplicate"}


def test_every_row_with_several_faults_tells_each(folder):
    study = read_study_folder(folder("R9,T9,importance,9\n"), clean=True)
    assert [f.issue for f in study.findings] == ["out_of_range", "unknown_respondent", "unknown_task"]


def test_rows_are_counted_as_a_spreadsheet_shows_them(folder):
    tasks = 'task_id,domain_id,task_text\nT1,D1,"two\nlines"\nT2,D1,x\nT2,D1,y\n'
    (text,) = problems(folder(tasks=tasks))
    assert text == "tasks.csv, row 4, column task_id: 'T2' stands in an earlier row too; give each its own."


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"tasks": None}, "tasks.csv: the file is missing"),
        ({"ratings": None}, "ratings.csv: the file is missing"),
        ({"tasks": ""}, "tasks.csv: the file is empty"),
        ({"tasks": "task_id,domain_id\n"}, "tasks.csv: the file has a header but no rows"),
        (
            {"tasks": "task,domain_id\nT1,D1\n"},
            "tasks.csv, row 1: the header lacks the column(s) 'task_id'. It has: 'task'",
        ),
        ({"tasks": "task_id;domain_id\nT1;D1\n"}, "separated by commas, not semicolons"),
        ({"tasks": "task_id,domain_id,task_id\nT1,D1,x\n"}, "names the column(s) 'task_id' more than once"),
        ({"tasks": "task_id,domain_id\nT1\n"}, "tasks.csv, row 2: the row has 1 cells, the header 2"),
        ({"tasks": "task_id,domain_id\nT1,D1,x\n"}, "tasks.csv, row 2: the row has 3 cells"),
        ({"tasks": 'task_id,domain_id\n"T1"x,D1\n'}, "tasks.csv, row 2: the row cannot be read as CSV"),
        ({"tasks": 'task_id,domain_id\n"T1,D1\n'}, "tasks.csv, row 2: the row cannot be read as CSV"),
        ({"tasks": "task_id,domain_id\n T1,D1\n"}, "column task_id: the code ' T1' has blanks around it"),
        ({"tasks": "task_id,domain_id\n,D1\n"}, "column task_id: the code is empty"),
        ({"tasks": "task_id,domain_id\nT1,\n"}, "column domain_id: the code is empty"),
        ({"tasks": 'task_id,domain_id\n"T\n1",D1\n'}, "control character or line break"),
        ({"tasks": f"task_id,domain_id\n{'T' * 201},D1\n"}, "longer than 200 characters"),
        ({"tasks": "task_id,domain_id,position\nT1,D1,first\n"}, "column position: 'first' is not a whole number"),
        (
            {"tasks": "task_id,domain_id,domain_name\nT1,D1,A\nT2,D1,B\n"},
            "domain_id 'D1' has domain_name 'A' in an earlier row and 'B'",
        ),
        (
            {"tasks": "task_id,domain_id,subdomain_id\nT1,D1,S\nT2,D2,S\n"},
            "subdomain_id 'S' has domain_id 'D1' in an earlier",
        ),
        (
            {"scales": "scale,min,max\nimportance,1,five\n"},
            "scales.csv, row 2, column max: 'five' is not a whole number",
        ),
        (
            {"scales": "scale,min,max\nimportance,5,1\n"},
            "scales.csv, row 2, column max: The scale 'importance' runs from 5 to 1",
        ),
        ({"scales": "scale,min,max\nfrequency,0,99999999\n"}, "'99999999' is not a whole number below a million"),
        ({"scales": "scale,min,max\nimportance,1,5\nimportance,1,5\n"}, "scales.csv, row 3, column scale"),
        (
            {"scales": "scale,min,max,zero_means\nfrequency,1,5,not performed\n"},
            "scales.csv, row 2, column zero_means: On the scale 'frequency' zero means 'not performed', but zero is",
        ),
        ({"respondents": "respondent_id\nR1\nR1\n"}, "respondents.csv, row 3, column respondent_id"),
        (
            {"population": "variable,level,share,count\nrole,a,half,3\n"},
            "population.csv, row 2, column share: 'half' is not a number",
        ),
        ({"population": "variable,level,share,count\nrole,a,-1,3\n"}, "'-1' is not a number of 0 or more"),
        ({"forms": "form_id,task_id\nA,T9\n"}, "forms.csv, row 2, column task_id: the task 'T9' is not in tasks.csv"),
        (
            {"ratings": RATINGS + "R1,T1,harm,3\n"},
            "row 2, column scale: the scale 'harm' is not in scales.csv (its scales: 'imp",
        ),
        (
            {"tasks": "task_id,domain_id\nT1,Médecin\n".encode("cp1252")},
            "tasks.csv, row 2: the text is not UTF-8 (perhaps it is Windows-1252). Save",
        ),
        (
            {"ratings": (RATINGS + "R1,T1,importance,5\n").encode("utf-16")},
            "ratings.csv, row 1: the text is not UTF-8 (it looks like UTF-16)",
        ),
    ],
)
def test_a_file_at_fault_is_refused_with_place_reason_and_way_out(folder, files, expected):
    path = folder("", **files)
    for clean in (False, True):
        found = problems(path, clean=clean)
        assert len(found) == 1
        assert expected in found[0]


def test_faults_of_all_files_are_told_together(folder):
    path = folder("R1,T1,importance,9\nR1,T2,importance,x\n", respondents=PEOPLE, forms="form_id,task_id\nA,T9\n")
    assert [text.split(",")[0] for text in problems(path)] == ["forms.csv", "ratings.csv", "ratings.csv"]


def test_more_faults_than_are_kept_are_still_counted(folder):
    path = folder("".join(f"R1,T1,importance,x{i}\n" for i in range(1500)))
    with pytest.raises(StudyFolderError, match="1500 problem") as caught:
        read_study_folder(path)
    assert caught.value.total == 1500
    assert len(caught.value.problems) == csv_text.KEPT_PROBLEMS


def test_without_scales_the_points_are_taken_from_the_ratings_and_said(folder):
    path = folder("R1,T1,importance,2\nR1,T2,importance,4\nR1,T1,frequency,0\nR1,T2,frequency,6\n", scales=None)
    with pytest.raises(StudyFolderError, match="does not perform"):
        read_study_folder(path)
    study = read_study_folder(path, clean=True)
    assert study.assumptions == (
        "No scales.csv: the scale 'frequency' is taken to run from 0 to 6, 0 meaning 'not performed'.",
        "No scales.csv: the scale 'importance' is taken to run from 1 to 4.",
    )
    assert study.data.scales["frequency"].not_performed_code == 1
    other = read_study_folder(path, clean=True, frequency="importance")
    assert other.data.scales["frequency"].not_performed_code == 0


def test_ratings_that_are_no_scale_need_a_file_of_scales(folder):
    (text,) = problems(folder("R1,T1,hours,1\nR1,T2,hours,900\n", scales=None))
    assert text.startswith("ratings.csv, column value: the ratings of 'hours' run from 1 to 900, which is no")


def test_without_respondents_those_who_rated_are_taken_and_said(folder):
    study = read_study_folder(folder("b,T1,importance,2\na,T1,importance,3\n", respondents=None))
    assert study.data.respondent_ids.tolist() == ["a", "b"]
    assert study.data.respondents is None
    assert study.assumptions == ("No respondents.csv: the respondents are the 2 named in ratings.csv.",)
    found = problems(folder(f"{'x' * 300},T1,importance,2\n", respondents=None))
    assert "longer than 200" in found[0]


def test_background_population_and_forms_are_read(folder):
    study = read_study_folder(
        folder(
            "",
            respondents="respondent_id,role,form_id\nR2, b ,A\nR1,,B\n",
            population="variable,level,share,count\nrole,b,0.5,\n",
            forms="form_id,task_id\nA,T1\nB,T2\n",
        )
    )
    assert study.data.respondents["role"].tolist() == ["b", ""]
    assert study.data.form_of.tolist() == ["A", "B"]
    assert study.data.population["share"].tolist() == [0.5]
    assert study.data.population["count"].isna().all()
    assert len(study.data.forms) == 2


def test_names_default_to_codes_and_positions_to_rows(folder):
    tasks = "task_id,domain_id,domain_name,subdomain_id,position\nT1,D1,,S1,\nT2,D2,Two,,9\n"
    frame = read_study_folder(folder(tasks=tasks)).data.tasks
    assert frame["domain_name"].tolist() == ["D1", "Two"]
    assert frame["subdomain_name"].tolist() == ["S1", ""]
    assert frame["position"].tolist() == [1, 9]


def test_progress_is_told_for_each_block(folder, monkeypatch):
    monkeypatch.setattr(csv_text, "BLOCK_ROWS", 1)
    said = []
    read_study_folder(folder("R1,T1,importance,2\nR1,T2,importance,2\n"), progress=said.append)
    assert said == ["Read 1 rows of ratings.csv", "Read 2 rows of ratings.csv"]


def test_the_reference_studies_read_without_a_fault():
    data = Path(__file__).parents[1] / "reference"
    assert [read_study_folder(data / name / "data").findings for name in ("small", "medium")] == [(), ()]


def test_faults_before_an_unreadable_row_are_told_too(folder):
    found = problems(folder('R1,T1,importance,9\n"R1"x,T2,importance,1\nR1,T3,importance,9\n'))
    assert [text.split(":")[0] for text in found] == ["ratings.csv, row 3", "ratings.csv, row 2, column value"]


def test_a_file_without_a_row_of_ratings_is_a_study_without_ratings(folder):
    assert codes(read_study_folder(folder(""))) == [[0, 0, 0], [0, 0, 0]]


def test_a_file_that_cannot_be_opened_is_told(folder, monkeypatch):
    path = folder("")

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "tasks.csv: the file cannot be read: Permission denied." in problems(path)


def test_faults_of_ratings_and_forms_are_told_beside_those_of_tasks(folder):
    rating, form = "R1,T1,importance,9\n", "form_id,task_id\nA,T9\n"
    assert problems(folder(rating, tasks="task_id,domain_id\nT1,\n", forms=form)) == [
        "tasks.csv, row 2, column domain_id: the code is empty.",
        "forms.csv, row 2, column task_id: the task 'T9' is not in tasks.csv.",
        "ratings.csv, row 2, column value: the value '9' is not a point of the scale 'importance'.",
    ]


def test_a_rating_of_a_task_that_is_not_on_the_form_is_refused_with_its_row(folder):
    people, forms = "respondent_id,form_id\nR1,A\nR2,B\nR3,C\n", "form_id,task_id\nA,T1\nB,T1\nB,T2\n"
    rows = "R1,T1,importance,3\nR1,T2,importance,4\nR2,T2,importance,5\nR3,T2,importance,2\n"
    path = folder(rows, respondents=people, forms=forms)
    assert problems(path) == [
        "ratings.csv, row 3, column task_id: the task 'T2' is not on the form of this respondent (forms.csv)."
    ]
    study = read_study_folder(path, clean=True)
    assert [(f.row, f.issue, f.action) for f in study.findings] == [(3, "not_on_form", "rejected, treated as missing")]
    # A form that forms.csv does not name (C) says nothing of what its respondents were given.
    assert study.data.matrices["importance"].codes.tolist() == [[3, 0, 0], [0, 5, 0], [0, 2, 0]]


@pytest.mark.parametrize(
    "files", [{"tasks": "task_id,domain_id\nT1,D1\nT2\n"}, {"respondents": "respondent_id,role\nR1,x\nR2\n"}]
)
def test_codes_are_not_looked_up_in_a_file_that_lacks_rows(folder, files):
    found = problems(folder("R1,T1,importance,3\nR2,T2,importance,3\n", forms="form_id,task_id\nA,T2\n", **files))
    (name,) = files
    assert [text.split(":")[0] for text in found] == [f"{name}.csv, row 3"]


def test_scales_without_a_needed_column_are_refused(folder):
    (text,) = problems(folder(scales="scale,min\nimportance,1\n"))
    assert text.startswith("scales.csv, row 1: the header lacks the column(s) 'max'.")
