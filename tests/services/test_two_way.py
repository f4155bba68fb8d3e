"""Content by cognitive level: whole items on both margins, targets with a reason, the bank's gap, a form's limits."""

from __future__ import annotations

import pytest

from jta.db import db
from jta.models.inventory import Task
from jta.models.panel import Round, RoundDecision, RoundItem
from jta.services import blueprint as blueprints
from jta.services.panel_kinds import THREE_LEVELS
from jta.services.results import analyze_dataset
from jta.services.review import freeze_dataset
from jta.services.two_way import two_way_table
from tests.services.closed_study import make_closed_study


def decide_levels(study_id: int, levels: dict[str, str]) -> None:
    """Store a closed round of cognitive levels in which the level of these tasks was decided."""
    from jta import clock

    one = Round(
        study_id=study_id, number=1, kind="level", title="Levels", state="closed", created_at=clock.now(),
        closed_at=clock.now(), settings={"choices": [choice.plain() for choice in THREE_LEVELS.choices]},
    )  # fmt: skip
    db.session.add(one)
    db.session.flush()
    tasks = {t.code: t for t in db.session.query(Task).filter_by(study_id=study_id)}
    for n, (code, level) in enumerate(levels.items(), 1):
        item = RoundItem(
            round_id=one.id, position=n, kind="task", task_id=tasks[code].id, code=code, wording=tasks[code].statement
        )
        db.session.add(item)
        db.session.flush()
        decision = RoundDecision(
            round_id=one.id, item_id=item.id, outcome="set", result={"value": level}, reason="Vote", by_name="Dora",
            at=clock.now(),
        )  # fmt: skip
        db.session.add(decision)
    db.session.commit()


@pytest.fixture
def proposed(app_context):
    study, actors = make_closed_study()
    study.plan = {**(study.plan or {}), "cognitive_levels": {"recall": 0.3, "application": 0.5, "analysis": 0.2}}
    db.session.commit()
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    blueprints.propose(actors["director"], study.id, run.id)
    return study, actors


def table(study):
    return two_way_table(blueprints.get_blueprint(study.id, 1))


def test_both_margins_add_up_on_both_levels(proposed):
    study, _ = proposed
    found = table(study)
    assert [level.label for level in found.levels] == ["Recall", "Application", "Analysis"]
    assert found.source == "plan"
    for row in found.rows:
        assert sum(cell.items for cell in row.cells) == row.items
        assert all(abs(cell.items - cell.quota) < 1 for cell in row.cells)
        inside = found.inside(row.code)
        for n, cell in enumerate(row.cells if inside else ()):
            assert sum(part.cells[n].items for part in inside) == cell.items
    assert sum(total.items for total in found.totals) == found.items
    for total, level in zip(found.totals, found.levels, strict=True):
        assert abs(total.items - level.share * found.items) < 1


def test_while_nothing_is_changed_the_cells_are_those_of_the_analysis(proposed):
    from jta.services.results import read_table

    study, _ = proposed
    blueprint, found = blueprints.get_blueprint(study.id, 1), table(study)
    stored = {(r.unit, r.cognitive_level): r.items for r in read_table(blueprint.run, "blueprint_two_way").itertuples()}
    ours = {
        (row.code, level.code): cell.items
        for row in found.domains
        for level, cell in zip(found.levels, row.cells, strict=True)
    }
    assert ours == stored


def test_tasks_share_their_rows_items_and_carry_what_the_panel_says(proposed):
    study, _ = proposed
    plain = table(study)
    tasks = [task for row in plain.rows for task in row.tasks]
    assert plain.n_tasks == len(tasks) > 20
    assert plain.n_placed == 0
    assert all(cell.panel is None for row in plain.rows for cell in row.cells)
    for row in plain.rows:
        if row.tasks:
            assert sum(task.items for task in row.tasks) == row.items
    of = plain.rows[1].tasks
    decide_levels(study.id, {of[0].code: "recall", of[1].code: "analysis"})
    found = table(study)
    assert found.n_placed == 2
    domain, area = found.rows[0], found.rows[1]
    assert area.parent == domain.code
    share = of[0].index / (of[0].index + of[1].index)
    assert [cell.panel for cell in area.cells] == pytest.approx([share, 0, 1 - share])
    assert [cell.panel for cell in domain.cells] == [cell.panel for cell in area.cells]
    assert (area.tasks[0].said.label, area.tasks[0].said.decided, area.tasks[0].level) == ("Recall", True, "recall")
