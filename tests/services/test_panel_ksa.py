"""KSA weights: the survey's task weights through the panel's linkage, on the page and in the workbook."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from analysis.linkage_tables import ksa_weight_tables
from jta.db import db
from jta.models.inventory import Knowledge
from jta.services import blueprint, panel, panel_rounds, report, results, review
from jta.services import panel_decisions as decided
from jta.services.panel_answers import load_items
from jta.services.panel_apply import Wish
from jta.services.panel_ksa import load_ksa_blueprint, task_weights, why_no_ksa_blueprint
from jta.services.panel_linkage import linkage_frame, load_linkage
from jta.services.panel_rounds import RoundPlan
from jta.services.panel_visits import BY_LINK, PanelTicket
from tests.services.closed_study import make_closed_study
from tests.services.panel_study import answer, sign_all


@pytest.fixture
def closed(app_context):
    """An analysed study of a few tasks, with two KSAs and a panelist who has signed."""
    study, actors = make_closed_study(12)
    review.freeze_dataset(actors["psychometrician"], study.id)
    for position, code in enumerate(("K1", "K2"), start=1):
        db.session.add(Knowledge(study_id=study.id, code=code, statement=f"Knowledge {code}", position=position))
    db.session.commit()
    person = panel.add_panelist(actors["director"], study.id, panel.PanelistDetails("Expert"))
    panel.make_panel_links(actors["director"], study.id)
    sign_all(person.id)
    return study, actors, PanelTicket(person.id, person.link_generation, BY_LINK)


def _linked(study, dora, ticket, kind="linkage"):
    one = panel_rounds.create_round(dora, study.id, kind, RoundPlan("Round"))
    panel_rounds.open_round(dora, study.id, one.id)
    tasks = [item.code for item in load_items(one.id) if item.kind == "task"]
    if kind == "linkage":
        answer(ticket, one, {f"{code} K1": "2" if n else "0" for n, code in enumerate(tasks)})
        answer(ticket, one, {f"{code} K2": "1" if n == 1 else "0" for n, code in enumerate(tasks)})
    else:
        answer(ticket, one, dict.fromkeys(tasks, "analysis"))
    return panel_rounds.close_round(dora, study.id, one.id), tasks


def test_weights_follow_the_links_and_orphans_are_named(closed):
    study, actors, ticket = closed
    assert "not linked" in why_no_ksa_blueprint(study.id)
    one, tasks = _linked(study, actors["director"], ticket)
    assert "not been analysed" in why_no_ksa_blueprint(study.id)
    assert load_ksa_blueprint(study.id) is None
    run = results.analyze_dataset(actors["psychometrician"], study.id, 1)
    found = load_ksa_blueprint(study.id)
    weights = task_weights(run)
    mine = ksa_weight_tables(weights, linkage_frame(load_linkage(one)), ksas=[k.code for k in load_linkage(one).ksas])
    assert [line.weight for line in found.lines] == mine.weights["weight"].tolist()
    assert sum(line.weight for line in found.lines) == pytest.approx(1)
    assert sum(group.weight for group in found.groups) == pytest.approx(1)
    assert found.orphan_tasks == [tasks[0]]
    assert found.lost_weight == pytest.approx(weights[tasks[0]] / weights.sum())


def test_the_workbook_holds_links_weights_and_levels(closed):
    study, actors, ticket = closed
    dora = actors["director"]
    one, tasks = _linked(study, dora, ticket)
    wish = Wish("links", "The panel forgot it.", links=("K2",))
    first = next(item for item in load_items(one.id) if item.code == tasks[0])
    decided.decide(dora, study.id, one.id, f"item-{first.id}", wish)
    level, _ = _linked(study, dora, ticket, "level")
    seen = len(decided.load_decisions(level).clear_rows)
    decided.decide_clear(dora, study.id, level.id, reason="All agree.", seen=seen)
    run = results.analyze_dataset(actors["psychometrician"], study.id, 1)
    blueprint.propose(dora, study.id, run.id)
    book = load_workbook(io.BytesIO(report.write_workbook(dora, study.id, 1).content))
    links = [row for row in book["KSA linkage"].iter_rows(values_only=True) if row[0] == tasks[0]]
    assert (links[0][2], links[0][7]) == ("K2", "decided by the director against the rule")
    words = {str(cell) for row in book["Detail"].iter_rows(values_only=True) for cell in row if cell}
    assert {"Analysis", "Cognitive level", "KSA codes", "K2"} <= words
