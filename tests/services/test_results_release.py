"""Two results that differ by a few people are never both shown to a director or an auditor."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from jta.db import transaction
from jta.errors import InvalidInputError, StateError
from jta.services import blueprint, results, review
from jta.services.results_privacy import Reader
from jta.services.results_release import ResultsWithheldError, changed_responses, decide_release, newest_shown
from jta.services.results_tables import open_results, table_file
from jta.services.review_decisions import decide, undo
from jta.services.review_inclusion import preview_inclusion
from jta.services.study import details_of, edit_study
from tests.services.closed_study import make_closed_study

DIRECTOR, AUDITOR, EXPERT = frozenset({"director"}), frozenset({"auditor"}), frozenset({"psychometrician"})


@pytest.fixture
def made(app_context):
    study, actors = make_closed_study(40)
    with transaction():
        study.plan = {**(study.plan or {}), "bootstrap_resamples": 0}
    return study, actors


def _exclude(study_id, actor, codes):
    for code in codes:
        decide(actor, study_id, code, choice="exclude", ground="other", reason="Not in the role.")


def test_a_data_set_like_an_earlier_one_is_withheld_until_enough_people_changed(made):
    study, actors = made
    expert = actors["psychometrician"]
    codes = [c.code for c in preview_inclusion(study.id, 0.5).included]
    first = review.freeze_dataset(expert, study.id)
    assert (first.released, first.changed_people) == (True, None)
    _exclude(study.id, expert, codes[:1])
    second = review.freeze_dataset(expert, study.id)
    assert (second.released, second.changed_people) == (False, 1)
    run = results.analyze_dataset(expert, study.id, 2)
    for roles in (DIRECTOR, AUDITOR):
        with pytest.raises(ResultsWithheldError, match="fewer than 10 responses"):
            open_results(study, run.id, roles)
    assert table_file(open_results(study, run.id, EXPERT), "task_stats")
    with pytest.raises(StateError, match="work out"):
        blueprint.propose(actors["director"], study.id, run.id)
    _exclude(study.id, expert, codes[1:10])
    third = review.freeze_dataset(expert, study.id)
    assert (third.released, third.changed_people) == (True, 10)
    shown = results.analyze_dataset(expert, study.id, 3)
    assert open_results(study, shown.id, DIRECTOR).run.id == shown.id
    later = results.analyze_dataset(expert, study.id, 2)
    runs = results.list_runs(study.id)
    assert newest_shown(runs, DIRECTOR).id == shown.id
    assert newest_shown(runs, EXPERT).id == later.id


def test_the_same_answers_frozen_again_are_shown_again(made):
    study, actors = made
    expert = actors["psychometrician"]
    code = preview_inclusion(study.id, 0.5).included[0].code
    review.freeze_dataset(expert, study.id)
    decided = decide(expert, study.id, code, choice="exclude", ground="other", reason="Not in the role.")
    assert not review.freeze_dataset(expert, study.id).released
    undo(expert, study.id, code, reason="In the role after all.", seen=decided.id)
    again = review.freeze_dataset(expert, study.id)
    assert (again.released, again.changed_people) == (True, 0)


def test_a_data_set_smaller_than_the_smallest_group_is_withheld(app_context):
    study, actors = make_closed_study(12)
    with transaction():
        study.smallest_group = 15
        study.plan = {**(study.plan or {}), "bootstrap_resamples": 0}
    dataset = review.freeze_dataset(actors["psychometrician"], study.id)
    assert not dataset.released
    run = results.analyze_dataset(actors["psychometrician"], study.id, 1)
    with pytest.raises(ResultsWithheldError, match="holds fewer than 15 responses"):
        open_results(study, run.id, DIRECTOR)


def test_no_two_released_data_sets_of_200_differ_by_few_people(made):
    """Publish, change some people, publish: 200 tries of every kind, among them one person out and one in."""
    from analysis.parquet import from_parquet
    from jta.services.screening_effect import _take

    study, actors = made
    first = review.freeze_dataset(actors["psychometrician"], study.id)
    whole = from_parquet(first.content)
    codes, draw = whole.respondent_ids.astype(str).tolist(), random.Random(8)
    released = [whole]
    for _ in range(200):
        left = draw.sample(codes, draw.choice([0, 1, 1, 2, 5, 9, 10, 11, 15]))
        data = _take(whole, [code for code in codes if code not in left])
        fewest = min((n for n in (changed_responses(data, one) for one in released) if n), default=0)
        wanted = len(codes) - len(left) >= 10 and (not fewest or fewest >= 10)
        assert decide_release(study.id, data, 10)[0] == wanted or len(released) > 1
        if wanted:
            released.append(data)
    for n, one in enumerate(released):
        for other in released[n + 1 :]:
            assert changed_responses(one, other) == 0 or changed_responses(one, other) >= 10


def test_a_director_reads_with_the_smallest_group_of_the_study(made):
    study, actors = made
    with transaction():
        study.smallest_group = 15
    review.freeze_dataset(actors["psychometrician"], study.id)
    run = results.analyze_dataset(actors["psychometrician"], study.id, 1)
    assert open_results(study, run.id, DIRECTOR).reader == Reader(full=False, minimum=15)
    shown = [r["n"] for r in open_results(study, run.id, DIRECTOR).rows("task_stats") if r["n"] is not None]
    assert shown
    assert min(shown) >= 15


def test_the_smallest_group_is_not_lowered_once_results_could_be_read(made):
    study, actors = made
    with transaction():
        study.smallest_group = 15
    now = details_of(study)
    assert edit_study(actors["director"], study.id, replace(now, smallest_group=10), version=study.version)
    edit_study(actors["director"], study.id, now, version=study.version)
    assert review.freeze_dataset(actors["psychometrician"], study.id).released
    with pytest.raises(InvalidInputError, match="could work out cells that were hidden") as caught:
        edit_study(actors["director"], study.id, replace(now, smallest_group=10), version=study.version)
    assert caught.value.field == "smallest_group"
    assert study.smallest_group == 15


def test_a_larger_smallest_group_is_taken_at_any_time(made):
    study, actors = made
    assert review.freeze_dataset(actors["psychometrician"], study.id).released
    larger = replace(details_of(study), smallest_group=15)
    assert edit_study(actors["director"], study.id, larger, version=study.version).smallest_group == 15


def test_weights_under_an_exclusion_rule_are_for_the_psychometrician(made):
    """Two runs of one data set with cut-offs next to each other leave out sets that differ by one person."""
    study, actors = made
    review.freeze_dataset(actors["psychometrician"], study.id)
    for wanted in (0.2, 0.3):
        with transaction():
            study.plan = {**(study.plan or {}), "screen_person_total": wanted}
        results.analyze_dataset(actors["psychometrician"], study.id, 1)
    for run in results.list_runs(study.id):
        shown = open_results(study, run.id, DIRECTOR).rows("sensitivity")
        rows = [row for row in shown if row["option"].startswith("exclude by ")]
        assert rows
        for row in rows:
            assert {row[name] for name in ("weight", "weight_change", "items", "items_change")} == {None}
        assert all(row["weight"] is not None for row in shown if row["option"] == "plan")
        expert = open_results(study, run.id, EXPERT).rows("sensitivity")
        assert any(row["weight"] is not None for row in expert if row["option"].startswith("exclude by "))
