"""Every case of the corpus ends as it must: refused, accepted exactly, or cleaned in a named way."""

from __future__ import annotations

import time

import pytest

from jta.imports import Problem, ReadResult, read_inventory, read_ratings, read_roster
from tests.imports.case import Case
from tests.imports.corpus import CASES

IN_OTHER_LAYERS = {37}  # a locked study is the service's to refuse; a reader knows no study
LIBRARIES = ("openpyxl", "expat", "zlib", "csv.error", "jsondecode", "codec", "traceback", "exception", "none type")


def read(case: Case, data: bytes) -> ReadResult:
    if case.kind == "ratings":
        return read_ratings(data, case.filename, known=case.known)
    return (read_roster if case.kind == "roster" else read_inventory)(data, case.filename)


def sentences(result: ReadResult) -> list[str]:
    return [*result.cleaned, *(p.reason for p in result.problems), *([result.refused] if result.refused else [])]


def test_every_family_has_a_case():
    assert {case.family for case in CASES} | IN_OTHER_LAYERS == set(range(1, 88))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_file_ends_as_it_must(case: Case):
    data = case.data()
    started = time.process_time()
    result = read(case, data)
    assert time.process_time() - started < 10
    CHECKS[case.verdict](case, result)
    for sentence in sentences(result):
        assert len(sentence.split()) <= 25, sentence
        assert sentence.isprintable(), sentence
        assert not any(word in sentence.lower() for word in LIBRARIES), sentence


def check_accepted(case: Case, result: ReadResult) -> None:
    assert (result.refused, result.problems, result.cleaned) == (None, [], [])
    assert (result.accepted, result.exit_code) == (case.accepted, 0)
    if case.value:
        assert result.rows[1].values[case.column] == case.value


def check_cleaned(case: Case, result: ReadResult) -> None:
    assert (result.refused, result.problems) == (None, [])
    assert any(case.words in sentence for sentence in result.cleaned), result.cleaned
    assert (result.accepted, result.exit_code) == (case.accepted, 0)


def check_problem(case: Case, result: ReadResult) -> None:
    assert result.refused is None
    fitting = [p for p in result.problems if case.words in p.reason]
    assert fitting, result.report()
    assert (fitting[0].row, fitting[0].column) == (case.row, case.column)
    assert (result.accepted, result.exit_code) == (case.accepted, 1)
    assert isinstance(fitting[0], Problem)


def check_refused(case: Case, result: ReadResult) -> None:
    assert result.refused is not None
    assert case.words in result.refused
    assert (result.accepted, result.rows, result.problems, result.exit_code) == (0, [], [], 2)


CHECKS = {"accept": check_accepted, "clean": check_cleaned, "problem": check_problem, "refuse": check_refused}
