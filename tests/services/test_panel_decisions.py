"""Decisions after a round: who decided what with which vote, and what it does to the inventory."""

from __future__ import annotations

import pytest

from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.inventory import Task
from jta.models.panel import Proposal, RoundDecision
from jta.services import panel_decisions as decided
from jta.services.inventory_log import last_change
from jta.services.inventory_tasks import TaskWords, edit_task
from jta.services.inventory_undo import undo_last
from jta.services.panel_answers import Typed, load_items
from jta.services.panel_apply import Wish, next_code
from jta.services.panel_linkage import load_linkage
from jta.services.panel_rounds import reopen_round
from jta.services.panel_visits import get_visit
from jta.services.panel_writing import propose
from jta.services.report_chapters.panel import panel as panel_chapter
from jta.services.report_chapters.source import Source
from tests.services.panel_study import answer, close, make_panel_study, open_round
from tests.services.study_builders import launch


def _reviewed(made):
    """A closed review: all keep 1.1, most reword 1.2, the panel is split on 1.3, all drop 2.1, 2.2 has no answer."""
    one = open_round(made, "review")
    for n, ticket in enumerate(made.tickets):
        answer(ticket, one, {"1.1": "keep", "1.2": Typed("revise", "Negotiate contracts."), "2.1": "drop"})
        answer(ticket, one, {"1.3": "keep" if n % 2 else "drop"})
    return close(made, one)


def _subject(one, code: str) -> str:
    return next(f"item-{item.id}" for item in load_items(one.id) if item.code == code)


def _task(made, code: str) -> Task:
    return db.session.query(Task).filter_by(study_id=made.id, code=code).one()


def test_clear_votes_are_decided_at_once_and_the_rest_one_by_one(app_context):
    made = make_panel_study()
    one = _reviewed(made)
    decisions = decided.load_decisions(one)
    assert [row.item.code for row in decisions.clear_rows] == ["1.1"]
    with pytest.raises(EditConflictError):
        decided.decide_clear(made.dora, made.id, one.id, reason="Clear", seen=2)
    assert decided.decide_clear(made.dora, made.id, one.id, reason="The panel was clear.", seen=1) == 1
    kept = db.session.query(RoundDecision).one()
    assert (kept.outcome, kept.votes["n"], kept.votes["counts"], kept.by_name) == (
        "keep",
        6,
        {"keep": 6},
        "Dora Director",
    )
    with pytest.raises(StateError, match="4 are still"):
        decided.finish_decisions(made.dora, made.id, one.id)


def test_an_accepted_wording_changes_the_inventory_with_history(app_context):
    made = make_panel_study()
    one = _reviewed(made)
    task = _task(made, "1.2")
    wish = Wish("reword", "5 of 6 panelists.", wording="Negotiate  contracts.", task_version=task.version)
    decided.decide(made.dora, made.id, one.id, _subject(one, "1.2"), wish)
    assert task.statement == "Negotiate contracts."
    assert [(v.number, v.reason) for v in task.versions][-1] == (2, "Panel round 1: 5 of 6 panelists.")
    assert (
        decided.load_decisions(one).find(_subject(one, "1.2")).standing.result["before"]
        == "Negotiate contracts with vendors."
    )
    reported = repr(panel_chapter(Source(made.study, None)))
    assert "('1.2', 'Negotiate contracts with vendors.', 'Negotiate  contracts.', '5 of 6 panelists.')" in reported


def test_a_wording_that_changed_meanwhile_is_a_conflict_with_both(app_context):
    made = make_panel_study()
    one = _reviewed(made)
    task = _task(made, "1.2")
    seen = task.version
    edit_task(made.dora, made.id, task.id, TaskWords("Agree on contracts.", area_id=task.domain_id), version=seen)
    wish = Wish("reword", "Vote", wording="Negotiate contracts.", task_version=seen)
    with pytest.raises(EditConflictError) as caught:
        decided.decide(made.dora, made.id, one.id, _subject(one, "1.2"), wish)
    assert (caught.value.theirs, caught.value.yours) == ("Agree on contracts.", "Negotiate contracts.")
    assert db.session.query(RoundDecision).count() == 0


