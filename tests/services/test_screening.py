"""Screening rules at their cuts, flags of a real study, and what the exclusions move."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from analysis.parquet import from_parquet
from analysis.pipeline import run_analysis
from analysis.screening import Distances
from jta.db import db, transaction
from jta.models.inventory import Task
from jta.models.response import Rating, Response
from jta.models.survey import Anchor, RatingScale
from jta.services import results, review
from jta.services.review_decisions import decide, undo
from jta.services.screening import RuleCount, screen
from jta.services.screening_effect import exclusion_effect, settled_exclusions
from jta.services.screening_rules import RULES, Measures, raise_flags
from tests.services.closed_study import make_closed_study

HONEST = {
    "share_answered": 1.0, "n_ratings": 100, "seconds_each": 8.0, "speed": 1.0, "run": 5, "sd": 0.9, "r": 0.5,
    "squared": 3.0, "twins": (),
}  # fmt: skip


def measures(*people: dict[str, object]) -> Measures:
    """Return the measures of people who differ from an honest one in what is given."""
    rows = [HONEST | person for person in people]
    columns = {name: np.array([row[name] for row in rows], dtype=float) for name in HONEST if name != "twins"}
    distances = Distances(columns.pop("squared"), 16.27, len(rows), 3)
    return Measures(**columns, distances=distances, twins=tuple(row["twins"] for row in rows))


@pytest.mark.parametrize(
    ("person", "flag"),
    [
        ({}, None),
        ({"share_answered": 0.8}, None),
        ({"share_answered": 0.79}, ("too_little", "look")),
        ({"share_answered": 0.49}, ("too_little", "strong")),
        ({"seconds_each": 2.0}, None),
        ({"seconds_each": 1.9}, ("too_fast", "strong")),
        ({"seconds_each": 3.0, "speed": 0.33}, ("too_fast", "look")),
        ({"seconds_each": np.nan, "speed": np.nan}, None),
        ({"run": 49}, None),
        ({"run": 50}, ("longest_run", "look")),
        ({"run": 90}, ("longest_run", "strong")),
        ({"run": 9, "n_ratings": 9, "sd": 0.0}, None),
        ({"sd": 0.2}, None),
        ({"sd": 0.19}, ("low_variance", "strong")),
        ({"r": 0.1}, None),
        ({"r": 0.09}, ("odd_pattern", "look")),
        ({"r": -0.01}, ("odd_pattern", "strong")),
        ({"r": np.nan}, None),
        ({"twins": ("AAAA",)}, ("identical", "strong")),
        ({"squared": 16.27}, None),
        ({"squared": 16.28}, ("far_out", "look")),
        ({"squared": np.nan}, None),
    ],
)
def test_each_rule_at_its_cut(person, flag):
    (flags,) = raise_flags(measures(person))
    assert [(f.rule, f.grade) for f in flags] == ([flag] if flag else [])


def test_the_lowest_variation_is_flagged_only_in_a_study_large_enough():
    spread = [{"sd": 0.5 + n / 100} for n in range(20)]
    assert [bool(flags) for flags in raise_flags(measures(*spread))] == [True] + [False] * 19
    assert not any(raise_flags(measures(*spread[:19])))


def test_the_evidence_names_value_and_cut():
    (flags,) = raise_flags(measures({"run": 60, "twins": tuple("ABCDEFG")}))
    assert "60 times in a row, of 100 answers. The cut is 50 %" in flags[0].evidence
    assert flags[1].evidence == "All answers are the same as in A, B, C, D, E and 2 more."


def copy_ratings(source: int, target: int) -> None:
    """Give a response the answers of another one."""
    with transaction():
        for rating in db.session.scalars(select(Rating).where(Rating.response_id == target)):
            db.session.delete(rating)
        db.session.flush()
        for r in db.session.scalars(select(Rating).where(Rating.response_id == source)).all():
            values = (r.task_id, r.scale_id, r.anchor_id, r.version, r.saved_at)
            names = ("task_id", "scale_id", "anchor_id", "version", "saved_at")
            db.session.add(Rating(response_id=target, **dict(zip(names, values, strict=True))))


def test_screening_measures_what_is_stored(app_context):
    study, _ = make_closed_study(25)
    first, second, empty = db.session.scalars(select(Response).order_by(Response.id)).all()[:3]
    copy_ratings(first.id, second.id)
    with transaction():
        for rating in db.session.scalars(select(Rating).where(Rating.response_id == empty.id)):
            rating.anchor_id = None  # all taken back
    screening = screen(study.id)
    found = {r.response_id: r for r in screening.responses}
    assert empty.id not in found
    assert len(found) == 24
    assert "identical" in {f.rule for f in found[first.id].flags} & {f.rule for f in found[second.id].flags}
    joined = (
        select(Response.code, Task.code, RatingScale.code, Anchor.code)
        .select_from(Rating)
        .join(Response, Response.id == Rating.response_id)
        .join(Task, Task.id == Rating.task_id)
        .join(RatingScale, RatingScale.id == Rating.scale_id)
        .join(Anchor, Anchor.id == Rating.anchor_id)
    )
    stored = {tuple(row) for row in db.session.execute(joined)}
    loaded = {
        (code, task, scale, matrix.scale.anchors[chosen - 1].code)
        for scale, matrix in screening.data.matrices.items()
        for code, row in zip(matrix.respondents, matrix.codes, strict=True)
        for task, chosen in zip(matrix.tasks, row, strict=True)
        if chosen
    }
    assert loaded == stored
    one = found[first.id]
    own = [entry for entry in stored if entry[0] == one.code]
    assert one.share_answered == len({task for _, task, _, _ in own}) / 100
    seconds = (first.submitted_at - first.started_at).total_seconds()
    assert one.seconds_each == pytest.approx(seconds / len(own))
    order = [(-len(r.flags), -r.n_strong, r.code) for r in screening.responses]
    assert order == sorted(order)
    for count in screening.rule_counts():
        assert count.flagged == sum(r.has_flag(count.rule.code) for r in screening.responses) >= count.strong
    assert [c.rule for c in screening.rule_counts()] == list(RULES)


@pytest.mark.parametrize(("count", "told"), [(0, 0), (1, None), (9, None), (10, 10)])
def test_counts_of_a_few_are_not_told(count, told):
    assert RuleCount(RULES[0], 10, count, count, "").without_few(10) == RuleCount(RULES[0], 10, told, told, "")


def test_the_effect_is_that_of_freezing_and_is_withheld_below_ten(app_context):
    study, actors = make_closed_study(30)
    codes = [r.code for r in screen(study.id).responses]

    def exclude(some):
        for code in some:
            decide(actors["psychometrician"], study.id, code, choice="exclude", ground="other", reason="Tried out")
        return screen(study.id)

    nothing = exclusion_effect(study.id, screen(study.id), sees_responses=True)
    assert (nothing.rows, nothing.n_before, nothing.n_after) == ((), 30, 30)
    nine = exclude(codes[:9])
    withheld = exclusion_effect(study.id, nine, sees_responses=False)
    assert withheld.rows == ()
    assert "fewer than 10" in withheld.reason
    assert exclusion_effect(study.id, nine, sees_responses=True).rows
    ten = exclude(codes[9:10])
    coarse = exclusion_effect(study.id, ten, sees_responses=False)
    shown = exclusion_effect(study.id, ten, sees_responses=True)
    assert (coarse.n_before, coarse.n_after) == (shown.n_before, shown.n_after) == (30, 20)
    for seen, exact in zip(coarse.rows, shown.rows, strict=True):
        assert seen == replace(
            exact, weight_before=round(exact.weight_before, 2), weight_after=round(exact.weight_after, 2)
        )
    assert sum(row.items_after for row in shown.rows) == 100
    frozen = from_parquet(review.freeze_dataset(actors["psychometrician"], study.id).content)
    result = run_analysis(frozen, replace(results.study_plan(study.id), bootstrap_resamples=0))
    assert {row.code: row.weight_after for row in shown.rows} == result.weights["domain"]
    assert {row.code: row.items_after for row in shown.rows} == result.items["domain"]
    assert sum(row.change for row in shown.rows) == pytest.approx(0)
    assert exclusion_effect(study.id, exclude(codes[10:19]), sees_responses=False).n_after == 20
    assert exclusion_effect(study.id, exclude(codes[19:21]), sees_responses=False).n_after == 10
    everybody = exclude(codes[21:])
    assert "fewer than 10 responses remain" in exclusion_effect(study.id, everybody, sees_responses=False).reason


def test_no_two_effects_that_a_director_can_see_differ_by_few_people(app_context):
    study, actors = make_closed_study(40)
    person, chance = actors["psychometrician"], random.Random(7)
    responses = {r.response_id: r.code for r in screen(study.id).responses}
    seen, out = [frozenset()], {}
    for _ in range(150):
        key = chance.choice(sorted(responses))
        if key in out and chance.random() < 0.6:
            undo(person, study.id, responses[key], reason="Tried out", seen=out.pop(key))
        else:
            made = decide(
                person, study.id, responses[key], choice="exclude", ground="other", reason="Why", seen=out.get(key, 0)
            )
            out[key] = made.id
        seen.append(frozenset(settled_exclusions(study.id, set(responses), 10)))
    states = set(seen)
    assert len(states) > 2
    assert all(len(one ^ other) >= 10 for one in states for other in states if one != other)
    assert settled_exclusions(study.id, set(), 10) == set()
