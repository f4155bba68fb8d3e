"""Files of other survey tools: what each tool writes is recognised, and no bad file is half taken or raises."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from jta.imports.collected import read_collected
from jta.imports.collected_guess import FileMapping, StudyWords, guess_mapping, has_boxes, mapping_from
from jta.imports.collected_look import LIMESURVEY, PLAIN, QUALTRICS, SURVEYMONKEY, column_from, look_at
from jta.imports.collected_times import read_time
from jta.imports.collected_values import AnchorWords, guess_value
from jta.imports.limits import Limits
from jta.imports.source import Typed
from tests.imports.corpus import CASES
from tests.imports.files import csv_bytes, zip_dict
from tests.imports.test_corpus import LIBRARIES

FREQUENCY = ("I do not perform this task", "About once a year", "A few times a year", "About once a month")
IMPORTANCE = ("Not important", "Slightly important", "Very important")
WORDS = StudyWords(
    tasks=[("1.1", "Plan the budget."), ("1.10", "Review network capacity."), ("2.1", "Train the teachers.")],
    scales=[
        (
            "frequency",
            ("Frequency", "How often do you perform this task?"),
            tuple(AnchorWords(str(n), label, n == 0) for n, label in enumerate(FREQUENCY)),
        ),
        (
            "importance",
            ("Importance", "How important is it?"),
            tuple(AnchorWords(str(n + 1), label) for n, label in enumerate(IMPORTANCE)),
        ),
    ],
    questions=[
        ("role", "Your title?", (AnchorWords("cto", "Chief technology officer"), AnchorWords("dir", "Director")))
    ],
    strata=[("small", "Small districts"), ("big", "Big districts")],
)
TASKS = ["1.1", "1.10", "2.1"]


def taken(data: bytes, name: str = "file.csv"):
    look = look_at(data, name, Limits())
    assert look.refused is None, look.refused
    mapping = guess_mapping(look, WORDS)
    return look, mapping, read_collected(data, name, Limits(), mapping, WORDS, look.header_rows)


def ratings(found) -> set[tuple[str, str, str, str]]:
    return {
        (found.people[p].name, found.tasks[t], found.scales[s], found.anchors[a])
        for p, t, s, a in zip(found.person, found.task, found.scale, found.anchor, strict=True)
    }


def qualtrics(rows: int = 3) -> bytes:
    names = [
        "StartDate",
        "EndDate",
        "Finished",
        "ResponseId",
        "role",
        *(f"Q{q}_{n}" for q in (1, 2) for n in (1, 2, 3)),
    ]
    prompts = [p for scale in WORDS.scales for p in [scale[1][1]] * 3]
    texts = ["Start Date", "End Date", "Finished", "Response ID", "Your title?"]
    texts += [f"{prompt} - {text}" for prompt, (_, text) in zip(prompts, WORDS.tasks * 2, strict=True)]
    head = [names, texts, [f'{{"ImportId":"{name}"}}' for name in names]]
    answers = ["About once a month", "I do not perform this task", "", "Very important", "", "Not important"]
    first = ["2026-03-01 10:00:00", "2026-03-01 10:12:00", "True", "R_1", "Director", *answers]
    second = ["2026-03-01 11:00:00", "2026-03-01 11:05:00", "False", "R_2", "", *answers]
    return csv_bytes([*head[1:rows], first, second], header=head[0])


GOOD = {
    ("R_1", "1.1", "frequency", "3"), ("R_1", "1.10", "frequency", "0"),
    ("R_1", "1.1", "importance", "3"), ("R_1", "2.1", "importance", "1"),
}  # fmt: skip


@pytest.mark.parametrize("rows", [2, 3])
def test_qualtrics_has_two_or_three_header_rows(rows):
    look, mapping, found = taken(qualtrics(rows))
    assert (look.tool, look.header_rows, mapping.by_order) == (QUALTRICS, rows, False)
    assert {r for r in ratings(found) if r[0] == "R_1"} == GOOD
    first, second = found.people
    assert (first.answers, first.finished, second.finished) == ({"role": "dir"}, True, False)
    assert (first.started, first.submitted) == (datetime(2026, 3, 1, 10), datetime(2026, 3, 1, 10, 12))


def test_limesurvey_names_columns_by_code_and_submits_by_date():
    names = ["id", "submitdate", "lastpage", "startlanguage", "role"]
    names += [f"G1Q{q}[SQ00{n}]" for q in (1, 2) for n in (1, 2, 3)]
    rows = [["7", "2026-03-01 10:12:00", "3", "en", "dir", "3", "0", "", "3", "", "1"]]
    rows += [["8", "", "2", "en", "cto", "2", "", "", "", "", ""]]
    look, mapping, found = taken(csv_bytes(rows, header=names))
    assert (look.tool, mapping.by_order) == (LIMESURVEY, True)
    assert {r[1:] for r in ratings(found) if r[0] == "7"} == {r[1:] for r in GOOD}
    assert [person.finished for person in found.people] == [True, False]


@pytest.mark.parametrize("code", ["A{}", "AO0{}"])
def test_limesurvey_codes_are_taken_for_the_anchors_by_their_order(code):
    names = ["id. Response ID", "submitdate. Date submitted", "startdate. Date started"]
    names += [f"{q}[SQ00{n}]. Of your work [{t}]" for q in ("Freq", "Imp") for n, (_, t) in enumerate(WORDS.tasks, 1)]
    rows = [["7", "2026-03-01 10:12:00", "", *(code.format(n) if n else "" for n in (4, 1, 0, 3, 0, 1))]]
    rows.append(["8", *[""] * 8])
    look, mapping, found = taken(csv_bytes(rows, header=names))
    assert (look.tool, mapping.by_order, [person.finished for person in found.people]) == (
        LIMESURVEY,
        False,
        [True, False],
    )
    assert {r[1:] for r in ratings(found)} == {r[1:] for r in GOOD}


def test_a_column_for_each_anchor_is_told_from_a_column_for_each_task():
    names = [x for _, text in WORDS.tasks for x in (text, "", "", "")]
    labels = [label for _ in WORDS.tasks for label in FREQUENCY]
    row = [label if n % 4 == 1 else "" for n, label in enumerate(labels)]
    assert has_boxes(look_at(csv_bytes([["", *labels], ["1", *row]], header=["id", *names]), "f.csv", Limits()), WORDS)
    for good in (qualtrics(3), qualtrics(2)):
        assert not has_boxes(look_at(good, "f.csv", Limits()), WORDS)


def test_titles_of_grids_over_the_codes_of_tasks_are_two_header_rows():
    rows = [["person", *TASKS, *TASKS], ["R_1", "3", "0", "", "3", "", "1"]]
    look, _, found = taken(csv_bytes(rows, header=["", "Frequency", "", "", "Importance", "", ""]))
    assert (look.header_rows, {r[1:] for r in ratings(found)}) == (2, {r[1:] for r in GOOD})


def test_limesurvey_names_columns_by_text_too():
    names = ["id", "submitdate", "How often? [Plan the budget.]", "How important is it? [Plan the budget.]"]
    _, mapping, _ = taken(csv_bytes([["1", "", "About once a month", "Very important"]], header=names))
    assert (mapping.tasks, mapping.roles[3]) == ({2: "1.1", 3: "1.1"}, "rating:importance")


def test_surveymonkey_carries_the_title_of_a_grid():
    prompts = [scale[1][1] for scale in WORDS.scales]
    names = ["Respondent ID", "Collector ID", "Start Date", "End Date", prompts[0], "", "", prompts[1], "", ""]
    below = ["", "", "", "", *[text for _, text in WORDS.tasks] * 2]
    row = ["R_1", "44", "03/01/2026 10:20:30 AM", "03/01/2026 11:30:30 PM", "About once a month", "Never", "",
           "Very important", "", "Not important"]  # fmt: skip
    look, _, found = taken(csv_bytes([below, row], header=names))
    assert (look.tool, look.header_rows) == (SURVEYMONKEY, 2)
    assert ratings(found) == GOOD
    assert found.people[0].submitted == datetime(2026, 3, 1, 23, 30, 30)


@pytest.mark.parametrize("make", [csv_bytes, lambda rows, header: book_with(header, rows)])
def test_a_plain_wide_table_with_codes_and_numbers(make):
    names = ["respondent", "1.1 frequency", "1.10_frequency", "1.1-importance", "stratum", "2.1: Importance"]
    data = make([["R_1", "3", "0", "3", "small", "1"]], header=names)
    look, mapping, found = taken(data, "file.csv" if data[:2] != b"PK" else "file.xlsx")
    assert (look.tool, mapping.layout, ratings(found)) == (PLAIN, "wide", GOOD)
    assert found.people[0].stratum == "small"


def book_with(header, rows):
    from tests.imports.files import parts, sheet, sheet_data

    return zip_dict(parts(sheet(sheet_data([header, *rows]))))


def test_one_rating_a_row():
    rows = [[*row[:1], row[1], row[2], row[3]] for row in sorted(GOOD)]
    _, mapping, found = taken(csv_bytes(rows, header=["respondent_id", "task", "scale", "value"]))
    assert (mapping.layout, ratings(found)) == ("long", GOOD)


def test_problems_name_row_and_column():
    rows = [["a", "1.1", "importance", "3"], ["a", "1.1", "importance", "3"], ["a", "9.9", "importance", "3"]]
    rows += [["", "1.1", "importance", "3"], ["b", "1.1", "size", "3"], ["b", "1.1", "importance", "7"]]
    _, _, found = taken(csv_bytes(rows, header=["respondent_id", "task", "scale", "value"]))
    assert [(p.row, p.column) for p in found.problems] == [
        (3, "value"), (4, "task"), (5, "respondent_id"), (6, "scale"), (7, "value"),
    ]  # fmt: skip
    assert not found.ok


def test_a_respondent_has_one_row_in_a_wide_table():
    _, _, found = taken(
        csv_bytes([["a", "3", "1"], ["A", "2", "1"]], header=["id", "1.1 importance", "2.1 importance"])
    )
    assert [(p.row, p.reason) for p in found.problems] == [(3, '"A" is already in row 2.')]


def test_without_ids_a_row_is_known_by_its_file_only():
    data = csv_bytes([["3", "1"]], header=["1.1 importance", "2.1 importance"])
    other = csv_bytes([["3", "2"]], header=["1.1 importance", "2.1 importance"])
    names = [taken(each)[2].people[0].name for each in (data, data, other)]
    assert names[0] == names[1] != names[2]


def test_an_end_before_the_start_is_a_problem():
    names = ["id", "started", "submitted", "1.1 importance"]
    _, _, found = taken(csv_bytes([["a", "2026-03-01 10:00", "2026-03-01 09:00", "3"]], header=names))
    assert [p.column for p in found.problems] == ["submitted"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1)),
        ("2026-03-01T10:20:30Z", datetime(2026, 3, 1, 10, 20, 30)),
        ("3/1/2026 1:05 PM", datetime(2026, 3, 1, 13, 5)),
        (Typed("date", "46082.5"), datetime(2026, 3, 1, 12)),
        (Typed("date", "2026-03-01"), datetime(2026, 3, 1)),
        ("", None),
    ],
)
def test_times(cell, expected):
    assert read_time(cell) == (expected, None)


@pytest.mark.parametrize("cell", ["soon", "2026-13-01", "1850-01-01", Typed("date", "1e9"), Typed("date", "x")])
def test_what_is_no_time_says_so(cell):
    found, reason = read_time(cell)
    assert found is None
    assert "not a time" in reason


def test_columns_with_many_values_are_not_listed():
    look = look_at(csv_bytes([[str(n), "x"] for n in range(100)], header=["id", "b"]), "file.csv", Limits())
    assert (look.columns[0].many, look.columns[0].values, look.n_rows) == (True, {}, 100)
    assert column_from(look.columns[1].plain()) == look.columns[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a\n1\n", "one column"),
        (b"a,a\n1,2\n", "same name"),
        (b"a,b\n", "no rows"),
        (b"a,b\n\xff,1\n", "not UTF-8"),
        (b'a,b\n"1,2\n', "never closed"),
    ],
)
def test_a_file_without_a_table_is_refused(data, words):
    assert words in look_at(data, "file.csv", Limits()).refused
    assert words in read_collected(data, "file.csv", Limits(), FileMapping(), WORDS).refused


def test_a_formula_is_a_problem_of_its_row():
    from tests.imports.files import Xml

    cell = Xml('<c r="@"><f>1+2</f><v>3</v></c>')
    _, _, found = taken(book_with(["id", "1.1 importance", "2.1 importance"], [["a", cell, "1"]]), "file.xlsx")
    assert [(p.row, p.reason) for p in found.problems] == [(2, "The cell holds a formula. Replace it by its value.")]


def test_a_mapping_is_kept_as_plain_values():
    mapping = guess_mapping(look_at(qualtrics(), "file.csv", Limits()), WORDS)
    assert mapping_from(mapping.plain()) == mapping


@pytest.mark.parametrize(
    ("text", "code"),
    [("very important", "3"), ("3", "3"), ("3 - Very important", "3"), ("Very important (3)", "3"), ("n/a", ""),
     ("Not performed", ""), ("9", None), ("2 - Very important", None)],
)  # fmt: skip
def test_values_are_recognised_by_label_or_number(text, code):
    assert guess_value(text, WORDS.scales[1][2]) == code


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_bad_file_raises_or_says_more_than_a_sentence(case):
    """Every file of the corpus, whatever it was made for: refused, or read with problems in plain words."""
    data, started = case.data(), time.process_time()
    look = look_at(data, case.filename, Limits())
    sentences = list(look.notes)
    if look.refused is None:
        mapping = guess_mapping(look, WORDS)
        mapping.roles.setdefault(min(c.place for c in look.columns), "respondent")
        found = read_collected(data, case.filename, Limits(), mapping, WORDS, look.header_rows)
        sentences += [p.reason for p in found.problems] + found.notes + [found.refused or ""]
    else:
        sentences.append(look.refused)
    assert time.process_time() - started < 10
    for sentence in filter(None, sentences):
        assert len(sentence.split()) <= 25, sentence
        assert sentence.isprintable(), sentence
        assert not any(word in sentence.lower() for word in LIBRARIES), sentence


@pytest.mark.parametrize("case", [c for c in CASES if c.verdict == "refuse" and c.family > 55], ids=str)
def test_hostile_containers_are_refused_here_too(case):
    """Bombs, links, macros and files of other types; a shape that only another reader minds may pass."""
    if look_at(case.data(), case.filename, Limits()).refused is None:
        assert "columns" in case.words or "sheets" in case.words or "JSON" in case.words or case.family in (56, 59, 60)
