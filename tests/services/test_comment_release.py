"""Comments leave only when each was read and kept or struck, without a name, in a file that nothing joins."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest

from jta import clock
from jta.db import db
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.models.delivery import Person
from jta.models.response import Answer, Response
from jta.models.survey import Question, SurveyPage
from jta.services.comment_release import Typed, decide_comments, load_review, release_comments
from jta.services.comment_words import Masker
from jta.services.review import freeze_dataset
from tests.factories import post, signed_in_client
from tests.services.closed_study import make_closed_study


def written(study, n: int, code: str = "more", position: int = 90) -> list[str]:
    """Store a question that n respondents answered in words, one of them with a name and an address in it."""
    page = db.session.query(SurveyPage).filter_by(study_id=study.id, kind="questions").first()
    question = Question(
        study_id=study.id, page_id=page.id, code=code, prompt=f"Anything {code}?", kind="text", position=position
    )
    db.session.add(question)
    db.session.flush()
    person = db.session.query(Person).filter_by(study_id=study.id).first()
    responses = db.session.query(Response).filter(Response.submitted_at.is_not(None)).order_by(Response.id).limit(n)
    texts = [f"Comment {code} number {i}." for i in range(n)]
    texts[0] = f"Ask {person.name.upper()} (me@district.example, 555-010-7788) about it."
    for response, text in zip(responses, texts, strict=True):
        db.session.add(Answer(response_id=response.id, question_id=question.id, text=text, saved_at=clock.now()))
    db.session.commit()
    return texts


@pytest.fixture
def frozen(app_context):
    study, actors = make_closed_study(30)
    written(study, 12)
    written(study, 9, "few", 91)
    freeze_dataset(actors["psychometrician"], study.id, minimum_share=0.0)
    return study, actors["director"]


def keep_all(review, *strike: str) -> list[Typed]:
    return [
        Typed(c.mark, c.verdict, "strike" if c.mark in strike else "keep", "Names a school" if c.mark in strike else "")
        for c in review.comments
    ]


def test_each_comment_is_kept_or_struck_before_the_file_is_made(frozen):
    study, director = frozen
    review = load_review(study.id, 1)
    assert [(one.n, len(one.comments)) for one in review.asked] == [(12, 12), (9, 0)]
    with pytest.raises(StateError, match="12 of 12 comments are not decided yet"):
        release_comments(director, study.id, 1)
    first = review.comments[0]
    with pytest.raises(InvalidInputError, match="Say why"):
        decide_comments(director, study.id, 1, [Typed(first.mark, "", "strike", " ")])
    assert load_review(study.id, 1).count("") == 12
    assert decide_comments(director, study.id, 1, keep_all(review, first.mark)) == 12
    with pytest.raises(EditConflictError):
        decide_comments(director, study.id, 1, [Typed(first.mark, "", "keep", "")])
    assert decide_comments(director, study.id, 1, keep_all(load_review(study.id, 1), first.mark)) == 0
    document = release_comments(director, study.id, 1)
    with zipfile.ZipFile(io.BytesIO(document.content)) as pack:
        rows = list(csv.DictReader(io.StringIO(pack.read("comments.csv").decode("utf-8-sig"))))
        about = pack.read("README.txt").decode()
    assert len(rows) == 11
    assert {row["question"] for row in rows} == {"more"}
    assert [row["comment_id"] for row in rows] == sorted(row["comment_id"] for row in rows)
    assert first.text not in [row["comment"] for row in rows]
    assert "withheld: fewer than 10 people" in about
    whole = " ".join(row["comment"] for row in rows) + about
    codes = [code for (code,) in db.session.query(Response.code)]
    assert not [code for code in codes if code in whole]
    assert "district.example" not in whole
    again = release_comments(director, study.id, 1)
    with zipfile.ZipFile(io.BytesIO(again.content)) as pack:
        names = {
            row["comment_id"] for row in csv.DictReader(io.StringIO(pack.read("comments.csv").decode("utf-8-sig")))
        }
    assert not names & {row["comment_id"] for row in rows}


def test_names_of_the_roster_addresses_and_numbers_are_taken_out(frozen):
    study, _ = frozen
    masked = [comment.text for comment in load_review(study.id, 1).comments if comment.masked]
    assert masked == ["Ask [removed] ([removed], [removed]) about it."]
    masker = Masker(["Ana Ray", "Ray", "Elm  District"])
    assert masker.mask("ana ray of ELM district; X-ray, arrays, Ana Rayson") == (
        "[removed] of [removed]; X-ray, arrays, Ana Rayson"
    )
    assert masker.mask("See www.elm.org or a.b+c@x.org, 3,000 pupils in 2024-25") == (
        "See [removed] or [removed], 3,000 pupils in 2024-25"
    )


def test_a_smallest_group_of_fifteen_withholds_more(frozen):
    study, _ = frozen
    study.smallest_group = 15
    db.session.commit()
    review = load_review(study.id, 1)
    assert review.comments == ()
    assert "15 people or more" in review.refused


def test_the_page_keeps_what_was_typed_and_hands_the_file_out(sqlite_app):
    with sqlite_app.app_context():
        study, actors = make_closed_study(30)
        written(study, 12)
        freeze_dataset(actors["psychometrician"], study.id, minimum_share=0.0)
        address = f"/studies/{study.id}/data-sets/1/comments"
    reviewer = signed_in_client(sqlite_app, "pia@example.org")
    page = reviewer.get(address).text
    assert page.count("<blockquote>") == 12
    marks = re.findall(r'name="(comments-\d+-mark)" type="hidden" value="(\w+)"', page)
    typed = {name: value for name, value in marks} | {f"comments-{n}-seen": "" for n in range(12)}
    typed |= {f"comments-{n}-verdict": "keep" for n in range(12)}
    wrong = post(reviewer, address, typed | {"comments-3-verdict": "strike", "comments-4-reason": "Later"})
    assert wrong.status_code == 422
    assert 'value="Later"' in wrong.text
    assert post(reviewer, address, typed).status_code == 303
    assert "Every comment is decided" in reviewer.get(address).text
    made = post(reviewer, f"{address}/file", form_page=address)
    assert reviewer.get(made.location).mimetype == "application/zip"
    assert signed_in_client(sqlite_app, "arno@example.org").get(address).status_code == 404
    assert signed_in_client(sqlite_app, "dora@example.org").get(address).status_code in (403, 404)
