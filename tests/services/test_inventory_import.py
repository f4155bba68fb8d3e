"""Merging a file into the inventory: preview, apply all or nothing, export that reads back."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.exports.inventory_file import InventoryLine, inventory_csv, inventory_xlsx
from jta.imports import read_inventory
from jta.models.inventory import Domain, StatementVersion, Task
from jta.services import inventory_import as service
from jta.services import inventory_tasks as acts
from jta.services import preview_token
from jta.services.inventory import inventory_hash, live_tasks
from jta.services.inventory_compare import load_whole
from jta.services.inventory_merge import Stored, compare, load_stored, merge_inventory
from jta.services.inventory_rows import AreaFinder, rows_of_file
from jta.services.study import FRAMEWORK, framework_rows
from jta.services.study_trail import recent_events
from tests.services.study_builders import launch, make_study, row

HEADER = "domain_code,domain,subdomain_code,subdomain,task_code,task_statement,references\n"
FILE = (
    HEADER
    + "1,Lead,1.1,Vision,1.1.1,Set the vision.,Panel 2026\n"
    + "1,Lead,1.1,Vision,1.1.2,Present the budget.,\n"
    + "2,Teach,,,2.1,Train the teachers.,\n"
)


@pytest.fixture
def quick(sqlite_app):
    """An app context on SQLite only, for what does not depend on the database."""
    with sqlite_app.app_context():
        yield sqlite_app


def _apply(dora, study, text: str, name: str = "tasks.csv"):
    preview = service.preview_import(dora, study.id, text.encode(), name)
    assert preview.token, (preview.refused, preview.problems)
    return service.apply_import(dora, study.id, preview.token)


def _stand(study) -> list[tuple[str, str, str, str]]:
    return [(t.domain.code, t.code, t.statement, t.source) for t in live_tasks(study.id)]


def test_a_preview_writes_nothing_and_applying_writes_all(app_context):
    study, dora = make_study()
    preview = service.preview_import(dora, study.id, FILE.encode(), "tasks.csv")
    assert preview.merge.counts() == {"new": 3, "changed": 0, "unchanged": 0, "missing": 0}
    assert [c.area.code for c in preview.merge.new_areas] == ["1", "1.1", "2"]
    assert db.session.scalar(select(func.count()).select_from(Task)) == 0
    service.apply_import(dora, study.id, preview.token)
    assert _stand(study) == [
        ("1.1", "1.1.1", "Set the vision.", "Panel 2026"),
        ("1.1", "1.1.2", "Present the budget.", ""),
        ("2", "2.1", "Train the teachers.", ""),
    ]
    assert study.stage == "inventory"


def test_the_record_names_file_hash_and_rows(app_context):
    import hashlib

    study, dora = make_study()
    _apply(dora, study, FILE)
    event = recent_events(study.id, 1)[0]
    assert (event.action, event.object) == ("imported inventory", "file tasks.csv")
    assert event.note == (
        "3 rows: 3 new, 0 changed, 0 unchanged, 0 missing. File SHA-256 " + hashlib.sha256(FILE.encode()).hexdigest()
    )


def test_a_file_of_part_of_the_tasks_wipes_nothing(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    part = (
        HEADER
        + "1,Leadership,1.1,Vision,1.1.2,Present the budget to the board.,\n"
        + "1,Leadership,1.2,Ethics,1.2.1,Model ethics.,\n"
    )
    preview = service.preview_import(dora, study.id, part.encode(), "p.csv")
    assert preview.merge.counts() == {"new": 1, "changed": 1, "unchanged": 0, "missing": 2}
    assert [d.after for d in preview.merge.changed_areas[0].differences] == ["Leadership"]
    service.apply_import(dora, study.id, preview.token)
    assert [t[1:3] for t in _stand(study)] == [
        ("1.1.1", "Set the vision."), ("1.1.2", "Present the budget to the board."),
        ("1.2.1", "Model ethics."), ("2.1", "Train the teachers."),
    ]  # fmt: skip
    versions = next(t for t in live_tasks(study.id) if t.code == "1.1.2").versions
    assert [(v.number, v.reason) for v in versions] == [(1, "Imported from tasks.csv"), (2, "Imported from p.csv")]


def test_an_empty_source_in_the_file_leaves_the_stored_one(quick):
    study, dora = make_study()
    _apply(dora, study, FILE)
    _apply(dora, study, FILE.replace("Panel 2026", "").replace("Set the", "Set a"))
    assert _stand(study)[0] == ("1.1", "1.1.1", "Set a vision.", "Panel 2026")


def test_the_same_file_again_has_nothing_to_apply(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    preview = service.preview_import(dora, study.id, FILE.encode(), "tasks.csv")
    assert (preview.merge.anything, preview.token) == (False, "")
    assert len(preview.merge.unchanged) == 3


def test_a_file_of_all_tasks_says_their_order(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    lines = FILE.splitlines()
    turned = "\n".join([lines[0], lines[3], lines[2], lines[1], "1,Lead,1.1,Vision,1.1.0,Begin.,"])
    merge = _apply(dora, study, turned)
    assert merge.reordered
    assert [t[1] for t in _stand(study)] == ["2.1", "1.1.2", "1.1.1", "1.1.0"]
    again = service.preview_import(dora, study.id, turned.encode(), "tasks.csv")
    assert not again.merge.anything


def test_a_column_of_places_says_the_order_too(quick):
    study, dora = make_study()
    text = "domain,task_code,task_statement,position\nLead,a,First.,2\nLead,b,Second.,10\nLead,c,Third.,1\n"
    _apply(dora, study, text)
    assert [t[1] for t in _stand(study)] == ["c", "a", "b"]


def test_a_task_can_move_to_another_domain_and_a_subdomain_too(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    moved = FILE.replace("1,Lead,1.1,Vision,1.1.2", "2,Teach,,,1.1.2")
    merge = _apply(dora, study, moved)
    assert [(d.what, d.before, d.after) for d in merge.changed[0].differences] == [("Belongs to", "1.1", "2")]
    merge = _apply(dora, study, moved.replace("1,Lead,1.1", "2,Teach,1.1"))
    assert merge.changed_areas[0].differences[0].what == "Belongs to domain"
    assert [t[1] for t in _stand(study)] == ["1.1.2", "2.1", "1.1.1"]


def test_a_retired_task_in_the_file_stays_retired(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    task = live_tasks(study.id)[0]
    acts.retire_task(dora, study.id, task.id, reason="Gone")
    preview = service.preview_import(dora, study.id, FILE.replace("Set the", "Set a").encode(), "tasks.csv")
    assert [c.row.task_code for c in preview.merge.retired] == ["1.1.1"]
    service.apply_import(dora, study.id, preview.token)
    assert (task.statement, task.retired_reason) == ("Set a vision.", "Gone")


def test_domains_without_codes_are_found_by_name(quick):
    study, dora = make_study()
    _apply(dora, study, FILE)
    text = "domain,subdomain,task_code,task_statement\nTeach,,2.2,Coach.\nLEAD,Vision,1.1.3,Ask.\nData,Care,3.1,Keep.\n"
    preview = service.preview_import(dora, study.id, text.encode(), "more.csv")
    assert any("found by name" in note for note in preview.cleaned)
    service.apply_import(dora, study.id, preview.token)
    assert [t[:2] for t in _stand(study)] == [
        ("1.1", "1.1.1"), ("1.1", "1.1.2"), ("1.1", "1.1.3"), ("2", "2.1"), ("2", "2.2"), ("3.1", "3.1"),
    ]  # fmt: skip


def test_domains_without_names_keep_the_names_they_have(quick):
    study, dora = make_study()
    _apply(dora, study, FILE)
    text = "domain_code,task_code,task_statement\n2,2.3,Advise.\n9,9.1,Test.\n"
    preview = service.preview_import(dora, study.id, text.encode(), "more.csv")
    assert any("found by code" in note for note in preview.cleaned)
    service.apply_import(dora, study.id, preview.token)
    titles = {a.code: a.title for a in load_stored(study.id).areas}
    assert (titles["2"], titles["9"]) == ("Teach", "9")


@pytest.mark.parametrize(
    ("rows", "column", "said"),
    [
        ([row("a", "X.", "1", "1", 2)], "subdomain_code", "as a content domain"),
        ([row("a", "X.", "1", "s", 2), row("b", "Y.", "2", "s", 3)], "subdomain_code", 'in domain "1"'),
        ([row("a", "X.", "1", number=2), row("b", "Y.", "1", number=3, domain="Z")], "domain", "is called"),
        ([row("a", "X.", number=2), row("A", "Y.", number=3)], "task_code", "repeats the code of row 2"),
    ],
)
def test_rows_that_contradict_each_other_are_problems(rows, column, said):
    (problem,) = compare(Stored([], []), rows).problems
    assert (problem.row, problem.column) == (rows[-1].number, column)
    assert said in problem.reason


@pytest.mark.parametrize(
    ("line", "said"),
    [("9,New,1,Lead,z,Zero.", "code of a content domain"), ("1.1,Vision,,,z,Zero.", "code of a subdomain")],
)
def test_a_code_keeps_its_level(quick, line, said):
    study, dora = make_study()
    _apply(dora, study, FILE)
    preview = service.preview_import(dora, study.id, f"{HEADER}{line},\n".encode(), "bad.csv")
    assert said in preview.problems[0].reason
    assert preview.token == ""


def test_one_problem_and_nothing_can_be_applied(quick):
    study, dora = make_study()
    preview = service.preview_import(dora, study.id, (FILE + "2,Teach,,,2.2,,\n").encode(), "tasks.csv")
    assert [(p.row, p.column) for p in preview.shown_problems] == [(5, "task_statement")]
    assert (preview.token, preview.n_rows) == ("", 3)


def test_a_file_that_cannot_be_read_says_why(quick):
    study, dora = make_study()
    assert service.preview_import(dora, study.id, b"%PDF-1.4", "tasks.pdf").refused
    with pytest.raises(InvalidInputError, match="empty"):
        service.preview_import(dora, study.id, b"", "tasks.csv")


def test_an_inventory_changed_since_the_preview_is_left_alone(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    preview = service.preview_import(dora, study.id, FILE.replace("Set", "Draw").encode(), "tasks.csv")
    task = live_tasks(study.id)[1]
    acts.edit_task(dora, study.id, task.id, acts.TaskWords("Other.", "", task.domain_id), version=task.version)
    before = inventory_hash(load_whole(study.id))
    with pytest.raises(EditConflictError, match="nothing was imported"):
        service.apply_import(dora, study.id, preview.token)
    assert inventory_hash(load_whole(study.id)) == before


def test_a_preview_applies_once(app_context):
    study, dora = make_study()
    preview = service.preview_import(dora, study.id, FILE.encode(), "tasks.csv")
    service.apply_import(dora, study.id, preview.token)
    with pytest.raises(EditConflictError):
        service.apply_import(dora, study.id, preview.token)
    assert len(_stand(study)) == 3


def test_a_preview_is_of_one_person_and_one_study(app_context):
    study, dora = make_study()
    other, erna = make_study(email="erna@example.org")
    token = service.preview_import(dora, study.id, FILE.encode(), "tasks.csv").token
    for actor, study_id in ((erna, study.id), (dora, other.id)):
        with pytest.raises(InvalidInputError, match="belongs elsewhere"):
            service.apply_import(actor, study_id, token)
    for bad in ("", "x" + token, token[:-2], "W10.x"):
        with pytest.raises(InvalidInputError, match="cannot be used"):
            service.apply_import(dora, study.id, bad)


def test_a_file_too_long_for_one_page_is_refused(quick, monkeypatch):
    monkeypatch.setattr(preview_token, "LONGEST", 100)
    study, dora = make_study()
    with pytest.raises(InvalidInputError, match="too long to preview"):
        service.preview_import(dora, study.id, FILE.encode(), "tasks.csv")


def test_after_launch_neither_preview_nor_apply(app_context):
    study, dora = make_study()
    token = service.preview_import(dora, study.id, FILE.encode(), "tasks.csv").token
    launch(study)
    with pytest.raises(StateError):
        service.preview_import(dora, study.id, FILE.encode(), "tasks.csv")
    with pytest.raises(StateError):
        service.apply_import(dora, study.id, token)


def test_a_failure_in_the_middle_leaves_nothing_behind(app_context, monkeypatch):
    study, dora = make_study()
    token = service.preview_import(dora, study.id, FILE.encode(), "tasks.csv").token
    monkeypatch.setattr(service, "_record", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        service.apply_import(dora, study.id, token)
    for model in (Domain, Task, StatementVersion):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    assert study.stage == "design"


def test_a_merge_refuses_rows_with_problems(quick):
    study, dora = make_study()
    with transaction(), pytest.raises(ValueError, match="cannot be merged"):
        merge_inventory(study, [row("a", "X."), row("a", "Y.")], dora, reason="Bad")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_exported_file_reads_back_unchanged(quick, form):
    study, dora = make_study(FRAMEWORK)
    data = service.export_inventory(study.id, form)
    preview = service.preview_import(dora, study.id, data, f"inventory.{form}")
    assert (preview.refused, preview.problems, preview.merge.anything) == (None, [], False)
    assert (len(preview.merge.unchanged), len(preview.merge.missing)) == (108, 0)
    assert data == service.export_inventory(study.id, form)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_is_a_file_with_the_columns_of_an_import(form):
    data = service.inventory_template(form)
    result = read_inventory(data, f"template.{form}")
    assert result.refused == "The file has column names but no rows below them."


def test_retired_tasks_are_not_in_the_file(quick):
    study, dora = make_study(FRAMEWORK)
    acts.retire_task(dora, study.id, live_tasks(study.id)[0].id, reason="Gone")
    assert len(service.inventory_lines(study.id)) == 107


TEXT = st.text(string.ascii_letters + "=+-@'\"; ,äé–", min_size=1, max_size=30).map(lambda t: f"{t.strip() or 'x'} z")


@given(st.lists(TEXT, min_size=1, max_size=6), st.sampled_from(["csv", "xlsx"]))
@settings(max_examples=40, deadline=None)
def test_any_statement_survives_export_and_import(statements, form):
    lines = [InventoryLine("1", s, "", "", f"1.{n}0", s, s) for n, s in enumerate(statements[:1])]
    lines += [InventoryLine("1", statements[0], "", "", f"2.{n}0", s, s) for n, s in enumerate(statements)]
    data = inventory_csv(lines) if form == "csv" else inventory_xlsx(lines, title="T", notice="N")
    result = read_inventory(data, f"x.{form}")
    assert (result.refused, result.problems) == (None, [])
    back = rows_of_file(result, f"x.{form}")
    assert [(r.domain, r.task_code, r.task_statement, r.source) for r in back] == [
        (x.domain, x.task_code, x.task_statement, x.references) for x in lines
    ]


AREAS = st.tuples(st.sampled_from("123"), st.sampled_from(["", "a", "b"]))
LISTS = st.dictionaries(st.integers(0, 12), AREAS, min_size=1, max_size=10)


@given(LISTS, LISTS, st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merging_any_two_files_keeps_every_task_and_settles(sqlite_app, first, second, random):
    with sqlite_app.app_context():
        db.session.execute(db.text("DELETE FROM membership"))
        db.session.execute(db.text('DELETE FROM "user"'))
        study, dora = make_study()
        for list_ in (first, second):
            keys = list(list_)
            random.shuffle(keys)
            rows = [
                row(f"T{k}", f"Do {k}.", d, f"{d}.{s}" if s else "", number=n)
                for n, k in enumerate(keys, start=2)
                for d, s in [list_[k]]
            ]
            stored = {t.code for t in live_tasks(study.id)}
            with transaction():
                merge_inventory(study, rows, dora, reason="File")
            after = {t.code: t.domain.code for t in live_tasks(study.id)}
            assert set(after) == stored | {r.task_code for r in rows}
            assert all(after[r.task_code] == (r.subdomain_code or r.domain_code) for r in rows)
            assert not compare(load_stored(study.id), rows).anything
        db.session.rollback()


def test_the_framework_file_needs_no_cleaning():
    rows = framework_rows()
    areas = AreaFinder([]).find_all(rows)
    assert (len(rows), len(areas.by_key), areas.problems) == (100, 13, [])
