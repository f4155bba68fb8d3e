"""Importing with a choice for each row; files of other studies; KSAs; CASE packages; round trips of every format."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jta import clock
from jta.errors import InvalidInputError
from jta.exports.case_file import CaseDocument, inventory_case
from jta.exports.inventory_file import InventoryLine, inventory_csv, inventory_json, inventory_xlsx
from jta.imports import Limits, read_inventory
from jta.imports.text import clean
from jta.models.inventory import Knowledge
from jta.services import inventory_areas as areas
from jta.services import inventory_import as service
from jta.services import inventory_references as references
from jta.services import inventory_tasks as acts
from jta.services.inventory import live_tasks, load_inventory
from jta.services.inventory_compare import load_whole
from jta.services.inventory_knowledge import live_knowledge, load_knowledge
from jta.services.inventory_log import last_change
from jta.services.inventory_rows import rows_of_file
from jta.services.inventory_undo import undo_last
from jta.services.study import FRAMEWORK
from tests.services.study_builders import make_study

HEAD = "domain_code,domain,subdomain_code,subdomain,task_code,task_statement,references,kind,runs_through_all\n"
FILE = (
    HEAD + "1,Lead,1.1,Vision,1.1.1,Set the vision.,Panel,task,\n1,Lead,1.1,Vision,1.10,Present the budget.,,,\n"
    "2,Teach,,,2.1,Train the teachers.,,Task,no\n2,Teach,,,K1,Learning theory,,knowledge,\n"
    "C,Core,,,V1,Honesty,,value,yes\n"
    ",,,,S1,Plain speech,,Skill,\n"
)


def _preview(dora, study, text, name="list.csv"):
    return service.preview_import(dora, study.id, text.encode() if isinstance(text, str) else text, name)


def _apply(dora, study, text, name="list.csv", **choices):
    preview = _preview(dora, study, text, name)
    assert preview.token, (preview.refused, preview.problems)
    return service.apply_import(dora, study.id, preview.token, service.Choices(**choices))


def _stand(study) -> dict[str, str]:
    return {one.code: one.statement for one in (*live_tasks(study.id), *live_knowledge(study.id))}


def test_ksas_come_with_the_tasks_and_a_domain_that_runs_through_all(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    assert [(t.code, t.domain.code) for t in live_tasks(study.id)] == [("1.1.1", "1.1"), ("1.10", "1.1"), ("2.1", "2")]
    found = [(k.code, k.kind, k.domain.code if k.domain else "") for k in live_knowledge(study.id)]
    assert found == [("K1", "knowledge", "2"), ("V1", "value", "C"), ("S1", "skill", "")]
    assert [(a.code, a.runs_through) for a in load_whole(study.id).areas] == [
        ("1", False), ("1.1", False), ("2", False), ("C", True),
    ]  # fmt: skip
    assert not _preview(dora, study, FILE).token
    assert load_inventory(study.id).empty_areas == []


def test_rows_that_are_left_out_change_nothing(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    changed = FILE.replace("Set the", "Draw the").replace("Honesty", "Candour") + "3,New,,,3.1,Do new work.,,,\n"
    merge = _apply(dora, study, changed, leave=frozenset({2, 8}))
    assert (len(merge.new), [c.row.task_code for c in merge.changed], merge.missing) == (0, ["V1"], [])
    stand = _stand(study)
    assert (stand["1.1.1"], stand["V1"], "3.1" in stand) == ("Set the vision.", "Candour", False)
    assert "3" not in [area.code for area in load_whole(study.id).areas]


def test_missing_statements_are_kept_unless_retired_with_a_reason(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    short = HEAD + "1,Lead,1.1,Vision,1.1.1,Set the vision.,Panel,task,\n"
    preview = _preview(dora, study, short)
    assert [one.code for one in preview.merge.missing] == ["1.10", "2.1"]  # no KSA: the file has none
    with pytest.raises(InvalidInputError, match="Say why"):
        _apply(dora, study, short, retire=frozenset({"2.1"}))
    merge = _apply(dora, study, short, retire=frozenset({"2.1"}), reason="Not done any more")
    assert [one.code for one in merge.retiring] == ["2.1"]
    assert "2.1" not in _stand(study)
    assert {"1.10", "K1", "V1"} <= set(_stand(study))
    undo_last(dora, study.id, last_change(study.id).id)
    assert "2.1" in _stand(study)


def _list(prefix: str, words: str) -> str:
    return HEAD + "".join(f"1,Lead,,,{prefix}{n},{words} {'abcdefgh'[n]}{n}.,,,\n" for n in range(8))


def test_a_file_of_another_study_is_said_to_be_one_and_needs_a_tick(app_context):
    study, dora = make_study()
    _apply(dora, study, _list("1.", "Plan the budget of the school"))
    for text, said in (
        (_list("1.", "Steer ships into harbours by night"), "8 of the 8 codes that both have stand for quite other"),
        (_list("9.", "Steer ships into harbours by night"), "No code of the file is known"),
    ):
        preview = _preview(dora, study, text)
        assert said in preview.foreign
        with pytest.raises(InvalidInputError, match="Nothing was imported"):
            service.apply_import(dora, study.id, preview.token)
    assert _preview(dora, study, _list("1.", "Plan all the budgets of the schools")).foreign == ""
    assert len(_apply(dora, study, text, belongs_here=True).new) == 8


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("C,Core,,,V2,Act well.,,task,yes\n", "holds no task statements"),
        ("C,Core,,,V2,Courage,,value,no\n", "Row 6 says yes"),
        ("1,Lead,,,V2,Courage,,talent,\n", "The kind"),
        ("1,Lead,,,V2,Courage,,value,maybe\n", "neither yes nor no"),
        ("1,Lead,,,k1,Courage,,value,\n", "differs only in case"),
        (",,,,T9,Do it.,,task,\n", "empty"),
    ],
)
def test_a_row_that_contradicts_another_is_a_problem(line, said):
    result = read_inventory((FILE + line).encode(), "a.csv")
    assert [said in problem.reason for problem in result.problems] == [True], result.problems


def test_a_code_of_a_task_is_no_code_of_a_ksa(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    preview = _preview(dora, study, HEAD + "1,Lead,,,2.1,Law,,knowledge,\nC,,,,9,Do it.,,,\n")
    assert [problem.reason for problem in preview.problems] == [
        'The cell is empty. Fill it in.',
    ]  # fmt: skip
    preview = _preview(dora, study, HEAD + "1,Lead,,,2.1,Law,,knowledge,\nC,Core,,,9,Do it.,,,\n")
    assert [problem.reason for problem in preview.problems] == [
        '"2.1" is the code of a task statement in this study. Give the row another code.',
        "A domain that runs through all others holds no task statements.",
    ]  # fmt: skip


def test_no_task_goes_into_a_stored_domain_that_runs_through_all(app_context):
    study, dora = make_study()
    core = areas.add_area(dora, study.id, areas.NewArea("C", "Core", runs_through=True))
    text = "domain_code,task_code,task_statement\nC,9,Do it.\n"
    assert "holds no task statements" in _preview(dora, study, text).problems[0].reason
    areas.set_runs_through(dora, study.id, core.id, runs_through=False)
    assert _preview(dora, study, text).problems == []


def test_100_000_rows_are_refused_in_a_sentence():
    text = "task_code,task_statement,domain\n" + "".join(f"T{n},Do work.,D\n" for n in range(100_000))
    assert "more than 20,000 rows" in read_inventory(text.encode(), "a.csv").refused
    items = [{"identifier": f"i{n}", "fullStatement": "Do.", "humanCodingScheme": f"T{n}"} for n in range(100_000)]
    assert "20,000" in read_inventory(json.dumps({"CFItems": items}).encode(), "a.json").refused


@pytest.mark.slow
def test_20_000_rows_are_done(sqlite_app):
    text = "task_code,task_statement,domain\n" + "".join(f"T{n},Do the work {n}.,D{n % 40}\n" for n in range(20_000))
    with sqlite_app.app_context():
        study, dora = make_study()
        assert len(_apply(dora, study, text).new) == 20_000
        assert not _preview(dora, study, text).token


# Round trips -----------------------------------------------------------------------------------------------------

LETTERS = "abcdefghijklmnopqrstuvwxyzABC0123456789"
ODD = st.sampled_from(["1.10", "1.1", "3E5", "MAR1", "007", "1-A", "T (a)", "é1", "文1"])
# Hypothesis draws words of the program too; a row of few cells that begins so is taken for a total.
SUMS = ("total", "grand", "sub", "sum", "average", "mean", "count", "source", "note", "legend")
CODES = st.one_of(ODD, st.text(LETTERS, min_size=1, max_size=6).filter(lambda code: not code.lower().startswith(SUMS)))
ANY = st.text(max_size=40).map(lambda text: clean(f"{text} x").text).filter(bool)
RTL = st.sampled_from(
    ["תכנון התקציב x", "ضع الميزانية x", "نیم\u200cفاصله x", "x\u200bplan x", "=1+1 plan", "'plan x", "-x plan"]
)
TEXTS = st.one_of(ANY, RTL.map(lambda text: clean(text).text))
KINDS = st.sampled_from(["task", "knowledge", "skill", "ability", "value"])
PLACES = st.sampled_from([("1", ""), ("1", "1.1"), ("2", ""), ("1.10", ""), ("C", ""), ("", "")])


REFERENCES = st.tuples(TEXTS, st.one_of(st.sampled_from(["", "2024", "3rd"]), TEXTS))


def _lines(rows, sources) -> list[InventoryLine]:
    found = []
    for (top, below), code, text, source, kind, which in rows:
        if top in ("C", "") and kind == "task":
            kind = "value"
        place = (top, f"Domain {top}" if top else "", below, f"Part {below}" if below else "")
        through = {"C": "yes", "": ""}.get(top, "no")
        codes = "; ".join(f"R-{n}" for n in sorted(which) if n < len(sources))
        found.append(InventoryLine(*place, code, text, source, kind, through, codes))
    order = [("1", ""), ("1", "1.1"), ("2", ""), ("1.10", ""), ("C", ""), ("", "")]
    found.sort(key=lambda line: order.index((line.domain_code, line.subdomain_code)))
    return found + [InventoryLine("", "", "", "", f"R-{n}", *words, "reference") for n, words in enumerate(sources)]


DOCUMENT = CaseDocument("http://127.0.0.1/studies/1", "Study", "Dora", "", clock.now())
WRITERS = {
    "a.csv": inventory_csv,
    "a.xlsx": lambda lines: inventory_xlsx(lines, title="T"),
    "a.json": inventory_json,
    "b.json": lambda lines: inventory_case(lines, DOCUMENT),
}
ROWS = st.lists(
    st.tuples(PLACES, CODES, TEXTS, st.one_of(st.just(""), TEXTS), KINDS, st.sets(st.integers(0, 1))),
    min_size=1, max_size=8, unique_by=lambda row: clean(row[1]).text.casefold(),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS, st.lists(REFERENCES, max_size=2))
def test_every_format_reads_back_what_was_written(rows, sources):
    lines = _lines(rows, sources)
    for name, write in WRITERS.items():
        result = read_inventory(write(lines), name)
        assert (result.refused, result.problems) == (None, []), name
        back = [
            InventoryLine(
                r.domain_code, r.domain, r.subdomain_code, r.subdomain, r.task_code, r.task_statement, r.source, r.kind,
                {True: "yes", False: "no", None: ""}[r.through], r.reference_codes,
            )
            for r in rows_of_file(result, name)
        ]  # fmt: skip
        if name == "b.json":  # CASE says of a domain only that it runs through all
            lines = [line._replace(runs_through_all=line.runs_through_all.replace("no", "")) for line in lines]
            ours = [
                line
                for top in dict.fromkeys(line.domain_code for line in lines)
                for line in lines
                if line.domain_code == top
            ]
            assert sorted(back) == sorted(ours)
        else:
            assert back == lines, name


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "case"])
def test_a_study_exported_and_imported_into_an_empty_one_is_the_same(app_context, form):
    study, dora = make_study(FRAMEWORK)
    task = live_tasks(study.id)[0]
    acts.move_task(dora, study.id, task.id, up=False)
    made = [
        references.save_reference(dora, study.id, references.ReferenceWords(*words)).id
        for words in (("ISTE-2024", "Standards for leaders; part A", "2024"), ("ISO", "A standard"))
    ]
    words = acts.TaskWords(task.statement, "2018", task.domain_id, tuple(made))
    acts.edit_task(dora, study.id, task.id, words, version=live_tasks(study.id)[1].version)
    other, erna = make_study(email="erna@example.org")
    data = service.export_inventory(study.id, form)
    name = f"a.{'json' if form == 'case' else form}"
    assert not _preview(dora, study, data, name).token
    _apply(erna, other, data, name)
    assert service.inventory_lines(other.id) == service.inventory_lines(study.id)
    assert [line.reference_codes for line in service.inventory_lines(other.id)][1] == "ISO; ISTE-2024"
    assert [(g.area.code, len(g.statements)) for g in load_knowledge(other.id).groups][-1] == ("4", 8)
    undo_last(erna, other.id, last_change(other.id).id)
    assert service.inventory_lines(other.id) == []


# CASE ------------------------------------------------------------------------------------------------------------


def _package(items, links) -> bytes:
    return json.dumps(
        {
            "CFDocument": {"identifier": "doc", "title": "Standards"},
            "CFItems": [{"identifier": i, "fullStatement": t, "humanCodingScheme": i, **more} for i, t, more in items],
            "CFAssociations": [
                {"associationType": "isChildOf", "sequenceNumber": n, "originNodeURI": {"identifier": child},
                 "destinationNodeURI": {"identifier": parent}} for n, (child, parent) in enumerate(links, start=1)
            ],
        }
    ).encode()  # fmt: skip


def test_a_package_of_others_is_laid_out_by_its_tree():
    data = _package(
        [("T2", "Train.", {}), ("D", "Domain", {"CFItemType": "Strand"}), ("T1", "Plan.", {"notes": "Panel"}),
         ("K", "Law", {"CFItemType": "Knowledge Statement"})],
        [("D", "doc"), ("T1", "D"), ("T2", "D"), ("K", "doc")],
    )  # fmt: skip
    result = read_inventory(data, "x.json")
    assert (result.refused, result.problems, result.cleaned) == (None, [], ['The package is called "Standards".'])
    assert [(r.task_code, r.domain_code, r.kind, r.source, r.number) for r in rows_of_file(result, "x.json")] == [
        ("T1", "D", "task", "Panel", 3), ("T2", "D", "task", "", 1), ("K", "", "knowledge", "", 4),
    ]  # fmt: skip


THREE = [("A", "a", {}), ("B", "b", {}), ("C", "c", {}), ("T", "t", {})]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (_package(THREE, [("A", "B"), ("B", "A")]), "lies inside itself"),
        (_package(THREE[:1], [("A", "A")]), "lies inside itself"),
        (_package(THREE, [("T", "A"), ("T", "B")]), "child of two items"),
        (_package(THREE, [("B", "A"), ("C", "B"), ("T", "C")]), "third level"),
        (_package([THREE[0], THREE[0]], []), "same identifier"),
        (b'{"CFItems": []}', "no items"),
        (b'{"CFItems": {}}', "no list"),
        (b'{"CFItems": [1]}', "no identifier"),
        (b'{"CFItems": [', "damaged"),
        (b'{"CFItems": [{"identifier": "a", "identifier": "b"}]}', "twice"),
        (b'{"CFItems": ' + b"[" * 3000 + b"]" * 3000 + b"}", "deep"),
        (b'{"CFItems": [{"identifier": "a", "x": ' + b"9" * 5000 + b"}]}", "too many digits"),
    ],
)
def test_a_package_that_cannot_be_is_refused_in_a_sentence(data, said):
    assert said in read_inventory(data, "x.json", Limits()).refused


def test_an_item_without_code_or_words_is_a_problem_with_its_number():
    result = read_inventory(_package([("D", "d", {}), ("T", "", {})], [("T", "D")]), "x.json")
    assert [(p.row, p.reason) for p in result.problems] == [(2, "The cell is empty. Fill it in.")]


def test_the_packages_identifiers_stay_the_same(app_context):
    study, dora = make_study()
    _apply(dora, study, FILE)
    one, two = (json.loads(service.export_inventory(study.id, "case")) for _ in range(2))
    assert [i["identifier"] for i in one["CFItems"]] == [i["identifier"] for i in two["CFItems"]]
    assert {i["CFItemType"] for i in one["CFItems"]} >= {
        "Content Domain",
        "Subdomain",
        "Task Statement",
        "Value Statement",
    }
    assert db_count(study) == 3


def db_count(study) -> int:
    from sqlalchemy import func, select

    from jta.db import db

    return db.session.scalar(select(func.count(Knowledge.id)).where(Knowledge.study_id == study.id))
