"""Every kind of page of a respondent, in each state and every look: enlarged, spaced, dark, from right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from jta import clock
from jta.db import db
from jta.models.sending import DeliverySettings, Registration
from jta.services import links
from tests.browser.devices import PHONE, opened
from tests.browser.looks import SMALL, faults_in_every_look
from tests.browser.survey_tools import DESK, option, wait_saved
from tests.live import serving
from tests.services.full_survey import FullStudy, make_full_study
from tests.services.study_factory import close_survey

pytestmark = pytest.mark.browser


def check(page: Page) -> None:
    """Nothing wrong in any look, one h1, answers large enough for a thumb."""
    page.wait_for_load_state()
    assert faults_in_every_look(page) == [], page.url
    assert page.locator("h1").count() == 1
    sizes = page.evaluate("[...document.querySelectorAll('.option')].map(o => o.getBoundingClientRect().height)")
    assert all(size >= 44 for size in sizes if size)


def send(page: Page) -> None:
    """Press the forward button and check what comes."""
    page.locator("main form button[type=submit]:visible").first.click()
    check(page)


def at(page: Page, address: str) -> None:
    """Open a page and check it."""
    page.goto(address)
    check(page)


@pytest.mark.parametrize(
    ("number", "language", "options"),
    [
        (0, "en", {"viewport": PHONE}), (1, "es", {"viewport": SMALL, "color_scheme": "dark"}),
        (2, "ar", {"viewport": DESK}),
    ],
    ids=["English, phone", "Spanish, small", "Arabic, desk"],
)  # fmt: skip
def test_every_page_and_state_holds_in_every_look(chromium, sqlite_app, number, language, options):
    with sqlite_app.app_context():
        full = make_full_study(3)
    with serving(sqlite_app) as site, opened(chromium, **options) as (_, page):
        at(page, f"{site}/s/{full.made.tokens[number]}?lang={language}")
        take_the_survey(page)
        afterwards(page, site)
        if language == "en":
            strangers(page, site, full, sqlite_app)


def take_the_survey(page: Page) -> None:
    """Go the whole way, with errors and a slip."""
    send(page)  # the screener
    send(page)  # with its error
    assert page.evaluate("document.activeElement.id") == "error-summary"
    page.locator("input[type=radio]").nth(1).check()
    send(page)  # the end of it
    page.locator("main a").last.click()  # a slip, put right
    page.locator("input[type=radio]").nth(0).check()
    send(page)
    page.locator("input[inputmode=decimal]").fill("many")
    send(page)  # an error beside a field
    assert page.locator("input[inputmode=decimal]").input_value() == "many"
    page.locator("input[inputmode=decimal]").fill("7")
    send(page)
    option(page, 0, 0, 0).click()
    option(page, 1, 0, 2).click()
    wait_saved(page)
    check(page)
    while "/rate/" in page.url or "/ksa/" in page.url:
        send(page)
    page.locator(".points input").first.fill("60")
    assert page.locator("[data-points-total]").is_visible()
    send(page)
    page.locator(".points input").nth(1).fill("40")
    send(page)  # coverage, comments
    page.locator("textarea").fill("\u202ex" * 50)
    send(page)  # the review
    send(page)  # the thanks


def afterwards(page: Page, site: str) -> None:
    """The receipt, the pages of the footer, the withdrawal."""
    code = page.locator(".receipt-code").inner_text()
    for path in ("answers", "language", "privacy"):
        at(page, f"{site}/survey/{path}")
    page.goto(f"{site}/survey/answers")
    page.fill("#receipt", code)
    send(page)
    at(page, f"{site}/survey/withdraw")
    send(page)
    assert page.url.endswith("/survey/withdrawn")


def strangers(page: Page, site: str, full: FullStudy, app) -> None:
    """Pages of links that lead to no survey, and of those in messages: opt-out, registration."""
    at(page, f"{site}/s/{full.made.tokens[0]}")  # withdrew
    at(page, f"{site}/s/unknown")
    with app.app_context():
        stop, confirm = open_links(full)
    at(page, f"{site}/stop/{stop}")
    send(page)
    at(page, f"{site}/join/confirm/{confirm}")
    at(page, f"{site}/join/open")
    send(page)  # with its errors
    page.fill("#name", "Robin")
    page.fill("#email", "robin@example.org")
    send(page)
    with app.app_context():
        close_survey(full.made.instrument_id)
    at(page, f"{site}/s/{full.made.tokens[1]}")


def open_links(full: FullStudy) -> tuple[str, str]:
    """Switch the open link on; return the tokens of an opt-out and of a registration."""
    study_id = full.made.study_id
    asked = Registration(
        study_id=study_id, name="Ann", email="ann@example.org", organization="",
        address_mark=links.address_mark(study_id, "ann@example.org"), asked_at=clock.now(),
    )  # fmt: skip
    db.session.add_all([DeliverySettings(study_id=study_id, open_code="open"), asked])
    db.session.commit()
    return links.row_token("stop", full.made.people[0]), links.row_token("confirm", asked.id)
