"""Content by cognitive level: whole items on both margins, targets with a reason, the bank's gap, a form's limits."""

from __future__ import annotations

import csv
import io
import json
import math
from decimal import Decimal

import pytest

from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.models.inventory import Task
from jta.models.panel import Round, RoundDecision, RoundItem
from jta.services import blueprint as blueprints
from jta.services.blueprint_approval import decide, standing_approval, submit
from jta.services.blueprint_changes import RowInput, shown_percent
from jta.services.item_bank import write_case_file
from jta.services.panel_kinds import THREE_LEVELS
from jta.services.panel_levels import PanelLevel
from jta.services.results import analyze_dataset
from jta.services.review import freeze_dataset
from jta.services.two_way import two_way_table
from jta.services.two_way_files import gap_file, limits_file
from jta.services.two_way_import import apply_counts, preview_counts, set_forms
from jta.services.two_way_targets import Targets, set_targets
from jta.services.two_way_tasks import TaskLine, share_by_level
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


def set_to(
    study, actor, *levels: tuple[str, str], leeway: int = 0, reason: str = "Panel vote", seen: int | None = None
):
    blueprint = blueprints.get_blueprint(study.id, 1)
    targets = Targets(tuple((name, Decimal(share)) for name, share in levels), leeway)
    return set_targets(
        actor, study.id, 1, seen_version=seen or blueprint.version, targets=targets, reason=reason, vote="9 of 11"
    )  # fmt: skip


