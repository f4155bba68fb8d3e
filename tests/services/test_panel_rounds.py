"""Rounds: what they freeze, how answers are saved, what closes them, what comes out."""

from __future__ import annotations

import pytest

from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.panel import Proposal, RoundAnswer, RoundAnswerChange
from jta.services import panel_decisions as decided
from jta.services import panel_rounds
from jta.services.inventory_knowledge import retire_knowledge
from jta.services.inventory_tasks import retire_task
from jta.services.panel_answers import Sheet, Typed, load_items, save_answers
from jta.services.panel_apply import Wish
from jta.services.panel_feedback import load_feedback
from jta.services.panel_kinds import KINDS
from jta.services.panel_pages import first_gap, load_page, load_sheets
from jta.services.panel_results import load_results, stopping_rule
from jta.services.panel_rounds import RoundPlan
from jta.services.panel_visits import get_visit, list_cards
from jta.services.panel_writing import change_proposal, own_proposals, propose
from jta.services.visits import OtherLinkError
from tests.services.panel_study import answer, close, finish, make_panel_study, open_round
from tests.services.study_builders import make_study


def test_opening_freezes_what_the_round_asks(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    assert [item.code for item in load_items(one.id)] == ["1.1", "1.2", "1.3", "2.1", "2.2"]
    assert made.study.stage == "panel review"
    with pytest.raises(StateError, match="opened before"):
        panel_rounds.open_round(made.dora, made.id, one.id)
    weights = open_round(made, "weights")
    assert [item.kind for item in load_items(weights.id)] == ["domain", "domain"]
    links = open_round(made, "linkage")
    assert [item.kind for item in load_items(links.id)] == ["task"] * 5 + ["knowledge"] * 3


def test_a_round_needs_people_and_something_to_ask(app_context):
    study, dora = make_study()
    one = panel_rounds.create_round(dora, study.id, "review", RoundPlan("Review"))
    with pytest.raises(StateError, match="Nobody is on the panel"):
        panel_rounds.open_round(dora, study.id, one.id)
    with pytest.raises(InvalidInputError, match="kind"):
        panel_rounds.create_round(dora, study.id, "party", RoundPlan("Party"))
    panel_rounds.delete_draft(dora, study.id, one.id)
    assert panel_rounds.list_rounds(study.id) == []


def test_an_answer_is_saved_changed_and_its_history_kept(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    answer(made.tickets[0], one, {"1.1": "keep"})
    item = str(load_items(one.id)[0].id)
    saved = answer(made.tickets[0], one, {"1.1": Typed("revise", "Plan it.", "Shorter")}, {item: 1})
    assert saved.versions == {item: 2}
    again = answer(made.tickets[0], one, {"1.1": Typed("revise", "Plan it.", "Shorter")}, {item: 1})
    assert (again.clashes, again.versions) == ([], {item: 2})  # a replayed form changes nothing
    assert [(c.version, c.value) for c in db.session.query(RoundAnswerChange)] == [(1, "keep")]


def test_two_pages_of_one_panelist_clash_without_loss(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    answer(made.tickets[0], one, {"1.1": "keep"})
    saved = answer(made.tickets[0], one, {"1.1": Typed("drop", "", "Not ours"), "1.2": "keep"})
    assert [(c.stored.value, c.typed.comment) for c in saved.clashes] == [("keep", "Not ours")]
    stored = {a.item.code if hasattr(a, "item") else a.item_id: a.value for a in db.session.query(RoundAnswer)}
    assert sorted(stored.values()) == ["keep", "keep"]  # the other answer of the page was saved


def test_only_open_rounds_take_answers_and_only_their_own_choices(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    with pytest.raises(InvalidInputError, match="answers shown"):
        answer(made.tickets[0], one, {"1.1": "perhaps"})
    mark = get_visit(made.tickets[1], None).page_mark
    with pytest.raises(OtherLinkError):
        save_answers(made.tickets[0], None, one.id, Sheet(mark, {}, {}))
    close(made, one)
    with pytest.raises(StateError, match="closed"):
        answer(made.tickets[0], one, {"1.1": "keep"})
    with pytest.raises(StateError, match="closed"):
        finish(made.tickets[0], one)


def test_unsigned_statements_stop_answers_but_lose_nothing(app_context):
    made = make_panel_study(signed=False)
    one = open_round(made, "review")
    with pytest.raises(StateError, match="sign the statements"):
        answer(made.tickets[0], one, {"1.1": "keep"})


def test_a_round_of_another_study_does_not_exist(app_context):
    made, other = make_panel_study(), make_panel_study(1, email="erna@example.org")
    one = open_round(other, "review")
    with pytest.raises(NotFoundError):
        answer(made.tickets[0], one, {"1.1": "keep"})
    with pytest.raises(NotFoundError):
        panel_rounds.get_round(made.id, one.id)


def test_a_task_retired_during_a_round_asks_nothing_more(app_context):
    made = make_panel_study()
    one = open_round(made, "linkage")
    task = load_items(one.id)[0]
    retire_task(made.dora, made.id, task.task_id, reason="Covered")
    saved = answer(made.tickets[0], one, {"1.1 K1": "2", "1.2 K1": "1"})
    assert (len(saved.versions), saved.retired) == (1, {"1.1"})
    sheets = load_sheets(get_visit(made.tickets[0], None), one)
    assert (len(sheets.live), [entry.live for entry in load_page(sheets, 1).entries]) == (
        4,
        [False, True, True, True, True],
    )
    close(made, one)
    linkage = load_results(one).overall["linkage"]
    assert [item.code for item in linkage.tasks] == ["1.2", "1.3", "2.1", "2.2"]


def test_a_ksa_retired_during_a_round_asks_nothing_more(app_context):
    made = make_panel_study()
    one = open_round(made, "linkage")
    answer(made.tickets[0], one, {"1.1 K2": "2"})
    knowledge_id = next(item.knowledge_id for item in load_items(one.id) if item.code == "K2")
    retire_knowledge(made.dora, made.id, knowledge_id, reason="Covered")
    again = answer(made.tickets[0], one, {"1.1 K2": "2", "1.1 K1": "1"})
    assert (len(again.versions), again.words) == (1, "")  # what was answered before and sent once more is no news
    assert answer(made.tickets[0], one, {"1.2 K2": "2"}).words.startswith("K2: retired while you answered")
    close(made, one)
    assert [item.code for item in load_results(one).overall["linkage"].ksas] == ["K1", "K3"]


@pytest.mark.parametrize("kind", ["review", "delphi", "level", "entry"])
def test_no_round_takes_or_decides_on_a_task_that_was_retired_meanwhile(app_context, kind):
    made = make_panel_study(2)
    one = open_round(made, kind)
    task = load_items(one.id)[0]
    value = one.settings["choices"][0]["code"]
    assert answer(made.tickets[0], one, {"1.1": value}).retired == set()
    retire_task(made.dora, made.id, task.task_id, reason="Covered")
    assert answer(made.tickets[1], one, {"1.1": value}).retired == {"1.1"}
    for ticket in made.tickets:
        finish(ticket, one)
    close(made, one)
    assert "1.1" not in [row.item.code for row in decided.load_decisions(one).open_rows]
    for outcome in KINDS[kind].outcomes:
        with pytest.raises(StateError, match=r"1\.1 was retired since this round opened"):
            decided.decide(made.dora, made.id, one.id, f"item-{task.id}", Wish(outcome, "Because.", wording="New"))


def test_pages_resume_at_the_first_gap_and_rewording_needs_words(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    answer(made.tickets[0], one, {"1.1": "keep", "1.2": "revise"})
    sheets = load_sheets(get_visit(made.tickets[0], None), one)
    assert (first_gap(sheets)[1].code, sheets.n_done) == ("1.2", 1)
    single = load_sheets(get_visit(made.tickets[0], None), one, single=True)
    assert (len(single.pages), first_gap(single)[0]) == (5, 2)


def test_finishing_is_harmless_twice_and_points_must_sum(app_context):
    made = make_panel_study()
    one = open_round(made, "weights")
    answer(made.tickets[0], one, {"1": "60", "2": "30"})
    with pytest.raises(StateError, match="sum to 90"):
        finish(made.tickets[0], one)
    with pytest.raises(InvalidInputError, match="whole numbers"):
        answer(made.tickets[0], one, {"1": "101"})
    seen = {str(item.id): 1 for item in load_items(one.id)}
    answer(made.tickets[0], one, {"2": "40"}, seen)
    finish(made.tickets[0], one)
    finish(made.tickets[0], one)
    assert panel_rounds.count_finished(one.id) == 1
    assert [card.status for card in list_cards(get_visit(made.tickets[0], None))] == ["finished"]


def _rate(made, one, votes: dict[str, str], seen=None):
    for code, values in votes.items():
        for ticket, value in zip(made.tickets, values, strict=False):
            answer(ticket, one, {code: value}, seen)


def test_a_delphi_shows_the_round_before_and_says_when_to_stop(app_context):
    made = make_panel_study()
    first = open_round(made, "delphi", choice_set="essential")
    _rate(made, first, {"1.1": "333332", "1.2": "331122", "2.1": "333"})
    answer(made.tickets[0], first, {"1.3": Typed("1", "", "Hardly ever")})
    close(made, first)
    found = {line.item.code: line for line in load_results(first).lines}
    assert (found["1.1"].n, found["1.1"].counts, found["1.1"].agreed) == (6, {"3": 5, "2": 1}, True)
    assert found["1.1"].figures["cvr"] == pytest.approx(2 / 3)
    assert (found["1.1"].figures["essential"], found["1.1"].figures["needed"]) == (5, 6)
    assert found["1.2"].top == ""
    second = open_round(made, "delphi", choice_set="essential", former_id=first.id)
    items = {item.code: item.id for item in load_items(second.id)}
    feedback = load_feedback(second, made.tickets[0].panelist_id)
    assert (feedback[items["1.1"]].own, feedback[items["1.1"]].counts) == ("3", {"3": 5, "2": 1})
    assert (feedback[items["2.1"]].own, feedback[items["2.1"]].counts) == ("3", {})  # three answers are too few
    assert feedback[items["1.3"]].comments == ()
    _rate(made, second, {"1.1": "333333", "1.2": "331122"})
    close(made, second)
    results = load_results(second)
    assert (results.overall["same"], results.overall["n_twice"]) == (pytest.approx(11 / 12), 12)
    assert stopping_rule(results).startswith("Stop: 92%")


def test_rating_again_keeps_the_scale(app_context):
    made = make_panel_study()
    first = open_round(made, "delphi", choice_set="relevance")
    close(made, first)
    with pytest.raises(InvalidInputError, match="scale of the round before"):
        panel_rounds.create_round(
            made.dora, made.id, "delphi", RoundPlan("Again", choice_set="importance", former_id=first.id)
        )
    with pytest.raises(InvalidInputError, match="closed round of the same kind"):
        panel_rounds.create_round(made.dora, made.id, "weights", RoundPlan("Weights", former_id=first.id))


def test_results_for_the_panel_hide_what_few_said(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    _rate(made, one, {"1.1": ["keep"] * 5, "1.2": ["drop"] * 4})
    close(made, one)
    lines = {line.item.code: line for line in load_results(one, for_panel=True).lines}
    assert (lines["1.1"].hidden, lines["1.1"].counts) == (False, {"keep": 5})
    assert (lines["1.2"].hidden, lines["1.2"].counts, lines["1.2"].n) == (True, {}, 4)


def test_levels_have_a_kappa_and_weights_a_mean(app_context):
    made = make_panel_study()
    level = open_round(made, "level")
    for ticket in made.tickets[:3]:
        answer(ticket, level, {"1.1": "recall", "1.2": "application", "1.3": "analysis", "2.1": "recall"})
    close(made, level)
    assert load_results(level).overall["kappa"] == pytest.approx(1)
    weights = open_round(made, "weights")
    answer(made.tickets[0], weights, {"1": "60", "2": "40"})
    answer(made.tickets[1], weights, {"1": "80", "2": "20"})
    answer(made.tickets[2], weights, {"1": "50"})
    close(made, weights)
    results = load_results(weights)
    assert [line.figures["mean"] for line in results.lines] == [pytest.approx(0.7), pytest.approx(0.3)]
    assert (results.overall["n_people"], results.overall["n_incomplete"]) == (2, 1)


def _proposal(visit, item, statement, key="k1", **more):
    return {"mark": visit.page_mark, "item": str(item.id), "statement": statement, "note": "", "key": key, **more}


def test_a_proposal_counts_once_and_is_its_writers_own(app_context):
    made = make_panel_study()
    one = open_round(made, "writing")
    item, visit = load_items(one.id)[0], get_visit(made.tickets[0], None)
    first = propose(made.tickets[0], None, one.id, _proposal(visit, item, "Chair the council."))
    again = propose(made.tickets[0], None, one.id, _proposal(visit, item, "Chair the council."))
    assert (first.id, db.session.query(Proposal).count()) == (again.id, 1)
    with pytest.raises(InvalidInputError, match="Write the task statement"):
        propose(made.tickets[0], None, one.id, _proposal(visit, item, " ", "k2"))
    other = get_visit(made.tickets[1], None)
    with pytest.raises(NotFoundError):
        change_proposal(made.tickets[1], None, first.id, _proposal(other, item, "Mine now"), version=1)
    change_proposal(made.tickets[0], None, first.id, _proposal(visit, item, "Lead the council."), version=1)
    with pytest.raises(EditConflictError) as caught:
        change_proposal(made.tickets[0], None, first.id, _proposal(visit, item, "Stale."), version=1)
    assert (caught.value.theirs, caught.value.yours) == ("Lead the council.", "Stale.")
    assert [p.statement for p in own_proposals(visit, one.id)[item.id]] == ["Lead the council."]
    change_proposal(made.tickets[0], None, first.id, _proposal(visit, item, "x", act="withdraw"), version=2)
    assert own_proposals(visit, one.id) == {}


def test_a_closed_round_opens_again_with_a_reason(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    close(made, one)
    with pytest.raises(InvalidInputError, match="why"):
        panel_rounds.reopen_round(made.dora, made.id, one.id, reason="")
    panel_rounds.reopen_round(made.dora, made.id, one.id, reason="Two were on holiday")
    answer(made.tickets[0], one, {"1.1": "keep"})
    with pytest.raises(StateError, match="Close the round first"):
        panel_rounds.release_results(made.dora, made.id, one.id)


def test_editing_a_round_conflicts_and_stops_when_it_closes(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    seen = one.version
    panel_rounds.edit_round(made.dora, made.id, one.id, RoundPlan("First wish"), version=seen)
    with pytest.raises(EditConflictError) as caught:
        panel_rounds.edit_round(made.dora, made.id, one.id, RoundPlan("Second wish"), version=seen)
    assert ("First wish" in caught.value.theirs, "Second wish" in caught.value.yours) == (True, True)
    close(made, one)
    with pytest.raises(StateError, match="has closed"):
        panel_rounds.edit_round(made.dora, made.id, one.id, RoundPlan("Late"), version=one.version)
