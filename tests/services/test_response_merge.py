"""The rules of a save, as a table: what is stored, what the page was shown with, what is chosen on it."""

from __future__ import annotations

import pytest

from jta.services.rating_merge import Conflict, merge
from jta.services.survey_pages import Stored, read_content

NEVER, MONTHLY, DAILY, LOW, HIGH = 10, 11, 12, 20, 21
F, IMP = (1, 100), (1, 200)


def anchor(number: int, label: str, not_performed: bool = False) -> dict[str, object]:
    return {"id": number, "code": str(number), "label": label, "value": None, "not_performed": not_performed}


def content(kind: str = "frequency") -> dict[str, object]:
    scales = [
        {
            "id": 100, "code": "f", "kind": kind, "title": "Frequency", "prompt": "How often?",
            "anchors": [anchor(NEVER, "Never", True), anchor(MONTHLY, "Monthly"), anchor(DAILY, "Daily")],
        },
        {
            "id": 200, "code": "i", "kind": "importance", "title": "Importance", "prompt": "How important?",
            "anchors": [anchor(LOW, "Low"), anchor(HIGH, "High")],
        },
    ]  # fmt: skip
    tasks = [{"id": 1, "code": "1.1", "statement": "Plan", "subdomain": ""}]
    return {
        "study": {"title": "S"}, "consent": {"text": "", "hash": ""}, "background": [], "scales": scales,
        "pages": [{"number": 1, "domain": {"code": "1", "title": "D"}, "tasks": tasks}], "n_tasks": 1,
    }  # fmt: skip


SURVEY = read_content(content())


def run(stored, seen, chosen, **options):
    result = merge(
        SURVEY, {k: Stored(*v) for k, v in stored.items()}, {k: Stored(*v) for k, v in seen.items()}, chosen, **options
    )
    return {w.key: (w.anchor_id, w.version) for w in result.writes}, result.conflicts


@pytest.mark.parametrize(
    ("stored", "seen", "chosen", "writes", "conflicts"),
    [
        pytest.param({}, {}, {F: DAILY}, {F: (DAILY, 1)}, [], id="a first answer"),
        pytest.param({}, {}, {F: DAILY, IMP: HIGH}, {F: (DAILY, 1), IMP: (HIGH, 1)}, [], id="both scales"),
        pytest.param({F: (DAILY, 1)}, {F: (DAILY, 1)}, {F: MONTHLY}, {F: (MONTHLY, 2)}, [], id="a changed mind"),
        pytest.param({F: (DAILY, 3)}, {F: (MONTHLY, 2)}, {F: MONTHLY}, {}, [], id="a stale page that changed nothing"),
        pytest.param({F: (DAILY, 1)}, {}, {}, {}, [], id="blank never wins"),
        pytest.param({F: (DAILY, 2)}, {F: (MONTHLY, 1)}, {F: DAILY}, {}, [], id="both chose the same"),
        pytest.param(
            {F: (DAILY, 1)}, {}, {F: MONTHLY}, {}, [Conflict(F, DAILY, MONTHLY)], id="changed here and elsewhere"
        ),
        pytest.param({}, {}, {F: NEVER, IMP: HIGH}, {F: (NEVER, 1)}, [], id="importance is ignored after a skip"),
        pytest.param(
            {F: (DAILY, 1), IMP: (HIGH, 1)}, {F: (DAILY, 1), IMP: (HIGH, 1)}, {F: NEVER, IMP: HIGH},
            {F: (NEVER, 2), IMP: (None, 2)}, [], id="a skip takes importance back",
        ),
        pytest.param(
            {F: (DAILY, 1), IMP: (HIGH, 1)}, {F: (DAILY, 1)}, {F: NEVER}, {}, [Conflict(F, DAILY, NEVER)],
            id="a skip takes nothing back that its page did not know",
        ),
        pytest.param(
            {F: (NEVER, 1)}, {}, {IMP: HIGH}, {}, [Conflict(IMP, None, HIGH)], id="importance, not knowing of the skip"
        ),
        pytest.param(
            {F: (NEVER, 1)}, {}, {F: DAILY, IMP: HIGH}, {}, [Conflict(F, NEVER, DAILY), Conflict(IMP, None, HIGH)],
            id="the whole card, not knowing of the skip",
        ),
        pytest.param(
            {F: (NEVER, 2), IMP: (None, 2)}, {F: (NEVER, 2), IMP: (None, 2)}, {F: DAILY, IMP: LOW},
            {F: (DAILY, 3), IMP: (LOW, 3)}, [], id="a skip undone",
        ),
        pytest.param({F: (NEVER, 1)}, {F: (NEVER, 1)}, {F: NEVER, IMP: LOW}, {}, [], id="a skip that stays"),
    ],
)  # fmt: skip
def test_a_page_changes_what_it_should(stored, seen, chosen, writes, conflicts):
    assert run(stored, seen, chosen) == (writes, conflicts)


def test_a_tap_is_a_change_even_when_it_equals_what_was_shown():
    stored, seen = {F: (DAILY, 2)}, {F: (MONTHLY, 1)}
    assert run(stored, seen, {F: MONTHLY})[1] == []
    assert run(stored, seen, {F: MONTHLY}, explicit=True)[1] == [Conflict(F, DAILY, MONTHLY)]


def test_a_survey_without_a_skip_answer_treats_scales_alike():
    survey = read_content(content(kind="other"))
    result = merge(survey, {}, {}, {F: NEVER, IMP: HIGH})
    assert {w.key: w.anchor_id for w in result.writes} == {F: NEVER, IMP: HIGH}
    assert survey.gate is None
    assert not survey.is_answered({F: Stored(NEVER, 1)}, 1)
    assert survey.is_answered({F: Stored(NEVER, 1), IMP: Stored(LOW, 1)}, 1)


def test_a_card_is_answered_when_skipped_or_rated_on_every_scale():
    assert SURVEY.is_answered({F: Stored(NEVER, 1)}, 1)
    assert not SURVEY.is_answered({F: Stored(DAILY, 1)}, 1)
    assert not SURVEY.is_answered({F: Stored(DAILY, 1), IMP: Stored(None, 2)}, 1)
    assert SURVEY.is_answered({F: Stored(DAILY, 1), IMP: Stored(LOW, 1)}, 1)
