"""The pages of the survey builder: what they show and what their buttons do."""

from __future__ import annotations

import re

from sqlalchemy import select

from jta.db import db
from jta.models.survey import QUESTION_KINDS, SurveyPage
from jta.services.survey_library import PAGES
from tests.factories import post
from tests.views.survey_tools import client_of, staffed_study


def home(made) -> str:
    return f"/studies/{made.study_id}/survey/build"


def page_id(app, made, title: str) -> int:
    with app.app_context():
        found = select(SurveyPage.id).where(SurveyPage.study_id == made.study_id, SurveyPage.title == title)
        return db.session.scalars(found.order_by(SurveyPage.id.desc())).first()


def test_every_page_of_the_library_is_added_and_shown(app):
    made = staffed_study(app)
    client = client_of(app)
    for key, ready in PAGES.items():
        reply = post(client, f"{home(made)}/pages", {"key": key}, form_page=home(made))
        assert reply.status_code == 303, key
        page = client.get(home(made))
        assert page.status_code == 200
        assert ready.title in page.text


def test_a_question_of_every_kind_is_written_and_a_screener_comes_first(app):
    made = staffed_study(app)
    client = client_of(app)
    for key in ("questions", "screener"):
        post(client, f"{home(made)}/pages", {"key": key}, form_page=home(made))
    path = f"{home(made)}/pages/{page_id(app, made, 'Questions')}"
    for kind in QUESTION_KINDS:
        form_page = f"{path}/questions?kind={kind}"
        given = {"prompt": f"Asked as {kind}"} | ({"more": "Tugs\nCranes"} if kind in ("single", "multiple") else {})
        assert post(client, form_page, given, form_page=form_page).status_code == 303, kind
        assert f"Asked as {kind}" in client.get(path).text
    titles = re.findall(r"\d\. <a [^>]*>([^<]+)", client.get(home(made)).text)
    assert titles[:2] == ["Welcome", "Before you begin"]