def test_a_retired_task_leaves_the_inventory_and_a_later_decision_replaces_the_first(app_context):
    made = make_panel_study()
    one = _reviewed(made)
    where = _subject(one, "2.1")
    first = decided.decide(made.dora, made.id, one.id, where, Wish("retire", "All six say drop."))
    assert _task(made, "2.1").retired_reason == "Panel round 1: All six say drop."
    with pytest.raises(EditConflictError) as caught:
        decided.decide(made.dora, made.id, one.id, where, Wish("keep", "I disagree"))
    assert ("retire" in caught.value.theirs, "I disagree" in caught.value.yours) == (True, True)
    decided.decide(made.dora, made.id, one.id, where, Wish("keep", "Restored by the board.", seen=first.id))
    found = db.session.query(RoundDecision).order_by(RoundDecision.id).all()
    assert [(d.outcome, d.superseded_at is None) for d in found] == [("retire", False), ("keep", True)]
    assert _task(made, "2.1").retired_at is None


def test_another_decision_takes_a_new_wording_back_unless_it_was_edited_since(app_context):
    made = make_panel_study()
    one = _reviewed(made)
    for code, edited in (("1.2", ""), ("2.1", "Check access rights twice.")):
        task, where = _task(made, code), _subject(one, code)
        before = task.statement
        first = Wish("reword", "Vote", wording="Do it well.", task_version=task.version)
        stands = decided.decide(made.dora, made.id, one.id, where, first)
        if edited:
            words = TaskWords(edited, area_id=task.domain_id)
            edit_task(made.dora, made.id, task.id, words, version=_task(made, code).version)
        decided.decide(made.dora, made.id, one.id, where, Wish("keep", "As it was.", seen=stands.id))
        assert _task(made, code).statement == (edited or before)


def test_undoing_a_decision_in_the_inventory_opens_it_again(app_context):
    made = make_panel_study()
    one, _ = _proposed(made)
    first, second, _ = [row.subject for row in decided.load_decisions(one).rows]
    stands = decided.decide(made.dora, made.id, one.id, first, Wish("accept", "New", wording="Lead.", code="1.4"))
    decided.decide(made.dora, made.id, one.id, second, Wish("merge", "Same", code="1.4"))
    change = last_change(made.id)
    undo_last(made.dora, made.id, change.id)
    assert len(decided.load_decisions(one).open_rows) == 3
    assert {(p.state, p.task_id) for p in db.session.query(Proposal)} == {("proposed", None)}
    stands = decided.decide(made.dora, made.id, one.id, first, Wish("accept", "New", wording="Lead.", code="1.4"))
    decided.decide(made.dora, made.id, one.id, first, Wish("decline", "Not the role", seen=stands.id))
    assert _task(made, "1.4").retired_reason == "Panel round 1: Not the role"
    undo_last(made.dora, made.id, last_change(made.id).id)
    assert (_task(made, "1.4").retired_at, len(decided.load_decisions(one).open_rows)) == (None, 3)


@pytest.mark.parametrize(
    ("wish", "said"),
    [(Wish("keep", " "), "Give the reason"), (Wish("explode", "Why not"), "Choose what is decided"),
     (Wish("reword", "Vote", wording=" "), "Write the wording")],
)  # fmt: skip
def test_half_a_decision_is_refused(app_context, wish, said):
    made = make_panel_study()
    one = _reviewed(made)
    with pytest.raises(InvalidInputError, match=said):
        decided.decide(made.dora, made.id, one.id, _subject(one, "1.3"), wish)
    with pytest.raises(NotFoundError):
        decided.decide(made.dora, made.id, one.id, "item-99999", Wish("keep", "x"))
    assert db.session.query(RoundDecision).count() == 0


def test_decisions_wait_for_the_close_and_end_the_reopening(app_context):
    made = make_panel_study()
    one = open_round(made, "review")
    with pytest.raises(StateError, match="Close the round first"):
        decided.decide(made.dora, made.id, one.id, _subject(one, "1.1"), Wish("keep", "x"))
    close(made, one)
    for code in ("1.1", "1.2", "1.3", "2.1", "2.2"):
        decided.decide(made.dora, made.id, one.id, _subject(one, code), Wish("keep", "Nobody answered."))
    with pytest.raises(StateError, match="without decisions"):
        reopen_round(made.dora, made.id, one.id, reason="More answers")
    decided.finish_decisions(made.dora, made.id, one.id)
    with pytest.raises(StateError, match="was decided"):
        decided.decide(made.dora, made.id, one.id, _subject(one, "1.1"), Wish("keep", "x"))


def test_after_launch_the_inventory_stays_as_it_is(app_context):
    made = make_panel_study()
    one = _reviewed(made)
    launch(made.study)
    with pytest.raises(StateError, match="locked when the survey was launched"):
        decided.decide(made.dora, made.id, one.id, _subject(one, "2.1"), Wish("retire", "All say drop"))
    decided.decide(made.dora, made.id, one.id, _subject(one, "1.1"), Wish("keep", "All say keep"))
    assert db.session.query(RoundDecision).count() == 1


