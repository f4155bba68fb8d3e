"""The statement checks: what each rule finds and lets pass, how few false alarms there are, and dismissing."""

from __future__ import annotations

import csv
import time

import numpy as np
import pytest

from jta import ROOT
from jta.demo.content import load_framework
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.services import inventory_areas as areas
from jta.services import inventory_checks as service
from jta.services import inventory_tasks as acts
from jta.services.statement_rules import (
    RULES,
    Text,
    check_one,
    check_starts,
    count_syllables,
    defined_acronyms,
    reading_grade,
)
from jta.services.statement_similarity import check_duplicates, cosines, find_alike, match_lists
from jta.services.statement_words import BRANDS
from tests.services.study_builders import make_study

GOOD = "Negotiate agreement among academic, finance and operations leaders on which projects take priority."


def _rules(statement: str, **options) -> list[str]:
    return [remark.rule for remark in check_one(Text("1", statement), **options)]


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("Responsible for the budget of the district.", "verb"),
        ("Management of the network.", "verb"),
        ("Managing the network.", "verb"),
        ("Effectively plan the budget.", "verb"),
        ("The budget is planned.", "verb"),
        ("Ability to plan.", "verb"),
        ("Develop and interpret policies.", "one_idea"),
        ("Plan the budget and train the staff.", "one_idea"),
        ("Plan the budget; defend it.", "one_idea"),
        ("Plan and/or defend the budget.", "one_idea"),
        ("Assess needs and recommend improvements.", "one_idea"),
        ("Configure Chromebooks for students.", "brand"),
        ("Write reports in Excel for the board.", "brand"),
        ("Review each IEP with parents.", "acronym"),
        ("Chair the ARDs of the district.", "acronym"),
        ("Support teachers.", "vague"),
        ("Ensures privacy.", "vague"),
        ("Plan " + "and so on " * 10 + "the end.", "long"),
        (
            "Operationalize organizational communication methodologies across our interdepartmental units.",
            "reading",
        ),
    ],
)
def test_each_rule_finds_what_it_is_for(statement, rule):
    assert rule in _rules(statement)


@pytest.mark.parametrize(
    "statement",
    [
        GOOD,
        "Plans the budget.",
        "Excel at nothing but the truth.",
        "Assess the use and need of devices.",
        "Review policy and practice in schools.",
        "Train staff to plan and track projects.",
        "Review each individualized education program (IEP) with parents.",
        "Maintain a student information system (SIS) for all schools.",
        "Re-evaluate vendor contracts.",
        "Report IT costs to the board.",
        "Schedule windows for maintenance.",
    ],
)
def test_a_good_statement_passes(statement):
    assert _rules(statement) == []


def test_own_word_lists_count():
    assert _rules("Run Acme on servers.", brands=["Acme"]) == ["brand"]
    assert _rules("Configure Chromebooks.", brands=[]) == []
    assert _rules("Review each IEP.", known_acronyms={"IEP"}) == []
    assert defined_acronyms(["A student information system (SIS) is kept.", "None"]) == {"SIS"}


def test_ksas_are_not_asked_for_a_verb():
    assert [r.rule for r in check_one(Text("K", "Knowledge of Excel", is_task=False))] == ["brand"]


def test_neighbours_that_start_alike_are_told():
    texts = [Text(str(n), f"Review the district policy on {w}.", "1") for n, w in enumerate(("mail", "phones"))]
    assert [(r.code, r.other) for r in check_starts(texts)] == [("1", "0")]
    assert check_starts([texts[0], Text("1", texts[1].statement, "2")]) == []


def test_near_duplicates_are_told_and_unlike_ones_not():
    texts = [
        Text("1", "Review the budgets of the schools every year."),
        Text("2", GOOD),
        Text("3", "Every year, review the budget of each school."),
        Text("K", "Review the budgets of the schools every year.", is_task=False),
    ]
    assert [(r.code, r.other) for r in check_duplicates(texts)] == [("3", "1")]
    assert find_alike([]) == []
    assert find_alike(["", " - "]) == []


def test_the_cosines_are_those_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    from jta.services.statement_similarity import _terms

    statements = [task.task_statement for task in load_framework()]
    theirs = TfidfVectorizer(analyzer=_terms).fit_transform(statements)
    np.testing.assert_allclose(cosines([statements]).toarray(), theirs.toarray(), atol=1e-12)


def test_lists_are_matched_best_first():
    found = match_lists(["Plan the budget.", "Feed the cat."], ["Plan the yearly budget.", "Plan the party."])
    assert (found[0].one, found[0].other) == (0, 0)
    assert all(pair.one != 1 for pair in found)


def test_the_grade_is_the_published_formula():
    # 12 words, 1 sentence. A dictionary counts 24 syllables, our rule of thumb 22.
    text = "The Australian platypus is seemingly a hybrid of a mammal and reptilian."
    assert sum(count_syllables(w) for w in text.lower().rstrip(".").split()) == 22
    assert reading_grade(text) == pytest.approx(0.39 * 12 + 11.8 * 22 / 12 - 15.59)
    assert reading_grade("") == 0


