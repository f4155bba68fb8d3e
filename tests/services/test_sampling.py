"""Matrix sampling: blocks and forms, who gets which form, the order of cards, and forms in the data set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jta import clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.models.response import Rating, Response
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services import review, survey_blocks, survey_sampling
from jta.services.content import blocks_of_form, form_codes, tasks_of
from jta.services.instrument import build_content, content_hash
from jta.services.review_inclusion import list_candidates
from jta.services.sampling import assign_form, order_for
from jta.services.sampling_design import (
    Assumptions,
    DesignTask,
    are_linked,
    deal_blocks,
    expect,
    plan_forms,
    unlinked_pairs,
)
from jta.services.survey_sampling import SamplingPlan
from tests.services.study_factory import make_study

DORA = Actor("Dora", "director")
LISTS = st.lists(st.sampled_from("123"), min_size=12, max_size=60)


@given(LISTS, st.integers(2, 6), st.integers(0, 5))
def test_blocks_have_the_same_size_and_the_same_mix_of_domains(domains, n_blocks, n_core):
    tasks = [DesignTask(n, domain) for n, domain in enumerate(sorted(domains))]
    block_of = deal_blocks(tasks, n_blocks, n_core)
    assert len(block_of) == len(tasks)
    assert sum(block == "core" for block in block_of.values()) == n_core
    for domain in (None, "1", "2", "3"):
        inside = [block_of[t.id] for t in tasks if domain in (None, t.domain) and block_of[t.id] != "core"]
        sizes = [inside.count(f"B{n + 1}") for n in range(n_blocks)]
        assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("n_blocks", range(3, 13))
def test_every_pair_of_blocks_meets_on_a_form_and_all_blocks_are_used_alike(n_blocks):
    for per_form in range(2, min(n_blocks, 6)):
        forms = plan_forms(n_blocks, per_form)
        assert unlinked_pairs(forms, n_blocks) == 0
        assert are_linked(forms)
        uses = [sum(f"B{n + 1}" in form for form in forms) for n in range(n_blocks)]
        assert len(set(uses)) == 1


def test_expected_errors_are_those_worked_by_hand():
    tasks = [DesignTask(n, "A" if n < 2 else "B") for n in range(4)]
    found = expect(tasks, dict.fromkeys(range(4), "core"), [], Assumptions(sample=200, completion=0.5))
    assert [(row.code, row.ratings, row.standard_error) for row in found.blocks] == [("core", 100, 0.1)]
    # w = 1/2: four terms of (1/2)^2 * 1 / 100 = 0.01 in all; its root 0.1 over 4 tasks * mean 3
    assert found.weight_errors["A"] == pytest.approx(0.1 / 12)
    few = expect(tasks, {0: "B1", 1: "B2", 2: "B1", 3: "B2"}, [("B1",), ("B2",)], Assumptions(50, 1.0))
    assert [row.ratings for row in few.blocks] == [25, 25]
    assert len(few.warnings) == 2  # fewer than 30, and nothing ties the two forms together


def _with_forms(n_tasks: int = 24, **more: object):
    made = make_study(n_tasks=n_tasks, n_people=0, launched=False, n_domains=3)
    study = db.session.get_one(Study, made.study_id)
    plan = SamplingPlan(3, 2, 3, **more)
    survey_sampling.save_plan(DORA, made.study_id, plan, build_content(study))
    db.session.expire_all()
    return made, build_content(db.session.get_one(Study, made.study_id))


def _place_by_hand(study_id: int, content) -> None:
    """A task goes into another block where nobody changed them since; no block is left empty; expectations follow."""
    placed, mark = survey_blocks.list_placed(content), survey_blocks.blocks_mark(study_id)
    core = next(task for task in placed if task.block == "core")
    others = [task for task in placed if task.block == "B2"]
    with pytest.raises(InvalidInputError, match="Block B2 would hold no task"):
        survey_blocks.place_in_blocks(DORA, study_id, {task.id: "B1" for task in others}, seen=mark)
    with pytest.raises(InvalidInputError, match="one of the blocks"):
        survey_blocks.place_in_blocks(DORA, study_id, {core.id: "B9"}, seen=mark)
    wanted = {core.id: "B1", others[0].id: "B2"}
    assert survey_blocks.place_in_blocks(DORA, study_id, wanted, seen=mark) == 1
    with pytest.raises(EditConflictError):
        survey_blocks.place_in_blocks(DORA, study_id, {core.id: "core"}, seen=mark)
    db.session.expire_all()
    now = build_content(db.session.get_one(Study, study_id))
    assert next(task.block for task in survey_blocks.list_placed(now) if task.id == core.id) == "B1"
    plan = survey_sampling.get_plan(study_id)
    found = survey_sampling.expect_plan(now, plan, Assumptions(300, 0.5), stored=True)
    assert {row.code: row.tasks for row in found.blocks} == {"core": 2, "B1": 8, "B2": 7, "B3": 7}


def test_a_plan_is_kept_as_blocks_and_forms(app_context):
    made, content = _with_forms(shuffle_domains=True)
    assert survey_sampling.get_plan(made.study_id) == SamplingPlan(3, 2, 3, shuffle_domains=True)
    assert form_codes(content) == ["F1", "F2", "F3"]
    assert [len(tasks_of(content, code)) for code in form_codes(content)] == [17, 17, 17]
    assert blocks_of_form(content, "F1") == {"core", "B1", "B2"}
    with pytest.raises(InvalidInputError):
        survey_sampling.save_plan(DORA, made.study_id, SamplingPlan(3, 3), content)
    _place_by_hand(made.study_id, content)
    survey_sampling.save_plan(DORA, made.study_id, SamplingPlan(), content)
    assert build_content(db.session.get_one(Study, made.study_id))["sampling"] is None


def test_the_order_is_fixed_by_the_seed_and_holds_each_task_of_the_form_once(app_context):
    _, content = _with_forms(shuffle_domains=True, shuffle_tasks=True)
    for code in form_codes(content):
        asked = {task["id"] for task in tasks_of(content, code)}
        orders = set()
        for seed in range(1, 9):
            pages = order_for(content, code, seed)
            assert pages == order_for(content, code, seed)
            seen = [task["id"] for page in pages for task in page["tasks"]]
            assert sorted(seen) == sorted(asked)
            assert [page["number"] for page in pages] == list(range(1, len(pages) + 1))
            assert all(len(page["tasks"]) <= 10 for page in pages)
            orders.add(tuple(seen))
        assert len(orders) == 8
    plain = [task["id"] for page in order_for(content, "F1", 0) for task in page["tasks"]]
    assert plain == [task["id"] for task in tasks_of(content, "F1")]


def _respond(made, content, instrument_id: int, n: int, stratum_id: int | None = None) -> Response:
    with transaction():
        now = clock.now()
        form = assign_form(content, made.study_id, stratum_id)
        response = Response(
            study_id=made.study_id, instrument_id=instrument_id, stratum_id=stratum_id, code=f"R{n:03d}",
            receipt=f"Q{n:03d}", consent_hash="c", started_at=now, submitted_at=now, form_code=form, seed=n,
        )  # fmt: skip
        db.session.add(response)
        db.session.flush()
        for task in tasks_of(content, form):
            pairs = ((made.frequency_id, made.frequency[2]), (made.importance_id, made.importance[3]))
            for scale_id, anchor_id in pairs:
                db.session.add(
                    Rating(
                        response_id=response.id, task_id=task["id"], scale_id=scale_id, anchor_id=anchor_id, version=1,
                        saved_at=now,
                    )
                )  # fmt: skip
    return response


def test_forms_are_given_out_evenly_and_the_data_set_knows_who_was_asked_what(app_context):
    from analysis.parquet import from_parquet
    from analysis.plan import AnalysisPlan
    from jta.models.study import Stratum

    made, content = _with_forms()
    strata = [s.id for s in db.session.query(Stratum).filter_by(study_id=made.study_id)] + [None]
    instrument = Instrument(
        study_id=made.study_id, number=1, content=content, content_hash=content_hash(content), launched_at=clock.now(),
    )  # fmt: skip
    db.session.add(instrument)
    db.session.commit()
    given = [_respond(made, content, instrument.id, n, strata[n % 2]) for n in range(12)]
    for stratum in strata:
        forms = [r.form_code for r in given if r.stratum_id == stratum]
        assert [forms.count(code) for code in form_codes(content)] == [2, 2, 2]
    assert {c.share_answered for c in list_candidates(made.study_id)} == {1.0}  # 17 of 24 tasks is all they were asked
    study = db.session.get_one(Study, made.study_id)
    study.stage, study.plan = "closed", AnalysisPlan().to_dict()
    db.session.commit()
    data = from_parquet(review.freeze_dataset(DORA, made.study_id).content)
    assert sorted(set(data.form_of.tolist())) == ["F1", "F2", "F3"]
    assert len(data.forms) == 3 * 17
    counts = data.matrices["importance"].counts()[:, 1:].sum(axis=1)
    block_of = {task["code"]: task["block"] for task in tasks_of(content)}
    expected = [12 if block_of[code] == "core" else 8 for code in data.task_ids.tolist()]
    assert counts.tolist() == expected
