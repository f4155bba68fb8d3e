"""Cycles: cloning, the crosswalk proposed and decided, O*NET, former weights, the comparison."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jta import ROOT
from jta.audit import verify
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.imports.onet import ATTRIBUTION, read_onet
from jta.imports.result import RefusedError
from jta.models.account import Membership
from jta.models.cycle import CrosswalkLink
from jta.models.delivery import Person
from jta.models.survey import RatingScale
from jta.services import cycle as service
from jta.services import cycle_sources as sources
from jta.services import inventory as inv
from jta.services import inventory_areas as areas
from jta.services import inventory_knowledge as knowledge
from jta.services import inventory_references as references
from jta.services import inventory_tasks as acts
from jta.services.crosswalk_rules import candidates, propose
from jta.services.cycle_again import propose_again
from jta.services.cycle_clone import TRANSPORT, clone_study
from jta.services.cycle_figures import compare_cycles
from jta.services.cycle_onet import import_onet
from jta.services.study import FRAMEWORK
from jta.services.survey_launch import load_checklist
from tests.services.closed_study import make_closed_study
from tests.services.study_builders import make_study

ONET = ROOT / "tests/reference/onet/11-3021.00/data"
STATEMENTS, RATINGS = (ONET / "task_statements.txt").read_bytes(), (ONET / "task_ratings.txt").read_bytes()

FORMER = ["Plan the yearly budget.", "Train teachers to use devices.", "Review and approve contracts.", "Feed the cat."]
PRESENT = [
    "plan the  yearly budget",
    "Train teachers in the use of devices.",
    "Review contracts.",
    "Approve contracts.",
    "Sing.",
]


def test_each_relation_is_proposed():
    found = [(p.former, p.present, p.relation) for p in propose(FORMER, PRESENT)]
    assert found == [
        (0, 0, "same"), (1, 1, "reworded"), (2, 2, "split"), (2, 3, "split"), (3, None, "retired"), (None, 4, "new"),
    ]  # fmt: skip
    back = [(p.former, p.present, p.relation) for p in propose(PRESENT, FORMER)]
    assert {(2, 2, "merged"), (3, 2, "merged")} <= set(back)
    assert propose([], ["a"]) == [p for p in propose([], ["a"]) if p.relation == "new"]
    assert candidates("Approve the contracts.", PRESENT)[0].other == 3


def _study(statements=PRESENT):
    study, dora = make_study()
    area = areas.add_area(dora, study.id, areas.NewArea("1", "Work"))
    for number, text in enumerate(statements, start=1):
        acts.add_task(dora, study.id, code=str(number), words=acts.TaskWords(text, "", area.id))
    return study, dora


def _former(dora, study, **more):
    texts = [service.FormerText(f"F{n}", text) for n, text in enumerate(FORMER, start=1)]
    return service.add_list(dora, study.id, service.NewList("Cycle 2018", texts=texts, **more))


def _relations(study, former) -> list[tuple[str, str, bool]]:
    lines = service.load_crosswalk(study.id, former.id).lines
    return [(line.former.code if line.former else "-", line.relation, line.decided) for line in lines]


def test_proposals_wait_for_a_person_and_equal_wording_is_accepted_at_once(app_context):
    study, dora = _study()
    former = _former(dora, study)
    assert [relation for _, relation, _ in _relations(study, former)] == ["same", "reworded", "split", "retired", "new"]
    assert not any(decided for *_, decided in _relations(study, former))
    assert service.accept(dora, study.id, former.id, which="same") == 1
    assert service.accept(dora, study.id, former.id, which="same") == 0
    line = service.load_crosswalk(study.id, former.id).lines[0]
    assert (line.decided, line.links[0].reason, line.links[0].decided_by) == (True, "Same wording", "Dora Director")
    split = service.load_crosswalk(study.id, former.id).lines[2]
    assert service.accept(dora, study.id, former.id, which=str(split.links[0].id)) == 1
    assert service.load_crosswalk(study.id, former.id).n_open == 3


def test_a_decision_replaces_the_proposal_and_settles_what_is_new(app_context):
    study, dora = _study()
    former = _former(dora, study)
    tasks = {task.code: task.id for task in inv.live_tasks(study.id)}
    cat = former.statements[3].id
    version = service.get_former(study.id, former.id).version
    decide = {"relation": "reworded", "task_ids": [tasks["5"]], "reason": "The cat sings"}
    service.decide(dora, study.id, former.id, cat, **decide, version=version)
    assert _relations(study, former)[3] == ("F4", "reworded", True)
    assert len(_relations(study, former)) == 4  # no task is new any more
    with pytest.raises(EditConflictError):
        service.decide(dora, study.id, former.id, cat, **decide, version=version)
    version = service.get_former(study.id, former.id).version
    service.decide(dora, study.id, former.id, cat, relation="retired", task_ids=[], reason="No", version=version)
    assert _relations(study, former)[3:] == [("F4", "retired", True), ("-", "new", False)]
    assert verify()[1] == []


@pytest.mark.parametrize(
    ("relation", "count", "reason", "said"),
    [
        ("new", 1, "r", "Choose what became"),
        ("retired", 1, "r", "has no task"),
        ("split", 1, "r", "two tasks or more"),
        ("same", 2, "r", "the one task"),
        ("merged", 0, "r", "the one task"),
        ("reworded", 1, " ", "Say why"),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(app_context, relation, count, reason, said):
    study, dora = _study()
    former = _former(dora, study)
    ids = [task.id for task in inv.live_tasks(study.id)][:count]
    with pytest.raises(InvalidInputError, match=said):
        service.decide(
            dora,
            study.id,
            former.id,
            former.statements[0].id,
            relation=relation,
            task_ids=ids,
            reason=reason,
            version=1,
        )


def test_another_studys_list_and_tasks_are_not_found(app_context):
    study, dora = _study()
    former = _former(dora, study)
    other, erna = make_study(email="erna@example.org")
    area = areas.add_area(erna, other.id, areas.NewArea("1", "Work"))
    foreign = acts.add_task(erna, other.id, code="1", words=acts.TaskWords("Sing.", "", area.id))
    statement = former.statements[0].id
    for act in (
        lambda: service.get_former(other.id, former.id),
        lambda: service.delete_list(erna, other.id, former.id),
        lambda: sources.list_of_study(study.id, erna.user_id, other.id),
        lambda: service.get_former_statement(study.id, former.id, 999),
        lambda: service.decide(
            dora, study.id, former.id, statement, relation="same", task_ids=[foreign.id], reason="r",
            version=service.get_former(study.id, former.id).version,
        ),
    ):  # fmt: skip
        with pytest.raises(NotFoundError):
            act()


def test_a_list_is_deleted_with_its_crosswalk(app_context):
    study, dora = _study()
    former = _former(dora, study)
    service.delete_list(dora, study.id, former.id)
    assert db.session.scalars(select(CrosswalkLink)).all() == []
    assert service.list_former(study.id) == []


def test_former_weights_sum_to_the_whole_exam(app_context):
    study, dora = _study()
    rows = [
        {"code": "1", "title": "Work", "weight": 0.6, "items": 60},
        {"code": "2", "title": "Rest", "weight": 0.4, "items": 40},
    ]
    former = service.add_list(dora, study.id, service.NewList("Outline", weights=service.checked_weights(rows)))
    with pytest.raises(InvalidInputError, match=r"sum to 60\.0 percent"):
        service.save_weights(dora, study.id, former.id, rows[:1], version=former.version)
    with pytest.raises(EditConflictError):
        service.save_weights(dora, study.id, former.id, rows, version=99)
    service.save_weights(dora, study.id, former.id, rows[::-1], version=former.version)
    assert [row["code"] for row in service.get_former(study.id, former.id).weights] == ["2", "1"]
    with pytest.raises(InvalidInputError, match="title"):
        service.add_list(dora, study.id, service.NewList(" "))


def test_a_clone_takes_all_but_people_answers_and_retired_statements(app_context):
    study, dora = make_study(FRAMEWORK)
    reference = references.save_reference(dora, study.id, references.ReferenceWords("ISO", "A standard"))
    task, gone = inv.live_tasks(study.id)[:2]
    words = acts.TaskWords(task.statement, "Panel", task.domain_id, (reference.id,))
    acts.edit_task(dora, study.id, task.id, words, version=task.version)
    acts.retire_task(dora, study.id, gone.id, reason="Gone")
    made = clone_study(dora, study.id, title="Next cycle")
    old, new = inv.load_inventory(study.id), inv.load_inventory(made.id)
    assert (new.n_tasks, new.retired, len(new.domains)) == (99, [], len(old.domains))
    twin = inv.live_tasks(made.id)[0]
    assert (twin.code, twin.source, [r.code for r in references.references_of_tasks(made.id)[twin.id]]) == (
        "1.1.1", "Panel", ["ISO"],
    )  # fmt: skip
    assert twin.versions[0].reason == f"From the study {study.title}"
    assert [k.domain.runs_through for k in knowledge.live_knowledge(made.id)] == [True] * 8
    assert (made.plan, made.stage, made.credential) == (study.plan, "inventory", study.credential)
    assert db.session.scalars(select(Person).where(Person.study_id == made.id)).all() == []
    assert [m.role for m in db.session.scalars(select(Membership).where(Membership.study_id == made.id))] == [
        "director"
    ]
    assert service.origin_of(made.id).cloned_from == study.id
    assert service.load_crosswalk(made.id, service.list_former(made.id)[0].id).counts["same"] == 99
    assert verify()[1] == []
    with pytest.raises(InvalidInputError, match="title"):
        clone_study(dora, study.id, title=" ")


def test_a_clone_takes_the_surveys_pages_and_their_translations(app_context):
    from jta.db import transaction
    from jta.models.survey import Question, SurveyPage, Translation

    study, dora = make_study()
    with transaction():
        page = db.session.scalars(select(SurveyPage).where(SurveyPage.study_id == study.id)).first()
        for key in (f"page:{page.id}:title", "scale:importance:title"):
            db.session.add(Translation(study_id=study.id, language="es", key=key, text="Hola"))
    made = clone_study(dora, study.id, title="Next")
    pages = {one.id: one.kind for one in db.session.scalars(select(SurveyPage).where(SurveyPage.study_id == made.id))}
    questions = db.session.scalars(select(Question).where(Question.study_id == made.id)).all()
    assert len(pages) == len(db.session.scalars(select(SurveyPage).where(SurveyPage.study_id == study.id)).all())
    assert {pages[question.page_id] for question in questions} == {"questions"}
    keys = set(db.session.scalars(select(Translation.key).where(Translation.study_id == made.id)))
    assert keys == {f"page:{min(pages)}:title", "scale:importance:title"}


def test_a_transportability_check_asks_two_things_of_each_task(app_context):
    study, dora = make_study(FRAMEWORK)
    made = clone_study(dora, study.id, title="Does it hold elsewhere?", kind=TRANSPORT)
    scales = db.session.scalars(
        select(RatingScale).where(RatingScale.study_id == made.id).order_by(RatingScale.position)
    ).all()
    assert [(s.code, s.kind, [a.label for a in s.anchors][:2]) for s in scales] == [
        ("performed", "frequency", ["No, I do not perform this task", "Yes"]),
        ("importance", "importance", ["Not important", "Slightly important"]),
    ]
    assert load_checklist(made).ready


def test_onets_files_are_read_with_their_figures():
    found = read_onet(STATEMENTS, RATINGS)
    assert (found.occupation, len(found.tasks)) == ("11-3021.00", 17)
    task = next(task for task in found.tasks if task.code == "976")
    assert task.statement == "Develop and interpret organizational goals, policies, and procedures."
    # tests/reference/onet: IM 3.70 (n 72), RT 93.86; FT 0.65, 17.79, 38.33, 30.41, 11.16, 0, 1.66
    assert task.figures["importance"] == {"mean": 3.70, "n": 72}
    assert task.figures["performing"]["share"] == pytest.approx(0.9386)
    shares = [0.65, 17.79, 38.33, 30.41, 11.16, 0.0, 1.66]
    mean = sum(point * share for point, share in enumerate(shares, start=1)) / sum(shares)
    assert task.figures["frequency"]["mean"] == pytest.approx(mean)
    assert read_onet(STATEMENTS).tasks[0].figures == {}


@pytest.mark.parametrize(
    ("statements", "ratings", "occupation", "said"),
    [
        (b"code,task\n1,2\n", None, "", "has no column"),
        (STATEMENTS.split(b"\n", 1)[0] + b"\n", None, "", "no rows below"),
        (STATEMENTS, b"x\ty\n1\t2\n", "", "Task Ratings has no column"),
        (STATEMENTS, None, "15-1252.00", "is not in the file"),
        (
            STATEMENTS + STATEMENTS.split(b"\n")[1].replace(b"11-3021.00", b"11-9999.00") + b"\n",
            None,
            "",
            "2 occupations",
        ),
        (STATEMENTS + STATEMENTS.split(b"\n")[1] + b"\n", None, "", "same Task ID twice"),
        (STATEMENTS + b"11-3021.00\t5\n", None, "", "has 2 cells"),
        (STATEMENTS.replace(b"968", b"9\x00"), None, "", "no usable code"),
        (b"\xff\xfe\x00" * 9, None, "", "."),
        (b"", None, "", "no column"),
    ],
)
def test_what_is_not_onets_is_refused(statements, ratings, occupation, said):
    with pytest.raises(RefusedError, match=said):
        read_onet(statements, ratings, occupation)


def test_what_changed_since_is_open_again_and_proposed_anew(app_context):
    study, dora = make_study()
    area = areas.add_area(dora, study.id, areas.NewArea("1", "Work"))
    texts = ("Plan the budget of the district.", "Test the backups every month.", "Report to the school board.")
    made = [
        acts.add_task(dora, study.id, code=f"1.{n}", words=acts.TaskWords(text, "", area.id))
        for n, text in enumerate(texts)
    ]
    former = service.add_list(
        dora, study.id, service.NewList("Old", texts=[service.FormerText(t[:4], t) for t in texts])
    )
    service.accept(dora, study.id, former.id, which="same")
    words = acts.TaskWords("Test the backups every week.", "", area.id)
    acts.edit_task(dora, study.id, made[1].id, words, version=made[1].version)
    acts.retire_task(dora, study.id, made[2].id, reason="Gone")
    walk = service.load_crosswalk(study.id, former.id)
    assert [line.outdated for line in walk.lines] == ["", "Task reworded since", "Task retired since"]
    assert (walk.n_open, service.accept(dora, study.id, former.id, which="same")) == (2, 0)
    assert propose_again(dora, study.id, former.id) == 2
    lines = service.load_crosswalk(study.id, former.id).lines
    assert [(line.relation, line.decided) for line in lines] == [
        ("same", True),
        ("reworded", False),
        ("retired", False),
    ]


def test_an_occupation_seeds_the_inventory_in_one_act_with_its_attribution(app_context):
    from jta.services.inventory_log import last_change
    from jta.services.inventory_undo import why_not

    study, dora = make_study()
    former = import_onet(dora, study.id, STATEMENTS, RATINGS, seed=True)
    tasks = inv.live_tasks(study.id)
    assert (len(tasks), tasks[0].code, ATTRIBUTION in tasks[0].source) == (17, "O968", True)
    assert service.load_crosswalk(study.id, former.id).counts["same"] == 17
    assert former.source == ATTRIBUTION
    assert why_not(last_change(study.id)) == ""
    with pytest.raises(InvalidInputError) as caught:
        import_onet(dora, study.id, b"no", None)
    assert caught.value.field == "statements"


@pytest.fixture(scope="module")
def compared(sqlite_template, tmp_path_factory):
    """Two cycles with analyses of sixty responses each, on SQLite: the second is a clone of the first."""
    import shutil

    from jta import create_app
    from tests.conftest import make_settings

    folder = tmp_path_factory.mktemp("cycles")
    shutil.copy(sqlite_template, folder / "jta.sqlite")
    app = create_app(make_settings(f"sqlite:///{folder / 'jta.sqlite'}"), instance=folder)
    with app.app_context():
        from jta.services import blueprint, results, review

        study, actors = make_closed_study(60)
        review.freeze_dataset(actors["psychometrician"], study.id)
        run = results.analyze_dataset(actors["psychometrician"], study.id, 1)
        blueprint.propose(actors["director"], study.id, run.id)
        yield study, actors


def test_a_former_study_brings_its_figures_and_a_comparison_shows_n_on_both_sides(compared):
    study, actors = compared
    dora = actors["director"]
    made = clone_study(dora, study.id, title="Next")
    former = service.list_former(made.id)[0]
    figures = former.statements[0].figures
    assert figures["importance"]["n"] >= 10
    assert 0 <= figures["performing"]["share"] <= 1
    assert [row["code"] for row in former.weights] == ["1", "2", "3"]
    assert sum(row["items"] for row in former.weights) == 100
    empty = compare_cycles(made, former.id, frozenset({"director"}))
    assert (empty.run, empty.lines, empty.n_undecided) == (None, [], 100)


def test_only_decided_same_or_reworded_tasks_are_compared(compared):
    study, actors = compared
    dora = actors["director"]
    own = sources.texts_of_study(study)
    texts = [service.FormerText(t.code, t.statement, t.domain, t.figures) for t in own[:20]]
    new = service.NewList("Itself", texts=texts, weights=sources.weights_of_study(study))
    former = service.add_list(dora, study.id, new)
    assert compare_cycles(study, former.id, frozenset({"director"})).lines == []
    service.accept(dora, study.id, former.id, which="same")
    found = compare_cycles(study, former.id, frozenset({"director"}))
    assert (len(found.lines), found.n_undecided, found.overlap) == (20, 0, pytest.approx(1))
    assert found.correlation.r == pytest.approx(1)
    assert found.correlation.n == sum(line.difference is not None for line in found.lines)
    assert all(line.difference == pytest.approx(0) for line in found.lines if line.difference is not None)
    n_performed, n_known = found.performed_by_half
    assert 0 < n_performed <= n_known <= 20
