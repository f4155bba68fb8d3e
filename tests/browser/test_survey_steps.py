"""Every kind of page for everybody, in each state: axe, one h1, nothing sideways, small and from right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.devices import opened, violations
from tests.browser.survey_tools import DESK, served
from tests.services.full_survey import make_full_study

pytestmark = pytest.mark.browser
SMALL = {"width": 320, "height": 256}


def check(page: Page) -> None:
    """No violation, one h1, nothing to scroll sideways."""
    page.wait_for_load_state()
    assert violations(page) == [], page.url
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def send(page: Page) -> None:
    """Press the forward button and check what comes."""
    page.locator("main form button[type=submit]:visible").first.click()
    check(page)


@pytest.mark.parametrize(
    ("number", "language", "options"),
    [(0, "es", {"viewport": SMALL, "color_scheme": "dark"}), (1, "ar", {"viewport": DESK})],
    ids=["Spanish, small and dark", "Arabic, desk"],
)
def test_every_page_and_state_is_accessible(chromium, sqlite_app, number, language, options):
    with sqlite_app.app_context():
        full = make_full_study()
    with served(sqlite_app) as site, opened(chromium, **options) as (_, page):
        page.goto(f"{site}/s/{full.made.tokens[number]}?lang={language}")
        check(page)
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
        while "/rate/" in page.url or "/ksa/" in page.url:
            send(page)
        page.locator(".points input").first.fill("60")
        assert page.locator("[data-points-total]").is_visible()
        send(page)
        page.locator(".points input").nth(1).fill("40")
        send(page)
        page.locator("textarea").fill("\u202ex" * 50)
        send(page)  # the review
        send(page)  # the thanks
        code = page.locator(".receipt-code").inner_text()
        for path in ("answers", "language", "withdraw", "privacy"):
            page.goto(f"{site}/survey/{path}")
            check(page)
        page.goto(f"{site}/survey/answers")
        page.fill("#receipt", code)
        send(page)
