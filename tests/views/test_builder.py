"""The pages of the survey builder: what they show and what their buttons do."""

from __future__ import annotations

from sqlalchemy import select

from jta.db import db
from jta.models.survey import SurveyPage
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
