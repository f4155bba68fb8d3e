"""The director's languages pages: add one, translate here and in Excel, nothing is wiped, frozen at launch."""

from __future__ import annotations

import io

import openpyxl
import pytest

from jta.audit import SYSTEM
from jta.db import db
from jta.errors import EditConflictError
from jta.models.study import Study
from jta.models.survey import Translation
from jta.services import translations
from tests.factories import csrf_from
from tests.views.survey_tools import client_of, staffed_study


@pytest.fixture
def made(app):
    return staffed_study(app, n_tasks=2, n_people=0, launched=False)


def page_of(study_id: int, rest: str = "") -> str:
    return f"/studies/{study_id}/survey/languages{rest}"


def texts(app, language: str = "es") -> dict[str, str]:
    with app.app_context():
        return {row.key: row.text for row in db.session.scalars(db.select(Translation).filter_by(language=language))}


def add(client, study_id: int, code: str = "es"):
    token = csrf_from(client.get(page_of(study_id)).text)
    return client.post(page_of(study_id), data={"csrf_token": token, "code": code})


def test_a_language_is_added_translated_and_previewed(app, made):
    client = client_of(app)
    assert "One language so far" in client.get(page_of(made.study_id)).text
    assert add(client, made.study_id).status_code == 303
    page = client.get(page_of(made.study_id, "/es?show=missing")).text
    assert "consent" in page
    data = {"csrf_token": csrf_from(page), "text:study:title": "Título nuevo", "version:study:title": "0"}
    assert client.post(page_of(made.study_id, "/es"), data=data).status_code == 303
    assert texts(app) == {"study:title": "Título nuevo"}
    assert "Título nuevo" in client.get(f"/studies/{made.study_id}/survey/preview?lang=es").text
    assert "Título nuevo" not in client.get(f"/studies/{made.study_id}/survey/preview?lang=xx").text


@pytest.mark.parametrize("code", ["klingon", "", "es es", "<b>", "en", "x" * 40])
def test_what_is_no_other_language_is_refused(app, made, code):
    assert add(client_of(app), made.study_id, code).status_code == 422


def test_two_people_do_not_overwrite_each_other(app, made):
    client = client_of(app)
    add(client, made.study_id)
    with app.app_context():
        translations.save_texts(SYSTEM, made.study_id, "es", {"consent": "Uno"}, {"consent": 0})
        with pytest.raises(EditConflictError) as caught:
            translations.save_texts(SYSTEM, made.study_id, "es", {"consent": "Dos"}, {"consent": 0})
    assert ("Uno" in caught.value.theirs, "Dos" in caught.value.yours) == (True, True)
    assert texts(app) == {"consent": "Uno"}


def test_the_workbook_comes_back_and_wipes_nothing(app, made):
    client = client_of(app)
    add(client, made.study_id)
    with app.app_context():
        translations.save_texts(SYSTEM, made.study_id, "es", {"consent": "Uno"}, {"consent": 0})
    book = client.get(page_of(made.study_id, "/es/texts.xlsx"))
    upload = client.get(page_of(made.study_id, "/es/upload")).text
    sent = {"csrf_token": csrf_from(upload), "file": (io.BytesIO(book.data), "back.xlsx")}
    assert "Nothing to import" in client.post(page_of(made.study_id, "/es/upload"), data=sent).text
    rows = b'key,source,translation\nstudy:title,Other words,"=1+1 <b>"\nconsent,,\nnot:a:key,,x\n'
    sent = {"csrf_token": csrf_from(upload), "file": (io.BytesIO(rows), "back.csv")}
    preview = client.post(page_of(made.study_id, "/es/upload"), data=sent)
    assert preview.status_code == 200
    assert "reworded since" in preview.text
    assert "&lt;b&gt;" in preview.text
    assert texts(app) == {"consent": "Uno"}
    token = preview.text.split('name="token" type="hidden" value="')[1].split('"')[0]
    form = {"csrf_token": csrf_from(preview.text), "token": token}
    assert client.post(page_of(made.study_id, "/es/apply"), data=form).status_code == 303
    assert texts(app) == {"consent": "Uno", "study:title": "=1+1 <b>"}
    assert client.post(page_of(made.study_id, "/es/apply"), data=form).status_code == 303  # again is harmless
    doubled = b"key,translation\nconsent,a\nconsent,b\n"
    sent = {"csrf_token": csrf_from(upload), "file": (io.BytesIO(doubled), "back.csv")}
    assert client.post(page_of(made.study_id, "/es/upload"), data=sent).status_code == 422


def test_paragraphs_and_labels_without_letters_come_back_from_the_workbook(app, made):
    client = client_of(app)
    add(client, made.study_id)
    book = openpyxl.load_workbook(io.BytesIO(client.get(page_of(made.study_id, "/es/texts.xlsx")).data))
    sheet = book.worksheets[0]
    given = {"consent": "Uno.\n\nDos.", "study:title": "1–5"}
    for row in sheet.rows:
        row[2].value = given.get(row[0].value, row[2].value)
    filled = io.BytesIO()
    book.save(filled)
    upload = client.get(page_of(made.study_id, "/es/upload")).text
    sent = {"csrf_token": csrf_from(upload), "file": (io.BytesIO(filled.getvalue()), "back.xlsx")}
    preview = client.post(page_of(made.study_id, "/es/upload"), data=sent).text
    assert "reworded since" not in preview
    token = preview.split('name="token" type="hidden" value="')[1].split('"')[0]
    client.post(page_of(made.study_id, "/es/apply"), data={"csrf_token": csrf_from(preview), "token": token})
    assert texts(app) == given


def test_a_removed_language_keeps_its_translations(app, made):
    client = client_of(app)
    add(client, made.study_id)
    with app.app_context():
        translations.save_texts(SYSTEM, made.study_id, "es", {"consent": "Uno"}, {"consent": 0})
    token = csrf_from(client.get(page_of(made.study_id, "/es/remove")).text)
    assert client.post(page_of(made.study_id, "/es/remove"), data={"csrf_token": token}).status_code == 303
    assert client.get(page_of(made.study_id, "/es")).status_code == 404
    add(client, made.study_id)
    assert "Uno" in client.get(page_of(made.study_id, "/es")).text


def test_a_launch_freezes_the_languages(app):
    made = staffed_study(app, n_tasks=1, n_people=0, launched=True)
    with app.app_context():
        db.session.get_one(Study, made.study_id).languages = ["en", "es"]
        db.session.commit()
    client = client_of(app)
    page = client.get(page_of(made.study_id, "/es")).text
    assert "frozen" in page
    token = csrf_from(client.get("/account/profile").text)
    data = {"csrf_token": token, "text:consent": "Uno", "version:consent": "0"}
    assert client.post(page_of(made.study_id, "/es"), data=data).status_code == 409
    assert texts(app) == {}
