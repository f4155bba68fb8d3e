"""Ratings collected elsewhere: mapped, previewed, taken in as one act, and the same file twice changes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from analysis.plan import AnalysisPlan
from jta import clock
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.collected import CollectedResponse, RatingFile
from jta.models.response import Answer, AnswerChange, Rating, RatingChange, Response
from jta.models.study import Stratum, Study
from jta.services import collect, collect_apply, collect_mappings, results, review, screening
from jta.services.study_stage import BEFORE_LAUNCH
from tests.services.study_factory import FREQUENCY, IMPORTANCE
from tests.services.study_factory import make_study as make_bare_study
from tests.services.test_delivery import DORA


def make_study(**options):
    """A study with a saved plan, ready to be frozen."""
    made = make_bare_study(**options)
    study = db.session.get_one(Study, made.study_id)
    study.plan = AnalysisPlan(items=50, bootstrap_resamples=200, conditional_rasch="off").to_dict()
    db.session.commit()
    return made


def wide_csv(n: int = 3, *, tasks: int = 4, changed: bool = False, start: int = 0) -> bytes:
    """A file as Qualtrics exports it: three header rows, labels as values, the second respondent not finished."""
    codes = [f"{1 + t // 2}.1.{1 + t % 2}" for t in range(tasks)]
    names = ["StartDate", "EndDate", "Finished", "ResponseId", "RecipientEmail", "years"]
    texts = ["Start Date", "End Date", "Finished", "Response ID", "Recipient Email", "How long have you been a pilot?"]
    for scale in ("How often do you perform this task?", "How important is this task in your work?"):
        for t, code in enumerate(codes):
            names.append(f"{'F' if scale.startswith('How often') else 'I'}_{t + 1}")
            texts.append(f"{scale} - {code} of the list")
    imports = [f'"{{""ImportId"":""{name}""}}"' for name in names]
    rows = []
    for r in range(start, start + n):
        f = [FREQUENCY[(r + t) % 6] for t in range(tasks)]
        i = [IMPORTANCE[(r + t + changed) % 5] for t in range(tasks)]
        years = "Under 5 years" if r % 2 else "Over 15 years"
        done = "False" if r == 1 else "True"
        rows.append([f"2030-03-01 10:{r % 60:02}:00", f"2030-03-01 11:{r % 60:02}:30", done, f"R_{r:05}",
                     f"p{r}@example.org", years, *f, *i])  # fmt: skip
    lines = [names, texts, imports, *rows]
    return "\n".join(",".join(line) for line in lines).encode()


def mapped(made, data: bytes, name: str = "export.csv") -> int:
    """Upload and accept what was guessed; return the version of the file."""
    file = collect.upload_file(DORA, made.study_id, data, name)
    collect_apply.read_through(DORA, made.study_id, version=file.version)
    return collect.load_work(made.study_id).file.version


def take(made, data: bytes) -> dict[str, int]:
    return collect_apply.apply_file(DORA, made.study_id, version=mapped(made, data))


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


def test_a_file_is_taken_in_and_the_study_goes_on_like_any_other(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    counts = take(made, wide_csv(12))
    assert (counts["new respondents"], counts["new ratings"]) == (12, 12 * 8)
    study = db.session.get_one(Study, made.study_id)
    assert study.stage == "closed"
    responses = list(db.session.scalars(select(Response).order_by(Response.id)))
    assert all(r.person_id is None for r in responses)
    assert [r.submitted_at is None for r in responses].count(True) == 1
    first = responses[0]
    assert (first.submitted_at - first.started_at).total_seconds() == 3630
    assert first.started_at.hour == 16  # ten o'clock in Chicago
    review.freeze_dataset(DORA, made.study_id)
    run = results.analyze_dataset(DORA, made.study_id, 1)
    assert run.summary


def test_the_preview_writes_nothing_and_counts_what_the_import_does(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    mapped(made, wide_csv(5))
    preview = collect.load_work(made.study_id).file.preview
    assert (preview["people"], preview["ratings"], preview["submitted"], preview["problems"]) == (5, 40, 4, [])
    assert (preview["by_scale"], preview["unrated"]) == ([["Frequency", 20], ["Importance", 20]], [])
    assert count(Response) == count(Rating) == 0
    assert db.session.get_one(Study, made.study_id).stage in BEFORE_LAUNCH


def test_the_same_file_twice_changes_nothing(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    take(made, wide_csv(4))
    before = count(Rating), count(RatingChange), count(Response), count(Answer)
    mapped(made, wide_csv(4))
    work = collect.load_work(made.study_id)
    assert work.file.preview["anything"] is False
    counts = collect_apply.apply_file(DORA, made.study_id, version=work.file.version)
    assert (counts["unchanged respondents"], counts["unchanged ratings"]) == (4, 32)
    assert (count(Rating), count(RatingChange), count(Response), count(Answer)) == before


def test_a_later_file_adds_respondents_and_keeps_what_it_replaces(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    take(made, wide_csv(2))
    counts = take(made, wide_csv(3, changed=True))
    assert (counts["new respondents"], counts["changed respondents"], counts["changed ratings"]) == (1, 2, 8)
    assert count(RatingChange) == 8
    changed = db.session.scalars(select(Rating).where(Rating.version == 2)).all()
    assert len(changed) == 8


def test_a_background_answer_that_changes_keeps_its_earlier_value(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    take(made, wide_csv(2))
    counts = take(made, wide_csv(2).replace(b"Under 5 years", b"5 to 15 years"))
    assert (counts["changed respondents"], counts["changed ratings"]) == (1, 0)
    change = db.session.scalars(select(AnswerChange)).one()
    answer = db.session.scalar(select(Answer).where(Answer.response_id == change.response_id))
    assert (change.version, answer.version, answer.choice_id != change.choice_id) == (1, 2, True)


def test_a_blank_cell_never_wipes_a_rating(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    take(made, wide_csv(2))
    text = wide_csv(2).decode().replace(FREQUENCY[1], "")
    counts = take(made, text.encode())
    assert (counts["changed ratings"], counts["new ratings"]) == (0, 0)
    assert count(Rating) == 16


def test_ids_and_addresses_of_the_file_are_not_stored(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    take(made, wide_csv(2))
    kept = [repr(row) for name, t in db.metadata.tables.items() for row in db.session.execute(t.select())]
    assert not any("R_00001" in row or "p1@example.org" in row for row in kept)
    file = db.session.scalars(select(RatingFile)).one()
    assert (file.state, file.content) == ("imported", None)
    assert len(file.file_hash) == 64


def test_withdrawn_respondents_do_not_come_back(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    take(made, wide_csv(2))
    response = db.session.scalars(select(Response).order_by(Response.id)).first()
    response.withdrawn_at = clock.now()
    db.session.query(Rating).filter_by(response_id=response.id).delete()
    db.session.commit()
    counts = take(made, wide_csv(2))
    assert counts["withdrew (left alone)"] == 1
    assert count(Rating) == 8


def test_a_value_without_meaning_stops_the_import_with_its_row(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    data = wide_csv(3).decode().replace("p1@example.org,Under 5 years", "p1@example.org,yesterday").encode()
    version = mapped(made, data)
    preview = collect.load_work(made.study_id).file.preview
    assert [(p["row"], p["column"]) for p in preview["problems"]] == [(5, "years")]
    with pytest.raises(InvalidInputError, match="problems"):
        collect_apply.apply_file(DORA, made.study_id, version=version)
    assert count(Response) == 0
    groups = {g.group: {t: c for t, _, c in g.values if c is not None} for g in
              collect.value_groups(collect.load_work(made.study_id))}  # fmt: skip
    groups["question:years"]["yesterday"] = ""
    collect.set_values(DORA, made.study_id, groups, version=version)
    collect_apply.read_through(DORA, made.study_id, version=version + 1)
    counts = collect_apply.apply_file(DORA, made.study_id, version=version + 2)
    assert counts["new respondents"] == 3
    assert count(Answer) == 2


def test_a_page_that_is_stale_saves_nothing(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    version = mapped(made, wide_csv(2))
    with pytest.raises(EditConflictError):
        collect.set_values(DORA, made.study_id, {}, version=version - 1)
    with pytest.raises(EditConflictError):
        collect_apply.apply_file(DORA, made.study_id, version=version - 1)


def test_a_mapping_serves_the_next_file(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    version = mapped(made, wide_csv(2))
    work = collect.load_work(made.study_id)
    roles, tasks = dict(work.mapping.roles), dict(work.mapping.tasks)
    gone = max(tasks)
    del roles[gone], tasks[gone]
    collect.set_columns(DORA, made.study_id, roles=roles, tasks=tasks, layout="wide", version=version)
    saved = collect_mappings.save_mapping(DORA, made.study_id, " Qualtrics 2030 ")
    assert saved.name == "Qualtrics 2030"
    file = collect.upload_file(DORA, made.study_id, wide_csv(3), "next.csv")
    found, whole = collect_mappings.use_mapping(DORA, made.study_id, saved.id, version=file.version)
    assert (found, whole) == (len(roles), len(roles))
    assert gone not in collect.load_work(made.study_id).mapping.roles
    with pytest.raises(InvalidInputError, match="Choose"):
        collect_mappings.use_mapping(DORA, made.study_id, saved.id + 1, version=file.version + 1)


@pytest.mark.parametrize(
    ("roles", "tasks", "message"),
    [
        ({0: "respondent", 1: "respondent"}, {}, "Two columns"),
        ({0: "respondent"}, {}, "at least one column"),
        ({0: "rating:importance"}, {0: "9.9"}, "no task 9.9"),
        ({0: "rating:importance", 1: "rating:importance"}, {0: "1.1.1", 1: "1.1.1"}, "already has a column"),
        ({0: "task", 1: "value"}, {}, "respondent, scale"),
    ],
)
def test_columns_that_cannot_be_read_together_are_refused(app_context, roles, tasks, message):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    file = collect.upload_file(DORA, made.study_id, wide_csv(2), "export.csv")
    layout = "long" if "value" in roles.values() else "wide"
    with pytest.raises(InvalidInputError, match=message):
        collect.set_columns(DORA, made.study_id, roles=roles, tasks=tasks, layout=layout, version=file.version)


def test_strata_come_from_their_column(app_context):
    made = make_study(n_tasks=2, n_people=0, launched=False)
    data = b"id,stratum,1.1.1 importance,2.1.1 importance\na,Small harbours,5,4\nb,,3,2\n"
    take(made, data)
    stratum = db.session.scalars(select(Stratum.id).where(Stratum.study_id == made.study_id)).one()
    found = db.session.scalars(select(Response.stratum_id).order_by(Response.id)).all()
    assert sorted(found, key=str) == sorted([stratum, None], key=str)


def test_one_rating_a_row(app_context):
    made = make_study(n_tasks=2, n_people=0, launched=False)
    data = b"respondent;task;scale;value\na;1.1.1;Importance;5\na;1.1.1;frequency;0\nb;2.1.1;importance;2\n"
    assert take(made, data)["new ratings"] == 3


def test_no_ratings_while_the_survey_is_open_or_the_answers_are_frozen(app_context):
    made = make_study(n_tasks=4, n_people=1)
    with pytest.raises(StateError, match="open"):
        collect.upload_file(DORA, made.study_id, wide_csv(2), "export.csv")
    other = make_study(n_tasks=4, n_people=0, launched=False)
    take(other, wide_csv(12))
    review.freeze_dataset(DORA, other.study_id)
    with pytest.raises(StateError, match="frozen"):
        collect.upload_file(DORA, other.study_id, wide_csv(2), "export.csv")
    assert collect.why_closed(db.session.get_one(Study, other.study_id))


def test_another_file_takes_the_place_of_the_one_at_work(app_context):
    made = make_study(n_tasks=4, n_people=0, launched=False)
    collect.upload_file(DORA, made.study_id, wide_csv(2), "one.csv")
    collect.upload_file(DORA, made.study_id, wide_csv(3), "two.csv")
    assert collect.load_work(made.study_id).file.name == "two.csv"
    collect.discard_file(DORA, made.study_id)
    states = db.session.execute(select(RatingFile.state, RatingFile.content)).all()
    assert states == [("discarded", None)] * 2
    with pytest.raises(NotFoundError):
        collect.load_work(made.study_id)


def test_the_same_id_in_two_studies_has_two_marks(app_context):
    for _ in range(2):
        take(make_study(n_tasks=4, n_people=0, launched=False), wide_csv(1))
    marks = db.session.scalars(select(CollectedResponse.source_key)).all()
    assert len(set(marks)) == 2


def test_without_times_nobody_is_called_too_fast(app_context):
    made = make_study(n_tasks=2, n_people=0, launched=False)
    rows = [f"{n},{1 + n % 5},{1 + n % 4}" for n in range(12)]
    take(made, ("id,1.1.1 importance,2.1.1 importance\n" + "\n".join(rows)).encode())
    found = screening.screen(made.study_id)
    assert "too_fast" in found.not_judged
    assert not any(flag.rule == "too_fast" for response in found.responses for flag in response.flags)
