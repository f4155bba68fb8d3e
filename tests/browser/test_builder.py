"""Building a survey in a real browser: every kind of page, order by buttons, preview, launch, a word put right."""

from __future__ import annotations

import os
import re
import shutil
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jta import create_app
from tests.browser.devices import opened, violations, wait_until
from tests.conftest import make_settings
from tests.factories import PASSWORD
from tests.live import serving
from tests.views.survey_tools import staffed_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("builder-site")
    shutil.copy(sqlite_template, folder / "jta.sqlite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{folder / 'jta.sqlite'}"
    app = create_app(make_settings(url, base_url=f"http://127.0.0.1:{port}"), instance=folder)
    made = staffed_study(app, n_tasks=24, n_people=2, n_domains=3)
    with app.app_context():
        from jta.db import db
        from jta.models.inventory import Knowledge

        db.session.add(Knowledge(study_id=made.study_id, code="K1", statement="Knowledge of tides", position=1))
        db.session.commit()
    with serving(app, port) as base:
        yield f"{base}/studies/{made.study_id}"


def check(page: Page, name: str) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        if folder := os.environ.get("JTA_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=True)
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def titles(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("tbody th a").all_inner_texts()]


def add_pages(page: Page, site: str) -> None:
    for label in (
        "Eligibility screener", "Ratings of knowledge and skills", "100 points over the content domains",
        "How well did this list cover your job?", "Tasks that are missing", "Comments",
    ):  # fmt: skip
        page.goto(f"{site}/survey/build")
        press(page, f"Add the page {label}")
        expect(page.get_by_text("is added")).to_be_visible()


def test_a_survey_is_built_ordered_launched_and_put_right(chromium, site):
    with opened(chromium, viewport=DESK) as (_, page):
        page.goto(f"{site}/survey/build")
        page.get_by_label("E-mail address").fill("director@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        press(page, "Sign in")
        check(page, "builder-start")
        add_pages(page, site)
        page.goto(f"{site}/survey/build")
        for way in ("Down", "Up"):  # the screener stood first from the start
            press(page, f"{way} Before you begin")
        assert titles(page)[:3] == ["Welcome", "Before you begin", "About you"]
        page.set_viewport_size(DESK)
        with page.expect_navigation():
            page.locator("tr", has_text="About you").drag_to(page.locator("tr", has_text="Before you begin"))
        assert titles(page)[:3] == ["Welcome", "About you", "Before you begin"]
        page.get_by_role("link", name="Before you begin").focus()
        with page.expect_navigation():
            page.keyboard.press("Alt+ArrowUp")
        assert titles(page)[:3] == ["Welcome", "Before you begin", "About you"]
        check(page, "builder-pages")
        page.get_by_role("link", name="Before you begin").click()
        page.get_by_label("Text for people who are screened out").fill("Thank you. This survey is for harbour pilots.")
        check(page, "builder-screener")
        press(page, "Save the page")
        page.get_by_role("link", name="About you").click()
        page.get_by_role("link", name="Several choices").click()
        page.get_by_label("Question", exact=True).fill("Which harbours do you know?")
        page.get_by_label("Choices", exact=True).fill("North\nSouth\nEast")
        check(page, "builder-question-new")
        press(page, "Save the question")
        page.get_by_role("link", name="Edit Which harbours do you know?").click()
        check(page, "builder-question")
        page.goto(f"{site}/survey/build/scales")
        press(page, "Add the scale Testing importance")
        press(page, "Add the scale Consequence")
        check(page, "builder-scales")
        page.goto(f"{site}/survey/build/forms")
        page.get_by_label("Blocks", exact=True).fill("3")
        page.get_by_label("Blocks on a form", exact=True).fill("2")
        page.get_by_label("Core tasks").fill("3")
        press(page, "Show what it brings")
        check(page, "builder-forms-tried")
        press(page, "Keep this design")
        expect(page.get_by_role("heading", name="Forms as they stand")).to_be_visible()
        check(page, "builder-forms")
        page.get_by_role("link", name="Choose the block of a task by hand").click()
        page.get_by_label(re.compile("^Block of task")).first.select_option("B2")
        check(page, "builder-blocks")
        press(page, "Save the blocks")
        expect(page.get_by_text("1 task moved to another block")).to_be_visible()
        page.get_by_role("link", name="Preview form F1").click()
        expect(page.get_by_text("Nothing is saved.")).to_be_visible()
        page.get_by_role("link", name="As on a phone").click()
        page.get_by_role("link", name="Next page").click()
        page.wait_for_load_state()
        wait_until(page, lambda: page.evaluate("document.body.clientWidth") <= 390)
        while page.get_by_role("link", name="Next page").count():
            assert violations(page) == [], page.url
            assert page.evaluate("document.body.scrollWidth <= document.body.clientWidth + 1"), page.url
            page.get_by_role("link", name="Next page").click()
            page.wait_for_load_state()
        expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()
        page.goto(f"{site}/survey/build/pilot")
        check(page, "builder-pilot")
        page.goto(f"{site}/survey")
        check(page, "builder-survey")
        page.goto(f"{site}/survey/preview")
        assert page.locator("h1").count() == 1
        page.goto(f"{site}/survey/launch")
        press(page, re.compile("^Launch"))
        page.goto(f"{site}/survey/build/wording")
        expect(page.get_by_text("Page 3, “About you”, question 2: choice 1", exact=True)).to_be_visible()
        check(page, "builder-wordings")
        page.get_by_role("link", name="Put right Which harbours do you know?").click()
        page.get_by_label("Words").fill("Which harbours do you know well?")
        page.get_by_label("Reason").fill("A word was missing.")
        check(page, "builder-wording")
        press(page, "Put it right")
        expect(page.get_by_text("A word was missing.")).to_be_visible()
        page.goto(f"{site}/survey/build")
        expect(page.get_by_text("The survey is locked")).to_be_visible()
