"""Building a survey before launch, its pilot, and wordings put right after launch."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jta import clock
from jta.audit import Actor
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.account import Membership
from jta.models.response import Answer, Response
from jta.models.study import Study
from jta.models.survey import SurveyPage
from jta.services import survey_builder as pages
from jta.services import survey_copy, survey_launch, survey_pilot, survey_wording, translations
from jta.services import survey_questions as questions
from jta.services import survey_scales as scales
from jta.services.content import survey_texts
from jta.services.instrument import build_content, list_pages, list_scales
from jta.services.review_inclusion import list_candidates
from jta.services.survey_places import text_places
from jta.services.survey_questions import ChoiceText, QuestionText
from tests.factories import make_user
from tests.services.study_factory import make_study

DORA = Actor("Dora", "director")
YES_NO = (ChoiceText("Yes"), ChoiceText("No"))


def planned(**more: object):
    from analysis.plan import AnalysisPlan

    made = make_study(launched=False, **more)
    db.session.get_one(Study, made.study_id).plan = AnalysisPlan().to_dict()
    db.session.commit()
    return made


def kinds(made) -> list[str]:
    return [page.kind for page in list_pages(made.study_id)]


def about_you(made) -> SurveyPage:
    return next(page for page in list_pages(made.study_id) if page.kind == "questions")


def test_pages_are_added_moved_removed_and_brought_back_between_welcome_and_thanks(app_context):
    made = planned()
    points = pages.add_page(DORA, made.study_id, "points")
    assert kinds(made) == ["welcome", "questions", "ratings", "points", "thanks"]
    for _ in range(5):
        pages.move_page(DORA, made.study_id, points.id, up=True)
    assert kinds(made) == ["welcome", "points", "questions", "ratings", "thanks"]
    with pytest.raises(InvalidInputError):
        pages.add_page(DORA, made.study_id, "points")
    pages.remove_page(DORA, made.study_id, points.id)
    assert "points" not in kinds(made)
    again = pages.add_page(DORA, made.study_id, "points")
    with pytest.raises(StateError, match="already"):
        pages.restore_page(DORA, made.study_id, points.id)
    pages.remove_page(DORA, made.study_id, again.id)
    pages.restore_page(DORA, made.study_id, points.id)
    assert sorted(kinds(made)[1:-1]) == ["points", "questions", "ratings"]
    welcome = list_pages(made.study_id)[0]
    with pytest.raises(StateError):
        pages.remove_page(DORA, made.study_id, welcome.id)


def test_an_older_page_cannot_write_over_a_newer_one(app_context):
    made = planned()
    page = about_you(made)
    seen = page.version
    pages.edit_page(DORA, made.study_id, page.id, pages.PageText("You"), version=seen)
    with pytest.raises(EditConflictError) as conflict:
        pages.edit_page(DORA, made.study_id, page.id, pages.PageText("Yourself"), version=seen)
    assert ("You" in conflict.value.theirs, "Yourself" in conflict.value.yours) == (True, True)


def test_codes_of_questions_and_choices_are_made_from_words_and_never_change(app_context):
    made = planned()
    page = about_you(made)
    question = questions.add_question(
        DORA, made.study_id, page.id, QuestionText("Do you hold a licence?", choices=YES_NO), kind="single"
    )
    assert (question.code, [c.code for c in question.choices]) == ("do_you_hold_a", ["yes", "no"])
    yes, no = question.choices
    words = QuestionText(
        "Do you hold a valid licence?",
        choices=(ChoiceText("Not yet", no.id), ChoiceText("Yes, I do", yes.id), ChoiceText("Yes")),
    )
    version = question.version
    questions.edit_question(DORA, made.study_id, question.id, words, version=version)
    db.session.expire_all()
    question = questions.get_question(made.study_id, question.id)
    assert [(c.code, c.label) for c in question.choices] == [("no", "Not yet"), ("yes", "Yes, I do"), ("yes_2", "Yes")]
    with pytest.raises(EditConflictError):
        questions.edit_question(
            DORA, made.study_id, question.id, QuestionText("Other", choices=YES_NO), version=version
        )
    with pytest.raises(InvalidInputError, match="Another"):
        questions.add_question(DORA, made.study_id, page.id, QuestionText("X"), kind="text", code="do_you_hold_a")
    agreed = questions.add_question(DORA, made.study_id, page.id, QuestionText("It is useful."), kind="agreement")
    assert [c.code for c in agreed.choices] == ["1", "2", "3", "4", "5"]
    with pytest.raises(NotFoundError):
        questions.get_question(made.study_id + 1, question.id)


def test_scales_come_from_the_library_or_from_the_director(app_context):
    made = planned()
    testing = scales.add_library_scale(DORA, made.study_id, "testing")
    own = scales.OwnScale("Harm", "How much harm?", ("None", "Some", "Much"), first=0)
    harm = scales.add_own_scale(DORA, made.study_id, own)
    assert [(a.code, a.value) for a in harm.anchors] == [("0", 0.0), ("1", 1.0), ("2", 2.0)]
    with pytest.raises(InvalidInputError, match="same"):
        scales.add_own_scale(DORA, made.study_id, scales.OwnScale("X", "Y", ("A", "a")))
    scales.move_scale(DORA, made.study_id, harm.id, up=True)
    assert [s.code for s in list_scales(made.study_id, "task")] == ["frequency", "harm", "importance"]
    scales.set_scale_removed(DORA, made.study_id, testing.id, removed=True)
    assert list_scales(made.study_id, "ksa") == []
    assert scales.add_library_scale(DORA, made.study_id, "testing").id == testing.id


def test_a_survey_is_copied_from_a_study_that_one_may_read_and_from_no_other(app_context):
    made, other = planned(), planned()
    user = make_user("dora2@example.org")
    pages.add_page(DORA, other.study_id, "coverage")
    actor = Actor(user.name, "director", user.id)
    with pytest.raises(InvalidInputError):
        survey_copy.copy_survey(actor, made.study_id, other.study_id)
    db.session.add(Membership(user_id=user.id, study_id=other.study_id, role="director", granted_at=clock.now()))
    db.session.commit()
    copied = survey_copy.copy_survey(actor, made.study_id, other.study_id)
    assert (copied.pages, copied.questions, copied.scales) == (5, 2, 2)
    assert kinds(made) == kinds(other)
    with pytest.raises(StateError):
        pages.restore_page(DORA, made.study_id, pages.removed_pages(made.study_id)[0].id)


def test_a_pilot_freezes_the_survey_until_it_ends_and_its_responses_stay_apart(app_context):
    made = planned()
    page = about_you(made)
    pilot = survey_pilot.launch_pilot(DORA, made.study_id)
    with pytest.raises(StateError, match="pilot"):
        pages.edit_page(DORA, made.study_id, page.id, pages.PageText("Late"), version=page.version)
    response = Response(
        study_id=made.study_id, instrument_id=pilot.id, person_id=made.people[0], code="A", receipt="B",
        consent_hash="c", started_at=clock.now(), is_pilot=True,
    )  # fmt: skip
    db.session.add(response)
    db.session.flush()
    db.session.add(
        Answer(response_id=response.id, question_id=made.question_id, choice_id=made.choices[0], saved_at=clock.now())
    )
    db.session.commit()
    assert survey_pilot.load_pilot(made.study_id).started == 1
    survey_pilot.end_pilot(DORA, made.study_id)
    assert db.session.get_one(Study, made.study_id).stage == "survey"
    question = questions.get_question(made.study_id, made.question_id)
    left = tuple(ChoiceText(c.label, c.id, c.code) for c in question.choices[1:])
    with pytest.raises(StateError, match="pilot"):
        questions.edit_question(
            DORA, made.study_id, question.id, QuestionText(question.prompt, choices=left), version=question.version
        )
    main = survey_launch.launch(DORA, made.study_id)
    assert (main.number, main.kind) == (2, "main")
    assert list_candidates(made.study_id) == []


def test_a_wording_is_put_right_in_a_new_version_with_a_reason(app_context):
    made = planned()
    first = survey_launch.launch(DORA, made.study_id)
    key, seen = "scale:importance:title", "Importance"
    with pytest.raises(InvalidInputError, match="why"):
        survey_wording.change_wording(DORA, made.study_id, key, seen=seen, text="Weight", reason=" ")
    new = survey_wording.change_wording(DORA, made.study_id, key, seen=seen, text="Weight", reason="Clearer")
    assert (new.number, new.replaces_id, new.note) == (2, first.id, "Rating scale “Importance”: its name: Clearer")
    old, now = survey_texts(first.content), survey_texts(new.content)
    assert {k for k in now if now[k] != old[k]} == {key}
    with pytest.raises(EditConflictError):
        survey_wording.change_wording(DORA, made.study_id, key, seen=seen, text="Again", reason="x")
    for fixed in ("consent", "es/consent", "fr/scale:importance:title"):
        with pytest.raises(NotFoundError):
            survey_wording.change_wording(DORA, made.study_id, fixed, seen="a", text="b", reason="x")
    survey_launch.close(DORA, made.study_id)
    assert all(version.closed_at for version in survey_launch.versions(made.study_id))
    survey_launch.reopen(DORA, made.study_id, reason="More time")
    assert not any(version.closed_at for version in survey_launch.versions(made.study_id))


def test_a_translation_is_put_right_like_the_words_it_translates(app_context):
    made = planned()
    translations.add_language(DORA, made.study_id, "es")
    texts = {"scale:importance:title": "Inportancia", "consent": "Uno"}
    translations.save_texts(DORA, made.study_id, "es", texts, dict.fromkeys(texts, 0))
    first = survey_launch.launch(DORA, made.study_id)
    key = "es/scale:importance:title"
    editable = [one.key for one in survey_wording.editable_texts(first.content) if "/" in one.key]
    assert (editable, text_places(first.content)[key]) == ([key], "Rating scale “Importance”: its name (Spanish)")
    new = survey_wording.change_wording(DORA, made.study_id, key, seen="Inportancia", text="Importancia", reason="Typo")
    assert new.content["translations"]["es"] == texts | {"scale:importance:title": "Importancia"}
    assert survey_texts(new.content) == survey_texts(first.content)


def test_the_content_of_a_survey_with_every_page_has_its_parts(app_context):
    from jta.services.survey_library import PAGES

    made = planned()
    for key in pages.available_pages(made.study_id):
        pages.add_page(DORA, made.study_id, key)
    content = build_content(db.session.get_one(Study, made.study_id))
    found = {step["kind"]: step for step in content["steps"]}
    assert set(found) == {ready.kind for ready in PAGES.values()} | {"welcome", "thanks"}
    assert [d["code"] for d in found["points"]["domains"]] == ["1", "2"]
    assert [c["screens_out"] for c in found["screener"]["questions"][0]["choices"]] == [False, True]
    roles = [q["role"] for step in content["steps"] for q in step.get("questions", ())]
    assert {"coverage", "write_in", "comment"} <= set(roles)
    assert db.session.scalars(select(SurveyPage.id).where(SurveyPage.removed_at.is_not(None))).all() == []