def _proposed(made):
    one = open_round(made, "writing")
    item = load_items(one.id)[0]
    for n, ticket in enumerate(made.tickets[:3]):
        mark = get_visit(ticket, None).page_mark
        sent = {"mark": mark, "item": str(item.id), "statement": f"Lead council {n}.", "note": "", "key": f"k{n}"}
        propose(ticket, None, one.id, sent)
    return close(made, one), item


def test_proposals_are_added_merged_or_declined(app_context):
    made = make_panel_study()
    one, item = _proposed(made)
    assert next_code(made.id, item) == "1.4"
    rows = [row.subject for row in decided.load_decisions(one).rows]
    decided.decide(made.dora, made.id, one.id, rows[0], Wish("accept", "New", wording="Lead the council.", code="1.4"))
    with pytest.raises(InvalidInputError, match="in use"):
        decided.decide(made.dora, made.id, one.id, rows[1], Wish("accept", "New", wording="Again.", code="1.4"))
    with pytest.raises(InvalidInputError, match="no task statement with this code"):
        decided.decide(made.dora, made.id, one.id, rows[1], Wish("merge", "Same", code="9.9"))
    decided.decide(made.dora, made.id, one.id, rows[1], Wish("merge", "Same idea", code="1.4"))
    decided.decide(made.dora, made.id, one.id, rows[2], Wish("decline", "Not the role"))
    task = _task(made, "1.4")
    assert (task.statement, task.source) == ("Lead the council.", "Panel round 1, task writing")
    found = db.session.query(Proposal).order_by(Proposal.id).all()
    assert [(p.state, p.task_id) for p in found] == [("accepted", task.id), ("merged", task.id), ("declined", None)]
    decided.finish_decisions(made.dora, made.id, one.id)
    assert one.state == "decided"


def test_levels_and_links_and_weights_come_out_as_decided(app_context):
    made = make_panel_study()
    level, links, weights = (open_round(made, kind) for kind in ("level", "linkage", "weights"))
    for ticket in made.tickets[:3]:
        answer(ticket, level, {"1.1": "recall", "2.1": "analysis"})
        answer(ticket, links, {"1.1 K1": "2", "1.1 K2": "0", "1.2 K1": "1", "1.2 K2": "0", "2.1 K3": "2"})
        answer(ticket, weights, {"1": "70", "2": "30"})
    for one in (level, links, weights):
        close(made, one)
        seen = len(decided.load_decisions(one).clear_rows)
        decided.decide_clear(made.dora, made.id, one.id, reason="As the panel said.", seen=seen)
    levels = decided.decided_values(made.id, "level")
    assert levels == {_task(made, "1.1").id: "recall", _task(made, "2.1").id: "analysis"}
    where = _subject(links, "1.2")
    stands = decided.load_decisions(links).find(where).standing
    wish = Wish("links", "The panel forgot K2.", links=("K2", "K1"), seen=stands.id)
    decided.decide(made.dora, made.id, links.id, where, wish)
    linkage = load_linkage(links)
    assert {t.code: [k.code for k in linkage.links_of(t)] for t in linkage.tasks} == {
        "1.1": ["K1"], "1.2": ["K1", "K2"], "1.3": [], "2.1": ["K3"], "2.2": [],
    }  # fmt: skip
    assert [t.code for t in linkage.orphan_tasks] == ["1.3", "2.2"]
    with pytest.raises(InvalidInputError, match="no KSA"):
        decided.decide(made.dora, made.id, links.id, _subject(links, "1.3"), Wish("links", "x", links=("K9",)))
    one, shares = decided.decided_weights(made.id)
    assert (one.id, shares) == (weights.id, {"1": pytest.approx(0.7), "2": pytest.approx(0.3)})


def test_rating_again_asks_only_what_was_to_be_rated_again(app_context):
    made = make_panel_study()
    first = open_round(made, "delphi", choice_set="relevance")
    for ticket in made.tickets:
        answer(ticket, first, {"1.1": "4", "1.2": "2"})
    close(made, first)
    assert [row.item.code for row in decided.load_decisions(first).clear_rows] == ["1.1"]
    decided.decide(made.dora, made.id, first.id, _subject(first, "1.2"), Wish("again", "Split"))
    second = open_round(made, "delphi", choice_set="relevance", former_id=first.id)
    assert [item.code for item in load_items(second.id)] == ["1.2"]