def test_new_targets_move_the_cells_stand_in_the_ledger_and_void_the_approval(proposed):
    study, actors = proposed
    director, plain = actors["director"], table(study)
    same = [("recall", "30"), ("application", "50"), ("analysis", "20")]
    assert set_to(study, director, *same, reason="") == []
    submit(director, study.id, 1)
    seen = blueprints.content_hash(blueprints.get_blueprint(study.id, 1))
    decide(actors["approver"], study.id, 1, decision="approved", seen_hash=seen)
    for levels, words in (
        ([("recall", "30"), ("analysis", "20")], "50.00 %, not 100 %"),
        ([("recall", "50"), ("Recall", "50")], "same name"),
        ([("recall", "100"), ("", "0")], "Give each level a name"),
        ([("recall", "100"), ("analysis", "0")], "above 0"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            set_to(study, director, *levels)
    with pytest.raises(InvalidInputError, match="Say why"):
        set_to(study, director, ("recall", "100"), reason=" ")
    version = blueprints.get_blueprint(study.id, 1).version
    changes = set_to(study, director, ("recall", "20"), ("application", "80"), leeway=1)
    assert [(c.field, c.before, c.after) for c in changes] == [
        ("target share of recall", "30.00 %", "20.00 %"), ("target share of application", "50.00 %", "80.00 %"),
        ("target share of analysis", "20.00 %", "none"), ("leeway of a cell", "0 items", "1 item"),
    ]  # fmt: skip
    blueprint, found = blueprints.get_blueprint(study.id, 1), table(study)
    assert (blueprint.state, standing_approval(blueprint), found.source) == ("draft", None, "blueprint")
    assert blueprints.content_hash(blueprint) != seen
    assert [a.vote for a in blueprint.adjustments] == ["9 of 11"] * 4
    assert [t.items for t in found.totals] == [0.2 * found.items, 0.8 * found.items]
    assert [r.items for r in found.rows] == [r.items for r in plain.rows]
    cell = found.rows[0].cells[0]
    assert (cell.fewest, cell.most) == (cell.items - 1, cell.items + 1)
    with pytest.raises(EditConflictError) as refused:
        set_to(study, director, ("recall", "100"), seen=version)
    assert "Application: 80.00 %" in refused.value.theirs
    assert "recall: 100 %" in refused.value.yours


def test_a_published_blueprint_keeps_its_targets(proposed):
    study, actors = proposed
    blueprints.get_blueprint(study.id, 1).state = "published"
    db.session.commit()
    with pytest.raises(StateError, match="published"):
        set_to(study, actors["director"], ("recall", "100"))


def count_file(*lines: str) -> bytes:
    return "\n".join(["code,cognitive_level,available", *lines]).encode()


def test_counts_are_taken_whole_and_give_the_gap_of_each_cell(proposed):
    study, actors = proposed
    director, plain = actors["director"], table(study)
    domain, other = plain.domains[0], plain.domains[1]
    part = plain.inside(domain.code)[0]
    bad = count_file(f"{domain.code},Recall,5", "99,Recall,5", f"{domain.code},Wisdom,1", f"{domain.code},recall,2")
    preview = preview_counts(director, study.id, 1, bad, "bank.csv")
    assert preview.token == ""
    assert {p.row for p in preview.problems} == {3, 4, 5}
    good = count_file(f"{part.code},Recall,5", f"{domain.code},Recall,2", f"{domain.code},,4", f"{other.code},,900")
    preview = preview_counts(director, study.id, 1, good, "bank.csv")
    assert (preview.problems, preview.total) == ([], 911)
    assert len(preview.unlisted) == len(plain.domains) - 2
    apply_counts(director, study.id, preview.token)
    with pytest.raises(EditConflictError):
        apply_counts(director, study.id, preview.token)
    set_forms(director, study.id, seen_version=1, forms=2.5)
    with pytest.raises(EditConflictError):
        set_forms(director, study.id, seen_version=1, forms=4)
    found = table(study)
    row = found.domains[0]
    needed = [math.ceil(2.5 * cell.items) for cell in row.cells]
    assert [cell.needed for cell in row.cells] == needed
    assert [(cell.available, cell.gap) for cell in row.cells] == [
        (n, max(0, m - n)) for n, m in zip((7, 0, 0), needed, strict=True)
    ]
    assert (row.available, row.unlevelled, row.gap) == (11, 4, max(0, row.needed - 11))
    assert row.missing == max(row.gap, sum(cell.gap for cell in row.cells))
    assert [(cell.available, cell.gap) for cell in found.domains[1].cells] == [(None, None)] * 3
    assert (found.domains[1].available, found.domains[1].gap) == (900, 0)
    assert (found.domains[2].available, found.domains[2].gap) == (None, None)
    gap = list(csv.DictReader(io.StringIO(gap_file(found).decode("utf-8-sig"))))
    assert len(gap) == len(found.rows) * 4
    assert [line["Missing"] for line in gap[:2]] == [str(row.gap), str(row.cells[0].gap)]


def test_limits_of_a_form_hold_rows_cells_and_pretest_items(proposed):
    study, actors = proposed
    blueprint = blueprints.get_blueprint(study.id, 1)
    first = blueprint.rows[0]
    rows = [
        RowInput(r.code, shown_percent(r.weight), *((1, r.items + 2) if r is first else (r.minimum, r.maximum)))
        for r in blueprint.rows
    ]
    blueprints.adjust(
        actors["director"], study.id, 1, seen_version=blueprint.version, rows=rows, items=blueprint.items, reason="x",
        share_rest=True, pretest=12,
    )  # fmt: skip
    found = table(study)
    lines = list(csv.DictReader(io.StringIO(limits_file(found).decode("utf-8-sig"))))
    of = {(x["Part"], x["Code"], x["Cognitive level"], x["Kind of items"]): x for x in lines}
    assert of["form", "", "all levels", "pretest"]["Items"] == "12"
    held = of["domain", first.code, "all levels", "scored"]
    assert (held["Fewest"], held["Most"]) == ("1", str(first.items + 2))
    exact = of["domain", found.domains[1].code, "all levels", "scored"]
    assert exact["Fewest"] == exact["Items"] == exact["Most"]
    pretest = [int(x["Items"]) for x in lines if x["Kind of items"] == "pretest" and x["Part"] == "domain"]
    assert sum(pretest) == 12
    cells = [int(x["Items"]) for x in lines if x["Part"] == "cell of domain"]
    assert sum(cells) == found.items


def test_the_report_and_the_evidence_map_speak_of_the_same_cells(proposed):
    from jta.services.evidence import facts_of
    from jta.services.report_chapters import outcome
    from jta.services.report_chapters.source import Source

    study, _ = proposed
    found, blueprint = table(study), blueprints.get_blueprint(study.id, 1)
    parts = outcome.blueprint(Source(study, blueprint)).parts
    part = next(one for one in parts if "cognitive level" in getattr(one, "caption", ""))
    assert [line[1:-1] for line in part.rows[: len(found.rows)]] == [
        tuple(str(cell.items) for cell in row.cells) for row in found.rows
    ]
    assert facts_of(study.id)["two_way"]
    blueprint.levels = []
    db.session.commit()
    assert not facts_of(study.id)["two_way"]
    assert table(study).levels == ()


def test_a_case_package_holds_outline_weights_and_items_and_reads_back(proposed):
    from jta.imports import read_inventory

    study, actors = proposed
    found, director = table(study), actors["director"]
    document = write_case_file(director, study.id, 1)
    assert write_case_file(director, study.id, 1).id == document.id
    package = json.loads(document.content)
    assert package["CFDocument"]["adoptionStatus"] == "Draft"
    items = {item["identifier"]: item for item in package["CFItems"]}
    assert len(items) == len(found.rows) + found.n_tasks
    criteria = package["CFRubrics"][0]["CFRubricCriteria"]
    for row, criterion in zip(found.rows, criteria, strict=True):
        assert items[criterion["CFItemURI"]["identifier"]]["humanCodingScheme"] == row.code
        assert criterion["weight"] == row.weight
        scores = [level["score"] for level in criterion["CFRubricCriterionLevels"]]
        assert scores == [row.items, *(cell.items for cell in row.cells)]
        assert {level["rubricCriterionId"] for level in criterion["CFRubricCriterionLevels"]} == {
            criterion["identifier"]
        }
    read = read_inventory(document.content, "blueprint.json")
    assert (read.refused, read.problems, read.accepted) == (None, [], found.n_tasks)


def test_the_order_of_the_tasks_moves_no_digit_of_the_panels_shares():
    said = PanelLevel("recall", "Recall")
    lines = [
        TaskLine(str(n), "", 10 / (n + 1), None, None, None, said, ("recall", "analysis")[n % 2]) for n in range(40)
    ]
    shares = share_by_level(lines)
    assert sum(shares.values()) == pytest.approx(1)
    assert all(share_by_level(lines[n:] + lines[:n]) == shares for n in range(1, 40))