def _remarks(texts: list[Text]) -> list[str]:
    known = defined_acronyms(text.statement for text in texts)
    single = [remark for text in texts for remark in check_one(text, known_acronyms=known)]
    return [f"{r.rule} {r.code}" for r in [*single, *check_starts(texts), *check_duplicates(texts)]]


def test_false_alarms_are_rare_on_the_demo():
    texts = [Text(t.task_code, t.task_statement, t.subdomain_code) for t in load_framework()]
    assert _remarks(texts) == ["reading 1.1.2"]


def test_onets_list_gets_only_remarks_that_hold():
    path = ROOT / "tests/reference/onet/11-3021.00/data/task_statements.txt"
    with path.open(encoding="utf-8", newline="") as file:
        texts = [Text(row["Task ID"], row["Task"], "1") for row in csv.DictReader(file, delimiter="\t")]
    # Six statements name two acts ("Develop and interpret …"); one only says "stay abreast".
    assert _remarks(texts) == [
        "one_idea 969", "one_idea 977", "vague 970", "one_idea 976", "one_idea 973", "one_idea 972", "one_idea 980",
    ]  # fmt: skip


def test_500_statements_take_less_than_a_second():
    words = [task.task_statement.split() for task in load_framework()]
    texts = [Text(str(n), " ".join(words[n % 100][n // 100 :] + words[n % 97][:3]), "1") for n in range(500)]
    _remarks(texts[:5])  # load the libraries
    start = time.process_time()
    assert _remarks(texts)
    assert time.process_time() - start < 1


def _study(statements):
    study, dora = make_study()
    area = areas.add_area(dora, study.id, areas.NewArea("1", "Work"))
    for code, text in statements.items():
        acts.add_task(dora, study.id, code=code, words=acts.TaskWords(text, "", area.id))
    return study, dora


def _open(study) -> list[tuple[str, str]]:
    return [(line.statement.code, line.key) for line in service.load_report(study.id).open]


def test_a_remark_is_set_aside_and_comes_back_with_another_wording(app_context):
    study, dora = _study({"1": "Support teachers.", "2": "Plan the budget."})
    assert _open(study) == [("1", "vague")]
    with pytest.raises(InvalidInputError, match="Say why"):
        service.dismiss(dora, study.id, code="1", key="vague", reason=" ")
    service.dismiss(dora, study.id, code="1", key="vague", reason="A fixed phrase here")
    with pytest.raises(StateError, match="gone"):
        service.dismiss(dora, study.id, code="1", key="vague", reason="Again")
    report = service.load_report(study.id)
    assert (_open(study), [line.dismissal.reason for line in report.dismissed]) == ([], ["A fixed phrase here"])
    task = report.dismissed[0].statement
    acts.edit_task(dora, study.id, task.id, acts.TaskWords("Support all teachers.", "", task.domain_id), version=1)
    assert _open(study) == [("1", "vague")]
    service.dismiss(dora, study.id, code="1", key="vague", reason="Still")
    service.take_back(dora, study.id, service.load_report(study.id).dismissed[0].dismissal.id)
    assert _open(study) == [("1", "vague")]


def test_a_pair_comes_back_when_either_is_reworded(app_context):
    study, dora = _study({"1": "Review the budgets of the schools.", "2": "Review the budget of the schools."})
    key = "duplicate 1"
    assert ("2", key) in _open(study)
    service.dismiss(dora, study.id, code="2", key=key, reason="Two levels")
    assert ("2", key) not in _open(study)
    task = service.live_tasks(study.id)[0]
    acts.edit_task(
        dora, study.id, task.id, acts.TaskWords("Review budgets of the schools.", "", task.domain_id), version=1
    )
    assert ("2", key) in _open(study)


def test_word_lists_are_the_studys_own(app_context):
    study, dora = _study({"1": "Configure Acme routers for the AUP."})
    assert _open(study) == [("1", "acronym")]
    assert service.get_setting(study.id).brands == list(BRANDS)
    saved = service.save_setting(dora, study.id, brands=["Acme"], acronyms=["AUP"], version=0)
    assert _open(study) == [("1", "brand")]
    with pytest.raises(EditConflictError):
        service.save_setting(dora, study.id, brands=[], acronyms=[], version=saved.version + 1)
    service.save_setting(dora, study.id, brands=[], acronyms=["AUP"], version=saved.version)
    assert _open(study) == []
    with pytest.raises(InvalidInputError, match="500 entries"):
        service.save_setting(dora, study.id, brands=["x"] * 501, acronyms=[], version=2)


def test_another_studys_dismissal_is_not_found(app_context):
    study, dora = _study({"1": "Support teachers."})
    service.dismiss(dora, study.id, code="1", key="vague", reason="Fixed")
    other, erna = make_study(email="erna@example.org")
    with pytest.raises(NotFoundError):
        service.take_back(erna, other.id, service.load_report(study.id).dismissed[0].dismissal.id)
    assert set(service.load_report(other.id).counts) == set(RULES)
